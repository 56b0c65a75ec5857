//! A whole file of products, read while it comes in and written in batches, several at a time.
//!
//! The answer is a stream of JSON lines: errors with their line of the file, how far it has come,
//! and at last what came of it. A broken line costs that line. Sending the same file again changes
//! nothing, so whoever was cut off sends it again.
//!
//! Invariant: reading never waits for whoever reads the answer: many clients read only after they
//! have sent everything. What is told is bounded instead.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use domain::product::draft::{ProductDraft, check_product_id};
use futures_util::StreamExt as _;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use utoipa::ToSchema;

use super::Whose;
use super::body::ProductBody;
use super::columns::Header;
use super::csv_lines::{End, Format, Lines, Piece};
use super::products::writer;
use super::write_batch::{Counts, write_batch};
use crate::app::Shared;
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::Query;
use crate::http::merchant::EnvironmentQuery;

const BATCH_PRODUCTS: usize = 250;
const BATCHES_IN_FLIGHT: usize = 6;
/// Errors beyond these are counted and not told one by one.
const ERRORS_TOLD_MAX: u64 = 1_000;
const PROGRESS_EVERY: u64 = 10_000;
/// Progress that finds no room is left out; errors and the end always find some.
const TOLD_AT_ONCE: usize = 2_048;
const ROOM_FOR_ERRORS: usize = 1_024;
/// What a file has to come in at, on the average of the time that is spent waiting for it: one that
/// drips would keep its turn for days.
const BYTES_PER_SECOND_MIN: u64 = 8 * 1024;

/// A product of the file, and the line it stands in.
pub struct Row {
    pub line: u64,
    pub product_id: String,
    pub draft: ProductDraft,
}

/// A line of the answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum ImportLine {
    /// A line of the file that was not taken.
    Error {
        /// From 1.
        line: u64,
        product_id: Option<String>,
        code: String,
        message: String,
        param: Option<String>,
    },
    /// How far it has come.
    Progress { lines: u64, created: u64, updated: u64, unchanged: u64, failed: u64 },
    /// The whole file was read.
    Done {
        lines: u64,
        created: u64,
        updated: u64,
        unchanged: u64,
        failed: u64,
        /// Errors that are not among the lines of this answer.
        errors_omitted: u64,
    },
    /// Not the whole file was read; what was counted is in the catalog.
    Aborted {
        created: u64,
        updated: u64,
        unchanged: u64,
        failed: u64,
        code: String,
        message: String,
    },
}

/// Import products
///
/// A file of any length, as CSV (`text/csv`) or as one JSON object a line
/// (`application/x-ndjson`). Each product is put as by `PUT`, found by its `productId`. The answer
/// is a stream of JSON lines: `error`, `progress`, and at the end `done` or `aborted`.
#[utoipa::path(
    post,
    path = "/api/commerce/merchant/catalog/products/import",
    tag = "Commerce - Catalog",
    operation_id = "importCatalog",
    params(EnvironmentQuery),
    request_body(content(
        (String = "text/csv"),
        (String = "application/x-ndjson"),
    )),
    responses(
        (status = 200, description = "Lines of `ImportLine`", body = ImportLine,
            content_type = "application/x-ndjson"),
        (status = 400, description = "Neither CSV nor JSON lines", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 409, description = "BUSY: other files are being read", body = ErrorBody),
        (status = 413, description = "The file is too large", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn import(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
    request: Request,
) -> Result<Response, ApiError> {
    let (whose, company) = writer(&app, &caller, query).await?;
    let format = format_of(request.headers())?;
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|text| text.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|bytes| bytes > app.config.import_bytes_max) {
        return Err(too_large(app.config.import_bytes_max));
    }
    let turn = app.catalog.imports.take(caller.merchant_id).ok_or_else(|| {
        ApiError::new(Code::Busy, "Other files are being read; try again shortly").retry_after(5)
    })?;
    let (teller, told) = mpsc::channel(TOLD_AT_ONCE);
    let import = Import {
        app: app.clone(),
        whose,
        company: company.into(),
        lines: Lines::new(format),
        header: None,
        is_table: format == Format::Csv,
        open: None,
        batch: Vec::new(),
        under_way: HashSet::new(),
        writing: JoinSet::new(),
        counts: Counts::default(),
        rows: 0,
        progress_at: PROGRESS_EVERY,
        errors_told: 0,
        teller,
    };
    app.tasks.spawn(async move {
        import.run(request.into_body()).await;
        drop(turn);
    });
    let lines = stream::unfold(told, |mut told| async move {
        let line: ImportLine = told.recv().await?;
        let mut text = serde_json::to_vec(&line).expect("lines serialize");
        text.push(b'\n');
        Some((Ok::<_, std::convert::Infallible>(text), told))
    });
    let mut response = Response::new(Body::from_stream(lines));
    let content_type = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    Ok(response)
}

fn format_of(headers: &HeaderMap) -> Result<Format, ApiError> {
    let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let named = named.unwrap_or_default().split(';').next().unwrap_or_default();
    if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(ApiError::invalid("Content-Encoding", "must be identity"));
    }
    match named.trim().to_ascii_lowercase().as_str() {
        "text/csv" | "application/csv" => Ok(Format::Csv),
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/x-jsonlines"
        | "application/jsonlines" => Ok(Format::JsonLines),
        _ => Err(ApiError::invalid("Content-Type", "must be text/csv or application/x-ndjson")),
    }
}

