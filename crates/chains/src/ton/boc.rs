//! Cells: the little of TON's own encoding that payments need.
//!
//! A message's body and a get-method's answer are trees of cells in a «bag of cells». What a
//! payment says (operation, amount, parties) stands in the root, so only the root's bits are read
//! and nothing is ever walked down: a hostile tree costs no stack and no more memory than itself.
//!
//! Invariant: bytes of any content give a root or nothing, never a panic.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::account::Account;

/// Twice what the network lets a message weigh.
const BASE64_BYTES_MAX: usize = 4 * 1024 * 1024;
const MAGIC: [u8; 4] = [0xb5, 0xee, 0x9c, 0x72];
const HASH_AND_DEPTH_BYTES: usize = 34;
/// Bits of an address that is written as tag `10`, no anycast, workchain and account.
const ADDRESS_BITS: usize = 2 + 1 + 8 + 256;

/// The bits of a root cell, read from the front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bits {
    bytes: Vec<u8>,
    at: usize,
    end: usize,
}

/// Who an address field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Party {
    /// Nobody, or somebody outside the network.
    Nobody,
    Account(Account),
}

impl Bits {
    /// The root of a bag of cells in base64.
    pub(super) fn of_base64(text: &str) -> Option<Bits> {
        if text.len() > BASE64_BYTES_MAX {
            return None;
        }
        Bits::of_bag(&STANDARD.decode(text).ok()?)
    }

    pub(super) fn of_bag(bag: &[u8]) -> Option<Bits> {
        let mut bag = Bytes { left: bag };
        if bag.take(MAGIC.len())? != MAGIC {
            return None;
        }
        let flags = bag.number(1)?;
        let has_index = flags & 0x80 != 0;
        let size = flags & 0x07;
        let offset_size = bag.number(1)?;
        if !(1..=4).contains(&size) || !(1..=8).contains(&offset_size) {
            return None;
        }
        let (cells, roots) = (bag.number(size)?, bag.number(size)?);
        let _absent = bag.number(size)?;
        let _cells_size = bag.number(offset_size)?;
        let root = if roots >= 1 { bag.number(size)? } else { return None };
        bag.skip((roots - 1).checked_mul(size)?)?;
        if has_index {
            bag.skip(cells.checked_mul(offset_size)?)?;
        }
        if root >= cells {
            return None;
        }
        // Cells have no fixed length: those before the root (there rarely are any) are passed by.
        for _ in 0..root {
            Cell::take(&mut bag, size)?;
        }
        Cell::take(&mut bag, size)?.bits()
    }

    pub(super) fn number(&mut self, bits: usize) -> Option<u128> {
        if bits > 128 || self.end - self.at < bits {
            return None;
        }
        let mut number = 0;
        for at in self.at..self.at + bits {
            let byte = self.bytes.get(at / 8)?;
            number = number << 1 | u128::from(byte >> (7 - at % 8) & 1);
        }
        self.at += bits;
        Some(number)
    }

    /// `VarUInteger 16`: four bits say how many bytes follow, so it always fits 128 bits.
    pub(super) fn coins(&mut self) -> Option<u128> {
        let bytes = usize::try_from(self.number(4)?).ok()?;
        self.number(bytes * 8)
    }

    /// `MsgAddress`.
    pub(super) fn party(&mut self) -> Option<Party> {
        match self.number(2)? {
            0b00 => Some(Party::Nobody),
            0b01 => {
                let bits = usize::try_from(self.number(9)?).ok()?;
                self.skip(bits)?;
                Some(Party::Nobody)
            }
            0b10 => {
                self.skip_anycast()?;
                let workchain = i8::from_be_bytes([u8::try_from(self.number(8)?).ok()?]);
                let mut id = [0; 32];
                for byte in &mut id {
                    *byte = u8::try_from(self.number(8)?).ok()?;
                }
                // Other workchains do not exist yet, so nobody there can be paid.
                Some(Account::new(workchain, id).map_or(Party::Nobody, Party::Account))
            }
            // Accounts of variable length do not exist yet.
            _ => None,
        }
    }

    fn skip_anycast(&mut self) -> Option<()> {
        if self.number(1)? == 1 {
            let bits = usize::try_from(self.number(5)?).ok()?;
            self.skip(bits)?;
        }
        Some(())
    }

    fn skip(&mut self, bits: usize) -> Option<()> {
        if self.end - self.at < bits {
            return None;
        }
        self.at += bits;
        Some(())
    }
}

/// A bag of one cell that holds one address: the argument of `get_wallet_address`, in base64.
pub(super) fn address_argument(account: &Account) -> String {
    let [workchain] = account.workchain().to_be_bytes();
    let content = [&[workchain][..], account.id()].concat();
    // Three bits of tag come first, so every byte straddles two; a one ends the last.
    let mut data = vec![0b1000_0000];
    for byte in content {
        *data.last_mut().expect("begins with one") |= byte >> 3;
        data.push(byte << 5);
    }
    *data.last_mut().expect("begins with one") |= 1 << (7 - ADDRESS_BITS % 8);
    let descriptor = [0, u8::try_from(ADDRESS_BITS / 8 * 2 + 1).expect("267 bits are 67")];
    let cell_bytes = u8::try_from(descriptor.len() + data.len()).expect("two and 34");
    let header = [0x01, 0x01, 0x01, 0x01, 0x00, cell_bytes, 0x00];
    STANDARD.encode([&MAGIC[..], &header, &descriptor, &data].concat())
}

