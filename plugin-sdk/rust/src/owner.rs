//! Whose a file is: what an administrator makes as root must be readable by the user that a service runs as.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, fchown};
use std::path::Path;

/// The user that Cordline's units run as.
pub const SERVICE_USER: &str = "cordline";

const ROOT: u32 = 0;

/// A user and a group, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The user.
    pub user: u32,
    /// The group.
    pub group: u32,
}

/// Whose a file has to be that this user writes: as root that of whoever has it already, else of the owner of its folder, else, in a
/// folder of root's own, of the service's user. `None` where whoever writes it keeps it. Nothing of the path need be there yet.
pub fn of_file(path: &Path) -> Option<Owner> {
    of(path, rustix::process::geteuid().as_raw(), &passwd())
}

fn of(path: &Path, effective: u32, passwd: &str) -> Option<Owner> {
    if effective != ROOT {
        return None;
    }
    // A relative path ends in an empty one.
    let found = |path: &Path| fs::metadata(if path.as_os_str().is_empty() { Path::new(".") } else { path }).ok();
    let folder = path.ancestors().skip(1).find_map(found);
    let kept = [found(path), folder].into_iter().flatten().find(|found| found.uid() != ROOT);
    kept.map(|found| Owner { user: found.uid(), group: found.gid() }).or_else(|| service_user(passwd))
}

impl Owner {
    /// Makes an open file his.
    pub fn take(self, file: &fs::File) -> io::Result<()> {
        fchown(file, Some(self.user), Some(self.group))
    }

    /// The same for a file or folder by its name.
    pub fn take_path(self, path: &Path) -> io::Result<()> {
        chown(path, Some(self.user), Some(self.group))
    }
}

/// Name of a user; the number where there is no name.
pub fn name_of(user: u32) -> String {
    let passwd = passwd();
    let found = lines(&passwd).find(|(_, ids)| ids.user == user).map(|(name, _)| name.to_owned());
    found.unwrap_or_else(|| user.to_string())
}

/// Why a file cannot be read, and how its owner lets this user read it; the system's own words where that is not the reason.
pub fn explain(path: &Path, error: &io::Error) -> String {
    if error.kind() != ErrorKind::PermissionDenied {
        return error.to_string();
    }
    let me = name_of(rustix::process::geteuid().as_raw());
    // Where the file itself cannot be looked at, a folder above it is shut.
    let shut = path.ancestors().skip(1).find_map(|folder| Some((folder, fs::metadata(folder).ok()?)));
    match (fs::metadata(path), shut) {
        (Ok(found), _) => {
            let (owner, mode) = (name_of(found.uid()), found.permissions().mode() & 0o777);
            format!(
                "it belongs to {owner} (mode {mode:04o}), and this program runs as {me}, who may not read it; as root: chown {me} {}",
                path.display()
            )
        }
        (Err(_), Some((folder, found))) => {
            let (owner, mode) = (name_of(found.uid()), found.permissions().mode() & 0o777);
            format!(
                "its folder {} belongs to {owner} (mode {mode:04o}), and this program runs as {me}, who may not enter it; as root: \
                 chmod a+x {}",
                folder.display(),
                folder.display()
            )
        }
        (Err(_), None) => error.to_string(),
    }
}

fn passwd() -> String {
    fs::read_to_string("/etc/passwd").unwrap_or_default()
}

fn service_user(passwd: &str) -> Option<Owner> {
    lines(passwd).find(|(name, _)| *name == SERVICE_USER).map(|(_, owner)| owner)
}

fn lines(passwd: &str) -> impl Iterator<Item = (&str, Owner)> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let user = fields.nth(1)?.parse().ok()?;
        Some((name, Owner { user, group: fields.next()?.parse().ok()? }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\ncordline:x:990:991::/var/lib/cordline:/usr/sbin/nologin\nbroken\n";

    #[test]
    fn root_writes_for_the_service_and_others_for_themselves() {
        let service = Some(Owner { user: 990, group: 991 });
        assert_eq!(of(Path::new("/proc/nothing/keys"), ROOT, PASSWD), service);
        assert_eq!(of(Path::new("/proc/nothing/keys"), ROOT, "root:x:0:0::/:/bin/sh"), None);
        assert_eq!(of(Path::new("/proc/nothing"), 1000, PASSWD), None);
    }

    #[test]
    fn what_is_missing_is_said_in_the_words_of_the_system() {
        let error = io::Error::from(ErrorKind::NotFound);
        assert_eq!(explain(Path::new("/nowhere"), &error), error.to_string());
    }
}
