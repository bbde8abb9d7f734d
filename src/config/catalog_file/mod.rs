//! `tenants.yaml` into a [`Catalog`](crate::tenancy::Catalog). Reading goes on after an error, so that one run reports all
//! of them; only broken YAML is reported alone.

mod database;
mod documents;
mod file;
mod host;
mod limits;
mod origin;
mod reading;
mod resolve;
mod tenant;
#[cfg(test)]
mod tests;
mod unique;

pub use file::{load, parse, read_source};
