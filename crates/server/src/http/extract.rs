//! What handlers take out of a request: bodies, queries, paths, all with one kind of error.
//!
//! A body is read once, within its bound. A wrong type or a missing field names its field.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::app::Shared;
use crate::http::error::{ApiError, Code};

/// The raw body, within the configured bound.
pub struct RawBody(pub Bytes);

impl FromRequest<Shared> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<RawBody, ApiError> {
        let limit = app.config.body_bytes_max;
        let too_large = || {
            ApiError::new(Code::PayloadTooLarge, format!("The body must not pass {limit} bytes"))
        };
        let declared = request.headers().get(axum::http::header::CONTENT_LENGTH);
        let declared = declared.and_then(|text| text.to_str().ok()?.parse::<usize>().ok());
        if declared.is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        match axum::body::to_bytes(request.into_body(), limit).await {
            Ok(bytes) => Ok(RawBody(bytes)),
            Err(error) => {
                let source = std::error::Error::source(&error);
                let is_limit =
                    source.is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
                let cut = || ApiError::new(Code::ValidationError, "The body could not be read");
                Err(if is_limit { too_large() } else { cut() })
            }
        }
    }
}

/// A JSON body.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Json<T>, ApiError> {
        let RawBody(bytes) = RawBody::from_request(request, app).await?;
        parse_json(&bytes).map(Json)
    }
}

/// Parses a body; only a failure pays for finding out which field was wrong.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // A list would be taken for the fields in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(ApiError::new(Code::ValidationError, "The body must be a JSON object"));
    }
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(error) => Err(json_error::<T>(bytes, &error)),
    }
}

fn json_error<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> ApiError {
    // What should be one of an enum's words and is no text counts as bad syntax there.
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok();
    if !is_json {
        return ApiError::new(Code::ValidationError, format!("The body is not JSON: {error}"));
    }
    let mut input = serde_json::Deserializer::from_slice(bytes);
    let located = serde_path_to_error::deserialize::<_, T>(&mut input).err();
    let Some(located) = located else {
        return ApiError::new(Code::ValidationError, error.to_string());
    };
    let path = located.path().to_string();
    let message = located.inner().to_string();
    let message = message.split(" at line ").next().unwrap_or("is not valid");
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let param = match (path.as_str(), missing) {
        (".", Some(field)) => field.to_owned(),
        (path, Some(field)) => format!("{path}.{field}"),
        (".", None) => return ApiError::new(Code::ValidationError, in_words(message)),
        (path, None) => path.to_owned(),
    };
    let why = match missing {
        Some(_) => "is required".to_owned(),
        None => format!("is not valid: {}", in_words(message)),
    };
    ApiError::invalid(param, why)
}

/// What was expected, as who writes JSON calls it and not as this program does.
fn in_words(message: &str) -> String {
    let Some((what, expected)) = message.rsplit_once(", expected ") else {
        return message.to_owned();
    };
    let expected = match expected.split(' ').next().unwrap_or_default() {
        "struct" | "internally" | "adjacently" => "an object",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "enum" | "variant" | "string" => "one of the words that are documented",
        "sequence" => "a list",
        _ => expected,
    };
    format!("{what}, expected {expected}")
}

/// A field that is there must have its type: null is a value only where something can be cleared.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(input).map(Some)
}

/// A query string.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query<T>, ApiError> {
        let query = parts.uri.query().unwrap_or("");
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let input = serde_urlencoded::Deserializer::new(pairs);
        serde_path_to_error::deserialize(input).map(Query).map_err(
            |error: serde_path_to_error::Error<serde::de::value::Error>| {
                let path = error.path().to_string();
                let message = error.inner().to_string();
                match path.as_str() {
                    "." => ApiError::new(Code::ValidationError, format!("The query: {message}")),
                    param => ApiError::invalid(param, format!(": {message}")),
                }
            },
        )
    }
}

/// One id in the path. What does not parse names nothing, so it is not found.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path<T>, ApiError> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Path(value))
            .map_err(|_| ApiError::not_found("resource"))
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn what_was_expected_is_said_in_words_of_json() {
        let said = |message: &str| in_words(message);
        assert_eq!(
            said("invalid type: null, expected struct OverrideBody"),
            "invalid type: null, expected an object"
        );
        assert_eq!(
            said("invalid value: integer `-1`, expected u32"),
            "invalid value: integer `-1`, expected a whole number that is not negative"
        );
        let kept = "unknown variant `x`, expected one of `usd`, `eur`";
        assert_eq!((said(kept), said("is too long")), (kept.to_owned(), "is too long".to_owned()));
    }
}
