//! The merchant's own catalog: his products, the offers they are bought by, whole files of them.
//!
//! A product is found by the merchant's own number. Changing one takes the role developer, or a
//! key; shoppers never see these routes. How many pieces there are is moved relative to what was
//! read, so a change that meets a shopper who took some meanwhile is decided anew.

pub mod body;
pub mod columns;
pub mod csv_lines;
pub mod export;
pub mod import;
pub mod offers;
pub mod products;
pub mod write_batch;

use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::product::change::{self, Before, Put, Wanted};
use domain::product::draft::ProductDraft;
use domain::product::{Product, product_key};
use domain::refusal::Refusal;
use domain::retailer::Retailer;
use store::{CommitError, StoreError};

use crate::app::App;
use crate::http::error::{ApiError, Code};

/// Whose catalog.
pub type Whose = (MerchantId, Environment);

/// How often a change of stock is decided while shoppers take pieces.
const ROUNDS_MAX: usize = 32;

/// The merchant's product of that number, removed or not.
async fn row_of(app: &App, whose: Whose, product_id: &str) -> Result<Option<Product>, StoreError> {
    app.store.get::<Product>(product_key(whose, Retailer::Other, product_id)).await
}

/// The merchant's product of that number, if it is in the catalog.
async fn product_of(app: &App, whose: Whose, product_id: &str) -> Result<Product, ApiError> {
    let product = row_of(app, whose, product_id).await?.filter(|product| !product.is_removed());
    product.ok_or_else(|| ApiError::not_found("product"))
}

/// What a draft makes of the product as it is now.
async fn put(
    app: &App,
    whose: Whose,
    (product_id, row): (&str, Option<&Product>),
    draft: &ProductDraft,
) -> Result<Put, Undecided> {
    let stocks = app.stocks(whose.0, row).await?;
    let before = Before { product: row, stocks: &stocks };
    let wanted = Wanted { whose, product_id, draft };
    let mut fresh = app.fresh();
    let mut put = Product::put(wanted, before, &mut fresh)?;
    if !put.changes.is_empty() {
        put.changes.tell(change::changed(whose, &[put.product.key()], fresh.now()));
    }
    Ok(put)
}

/// Why a change of the catalog was not made.
enum Undecided {
    Refused(ApiError),
    /// A shopper took pieces between the reading and the commit.
    PiecesTaken,
}

impl From<ApiError> for Undecided {
    fn from(error: ApiError) -> Undecided {
        Undecided::Refused(error)
    }
}

impl From<Refusal> for Undecided {
    fn from(refusal: Refusal) -> Undecided {
        Undecided::Refused(refusal.into())
    }
}

impl From<StoreError> for Undecided {
    fn from(error: StoreError) -> Undecided {
        Undecided::Refused(error.into())
    }
}

impl From<CommitError> for Undecided {
    fn from(error: CommitError) -> Undecided {
        match error {
            CommitError::Insufficient { .. } => Undecided::PiecesTaken,
            other => Undecided::Refused(other.into()),
        }
    }
}

/// Reads, decides and commits, again while shoppers take pieces in between.
async fn decide<T, F, Fut>(app: &App, mut decide: F) -> Result<T, ApiError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<(Changes, T), Undecided>>,
{
    for _ in 0..ROUNDS_MAX {
        match app.decide(&mut decide).await {
            Ok(done) => return Ok(done),
            Err(Undecided::Refused(error)) => return Err(error),
            Err(Undecided::PiecesTaken) => {}
        }
    }
    Err(ApiError::new(Code::Busy, "Too many changes at once; try again").retry_after(1))
}
