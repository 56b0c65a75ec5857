//! A deposit of a ramp user: money that reached his balance, from wherever.
//!
//! `pending → completed | failed`, `completed → reverted | refunded`. A deposit out of an invoice
//! has the id of the payment that made it, so that each payment credits once. The ledger's
//! transfers of a deposit name it as their object.

use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::environment::Environment;
use crate::event::{EventType, Origin, created_data, updated_data};
use crate::ids::Version;
use crate::ids::{Fresh, InvoiceId, MerchantId, PaymentId, RampDepositId, RampUserId, RowKey};
use crate::ledger::{Account, AccountKind, Asset, Movement, Transfer, TransferReason};
use crate::money::TokenAmount;
use crate::network::Network;
use crate::ramp_user::RampUser;
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::token::TokenId;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DepositKind {
    /// The merchant gave it out of his balance.
    Credit,
    /// An invoice that credits the user was paid.
    Invoice,
    /// Stablecoin reached the user's own address.
    Onchain,
    /// Bank money reached the user's own account.
    VirtualAccount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DepositStatus {
    /// Seen, not deep enough.
    Pending,
    /// A human looks at it.
    InReview,
    /// In the user's balance.
    Completed,
    Failed,
    /// A chain took it back.
    Reverted,
    /// It was sent back.
    Refunded,
}

impl DepositStatus {
    /// A chain or a human has still to say whether it is the user's.
    pub fn is_undecided(self) -> bool {
        match self {
            DepositStatus::Pending | DepositStatus::InReview => true,
            DepositStatus::Completed
            | DepositStatus::Failed
            | DepositStatus::Reverted
            | DepositStatus::Refunded => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RampDeposit {
    pub id: RampDepositId,
    pub user_id: RampUserId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub kind: DepositKind,
    pub status: DepositStatus,
    pub asset: Asset,
    pub amount: TokenAmount,
    pub invoice_id: Option<InvoiceId>,
    /// The user's address or account it came to.
    pub received_at: Option<RowKey>,
    pub tx_hash: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// What the merchant gives out of his balance.
#[derive(Clone, Copy, Debug)]
pub struct CreditAsk {
    pub asset: Asset,
    pub amount: TokenAmount,
}

/// More than any real token has, and little enough that no sum of them passes 128 bits.
const AMOUNT_MAX: u128 = 1 << 100;

impl RampDeposit {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// The deposit that one payment of an invoice makes.
    pub fn id_of_payment(payment: PaymentId) -> RampDepositId {
        RampDepositId(payment.0)
    }

    /// The account of a user.
    pub fn user_account(&self) -> Account {
        Account {
            merchant_id: self.merchant_id,
            environment: self.environment,
            kind: AccountKind::User,
            asset: self.asset,
            owner: Some(self.user_id.key()),
        }
    }

    fn merchant_account(&self) -> Account {
        Account { kind: AccountKind::Merchant, owner: None, ..self.user_account() }
    }

    /// A human gives the user what was held of his bank money. It counts against no limit: whoever
    /// decided knew of them.
    pub(crate) fn let_go(&self, changes: &mut Changes, fresh: &mut Fresh) {
        if self.status != DepositStatus::InReview {
            return;
        }
        let debit = Account { kind: AccountKind::Suspense, owner: None, ..self.user_account() };
        let (credit, object) = (self.user_account(), self.key());
        let reason = TransferReason::Deposit;
        let movement = Movement { debit, credit, amount: self.amount, reason, object };
        changes.transfer(Transfer::posted(movement, fresh));
        let after = RampDeposit { status: DepositStatus::Completed, ..self.clone() };
        after.record_updated(self, changes, fresh.now());
    }

    /// What was held stays in suspense: it is sent back by hand.
    pub(crate) fn refuse(&self, changes: &mut Changes, now: Timestamp) {
        if self.status == DepositStatus::InReview {
            let after = RampDeposit { status: DepositStatus::Failed, ..self.clone() };
            after.record_updated(self, changes, now);
        }
    }

    /// Writes a new deposit and tells of it.
    pub fn record_created(self, changes: &mut Changes, origin: Origin, now: Timestamp) {
        let data = created_data(&self.view());
        self.tell(EventType::RampDepositCreated, data, changes, origin, now);
        changes.insert(self);
    }

    /// Writes this deposit in place of `before` and tells of it.
    pub fn record_updated(mut self, before: &RampDeposit, changes: &mut Changes, now: Timestamp) {
        self.updated_at = now;
        let data = updated_data(&before.view(), &self.view());
        self.tell(EventType::RampDepositUpdated, data, changes, Origin::default(), now);
        changes.update(self);
    }

    fn tell(
        &self,
        kind: EventType,
        data: String,
        changes: &mut Changes,
        origin: Origin,
        now: Timestamp,
    ) {
        let whose = (self.merchant_id, self.environment);
        let mut entry = crate::event::NewEntry::about(self.key(), whose, (kind, data), origin, now);
        entry.subject.invoice_id = self.invoice_id.map(InvoiceId::key);
        changes.tell(entry);
    }

    pub fn view(&self) -> RampDepositView {
        let decimals = self.asset.decimals().unwrap_or(0);
        RampDepositView {
            object: "ramp_deposit",
            id: self.id,
            user_id: self.user_id,
            environment: self.environment,
            kind: self.kind,
            status: self.status,
            network: self.asset.network(),
            token_id: match self.asset {
                Asset::Token { token_id, .. } => Some(token_id),
                Asset::Currency(_) => None,
            },
            symbol: self.asset.symbol(),
            amount: self.amount.decimal(decimals),
            amount_base: self.amount.0.to_string(),
            invoice_id: self.invoice_id,
            source_id: self.received_at.map(|key| key.uuid().to_string()),
            tx_hash: self.tx_hash.clone(),
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
        }
    }
}

/// Gives a user something out of the merchant's balance; the commit refuses what is not there.
pub fn credit(
    user: &RampUser,
    ask: CreditAsk,
    origin: Origin,
    fresh: &mut Fresh,
) -> Result<(RampDeposit, Changes), Refusal> {
    if ask.amount == TokenAmount::ZERO || ask.amount.0 > AMOUNT_MAX {
        return Err(Refusal::invalid("amount", "must be above zero, and not that large"));
    }
    let now = fresh.now();
    let deposit = RampDeposit {
        id: RampDepositId::fresh(fresh),
        user_id: user.id,
        merchant_id: user.merchant_id,
        environment: user.environment,
        kind: DepositKind::Credit,
        status: DepositStatus::Completed,
        asset: ask.asset,
        amount: ask.amount,
        invoice_id: None,
        received_at: None,
        tx_hash: None,
        created_at: now,
        updated_at: now,
        version: 0,
    };
    let movement = Movement {
        debit: deposit.merchant_account(),
        credit: deposit.user_account(),
        amount: ask.amount,
        reason: TransferReason::UserCredit,
        object: deposit.key(),
    };
    let mut changes = Changes::of(user.merchant_id);
    changes.transfer(Transfer::covered(movement, fresh));
    user.guard(&mut changes);
    deposit.clone().record_created(&mut changes, origin, now);
    Ok((deposit, changes))
}

/// Money that reached a user's balance.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = RampDeposit)]
pub struct RampDepositView {
    /// Always `ramp_deposit`.
    pub object: &'static str,
    pub id: RampDepositId,
    pub user_id: RampUserId,
    pub environment: Environment,
    pub kind: DepositKind,
    pub status: DepositStatus,
    /// Null for bank money.
    pub network: Option<Network>,
    pub token_id: Option<TokenId>,
    /// The token's symbol, or the currency's three letters.
    pub symbol: Option<&'static str>,
    /// In whole units.
    pub amount: String,
    /// In the smallest unit.
    pub amount_base: String,
    /// The invoice it came from.
    pub invoice_id: Option<InvoiceId>,
    /// The deposit address or virtual account it came to.
    pub source_id: Option<String>,
    pub tx_hash: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}
