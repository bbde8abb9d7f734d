//! Fills a tenant's database with users, polls and votes, always the same for the same numbers.
//! Each run adds a batch of its own: users go on numbering where the last batch ended.

mod batch;
mod rows;
#[cfg(test)]
mod tests;
mod words;

pub use batch::{Plan, PlanError, Seeded, SeededToken, run};
