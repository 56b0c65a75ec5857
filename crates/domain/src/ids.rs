//! Ids, row keys and the fresh ids a decision may use up.
//!
//! Every row is found by one 16-byte key: a UUIDv7, or for a business key a hash of everything
//! that makes it unique. Decisions draw ids from `Fresh`, which the caller seeds.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::time::Timestamp;

/// The key of a row: one column of 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowKey(pub [u8; 16]);

impl RowKey {
    /// A business key: a hash of the kind and of every part, each with its length.
    pub fn of(kind: &str, parts: &[&[u8]]) -> RowKey {
        let mut hash = Sha256::new();
        hash.update((kind.len() as u64).to_be_bytes());
        hash.update(kind.as_bytes());
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finalize()[..16]);
        RowKey(key)
    }

    /// The same for a name among many. Names that begin alike, up to so many bytes, lie together:
    /// who brings a million in order writes one page for a hundred of them, not a hundred.
    pub fn beside(kind: &str, place: &[u8], name: &str, beginning_bytes: usize) -> RowKey {
        let beginning = &name.as_bytes()[..beginning_bytes.min(name.len())];
        let mut key = RowKey::of(kind, &[place, name.as_bytes()]);
        let neighbourhood = RowKey::of(kind, &[place, beginning]);
        key.0[..8].copy_from_slice(&neighbourhood.0[..8]);
        key
    }

    /// The key of a row whose id is an integer.
    pub fn of_integer(id: i64) -> RowKey {
        let mut key = [0; 16];
        key[8..].copy_from_slice(&id.to_be_bytes());
        RowKey(key)
    }

    /// The integer such a key was made of; none if it is no such key.
    pub fn integer(self) -> Option<i64> {
        let number = i64::try_from(u128::from_be_bytes(self.0)).ok();
        number.filter(|number| *number > 0)
    }

    pub fn uuid(self) -> Uuid {
        Uuid::from_bytes(self.0)
    }
}

impl std::fmt::Debug for RowKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}", self.uuid().simple())
    }
}

impl From<Uuid> for RowKey {
    fn from(id: Uuid) -> RowKey {
        RowKey(*id.as_bytes())
    }
}

/// How often a row was written; a change names the version it was decided on.
pub type Version = i64;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
            utoipa::ToSchema,
        )]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            pub fn fresh(fresh: &mut Fresh) -> $name {
                $name(fresh.uuid())
            }

            pub fn parse(text: &str) -> Option<$name> {
                Uuid::try_parse(text).ok().map($name)
            }

            pub fn key(self) -> RowKey {
                self.0.into()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(out)
            }
        }

        impl From<RowKey> for $name {
            fn from(key: RowKey) -> $name {
                $name(key.uuid())
            }
        }
    )+};
}

uuid_ids! {
    InvoiceId,
    PaymentId,
    SessionId,
    QuoteId,
    MemberId,
    ApiKeyId,
    SignInId,
    ChallengeId,
    ResetId,
    AuditId,
    UnmatchedId,
    VerificationId,
    TransferId,
    SimulatedTxId,
    RampUserId,
    KycCaseId,
    BankAccountId,
    RampDepositId,
    ReviewId,
    RampQuoteId,
    PayoutId,
    OnrampId,
    VirtualAccountId,
    RampAddressId,
    /// One outgoing transaction.
    SendId,
    RefundId,
    OfferId,
    CartItemId,
    EstimateId,
    ShippingAddressId,
    OrderId,
    ShipmentId,
}

macro_rules! prefixed_ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub RowKey);

        impl $name {
            pub fn key(self) -> RowKey {
                self.0
            }

            pub fn parse(text: &str) -> Option<$name> {
                let hex = text.strip_prefix($prefix).filter(|hex| hex.len() == 32)?;
                let is_ours = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                let number = u128::from_str_radix(hex, 16).ok()?;
                hex.bytes().all(is_ours).then(|| $name(RowKey(number.to_be_bytes())))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(out, "{}{:032x}", $prefix, u128::from_be_bytes(self.0.0))
            }
        }

        impl From<RowKey> for $name {
            fn from(key: RowKey) -> $name {
                $name(key)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<$name, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(from)?;
                let refuse = || serde::de::Error::custom(concat!("not an id ", $prefix, "…"));
                $name::parse(&text).ok_or_else(refuse)
            }
        }
    )+};
}

prefixed_ids! {
    /// A webhook endpoint's id.
    EndpointId = "we_",
    /// A delivery's id.
    DeliveryId = "del_",
}

impl EndpointId {
    pub fn fresh(fresh: &mut Fresh) -> EndpointId {
        EndpointId(fresh.uuid().into())
    }
}

