//! Where a node is: a URL, and the headers its provider wants to see.
//!
//! Invariant: `Debug` and every message show host and port only, for paths, queries and headers
//! hold the operator's keys. What a node says may repeat them, so its words are cleaned here too.

use std::fmt;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::{Method, Request, Uri};
use thiserror::Error;
use url::Url;

use super::transport::Body;

/// What is kept of a node's words.
const WORDS_CHARS_MAX: usize = 300;

/// Shorter parts of a path are words such as `v2`, not keys.
const KEY_BYTES_MIN: usize = 6;

/// One node.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `http://` or `https://`, without user information and fragment.
    pub url: String,
    /// Sent with every request, such as `project_id`.
    pub headers: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndpointError {
    #[error("a node's URL is not a valid http:// or https:// URL")]
    BadUrl,
    #[error("a node's header has a name or value that cannot be sent")]
    BadHeader,
    #[error("a network needs at least one node")]
    None,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Endpoint").finish_non_exhaustive()
    }
}

/// An endpoint that was read: requests to it can be written.
pub(super) struct Target {
    /// Host and port.
    pub name: String,
    scheme: Scheme,
    authority: Authority,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    /// What must never be shown, longest first.
    secrets: Vec<String>,
}

impl Target {
    pub fn parse(endpoint: &Endpoint) -> Result<Target, EndpointError> {
        let url = Url::parse(&endpoint.url).map_err(|_| EndpointError::BadUrl)?;
        let scheme = match url.scheme() {
            "http" => Scheme::HTTP,
            "https" => Scheme::HTTPS,
            _ => return Err(EndpointError::BadUrl),
        };
        let is_bare = url.username().is_empty() && url.password().is_none();
        let (Some(host), Some(port), true, None) =
            (url.host_str(), url.port_or_known_default(), is_bare, url.fragment())
        else {
            return Err(EndpointError::BadUrl);
        };
        let name = format!("{host}:{port}");
        let written = url.port().map_or_else(|| host.to_owned(), |_| name.clone());
        let authority = written.parse().map_err(|_| EndpointError::BadUrl)?;
        let query = url.query().map(str::to_owned);
        let target = Target {
            name,
            scheme,
            authority,
            path: url.path().to_owned(),
            query,
            headers: headers(&endpoint.headers)?,
            secrets: secrets(&url, &endpoint.headers),
        };
        target.uri(None).map(|_| target).ok_or(EndpointError::BadUrl)
    }

    /// A request to the URL itself, or to something below its path; none if that is no path.
    pub fn request(
        &self,
        method: Method,
        below: Option<&str>,
        body: Body,
    ) -> Option<Request<Body>> {
        let mut request = Request::new(body);
        *request.uri_mut() = self.uri(below)?;
        request.headers_mut().clone_from(&self.headers);
        if method == Method::POST {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(hyper::header::CONTENT_TYPE, json);
        }
        *request.method_mut() = method;
        Some(request)
    }

    fn uri(&self, below: Option<&str>) -> Option<Uri> {
        let (mut path, mut query) = (self.path.clone(), self.query.clone());
        if let Some(below) = below {
            let (more_path, more_query) = match below.split_once('?') {
                Some((path, query)) => (path, Some(query)),
                None => (below, None),
            };
            path = format!("{}/{}", path.trim_end_matches('/'), more_path.trim_start_matches('/'));
            query = match (query, more_query) {
                (Some(ours), Some(more)) => Some(format!("{ours}&{more}")),
                (ours, more) => ours.or_else(|| more.map(str::to_owned)),
            };
        }
        let whole = query.map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
        let whole = PathAndQuery::try_from(whole).ok()?;
        let uri = Uri::builder().scheme(self.scheme.clone()).authority(self.authority.clone());
        uri.path_and_query(whole).build().ok()
    }

    /// A node's words without our secrets, in one short line.
    pub fn clean(&self, words: &str) -> String {
        let mut cleaned: String = words.chars().take(WORDS_CHARS_MAX * 4).collect();
        for secret in &self.secrets {
            cleaned = cleaned.replace(secret, "…");
        }
        let line = cleaned.chars().map(|c| if c.is_control() { ' ' } else { c });
        line.take(WORDS_CHARS_MAX).collect::<String>().trim().to_owned()
    }
}

fn headers(given: &[(String, String)]) -> Result<HeaderMap, EndpointError> {
    let mut headers = HeaderMap::new();
    let user_agent = HeaderValue::from_static(concat!("pepay/", env!("CARGO_PKG_VERSION")));
    headers.insert(hyper::header::USER_AGENT, user_agent);
    headers.insert(hyper::header::ACCEPT, HeaderValue::from_static("application/json"));
    for (name, value) in given {
        let name = HeaderName::try_from(name).map_err(|_| EndpointError::BadHeader)?;
        let mut value = HeaderValue::try_from(value).map_err(|_| EndpointError::BadHeader)?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn secrets(url: &Url, headers: &[(String, String)]) -> Vec<String> {
    let of_path = url.path().split('/').filter(|part| part.len() >= KEY_BYTES_MIN);
    let mut secrets: Vec<String> = of_path.map(str::to_owned).collect();
    secrets.extend(url.query().map(str::to_owned));
    secrets.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
    secrets.extend(headers.iter().map(|(_, value)| value.clone()));
    if url.path().len() > 1 {
        secrets.push(url.path().to_owned());
    }
    secrets.retain(|secret| !secret.is_empty());
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, EndpointError> {
        let headers = vec![("project_id".to_owned(), "header-key".to_owned())];
        Target::parse(&Endpoint { url: url.to_owned(), headers })
    }

    #[test]
    fn the_base_path_and_its_query_are_kept() {
        for (base, below, expected) in [
            ("http://h:1/v2/KEY", None, "http://h:1/v2/KEY"),
            ("https://h", None, "https://h/"),
            ("https://h/v2/KEY/", Some("/blocks/latest"), "https://h/v2/KEY/blocks/latest"),
            ("https://h/?key=K", Some("blocks?order=desc"), "https://h/blocks?key=K&order=desc"),
            ("https://[::1]:9/a", Some("/b?c=d"), "https://[::1]:9/a/b?c=d"),
        ] {
            let uri = target(base).expect("valid").uri(below).expect("a path");
            assert_eq!(uri.to_string(), expected);
        }
        assert!(target("https://h").expect("valid").uri(Some("/a b")).is_none());
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        for url in ["", "h", "ftp://h", "http://", "https://u:p@h/", "https://u@h/", "http://h/#f"]
        {
            assert_eq!(target(url).err(), Some(EndpointError::BadUrl), "{url}");
        }
        for (name, value) in [("", "v"), ("a b", "v"), ("a", "line\nbreak")] {
            let headers = vec![(name.to_owned(), value.to_owned())];
            let endpoint = Endpoint { url: "http://h".to_owned(), headers };
            assert_eq!(Target::parse(&endpoint).err(), Some(EndpointError::BadHeader));
        }
    }

    #[test]
    fn a_node_s_words_lose_our_secrets() {
        let target = target("https://h/v2/path-key?token=query-key").expect("valid");
        let words = "no /v2/path-key?token=query-key\r\nfor header-key, or query-key, or path-key";
        assert_eq!(target.clean(words), "no …?…  for …, or …, or …");
        assert_eq!(target.clean(&"x".repeat(9_999)).len(), WORDS_CHARS_MAX);
        assert_eq!(target.name, "h:443");
    }
}
