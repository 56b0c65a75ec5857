//! How Sui names accounts and coins: one spelling of each.
//!
//! A package may be written `0x2` or with all its 64 digits, and type arguments nest, so texts are
//! compared only after every package in them is spelled in full. The walk is flat: a coin type is
//! somebody else's invention and may nest as deep as Move lets it.
//!
//! Invariant: equal coin types have equal spellings, and the native coin is never a contract.

use domain::chain::AssetRef;

const ADDRESS_DIGITS: usize = 64;
/// Longer than any coin that is meant to be spent. Who invents a longer one is not told of.
const CONTRACT_BYTES_MAX: usize = 512;
const NATIVE: &str = "0x0000000000000000000000000000000000000000000000000000000000000002::sui::SUI";

/// An account or a package with all its digits, in lower case.
pub(super) fn address(text: &str) -> Option<String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let is_hex = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if !is_hex || digits.len() > ADDRESS_DIGITS {
        return None;
    }
    Some(format!("0x{:0>ADDRESS_DIGITS$}", digits.to_ascii_lowercase()))
}

/// A coin type with every package spelled in full; none if no Move type is written like this.
///
/// Not only structs are told: nothing keeps a stranger from minting a `Coin<u64>`.
pub(super) fn canonical(text: &str) -> Option<String> {
    let mut written = String::with_capacity(text.len() + ADDRESS_DIGITS);
    for piece in text.split_inclusive(['<', '>', ',']) {
        let name = piece.trim_end_matches(['<', '>', ',']);
        written.push_str(&canonical_name(name.trim())?);
        written.push_str(&piece[name.len()..]);
    }
    (!written.is_empty()).then_some(written)
}

/// `package::module::Name`, a primitive such as `u64`, or nothing, as between `>` and `>`.
fn canonical_name(name: &str) -> Option<String> {
    let is_identifier = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    match name.split_once("::") {
        None if name.is_empty() || is_identifier(name) => Some(name.to_owned()),
        None => None,
        Some((package, path)) if path.split("::").all(is_identifier) => {
            Some(format!("{}::{path}", address(package)?))
        }
        Some(_) => None,
    }
}

/// What a canonical coin type is to the rest of the house; none if its name is too long to keep.
pub(super) fn asset(canonical: &str) -> Option<AssetRef> {
    if canonical == NATIVE {
        return Some(AssetRef::Native);
    }
    let is_kept = canonical.len() <= CONTRACT_BYTES_MAX;
    is_kept.then(|| AssetRef::Contract(canonical.to_owned()))
}

#[cfg(test)]
mod tests {
    use domain::network::Network;
    use domain::token::TOKENS;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(canonical(text).as_deref(), expected, "{text}");
    }

    #[test]
    fn the_native_coin_is_native_in_every_spelling() {
        let package = &NATIVE["0x".len()..ADDRESS_DIGITS + "0x".len()];
        for package in ["0x2", "2", "0x02", "0x0002", package, &format!("0x{package}")] {
            let canonical = canonical(&format!("{package}::sui::SUI")).unwrap();
            assert_eq!(asset(&canonical), Some(AssetRef::Native), "{package}");
        }
        for other in ["0x3::sui::SUI", "0x2::sui::Sui", "0x2::SUI::sui", "0x2::sui::SUI<u8>"] {
            let canonical = canonical(other).unwrap();
            assert!(matches!(asset(&canonical), Some(AssetRef::Contract(_))), "{other}");
        }
    }

    #[test]
    fn listed_tokens_are_spelled_as_the_token_table_spells_them() {
        let listed = TOKENS.iter().filter(|token| token.network == Network::Sui);
        let contracts: Vec<_> = listed.filter_map(|token| token.address).collect();
        assert!(contracts.len() >= 4);
        for contract in contracts {
            check(contract, Some(contract));
            let (package, rest) = contract.split_once("::").unwrap();
            check(&format!("0x{}::{rest}", package[2..].to_uppercase()), Some(contract));
        }
    }

    #[test]
    fn packages_are_padded_at_every_depth() {
        let full = |digit: &str| format!("0x{digit:0>64}");
        let pool = format!(
            "{}::lp::LP<{}::sui::SUI,vector<{}::a::B>>,u8>",
            full("a"),
            full("2"),
            full("b")
        );
        check("0xA::lp::LP<0x2::sui::SUI, vector<0xb::a::B>>, u8>", Some(&pool));
        check(&pool, Some(&pool));
        check("u64", Some("u64"));
        check("vector<u8>", Some("vector<u8>"));
    }

    #[test]
    fn what_no_move_type_looks_like_is_refused() {
        for text in ["", " ", "0x2::", "::sui::SUI", "0x2::sui SUI", "0xg::a::B", "0x2::a::B'", "é"]
        {
            check(text, None);
        }
        check(&format!("0x{}::a::B", "1".repeat(65)), None);
    }

    #[test]
    fn endless_names_are_read_without_depth_and_not_kept() {
        let deep = format!("{}u8{}", "vector<".repeat(100_000), ">".repeat(100_000));
        let canonical = canonical(&deep).unwrap();
        assert_eq!(canonical, deep);
        assert_eq!(asset(&canonical), None);
    }
}
