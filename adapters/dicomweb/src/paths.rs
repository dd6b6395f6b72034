//! The addresses of the archive that pass to a viewer: those of DICOMweb that it needs, one by one, and nothing else. An archive has
//! more under the same path (other servers and how to reach them, its own pages, exports), and answers to more methods.

use cordline_sdk::wire::reply::Role;
use url::Url;

/// Path under which the viewer asks for DICOMweb.
pub const DICOM_WEB: &str = "/dicom-web";
/// Path under which it asks for single objects (WADO-URI).
pub const WADO: &str = "/wado";

/// Longest path with its query, in bytes.
const MAX_LENGTH: usize = 8192;

/// Why a request does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The address is none of those that pass.
    Path,
    /// The address does not pass with this method.
    Method,
    /// Who asks may not store.
    Role,
}

/// Checks whether a request may pass. `method`: in capitals. `path_and_query`: as the viewer sent it, from [`DICOM_WEB`] or [`WADO`] on.
///
/// # Errors
/// What stands in its way.
pub fn check(method: &str, path_and_query: &str, role: Role) -> Result<(), Refusal> {
    let path = path_and_query.split('?').next().unwrap_or_default();
    let known = path_and_query.len() <= MAX_LENGTH
        && match path.strip_prefix(DICOM_WEB).and_then(|below| below.strip_prefix('/')) {
            Some(below) => is_known(&below.split('/').collect::<Vec<_>>()),
            None => path == WADO,
        };
    if !known {
        return Err(Refusal::Path);
    }
    match method {
        "GET" | "HEAD" => Ok(()),
        "POST" if path.strip_prefix(DICOM_WEB) == Some("/studies") => match role >= Role::Submitter {
            true => Ok(()),
            false => Err(Refusal::Role),
        },
        _ => Err(Refusal::Method),
    }
}

/// True for the segments of a DICOMweb path (PS3.18 10.4 and 10.6): studies, their series, their instances.
fn is_known(parts: &[&str]) -> bool {
    let rendered = |rest: &[&str]| matches!(rest, ["rendered" | "thumbnail"]);
    match parts {
        ["studies" | "series" | "instances"] => true,
        ["studies", study, rest @ ..] if is_uid(study) => match rest {
            [] | ["metadata" | "series" | "instances"] => true,
            ["series", series, rest @ ..] if is_uid(series) => match rest {
                [] | ["metadata" | "instances"] => true,
                ["instances", instance, rest @ ..] if is_uid(instance) => match rest {
                    [] | ["metadata"] => true,
                    ["frames", frames, rest @ ..] if is_list(frames) => rest.is_empty() || rendered(rest),
                    ["bulk" | "bulkdata", tags @ ..] => !tags.is_empty() && tags.len() <= 16 && tags.iter().all(is_tag),
                    rest => rendered(rest),
                },
                rest => rendered(rest),
            },
            rest => rendered(rest),
        },
        _ => false,
    }
}

/// Digits and dots; archives hold UIDs with leading zeros.
fn is_uid(part: &str) -> bool {
    part.len() <= 64 && part.split('.').all(is_digits)
}

/// Frame numbers, separated by commas.
fn is_list(part: &str) -> bool {
    part.split(',').all(is_digits)
}

fn is_digits(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
}

