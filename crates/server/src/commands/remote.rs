//! A running server as the commands of a merchant's developer reach it: over its public API.
//!
//! They do nothing that anybody with the same key could not do, so they work against any server,
//! on this machine or another. Keys are never printed.

mod dial;
mod following;
mod line;
mod stream;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use bytes::Bytes;
use clap::Args;
use domain::event::Selection;
use domain::secret::Secret;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Mutex;
use url::Url;

pub use dial::Dialer;
pub use following::{Following, Heard};
pub use line::{Line, Request};
pub use stream::{Event, Frame, Stream};

use crate::commands::dev_env;
use crate::realtime::filter::Since;

const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// Which server, and with whose key.
#[derive(Clone, Debug, Args)]
pub struct RemoteOptions {
    /// Base URL of the API [default: the one in dev.env]
    #[arg(long, value_name = "URL", env = "PEPAY_API_URL")]
    api_url: Option<String>,
    /// A key of that server; better by its variable than here [default: the one in dev.env]
    #[arg(long, value_name = "KEY", env = "PEPAY_API_KEY", hide_env_values = true)]
    #[arg(value_parser = secret)]
    api_key: Option<Secret>,
    /// Where `pepay dev` writes dev.env
    #[arg(long, value_name = "DIRECTORY", default_value = ".pepay")]
    pub data_dir: PathBuf,
    /// Further certificate authorities to trust (PEM)
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

#[expect(clippy::unnecessary_wraps, reason = "the command line's parsers may fail")]
fn secret(text: &str) -> anyhow::Result<Secret> {
    Ok(Secret::new(text))
}

/// Whose money a key is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    Devnet,
    Other,
}

/// A server and a key.
pub struct Remote {
    pub url: Url,
    key: Secret,
    dialer: Dialer,
    line: Mutex<Line>,
}

impl RemoteOptions {
    pub fn open(&self) -> anyhow::Result<Remote> {
        let file = dev_env::file_in(&self.data_dir);
        let is_complete = self.api_url.is_some() && self.api_key.is_some();
        let found = if is_complete { None } else { read(&file)? };
        let written = |name: &str| {
            let text = found.as_deref()?;
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
        };
        let missing = |what: &str| format!("no {what}, and none in {}", file.display());
        let url = self.api_url.as_deref().or_else(|| written("PEPAY_API_URL"));
        let url = url.with_context(|| missing("--api-url"))?.trim();
        let key = written("PEPAY_API_KEY").map(|text| Secret::new(text.trim()));
        let key = self.api_key.clone().or(key).with_context(|| missing("--api-key"))?;
        Remote::new(url, key, Dialer::new(self.ca_file.as_deref())?)
    }

    pub fn dialer(&self) -> anyhow::Result<Dialer> {
        Dialer::new(self.ca_file.as_deref())
    }
}

fn read(file: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", file.display())),
    }
}

/// A URL that requests can be sent to.
pub fn http_url(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).with_context(|| format!("{text} is no URL"))?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    ensure!(is_http, "{text} must begin with http:// or https://");
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    ensure!(!has_credentials, "a URL with a user or a password in it is not taken");
    Ok(url)
}

impl Remote {
    fn new(url: &str, key: Secret, dialer: Dialer) -> anyhow::Result<Remote> {
        let url = http_url(url).context("the URL of the API")?;
        let is_base = url.path() == "/" && url.query().is_none();
        ensure!(is_base, "the URL of the API must be its base, without a path: {url}");
        let is_sendable = HeaderValue::from_str(key.expose()).is_ok() && !key.expose().is_empty();
        ensure!(is_sendable, "the API key is empty or has characters no key has");
        let line = Mutex::new(Line::new(dialer.clone(), url.clone()));
        Ok(Remote { url, key, dialer, line })
    }

    /// The server beside this command, as its operator.
    pub fn of_operator(url: &str, token: &str) -> anyhow::Result<Remote> {
        Remote::new(url, Secret::new(token), Dialer::new(None)?)
    }

    pub fn key_kind(&self) -> KeyKind {
        let text = self.key.expose();
        let is_devnet = ["sk_test_", "ck_test_"].iter().any(|prefix| text.starts_with(prefix));
        if is_devnet { KeyKind::Devnet } else { KeyKind::Other }
    }

