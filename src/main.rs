//! `polls`: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    polls::cli::main()
}