/// A merchant's number. Zero is the house itself: operator acts and shared rows.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(transparent)]
pub struct MerchantId(pub i64);

impl MerchantId {
    pub const HOUSE: MerchantId = MerchantId(0);

    pub fn key(self) -> RowKey {
        RowKey::of_integer(self.0)
    }
}

impl std::fmt::Display for MerchantId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

/// A settlement's number, which merchants read as `merchant_settlement_id`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(transparent)]
pub struct SettlementId(pub i64);

impl SettlementId {
    pub fn key(self) -> RowKey {
        RowKey::of_integer(self.0)
    }

    pub fn parse(text: &str) -> Option<SettlementId> {
        text.parse().ok().filter(|number| *number > 0).map(SettlementId)
    }
}

impl std::fmt::Display for SettlementId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

/// The time of a decision and the ids it may use up. Equal seeds give equal ids.
#[derive(Debug, Clone)]
pub struct Fresh {
    now: Timestamp,
    /// Orders ids of one millisecond; none: at random.
    place: Option<u16>,
    state: u64,
    stream: u64,
}

/// The places an id can take within its millisecond.
pub const PLACES: u16 = 1 << 12;

impl Fresh {
    pub fn new(now: Timestamp, seed: [u8; 16]) -> Fresh {
        let (high, low) = seed.split_at(8);
        let read = |half: &[u8]| u64::from_be_bytes(half.try_into().expect("eight bytes"));
        Fresh { now, place: None, state: read(high), stream: read(low) | 1 }
    }

    /// Puts these ids after those of a lower place in the same millisecond.
    pub fn placed(self, place: u16) -> Fresh {
        Fresh { place: Some(place.min(PLACES - 1)), ..self }
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// A UUIDv7 of this moment. Not a secret: credentials take their own entropy.
    pub fn uuid(&mut self) -> Uuid {
        let (high, low) = (self.next(), self.next());
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&self.now.0.to_be_bytes()[2..]);
        let place = self.place.map_or([high as u8, (high >> 8) as u8], u16::to_be_bytes);
        bytes[6..8].copy_from_slice(&place);
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        bytes[6] = 0x70 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        Uuid::from_bytes(bytes)
    }

    /// A number below `sides`, for spreading work in time. Not a secret.
    pub fn dice(&mut self, sides: u64) -> u64 {
        self.next() % sides.max(1)
    }

    /// SplitMix64 over a seeded stream: distinct for distinct seeds, cheap, not for secrets.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15 ^ (self.stream << 1));
        let mut mixed = self.state ^ self.stream.rotate_left(32);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_ids_are_uuid_v7_of_their_moment_and_differ() {
        let mut fresh = Fresh::new(Timestamp(1_766_320_496_123), [7; 16]);
        let ids: Vec<Uuid> = (0..10_000).map(|_| fresh.uuid()).collect();
        let distinct: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        let (seconds, nanos) = ids[0].get_timestamp().expect("v7 carries a time").to_unix();
        assert_eq!((seconds, nanos / 1_000_000), (1_766_320_496, 123));
    }

    #[test]
    fn ids_of_one_millisecond_are_in_the_order_of_their_places() {
        let now = Timestamp(1_766_320_496_123);
        let id = |place| Fresh::new(now, [place as u8; 16]).placed(place).uuid();
        let ids: Vec<Uuid> = (0..PLACES).map(id).collect();
        assert!(ids.is_sorted());
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn business_keys_do_not_run_their_parts_together() {
        assert_ne!(RowKey::of("k", &[b"ab", b"c"]), RowKey::of("k", &[b"a", b"bc"]));
        assert_ne!(RowKey::of("ka", &[b"b"]), RowKey::of("k", &[b"ab"]));
    }

    #[test]
    fn keys_of_names_that_begin_alike_lie_together_and_differ() {
        let key = |place: &[u8], name: &str| RowKey::beside("k", place, name, 3);
        let [one, two, other] = ["abc1", "abc2", "abd1"].map(|name| key(b"here", name));
        assert_eq!(one.0[..8], two.0[..8]);
        assert_ne!(one.0[8..], two.0[8..]);
        assert_ne!(one.0[..8], other.0[..8]);
        // Neither half is that of somebody else's name.
        let theirs = key(b"there", "abc1");
        assert!(one.0[..8] != theirs.0[..8] && one.0[8..] != theirs.0[8..]);
        // A name may be shorter than its beginning, and end within a letter.
        assert_ne!(key(b"here", "ab"), key(b"here", ""));
        assert_ne!(key(b"here", "aaé"), key(b"here", "aaè"));
    }
}
