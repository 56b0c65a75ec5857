//! The link of a receipt: who has it reads the receipt of one paid invoice, and nothing else.
//!
//! The token names its invoice and carries a MAC under a key of the server, so that nobody guesses
//! one and nothing has to be kept. It outlives the payor's session, because receipts are looked at
//! months later; it opens nothing that could be changed.
//!
//! A receipt is mailed once: who mails it claims it first, and a claim is never given back.

use uuid::Uuid;

use crate::changes::Changes;
use crate::claim::Claim;
use crate::ids::{InvoiceId, RowKey};
use crate::invoice::{Invoice, InvoiceStatus};
use crate::secret::{KeyRing, decode_hex, encode_hex, equal, mac};
use crate::time::{HOUR_MS, Timestamp};

const PURPOSE: &[u8] = b"receipt ";
const MAC_BYTES: usize = 32;
/// A receipt that could not be mailed for so long is no news any more.
pub const MAIL_WITHIN_MS: i64 = 24 * HOUR_MS;

/// What is in the link of a receipt.
pub struct ReceiptToken;

impl ReceiptToken {
    pub fn of(invoice: InvoiceId, keys: &KeyRing) -> String {
        let key = keys.token_macs().next().expect("a ring has a current key");
        encode_hex(&[&invoice.key().0[..], &mac(key, &message(invoice))].concat())
    }

    /// The invoice a token names; none if it was not made here.
    pub fn read(text: &str, keys: &KeyRing) -> Option<InvoiceId> {
        let bytes = decode_hex(text).filter(|bytes| bytes.len() == 16 + MAC_BYTES)?;
        let (id, given) = bytes.split_at(16);
        let invoice = InvoiceId(Uuid::from_slice(id).ok()?);
        keys.token_macs().any(|key| equal(&mac(key, &message(invoice)), given)).then_some(invoice)
    }
}

/// What is claimed before the receipt of an invoice is mailed.
pub fn mail_key(invoice: InvoiceId) -> RowKey {
    RowKey::of("receipt_mail", &[&invoice.key().0])
}

/// Claims the mail of a receipt, and says whom it goes to; none if there is nothing to mail.
pub fn claim_mail(
    invoice: &Invoice,
    claimed: Option<&Claim>,
    now: Timestamp,
) -> Option<(Changes, String)> {
    let is_paid = invoice.status == InvoiceStatus::Paid;
    let is_news = invoice.paid_at.is_some_and(|at| now < at.plus_ms(MAIL_WITHIN_MS));
    let email = invoice.customer_email.clone()?;
    if !is_paid || !is_news || claimed.is_some() {
        return None;
    }
    let mut changes = Changes::of(invoice.merchant_id);
    changes.insert(Claim::new(mail_key(invoice.id), invoice.key()));
    Some((changes, email))
}

fn message(invoice: InvoiceId) -> Vec<u8> {
    [PURPOSE, &invoice.key().0[..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_its_own_receipt_only() {
        let (ours, theirs) = (KeyRing::new(&[1; 32], &[]), KeyRing::new(&[2; 32], &[]));
        let invoice = InvoiceId(Uuid::from_u128(7));
        let token = ReceiptToken::of(invoice, &ours);
        assert_eq!(ReceiptToken::read(&token, &ours), Some(invoice));
        assert_eq!(ReceiptToken::read(&token, &theirs), None);
        let other = ReceiptToken::of(InvoiceId(Uuid::from_u128(8)), &ours);
        let mixed = format!("{}{}", &other[..32], &token[32..]);
        assert_eq!(ReceiptToken::read(&mixed, &ours), None);
        for text in ["", "00", &token[..95], &format!("{token}00"), "não"] {
            assert_eq!(ReceiptToken::read(text, &ours), None, "{text}");
        }
    }
}
