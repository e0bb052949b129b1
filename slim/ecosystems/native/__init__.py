"""Go, Rust and other programs of machine code."""
