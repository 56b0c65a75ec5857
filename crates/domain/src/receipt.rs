//! The link of a receipt: who has it reads the receipt of one paid invoice, and nothing else.
//!
//! The token names its invoice and carries a MAC under a key of the server, so that nobody guesses
//! one and nothing has to be kept. It outlives the payor's session, because receipts are looked at
//! months later; it opens nothing that could be changed.

use uuid::Uuid;

use crate::ids::InvoiceId;
use crate::secret::{KeyRing, decode_hex, encode_hex, equal, mac};

const PURPOSE: &[u8] = b"receipt ";
const MAC_BYTES: usize = 32;

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
