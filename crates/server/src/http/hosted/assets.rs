//! The files of the pages: scripts, styles and drawings, which are part of this program.
//!
//! All of them live under one directory that is named after what is in them, so that browsers keep
//! them for good, a page is of one version as long as there is one, and scripts name each other as
//! they do on disk. Comments and indentation stay behind: they are for who reads the files here.
//! Nothing secret is in them, so they are packed: what a packed answer's length tells is public.

use std::io::Write as _;
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::secret::{encode_hex, sha256};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::http::error::ApiError;
use crate::http::extract::Path;

const VERSION_BYTES: usize = 8;
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const FOR_NOBODY: &str = "no-store";
/// The loader keeps its name, so that a page that embeds a payment never has to change.
const FOR_AN_HOUR: &str = "public, max-age=3600";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const DRAWING: &str = "image/svg+xml";

macro_rules! asset {
    ($name:literal, $kind:expr) => {
        ($name, $kind, include_str!(concat!("../../../assets/pay/", $name)))
    };
}

/// Name, media type, and what is in it.
const FILES: [(&str, &str, &str); 18] = [
    asset!("main.js", SCRIPT),
    asset!("api.js", SCRIPT),
    asset!("asks.js", SCRIPT),
    asset!("choose.js", SCRIPT),
    asset!("dom.js", SCRIPT),
    asset!("frame.js", SCRIPT),
    asset!("live.js", SCRIPT),
    asset!("pay.js", SCRIPT),
    asset!("session.js", SCRIPT),
    asset!("simulate.js", SCRIPT),
    asset!("solana.js", SCRIPT),
    asset!("states.js", SCRIPT),
    asset!("wallets.js", SCRIPT),
    asset!("words.js", SCRIPT),
    asset!("receipt.js", SCRIPT),
    asset!("page.css", STYLE),
    asset!("icons.svg", DRAWING),
    asset!("icon.svg", DRAWING),
];

/// What it takes to choose a token, so that a browser asks for all of it at once. The first of
/// them runs; the rest of the scripts follow when they are needed.
pub const MODULES: [&str; 9] = [
    "main.js",
    "api.js",
    "choose.js",
    "dom.js",
    "frame.js",
    "live.js",
    "session.js",
    "states.js",
    "words.js",
];

struct Served {
    name: &'static str,
    kind: &'static str,
    text: String,
    /// The same, packed once for all browsers.
    gzip: Vec<u8>,
}

impl Served {
    fn new((name, kind, text): (&'static str, &'static str, &str)) -> Served {
        let text = without_remarks(text);
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(text.as_bytes()).expect("memory takes what is written");
        Served { name, kind, gzip: packer.finish().expect("memory takes what is written"), text }
    }
}

static SERVED: LazyLock<Vec<Served>> =
    LazyLock::new(|| FILES.into_iter().map(Served::new).collect());

static DIRECTORY: LazyLock<String> = LazyLock::new(|| {
    let all: Vec<u8> = SERVED.iter().flat_map(|file| file.text.bytes()).collect();
    format!("/pay/assets/{}", encode_hex(&sha256(&all)[..VERSION_BYTES]))
});

static LOADER: LazyLock<Served> = LazyLock::new(|| Served::new(asset!("embed.js", SCRIPT)));

/// Where the files of this version are.
pub fn directory() -> &'static str {
    &DIRECTORY
}

/// One file. A page of another version, opened before this program was replaced or by one beside
/// it, gets what there is now, and keeps it no longer than it is open.
pub async fn show(
    Path((version, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let file = SERVED.iter().find(|file| file.name == name);
    let file = file.ok_or_else(|| ApiError::not_found("file"))?;
    let keep = match DIRECTORY.ends_with(&format!("/{version}")) {
        true => FOR_GOOD,
        false => FOR_NOBODY,
    };
    Ok(answer(file, keep, &headers))
}

/// The loader that other pages include.
pub async fn loader(headers: HeaderMap) -> Response {
    answer(&LOADER, FOR_AN_HOUR, &headers)
}

fn answer(file: &'static Served, keep: &'static str, asked: &HeaderMap) -> Response {
    let mut response = match takes_gzip(asked) {
        true => {
            let mut packed = file.gzip.as_slice().into_response();
            let gzip = HeaderValue::from_static("gzip");
            packed.headers_mut().insert(header::CONTENT_ENCODING, gzip);
            packed
        }
        false => file.text.as_str().into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    response
}

/// Whether a browser unpacks gzip. One that names it only to decline it gets the text.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let asked = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let mut ways = asked.unwrap_or_default().split(',').map(str::trim);
    ways.any(|way| way.eq_ignore_ascii_case("gzip"))
}

/// Leaves out lines that are comments, and what lines begin with. The files here put no comment
/// behind code and no text over several lines, so this needs no parser.
fn without_remarks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_remark = false;
    for line in text.lines().map(str::trim_start) {
        is_remark |= line.starts_with("/*");
        if is_remark {
            is_remark = !line.ends_with("*/");
            continue;
        }
        let is_comment = line.starts_with("//") || line.starts_with("<!--");
        if !line.is_empty() && !is_comment {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST_LOAD_BYTES_MAX: usize = 44 * 1024;
    const LOADER_BYTES_MAX: usize = 3 * 1024;

    /// What a payor's browser loads before he can pay, but for the page itself and its data.
    #[test]
    fn the_files_are_small() {
        let first: usize = SERVED
            .iter()
            .filter(|file| MODULES.contains(&file.name) || file.kind != SCRIPT)
            .map(|file| file.text.len())
            .sum();
        assert!(first <= FIRST_LOAD_BYTES_MAX, "{first} bytes");
        let loader = LOADER.text.len();
        assert!(loader <= LOADER_BYTES_MAX, "{loader} bytes");
    }

    #[test]
    fn remarks_stay_behind() {
        let text = "// one\n/* two\n   three */\n  a(\"// b\");\n\n  /** four */\nc();\n";
        assert_eq!(without_remarks(text), "a(\"// b\");\nc();\n");
    }

    /// The rule of `without_remarks`: no text goes over several lines.
    #[test]
    fn no_script_holds_a_text_of_several_lines() {
        for (name, kind, text) in FILES {
            for line in text.lines().filter(|_| kind == SCRIPT) {
                let is_even = line.matches('`').count() % 2 == 0;
                assert!(is_even || line.trim_start().starts_with("//"), "{name}: {line}");
            }
        }
    }
}
