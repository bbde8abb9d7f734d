//! A GraphQL service for polls in which every tenant has a database of its own.
//!
//! The modules are floors; each imports only from those above it in this list.

pub mod cli;
pub mod config;
pub mod entity;
pub mod fleet;
pub mod graphql;
pub mod http;
pub mod service;
pub mod tenancy;
