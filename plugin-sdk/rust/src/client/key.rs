//! The key with which a client of another host comes in.

use std::fmt;
use std::path::Path;

use super::ClientError;

/// What `cordline keys new` printed: three Z85 keys of 40 characters.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientKey {
    /// The client's public key.
    pub public: String,
    /// The client's secret key.
    pub secret: String,
    /// The daemon's public key.
    pub server: String,
}

impl ClientKey {
    /// Reads a key file.
    ///
    /// # Errors
    /// The file cannot be read, or is no key file.
    pub fn read(path: &Path) -> Result<Self, ClientError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ClientError::Unreadable { path: path.into(), source })?;
        Self::parse(&text).ok_or_else(|| ClientError::Key { path: path.into() })
    }

    fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once('='));
            let (_, value) = lines.find(|(key, _)| key.trim() == name)?;
            let value = value.trim().strip_prefix('"')?.strip_suffix('"')?;
            (value.len() == 40).then(|| value.to_owned())
        };
        Some(Self { public: value("public")?, secret: value("secret")?, server: value("server")? })
    }

    /// Lets a socket use it.
    pub(super) fn apply(&self, socket: &zmq::Socket) -> Result<(), zmq::Error> {
        let decode = |key: &str| zmq::z85_decode(key).map_err(|_| zmq::Error::EINVAL);
        socket.set_curve_serverkey(&decode(&self.server)?)?;
        socket.set_curve_publickey(&decode(&self.public)?)?;
        socket.set_curve_secretkey(&decode(&self.secret)?)
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The secret stays out of logs.
        f.debug_struct("ClientKey").field("public", &self.public).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_read_and_its_secret_not_shown() {
        let [a, b, c] = ["a", "b", "c"].map(|letter| letter.repeat(40));
        let text = format!("# Key of x.\npublic = \"{a}\"\nsecret = \"{b}\"\nserver = \"{c}\"\n");
        let key = ClientKey::parse(&text).unwrap();
        assert_eq!((&key.public, &key.secret, &key.server), (&a, &b, &c));
        assert!(!format!("{key:?}").contains(&b));
        assert_eq!(ClientKey::parse(&text.replace("secret", "sceret")), None);
        assert_eq!(ClientKey::parse("public = \"short\""), None);
    }
}
