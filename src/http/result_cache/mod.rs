//! The exact result cache: answers to queries of tenants on SQLite, each used only for as long as
//! it is what the query would answer now.
//!
//! A request is asked for by its own bytes ([`key`]). What was kept of it counts if the tenant's
//! database, its settings and the clock say that nothing has changed since ([`shard`]). All
//! tenants' answers share one bound ([`store`]), and a crowd computes once ([`visit`]).

mod encoded;
mod etag;
mod key;
mod shard;
mod store;
#[cfg(test)]
mod tests;
mod visit;

pub(super) use encoded::Encoded;
pub(super) use etag::conditional;
pub use store::ResultCache;
pub(super) use visit::{CacheMark, Visit};
