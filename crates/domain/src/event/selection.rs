//! Which events are wanted: a set of types, read from names and wildcards.
//!
//! A wildcard is a prefix that ends in `.*`, and `*` alone means all. A pattern that can match
//! nothing is refused, so that a misspelled one is heard of at once and not by silence. Types that
//! only the payor hears of cannot be selected.

use super::kind::EventType;

/// A set of event types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection(u64);

impl Selection {
    /// Everything a merchant may hear of.
    pub fn all() -> Selection {
        Selection::of(|kind| !kind.is_for_payor_only())
    }

    /// The types for which `is_wanted` holds.
    pub fn of(is_wanted: impl Fn(EventType) -> bool) -> Selection {
        let bits = EventType::ALL.into_iter().filter(|kind| is_wanted(*kind)).map(bit);
        Selection(bits.fold(0, |all, one| all | one))
    }

    /// The union of all patterns, or the first that matches nothing.
    pub fn parse<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Result<Selection, &'a str> {
        let mut all = 0;
        for pattern in patterns {
            match matching(pattern).0 {
                0 => return Err(pattern),
                bits => all |= bits,
            }
        }
        Ok(Selection(all))
    }

    pub fn contains(self, kind: EventType) -> bool {
        self.0 & bit(kind) != 0
    }

    pub fn and(self, other: Selection) -> Selection {
        Selection(self.0 & other.0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each type of the set once, in the order of their codes.
    pub fn kinds(self) -> impl Iterator<Item = EventType> {
        EventType::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

fn matching(pattern: &str) -> Selection {
    let all = Selection::all();
    if pattern == "*" {
        return all;
    }
    match pattern.strip_suffix('*') {
        Some(prefix) if prefix.ends_with('.') => {
            Selection::of(|kind| all.contains(kind) && kind.as_str().starts_with(prefix))
        }
        Some(_) => Selection(0),
        None => Selection::of(|kind| all.contains(kind) && kind.as_str() == pattern),
    }
}

fn bit(kind: EventType) -> u64 {
    const { assert!(EventType::ALL.len() <= 64, "a set is one word") };
    1 << kind.code()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(patterns: &[&str]) -> Vec<&'static str> {
        let selection = Selection::parse(patterns.iter().copied()).expect("all match");
        selection.kinds().map(EventType::as_str).collect()
    }

    #[test]
    fn names_and_prefixes_select() {
        assert_eq!(names(&["invoice.*"]), ["invoice.created", "invoice.updated"]);
        assert_eq!(names(&["invoice.created", "test.ping"]), ["invoice.created", "test.ping"]);
        let orders = ["commerce.order.created", "commerce.order.updated"];
        assert_eq!(names(&["commerce.order.*"]), orders);
        assert_eq!(names(&["commerce.*"]), orders);
        assert_eq!(names(&["*"]).len(), EventType::ALL.len() - 1);
    }

    #[test]
    fn what_matches_nothing_is_refused() {
        for pattern in ["", "invoice", "invoice*", "invoice.paid", ".*", "**", "payment_quote.*"] {
            assert_eq!(Selection::parse(["invoice.*", pattern]), Err(pattern));
        }
        assert_eq!(Selection::parse([]), Ok(Selection(0)));
    }
}
