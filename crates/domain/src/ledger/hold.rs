//! A hold: money promised to leave an account, until it is captured, released or its time is over.
//!
//! The row is what makes each end happen once: it is written at the version it was read at, so of
//! two that capture, or capture and release, one meets a conflict and finds it closed.

use serde::{Deserialize, Serialize};

use super::{Account, Cover, Movement, Phase, Transfer, TransferReason};
use crate::changes::Changes;
use crate::ids::{Fresh, MerchantId, RowKey, TransferId, Version};
use crate::money::TokenAmount;
use crate::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldStatus {
    Open,
    /// The money went, all of it or a part; the rest was released with it.
    Captured {
        amount: TokenAmount,
    },
    Released,
    /// Nobody came in time.
    Expired,
}

/// What is to be held, and until when at the latest.
#[derive(Clone, Copy, Debug)]
pub struct HoldAsk {
    pub movement: Movement,
    pub expires_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The id of the transfer that reserved the money.
    pub id: TransferId,
    pub debit: Account,
    pub credit: Account,
    pub amount: TokenAmount,
    pub reason: TransferReason,
    /// The settlement, refund or payout the money is promised to.
    pub object: RowKey,
    pub status: HoldStatus,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// The hold was captured, released or expired before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this money is held no longer")]
pub struct HoldClosed;

impl Hold {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn merchant_id(&self) -> MerchantId {
        self.debit.merchant_id
    }

    /// Promises money; the commit refuses it if the account has not that much to promise.
    pub fn place(ask: HoldAsk, changes: &mut Changes, fresh: &mut Fresh) -> Hold {
        Hold::reserve(ask, Cover::Needed, changes, fresh)
    }

    /// Promises money that came in to go on, whatever else its account owes.
    pub fn pass_on(ask: HoldAsk, changes: &mut Changes, fresh: &mut Fresh) -> Hold {
        Hold::reserve(ask, Cover::Waived, changes, fresh)
    }

    fn reserve(ask: HoldAsk, cover: Cover, changes: &mut Changes, fresh: &mut Fresh) -> Hold {
        let transfer = Transfer::new(ask.movement, (Phase::Reserved, cover), fresh);
        let Movement { debit, credit, amount, reason, object } = ask.movement;
        let hold = Hold {
            id: transfer.id,
            debit,
            credit,
            amount,
            reason,
            object,
            status: HoldStatus::Open,
            expires_at: ask.expires_at,
            created_at: transfer.created_at,
            version: 0,
        };
        changes.transfer(transfer);
        changes.insert(hold.clone());
        hold
    }

    /// The promised money goes, all of it or less; what is left is free again.
    pub fn capture(
        self,
        amount: TokenAmount,
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) -> Result<(), HoldClosed> {
        if self.status != HoldStatus::Open || amount > self.amount {
            return Err(HoldClosed);
        }
        let rest = TokenAmount(self.amount.0 - amount.0);
        for (phase, amount) in [(Phase::Captured, amount), (Phase::Released, rest)] {
            if amount > TokenAmount::ZERO {
                changes.transfer(self.step(phase, amount, fresh));
            }
        }
        changes.update(Hold { status: HoldStatus::Captured { amount }, ..self });
        Ok(())
    }

    /// Money that went has come back, and is promised again to whom it was promised before. The
    /// row stays captured, as it was; whoever reopens it writes the new one into a row of his own.
    pub fn reopen(&self, changes: &mut Changes, fresh: &mut Fresh) -> Result<Hold, HoldClosed> {
        let HoldStatus::Captured { amount } = self.status else { return Err(HoldClosed) };
        let Hold { debit, credit, reason, object, .. } = *self;
        let why_back = reason.reverted().ok_or(HoldClosed)?;
        let back = Movement { debit: credit, credit: debit, amount, reason: why_back, object };
        changes.transfer(Transfer::posted(back, fresh));
        let movement = Movement { debit, credit, amount, reason, object };
        Ok(Hold::place(HoldAsk { movement, expires_at: None }, changes, fresh))
    }

