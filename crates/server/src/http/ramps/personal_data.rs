//! A person's right to his data: everything that is kept of him, and forgetting it.
//!
//! Forgetting is two commits. The first closes the user, so that no request gives him money any
//! more; then his balances and what is on its way are looked at, and only without any is he
//! forgotten. A process that dies between them leaves him closed, and asking again goes on. An
//! invoice that is paid between them credits him, and the second is refused. The ledger keeps its
//! numbers.

use axum::extract::State;
use axum::response::Response;
use domain::bank_account::{BankAccount, BankAccountView, Numbers};
use domain::changes::Changes;
use domain::currency::Currency;
use domain::environment::Environment;
use domain::ids::{BankAccountId, MerchantId, RampUserId, RowKey};
use domain::kyc::{KycCase, KycCaseView};
use domain::ledger::{AccountKind, Balance, BalanceView, PlacedTransfer};
use domain::member::Role;
use domain::money::TokenAmount;
use domain::onramp::{Onramp, OnrampView};
use domain::payout::{Payout, PayoutView};
use domain::ramp_address::{AddressPurpose, RampAddress, RampAddressView};
use domain::ramp_deposit::{RampDeposit, RampDepositView};
use domain::ramp_quote::{RampQuote, RampQuoteView, worth};
use domain::ramp_user::{self, Held, Identification, RampUser, RampUserView, StatementLine};
use domain::refusal::Refusal;
use domain::virtual_account::{VirtualAccount, VirtualAccountStatus, VirtualAccountView};
use serde::{Deserialize, Serialize};
use store::{OnrampFilter, Page, PayoutFilter, StoreError};
use utoipa::ToSchema;