fn no_header() -> ApiError {
    let message = "The first line must have the names of the columns";
    ApiError::new(Code::ValidationError, message)
}

fn too_large(bytes_max: u64) -> ApiError {
    ApiError::new(Code::PayloadTooLarge, format!("The file must not pass {bytes_max} bytes"))
}

/// A file on its way in.
struct Import {
    app: Shared,
    whose: Whose,
    company: Arc<str>,
    lines: Lines,
    header: Option<Header>,
    is_table: bool,
    /// The product whose further offers may stand in the next lines.
    open: Option<Result<Row, Refused>>,
    batch: Vec<Row>,
    /// Products of the batches that are being written: no two batches have the same.
    under_way: HashSet<String>,
    writing: JoinSet<Result<Written, ApiError>>,
    counts: Counts,
    /// Lines that were read.
    rows: u64,
    progress_at: u64,
    errors_told: u64,
    teller: mpsc::Sender<ImportLine>,
}

/// A product that cannot be taken, and the line that is to blame.
struct Refused {
    line: u64,
    product_id: Option<String>,
    error: ApiError,
}

/// What became of a batch.
struct Written {
    ids: Vec<String>,
    counts: Counts,
    refused: Vec<Refused>,
}

impl Import {
    async fn run(mut self, body: Body) {
        let ended = self.read(body).await;
        // What is under way is finished in any case: it is counted as it is committed.
        let mut finished = Ok(());
        while let Some(written) = self.writing.join_next().await {
            let settled = self.settle(written);
            finished = finished.and(settled);
        }
        let Counts { created, updated, unchanged } = self.counts;
        let failed = self.failed();
        let last = match ended.and(finished) {
            Ok(()) => ImportLine::Done {
                lines: self.lines.line() - 1,
                created,
                updated,
                unchanged,
                failed,
                errors_omitted: failed - self.errors_told,
            },
            Err(error) => {
                let (code, message) = (error.code.as_str().to_owned(), error.message);
                ImportLine::Aborted { created, updated, unchanged, failed, code, message }
            }
        };
        // Whoever asked may have left.
        let _ = self.teller.send(last).await;
    }

    fn failed(&self) -> u64 {
        self.rows - self.counts.all() - self.pending()
    }

    /// Products that were read and not yet judged.
    fn pending(&self) -> u64 {
        let open = usize::from(self.open.is_some());
        u64::try_from(self.batch.len() + self.under_way.len() + open).unwrap_or(u64::MAX)
    }

