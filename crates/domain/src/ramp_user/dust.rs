//! Dust: what a user has that is too little for any bank to carry.
//!
//! It must trap nobody: whoever forgets a user may leave it to the merchant, in the commit that
//! forgets him. What is worth a dollar or more is money, and is paid out first.
//!
//! Invariant: nothing is forfeited that was promised, is owed, or has no price.

use super::RampUser;
use crate::changes::Changes;
use crate::ids::Fresh;
use crate::ledger::{Account, AccountKind, Balance, Movement, Transfer, TransferReason};
use crate::money::{TokenAmount, Usd};
use crate::refusal::Refusal;

/// What is worth less than this may be left behind, of each token and currency.
pub const DUST_MAX: Usd = Usd(1_000_000);

/// What a user has of something, and what it is worth; none: nobody knows.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub balance: Balance,
    pub value: Option<Usd>,
}

/// Leaves everything he has to the merchant, if all of it is dust. The commit refuses it if he has
/// not that much any more.
pub fn forfeit(
    user: &RampUser,
    all: &[Held],
    changes: &mut Changes,
    fresh: &mut Fresh,
) -> Result<(), Refusal> {
    for Held { balance, value } in all {
        let Balance { account, balance, reserved } = *balance;
        if balance == 0 && reserved == 0 {
            continue;
        }
        let is_dust = value.is_some_and(|value| value < DUST_MAX) && reserved == 0;
        let amount = u128::try_from(balance).ok().filter(|_| is_dust);
        let amount = amount.ok_or(Refusal::UserHasBalance)?;
        let credit = Account { kind: AccountKind::Merchant, owner: None, ..account };
        let movement = Movement {
            debit: account,
            credit,
            amount: TokenAmount(amount),
            reason: TransferReason::DustForfeited,
            object: user.key(),
        };
        changes.transfer(Transfer::covered(movement, fresh));
    }
    Ok(())
}
