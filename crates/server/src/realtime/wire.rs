//! The two directions of one socket: frames out, each within a time; what comes in is not kept.
//!
//! A client that does not read fills the buffers of two kernels and then blocks a write. Here that
//! write ends after a while, so that such a client holds no memory and no task for ever.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures_util::{FutureExt as _, SinkExt as _};
use store::StoreError;

use crate::http::error::ApiError;
use crate::realtime::Realtime;
use crate::realtime::frames::Farewell;

/// How long last words may take: whoever does not listen will not hear them either.
const FAREWELL: Duration = Duration::from_secs(1);
/// How many frames of a client are read before it is told something again.
const INCOMING_MAX: usize = 64;

/// Why a stream ends.
pub enum Ended {
    /// The client left, or the connection broke.
    Gone,
    TooSlow,
    ShuttingDown,
    Refused(ApiError),
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Ended {
        Ended::Refused(error.into())
    }
}

pub struct Wire {
    socket: WebSocket,
    /// How long a write may take.
    stall: Duration,
}

impl Wire {
    pub fn new(socket: WebSocket, stall_ms: u64) -> Wire {
        Wire { socket, stall: Duration::from_millis(stall_ms) }
    }

    /// Hands a frame over without waiting until it is on its way.
    pub async fn feed(&mut self, text: Utf8Bytes, realtime: &Realtime) -> Result<(), Ended> {
        realtime.frames.fetch_add(1, Ordering::Relaxed);
        let feeding = self.socket.feed(Message::Text(text));
        match tokio::time::timeout(self.stall, feeding).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Ended::Gone),
            Err(_) => Err(Ended::TooSlow),
        }
    }

    pub async fn flush(&mut self) -> Result<(), Ended> {
        match tokio::time::timeout(self.stall, self.socket.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Ended::Gone),
            Err(_) => Err(Ended::TooSlow),
        }
    }

    pub async fn send(&mut self, text: Utf8Bytes, realtime: &Realtime) -> Result<(), Ended> {
        self.feed(text, realtime).await?;
        self.flush().await
    }

    /// Waits for what the client says. Pings are answered below this; nothing else has a meaning.
    pub async fn listen(&mut self) -> Result<(), Ended> {
        match self.socket.recv().await {
            Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Ended::Gone),
            Some(Ok(
                Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_),
            )) => Ok(()),
        }
    }

    /// Takes what the client has said meanwhile, without waiting.
    pub fn overhear(&mut self) -> Result<(), Ended> {
        for _ in 0..INCOMING_MAX {
            match self.listen().now_or_never() {
                Some(heard) => heard?,
                None => break,
            }
        }
        Ok(())
    }

    /// Writes the answer to a client's close: without it a browser speaks of a failure.
    pub async fn part(mut self) {
        // Of a connection that broke off there is nothing to write, and this ends at once.
        let _ = tokio::time::timeout(FAREWELL, self.socket.flush()).await;
    }

    /// Says why, closes, and waits a little for the client to do the same.
    pub async fn close(mut self, farewell: Farewell) {
        let closing = async {
            if let Some(text) = farewell.error_text() {
                self.socket.send(Message::Text(text)).await?;
            }
            self.socket.send(Message::Close(Some(farewell.close))).await?;
            while let Some(Ok(_)) = self.socket.recv().await {}
            Ok::<(), axum::Error>(())
        };
        // Whatever fails now: the connection ends here.
        let _ = tokio::time::timeout(FAREWELL, closing).await;
    }
}
