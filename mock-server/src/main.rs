//! The `mockplane` program.

fn main() -> std::process::ExitCode {
    mockplane::cli::main()
}
