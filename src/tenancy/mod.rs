//! Tenants, their databases, and the one door to them.
//!
//! A request's headers name a tenant ([`resolve()`]); the [`Registry`] leases its open databases;
//! a [`Scope`] carries them through everything that runs for the request; [`TenantRouter`] is
//! the only way from there to a connection. Nothing in here knows of polls.

mod budget;
mod catalog;
mod columns;
mod connect;
mod connection;
mod database;
mod documents;
mod error;
mod gate;
mod holds;
mod key;
mod limits;
mod maintenance;
mod moment;
mod pool_row;
mod postgres;
mod provision;
mod read_pool;
mod reader;
mod registry;
mod resolve;
mod router;
mod scope;
mod slot;
mod spawn;
mod sqlite;
mod stored;
mod template;
mod ticket;
mod view;
mod writer;

pub use catalog::{
    Anonymous, Catalog, DatabaseSpec, DatabaseUrl, Durability, Engine, Introspection, Registration,
    ResultCaching, State, Strategy, Tenant, Tenants,
};
pub use columns::Columns;
pub use database::PoolSizes;
pub use documents::{DocumentPolicy, DocumentTexts, TrustedDocuments};
pub use error::{AccessError, ResolveError, RouterError};
pub use gate::{Busy, GateLimits, Pass};
pub use holds::Holds;
pub use key::{InvalidKey, TenantKey};
pub use limits::{LimitName, LimitOverrides};
pub use maintenance::Maintenance;
pub use postgres::Ask;
pub use provision::{Provision, ProvisionError};
pub use reader::{OfPage, Reader, TenantEntity};
pub use registry::{Figures, Lease, Limits, Registry, SchemaCheck};
pub use resolve::{normalize_host, request_host, resolve, resolve_with, tenants_of_host};
pub use router::TenantRouter;
pub use scope::{Scope, ScopedStream};
pub use spawn::{
    ToTheEnd, block_in_place, spawn, spawn_blocking, spawn_blocking_untenanted, spawn_untenanted,
    to_the_end,
};
pub use sqlite::DataVersion;
pub use stored::{FromRow, FromStored, InsertText, Stored, StoredRow, TenantModel};
pub use template::{AskTemplate, KeyTemplate, Keys, PageTexts, Part, Template};
pub use ticket::{Ticket, TicketError};
pub use view::View;
pub use writer::Writer;