use super::balances::statement;
use super::{unreadable, user_of};
use crate::app::{App, Shared};
use crate::http::auth::{Caller, MerchantCaller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::http::page::List;
use crate::ramp_pricing::pricing;

const PAGE: i64 = 200;
/// What an export holds of each kind; what is beyond it is in the lists.
const ROWS_MAX: usize = 20_000;

/// Walks a list to its end, within a bound.
macro_rules! whole_list {
    ($key:expr, |$page:ident| $read:expr) => {{
        let (mut rows, mut $page) = (Vec::new(), Page::First);
        loop {
            let read = $read.await?;
            let Some(last) = read.last() else { break };
            $page = Page::After($key(last));
            rows.extend(read);
            if rows.len() >= ROWS_MAX {
                break;
            }
        }
        rows
    }};
}

/// Everything that is kept of a person. No `Debug`: it holds what is sealed elsewhere.
#[derive(Serialize, ToSchema)]
pub struct RampUserExport {
    /// Always `ramp_user_export`.
    pub object: &'static str,
    pub user: RampUserView,
    pub birth_date: Option<String>,
    pub identifications: Vec<Identification>,
    pub kyc_cases: Vec<KycCaseView>,
    pub bank_accounts: Vec<ExportedBankAccount>,
    pub deposits: Vec<RampDepositView>,
    pub balances: Vec<BalanceView>,
    pub transactions: Vec<StatementLine>,
    pub quotes: Vec<RampQuoteView>,
    pub payouts: Vec<PayoutView>,
    pub onramps: Vec<OnrampView>,
    pub deposit_addresses: Vec<RampAddressView>,
    pub liquidation_addresses: Vec<RampAddressView>,
    pub virtual_accounts: Vec<VirtualAccountView>,
    /// Epoch seconds.
    pub exported_at: i64,
}

/// An account with its numbers. No `Debug`, for the same reason.
#[derive(Serialize, ToSchema)]
pub struct ExportedBankAccount {
    #[serde(flatten)]
    pub account: BankAccountView,
    /// The fields of its corridor; null once they were erased.
    #[serde(rename = "account")]
    #[schema(value_type = Option<Object>)]
    pub numbers: Option<Numbers>,
}

/// Export everything that is kept of a user
///
/// With his numbers and his birth date, which no other route answers. Noted in the audit log.
#[utoipa::path(
    get,
    path = "/api/v1/ramps/users/{user_id}/export",
    tag = "Ramps",
    operation_id = "exportRampUser",
    params(("user_id" = RampUserId, Path), EnvironmentQuery),
    responses(
        (status = 200, description = "Everything", body = RampUserExport),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn export(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    caller.require_role(Role::Developer)?;
    let environment = caller.environment(&app, query.environment).await?;
    let user = user_of(&app, (caller.merchant_id, environment), id).await?;
    let person = user.open_person(&app.keys).map_err(unreadable)?;
    let store = &app.store;
    let cases = whole_list!(KycCase::key, |page| store.kyc_cases_of_user(id, page, PAGE));
    let accounts = all_accounts(&app, id).await?;
    let deposits =
        whole_list!(RampDeposit::key, |page| store.ramp_deposits_of_user(id, page, PAGE));
    let key_of = |row: &PlacedTransfer| row.id.key();
    let postings =
        whole_list!(key_of, |page| { store.balance_transactions_of_owner(user.key(), page, PAGE) });
    let postings = List { object: "list", data: postings, has_more: false };
    let balances = app.store.balances_of_owner(user.merchant_id, user.key()).await?;
    let bank_accounts = accounts.into_iter().map(|account| {
        let numbers = account.open_numbers(&app.keys).map_err(unreadable)?;
        Ok::<_, ApiError>(ExportedBankAccount { account: account.view(), numbers })
    });
    let money = Money::of(&app, (caller.merchant_id, environment), id).await?;
    let now = app.now();
    let answer = Answer::ok(&RampUserExport {
        object: "ramp_user_export",
        user: user.view(now),
        birth_date: person.birth_date.clone(),
        identifications: person.identifications.clone(),
        kyc_cases: cases.iter().map(|case| case.view(None)).collect(),
        bank_accounts: bank_accounts.collect::<Result<_, _>>()?,
        deposits: deposits.iter().map(RampDeposit::view).collect(),
        balances: balances
            .iter()
            .filter(|balance| balance.account.kind == AccountKind::User)
            .map(|balance| balance.view())
            .collect(),
        transactions: statement(&app, id, postings).await?.data,
        quotes: money.quotes.iter().map(|quote| quote.view(now)).collect(),
        payouts: money.payouts.iter().map(Payout::view).collect(),
        onramps: money.onramps.iter().map(Onramp::view).collect(),
        deposit_addresses: money.deposit_addresses.iter().map(RampAddress::view).collect(),
        liquidation_addresses: money.liquidation_addresses.iter().map(RampAddress::view).collect(),
        virtual_accounts: money.virtual_accounts.iter().map(VirtualAccount::view).collect(),
        exported_at: now.seconds(),
    });
    let mut changes = Changes::of(caller.merchant_id);
    changes.insert(caller.audit("ramp_user.exported", id, &mut app.fresh()));
    app.commit(changes).await?;
    Ok(answer)
}

/// What a user asked for and was given to move money with, each kind within the same bound.
struct Money {
    quotes: Vec<RampQuote>,
    payouts: Vec<Payout>,
    onramps: Vec<Onramp>,
    deposit_addresses: Vec<RampAddress>,
    liquidation_addresses: Vec<RampAddress>,
    virtual_accounts: Vec<VirtualAccount>,
}

impl Money {
    async fn of(
        app: &App,
        (merchant_id, environment): (MerchantId, Environment),
        id: RampUserId,
    ) -> Result<Money, StoreError> {
        let (store, user_id) = (&app.store, Some(id));
        let payouts = PayoutFilter { merchant_id, environment, user_id, status: None };
        let onramps = OnrampFilter { merchant_id, environment, user_id, status: None };
        let deposit = AddressPurpose::Deposit;
        // Any account will do: addresses of one purpose are asked for, wherever they lead.
        let liquidation = AddressPurpose::Liquidation(BankAccountId::from(RowKey([0; 16])));
        Ok(Money {
            quotes: whole_list!(RampQuote::key, |page| store.ramp_quotes_of_user(id, page, PAGE)),
            payouts: whole_list!(Payout::key, |page| store.payouts(payouts, page, PAGE)),
            onramps: whole_list!(Onramp::key, |page| store.onramps(onramps, page, PAGE)),
            deposit_addresses: whole_list!(RampAddress::key, |page| {
                store.ramp_addresses_of_user(id, deposit, page, PAGE)
            }),
            liquidation_addresses: whole_list!(RampAddress::key, |page| {
                store.ramp_addresses_of_user(id, liquidation, page, PAGE)
            }),
            virtual_accounts: whole_list!(VirtualAccount::key, |page| {
                store.virtual_accounts_of_user(id, page, PAGE)
            }),
        })
    }
}

async fn all_accounts(app: &App, id: RampUserId) -> Result<Vec<BankAccount>, StoreError> {
    Ok(whole_list!(BankAccount::key, |page| app.store.bank_accounts_of_user(id, page, PAGE)))
}

/// How a user is forgotten.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct EraseRampUser {
    /// Whether what is worth less than a dollar, of each token and currency he has, is left to you.
    forfeit_dust: bool,
}

/// What becomes of what no bank carries.
#[derive(Clone, Copy)]
enum Dust {
    Kept,
    Forfeited,
}

/// Forget a user
///
/// His name, e-mail, address, birth date, documents and bank accounts are gone for good; the ledger
/// keeps its postings under his id. Events that tell of him pass with the event retention. Refused
/// while he has a balance, or money on its way: on-ramps that are open or may still be paid late,
/// payouts that may still come back (45 days), deposits that wait for a chain or a human. Balances
/// that are worth less than a dollar each are left to you if you say `forfeit_dust`.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/users/{user_id}/erase",
    tag = "Ramps",
    operation_id = "eraseRampUser",
    params(
        ("user_id" = RampUserId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body(content = EraseRampUser, description = "May be left out"),
    responses(
        (status = 200, description = "What is left of the user", body = RampUserView),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
        (status = 409, description = "USER_HAS_BALANCE, or USER_CLOSED: he is forgotten already",
            body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn erase(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    caller.require_role(Role::Developer)?;
    let body = match write.body.is_empty() {
        true => EraseRampUser::default(),
        false => parse_json::<Option<EraseRampUser>>(&write.body)?.unwrap_or_default(),
    };
    let dust = if body.forfeit_dust { Dust::Forfeited } else { Dust::Kept };
    let environment = caller.environment(&app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let once = write.once(whose)?;
    let origin = caller.origin(once.key_text());
    let is_open = user_of(&app, whose, id).await?.erased_at.is_none();
    if is_open {
        close(&app, whose, id).await?;
    }
    let asked = (id, dust);
    let forgotten = || forgotten(&app, &caller, whose, asked, origin.clone());
    // What the commit misses of his dust is what somebody just took of it.
    let erased = once.answer_bounded(&app, forgotten, |_| Refusal::UserHasBalance.into()).await;
    if is_open && erased.is_err() {
        reopen(&app, whose, id).await?;
    }
    erased
}

async fn close(
    app: &App,
    whose: (MerchantId, Environment),
    id: RampUserId,
) -> Result<(), ApiError> {
    app.decide(|| async {
        let before = user_of(app, whose, id).await?;
        let mut changes = Changes::of(whose.0);
        let now = app.now();
        let after = before.clone().close(now)?;
        after.record_updated(&before, &mut changes, domain::event::Origin::default(), now);
        Ok((changes, ()))
    })
    .await
}

async fn reopen(
    app: &App,
    whose: (MerchantId, Environment),
    id: RampUserId,
) -> Result<(), ApiError> {
    app.decide(|| async {
        let before = user_of(app, whose, id).await?;
        let mut changes = Changes::of(whose.0);
        let after = before.clone().reopen();
        let now = app.now();
        after.record_updated(&before, &mut changes, domain::event::Origin::default(), now);
        Ok((changes, ()))
    })
    .await
}

async fn forgotten(
    app: &App,
    caller: &Caller,
    whose: (MerchantId, Environment),
    (id, dust): (RampUserId, Dust),
    origin: domain::event::Origin,
) -> Result<(Changes, Answer), ApiError> {
    let before: RampUser = user_of(app, whose, id).await?;
    if before.erased_at.is_some() {
        return Err(Refusal::UserClosed.into());
    }
    // First, so that what arrives between the two is seen as money he has.
    let (onramps, accounts) = with_nothing_on_its_way(app, whose, id).await?;
    let balances = app.store.balances_of_owner(whose.0, before.key()).await?;
    let mut fresh = app.fresh();
    let now = fresh.now();
    let mut changes = Changes::of(whose.0);
    let held = valued(app, balances, dust).await;
    ramp_user::forfeit(&before, &held, &mut changes, &mut fresh)?;
    for account in all_accounts(app, id).await? {
        account.erase(&mut changes, now);
    }
    for onramp in onramps {
        onramp.erase(&mut changes, now);
    }
    for account in accounts {
        account.erase(&mut changes, now);
    }
    let mut after = before.clone().erase(now);
    after.bank_account_count = 0;
    let mut shown = after.clone();
    shown.updated_at = now;
    after.record_erased(&mut changes, origin, now);
    changes.insert(caller.audit("ramp_user.erased", id, &mut fresh));
    Ok((changes, Answer::ok(&shown.view(now))))
}

/// What of his balances may be left behind has a value here, and nothing else has.
async fn valued(app: &App, balances: Vec<Balance>, dust: Dust) -> Vec<Held> {
    let mut all = Vec::new();
    for balance in balances {
        let asset = balance.account.asset;
        let value = match dust {
            Dust::Kept => None,
            Dust::Forfeited => {
                let ways = (asset, Currency::USD);
                let priced = pricing(app, balance.account.environment, ways).await.ok().flatten();
                let amount = u128::try_from(balance.balance).ok().map(TokenAmount);
                let known = priced.zip(amount).zip(asset.decimals());
                known.map(|((price, amount), places)| worth(amount, places, price.dollars))
            }
        };
        all.push(Held { balance, value });
    }
    all
}

/// His on-ramps and virtual accounts, if no money can come to him, or come back, any more.
async fn with_nothing_on_its_way(
    app: &App,
    (merchant_id, environment): (MerchantId, Environment),
    id: RampUserId,
) -> Result<(Vec<Onramp>, Vec<VirtualAccount>), ApiError> {
    let (store, user_id) = (&app.store, Some(id));
    let filter = OnrampFilter { merchant_id, environment, user_id, status: None };
    let onramps = whole_list!(Onramp::key, |page| store.onramps(filter, page, PAGE));
    let filter = PayoutFilter { merchant_id, environment, user_id, status: None };
    let payouts = whole_list!(Payout::key, |page| store.payouts(filter, page, PAGE));
    let deposits =
        whole_list!(RampDeposit::key, |page| store.ramp_deposits_of_user(id, page, PAGE));
    let accounts =
        whole_list!(VirtualAccount::key, |page| { store.virtual_accounts_of_user(id, page, PAGE) });
    let is_opening = |account: &VirtualAccount| account.status == VirtualAccountStatus::Pending;
    let is_busy = onramps.iter().any(Onramp::is_open)
        || payouts.iter().any(|payout| payout.may_come_back(app.now()))
        || deposits.iter().any(|deposit| deposit.status.is_undecided())
        || accounts.iter().any(is_opening);
    if is_busy {
        return Err(Refusal::UserHasBalance.into());
    }
    Ok((onramps, accounts))
}
