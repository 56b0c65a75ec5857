//! The way out: requests to servers that merchants name, which are strangers to this house.
//!
//! Every connection goes to an address that was looked at after the name was resolved, and to no
//! other; nothing is followed, no proxy and no cookie is known, and of an answer only the beginning
//! is read. What goes wrong is said in a few stable words, which tell nothing of this house.

use std::time::Duration;

mod client;
mod connect;
mod guard;
mod headers;
mod pool;
mod target;
mod wire;

pub use client::{Answer, Client};
pub use connect::authorities;
pub use guard::Resolve;
pub use headers::{Headline, webhook_headers};
pub use target::Target;
pub use wire::Wire;

/// How long a stranger is waited for, and kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Name, address and TLS.
    pub connect: Duration,
    /// All of it, from the look-up to the last byte of the answer.
    pub attempt: Duration,
    /// How long after it was made a connection is used again: so that names that lead elsewhere by
    /// now, and balancers of load, are followed.
    pub line: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            connect: Duration::from_secs(5),
            attempt: Duration::from_secs(15),
            line: Duration::from_secs(300),
        }
    }
}

/// Why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    NameUnknown,
    NotPublic,
    PlainHttp,
    Refused,
    Unreachable,
    ConnectTimedOut,
    BadCertificate,
    NoTls,
    Reset,
    NotHttp,
    TimedOut,
}

impl Failure {
    /// As merchants read it in the history of a delivery; these words are stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Failure::NameUnknown => "name does not resolve",
            Failure::NotPublic => "the address is not public",
            Failure::PlainHttp => "plain HTTP is not allowed",
            Failure::Refused => "connection refused",
            Failure::Unreachable => "the address cannot be reached",
            Failure::ConnectTimedOut => "connect timed out",
            Failure::BadCertificate => "the certificate is not valid",
            Failure::NoTls => "the TLS handshake failed",
            Failure::Reset => "the connection was reset",
            Failure::NotHttp => "the answer is not HTTP",
            Failure::TimedOut => "timed out",
        }
    }
}
