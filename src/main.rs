//! Hands the arguments to `cli` and returns its answer.

/// Decoding allocates for every exchange, and what one thread allocates another often frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    oauthtrace::cli::main(std::env::args_os())
}
