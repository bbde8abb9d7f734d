//! The use cases. They get their connections from [`crate::tenancy::TenantRouter`] and know
//! neither HTTP nor GraphQL.

pub mod account;
mod ballot;
pub mod choice;
pub mod clock;
pub mod error;
pub mod page;
pub mod password;
pub mod people;
pub mod poll;
mod rows;
pub mod text;
pub mod token;
pub mod vote;

pub use error::{Code, Failure, Refusal, Violation};
