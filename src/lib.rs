//! A GraphQL service for polls in which every tenant has a database of its own.
//!
//! The modules are floors: `entity` and `tenancy`, then `config`, `service`, `fleet`, `graphql`,
//! `http`, `cli`. Each imports only from those before it.

// The futures of a whole schema are deep; optimised builds lay them out in one go.
#![recursion_limit = "256"]

pub mod cli;
pub mod config;
pub mod entity;
pub mod fleet;
pub mod graphql;
pub mod http;
pub mod service;
pub mod tenancy;
