//! What a stream says beside events: control frames, error frames, and the codes it closes with.
//!
//! Each is one JSON text. An error frame is the last one before the connection closes.

use axum::extract::ws::{CloseFrame, Utf8Bytes, close_code};
use axum::http::StatusCode;
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::error::{ApiError, Code};

const CLOSE_BAD_FILTER: u16 = 4400;
const CLOSE_BAD_CREDENTIAL: u16 = 4401;
const CLOSE_NOT_ALLOWED: u16 = 4403;
const CLOSE_TOO_SLOW: u16 = 4408;

/// A hint about the stream itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WsControl {
    /// Always `ws_control`.
    pub object: &'static str,
    #[serde(rename = "type")]
    pub kind: ControlType,
    /// The last event this stream has considered: reconnect with it as `since`. Null before any.
    #[schema(example = "evt_1766320496123-4100")]
    pub cursor: Option<String>,
    /// Epoch seconds.
    pub created: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ControlType {
    /// The first frame: the stream is open.
    Ready,
    /// The events since `since` follow.
    ReplayStarted,
    /// The past is told; from here on events come as they happen.
    ReplayFinished,
    /// `since` is not known any more: the latest event of each of the newest objects follows.
    Resync,
    /// Nothing happened; the connection is alive.
    Heartbeat,
}

impl WsControl {
    pub fn text(kind: ControlType, cursor: Option<String>, now: Timestamp) -> Utf8Bytes {
        let frame = WsControl { object: "ws_control", kind, cursor, created: now.seconds() };
        serde_json::to_string(&frame).expect("frames serialize").into()
    }
}

/// Why the connection is about to close.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WsError {
    /// Always `ws_error`.
    pub object: &'static str,
    /// Stable: branch on it.
    #[schema(example = "SLOW_CONSUMER")]
    pub code: &'static str,
    /// For people; may change.
    pub message: String,
}

/// The last words of a stream, where there are any.
pub struct Farewell {
    pub error: Option<WsError>,
    pub close: CloseFrame,
}

impl Farewell {
    fn new(close_code: u16, code: &'static str, message: &str) -> Farewell {
        let error = WsError { object: "ws_error", code, message: message.to_owned() };
        let close = CloseFrame { code: close_code, reason: code.into() };
        Farewell { error: Some(error), close }
    }

    /// The client did not read what it was sent.
    pub fn too_slow() -> Farewell {
        let message = "Frames were not read in time; reconnect with since";
        Farewell::new(CLOSE_TOO_SLOW, "SLOW_CONSUMER", message)
    }

    pub fn shutting_down() -> Farewell {
        let close = CloseFrame { code: close_code::AWAY, reason: "shutting down".into() };
        Farewell { error: None, close }
    }

    /// The same refusal a request would have been answered with.
    pub fn refused(error: &ApiError) -> Farewell {
        let close_code = match error.code.status() {
            StatusCode::BAD_REQUEST => CLOSE_BAD_FILTER,
            StatusCode::UNAUTHORIZED => CLOSE_BAD_CREDENTIAL,
            StatusCode::FORBIDDEN => CLOSE_NOT_ALLOWED,
            _ if error.code == Code::InternalServerError => close_code::ERROR,
            _ => close_code::AGAIN,
        };
        Farewell::new(close_code, error.code.as_str(), &error.message)
    }

    pub fn error_text(&self) -> Option<Utf8Bytes> {
        let error = self.error.as_ref()?;
        Some(serde_json::to_string(error).expect("frames serialize").into())
    }
}
