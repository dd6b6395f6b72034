//! The tokens that are valid now. It is asked for each request, and again for each message and piece of an answer that follow, so that a
//! token that is revoked ends what its owner has.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use cordline_files::Reloading;
use tokio::time::sleep;

use super::tokens::{Principal, Tokens, TokensError};
use crate::file_permissions;

/// How long the last tokens stay valid while the file is missing or half written: an editor that replaces it must end no session.
const GRACE_PERIOD: Duration = Duration::from_millis(400);
/// How often the token of an open socket or stream is checked.
const RECHECK_INTERVAL: Duration = Duration::from_millis(200);

/// The tokens of a file, which is read again whenever it has changed, or tokens of this run alone.
#[derive(Debug)]
pub(crate) struct TokenStore(Source);

#[derive(Debug)]
enum Source {
    File(Mutex<TokenFile>),
    Memory(Tokens),
}

#[derive(Debug)]
struct TokenFile {
    tokens: Reloading<Tokens>,
    /// Since when the file cannot be used.
    broken: Option<Instant>,
    /// True once no token is accepted because of that.
    closed: bool,
}

impl TokenStore {
    /// Reads a file of tokens.
    pub(crate) fn open(file: &Path) -> Result<Self, TokensError> {
        let mut tokens = Reloading::new(file, Tokens::default());
        tokens.refresh(Tokens::read)?;
        file_permissions::warn_if_shared(
            file,
            "whoever reads it learns who has a token, and who changes it may come in",
        );
        Ok(Self(Source::File(Mutex::new(TokenFile { tokens, broken: None, closed: false }))))
    }

    /// Tokens of this run alone.
    pub(crate) fn in_memory(tokens: Tokens) -> Self {
        Self(Source::Memory(tokens))
    }

    /// The owner of a token that is valid today.
    pub(crate) fn authenticate(&self, token: &str) -> Option<Principal> {
        self.with_tokens(|tokens| tokens.authenticate(token))
    }

    /// True while the token of `principal` is accepted, with the same name and role.
    pub(crate) fn is_valid(&self, principal: &Principal) -> bool {
        self.with_tokens(|tokens| tokens.is_valid(principal))
    }

    /// Waits until the token of `principal` is no longer valid.
    pub(crate) async fn revoked(&self, principal: &Principal) {
        while self.is_valid(principal) {
            sleep(RECHECK_INTERVAL).await;
        }
    }

    /// False where the file cannot be read, so that no token is accepted.
    pub(crate) fn is_readable(&self) -> bool {
        match &self.0 {
            Source::File(file) => !TokenFile::refreshed(file, |file| file.closed),
            Source::Memory(_) => true,
        }
    }

    fn with_tokens<T>(&self, look: impl FnOnce(&Tokens) -> T) -> T {
        match &self.0 {
            Source::File(file) => TokenFile::refreshed(file, |file| look(file.tokens.value())),
            Source::Memory(tokens) => look(tokens),
        }
    }
}

impl TokenFile {
    /// Looks at the file as it is now.
    fn refreshed<T>(file: &Mutex<Self>, look: impl FnOnce(&Self) -> T) -> T {
        // The tokens are replaced as a whole: a panic of another thread leaves them usable.
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.refresh();
        look(&file)
    }

    /// Reads the file again where it has changed. One that cannot be used is logged once; after [`GRACE_PERIOD`] it counts as empty.
    fn refresh(&mut self) {
        if self.broken.is_some_and(|since| since.elapsed() > GRACE_PERIOD) && !self.closed {
            self.closed = true;
            self.tokens.replace(Tokens::default());
            let file = self.tokens.path().display();
            tracing::error!(%file, "no token is accepted until the file of tokens can be read again");
        }
        match self.tokens.refresh(Tokens::read) {
            Ok(has_changed) => {
                if self.closed || has_changed {
                    tracing::info!(tokens = self.tokens.value().entries.len(), "the file of tokens was read anew");
                }
                (self.broken, self.closed) = (None, false);
            }
            Err(error) => {
                if self.broken.is_none() {
                    tracing::error!(%error, "the file of tokens");
                    self.broken = Some(Instant::now());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use chrono::Days;
    use cordline_sdk::wire::reply::Role;

    use super::*;
    use crate::auth::tokens::today;

    fn wait(what: impl Fn() -> bool) -> Duration {
        let begun = Instant::now();
        while !what() {
            assert!(begun.elapsed() < Duration::from_secs(5));
            std::thread::sleep(Duration::from_millis(10));
        }
        begun.elapsed()
    }

    fn written(tokens: &Tokens) -> (tempfile::TempDir, PathBuf, TokenStore) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tokens.toml");
        tokens.write(&file).unwrap();
        let store = TokenStore::open(&file).unwrap();
        (folder, file, store)
    }

    #[test]
    fn a_changed_file_counts_at_once_also_for_a_token_in_use() {
        let mut tokens = Tokens::default();
        let first = tokens.issue("a", Role::Submitter, None).unwrap();
        let (_folder, file, store) = written(&tokens);
        let principal = store.authenticate(&first).unwrap();
        assert!(store.is_valid(&principal));
        let second = tokens.issue("b", Role::Viewer, None).unwrap();
        tokens.write(&file).unwrap();
        assert!(store.is_valid(&principal) && store.authenticate(&second).is_some());
        // Another token of the same name, another role, a last day in the past, no token: each ends what the first one allowed.
        let mut others = [tokens.clone(), tokens.clone(), tokens.clone(), tokens.clone()];
        others[0].issue("a", Role::Submitter, None).unwrap();
        others[1].entries[0].role = Role::Viewer;
        others[2].entries[0].expires = today().checked_sub_days(Days::new(1));
        assert!(others[3].revoke("a"));
        for other in others {
            other.write(&file).unwrap();
            assert!(!store.is_valid(&principal), "{other:?}");
            tokens.write(&file).unwrap();
            assert!(store.is_valid(&principal));
        }
    }

    #[test]
    fn a_file_that_is_missing_or_broken_lets_nobody_in_and_says_so() {
        let mut tokens = Tokens::default();
        let token = tokens.issue("a", Role::Viewer, None).unwrap();
        let (_folder, file, store) = written(&tokens);
        let principal = store.authenticate(&token).unwrap();
        for broken in [None, Some("no tokens"), Some("[[token]]\nname = \"a\"\n")] {
            match broken {
                None => std::fs::remove_file(&file).unwrap(),
                Some(text) => std::fs::write(&file, text).unwrap(),
            }
            assert!(store.is_valid(&principal), "an editor at work ends no session");
            assert!(wait(|| !store.is_valid(&principal)) < Duration::from_secs(2));
            assert!(store.authenticate(&token).is_none() && !store.is_readable());
            tokens.write(&file).unwrap();
            assert!(store.is_valid(&principal) && store.is_readable());
        }
    }

    #[test]
    fn two_changes_in_the_same_moment_are_both_seen() {
        let mut tokens = Tokens::default();
        let token = tokens.issue("a", Role::Viewer, None).unwrap();
        let (_folder, file, store) = written(&tokens);
        let text = std::fs::read_to_string(&file).unwrap();
        for _ in 0..20 {
            // As long as before, and within the same tick of the file system's clock.
            std::fs::write(&file, text.replace("name = \"a\"", "name = \"b\"")).unwrap();
            assert_eq!(store.authenticate(&token).unwrap().name, "b");
            std::fs::write(&file, &text).unwrap();
            assert_eq!(store.authenticate(&token).unwrap().name, "a");
        }
    }
}
