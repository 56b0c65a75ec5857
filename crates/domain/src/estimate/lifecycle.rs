//! The second step: where it goes, and so what tax and shipping come to.
//!
//! An estimate takes another address as often as it is asked to, until it expires or an order was
//! made of it.

use super::Estimate;
use crate::commerce_rates::{CommerceRates, ShippingChoice};
use crate::invoice::AMOUNT_MAX;
use crate::refusal::Refusal;
use crate::shipping_address::ShippingAddress;
use crate::time::Timestamp;

impl Estimate {
    /// Refuses what is no longer to be changed.
    pub fn check_open(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.order_id.is_some() {
            return Err(Refusal::OrderStep { from: "made", step: "another address" });
        }
        if self.expires_at <= now {
            return Err(Refusal::EstimateExpired);
        }
        if self.valid.is_empty() {
            return Err(Refusal::NothingToBuy);
        }
        Ok(())
    }

    /// Sends it to an address, the way that was asked for or the merchant's first one.
    pub fn send_to(
        mut self,
        address: &ShippingAddress,
        option: Option<&str>,
        rates: &CommerceRates,
        now: Timestamp,
    ) -> Result<Estimate, Refusal> {
        self.check_open(now)?;
        let to = address.postal.destination();
        let mut options = rates.options(Some(to)).peekable();
        if options.peek().is_none() {
            return Err(Refusal::invalid("address", "is where nothing is shipped to"));
        }
        let taken = match option {
            Some(id) => options.find(|rate| rate.id == id).ok_or_else(|| {
                Refusal::invalid("shippingOptionId", "must be one of the address's options")
            })?,
            None => options.next().expect("one was peeked"),
        };
        self.shipping_option = Some(taken.id.clone());
        self.pricing = rates.price(&self.bought(), Some(taken), Some(to));
        if self.pricing.total > AMOUNT_MAX {
            let message = "brings tax and shipping that pass 1000000 USD together with the goods";
            return Err(Refusal::invalid("address", message));
        }
        self.address_id = Some(address.id);
        Ok(self)
    }

    /// The ways it can be sent to an address, at what all of its shipping comes to.
    pub fn choices(&self, address: &ShippingAddress, rates: &CommerceRates) -> Vec<ShippingChoice> {
        rates.choices(&self.bought(), address.postal.destination())
    }
}
