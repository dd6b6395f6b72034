//! The program `cordline`.

fn main() {}