    async fn read(&mut self, body: Body) -> Result<(), ApiError> {
        let mut body = body.into_data_stream();
        let stall = Duration::from_millis(self.app.config.import_stall_ms);
        let (mut bytes, bytes_max) = (0_u64, self.app.config.import_bytes_max);
        let stop = self.app.stop.clone();
        let mut waited = Duration::ZERO;
        loop {
            let due = stall + Duration::from_secs(bytes / BYTES_PER_SECOND_MIN);
            let patience = stall.min(due.saturating_sub(waited));
            let since = Instant::now();
            let next = tokio::select! {
                next = timeout(patience, body.next()) => next,
                () = stop.cancelled() => {
                    let message = "The server is stopping; send the file again";
                    return Err(ApiError::new(Code::ServiceUnavailable, message));
                }
            };
            let Ok(next) = next else {
                let message = "The file stopped coming, or comes too slowly";
                return Err(ApiError::new(Code::RequestTimeout, message));
            };
            waited += since.elapsed();
            let Some(next) = next else { break };
            let cut = |_| ApiError::new(Code::ValidationError, "The file could not be read");
            let piece = next.map_err(cut)?;
            bytes += u64::try_from(piece.len()).unwrap_or(u64::MAX);
            if bytes > bytes_max {
                return Err(too_large(bytes_max));
            }
            self.lines.push(&piece);
            self.take(End::NotYet).await?;
        }
        self.take(End::Reached).await?;
        if self.is_table && self.header.is_none() {
            return Err(no_header());
        }
        self.close().await?;
        self.flush().await
    }

    /// Every record that is whole by now.
    async fn take(&mut self, end: End) -> Result<(), ApiError> {
        while let Some(piece) = self.lines.next(end) {
            match piece {
                Piece::Record { line, cells } if self.is_table => self.cells(line, cells).await?,
                Piece::Record { line, cells } => {
                    self.rows += 1;
                    let row = json_row(line, &cells.concat(), &self.company);
                    self.open = Some(row);
                    self.close().await?;
                }
                Piece::Broken { .. } if self.is_table && self.header.is_none() => {
                    return Err(no_header());
                }
                Piece::Broken { line, why } => {
                    self.close().await?;
                    self.rows += 1;
                    let error = ApiError::new(Code::ValidationError, format!("The line {why}"));
                    self.refuse(Refused { line, product_id: None, error });
                }
            }
        }
        Ok(())
    }

    /// A line of a table: its header, a product, or one more offer of the product before.
    async fn cells(&mut self, line: u64, cells: Vec<String>) -> Result<(), ApiError> {
        let Some(header) = &self.header else {
            self.header = Some(Header::read(&cells)?);
            return Ok(());
        };
        let id = header.product_id(&cells);
        let open = self.open.as_mut().filter(|open| {
            id.is_some()
                && id
                    == match open {
                        Ok(row) => Some(row.product_id.as_str()),
                        Err(refused) => refused.product_id.as_deref(),
                    }
        });
        if let Some(open) = open {
            if let Ok(row) = open {
                match header.offer(&cells, &self.company) {
                    Ok(offer) => row.draft.offers.extend(offer),
                    Err(error) => {
                        let product_id = Some(row.product_id.clone());
                        *open = Err(Refused { line, product_id, error });
                    }
                }
            }
            return Ok(());
        }
        let row = table_row(header, line, (id, &cells), &self.company);
        self.close().await?;
        self.rows += 1;
        self.open = Some(row);
        Ok(())
    }

    /// The product before has no further lines.
    async fn close(&mut self) -> Result<(), ApiError> {
        match self.open.take() {
            Some(Ok(row)) => {
                // The later of two lines of one product counts, so the earlier is written first.
                let is_again = self.under_way.contains(&row.product_id)
                    || self.batch.iter().any(|other| other.product_id == row.product_id);
                if is_again {
                    self.flush().await?;
                    self.drain().await?;
                }
                self.batch.push(row);
                if self.batch.len() >= BATCH_PRODUCTS {
                    self.flush().await?;
                }
            }
            Some(Err(refused)) => self.refuse(refused),
            None => {}
        }
        self.tell_progress();
        Ok(())
    }

