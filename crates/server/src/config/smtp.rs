//! The relay that takes mail: `[smtp]`, or `PEPAY_SMTP__HOST` and so on.
//!
//! A password never crosses a network in the clear: without TLS only this very machine is asked.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use domain::secret::Secret;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::Certificate;
use serde::Deserialize;

use crate::mail::smtp::{Relay, TlsMode};

const TIMEOUT_MS_DEFAULT: u64 = 30_000;
/// Two of these, and what lies between, end well before a mail is taken for abandoned.
const TIMEOUT_MS_MAX: u64 = 120_000;

/// A relay. No `Debug`: it holds a password.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    pub host: String,
    /// Default: 587 with `starttls`, 465 with `implicit`, 25 with `none`.
    #[serde(default)]
    pub port: Option<u16>,
    #[serde(default)]
    pub tls: SmtpTls,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub password: Option<String>,
    /// `receipts@shop.example`, or `Shop <receipts@shop.example>`.
    pub from: String,
    /// More authorities that the relay's certificate may come from: a PEM file.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// How long the relay is waited for: until it is ready for a mail, and until it has taken it.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// Begins in the clear and goes on in TLS, or ends.
    #[default]
    Starttls,
    Implicit,
    /// Within this machine only.
    None,
}

impl SmtpConfig {
    pub fn relay(&self) -> anyhow::Result<Relay> {
        let host = self.host.trim();
        let is_name = !host.is_empty() && host.chars().all(|letter| !letter.is_whitespace());
        if !is_name || host.contains(['/', '@', '[', ']']) {
            bail!("smtp: host must be a name or an address, without a port");
        }
        let (tls, port) = match self.tls {
            SmtpTls::Starttls => (TlsMode::Starttls, 587),
            SmtpTls::Implicit => (TlsMode::Implicit, 465),
            SmtpTls::None if is_loopback(host) => (TlsMode::None, 25),
            SmtpTls::None => bail!("smtp: tls may be none on this very machine only"),
        };
        let credentials = match (&self.user, &self.password) {
            (Some(user), Some(password)) => Some((user.clone(), Secret::new(password.clone()))),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => bail!("smtp: user and password go together"),
        };
        // The error would repeat what is configured, and says no more than this.
        let from: Mailbox = match self.from.parse() {
            Ok(from) => from,
            Err(_) => bail!("smtp: from must be an e-mail address, or `Name <address>`"),
        };
        let timeout_ms = self.timeout_ms.unwrap_or(TIMEOUT_MS_DEFAULT);
        if !(1..=TIMEOUT_MS_MAX).contains(&timeout_ms) {
            bail!("smtp: timeout_ms must be 1 to {TIMEOUT_MS_MAX}");
        }
        Ok(Relay {
            host: host.to_owned(),
            port: self.port.unwrap_or(port),
            tls,
            credentials,
            from,
            authority: self.authority()?,
            patience: Duration::from_millis(timeout_ms),
        })
    }

    fn authority(&self) -> anyhow::Result<Option<Certificate>> {
        let Some(file) = &self.ca_file else { return Ok(None) };
        let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let authority = Certificate::from_pem(&pem);
        let not_one = || format!("smtp: {} is no PEM file of certificates", file.display());
        Ok(Some(authority.with_context(not_one)?))
    }
}

fn is_loopback(host: &str) -> bool {
    let is_address = host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    is_address || host == "localhost"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> anyhow::Result<SmtpConfig> {
        let text = format!("host = \"mail.example\"\nfrom = \"Shop <pay@shop.example>\"\n{more}");
        Ok(toml::from_str(&text)?)
    }

    #[track_caller]
    fn check(more: &str, port: Option<u16>) {
        let relay = config(more).and_then(|config| config.relay());
        assert_eq!(relay.ok().map(|relay| relay.port), port, "{more}");
    }

    #[test]
    fn a_relay_is_asked_in_tls_unless_it_is_this_machine() {
        check("", Some(587));
        check("tls = \"implicit\"", Some(465));
        check("tls = \"starttls\"\nport = 2525", Some(2525));
        check("tls = \"none\"", None);
        let local = SmtpConfig { host: "127.0.0.1".into(), ..config("tls = \"none\"").unwrap() };
        assert_eq!(local.relay().unwrap().port, 25);
    }

    #[test]
    fn half_a_relay_is_refused_and_its_password_not_repeated() {
        for more in [
            "user = \"me\"",
            "password = \"s3cret\"",
            "timeout_ms = 0",
            "timeout_ms = 600000",
            "ca_file = \"/nowhere.pem\"",
            "tls = \"maybe\"",
            "secret = \"x\"",
        ] {
            check(more, None);
        }
        let both = "user = \"me\"\npassword = \"s3cret\"";
        check(both, Some(587));
        let bad = SmtpConfig { host: "a b".into(), ..config(both).unwrap() };
        let said = format!("{:#}", bad.relay().err().expect("no host"));
        assert!(!said.contains("s3cret"), "{said}");
        let from = SmtpConfig { from: "a\r\nBcc: b@c.example".into(), ..config("").unwrap() };
        assert!(from.relay().is_err());
    }
}
