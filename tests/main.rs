//! The tests of the whole system: they drive the program `cordline` through its doors.

fn main() {}
