//! A transfer: one immutable posting, the same amount out of one account and into another.
//!
//! The id is made by whoever decides and kept before anything is sent, so that doing it twice is
//! refused by the key. A reservation and what becomes of it are transfers too, each of its own
//! phase, so that the whole history is one list.

use serde::{Deserialize, Serialize};

use super::Account;
use crate::ids::{Fresh, RowKey, TransferId};
use crate::money::TokenAmount;
use crate::time::Timestamp;

/// Why a transfer was made. Codes are stored, so variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferReason {
    PaymentConfirmed,
    PaymentHeld,
    PaymentReverted,
    PaymentAccepted,
    PaymentRestored,
    Settlement,
    SettlementFee,
    NetworkFee,
    Refund,
    /// Stablecoin that reached a ramp user's own address.
    Deposit,
    DepositReverted,
    /// Merchant balance given to a ramp user, or an invoice that credits him.
    UserCredit,
    Payout,
    PayoutFee,
    /// A payout that came back after it was paid.
    PayoutReturned,
    /// One side of giving one asset for another.
    Conversion,
    /// Bank money that came in for a user.
    FiatReceived,
    FiatRefunded,
    Onramp,
    OnrampFee,
    Escrow,
    /// What a bank account got more or less than its quote said.
    PayoutDifference,
    /// What is too little to be moved, left to the merchant by a user who is forgotten.
    DustForfeited,
    /// What was sent for good, and is on its chain no more.
    SettlementReverted,
    RefundReverted,
    NetworkFeeReverted,
}

impl TransferReason {
    pub const ALL: [TransferReason; 26] = [
        TransferReason::PaymentConfirmed,
        TransferReason::PaymentHeld,
        TransferReason::PaymentReverted,
        TransferReason::PaymentAccepted,
        TransferReason::PaymentRestored,
        TransferReason::Settlement,
        TransferReason::SettlementFee,
        TransferReason::NetworkFee,
        TransferReason::Refund,
        TransferReason::Deposit,
        TransferReason::DepositReverted,
        TransferReason::UserCredit,
        TransferReason::Payout,
        TransferReason::PayoutFee,
        TransferReason::PayoutReturned,
        TransferReason::Conversion,
        TransferReason::FiatReceived,
        TransferReason::FiatRefunded,
        TransferReason::Onramp,
        TransferReason::OnrampFee,
        TransferReason::Escrow,
        TransferReason::PayoutDifference,
        TransferReason::DustForfeited,
        TransferReason::SettlementReverted,
        TransferReason::RefundReverted,
        TransferReason::NetworkFeeReverted,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            TransferReason::PaymentConfirmed => "payment_confirmed",
            TransferReason::PaymentHeld => "payment_held",
            TransferReason::PaymentReverted => "payment_reverted",
            TransferReason::PaymentAccepted => "payment_accepted",
            TransferReason::PaymentRestored => "payment_restored",
            TransferReason::Settlement => "settlement",
            TransferReason::SettlementFee => "settlement_fee",
            TransferReason::NetworkFee => "network_fee",
            TransferReason::Refund => "refund",
            TransferReason::Deposit => "deposit",
            TransferReason::DepositReverted => "deposit_reverted",
            TransferReason::UserCredit => "user_credit",
            TransferReason::Payout => "payout",
            TransferReason::PayoutFee => "payout_fee",
            TransferReason::PayoutReturned => "payout_returned",
            TransferReason::Conversion => "conversion",
            TransferReason::FiatReceived => "fiat_received",
            TransferReason::FiatRefunded => "fiat_refunded",
            TransferReason::Onramp => "onramp",
            TransferReason::OnrampFee => "onramp_fee",
            TransferReason::Escrow => "escrow",
            TransferReason::PayoutDifference => "payout_difference",
            TransferReason::DustForfeited => "dust_forfeited",
            TransferReason::SettlementReverted => "settlement_reverted",
            TransferReason::RefundReverted => "refund_reverted",
            TransferReason::NetworkFeeReverted => "network_fee_reverted",
        }
    }

    /// What takes it back, of those that a reorg can take back after they were final.
    pub fn reverted(self) -> Option<TransferReason> {
        match self {
            TransferReason::Settlement => Some(TransferReason::SettlementReverted),
            TransferReason::Refund => Some(TransferReason::RefundReverted),
            TransferReason::PaymentConfirmed
            | TransferReason::PaymentHeld
            | TransferReason::PaymentReverted
            | TransferReason::PaymentAccepted
            | TransferReason::PaymentRestored
            | TransferReason::SettlementFee
            | TransferReason::NetworkFee
            | TransferReason::Deposit
            | TransferReason::DepositReverted
            | TransferReason::UserCredit
            | TransferReason::Payout
            | TransferReason::PayoutFee
            | TransferReason::PayoutReturned
            | TransferReason::Conversion
            | TransferReason::FiatReceived
            | TransferReason::FiatRefunded
            | TransferReason::Onramp
            | TransferReason::OnrampFee
            | TransferReason::Escrow
            | TransferReason::PayoutDifference
            | TransferReason::DustForfeited
            | TransferReason::SettlementReverted
            | TransferReason::RefundReverted
            | TransferReason::NetworkFeeReverted => None,
        }
    }

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<TransferReason> {
        usize::try_from(code).ok().and_then(|at| TransferReason::ALL.get(at).copied())
    }
}