    /// The stream that this key opens.
    pub fn stream_path(&self) -> &'static str {
        let is_commerce = self.key.expose().starts_with("ck_");
        if is_commerce { "/ws/commerce/events" } else { "/ws/merchant/events" }
    }

    /// What tells this server and key apart from others, without telling the key.
    pub fn identity(&self) -> [u8; 32] {
        domain::secret::sha256(format!("{}\n{}", self.url, self.key.expose()).as_bytes())
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, None, self.own_headers()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, Some(body), self.own_headers()).await
    }

    pub async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::DELETE, path, None, self.own_headers()).await
    }

    /// As the payor of an invoice, by what its creation answered.
    pub async fn post_as_payor(
        &self,
        path: &str,
        created: &Value,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let headers = payor_headers(created)?;
        self.call(Method::POST, path, Some(body), headers).await
    }

    pub async fn get_as_payor(&self, path: &str, created: &Value) -> anyhow::Result<Value> {
        self.call(Method::GET, path, None, payor_headers(created)?).await
    }

    pub async fn get_as_operator(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, None, self.operator_headers()).await
    }

    pub async fn post_as_operator(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, Some(body), self.operator_headers()).await
    }

    fn operator_headers(&self) -> HeaderMap {
        let bearer = format!("Bearer {}", self.key.expose());
        let mut bearer = HeaderValue::from_str(&bearer).expect("looked at when it came");
        bearer.set_sensitive(true);
        HeaderMap::from_iter([(axum::http::header::AUTHORIZATION, bearer)])
    }

    fn own_headers(&self) -> HeaderMap {
        let mut key = HeaderValue::from_str(self.key.expose()).expect("looked at when it came");
        key.set_sensitive(true);
        HeaderMap::from_iter([(HeaderName::from_static("x-api-key"), key)])
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        mut headers: HeaderMap,
    ) -> anyhow::Result<Value> {
        if body.is_some() {
            let json = HeaderValue::from_static("application/json");
            headers.insert(axum::http::header::CONTENT_TYPE, json);
        }
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let asked = format!("{method} {path}");
        let request = Request {
            method,
            path,
            headers,
            body,
            answer_bytes_max: ANSWER_BYTES_MAX,
            time_max: ANSWER_TIME_MAX,
        };
        let answer = self.line.lock().await.send(request).await;
        let answer = answer.with_context(|| format!("{} does not answer", self.url))?;
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        if answer.status.is_success() {
            return Ok(value);
        }
        bail!("{asked}: {}", refusal(answer.status, &value))
    }
}

fn payor_headers(created: &Value) -> anyhow::Result<HeaderMap> {
    let value = |field: &str| {
        let text = created[field].as_str().with_context(|| format!("no {field} was answered"))?;
        let mut value = HeaderValue::from_str(text).context("credentials are ASCII")?;
        value.set_sensitive(true);
        anyhow::Ok(value)
    };
    Ok(HeaderMap::from_iter([
        (HeaderName::from_static("x-session-token"), value("session_token")?),
        (HeaderName::from_static("x-signature"), value("signature")?),
    ]))
}

/// An error's body in words.
fn refusal(status: StatusCode, body: &Value) -> String {
    let error = &body["error"];
    let Some(code) = error["code"].as_str() else { return status.to_string() };
    let message = error["message"].as_str().unwrap_or_default();
    match error["param"].as_str() {
        Some(param) => format!("{code}: {param}: {message}"),
        None => format!("{code}: {message}"),
    }
}

/// Types of `--events`, looked at before anything is asked.
pub fn event_types(text: &str) -> anyhow::Result<String> {
    match Selection::parse(text.split(',').map(str::trim)) {
        Ok(_) => Ok(text.to_owned()),
        Err(unknown) => bail!("names no event: {unknown:?}"),
    }
}

/// A place of `--since`, looked at before anything is asked.
pub fn place(text: &str) -> anyhow::Result<String> {
    let known = Since::parse(text);
    known.context("must be an event id, a time in epoch seconds or milliseconds, or RFC 3339")?;
    Ok(text.to_owned())
}

/// Runs until it ends by itself or somebody ends it, which is a good end too.
pub async fn until_told_to_end(
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    tokio::select! {
        ended = work => ended,
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    }
}

/// Something that is printed for people, not for programs.
pub fn note(text: &str) {
    eprintln!("pepay: {text}");
}