/// One cell as it is written: what it refers to is left out.
struct Cell<'a> {
    data: &'a [u8],
    is_whole_bytes: bool,
}

impl<'a> Cell<'a> {
    fn take(bag: &mut Bytes<'a>, reference_size: usize) -> Option<Cell<'a>> {
        let (first, second) = (bag.number(1)?, bag.number(1)?);
        let (references, has_hashes, level) = (first & 7, first & 0x10 != 0, first >> 5);
        if references > 4 {
            return None;
        }
        if has_hashes {
            bag.skip((level.count_ones() as usize + 1) * HASH_AND_DEPTH_BYTES)?;
        }
        let data = bag.take(second.div_ceil(2))?;
        bag.skip(references * reference_size)?;
        Some(Cell { data, is_whole_bytes: second % 2 == 0 })
    }

    fn bits(&self) -> Option<Bits> {
        let bytes = self.data.to_vec();
        let all = bytes.len() * 8;
        let end = if self.is_whole_bytes {
            all
        } else {
            // A one and then zeros fill the last byte up.
            let last = *bytes.last()?;
            all.checked_sub(last.trailing_zeros() as usize + 1).filter(|_| last != 0)?
        };
        Some(Bits { bytes, at: 0, end })
    }
}

struct Bytes<'a> {
    left: &'a [u8],
}

impl<'a> Bytes<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.left.split_at_checked(bytes)?;
        self.left = left;
        Some(taken)
    }

    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.take(bytes).map(|_| ())
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        let taken = self.take(bytes)?;
        taken.iter().try_fold(0usize, |number, byte| {
            number.checked_mul(256).map(|number| number | usize::from(*byte))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `beginCell().storeUint(0x178d4519, 32).storeUint(7, 64).storeCoins(12_340_000)
    /// .storeAddress(null)` as @ton/core writes it.
    const TRANSFER: &str = "te6cckEBAQEAEgAAHxeNRRkAAAAAAAAABzvEsgJGiNhm";

    #[test]
    fn a_bag_of_one_cell_gives_its_root() {
        let mut bits = Bits::of_base64(TRANSFER).unwrap();
        assert_eq!(bits.number(32), Some(0x178d_4519));
        assert_eq!(bits.number(64), Some(7));
        assert_eq!(bits.coins(), Some(12_340_000));
        assert_eq!(bits.party(), Some(Party::Nobody));
        assert_eq!(bits.number(1), None);
    }

    #[test]
    fn an_argument_reads_as_the_address_it_was_written_from() {
        for (workchain, byte) in [(0, 0x00), (0, 0x5a), (0, 0xff), (-1, 0x33)] {
            let account = Account::new(workchain, [byte; 32]).unwrap();
            let mut bits = Bits::of_base64(&address_argument(&account)).unwrap();
            assert_eq!(bits.party(), Some(Party::Account(account)));
            assert_eq!(bits.number(1), None, "nothing is left");
        }
    }

    #[test]
    fn coins_of_every_length_fit() {
        for bytes in 0..=15usize {
            let mut cell = vec![0, u8::try_from((bytes + 1) * 2).unwrap()];
            cell.push(u8::try_from(bytes).unwrap() << 4 | 0xf);
            cell.extend(std::iter::repeat_n(0xff, bytes));
            let mut bag = MAGIC.to_vec();
            bag.extend([1, 1, 1, 1, 0, u8::try_from(cell.len()).unwrap(), 0]);
            bag.extend(cell);
            let expected = if bytes == 0 { 0 } else { u128::MAX >> (128 - bytes * 8) };
            assert_eq!(Bits::of_bag(&bag).unwrap().coins(), Some(expected));
        }
    }

    #[test]
    fn bytes_of_any_content_never_panic() {
        let good = STANDARD.decode(TRANSFER).unwrap();
        for cut in 0..good.len() {
            let _ = Bits::of_bag(&good[..cut]);
        }
        for at in 0..good.len() {
            for value in 0..=255 {
                let mut bad = good.clone();
                bad[at] = value;
                if let Some(mut bits) = Bits::of_bag(&bad) {
                    while bits.party().is_some() {}
                    let _ = (bits.coins(), bits.number(128), bits.number(129));
                }
            }
        }
        let huge = [&MAGIC[..], &[0x84, 8], &[0xff; 64]].concat();
        assert_eq!(Bits::of_bag(&huge), None);
        assert_eq!(Bits::of_base64("not base64"), None);
        assert_eq!(Bits::of_base64(&"A".repeat(BASE64_BYTES_MAX + 1)), None);
    }
}