/// An attribute tag, or the number of an item.
fn is_tag(part: &&str) -> bool {
    (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The archive's own path and query for one of the viewer's that passed [`check`]. `dicom_web`: path of DICOMweb below the archive's root.
pub fn archive_path(dicom_web: &str, path_and_query: &str) -> String {
    let path = plain_commas(path_and_query);
    match path.strip_prefix(DICOM_WEB) {
        Some(rest) => format!("{}{rest}", dicom_web.trim_end_matches('/')),
        None => path,
    }
}

/// The address of a path below the root of an archive; `path_and_query` begins with a slash.
pub fn address(root: &Url, path_and_query: &str) -> Url {
    let (path, query) = path_and_query.split_once('?').map_or((path_and_query, None), |(p, q)| (p, Some(q)));
    let mut url = root.clone();
    url.set_path(&format!("{}{path}", root.path().trim_end_matches('/')));
    url.set_query(query);
    url
}

/// The viewer's path and query, with plain commas between the attributes of `includefield`: Orthanc up to 1.10 reads `a%2Cb` as one name,
/// and leaves both out.
fn plain_commas(path_and_query: &str) -> String {
    let Some((path, query)) = path_and_query.split_once('?') else { return path_and_query.to_owned() };
    let part = |part: &str| match part.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("includefield") => {
            format!("{name}={}", value.replace("%2C", ",").replace("%2c", ","))
        }
        _ => part.to_owned(),
    };
    format!("{path}?{}", query.split('&').map(part).collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_between_wanted_attributes_are_plain_and_those_of_a_name_are_not() {
        assert_eq!(plain_commas("/studies"), "/studies");
        assert_eq!(
            plain_commas("/studies?limit=1&includefield=00081030%2C00080060%2c0020000D&PatientName=A%2CB"),
            "/studies?limit=1&includefield=00081030,00080060,0020000D&PatientName=A%2CB"
        );
    }

    #[test]
    fn the_archive_has_its_own_root() {
        let path = archive_path("/dw/", "/dicom-web/studies?limit=1");
        assert_eq!(path, "/dw/studies?limit=1");
        let root = "http://a:1/orthanc/".parse().unwrap();
        assert_eq!(address(&root, &path).as_str(), "http://a:1/orthanc/dw/studies?limit=1");
    }

    const SERIES: &str = "/dicom-web/studies/1.2.3/series/4.05";

    fn admits(method: &str, path: &str) -> Result<(), Refusal> {
        check(method, path, Role::Admin)
    }

    #[test]
    fn what_a_viewer_needs_passes() {
        let below = |rest: &str| format!("{SERIES}{rest}");
        for path in [
            "/dicom-web/studies".to_owned(),
            "/dicom-web/studies?limit=101&includefield=00081030,00080060".into(),
            "/dicom-web/series?00080060=MR".into(),
            "/dicom-web/instances".into(),
            "/dicom-web/studies/1.2.3/series?x=../servers".into(),
            "/dicom-web/studies/1.2.3/metadata".into(),
            below("/instances"),
            below("/thumbnail"),
            below("/instances/6/metadata"),
            below("/instances/6/frames/1,2"),
            below("/instances/6/frames/1/rendered"),
            below("/instances/6/bulk/7fe00010"),
            below("/instances/6/bulk/00082112/1/00081155"),
            "/wado?requestType=WADO&studyUID=1.2&seriesUID=3&objectUID=4".into(),
        ] {
            assert_eq!(admits("GET", &path), Ok(()), "{path}");
            assert_eq!(admits("HEAD", &path), Ok(()), "{path}");
        }
        assert_eq!(admits("POST", "/dicom-web/studies"), Ok(()));
    }

    #[test]
    fn what_else_an_archive_has_does_not() {
        for rest in [
            "",
            "/",
            "/servers",
            "/servers/elsewhere/get",
            "/info",
            "/app/",
            "/app/client/index.html",
            "/studies/",
            "//studies",
            "/studies//series",
            "/studies/1.2/archive",
            "/studies/1.2/../../servers",
            "/./studies",
            "/../instances",
            "/%2e%2e/instances",
            "/studies/1.2%2Fseries",
            "/studies/..%2f..%2finstances",
            "/studies/..",
            "/studies/1..2",
            "/studies/.1",
            "/studies/1.2/series/3/instances/4/file",
            "/studies/1.2/series/3/instances/4/frames/",
            "/studies/1.2/series/3/instances/4/bulk/",
            "/studies/1.2/series/3/instances/4/bulk/..",
            "/STUDIES",
            "/studies;x",
            "/a\\b",
            "/a:b@c",
            "/servers?studies",
            "/stow",
        ] {
            for method in ["GET", "POST", "PUT"] {
                assert_eq!(admits(method, &format!("/dicom-web{rest}")), Err(Refusal::Path), "{rest}");
            }
        }
        for path in ["/wado/", "/wado/../studies", "/wadox", "/dicom-webx/studies", "/instances"] {
            assert_eq!(admits("GET", path), Err(Refusal::Path), "{path}");
        }
        assert_eq!(admits("GET", &format!("/dicom-web/studies/{}", "1".repeat(65))), Err(Refusal::Path));
        assert_eq!(admits("GET", &format!("/dicom-web/studies?{}", "x".repeat(MAX_LENGTH))), Err(Refusal::Path));
    }

    #[test]
    fn the_archive_is_changed_by_storing_alone_and_by_who_may_store() {
        for path in ["/dicom-web/series", "/dicom-web/studies/1.2", SERIES, "/wado"] {
            assert_eq!(admits("POST", path), Err(Refusal::Method), "{path}");
        }
        for method in ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT"] {
            assert_eq!(admits(method, "/dicom-web/studies"), Err(Refusal::Method));
        }
        assert_eq!(check("POST", "/dicom-web/studies", Role::Viewer), Err(Refusal::Role));
    }
}
