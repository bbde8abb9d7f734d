//! Answers that are kept.

mod asking;
mod exact;
mod held;
mod random;
