//! Parses the arguments, runs a command, prints what went wrong, exits.

use std::process::ExitCode;

use warraq::cli::{self, Cli};

/// Many threads allocate and free in other threads' places; mimalloc takes that
/// well and gives memory back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::parse_from(std::env::args_os()) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    cli.run().unwrap_or_else(|error| cli::report(&error))
}
