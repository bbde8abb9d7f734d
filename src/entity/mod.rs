//! The rows of a tenant database as SeaORM entities. Nothing of GraphQL in here.

pub mod auth_token;
pub mod choice;
pub mod poll;
mod rows;
pub mod user;
pub mod vote;
