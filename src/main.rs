//! Hands the arguments to `cli` and returns its answer.

fn main() -> std::process::ExitCode {
    oauthtrace::cli::main(std::env::args_os())
}
