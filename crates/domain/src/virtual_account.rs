//! A virtual account: bank details of a user's own; what comes in there is stablecoin in his
//! balance.
//!
//! Opening it is an effect outside: it is `pending` until the provider's answer is in, and asked
//! for again under the same id until then. Each receipt claims its key, so it counts once. What the
//! user may not have, for how well he is known or for his limits, is held until a human decides.

use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::claim::Claim;
use crate::currency::Currency;
use crate::environment::Environment;
use crate::event::Origin;
use crate::ids::{Fresh, MerchantId, RampDepositId, RampUserId, RowKey, Version, VirtualAccountId};
use crate::kyc::{self, KycLevel};
use crate::ledger::{Account, AccountKind, Asset, Movement, Transfer, TransferReason};
use crate::money::{Rate, TokenAmount, mul_div_floor, power_of_ten};
use crate::network::Network;
use crate::provider::{
    Attempted, FX_SCALE, FiatInstructions, FiatReceipt, FxRate, Handle, RampFailure,
};
use crate::ramp_deposit::{DepositKind, DepositStatus, RampDeposit};
use crate::ramp_user::RampUser;
use crate::refusal::Refusal;
use crate::screening_review::{ReviewSubject, ScreeningReview};
use crate::time::{HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};
use crate::token::{Token, TokenId};

