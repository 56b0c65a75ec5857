//! The words of domain as cells: how a type becomes a cell, and how a cell becomes it again.
//!
//! Enums are their codes, times milliseconds, USD micro-dollars, token amounts sixteen big-endian
//! bytes. A cell that holds anything else makes its row corrupt, never a default.

use domain::environment::Environment;
use domain::ids::{InvoiceId, MemberId, MerchantId, RowKey};
use domain::money::{TokenAmount, Usd};
use domain::network::Network;
use domain::time::Timestamp;
use domain::token::TokenId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::row::{Cells, Value};

impl Value {
    /// A struct as JSON text: what no query looks into.
    pub(crate) fn json(row: &impl Serialize) -> Value {
        Value::Text(serde_json::to_string(row).expect("rows have text keys and no failing types"))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Value {
        Value::Int(value.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Int(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Value {
        Value::Bytes(value)
    }
}

impl From<RowKey> for Value {
    fn from(value: RowKey) -> Value {
        Value::Key(value)
    }
}

impl From<InvoiceId> for Value {
    fn from(value: InvoiceId) -> Value {
        Value::Key(value.key())
    }
}

impl From<MemberId> for Value {
    fn from(value: MemberId) -> Value {
        Value::Key(value.key())
    }
}

impl From<MerchantId> for Value {
    fn from(value: MerchantId) -> Value {
        Value::Int(value.0)
    }
}

impl From<TokenId> for Value {
    fn from(value: TokenId) -> Value {
        Value::Int(value.0)
    }
}

impl From<Environment> for Value {
    fn from(value: Environment) -> Value {
        Value::Int(value.code())
    }
}

impl From<Network> for Value {
    fn from(value: Network) -> Value {
        Value::Int(value.code())
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Value {
        Value::Int(value.0)
    }
}

impl From<Usd> for Value {
    fn from(value: Usd) -> Value {
        Value::Int(value.0)
    }
}

impl From<TokenAmount> for Value {
    fn from(value: TokenAmount) -> Value {
        Value::Bytes(value.0.to_be_bytes().to_vec())
    }
}

impl Cells<'_> {
    /// An enum by its code.
    pub(crate) fn coded<T>(&mut self, from_code: fn(i64) -> Option<T>) -> Result<T, StoreError> {
        self.maybe_coded(from_code)?.ok_or_else(|| self.corrupt())
    }

    pub(crate) fn maybe_coded<T>(
        &mut self,
        from_code: fn(i64) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let Some(code) = self.maybe_int()? else { return Ok(None) };
        from_code(code).map(Some).ok_or_else(|| self.corrupt())
    }

    pub(crate) fn environment(&mut self) -> Result<Environment, StoreError> {
        self.coded(Environment::from_code)
    }

    pub(crate) fn network(&mut self) -> Result<Network, StoreError> {
        self.coded(Network::from_code)
    }

    pub(crate) fn merchant_id(&mut self) -> Result<MerchantId, StoreError> {
        self.int().map(MerchantId)
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, StoreError> {
        self.int().map(Timestamp)
    }

    pub(crate) fn maybe_time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.maybe_int()?.map(Timestamp))
    }

    pub(crate) fn usd(&mut self) -> Result<Usd, StoreError> {
        self.int().map(Usd)
    }

    pub(crate) fn token_amount(&mut self) -> Result<TokenAmount, StoreError> {
        let bytes = self.fixed_bytes::<16>()?;
        Ok(TokenAmount(u128::from_be_bytes(bytes)))
    }

    pub(crate) fn fixed_bytes<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], StoreError> {
        self.bytes()?.try_into().map_err(|_| self.corrupt())
    }

    pub(crate) fn flag(&mut self) -> Result<bool, StoreError> {
        match self.int()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.corrupt()),
        }
    }

    pub(crate) fn index(&mut self) -> Result<u32, StoreError> {
        self.maybe_index()?.ok_or_else(|| self.corrupt())
    }

    pub(crate) fn maybe_index(&mut self) -> Result<Option<u32>, StoreError> {
        let Some(number) = self.maybe_int()? else { return Ok(None) };
        u32::try_from(number).map(Some).map_err(|_| self.corrupt())
    }

    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let text = self.text()?;
        serde_json::from_str(&text).map_err(|_| self.corrupt())
    }

    pub(crate) fn maybe_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        let Some(text) = self.maybe_text()? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|_| self.corrupt())
    }

    /// A whole noun kept as JSON, which must be the noun of this row's key.
    pub(crate) fn body<T: DeserializeOwned>(
        &mut self,
        key_of: fn(&T) -> RowKey,
    ) -> Result<T, StoreError> {
        let row = self.json::<T>()?;
        if key_of(&row) == self.key { Ok(row) } else { Err(self.corrupt()) }
    }
}
