//! What a payment counts for its invoice, once part of it went back to the payor.
//!
//! What goes back before the invoice is paid pays for nothing any more: it comes off the amount
//! paid when it is promised, and is put back when the promise fails. What goes back of a paid
//! invoice leaves it paid.
//!
//! Invariant: the amount paid is the sum of what its confirmed payments count.

use serde::{Deserialize, Serialize};

use super::Payment;
use crate::invoice::{Invoice, InvoiceStatus};
use crate::money::{TokenAmount, Usd};

/// Whether a refund takes what it gives back off the amount paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    #[default]
    Kept,
    TakenOff,
}

impl Counting {
    pub fn of_refund(invoice: &Invoice) -> Counting {
        match invoice.status {
            InvoiceStatus::Paid => Counting::Kept,
            InvoiceStatus::Unpaid
            | InvoiceStatus::Underpaid
            | InvoiceStatus::Expired
            | InvoiceStatus::Canceled => Counting::TakenOff,
        }
    }
}

impl Payment {
    /// What it adds to the invoice's amount paid, or will once it is confirmed.
    pub fn counted_value(&self) -> Usd {
        let value = if self.is_counted { self.value } else { Usd::ZERO };
        value.minus_floor(self.worth(self.outflow.uncounted))
    }

    /// A part of it is promised to the payor.
    pub(crate) fn give_back(
        &mut self,
        part: TokenAmount,
        counting: Counting,
        invoice: Option<&mut Invoice>,
    ) {
        let before = self.counted_value();
        self.outflow.refunded.0 += part.0;
        match counting {
            Counting::TakenOff if self.is_counted => self.outflow.uncounted.0 += part.0,
            Counting::TakenOff | Counting::Kept => {}
        }
        self.recount(before, invoice);
    }

    /// What was to go back of it does not.
    pub(crate) fn keep(
        &mut self,
        part: TokenAmount,
        counting: Counting,
        invoice: Option<&mut Invoice>,
    ) {
        let before = self.counted_value();
        let outflow = &mut self.outflow;
        outflow.refunded.0 = outflow.refunded.0.saturating_sub(part.0);
        match counting {
            Counting::TakenOff => {
                outflow.uncounted.0 = outflow.uncounted.0.saturating_sub(part.0);
            }
            Counting::Kept => {}
        }
        self.recount(before, invoice);
    }

    fn recount(&self, before: Usd, invoice: Option<&mut Invoice>) {
        let Some(invoice) = invoice else { return };
        let after = self.counted_value();
        if self.status.is_confirmed() {
            invoice.amount_paid = invoice.amount_paid.plus(after).minus_floor(before);
        } else if self.status.is_waiting() {
            invoice.amount_pending = invoice.amount_pending.plus(after).minus_floor(before);
        }
    }
}
