//! Placing orders with retailers: what every retailer can be asked, and the one over HTTP.
//!
//! Everything is asked under the order's own id, and asking twice does it once. A cancel of an id
//! that was never placed makes a later place under it refused: so a cancel is a last word, whatever
//! became of the place before it.
//!
//! Invariant: an answer that did not arrive, or makes no sense, is `Unknown` and never a refusal.

mod http;
mod simulated;

use std::pin::Pin;

use domain::ids::OrderId;
use domain::order::{Answered, Purchase};

pub use self::http::HttpRetailer;
pub use self::simulated::SimulatedRetailer;

pub type Answer<'a> = Pin<Box<dyn Future<Output = Answered> + Send + 'a>>;

pub trait Retailer: Send + Sync {
    /// Places an order, or says how the one of this id stands.
    fn place<'a>(&'a self, purchase: &'a Purchase) -> Answer<'a>;

    /// How an order stands.
    fn track(&self, id: OrderId) -> Answer<'_>;

    /// Takes an order back, if it can be.
    fn cancel(&self, id: OrderId) -> Answer<'_>;
}