const LOOK_MS_MIN: i64 = MINUTE_MS;
const LOOK_MS_MAX: i64 = HOUR_MS;
const OPEN_MS_MIN: i64 = 2 * SECOND_MS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VirtualAccountStatus {
    /// Being opened.
    Pending,
    Active,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualAccount {
    pub id: VirtualAccountId,
    pub user_id: RampUserId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub currency: Currency,
    /// What the user gets for it.
    pub network: Network,
    pub token_id: TokenId,
    pub status: VirtualAccountStatus,
    pub failure: Option<RampFailure>,
    /// What the provider calls it. Never shown.
    pub reference: Option<String>,
    pub instructions: Option<FiatInstructions>,
    /// How often it was asked for, or asked about in vain.
    pub look_count: i64,
    pub next_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// Base units of a token for bank money at this rate, rounded down.
pub(crate) fn tokens_of(
    amount: TokenAmount,
    currency: Currency,
    (decimals, rate): (u8, FxRate),
) -> Option<TokenAmount> {
    let base = FX_SCALE * power_of_ten(decimals.into());
    let minor = rate.0.checked_mul(power_of_ten(currency.decimals().into()))?;
    mul_div_floor(amount.0, base, minor).map(TokenAmount)
}

impl VirtualAccount {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn handle(&self) -> Handle {
        let (id, currency) = (self.key(), self.currency);
        Handle { id, reference: self.reference.clone(), currency }
    }

    /// A new one of a user who is known well enough; the worker opens it.
    pub fn create(
        user: &RampUser,
        currency: Currency,
        token: &Token,
        fresh: &mut Fresh,
    ) -> Result<(VirtualAccount, Changes), Refusal> {
        let now = fresh.now();
        kyc::require(user, KycLevel::Basic, now)?;
        if !token.is_usd_stable() || token.environment != user.environment {
            let message = "must be a stablecoin of USD in this environment";
            return Err(Refusal::invalid("token_id", message));
        }
        let account = VirtualAccount {
            id: VirtualAccountId::fresh(fresh),
            user_id: user.id,
            merchant_id: user.merchant_id,
            environment: user.environment,
            currency,
            network: token.network,
            token_id: token.id,
            status: VirtualAccountStatus::Pending,
            failure: None,
            reference: None,
            instructions: None,
            look_count: 0,
            next_at: Some(now),
            created_at: now,
            updated_at: now,
            version: 0,
        };
        let mut changes = Changes::of(user.merchant_id);
        user.guard(&mut changes);
        changes.insert(account.clone());
        Ok((account, changes))
    }

    /// Writes down that it is about to be asked for, or about.
    pub fn look(&self, now: Timestamp) -> (VirtualAccount, Changes) {
        let mut after = self.clone();
        let (least, most) = match self.status {
            VirtualAccountStatus::Pending => (OPEN_MS_MIN, LOOK_MS_MIN),
            VirtualAccountStatus::Active | VirtualAccountStatus::Failed => {
                (LOOK_MS_MIN, LOOK_MS_MAX)
            }
        };
        let doublings = u32::try_from(self.look_count.clamp(0, 16)).unwrap_or(16);
        after.next_at = Some(now.plus_ms((least << doublings).min(most)));
        after.look_count += 1;
        let mut changes = Changes::of(self.merchant_id);
        changes.update(after.clone());
        after.version += 1;
        (after, changes)
    }

    /// What came of asking for it. None: the answer was lost, or is not news.
    pub fn opened(
        &self,
        answer: Attempted<(String, FiatInstructions)>,
        now: Timestamp,
    ) -> Option<Changes> {
        if self.status != VirtualAccountStatus::Pending {
            return None;
        }
        let mut after = self.clone();
        match answer {
            Attempted::Accepted((reference, instructions)) => {
                after.status = VirtualAccountStatus::Active;
                after.reference = Some(reference);
                after.instructions = Some(instructions);
                (after.look_count, after.next_at) = (0, Some(now.plus_ms(LOOK_MS_MIN)));
            }
            Attempted::Refused(why) => {
                after.status = VirtualAccountStatus::Failed;
                (after.failure, after.next_at) = (Some(why), None);
            }
            Attempted::Unknown => return None,
        }
        after.updated_at = now;
        let mut changes = Changes::of(self.merchant_id);
        changes.update(after);
        Some(changes)
    }

    /// Forgets where bank money is to be sent. What comes there all the same is held.
    pub fn erase(&self, changes: &mut Changes, now: Timestamp) {
        if self.instructions.is_some() {
            let after = VirtualAccount { instructions: None, updated_at: now, ..self.clone() };
            changes.update(after);
        }
    }

    pub fn wake(&self, now: Timestamp) -> Option<Changes> {
        let is_open = self.status != VirtualAccountStatus::Failed;
        if !is_open || self.next_at.is_some_and(|next| next <= now) {
            return None;
        }
        let mut changes = Changes::of(self.merchant_id);
        changes.update(VirtualAccount { next_at: Some(now), look_count: 0, ..self.clone() });
        Some(changes)
    }

    fn account(&self, kind: AccountKind, asset: Asset) -> Account {
        let owner = (kind == AccountKind::User).then(|| self.user_id.key());
        let (merchant_id, environment) = (self.merchant_id, self.environment);
        Account { merchant_id, environment, kind, asset, owner }
    }

    /// Bank money that came in becomes stablecoin in the user's balance, in one commit with the
    /// claim of its receipt, counted against his limits. What he may not have is held.
    ///
    /// The commit refuses what passes a limit together with what went before: then `hold` it.
    pub fn receive(
        &self,
        user: &RampUser,
        receipt: &FiatReceipt,
        rate: FxRate,
        fresh: &mut Fresh,
    ) -> Option<Changes> {
        let now = fresh.now();
        let converted = self.converted(receipt, rate)?;
        let Some(tokens) = converted else {
            return self.hold(user, receipt, (rate, "It is too little to be converted"), fresh);
        };
        let value = Rate::PAR.value(tokens, Token::by_id(self.token_id)?.decimals);
        let gates = kyc::require(user, KycLevel::Basic, now);
        match gates.and_then(|level| kyc::spend(user, level, value, now)) {
            Ok(spending) => {
                let mut changes = self.book(user, receipt, (Some(tokens), None), fresh);
                changes.counters.extend(spending.moves);
                Some(changes)
            }
            Err(refusal) => self.hold(user, receipt, (rate, &refusal.to_string()), fresh),
        }
    }

    /// What came in waits in suspense, converted at the rate of its day, until a human decides.
    pub fn hold(
        &self,
        user: &RampUser,
        receipt: &FiatReceipt,
        (rate, why): (FxRate, &str),
        fresh: &mut Fresh,
    ) -> Option<Changes> {
        let converted = self.converted(receipt, rate)?;
        Some(self.book(user, receipt, (converted, Some(why)), fresh))
    }

    /// The stablecoin for it: none if it is too little, or more than is converted.
    fn converted(&self, receipt: &FiatReceipt, rate: FxRate) -> Option<Option<TokenAmount>> {
        let decimals = Token::by_id(self.token_id)?.decimals;
        let tokens = tokens_of(receipt.amount, self.currency, (decimals, rate));
        Some(tokens.filter(|tokens| *tokens > TokenAmount::ZERO))
    }

    fn book(
        &self,
        user: &RampUser,
        receipt: &FiatReceipt,
        (tokens, why_held): (Option<TokenAmount>, Option<&str>),
        fresh: &mut Fresh,
    ) -> Changes {
        use AccountKind::{Exchange, Rail, Suspense, User};
        let now = fresh.now();
        let bank = Asset::Currency(self.currency);
        let token = Asset::Token { network: self.network, token_id: self.token_id };
        let (asset, amount) = tokens.map_or((bank, receipt.amount), |tokens| (token, tokens));
        let (status, whose) = match why_held {
            None => (DepositStatus::Completed, User),
            Some(_) => (DepositStatus::InReview, Suspense),
        };
        let deposit = RampDeposit {
            id: RampDepositId::fresh(fresh),
            user_id: self.user_id,
            merchant_id: self.merchant_id,
            environment: self.environment,
            kind: DepositKind::VirtualAccount,
            status,
            asset,
            amount,
            invoice_id: None,
            received_at: Some(self.key()),
            tx_hash: None,
            created_at: now,
            updated_at: now,
            version: 0,
        };
        let mut changes = Changes::of(self.merchant_id);
        // Whoever is demoted, blocked or erased meanwhile is looked at again.
        user.guard(&mut changes);
        changes.insert(Claim::new(receipt.key, deposit.key()));
        if let Some(why) = why_held {
            let place = (self.merchant_id, self.environment);
            let subject = ReviewSubject::Deposit(deposit.id);
            let user = Some(self.user_id);
            changes.insert(ScreeningReview::open(place, subject, user, why.to_owned(), fresh));
        }
        let object = deposit.key();
        let mut post = |debit, credit, (asset, amount), reason| {
            let (debit, credit) = (self.account(debit, asset), self.account(credit, asset));
            let movement = Movement { debit, credit, amount, reason, object };
            changes.transfer(Transfer::posted(movement, fresh));
        };
        let received = (bank, receipt.amount);
        post(Rail, whose, received, TransferReason::FiatReceived);
        if let Some(tokens) = tokens {
            post(whose, Exchange, received, TransferReason::Conversion);
            post(Exchange, whose, (token, tokens), TransferReason::Conversion);
        }
        deposit.record_created(&mut changes, Origin::default(), now);
        changes
    }

    pub fn view(&self) -> VirtualAccountView {
        VirtualAccountView {
            object: "virtual_account",
            id: self.id,
            user_id: self.user_id,
            environment: self.environment,
            status: self.status,
            currency: self.currency,
            network: self.network,
            token_id: self.token_id,
            instructions: self.instructions.clone(),
            failure_reason: self.failure,
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
        }
    }
}

/// Bank details of a user's own.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = VirtualAccount)]
pub struct VirtualAccountView {
    /// Always `virtual_account`.
    pub object: &'static str,
    pub id: VirtualAccountId,
    pub user_id: RampUserId,
    pub environment: Environment,
    pub status: VirtualAccountStatus,
    pub currency: Currency,
    /// What the user gets for what comes in.
    pub network: Network,
    pub token_id: TokenId,
    /// Where to send bank money; null while it is being opened.
    pub instructions: Option<FiatInstructions>,
    pub failure_reason: Option<RampFailure>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[cfg(test)]
mod tests;
