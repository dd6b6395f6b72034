//! What this host can run. The only crate that loads ONNX Runtime or names a vendor.
//!
//! - [`probe`]: what is in the host: processor, memory, GPU, driver
//! - [`library`]: ONNX Runtime, found and loaded by path, its version checked
//! - [`execution_provider`]: TensorRT, CUDA, CPU: the order of preference, and what each needs
//! - [`session`]: a network ready to run, on a provider that is named; every fall-back is reported
//! - [`placement`]: which provider really took the nodes of a network
//! - [`memory`]: what this process has used
//! - [`heap`]: how it takes memory
//! - [`priority`]: which threads come first on the processors
//!
//! Absent from here: DICOM, bundles, spines.

pub mod execution_provider;
pub mod heap;
pub mod library;
pub mod memory;
pub mod placement;
pub mod priority;
pub mod probe;
pub mod session;

pub use execution_provider::ExecutionProvider;
pub use library::{LibraryError, OnnxRuntime};
pub use session::{Fallback, Session, SessionError, SessionOptions};
