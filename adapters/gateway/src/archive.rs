//! The one configured archive: DICOMweb for the viewer passes through here, and nothing else does.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use cordline_sdk::owner;
use cordline_sdk::wire::reply::Role;
use reqwest::Client;
use thiserror::Error;

use crate::fault::Refusal;
use crate::guest::Viewer;
use crate::hall::Hall;
use crate::orthanc::turns::Turns;
use crate::settings::Archive;

/// Where the viewer looks for DICOMweb.
pub const DICOM_WEB: &str = "/dicom-web";
/// Where it looks for single objects.
pub const WADO: &str = "/wado";

/// Headers that go to the archive and come back; all others stay here, cookies and tokens above all.
const TO_ARCHIVE: [HeaderName; 3] = [ACCEPT, CONTENT_TYPE, CONTENT_LENGTH];
const FROM_ARCHIVE: [HeaderName; 2] = [CONTENT_TYPE, CONTENT_LENGTH];

/// A client of the archive, with kept connections.
#[derive(Debug)]
pub struct ArchiveClient {
    archive: Archive,
    password: Option<String>,
    client: Client,
    /// Who writes on a study does so alone.
    pub(crate) turns: Turns,
}

/// An archive that cannot be used.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The password cannot be read.
    #[error("the password of the archive cannot be read from {file}: {reason}")]
    Password {
        /// The file.
        file: String,
        /// Why, and who may.
        reason: String,
    },
    /// No client can be made.
    #[error("the archive cannot be asked: {0}")]
    Client(#[from] reqwest::Error),
}

impl ArchiveClient {
    /// A client that has not asked anything yet.
    pub fn new(archive: Archive) -> Result<Self, ArchiveError> {
        let read = |file: &std::path::PathBuf| {
            let fails = |error| ArchiveError::Password {
                file: file.display().to_string(),
                reason: owner::explain(file, &error),
            };
            let text = std::fs::read_to_string(file).map_err(fails)?;
            Ok::<_, ArchiveError>(text.lines().next().unwrap_or_default().to_owned())
        };
        let password = archive.password_file.as_ref().map(read).transpose()?;
        crate::choose_cryptography();
        // A redirect could lead anywhere.
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { archive, password, client, turns: Turns::default() })
    }

    /// A request to a path of the archive; `path` begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let mut url = self.archive.url.clone();
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        url.set_path(&format!("{}{path}", self.archive.url.path().trim_end_matches('/')));
        url.set_query(query);
        let request = self.client.request(method, url);
        match &self.archive.user {
            Some(user) => request.basic_auth(user, self.password.as_deref()),
            None => request,
        }
    }

    /// The archive's own path for one of the viewer's.
    fn path(&self, viewers: &str) -> String {
        match viewers.strip_prefix(DICOM_WEB) {
            Some(rest) => format!("{}{rest}", self.archive.dicom_web.trim_end_matches('/')),
            None => viewers.to_owned(),
        }
    }
}

/// Passes a request of the viewer on.
pub async fn pass(Viewer(guest): Viewer, State(hall): State<Hall>, request: Request) -> Result<Response, Refusal> {
    let archive = hall.archive.as_ref().ok_or_else(Refusal::no_archive)?;
    match *request.method() {
        Method::GET | Method::HEAD => {}
        Method::POST if guest.role >= Role::Submitter => {}
        Method::POST => return Err(Refusal::not_allowed()),
        _ => {
            return Err(Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "only looking and storing pass to the archive",
                "use GET or POST",
            ));
        }
    }
    let uri = request.uri();
    if !is_plain(uri.path()) {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "odd_path",
            "the path has parts that no DICOMweb address has",
            "use UIDs of digits and dots",
        ));
    }
    let path = archive.path(&plain_commas(uri.path_and_query().map_or("/", |p| p.as_str())));
    let (parts, body) = request.into_parts();
    let asked = archive
        .request(parts.method, &path)
        .headers(only(&parts.headers, &TO_ARCHIVE))
        .body(reqwest::Body::wrap_stream(body.into_data_stream()));
    let answer = asked.send().await.map_err(|error| {
        tracing::warn!(error = %error.without_url(), "the archive does not answer");
        Refusal::new(
            StatusCode::BAD_GATEWAY,
            "archive_unreachable",
            "the archive does not answer",
            "see that it runs and that the gateway may reach it",
        )
    })?;
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = only(answer.headers(), &FROM_ARCHIVE);
    Ok((status, headers, Body::from_stream(answer.bytes_stream())).into_response())
}

/// True for a path of letters, digits and the few signs of DICOMweb addresses: nothing that another program could read as a step up.
fn is_plain(path: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/.-_,".contains(c);
    path.chars().all(plain) && !path.contains("//") && path.split('/').all(|part| part != "." && part != "..")
}

/// The attributes that a viewer wants beside the usual ones, parted by plain commas: Orthanc up to 1.10 takes `a%2Cb` for one name, and
/// leaves both out.
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

fn only(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in names {
        for value in headers.get_all(name) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_dicomweb_is_plain_and_a_trick_is_not() {
        for path in ["/dicom-web/studies/1.2.3/series/4.5/instances/6/frames/1,2", "/dicom-web/studies", "/wado"] {
            assert!(is_plain(path), "{path}");
        }
        for path in [
            "/dicom-web/../instances",
            "/dicom-web/%2e%2e/instances",
            "/dicom-web//instances",
            "/dicom-web/studies/1.2%2F3",
            "/dicom-web/a\\b",
            "/dicom-web/./x",
            "/dicom-web/a:b@c",
        ] {
            assert!(!is_plain(path), "{path}");
        }
    }

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
        let archive = Archive {
            url: "http://a:1/orthanc/".parse().unwrap(),
            dicom_web: "/dw/".into(),
            user: None,
            password_file: None,
        };
        let client = ArchiveClient::new(archive).unwrap();
        let path = client.path("/dicom-web/studies?limit=1");
        assert_eq!(path, "/dw/studies?limit=1");
        let request = client.request(Method::GET, &path).build().unwrap();
        assert_eq!(request.url().as_str(), "http://a:1/orthanc/dw/studies?limit=1");
    }
}
