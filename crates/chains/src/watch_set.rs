//! The open addresses a chain is asked about: sorted, compact, cheap to hand around.
//!
//! Two kinds of networks need two things. Where one query answers all transfers of a token
//! contract (EVM, simulated), a million addresses need not be sent anywhere: the chain tells
//! candidates and the caller looks each one up by its row key. Where a node is asked account by
//! account (Solana, TON, Cardano, Sui), the chain needs the list itself, and since one call is
//! bounded it must be able to go on where it stopped. Sorted text serves both: `contains` is a
//! binary search, and `after` goes on from the last address asked about, which is a cursor that
//! stays right while addresses come and go.

use std::sync::Arc;

use domain::address::Address;

/// Which transfers a chain tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reporting {
    /// Candidates, whoever they pay: the watch set may be empty.
    AllTransfers,
    /// Only those to addresses of the watch set.
    WatchedAddresses,
}

/// A set of addresses of one network, in canonical spelling. A clone shares the memory.
///
/// All texts stand in one buffer, about 50 bytes an EVM address: a million fit 50 MB.
#[derive(Clone, Debug, Default)]
pub struct WatchSet {
    sorted: Arc<Sorted>,
}

#[derive(Debug, Default)]
struct Sorted {
    texts: String,
    /// Where each text ends.
    ends: Vec<usize>,
}

impl WatchSet {
    /// The set of addresses given in any order, repeated or not.
    pub fn of(addresses: impl IntoIterator<Item = Address>) -> WatchSet {
        let mut addresses: Vec<Address> = addresses.into_iter().collect();
        addresses.sort_unstable();
        addresses.dedup();
        let mut sorted = Sorted::default();
        for address in &addresses {
            sorted.texts.push_str(address.as_str());
            sorted.ends.push(sorted.texts.len());
        }
        WatchSet { sorted: Arc::new(sorted) }
    }

    pub fn contains(&self, address: &str) -> bool {
        let at = self.sorted.first_not_below(address);
        at < self.len() && self.sorted.text(at) == address
    }

    /// The addresses that follow one in order, whether it is still in the set or not.
    pub fn after<'a>(&'a self, address: Option<&str>) -> impl Iterator<Item = &'a str> {
        let first = match address {
            None => 0,
            Some(last) => self.sorted.first_not_below(last) + usize::from(self.contains(last)),
        };
        (first..self.len()).map(|at| self.sorted.text(at))
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.after(None)
    }

    pub fn len(&self) -> usize {
        self.sorted.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Sorted {
    fn text(&self, at: usize) -> &str {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start..self.ends[at]]
    }

    /// How many texts sort below this one.
    fn first_not_below(&self, address: &str) -> usize {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.text(middle) < address { low = middle + 1 } else { high = middle }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::environment::Environment;
    use domain::network::Family;

    fn address(byte: u8) -> Address {
        Address::from_payload(Family::Sui, Environment::Devnet, &[byte; 32])
    }

    fn texts<'a>(found: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        found.collect()
    }

    #[test]
    fn holds_each_address_once_and_in_order() {
        let set = WatchSet::of([3, 1, 2, 1].map(address));
        let expected = [1, 2, 3].map(address);
        assert_eq!(texts(set.iter()), expected.each_ref().map(Address::as_str));
        assert!(expected.iter().all(|address| set.contains(address.as_str())));
        assert!(!set.contains(address(4).as_str()) && !set.contains(""));
        assert!(WatchSet::default().is_empty());
    }

    #[test]
    fn goes_on_after_an_address_even_if_it_was_closed_meanwhile() {
        let set = WatchSet::of([1, 3, 5].map(address));
        let [three, five] = [3, 5].map(address);
        assert_eq!(texts(set.after(Some(address(1).as_str()))), [three.as_str(), five.as_str()]);
        assert_eq!(texts(set.after(Some(address(4).as_str()))), [five.as_str()]);
        assert!(texts(set.after(Some(five.as_str()))).is_empty());
    }
}
