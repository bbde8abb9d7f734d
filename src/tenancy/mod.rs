//! Tenants, their databases, and the one door to them.
//!
//! A request's headers name a tenant ([`resolve()`]); the [`Registry`] leases its open databases;
//! a [`Scope`] carries them through everything that runs for the request; [`TenantRouter`] is
//! the only way from there to a connection. Nothing in here knows of polls.

mod budget;
mod catalog;
mod connect;
mod connection;
mod database;
mod error;
mod key;
mod maintenance;
mod provision;
mod reader;
mod registry;
mod resolve;
mod router;
mod scope;
mod slot;
mod spawn;
mod sqlite;
mod writer;

pub use catalog::{
    Anonymous, Catalog, DatabaseSpec, DatabaseUrl, Engine, Registration, State, Strategy, Tenant,
};
pub use database::PoolSizes;
pub use error::{AccessError, ResolveError, RouterError};
pub use key::{InvalidKey, TenantKey};
pub use maintenance::Maintenance;
pub use provision::{Provision, ProvisionError};
pub use reader::{Reader, TenantEntity};
pub use registry::{Lease, Limits, Registry, SchemaCheck, View};
pub use resolve::{normalize_host, resolve};
pub use router::TenantRouter;
pub use scope::{Scope, ScopedStream};
pub use spawn::{spawn, spawn_blocking, spawn_blocking_untenanted, spawn_untenanted};
pub use writer::Writer;
