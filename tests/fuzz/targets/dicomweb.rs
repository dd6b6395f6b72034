//! Addresses as a viewer sends them, to those of the archive: what passes stays where it belongs.
//!
//! The first byte chooses method and role.
#![no_main]

use cordline_dicomweb::paths;
use cordline_fuzz::guard;
use cordline_sdk::wire::reply::Role;
use libfuzzer_sys::fuzz_target;
use url::Url;

const ROLES: [Role; 3] = [Role::Viewer, Role::Submitter, Role::Admin];
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];

fuzz_target!(
    init: guard::prepare(),
    |data: &[u8]| guard::run(|| one(data))
);

fn one(data: &[u8]) {
    let Some((first, address)) = data.split_first() else { return };
    let role = ROLES[usize::from(first % 3)];
    let method = METHODS[usize::from(first / 3 % 6)];
    let Ok(viewers) = std::str::from_utf8(address) else { return };
    if paths::check(method, viewers, role).is_ok() {
        is_at_home(viewers, method, role);
    }
}

/// The archive is asked at its own host, below its own root, for what the viewer named.
fn is_at_home(viewers: &str, method: &str, role: Role) {
    let root: Url = "http://archive.test:8042/orthanc/".parse().unwrap_or_else(|_| unreachable!("a plain address"));
    let url = paths::address(&root, &paths::archive_path("/dw/", viewers));
    assert_eq!(url.origin(), root.origin());
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    let path = url.path();
    let below = path.strip_prefix("/orthanc/dw/");
    assert!(below.is_some() || path == "/orthanc/wado", "{viewers:?} leads to {path}");
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/.,".contains(&b);
    assert!(path.bytes().all(plain) && !path.split('/').any(|part| part == "." || part == ".."), "{path}");
    for kept_back in ["servers", "app", "archive", "file", "stow"] {
        assert!(!path.split('/').any(|part| part == kept_back), "{path}");
    }
    match method {
        "GET" | "HEAD" => {}
        "POST" => assert!(below == Some("studies") && role >= Role::Submitter),
        other => panic!("{other} passes"),
    }
}
