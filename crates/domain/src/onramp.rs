//! An on-ramp: bank money in, stablecoin to a wallet.
//!
//! `awaiting_fiat → fiat_received → converting → sent → completed`; `expired`, `failed`,
//! `refunded`. The rate is held from the start; what is converted is what really came in, and never
//! more than was asked for and counted against the user's limits: the rest stays his as bank money.
//! The stablecoin is held before it is sent, and captured once it is on its way.
//!
//! Whether the user may have it is asked again when the bank money comes, `expired` or not: he may
//! have been suspended meanwhile. If not, it waits in suspense and the on-ramp `in_review`, until a
//! human lets it go on or refuses it, or the bank money goes back. What comes after `expired` and
//! passes a limit stays his as bank money.
//!
//! Invariant: every step posts what it did in the commit that takes it, and none is taken twice.

mod receive;
mod view;

pub use view::OnrampView;

use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::currency::Currency;
use crate::environment::Environment;
use crate::event::{EventType, NewEntry, Origin, created_data, erased_data, updated_data};
use crate::ids::{Fresh, MerchantId, OnrampId, RampUserId, ReviewId, RowKey, TransferId, Version};
use crate::kyc::{self, KycLevel, Spending};
use crate::ledger::{
    Account, AccountKind, Asset, Hold, HoldAsk, Movement, Transfer, TransferReason,
};
use crate::money::{Rate, TokenAmount, Usd, mul_div_ceil};
use crate::network::Network;
use crate::provider::{Attempted, FiatInstructions, FxRate, Handle, OnrampReport, RampFailure};
use crate::ramp_user::RampUser;
use crate::refusal::Refusal;
use crate::time::{DAY_MS, MINUTE_MS, SECOND_MS, Timestamp};
use crate::token::{Token, TokenId};
use crate::virtual_account::tokens_of;

/// Bank transfers take days; what comes after this finds nobody waiting.
pub const WAITING_MS: i64 = 14 * DAY_MS;
/// Who paid too late is looked for this long, as rarely as this.
pub const LATE_UNTIL_MS: i64 = 45 * DAY_MS;
const LATE_LOOK_MS: i64 = DAY_MS;
const LOOK_MS_MIN: i64 = 2 * SECOND_MS;
const LOOK_MS_MAX: i64 = 10 * MINUTE_MS;
const FEE_BPS: u128 = 50;
/// In the currency's whole units, so that no sum passes what the ledger holds.
const AMOUNT_MAX: u128 = 1_000_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnrampStatus {
    AwaitingFiat,
    FiatReceived,
    Converting,
    /// The stablecoin is on its way to the wallet.
    Sent,
    Completed,
    /// No bank money came in time.
    Expired,
    Failed,
    /// The bank money went back.
    Refunded,
    /// It came, and its user may not have it: a human decides.
    InReview,
}

impl OnrampStatus {
    pub fn code(self) -> i64 {
        self as i64
    }

