//! The crosswatch binary.

fn main() {}
