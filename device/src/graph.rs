//! A network that is to be opened: its bytes, and what goes in and out.

use std::path::Path;

/// A network that is to be opened.
#[derive(Debug, Clone, Copy)]
pub struct Graph<'a> {
    /// Its name in errors.
    pub name: &'a str,
    /// The bytes of its ONNX file.
    pub onnx: &'a [u8],
    /// Name of its input, float32 (n, channel, row, column).
    pub input: &'a str,
    /// Names of its outputs, in the order in which they are wanted.
    pub outputs: &'a [&'a str],
    /// Channels, rows, columns of its input.
    pub shape: [usize; 3],
    /// Where a provider that keeps engines finds that of this network, or writes it.
    pub engine: Option<EngineFolder<'a>>,
}

/// Folders of an engine.
#[derive(Debug, Clone, Copy)]
pub struct EngineFolder<'a> {
    /// Of this network alone: providers name their files by the names of tensors, which several networks share.
    pub engine: &'a Path,
    /// Of all networks: what the builder measured on the device.
    pub timing: &'a Path,
}
