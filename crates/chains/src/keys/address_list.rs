//! A list of addresses made elsewhere: one a line, the first line is index 0.
//!
//! Each line is checked in full, because a mistyped one would be found out by a payment that is
//! lost. Lines only ever get added at the end: the index of an invoice stays its line.
//!
//! Invariant: no address is in the list twice, else two invoices would share it.

use std::collections::HashMap;

use domain::address::{Address, AddressError};
use domain::environment::Environment;
use domain::network::Network;
use thiserror::Error;

/// More is a mistake: a list this long is some 100 MiB.
const ADDRESSES_MAX: usize = 1_000_000;

/// Why a list cannot be used; lines count from one, as editors count them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ListError {
    #[error("line {line}: {why}")]
    BadAddress { line: usize, why: AddressError },
    #[error("line {line} is the address of line {first} again")]
    Duplicate { line: usize, first: usize },
    #[error("there is no address in the list")]
    Empty,
    #[error("a list has at most {ADDRESSES_MAX} addresses")]
    TooLong,
}

pub fn parse(
    network: Network,
    environment: Environment,
    text: &str,
) -> Result<Vec<Address>, ListError> {
    let mut addresses = Vec::new();
    let mut lines = HashMap::new();
    for (at, text) in text.trim_end().lines().enumerate() {
        let line = at + 1;
        if line > ADDRESSES_MAX {
            return Err(ListError::TooLong);
        }
        let address = Address::parse(network, environment, text.trim())
            .map_err(|why| ListError::BadAddress { line, why })?;
        if let Some(first) = lines.insert(address.clone(), line) {
            return Err(ListError::Duplicate { line, first });
        }
        addresses.push(address);
    }
    if addresses.is_empty() { Err(ListError::Empty) } else { Ok(addresses) }
}
