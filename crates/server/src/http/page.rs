//! Cursor pages: `limit`, `starting_after` (older), `ending_before` (newer), newest first.

use domain::ids::RowKey;
use domain::time::{SECOND_MS, Timestamp};
use serde::{Deserialize, Serialize};
use store::Page;
use uuid::Uuid;

use crate::http::error::ApiError;

pub const LIMIT_DEFAULT: i64 = 10;
pub const LIMIT_MAX: i64 = 100;

/// The paging part of a query, as text: each route says which field is wrong.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many, 1 to 100; 10 if left out.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100)]
    pub limit: Option<String>,
    /// The id of the last object of the page before: answers older ones.
    pub starting_after: Option<String>,
    /// The id of the first object of the page before: answers newer ones.
    pub ending_before: Option<String>,
}

impl PageQuery {
    pub fn limit(&self) -> Result<i64, ApiError> {
        bounded("limit", self.limit.as_deref(), LIMIT_DEFAULT, LIMIT_MAX)
    }

    /// The position for lists whose cursors are UUIDs.
    pub fn page(&self) -> Result<Page, ApiError> {
        self.page_by(|id| Uuid::try_parse(id).ok().map(RowKey::from))
    }

    /// The position for lists whose cursors are read by `parse`.
    pub fn page_by(&self, parse: impl Fn(&str) -> Option<RowKey>) -> Result<Page, ApiError> {
        let cursor = |param: &'static str, id: &str| {
            parse(id).ok_or_else(|| ApiError::invalid(param, "must be an id of this list"))
        };
        match (&self.starting_after, &self.ending_before) {
            (None, None) => Ok(Page::First),
            (Some(id), None) => Ok(Page::After(cursor("starting_after", id)?)),
            (None, Some(id)) => Ok(Page::Before(cursor("ending_before", id)?)),
            (Some(_), Some(_)) => {
                Err(ApiError::invalid("ending_before", "excludes starting_after"))
            }
        }
    }
}

/// A whole number from 1 to `max`, or the default.
pub fn bounded(
    param: &'static str,
    text: Option<&str>,
    default: i64,
    max: i64,
) -> Result<i64, ApiError> {
    let Some(text) = text else { return Ok(default) };
    let number = text.parse::<i64>().ok().filter(|number| (1..=max).contains(number));
    number.ok_or_else(|| ApiError::invalid(param, format!("must be a number from 1 to {max}")))
}

/// A time as queries write it.
pub fn moment(param: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    let wrong = || ApiError::invalid(param, "must be epoch seconds or an RFC 3339 time");
    text.map(|text| Timestamp::parse(text).ok_or_else(wrong)).transpose()
}

/// Objects show whole seconds, so a bound in whole seconds includes all of its second.
pub fn end_of_second(at: Timestamp) -> Timestamp {
    if at.0 % SECOND_MS == 0 { at.plus_ms(SECOND_MS - 1) } else { at }
}

/// The list envelope.
#[derive(Clone, Debug, Serialize)]
pub struct List<T> {
    pub object: &'static str,
    pub data: Vec<T>,
    pub has_more: bool,
}

impl<T> List<T> {
    /// Of one row more than asked for: it only tells whether there is more.
    pub fn of(mut rows: Vec<T>, limit: i64, page: Page) -> List<T> {
        let limit = usize::try_from(limit).unwrap_or(0);
        let has_more = rows.len() > limit;
        if has_more {
            match page {
                // Newest first: walking towards newer rows, the surplus one is the first.
                Page::Before(_) => drop(rows.remove(0)),
                Page::After(_) | Page::First => rows.truncate(limit),
            }
        }
        List { object: "list", data: rows, has_more }
    }

    pub fn map<U>(self, map: impl FnMut(T) -> U) -> List<U> {
        let data = self.data.into_iter().map(map).collect();
        List { object: self.object, data, has_more: self.has_more }
    }
}
