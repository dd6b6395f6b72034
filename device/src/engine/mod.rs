//! Engines: what a provider compiles of a network, kept on disk.
//!
//! - [`key`]: everything that an engine depends on; another key is another engine
//! - [`store`]: the folder of engines: which are trusted, which were refused, which are in the way
//! - [`record`]: `engine.toml` of each
//!
//! An engine is code that runs with the rights of the daemon: what was not built and hashed here is not loaded. ONNX Runtime names its files
//! by the names of tensors, not by weights, and believes whatever lies there; so each network has a folder of its own, and that is checked
//! before the provider sees it and after it was opened.

pub mod key;
pub mod record;
pub mod store;

pub use key::EngineKey;
pub(crate) use key::device_parts;
pub use record::EngineRecord;
pub use store::{EngineBuild, EngineState, EngineStore, StoredEngine};