    /// The money stays, and may be promised to somebody else.
    pub fn release(self, changes: &mut Changes, fresh: &mut Fresh) -> Result<(), HoldClosed> {
        self.free(HoldStatus::Released, changes, fresh)
    }

    /// Releases what nobody came for in time; nothing before that.
    pub fn expire(self, changes: &mut Changes, fresh: &mut Fresh) -> Result<(), HoldClosed> {
        match self.expires_at {
            Some(at) if at <= fresh.now() => self.free(HoldStatus::Expired, changes, fresh),
            Some(_) | None => Err(HoldClosed),
        }
    }

    fn free(
        self,
        status: HoldStatus,
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) -> Result<(), HoldClosed> {
        if self.status != HoldStatus::Open {
            return Err(HoldClosed);
        }
        changes.transfer(self.step(Phase::Released, self.amount, fresh));
        changes.update(Hold { status, ..self });
        Ok(())
    }

    fn step(&self, phase: Phase, amount: TokenAmount, fresh: &mut Fresh) -> Transfer {
        let &Hold { debit, credit, reason, object, .. } = self;
        let movement = Movement { debit, credit, amount, reason, object };
        Transfer::new(movement, (phase, Cover::Waived), fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::currency::Currency;
    use crate::environment::Environment;
    use crate::ledger::{AccountKind, Asset};

    const NOW: Timestamp = Timestamp(1_766_320_496_000);

    fn account(kind: AccountKind) -> Account {
        Account {
            merchant_id: MerchantId(1),
            environment: Environment::Devnet,
            kind,
            asset: Asset::Currency(Currency::EUR),
            owner: None,
        }
    }

    fn held(expires_at: Option<Timestamp>) -> (Hold, Changes, Fresh) {
        let mut fresh = Fresh::new(NOW, [3; 16]);
        let mut changes = Changes::of(MerchantId(1));
        let movement = Movement {
            debit: account(AccountKind::User),
            credit: account(AccountKind::Rail),
            amount: TokenAmount(10),
            reason: TransferReason::Payout,
            object: RowKey([1; 16]),
        };
        let hold = Hold::place(HoldAsk { movement, expires_at }, &mut changes, &mut fresh);
        (hold, changes, fresh)
    }

    fn phases(changes: &Changes) -> Vec<(Phase, u128)> {
        changes.transfers.iter().map(|transfer| (transfer.phase, transfer.amount.0)).collect()
    }

    #[test]
    fn a_part_is_captured_and_the_rest_released() {
        let (hold, mut changes, mut fresh) = held(None);
        assert_eq!(changes.transfers[0].cover, Cover::Needed);
        hold.capture(TokenAmount(7), &mut changes, &mut fresh).expect("open");
        let told = [(Phase::Reserved, 10), (Phase::Captured, 7), (Phase::Released, 3)];
        assert_eq!(phases(&changes), told);
        let reserved: i128 = told.iter().map(|(phase, by)| phase.reserves() * *by as i128).sum();
        let moved: i128 = told.iter().map(|(phase, by)| phase.moves() * *by as i128).sum();
        assert_eq!((reserved, moved), (0, 7));
    }

    #[test]
    fn a_hold_ends_once_and_not_before_its_time() {
        let (hold, mut changes, mut fresh) = held(Some(NOW.plus_ms(1)));
        let more = hold.clone().capture(TokenAmount(11), &mut changes, &mut fresh);
        assert_eq!(more, Err(HoldClosed));
        assert_eq!(hold.clone().expire(&mut changes, &mut fresh), Err(HoldClosed));
        let closed = Hold { status: HoldStatus::Released, ..hold.clone() };
        assert_eq!(closed.clone().release(&mut changes, &mut fresh), Err(HoldClosed));
        assert_eq!(closed.capture(TokenAmount(1), &mut changes, &mut fresh), Err(HoldClosed));
        assert_eq!(phases(&changes), [(Phase::Reserved, 10)]);
        let mut later = Fresh::new(NOW.plus_ms(1), [4; 16]);
        hold.expire(&mut changes, &mut later).expect("its time is over");
        assert_eq!(phases(&changes), [(Phase::Reserved, 10), (Phase::Released, 10)]);
    }
}
