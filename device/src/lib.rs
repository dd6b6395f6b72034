//! What this host can run. The only crate that loads ONNX Runtime or names a vendor.
//!
//! - [`probe`]: what is in the host: processor, memory, GPUs, driver
//! - [`library`]: ONNX Runtime, found and loaded by path, its version checked
//! - [`host`]: both together, and the plug-ins beside them
//! - [`provider`]: TensorRT, TensorRT-RTX, CUDA, OpenVINO, CPU: the order of preference, and what each needs
//! - [`precision`]: how exactly a network is computed
//! - [`engine`]: what a provider compiled of a network, kept on disk and trusted only as it was built
//! - [`batch`]: how many images a network is given at once
//! - [`session`]: a network ready to run, on a provider and in a precision that are named
//! - [`graph`]: a network that is to be opened
//! - [`fallback`]: a provider that was wanted and not used; [`refusal`]: why
//! - [`trial`]: the library of a plug-in, loaded by a process of its own first
//! - [`placement`]: which provider really took the nodes of a network
//! - [`memory`]: what this process has used
//! - [`heap`]: how it takes memory
//! - [`priority`]: which threads come first on the processors
//!
//! Absent from here: DICOM, bundles, spines.

pub mod batch;
pub mod engine;
pub mod fallback;
pub mod graph;
pub mod heap;
pub mod host;
pub mod library;
pub mod memory;
pub mod placement;
pub mod precision;
pub mod priority;
pub mod probe;
pub mod provider;
pub mod refusal;
pub mod session;
pub mod trial;

pub use batch::Batch;
pub use fallback::Fallback;
pub use graph::{EngineFolder, Graph};
pub use host::{Host, PlugIns};
pub use library::{LibraryError, OnnxRuntime};
pub use precision::{Precision, PrecisionPolicy};
pub use provider::ExecutionProvider;
pub use provider::choice::ProviderChoice;
pub use refusal::Refusal;
pub use session::{OpenError, RunError, Session};
