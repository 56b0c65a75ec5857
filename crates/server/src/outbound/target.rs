//! Where a request goes: a URL taken apart once, for however many requests follow.
//!
//! Whatever shares an origin may share connections, and nothing else may.

use axum::http::uri::{Authority, PathAndQuery, Scheme};
use axum::http::{HeaderValue, Uri};
use url::{Host, Url};

/// Scheme, host and port: what a connection is made to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    pub is_tls: bool,
    pub host: Host,
    pub port: u16,
}

/// A URL that can be sent to.
#[derive(Clone, Debug)]
pub struct Target {
    pub(super) origin: Origin,
    /// The `Host` header.
    pub(super) host: HeaderValue,
    /// As HTTP/1.1 asks for it, and as HTTP/2 does.
    pub(super) path: Uri,
    pub(super) whole: Uri,
}

impl Target {
    /// None: a URL that no endpoint is allowed to have.
    pub fn parse(text: &str) -> Option<Target> {
        let url = Url::parse(text).ok()?;
        let is_tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = url.host()?.to_owned();
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let path: PathAndQuery = path.parse().ok()?;
        let whole = Uri::builder()
            .scheme(if is_tls { Scheme::HTTPS } else { Scheme::HTTP })
            .authority(authority.parse::<Authority>().ok()?)
            .path_and_query(path.clone())
            .build()
            .ok()?;
        Some(Target {
            host: HeaderValue::from_str(&authority).ok()?,
            path: Uri::from(path),
            whole,
            origin: Origin { is_tls, host, port: url.port_or_known_default()? },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let target = Target::parse("https://Shop.example:8443/hook?a=b").expect("a URL");
        assert_eq!(target.origin.port, 8443);
        assert_eq!(target.host, "shop.example:8443");
        assert_eq!(target.path, "/hook?a=b");
        assert_eq!(target.whole, "https://shop.example:8443/hook?a=b");
        let target = Target::parse("http://[::1]").expect("a URL");
        assert_eq!((target.origin.port, target.origin.is_tls), (80, false));
        assert_eq!(target.host, "[::1]");
        assert_eq!(target.path, "/");
        assert!(Target::parse("ftp://shop.example/").is_none());
    }
}
