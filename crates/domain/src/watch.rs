//! A watch cursor: how far one network of one environment has been looked at.
//!
//! `position` is the chain's own (opaque) cursor. Head and times are kept beside it, so that views,
//! expiry and readiness can tell how far the watcher is behind.
//!
//! Where nothing the cursor remembers is in the chain any more, an operator may say where to begin
//! anew. That is written here and followed by the watcher, so that whoever watches then, in
//! whichever process, begins there, and looks for every payment that was recorded before.

use serde::{Deserialize, Serialize};

use crate::audit::AuditEntry;
use crate::changes::{Changes, Noun};
use crate::environment::Environment;
use crate::ids::{Fresh, MerchantId, RowKey, Version};
use crate::network::Network;
use crate::refusal::Refusal;
use crate::slot::Slot;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchCursor {
    pub environment: Environment,
    pub network: Network,
    /// The chain's own cursor.
    pub position: String,
    /// The newest block the chain reported.
    pub head_number: u64,
    /// The newest block whose transfers are all recorded.
    pub scanned_number: u64,
    /// The time of that block.
    pub scanned_at: Timestamp,
    /// When the chain last answered.
    pub answered_at: Timestamp,
    /// The block to begin anew with, instead of going on from the position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begin: Option<u64>,
    /// What was recorded before that is still to be looked for in the chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recheck: Option<Recheck>,
    #[serde(skip)]
    pub version: Version,
}

/// Where an operator has a watcher begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// With the block that is the newest when he says so.
    Head,
    /// This block is the first that is looked at.
    Block(u64),
}

/// What is looked for after a restart, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rechecked {
    #[default]
    Payments,
    /// Of ramp users.
    Deposits,
}

/// Each kind is looked for in the order of its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Recheck {
    /// The last one that was.
    pub after: Option<RowKey>,
    #[serde(default)]
    pub what: Rechecked,
}

impl Begin {
    /// `head`, or a block's number.
    pub fn parse(text: &str) -> Option<Begin> {
        if text == "head" {
            return Some(Begin::Head);
        }
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_number)?;
        // Rows count blocks in 63 bits.
        i64::try_from(number).ok().map(|_| Begin::Block(number))
    }
}

impl std::fmt::Display for Begin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Begin::Head => formatter.write_str("head"),
            Begin::Block(number) => number.fmt(formatter),
        }
    }
}

/// What an operator asks of a watcher, and what is known of it.
pub struct Restart {
    pub cursor: WatchCursor,
    /// The lease of whoever watches, if anybody ever did.
    pub lease: Option<Slot>,
    pub begin: Begin,
    /// The newest block of the network now.
    pub head: u64,
}

/// Has a watcher begin anew.
///
/// Ends the lease as well: whoever watches now read the old cursor, and nothing he decided on it
/// may be committed after this.
pub fn restart(ask: Restart, slot_key: RowKey, fresh: &mut Fresh) -> Result<Changes, Refusal> {
    let Restart { cursor, lease, begin, head } = ask;
    let first = match begin {
        Begin::Head => head,
        Begin::Block(number) if number <= head => number,
        Begin::Block(_) => {
            let message = format!("is above the newest block, which is {head}");
            return Err(Refusal::invalid("from", message));
        }
    };
    let mut changes = Changes::of(MerchantId::HOUSE);
    match lease {
        Some(mut slot) => {
            slot.until = slot.until.min(fresh.now());
            changes.update(slot);
        }
        None => changes.guard(Noun::Slot, slot_key, 0),
    }
    let place = format!("{}.{}", cursor.environment.as_str(), cursor.network.as_str());
    let act = AuditEntry::of_operator(
        MerchantId::HOUSE,
        "watcher.restarted",
        format!("{place} at {} from {first}", cursor.scanned_number),
        fresh,
    );
    changes.insert(act);
    changes.update(WatchCursor {
        begin: Some(first),
        recheck: Some(Recheck::default()),
        answered_at: fresh.now().max(cursor.answered_at),
        ..cursor
    });
    Ok(changes)
}

impl WatchCursor {
    pub fn key(&self) -> RowKey {
        WatchCursor::row_key(self.environment, self.network)
    }

    pub fn row_key(environment: Environment, network: Network) -> RowKey {
        let parts = [environment.as_str().as_bytes(), network.as_str().as_bytes()];
        RowKey::of("watch_cursor", &parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changes::Record;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn cursor() -> WatchCursor {
        WatchCursor {
            environment: Environment::Devnet,
            network: Network::Base,
            position: "opaque".to_owned(),
            head_number: 90,
            scanned_number: 80,
            scanned_at: Timestamp(800_000),
            answered_at: Timestamp(900_000),
            begin: None,
            recheck: None,
            version: 7,
        }
    }

    fn ask(lease: Option<Slot>, begin: Begin) -> Result<Changes, Refusal> {
        let ask = Restart { cursor: cursor(), lease, begin, head: 100 };
        restart(ask, Slot::row_key("watch", 1), &mut Fresh::new(NOW, [3; 16]))
    }

    #[test]
    fn a_restart_ends_the_lease_and_tells_who_asked_for_it() {
        let key = Slot::row_key("watch", 1);
        let lease = Slot { key, owner: key, until: NOW.plus_ms(9_000), version: 4 };
        let changes = ask(Some(lease), Begin::Block(100)).expect("is allowed");
        let [Record::AuditEntry(act)] = changes.inserts.as_slice() else { panic!("{changes:?}") };
        assert_eq!(act.action, "watcher.restarted");
        assert_eq!(act.object, "devnet.base at 80 from 100");
        let [Record::Slot(slot), Record::WatchCursor(after)] = changes.updates.as_slice() else {
            panic!("{changes:?}")
        };
        assert_eq!((slot.until, slot.version), (NOW, 4));
        assert_eq!((after.begin, after.version), (Some(100), 7));
        assert_eq!(after.recheck, Some(Recheck::default()));
        // Nobody has looked further yet: what waits for the watcher goes on waiting.
        assert_eq!((after.scanned_number, after.scanned_at), (80, Timestamp(800_000)));
    }

    #[test]
    fn a_lease_that_appears_meanwhile_stops_the_restart() {
        let changes = ask(None, Begin::Head).expect("is allowed");
        assert_eq!(changes.guards[0].version, 0);
        let [Record::WatchCursor(after)] = changes.updates.as_slice() else {
            panic!("{changes:?}")
        };
        assert_eq!(after.begin, Some(100), "the newest block");
    }

    #[test]
    fn nothing_begins_above_the_head() {
        assert!(matches!(
            ask(None, Begin::Block(101)),
            Err(Refusal::Invalid { param: "from", .. })
        ));
    }

    #[test]
    fn a_beginning_reads_back_and_an_old_row_has_none() {
        for (text, begin) in [("head", Begin::Head), ("0", Begin::Block(0))] {
            assert_eq!(Begin::parse(text), Some(begin));
            assert_eq!(begin.to_string(), text);
        }
        for text in ["", "+1", "-1", "Head", "1.0", "9223372036854775808"] {
            assert_eq!(Begin::parse(text), None, "{text}");
        }
        let whole = WatchCursor { begin: Some(5), version: 0, ..cursor() };
        let json = serde_json::to_string(&whole).expect("is JSON");
        assert_eq!(serde_json::from_str::<WatchCursor>(&json).expect("reads"), whole);
        let old = json.replace(r#","begin":5"#, "");
        assert!(old.len() < json.len());
        assert_eq!(serde_json::from_str::<WatchCursor>(&old).expect("reads").begin, None);
    }
}
