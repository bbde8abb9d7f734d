//! `polls`: parse, run, exit code.

use std::process::ExitCode;

/// Answers are made of many small pieces; docs/PERFORMANCE.md has what it is worth.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    polls::cli::main()
}
