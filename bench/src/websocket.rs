//! The reading end of a websocket that costs next to nothing.
//!
//! Written for this bench alone, so that ten thousand of them and the server fit on one machine:
//! frames of a server are not masked and not split, and whatever else comes is an error.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Enough for an answer's head and most events; it grows where more comes at once.
const BUFFER_BYTES: usize = 2 * 1024;
const FRAME_BYTES_MAX: usize = 1024 * 1024;
const TEXT: u8 = 0x81;

pub struct WebSocket {
    stream: TcpStream,
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
}

impl WebSocket {
    pub async fn open(address: SocketAddr, path: &str, api_key: &str) -> io::Result<Self> {
        Self::open_from(Ipv4Addr::LOCALHOST, address, path, api_key).await
    }

    /// From an address of this machine: each has as many ports of its own.
    pub async fn open_from(
        source: Ipv4Addr,
        address: SocketAddr,
        path: &str,
        api_key: &str,
    ) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if source != Ipv4Addr::LOCALHOST {
            socket.bind((source, 0).into())?;
        }
        let mut stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\n\
             connection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             x-api-key: {api_key}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let buffer = vec![0; BUFFER_BYTES];
        let mut socket = Self { stream, buffer, start: 0, filled: 0 };
        loop {
            socket.read_more().await?;
            let read = &socket.buffer[..socket.filled];
            if let Some(at) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                if !read.starts_with(b"HTTP/1.1 101 ") {
                    let head = String::from_utf8_lossy(&read[..at]);
                    return Err(io::Error::other(format!("no upgrade: {head}")));
                }
                socket.start = at + 4;
                return Ok(socket);
            }
        }
    }

    /// Reads more at once, for a stream that brings much.
    pub fn with_buffer(mut self, bytes: usize) -> Self {
        self.buffer.resize(self.buffer.len().max(bytes), 0);
        self
    }

    /// The text of the next frame.
    pub async fn next(&mut self) -> io::Result<&[u8]> {
        loop {
            if let Some((head, length)) = frame(&self.buffer[self.start..self.filled])? {
                let from = self.start + head;
                let end = from + length;
                if length > FRAME_BYTES_MAX {
                    return Err(io::Error::other("a frame is too long"));
                }
                if end <= self.filled {
                    self.start = end;
                    return Ok(&self.buffer[from..end]);
                }
            }
            self.read_more().await?;
        }
    }

    async fn read_more(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.start = 0;
        }
        if self.filled == self.buffer.len() {
            if self.filled >= 2 * FRAME_BYTES_MAX {
                return Err(io::Error::other("a frame is too long"));
            }
            self.buffer.resize(self.filled * 2, 0);
        }
        match self.stream.read(&mut self.buffer[self.filled..]).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                self.filled += read;
                Ok(())
            }
        }
    }
}

/// The lengths of a frame's head and of its text; none while the head is not whole.
fn frame(bytes: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let &[kind, short, ref rest @ ..] = bytes else { return Ok(None) };
    if kind != TEXT {
        return Err(io::Error::other(format!("a frame of kind {kind:#x}")));
    }
    let bytes_of_length = match short {
        126 => 2,
        127 => 8,
        short => return Ok(Some((2, usize::from(short)))),
    };
    let Some(length) = rest.get(..bytes_of_length) else { return Ok(None) };
    let length = length.iter().fold(0_u64, |length, byte| length << 8 | u64::from(*byte));
    let length = usize::try_from(length).map_err(io::Error::other)?;
    Ok(Some((2 + bytes_of_length, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_come_in_three_sizes() {
        assert_eq!(frame(&[TEXT]).unwrap(), None);
        assert_eq!(frame(&[TEXT, 5]).unwrap(), Some((2, 5)));
        assert_eq!(frame(&[TEXT, 126, 1]).unwrap(), None);
        assert_eq!(frame(&[TEXT, 126, 1, 2]).unwrap(), Some((4, 258)));
        assert_eq!(frame(&[TEXT, 127, 0, 0, 0, 0, 0, 1, 0, 0]).unwrap(), Some((10, 65_536)));
        assert!(frame(&[0x88, 0]).is_err());
    }
}
