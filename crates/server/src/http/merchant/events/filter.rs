//! What events can be narrowed by, read out of a query once.
//!
//! A type that does not exist is refused: a filter that was silently dropped would answer too
//! much, and one that matches nothing too little. Bounds of time are written with brackets, as
//! the reference has them, or like those of invoices.

use domain::delivery::DeliveryStatus;
use domain::environment::Environment;
use domain::event::Selection;
use domain::ids::InvoiceId;
use serde::Deserialize;
use store::EventFilter;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::page::{LIMIT_DEFAULT, LIMIT_MAX, bounded, end_of_second, moment};

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// Types with commas between them; `invoice.*` stands for all that begin so, `*` for all.
    #[serde(rename = "type")]
    #[param(example = "invoice.*,test.ping")]
    types: Option<String>,
    /// Epoch seconds or RFC 3339, itself included. Also as `created_gte`.
    #[serde(rename = "created[gte]", alias = "created_gte")]
    created_gte: Option<String>,
    /// Epoch seconds or RFC 3339, itself included. Also as `created_lte`.
    #[serde(rename = "created[lte]", alias = "created_lte")]
    created_lte: Option<String>,
    /// Events of this invoice, of its payments too.
    invoice_id: Option<InvoiceId>,
    /// Events of this order.
    order_id: Option<Uuid>,
    /// For bearer tokens; without it the account's current one.
    #[param(inline)]
    pub environment: Option<Environment>,
    /// Events with a delivery in this state, to an endpoint that still exists.
    #[param(inline)]
    pub delivery_status: Option<DeliveryStatus>,
    /// How many, 1 to 100; 10 if left out.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// The id of the last event of the page before: answers older ones.
    pub starting_after: Option<String>,
    /// The id of the first event of the page before: answers newer ones.
    pub ending_before: Option<String>,
}

impl EventQuery {
    pub fn limit(&self) -> Result<i64, ApiError> {
        bounded("limit", self.limit.as_deref(), LIMIT_DEFAULT, LIMIT_MAX)
    }

    pub fn filter(
        &self,
        caller: &Caller,
        environment: Environment,
    ) -> Result<EventFilter, ApiError> {
        let created_to = moment("created[lte]", self.created_lte.as_deref())?;
        Ok(EventFilter {
            environment: Some(environment),
            selection: self.selection()?,
            is_commerce_only: caller.is_commerce_only(),
            invoice_id: self.invoice_id,
            order_id: self.order_id.map(Into::into),
            created_from: moment("created[gte]", self.created_gte.as_deref())?,
            created_to: created_to.map(end_of_second),
            ..EventFilter::of(caller.merchant_id)
        })
    }

    fn selection(&self) -> Result<Selection, ApiError> {
        let Some(csv) = &self.types else { return Ok(Selection::all()) };
        Selection::parse(csv.split(',').map(str::trim)).map_err(|unknown| {
            let shown: String = unknown.chars().take(64).collect();
            ApiError::invalid("type", format!("names no event: {shown:?}"))
        })
    }
}