    /// Gives the batch away to be written, and waits if too many are.
    async fn flush(&mut self) -> Result<(), ApiError> {
        while self.writing.len() >= BATCHES_IN_FLIGHT {
            if let Some(written) = self.writing.join_next().await {
                self.settle(written)?;
            }
        }
        let batch = std::mem::take(&mut self.batch);
        if batch.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = batch.iter().map(|row| row.product_id.clone()).collect();
        self.under_way.extend(ids.iter().cloned());
        let (app, whose) = (self.app.clone(), self.whose);
        self.writing.spawn(async move {
            let (counts, refused) = write_batch(&app, whose, &batch).await?;
            let refused = refused.into_iter().map(|(at, error)| {
                let Row { line, product_id, .. } = &batch[at];
                Refused { line: *line, product_id: Some(product_id.clone()), error }
            });
            Ok(Written { ids, counts, refused: refused.collect() })
        });
        Ok(())
    }

    async fn drain(&mut self) -> Result<(), ApiError> {
        while let Some(written) = self.writing.join_next().await {
            self.settle(written)?;
        }
        Ok(())
    }

    fn settle(
        &mut self,
        written: Result<Result<Written, ApiError>, tokio::task::JoinError>,
    ) -> Result<(), ApiError> {
        let broken = |_| ApiError::new(Code::InternalServerError, "Something went wrong here");
        let written = written.map_err(broken)??;
        for id in &written.ids {
            self.under_way.remove(id);
        }
        self.counts.add(written.counts);
        written.refused.into_iter().for_each(|refused| self.refuse(refused));
        self.tell_progress();
        Ok(())
    }

    fn refuse(&mut self, refused: Refused) {
        if self.errors_told >= ERRORS_TOLD_MAX {
            return;
        }
        let Refused { line, product_id, error } = refused;
        let told = self.teller.try_send(ImportLine::Error {
            line,
            product_id,
            code: error.code.as_str().to_owned(),
            message: error.message,
            param: error.param,
        });
        self.errors_told += u64::from(told.is_ok());
    }

    fn tell_progress(&mut self) {
        if self.rows < self.progress_at {
            return;
        }
        self.progress_at = self.rows + PROGRESS_EVERY;
        if self.teller.capacity() > ROOM_FOR_ERRORS {
            let Counts { created, updated, unchanged } = self.counts;
            let (lines, failed) = (self.lines.line() - 1, self.failed());
            let progress = ImportLine::Progress { lines, created, updated, unchanged, failed };
            let _ = self.teller.try_send(progress);
        }
    }
}

fn table_row(
    header: &Header,
    line: u64,
    (id, cells): (Option<&str>, &[String]),
    company: &str,
) -> Result<Row, Refused> {
    let product_id = id.map(str::to_owned);
    let refused = |error| Refused { line, product_id: product_id.clone(), error };
    let missing = || refused(ApiError::invalid("productId", "is required"));
    let id = product_id.clone().ok_or_else(missing)?;
    let draft = header.draft(cells, company).map_err(refused)?;
    Ok(Row { line, product_id: id, draft })
}

fn json_row(line: u64, text: &str, company: &str) -> Result<Row, Refused> {
    let body = crate::http::extract::parse_json::<ProductBody>(text.as_bytes());
    let body = body.map_err(|error| Refused { line, product_id: None, error })?;
    let product_id = body.product_id.clone();
    let refused = |error| Refused { line, product_id: product_id.clone(), error };
    let missing = || refused(ApiError::invalid("productId", "is required"));
    let id = product_id.clone().ok_or_else(missing)?;
    check_product_id("productId", &id).map_err(|refusal| refused(refusal.into()))?;
    let draft = body.draft(company).map_err(refused)?;
    Ok(Row { line, product_id: id, draft })
}