/// What a transfer does to its accounts. Codes are stored, so variants are only ever appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Moves the money.
    Posted,
    /// Promises it: it stays where it is, and nobody else can have it.
    Reserved,
    /// Moves money that was promised.
    Captured,
    /// Takes a promise back.
    Released,
}

impl Phase {
    pub const ALL: [Phase; 4] = [Phase::Posted, Phase::Reserved, Phase::Captured, Phase::Released];

    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Posted => "posted",
            Phase::Reserved => "reserved",
            Phase::Captured => "captured",
            Phase::Released => "released",
        }
    }

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<Phase> {
        usize::try_from(code).ok().and_then(|at| Phase::ALL.get(at).copied())
    }

    /// How often the amount enters the balances: once, or not at all.
    pub fn moves(self) -> i128 {
        match self {
            Phase::Posted | Phase::Captured => 1,
            Phase::Reserved | Phase::Released => 0,
        }
    }

    /// How often the amount enters what the debited account has reserved.
    pub fn reserves(self) -> i128 {
        match self {
            Phase::Posted => 0,
            Phase::Reserved => 1,
            Phase::Captured | Phase::Released => -1,
        }
    }
}

/// Whether the debited account must have the money. Not stored: it is a rule of the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// Its balance less what it has reserved stays at zero or above, or nothing is committed.
    Needed,
    /// What happened has happened: a chain took money back, or the account is one that goes below.
    Waived,
}

/// What moves, before it has an id and a time.
#[derive(Clone, Copy, Debug)]
pub struct Movement {
    pub debit: Account,
    pub credit: Account,
    pub amount: TokenAmount,
    pub reason: TransferReason,
    /// The payment, settlement, refund, deposit or payout it belongs to.
    pub object: RowKey,
}

/// One immutable posting: the same amount leaves one account and enters the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub id: TransferId,
    pub debit: Account,
    pub credit: Account,
    pub amount: TokenAmount,
    pub reason: TransferReason,
    pub phase: Phase,
    pub cover: Cover,
    pub object: RowKey,
    pub created_at: Timestamp,
}

impl Transfer {
    /// A movement that happened, whether or not the debited account had the money.
    pub fn posted(movement: Movement, fresh: &mut Fresh) -> Transfer {
        Transfer::new(movement, (Phase::Posted, Cover::Waived), fresh)
    }

    /// A movement that happens only if the debited account has the money.
    pub fn covered(movement: Movement, fresh: &mut Fresh) -> Transfer {
        Transfer::new(movement, (Phase::Posted, Cover::Needed), fresh)
    }

    pub(super) fn new(
        movement: Movement,
        (phase, cover): (Phase, Cover),
        fresh: &mut Fresh,
    ) -> Transfer {
        let Movement { debit, credit, amount, reason, object } = movement;
        let id = TransferId::fresh(fresh);
        Transfer {
            id,
            debit,
            credit,
            amount,
            reason,
            phase,
            cover,
            object,
            created_at: fresh.now(),
        }
    }

    /// The ramp user it concerns, if any: at most one side has one, or both have the same.
    pub fn owner(&self) -> Option<RowKey> {
        self.debit.owner.or(self.credit.owner)
    }
}
