//! Which URLs an endpoint may have.
//!
//! HTTPS to anywhere; plain HTTP only to this very machine, and only where the operator lets
//! loopback be reached. Whether the name behind a URL leads to a private place is decided again at
//! every connect (`public_address`), since names change.

use url::{Host, Url};

use crate::public_address;
use crate::refusal::Refusal;

pub const URL_BYTES_MAX: usize = 2_048;

/// How far webhooks may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses over HTTPS.
    PublicOnly,
    /// Also this machine, over HTTP too: for local work.
    LoopbackToo,
}

/// Refuses what can never be delivered to.
pub fn check_url(text: &str, reach: Reach) -> Result<Url, Refusal> {
    let refuse = |message: &str| Err(Refusal::invalid("url", message));
    if text.len() > URL_BYTES_MAX {
        return refuse("must be at most 2048 bytes");
    }
    if text.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
        return refuse("must not contain spaces or control characters");
    }
    let Ok(url) = Url::parse(text) else { return refuse("must be an absolute URL") };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not carry credentials");
    }
    if url.fragment().is_some() {
        return refuse("must not have a fragment");
    }
    if url.port() == Some(0) {
        return refuse("must have a port from 1 to 65535");
    }
    let Some(host) = url.host() else { return refuse("must have a host") };
    let is_local = reach == Reach::LoopbackToo && is_loopback(&host);
    match url.scheme() {
        "https" => {}
        "http" if is_local => {}
        _ => return refuse("must begin with https://"),
    }
    let address = match host {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    };
    if !is_local && address.is_some_and(|address| !public_address::is_public(address)) {
        return refuse("must not point to a private or reserved address");
    }
    Ok(url)
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_to_public_hosts_and_nothing_else() {
        for text in ["https://example.com/hook?x=1", "https://1.1.1.1:8443/", "https://a.b:1/x"] {
            assert!(check_url(text, Reach::PublicOnly).is_ok(), "{text}");
        }
        let refused = [
            "",
            "hook",
            "/hook",
            "http://example.com",
            "ftp://example.com",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://user:pass@example.com",
            "https://user@example.com",
            "https://example.com/#part",
            "https://example.com:0/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "http://localhost:3000/",
            "https://exa mple.com/",
            "https://example.com/\n",
        ];
        for text in refused {
            assert!(check_url(text, Reach::PublicOnly).is_err(), "{text}");
        }
        assert!(
            check_url(&format!("https://a.b/{}", "x".repeat(2_048)), Reach::PublicOnly).is_err()
        );
    }

    #[test]
    fn loopback_only_where_it_is_let() {
        for text in ["http://localhost:4242/hook", "http://127.0.0.1:1/", "http://[::1]:1/"] {
            assert!(check_url(text, Reach::LoopbackToo).is_ok(), "{text}");
            assert!(check_url(text, Reach::PublicOnly).is_err(), "{text}");
        }
        for text in ["http://10.0.0.1/", "http://example.com/", "https://192.168.0.1/"] {
            assert!(check_url(text, Reach::LoopbackToo).is_err(), "{text}");
        }
    }
}
