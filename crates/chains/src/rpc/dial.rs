//! Connecting to a host that has several addresses: one after the other, until one answers.
//!
//! Shared by everything here that makes connections, nodes and outgoing webhooks alike; who may be
//! connected to is decided before.
//!
//! Invariant: all addresses together take no longer than they are given, and none takes the time of
//! those after it: each gets its share of what is left.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// The first connection that comes about; why the last address had none if nobody answers.
pub async fn first_that_answers(addresses: &[SocketAddr], until: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for (at, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - at).unwrap_or(1);
        let share = until.saturating_duration_since(Instant::now()) / left;
        match timeout_at(Instant::now() + share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::Error::from(io::ErrorKind::TimedOut),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn one_that_refuses_is_passed_over_and_none_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let answers = listener.local_addr().unwrap();
        let refuses = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let until = Instant::now() + Duration::from_secs(5);
        let stream = first_that_answers(&[refuses, answers], until).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), answers);
        for (none, why) in [
            (vec![], io::ErrorKind::AddrNotAvailable),
            (vec![refuses], io::ErrorKind::ConnectionRefused),
        ] {
            assert_eq!(first_that_answers(&none, until).await.unwrap_err().kind(), why);
        }
    }
}