    fn is_over(self) -> bool {
        match self {
            OnrampStatus::Completed
            | OnrampStatus::Expired
            | OnrampStatus::Failed
            | OnrampStatus::Refunded => true,
            OnrampStatus::AwaitingFiat
            | OnrampStatus::FiatReceived
            | OnrampStatus::Converting
            | OnrampStatus::Sent
            | OnrampStatus::InReview => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Onramp {
    pub id: OnrampId,
    pub user_id: RampUserId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub currency: Currency,
    /// What is to come in, and what did.
    pub amount: TokenAmount,
    pub received: Option<TokenAmount>,
    pub network: Network,
    pub token_id: TokenId,
    pub wallet: String,
    pub rate: FxRate,
    /// Of what is to come in, or did.
    pub fee: TokenAmount,
    pub target: TokenAmount,
    pub value: Usd,
    /// When its value was counted against the user's limits; none: it is not.
    pub counted_at: Option<Timestamp>,
    pub status: OnrampStatus,
    pub failure: Option<RampFailure>,
    /// What the provider calls it. Never shown.
    pub reference: Option<String>,
    pub instructions: Option<FiatInstructions>,
    pub tx_hash: Option<String>,
    pub hold_id: Option<TransferId>,
    /// A human decides, or said no: the bank money is in suspense for as long as this is there.
    pub review_id: Option<ReviewId>,
    pub look_count: i64,
    pub next_at: Option<Timestamp>,
    pub expires_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

#[derive(Clone, Debug)]
pub struct OnrampAsk {
    pub currency: Currency,
    pub amount: TokenAmount,
    pub token: &'static Token,
    /// In the canonical spelling of its network.
    pub wallet: String,
    pub rate: FxRate,
    pub origin: Origin,
}

/// Stablecoin for bank money: what goes to the wallet, and what is kept.
struct Sums {
    target: TokenAmount,
    fee: TokenAmount,
}

fn sums(amount: TokenAmount, currency: Currency, token: &Token, rate: FxRate) -> Option<Sums> {
    let whole = tokens_of(amount, currency, (token.decimals, rate))?;
    let fee = mul_div_ceil(whole.0, FEE_BPS, 10_000)?;
    let target = whole.0.checked_sub(fee).filter(|target| *target > 0)?;
    Some(Sums { target: TokenAmount(target), fee: TokenAmount(fee) })
}

/// Starts one, counted against the user's limits.
pub fn create(
    user: &RampUser,
    ask: OnrampAsk,
    fresh: &mut Fresh,
) -> Result<(Onramp, Changes, Spending), Refusal> {
    let OnrampAsk { currency, amount, token, rate, .. } = ask;
    let now = fresh.now();
    if !token.is_usd_stable() || token.environment != user.environment {
        let message = "must be a stablecoin of USD in this environment";
        return Err(Refusal::invalid("token_id", message));
    }
    if amount.0 > AMOUNT_MAX {
        return Err(Refusal::invalid("amount", "is too large"));
    }
    let small = || Refusal::invalid("amount", "does not cover the fee");
    let Sums { target, fee } = sums(amount, currency, token, rate).ok_or_else(small)?;
    let value = Rate::PAR.value(TokenAmount(target.0 + fee.0), token.decimals);
    let level = kyc::require(user, KycLevel::Basic, now)?;
    let spending = kyc::spend(user, level, value, now)?;
    let onramp = Onramp {
        id: OnrampId::fresh(fresh),
        user_id: user.id,
        merchant_id: user.merchant_id,
        environment: user.environment,
        currency,
        amount,
        received: None,
        network: token.network,
        token_id: token.id,
        wallet: ask.wallet,
        rate,
        fee,
        target,
        value,
        counted_at: Some(now),
        status: OnrampStatus::AwaitingFiat,
        failure: None,
        reference: None,
        instructions: None,
        tx_hash: None,
        hold_id: None,
        review_id: None,
        look_count: 0,
        next_at: Some(now),
        expires_at: now.plus_ms(WAITING_MS),
        created_at: now,
        updated_at: now,
        version: 0,
    };
    let mut changes = Changes::of(user.merchant_id);
    user.guard(&mut changes);
    changes.counters.extend(spending.moves.clone());
    let data = created_data(&onramp.view());
    changes.tell(onramp.entry(EventType::RampOnrampCreated, data, ask.origin, now));
    changes.insert(onramp.clone());
    Ok((onramp, changes, spending))
}

impl Onramp {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn is_of(&self, merchant_id: MerchantId, environment: Environment) -> bool {
        self.merchant_id == merchant_id && self.environment == environment
    }

    pub fn handle(&self) -> Handle {
        let (id, currency) = (self.key(), self.currency);
        Handle { id, reference: self.reference.clone(), currency }
    }

    fn account(&self, kind: AccountKind, asset: Asset) -> Account {
        let owner = (kind == AccountKind::User).then(|| self.user_id.key());
        let (merchant_id, environment) = (self.merchant_id, self.environment);
        Account { merchant_id, environment, kind, asset, owner }
    }

    fn token(&self) -> Asset {
        Asset::Token { network: self.network, token_id: self.token_id }
    }

    fn movement(
        &self,
        (debit, credit): (AccountKind, AccountKind),
        (asset, amount): (Asset, TokenAmount),
        reason: TransferReason,
    ) -> Movement {
        let (debit, credit) = (self.account(debit, asset), self.account(credit, asset));
        Movement { debit, credit, amount, reason, object: self.key() }
    }

    fn entry(&self, kind: EventType, data: String, origin: Origin, now: Timestamp) -> NewEntry {
        let whose = (self.merchant_id, self.environment);
        NewEntry::about(self.key(), whose, (kind, data), origin, now)
    }

    fn step_to(&mut self, status: OnrampStatus, changes: &mut Changes, now: Timestamp) {
        let before = self.view();
        self.status = status;
        self.tell_updated(&before, changes, now);
    }

    fn tell_updated(&mut self, before: &OnrampView, changes: &mut Changes, now: Timestamp) {
        self.updated_at = now;
        let data = updated_data(before, &self.view());
        changes.tell(self.entry(EventType::RampOnrampUpdated, data, Origin::default(), now));
    }

    /// Whether it is still to be opened on the other side.
    pub fn is_to_be_opened(&self) -> bool {
        self.status == OnrampStatus::AwaitingFiat && self.reference.is_none()
    }

    /// Writes down that it is about to be asked for, or about.
    pub fn look(&self, now: Timestamp) -> Changes {
        let mut after = self.clone();
        let doublings = u32::try_from(self.look_count.clamp(0, 16)).unwrap_or(16);
        after.next_at = Some(now.plus_ms((LOOK_MS_MIN << doublings).min(LOOK_MS_MAX)));
        after.look_count += 1;
        let mut changes = Changes::of(self.merchant_id);
        changes.update(after);
        changes
    }

    /// What came of asking for it. None: the answer was lost, or is not news.
    pub fn opened(
        &self,
        answer: Attempted<(String, FiatInstructions)>,
        user: &RampUser,
        now: Timestamp,
    ) -> Option<Changes> {
        if !self.is_to_be_opened() {
            return None;
        }
        let mut after = self.clone();
        let before = after.view();
        let mut changes = Changes::of(self.merchant_id);
        match answer {
            Attempted::Accepted((reference, instructions)) => {
                after.reference = Some(reference);
                after.instructions = Some(instructions);
                (after.look_count, after.next_at) = (0, Some(now.plus_ms(LOOK_MS_MIN)));
                after.tell_updated(&before, &mut changes, now);
            }
            Attempted::Refused(why) => {
                after.failure = Some(why);
                after.end(OnrampStatus::Failed, user, &mut changes, now);
            }
            Attempted::Unknown => return None,
        }
        changes.update(after);
        Some(changes)
    }

    /// It waited for whoever opens it until nobody would pay any more.
    pub fn give_up(&self, user: &RampUser, now: Timestamp) -> Option<Changes> {
        if !self.is_to_be_opened() || now < self.expires_at {
            return None;
        }
        let mut after = self.clone();
        let mut changes = Changes::of(self.merchant_id);
        after.end(OnrampStatus::Expired, user, &mut changes, now);
        changes.update(after);
        Some(changes)
    }

    /// When to look once more for bank money that comes too late.
    fn next_late_look(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.expires_at.plus_ms(LATE_UNTIL_MS);
        Some(now.plus_ms(LATE_LOOK_MS)).filter(|next| *next <= until)
    }

    pub fn wake(&self, now: Timestamp) -> Option<Changes> {
        let is_over = self.next_at.is_none() && self.status.is_over();
        if is_over || self.next_at.is_some_and(|next| next <= now) {
            return None;
        }
        let mut changes = Changes::of(self.merchant_id);
        changes.update(Onramp { next_at: Some(now), ..self.clone() });
        Some(changes)
    }

    /// Whether bank money may still come or go: its user cannot be forgotten meanwhile.
    pub fn is_open(&self) -> bool {
        !self.status.is_over() || self.next_at.is_some()
    }

    /// Forgets where its bank money was to be sent.
    pub fn erase(&self, changes: &mut Changes, now: Timestamp) {
        if self.instructions.is_none() {
            return;
        }
        let mut after = Onramp { instructions: None, updated_at: now, ..self.clone() };
        after.next_at = None;
        let (kind, data) = (EventType::RampOnrampUpdated, erased_data(&after.view()));
        changes.tell(after.entry(kind, data, Origin::default(), now));
        changes.update(after);
    }

    fn end(
        &mut self,
        status: OnrampStatus,
        user: &RampUser,
        changes: &mut Changes,
        now: Timestamp,
    ) {
        if let Some(counted_at) = self.counted_at.take() {
            changes.counters.extend(kyc::give_back(user, self.value, counted_at));
        }
        self.step_to(status, changes, now);
        self.next_at = None;
    }

    /// What is held of it and what was booked is taken back, up to the user's bank money.
    /// None if the hold ended meanwhile.
    fn unwind(&self, hold: Option<Hold>, changes: &mut Changes, fresh: &mut Fresh) -> Option<()> {
        let Some(received) = self.received else { return Some(()) };
        let mut back = |movement: Movement| {
            let Movement { debit, credit, .. } = movement;
            let movement = Movement { debit: credit, credit: debit, ..movement };
            changes.transfer(Transfer::posted(movement, fresh));
        };
        match self.status {
            OnrampStatus::FiatReceived => {
                hold?.release(changes, fresh).ok()?;
                return Some(());
            }
            OnrampStatus::Converting => {}
            OnrampStatus::Sent => back(self.outflow()),
            OnrampStatus::AwaitingFiat
            | OnrampStatus::Completed
            | OnrampStatus::Expired
            | OnrampStatus::Failed
            | OnrampStatus::Refunded
            | OnrampStatus::InReview => return Some(()),
        }
        self.conversion(received).into_iter().for_each(&mut back);
        if let Some(hold) = hold.filter(|_| self.status == OnrampStatus::Converting) {
            hold.release(changes, fresh).ok()?;
        }
        Some(())
    }

    /// The stablecoin on its way to the wallet.
    fn outflow(&self) -> Movement {
        use AccountKind::{Rail, User};
        self.movement((User, Rail), (self.token(), self.target), TransferReason::Onramp)
    }

    /// Books what came in as the user's bank money, whatever becomes of it.
    fn take_in(&mut self, amount: TokenAmount, changes: &mut Changes, fresh: &mut Fresh) {
        use AccountKind::{Rail, User};
        self.received = Some(amount);
        let bank = (Asset::Currency(self.currency), amount);
        let movement = self.movement((Rail, User), bank, TransferReason::FiatReceived);
        changes.transfer(Transfer::posted(movement, fresh));
    }

    /// No more than was asked for: only that was counted against the user's limits.
    fn conversion(&self, received: TokenAmount) -> Vec<Movement> {
        let mut all = vec![self.converted(received)];
        all.extend(self.bought());
        all
    }

    /// The bank money that is converted.
    fn converted(&self, received: TokenAmount) -> Movement {
        use AccountKind::{Exchange, User};
        let bank = (Asset::Currency(self.currency), received.min(self.amount));
        self.movement((User, Exchange), bank, TransferReason::Conversion)
    }

    /// What there is for it.
    fn bought(&self) -> impl Iterator<Item = Movement> {
        use AccountKind::{Exchange, Fees, User};
        let token = self.token();
        let all = [
            self.movement((Exchange, User), (token, self.target), TransferReason::Conversion),
            self.movement((Exchange, Fees), (token, self.fee), TransferReason::OnrampFee),
        ];
        all.into_iter().filter(|movement| movement.amount > TokenAmount::ZERO)
    }

    /// The bank money becomes stablecoin, which is held for the wallet. None if what was held of
    /// it is free again.
    fn convert(
        &mut self,
        hold: Option<Hold>,
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) -> Option<()> {
        let hold = hold?;
        let whole = hold.amount;
        hold.capture(whole, changes, fresh).ok()?;
        for movement in self.bought() {
            changes.transfer(Transfer::posted(movement, fresh));
        }
        let movement = self.outflow();
        // It is on its way to the wallet, whatever the user owes since a chain took a deposit back.
        let hold = Hold::pass_on(HoldAsk { movement, expires_at: None }, changes, fresh);
        self.hold_id = Some(hold.id);
        self.step_to(OnrampStatus::Converting, changes, fresh.now());
        self.next_at = Some(fresh.now());
        Some(())
    }

    /// None if the hold ended meanwhile.
    fn send(
        &mut self,
        hold: Option<Hold>,
        tx_hash: Option<String>,
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) -> Option<()> {
        if let Some(hold) = hold {
            let whole = hold.amount;
            hold.capture(whole, changes, fresh).ok()?;
        }
        self.tx_hash = tx_hash;
        self.step_to(OnrampStatus::Sent, changes, fresh.now());
        Some(())
    }
}

/// Takes a report, one step at a time. None: nothing new, or the hold ended after the on-ramp was
/// read: it is to be read again.
pub fn reduce(
    onramp: Onramp,
    report: OnrampReport,
    (hold, user): (Option<Hold>, &RampUser),
    fresh: &mut Fresh,
) -> Option<Changes> {
    use OnrampStatus::{AwaitingFiat, Converting, Expired, Failed, FiatReceived, InReview, Sent};
    if onramp.status.is_over() && onramp.status != Expired && !onramp.is_refused() {
        return None;
    }
    let now = fresh.now();
    let mut after = onramp.clone();
    let mut changes = Changes::of(onramp.merchant_id);
    let doublings = u32::try_from(onramp.look_count.clamp(0, 16)).unwrap_or(16);
    after.next_at = Some(now.plus_ms((LOOK_MS_MIN << doublings).min(LOOK_MS_MAX)));
    after.look_count += 1;
    match (onramp.status, report) {
        (AwaitingFiat, OnrampReport::AwaitingFiat | OnrampReport::Absent) => {
            if onramp.expires_at <= now {
                after.end(Expired, user, &mut changes, now);
                after.next_at = after.next_late_look(now);
            }
        }
        (
            AwaitingFiat | Expired,
            OnrampReport::FiatReceived { amount }
            | OnrampReport::Sent { amount, .. }
            | OnrampReport::Completed { amount, .. },
        ) => {
            after.receive(amount, user, &mut changes, fresh)?;
        }
        (InReview | Failed, OnrampReport::Refunded) => {
            after.give_back_held(user, &mut changes, fresh)?;
        }
        // A human decides, whatever else they say; what he refused is looked for daily.
        (
            InReview,
            OnrampReport::Absent
            | OnrampReport::AwaitingFiat
            | OnrampReport::FiatReceived { .. }
            | OnrampReport::Sent { .. }
            | OnrampReport::Completed { .. }
            | OnrampReport::Failed(_),
        ) => {}
        (
            Failed,
            OnrampReport::Absent
            | OnrampReport::AwaitingFiat
            | OnrampReport::FiatReceived { .. }
            | OnrampReport::Sent { .. }
            | OnrampReport::Completed { .. }
            | OnrampReport::Failed(_),
        ) => after.next_at = onramp.next_late_look(now),
        (
            Expired,
            OnrampReport::Absent
            | OnrampReport::AwaitingFiat
            | OnrampReport::Refunded
            | OnrampReport::Failed(_),
        ) => after.next_at = onramp.next_late_look(now),
        (
            FiatReceived,
            OnrampReport::FiatReceived { .. }
            | OnrampReport::Sent { .. }
            | OnrampReport::Completed { .. },
        ) => {
            after.convert(hold, &mut changes, fresh)?;
            after.look_count = 0;
        }
        (Converting, OnrampReport::Sent { tx_hash, .. }) => {
            after.send(hold, tx_hash, &mut changes, fresh)?;
            after.look_count = 0;
        }
        (Converting, OnrampReport::Completed { tx_hash, .. }) => {
            after.send(hold, tx_hash, &mut changes, fresh)?;
            after.step_to(OnrampStatus::Completed, &mut changes, now);
            after.next_at = None;
        }
        (Sent, OnrampReport::Completed { tx_hash, .. }) => {
            // The transaction may have been replaced on its way: the final one counts.
            after.tx_hash = tx_hash.or(after.tx_hash);
            after.step_to(OnrampStatus::Completed, &mut changes, now);
            after.next_at = None;
        }
        (AwaitingFiat | FiatReceived | Converting | Sent, OnrampReport::Refunded) => {
            after.unwind(hold, &mut changes, fresh)?;
            if let Some(received) = onramp.received {
                use AccountKind::{Rail, User};
                let bank = (Asset::Currency(onramp.currency), received);
                let movement = after.movement((User, Rail), bank, TransferReason::FiatRefunded);
                changes.transfer(Transfer::posted(movement, fresh));
            }
            after.end(OnrampStatus::Refunded, user, &mut changes, now);
        }
        (AwaitingFiat | FiatReceived | Converting | Sent, OnrampReport::Failed(why)) => {
            // What came in stays the user's, as bank money.
            after.unwind(hold, &mut changes, fresh)?;
            after.failure = Some(why);
            after.end(OnrampStatus::Failed, user, &mut changes, now);
        }
        // Late, or backwards: asked again later.
        (FiatReceived | Converting | Sent, _) => {}
        (OnrampStatus::Completed | OnrampStatus::Refunded, _) => {
            return None;
        }
    }
    changes.update(after);
    Some(changes)
}

#[cfg(test)]
pub(crate) mod tests;
