//! One keep-alive HTTP/1.1 connection that costs next to nothing.
//!
//! The load generator runs on the same cores as the server it measures, so every microsecond
//! spent here is taken from the result. A request is bytes the caller has ready; an answer is
//! parsed in place in a buffer that is reused. Invariant: one request is in flight at a time.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BUFFER_BYTES: usize = 16 * 1024;
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    unchunked: Vec<u8>,
}

pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
    head: &'a [u8],
}

impl Answer<'_> {
    /// The value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.split(|byte| *byte == b'\n').skip(1).find_map(|line| {
            let line = str::from_utf8(line).ok()?;
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Connection {
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; BUFFER_BYTES], unchunked: Vec::new() })
    }

    /// Sends one request and reads its whole answer.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let head = loop {
            filled += self.read_more(filled).await?;
            if let Some(head) = parse_head(&self.buffer[..filled])? {
                break head;
            }
        };
        let body = match head.framing {
            Framing::Length(length) => {
                let end = head.end + length;
                while filled < end {
                    filled += self.read_more(filled).await?;
                }
                &self.buffer[head.end..end]
            }
            Framing::Chunked => {
                while !unchunk(&self.buffer[head.end..filled], &mut self.unchunked)? {
                    filled += self.read_more(filled).await?;
                }
                &self.unchunked[..]
            }
        };
        Ok(Answer { status: head.status, body, head: &self.buffer[..head.end] })
    }

    async fn read_more(&mut self, filled: usize) -> io::Result<usize> {
        if filled == self.buffer.len() {
            if filled >= ANSWER_BYTES_MAX {
                return Err(io::Error::other("the answer is longer than 4 MiB"));
            }
            self.buffer.resize(filled * 2, 0);
        }
        match self.stream.read(&mut self.buffer[filled..]).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            read => Ok(read),
        }
    }
}

enum Framing {
    Length(usize),
    Chunked,
}

struct Head {
    end: usize,
    status: u16,
    framing: Framing,
}

/// `None` while the blank line has not arrived.
fn parse_head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let mut framing = Framing::Length(0);
    let mut status = None;
    let mut start = 0;
    while let Some(length) = bytes[start..].iter().position(|byte| *byte == b'\n') {
        let line = &bytes[start..start + length];
        start += length + 1;
        if line.len() <= 1 {
            let status = status.ok_or_else(|| io::Error::other("no status line"))?;
            return Ok(Some(Head { end: start, status, framing }));
        }
        if status.is_none() {
            status = Some(parse_status(line)?);
        } else if let Some(value) = value_of(line, b"content-length:") {
            let text = str::from_utf8(value).map_err(io::Error::other)?;
            framing = Framing::Length(text.trim().parse().map_err(io::Error::other)?);
        } else if value_of(line, b"transfer-encoding:").is_some() {
            framing = Framing::Chunked;
        }
    }
    Ok(None)
}

fn parse_status(line: &[u8]) -> io::Result<u16> {
    line.strip_prefix(b"HTTP/1.1 ")
        .and_then(|rest| str::from_utf8(rest.get(..3)?).ok()?.parse().ok())
        .ok_or_else(|| io::Error::other("not an HTTP/1.1 status line"))
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (found, value) = line.split_at_checked(name.len())?;
    found.eq_ignore_ascii_case(name).then_some(value)
}

/// Decodes what has arrived of a chunked body; true once the last chunk is there.
fn unchunk(mut bytes: &[u8], body: &mut Vec<u8>) -> io::Result<bool> {
    body.clear();
    while let Some(line_end) = bytes.windows(2).position(|pair| pair == b"\r\n") {
        let text = str::from_utf8(&bytes[..line_end]).map_err(io::Error::other)?;
        let digits = text.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(digits, 16).map_err(io::Error::other)?;
        if size > ANSWER_BYTES_MAX {
            return Err(io::Error::other("the chunk is longer than 4 MiB"));
        }
        let chunk_start = line_end + 2;
        let Some(chunk) = bytes.get(chunk_start..chunk_start + size + 2) else {
            return Ok(false);
        };
        if size == 0 {
            return Ok(true);
        }
        body.extend_from_slice(&chunk[..size]);
        bytes = &bytes[chunk_start + size + 2..];
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_parsed_once_it_is_whole() {
        let text = b"HTTP/1.1 409 Conflict\r\nX-A: 1\r\nContent-Length: 12\r\n\r\n{";
        assert!(parse_head(&text[..40]).unwrap().is_none());
        let head = parse_head(text).unwrap().unwrap();
        assert_eq!((head.status, head.end), (409, text.len() - 1));
        assert!(matches!(head.framing, Framing::Length(12)));
        assert!(parse_head(b"SMTP ready\r\n\r\n").is_err());
        let answer = Answer { status: 409, body: b"", head: text };
        assert_eq!(answer.header("x-a"), Some("1"));
        assert_eq!(answer.header("x-b"), None);
    }

    #[test]
    fn chunks_are_joined() {
        let mut body = Vec::new();
        let text = b"4\r\nWiki\r\n5;x=y\r\npedia\r\n0\r\n\r\n";
        assert!(unchunk(text, &mut body).unwrap());
        assert_eq!(body, b"Wikipedia");
        for cut in 0..text.len() - 1 {
            assert!(!unchunk(&text[..cut], &mut body).unwrap(), "complete after {cut} bytes");
        }
    }
}
