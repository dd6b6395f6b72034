//! Landlock: of all files only the input can be opened, and only for reading; no process outside can be traced. Kernels from 6.12 on (ABI 6)
//! also let none be signalled, or connected to by an abstract socket; on older ones the list of calls alone sees to that.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope,
};

/// What a kernel may know; one that knows less gives what it has.
const KNOWN: ABI = ABI::V6;

/// True where the kernel has it, in whichever version.
pub(super) fn only(inputs: &[PathBuf]) -> Result<bool, RulesetError> {
    let reading = AccessFs::ReadFile | AccessFs::ReadDir;
    // What is not there cannot be opened later either; reading it reports that.
    let opened = inputs.iter().filter_map(|input| PathFd::new(input).ok());
    let rules = opened.map(|input| Ok::<_, RulesetError>(PathBeneath::new(input, reading)));
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()?
        .add_rules(rules)?
        .restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}
