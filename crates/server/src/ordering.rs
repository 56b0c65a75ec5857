//! Orders as the server reads them: with the invoice they follow, and whatever became of it.
//!
//! Requests and workers decide on the same picture, so that whoever comes first finds an order as
//! its invoice has left it.

use domain::changes::Changes;
use domain::environment::Environment;
use domain::estimate::{Chosen, EstimateLine};
use domain::ids::{MerchantId, OrderId, RowKey};
use domain::invoice::Invoice;
use domain::order::{Order, Seen};
use domain::payment::Payment;
use domain::product::{Product, product_key};
use domain::refund::Refund;
use domain::time::Timestamp;
use store::StoreError;

use crate::app::App;
use crate::http::error::{ApiError, Code};

/// Far more payments than one order ever takes.
const PAYMENTS_MAX: i64 = 1_000;

/// What an order follows, read at once.
pub struct Standing {
    pub invoice: Invoice,
    pub payments: Vec<Payment>,
    pub refund: Option<Refund>,
}

impl Standing {
    /// None: its invoice is not there, which only a broken database can say.
    pub async fn of(app: &App, order: &Order) -> Result<Option<Standing>, StoreError> {
        let invoice = app.store.get::<Invoice>(order.invoice_id.key()).await?;
        let Some(invoice) = invoice else { return Ok(None) };
        let payments = match invoice.payments_seen {
            0 => Vec::new(),
            _ => app.store.payments_of_invoice(invoice.id, PAYMENTS_MAX).await?,
        };
        let refund = match order.refund.refund_id {
            Some(id) => app.store.get::<Refund>(id.key()).await?,
            None => None,
        };
        Ok(Some(Standing { invoice, payments, refund }))
    }

    /// The order as it has to be by now; what that takes is told into `changes`.
    pub fn bring_up_to_date(&self, order: &Order, changes: &mut Changes, now: Timestamp) -> Order {
        let Standing { invoice, payments, refund } = self;
        let seen = Seen { invoice, payments, refund: refund.as_ref() };
        order.followed(seen, changes, now)
    }
}

/// What an order follows, for a request about it.
pub async fn standing(app: &App, order: &Order) -> Result<Standing, ApiError> {
    let standing = Standing::of(app, order).await?;
    standing.ok_or_else(|| ApiError::not_found("invoice"))
}

/// The merchant's own products among those lines, as they are now.
pub async fn own_products(
    app: &App,
    whose: (MerchantId, Environment),
    lines: &[EstimateLine],
) -> Result<Vec<Product>, StoreError> {
    let own = lines.iter().filter(|line| matches!(line.offer, Chosen::Own { .. }));
    let mut keys: Vec<RowKey> =
        own.map(|line| product_key(whose, line.retailer, &line.product_id)).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(app.store.get_many::<Product>(keys).await?.into_iter().flatten().collect())
}

/// The order of that id, if it is this merchant's, in this environment.
pub async fn visible(
    app: &App,
    whose: (MerchantId, Environment),
    id: OrderId,
) -> Result<Order, ApiError> {
    let order = app.store.get::<Order>(id.key()).await?;
    let is_his = |order: &Order| order.is_of(whose.0, whose.1);
    order.filter(is_his).ok_or_else(|| ApiError::not_found("order"))
}

/// The order an invoice pays for, if it pays for one.
pub async fn of_invoice(app: &App, invoice: &Invoice) -> Result<Option<Order>, StoreError> {
    match invoice.commerce_order_id {
        Some(key) => app.store.get::<Order>(key).await,
        None => Ok(None),
    }
}

pub fn out_of_stock() -> ApiError {
    let message = "Fewer pieces are left than this order takes";
    ApiError::new(Code::OutOfStock, message)
}
