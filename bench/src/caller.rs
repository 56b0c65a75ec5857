//! A merchant's backend: one connection, one request after the other, every answer checked.

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::client::{Target, describe};
use crate::connection::Connection;
use crate::request::{get, post, post_once};

/// Every answer is a 2xx or an error.
pub struct Caller {
    target: Target,
    connection: Connection,
}

impl Caller {
    pub async fn open(target: &Target) -> Result<Caller> {
        let connection = Connection::open(target.address).await?;
        Ok(Caller { target: target.clone(), connection })
    }

    pub async fn get(&mut self, path: &str) -> Result<Value> {
        let request = get(&self.target, path);
        Ok(serde_json::from_str(&self.text(&request).await?)?)
    }

    /// Under an Idempotency-Key of its own.
    pub async fn post(&mut self, path: &str, body: &Value) -> Result<Value> {
        let request = post_once(&self.target, path, &body.to_string());
        Ok(serde_json::from_str(&self.text(&request).await?)?)
    }

    /// As the answer came, and without an Idempotency-Key.
    pub async fn post_text(&mut self, path: &str, body: &str) -> Result<String> {
        let request = post(&self.target, path, body);
        self.text(&request).await
    }

    pub async fn get_text(&mut self, path: &str) -> Result<String> {
        let request = get(&self.target, path);
        self.text(&request).await
    }

    /// A file of products; the answer is a stream of lines.
    pub async fn import(&mut self, file: &str) -> Result<String> {
        let Target { address, api_key } = &self.target;
        let request = format!(
            "POST /api/commerce/merchant/catalog/products/import HTTP/1.1\r\nhost: {address}\r\n\
             x-api-key: {api_key}\r\ncontent-type: application/x-ndjson\r\n\
             content-length: {}\r\n\r\n{file}",
            file.len()
        );
        self.text(&request).await
    }

    pub async fn text(&mut self, request: &str) -> Result<String> {
        let answer = self.connection.exchange(request.as_bytes()).await?;
        let head = request.lines().next().unwrap_or_default();
        ensure!((200..300).contains(&answer.status), "{head}: {}", describe(&answer));
        Ok(String::from_utf8(answer.body.to_vec())?)
    }
}
