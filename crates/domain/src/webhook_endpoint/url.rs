//! Which URLs an endpoint may have.
//!
//! HTTPS to anywhere public and wherever the operator allows it; plain HTTP only to this very
//! machine, and only where he lets loopback be reached. Whether the name behind a URL leads to a
//! private place is decided again at every connect, by the same rule, since names change.

use std::net::IpAddr;

use url::{Host, Url};

use crate::public_address;
use crate::refusal::Refusal;
use crate::subnet::Subnet;

pub const URL_BYTES_MAX: usize = 2_048;

/// Whether webhooks may reach this very machine, over HTTP too: for local work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loopback {
    Open,
    Closed,
}

/// How far webhooks may reach: public addresses over HTTPS, and what the operator adds to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    pub loopback: Loopback,
    /// Private addresses that may be reached over HTTPS nevertheless.
    pub allowed: Vec<Subnet>,
}

impl Reach {
    pub const PUBLIC_ONLY: Reach = Reach { loopback: Loopback::Closed, allowed: Vec::new() };
    pub const LOOPBACK_TOO: Reach = Reach { loopback: Loopback::Open, allowed: Vec::new() };

    /// Whether this address may be connected to without TLS: on this very machine only.
    pub fn has_plain(&self, address: IpAddr) -> bool {
        self.loopback == Loopback::Open && address.to_canonical().is_loopback()
    }

    /// Whether this address may be connected to over TLS.
    pub fn has(&self, address: IpAddr) -> bool {
        let is_allowed = || self.allowed.iter().any(|net| net.contains(address));
        self.has_plain(address) || public_address::is_public(address) || is_allowed()
    }
}

/// Refuses what can never be delivered to.
pub fn check_url(text: &str, reach: &Reach) -> Result<Url, Refusal> {
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
    let (may_be_plain, may_be_reached) = match host {
        Host::Ipv4(address) => judge(address.into(), reach),
        Host::Ipv6(address) => judge(address.into(), reach),
        Host::Domain(name) => {
            let is_local = name == "localhost" || name.ends_with(".localhost");
            (is_local && reach.loopback == Loopback::Open, true)
        }
    };
    match url.scheme() {
        "https" => {}
        "http" if may_be_plain => {}
        _ => return refuse("must begin with https://"),
    }
    if !may_be_reached {
        return refuse("must not point to a private or reserved address");
    }
    Ok(url)
}

fn judge(address: IpAddr, reach: &Reach) -> (bool, bool) {
    (reach.has_plain(address), reach.has(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_to_public_hosts_and_nothing_else() {
        for text in ["https://example.com/hook?x=1", "https://1.1.1.1:8443/", "https://a.b:1/x"] {
            assert!(check_url(text, &Reach::PUBLIC_ONLY).is_ok(), "{text}");
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
            assert!(check_url(text, &Reach::PUBLIC_ONLY).is_err(), "{text}");
        }
        assert!(
            check_url(&format!("https://a.b/{}", "x".repeat(2_048)), &Reach::PUBLIC_ONLY).is_err()
        );
    }

    #[test]
    fn loopback_only_where_it_is_let() {
        for text in ["http://localhost:4242/hook", "http://127.0.0.1:1/", "http://[::1]:1/"] {
            assert!(check_url(text, &Reach::LOOPBACK_TOO).is_ok(), "{text}");
            assert!(check_url(text, &Reach::PUBLIC_ONLY).is_err(), "{text}");
        }
        for text in ["http://10.0.0.1/", "http://example.com/", "https://192.168.0.1/"] {
            assert!(check_url(text, &Reach::LOOPBACK_TOO).is_err(), "{text}");
        }
    }
    #[test]
    fn what_the_operator_allows_is_reached_over_https() {
        let allowed = ["10.1.0.0/16", "fd00::/8"].map(|net| Subnet::parse(net).expect(net));
        let reach = Reach { allowed: allowed.to_vec(), ..Reach::PUBLIC_ONLY };
        for text in ["https://10.1.2.3/", "https://[fd12::1]:8443/", "https://[::ffff:10.1.2.3]/"] {
            assert!(check_url(text, &reach).is_ok(), "{text}");
            assert!(check_url(text, &Reach::PUBLIC_ONLY).is_err(), "{text}");
        }
        for text in ["http://10.1.2.3/", "https://10.2.0.1/", "https://[fe80::1]/"] {
            assert!(check_url(text, &reach).is_err(), "{text}");
        }
    }
}
