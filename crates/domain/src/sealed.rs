//! What is kept of a person and must not be read from the database: sealed under the master key.
//!
//! It opens only for the row and the purpose it was sealed for, so that values cannot be moved
//! from one row to another. Its Debug and its JSON show nothing but the sealed bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::ids::RowKey;
use crate::secret::{Entropy, KeyRing, SealError};

/// One sealed value, as base64.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("<sealed>")
    }
}

/// What a value is sealed for: a name and the row it belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Purpose {
    pub name: &'static str,
    pub row: RowKey,
}

impl Purpose {
    fn bytes(self) -> Vec<u8> {
        [self.name.as_bytes(), b".", &self.row.0].concat()
    }
}

impl Sealed {
    pub fn of<T: Serialize>(
        value: &T,
        purpose: Purpose,
        keys: &KeyRing,
        entropy: &Entropy,
    ) -> Sealed {
        let plain = Zeroizing::new(serde_json::to_vec(value).expect("what is sealed serializes"));
        Sealed(STANDARD.encode(keys.seal(&purpose.bytes(), &plain, entropy.nonce())))
    }

    pub fn open<T: DeserializeOwned>(
        &self,
        purpose: Purpose,
        keys: &KeyRing,
    ) -> Result<T, SealError> {
        let sealed = STANDARD.decode(&self.0).map_err(|_| SealError::Altered)?;
        let plain = keys.open(&purpose.bytes(), &sealed)?;
        serde_json::from_slice(&plain).map_err(|_| SealError::Altered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_in_its_own_row_only_and_does_not_print() {
        let keys = KeyRing::new(&[1; 32], &[]);
        let purpose = Purpose { name: "person", row: RowKey([1; 16]) };
        let sealed = Sealed::of(&"1990-01-01", purpose, &keys, &Entropy::new([2; 32]));
        assert_eq!(sealed.open::<String>(purpose, &keys).as_deref(), Ok("1990-01-01"));
        let other = Purpose { row: RowKey([2; 16]), ..purpose };
        assert_eq!(sealed.open::<String>(other, &keys), Err(SealError::Altered));
        assert_eq!(format!("{sealed:?}"), "<sealed>");
    }
}
