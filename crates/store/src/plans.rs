//! Every text a list can have, so that a test has both databases explain all of them.
//!
//! Lists are composed of fragments, so a bad plan may hide in one combination of filters. A list
//! that is not named here is not checked: add it with the list.

use domain::chain::Reach;
use domain::delivery::{DeliveryStatus, EventPlace};
use domain::environment::Environment;
use domain::event::{EventType, Selection};
use domain::ids::{EndpointId, InvoiceId, MemberId, MerchantId, RampUserId, RowKey};
use domain::invoice::{Invoice, InvoiceStatus, InvoiceType};
use domain::ledger::{Day, Hold, PlacedTransfer};
use domain::network::Network;
use domain::onchain_deposit::OnchainDeposit;
use domain::onramp::{Onramp, OnrampStatus};
use domain::order::{Order, OrderStatus};
use domain::payout::{Payout, PayoutStatus};
use domain::ramp_address::AddressPurpose;
use domain::receipt_mail::ReceiptMail;
use domain::retailer::Retailer;
use domain::retention::Passing;
use domain::screening_review::ReviewState;
use domain::send::Send;
use domain::settlement::Pool;
use domain::time::Timestamp;
use domain::token::TokenId;
use domain::verification::Verification;
use domain::virtual_account::VirtualAccount;

use crate::deliveries::{self, DeliveryFilter, QueuePlace};
use crate::events::{self, EventFilter, Walk};
use crate::invoices::InvoiceFilter;
use crate::ledger::{self, LedgerFilter};
use crate::lists::{List, Page};
use crate::log;
use crate::onramps::{self, OnrampFilter};
use crate::orders::OrderFilter;
use crate::payouts::{self, PayoutFilter};
use crate::relation::catalog;
use crate::row::{Row, Value};
use crate::sweep::{self, OLDEST_ENTRIES};
use crate::{
    allowed_destinations, api_keys, audit, bank_accounts, counters, delivery_attempts,
    deposit_addresses, invoices, kyc_cases, ledger_days, ledger_verify, members, merchants,
    onchain_deposits, payments, products, quotes, ramp_addresses, ramp_deposits, ramp_quotes,
    ramp_users, refunds, screening_reviews, sends, settlement_wallets, settlements,
    shipping_addresses, sign_ins, simulated, token_rules, unmatched, verifications,
    virtual_accounts, watch_cursors, webhook_endpoints,
};

/// One text, with values of the kinds it takes.
#[derive(Clone, Debug)]
pub struct Statement {
    pub table: &'static str,
    pub sql: String,
    pub params: Vec<Value>,
}

impl Statement {
    fn of<R: Row>(list: List<R>) -> Statement {
        let (sql, params) = list.statement();
        Statement { table: R::TABLE.name, sql, params }
    }

    /// What a sweep deletes. It names rows as each engine likes best, in this same order.
    fn of_sweep(passing: Passing) -> Statement {
        let order = sweep::Order::of(passing);
        let params = vec![order.start(), order.at(NOW), Value::Int(5)];
        Statement { table: order.table, sql: order.oldest(order.column), params }
    }

    fn of_log_sweep() -> Statement {
        let params = [0, 0, 7, 5].map(Value::Int).into();
        Statement { table: "log", sql: OLDEST_ENTRIES.to_owned(), params }
    }

    fn total(list: List<Invoice>) -> Statement {
        let (sql, params) = list.into_parts();
        Statement { table: Invoice::TABLE.name, sql, params }
    }
}

const KEY: RowKey = RowKey([7; 16]);
const MERCHANT: MerchantId = MerchantId(1);
const NOW: Timestamp = Timestamp(1_766_320_496_000);
const NETWORK: (Environment, Network) = (Environment::Devnet, Network::Base);
const REACH: Reach = Reach { head: 7, finalized: Some(5) };
const PAGES: [Page; 3] = [Page::First, Page::After(KEY), Page::Before(KEY)];

/// Every list there is, each in every combination of its filters.
pub fn statements() -> Vec<Statement> {
    let all: [fn() -> Vec<Statement>; 8] = [
        of_invoices,
        of_payments,
        of_events,
        of_webhooks,
        of_the_ledger,
        of_orders,
        of_the_others,
        of_sweeps,
    ];
    all.into_iter().flat_map(|of| of()).collect()
}

fn of_invoices() -> Vec<Statement> {
    let mut statements = vec![Statement::of(invoices::due(NOW).limit(5))];
    for filter in filters() {
        statements.push(Statement::total(filter.totals()));
        statements.extend(PAGES.map(|page| Statement::of(filter.list(page, 5))));
    }
    statements
}

/// Every combination that makes another text.
fn filters() -> Vec<InvoiceFilter> {
    let statuses = [vec![], vec![InvoiceStatus::Paid], vec![InvoiceStatus::Unpaid; 2]];
    let types = [vec![], vec![InvoiceType::Standard], vec![InvoiceType::Commerce]];
    let mut filters = vec![InvoiceFilter::of(MERCHANT)];
    let mut vary = |change: &dyn Fn(&InvoiceFilter) -> Vec<InvoiceFilter>| {
        filters = filters.iter().flat_map(change).collect();
    };
    vary(&|filter| {
        let set = |environment| InvoiceFilter { environment, ..filter.clone() };
        [None, Some(Environment::Devnet)].map(set).to_vec()
    });
    vary(&|filter| {
        let set =
            |statuses: &Vec<_>| InvoiceFilter { statuses: statuses.clone(), ..filter.clone() };
        statuses.iter().map(set).collect()
    });
    vary(&|filter| {
        let set = |types: &Vec<_>| InvoiceFilter { types: types.clone(), ..filter.clone() };
        types.iter().map(set).collect()
    });
    vary(&|filter| {
        let set = |customer_id| InvoiceFilter { customer_id, ..filter.clone() };
        [None, Some("c".to_owned())].map(set).to_vec()
    });
    vary(&|filter| {
        let set = |payer_wallet| InvoiceFilter { payer_wallet, ..filter.clone() };
        [None, Some("w".to_owned())].map(set).to_vec()
    });
    vary(&|filter| {
        let set = |payer_network| InvoiceFilter { payer_network, ..filter.clone() };
        [None, Some(Network::Base)].map(set).to_vec()
    });
    vary(&|filter| {
        let set = |created_from| InvoiceFilter { created_from, ..filter.clone() };
        [None, Some(NOW)].map(set).to_vec()
    });
    vary(&|filter| {
        let set = |created_to| InvoiceFilter { created_to, ..filter.clone() };
        [None, Some(NOW)].map(set).to_vec()
    });
    filters
}

fn of_payments() -> Vec<Statement> {
    let place = (Environment::Devnet, Network::Base);
    let invoice_id = InvoiceId::from(KEY);
    let mut statements = vec![
        Statement::of(payments::of_invoice(invoice_id, 5)),
        Statement::of(payments::deep(place, Reach { head: 7, finalized: Some(5) }).limit(5)),
        Statement::of(payments::from_block(place, 7, None).limit(5)),
        Statement::of(payments::from_block(place, 7, Some(KEY)).limit(5)),
    ];
    let pool = Pool {
        merchant_id: MERCHANT,
        environment: Environment::Devnet,
        network: Network::Base,
        token_id: TokenId(1),
        receiver: String::new(),
    };
    let (whose, asset) = ((MERCHANT, pool.environment), (pool.network, pool.token_id));
    statements.push(Statement::of(payments::next_to_settle(&pool).limit(1)));
    statements.push(Statement::of(payments::to_settle(&pool, None).limit(5)));
    statements.push(Statement::of(payments::to_settle(&pool, Some(KEY)).limit(5)));
    statements.push(Statement::of(payments::standing(whose, asset).limit(5)));
    let several = [1, 10, 100]
        .into_iter()
        .filter_map(|count| payments::of_invoices(&vec![invoice_id; count], 5));
    statements.extend(several.map(Statement::of));
    statements
}

fn of_events() -> Vec<Statement> {
    let ints = |count: usize| vec![Value::Int(1); count];
    let log = |sql: &str, params| Statement { table: "log", sql: sql.to_owned(), params };
    let mut statements = vec![log(events::HEADINGS, ints(3)), log(events::AT_OR_AFTER, ints(2))];
    let (sql, params) = events::at_places(0, &[7]).into_parts();
    statements.push(log(&sql, params));
    let one = |wanted| Selection::of(|kind| kind == wanted);
    let selections = [Selection::all(), one(EventType::InvoiceUpdated)];
    let all = EventFilter::of(MERCHANT);
    let (from, to) = (Some(NOW), Some(NOW));
    let filters = [
        all.clone(),
        EventFilter { environment: Some(Environment::Devnet), ..all.clone() },
        EventFilter { created_from: from, created_to: to, ..all.clone() },
        EventFilter { is_commerce_only: true, ..all.clone() },
        EventFilter { invoice_id: Some(InvoiceId::from(KEY)), ..all.clone() },
        EventFilter { order_id: Some(KEY), ..all.clone() },
        EventFilter { invoice_id: Some(InvoiceId::from(KEY)), order_id: Some(KEY), ..all },
    ];
    let walks = [
        Walk::Back { before: None, not_before: 0 },
        Walk::Back { before: Some(7), not_before: 3 },
        Walk::Forth { after: 0, up_to: None },
        Walk::Forth { after: 0, up_to: Some(7) },
    ];
    for filter in filters {
        for (selection, walk) in
            selections.into_iter().flat_map(|one| walks.map(|walk| (one, walk)))
        {
            let filter = EventFilter { selection, ..filter.clone() };
            let (sql, params) = filter.list(walk, 5).into_parts();
            statements.push(Statement { table: "log", sql, params });
        }
    }
    statements
}

fn of_webhooks() -> Vec<Statement> {
    let endpoint = EndpointId(KEY);
    let place = QueuePlace { due_at: NOW, key: KEY };
    let event = EventPlace { created_at: NOW, lane: 0, sequence: 7 };
    let delivery = event.delivery_key(1);
    let waiting = vec![Value::Key(KEY), Value::Int(5)];
    let mut statements = vec![
        Statement::of(webhook_endpoints::of_merchant(MERCHANT)),
        Statement::of(webhook_endpoints::recovering().limit(5)),
        Statement::of(webhook_endpoints::any().limit(1)),
        Statement::of(deliveries::due(endpoint, NOW, None).limit(5)),
        Statement::of(deliveries::due(endpoint, NOW, Some(place)).limit(5)),
        Statement::of(delivery_attempts::between(delivery, KEY)),
        Statement { table: "deliveries", sql: deliveries::WAITING.to_owned(), params: waiting },
    ];
    for page in PAGES {
        for status in [None, Some(DeliveryStatus::Failed)] {
            for (endpoints, event) in [(1, None), (1, Some(event)), (2, None), (2, Some(event))] {
                for environment in [None, Some(Environment::Devnet)] {
                    let endpoints = vec![endpoint; endpoints];
                    let filter = DeliveryFilter { endpoints, status, environment, event };
                    statements.push(Statement::of(filter.list(page, 5)));
                }
            }
        }
    }
    statements
}

fn of_the_ledger() -> Vec<Statement> {
    let placed = |list: List<PlacedTransfer>| {
        let (tail, params) = list.into_parts();
        let relation = catalog().transfers();
        let sql = format!("SELECT {} FROM transfers {tail}", relation.column_list());
        Statement { table: relation.name, sql, params }
    };
    let place = (MERCHANT, Environment::Devnet);
    let mut statements = vec![
        Statement::of(List::<Hold>::due(NOW).limit(5)),
        Statement::of(ledger_days::between(place, (Day(1), Day(2)))),
        Statement::of(ledger_verify::days_after(KEY).limit(5)),
    ];
    for page in PAGES {
        statements.push(placed(ledger::of_owner(KEY, page, 5)));
        for moment in [None, Some(NOW)] {
            let filter = LedgerFilter {
                merchant_id: MERCHANT,
                environment: Environment::Devnet,
                created_from: moment,
                created_to: moment,
            };
            statements.push(placed(ledger::of_merchant(filter, page, 5)));
        }
    }
    statements
}

fn of_orders() -> Vec<Statement> {
    let mut statements = vec![Statement::of(List::<Order>::due(NOW).limit(5))];
    for shopper in [None, Some(KEY)] {
        for status in [None, Some(OrderStatus::Placed)] {
            for retailer in [None, Some(Retailer::Ebay)] {
                for moment in [None, Some(NOW)] {
                    let filter = OrderFilter {
                        merchant_id: MERCHANT,
                        environment: Environment::Devnet,
                        shopper,
                        status,
                        retailer,
                        created_from: moment,
                        created_to: moment,
                    };
                    statements.push(Statement::of(filter.list((5, 10))));
                }
            }
        }
    }
    statements
}

/// What every process follows.
fn of_notices() -> Statement {
    let relation = catalog().log();
    let sql = format!("SELECT {} FROM log {}", relation.column_list(), log::NOTICES);
    Statement { table: relation.name, sql, params: vec![Value::Int(1); 3] }
}

/// Those of some days, and the gauges.
fn of_counters() -> Statement {
    let params = vec![Value::Text("a".to_owned()), Value::Text("b".to_owned())];
    Statement { table: "counters", sql: counters::SUMS.to_owned(), params }
}

fn of_the_others() -> Vec<Statement> {
    let invoice_id = InvoiceId::from(KEY);
    let place = (MERCHANT, Environment::Devnet);
    let mut statements = vec![
        of_notices(),
        of_counters(),
        Statement::of(products::after(KEY).limit(5)),
        Statement::of(quotes::of_invoice(invoice_id, 5)),
        Statement::of(deposit_addresses::of_invoice(invoice_id)),
        Statement::of(merchants::after(Some(MERCHANT)).limit(5)),
        Statement::of(merchants::requesting_mainnet().limit(5)),
        Statement::of(members::of_merchant(MERCHANT)),
        Statement::of(api_keys::of_merchant(MERCHANT)),
        Statement::of(api_keys::demo().limit(1)),
        Statement::of(token_rules::of_merchant(MERCHANT)),
        Statement::of(List::<Verification>::due(NOW).limit(5)),
        Statement::of(List::<ReceiptMail>::due(NOW).limit(5)),
        Statement::of(verifications::of_invoice(invoice_id).limit(1)),
        Statement::of(sign_ins::of_member(MemberId::from(KEY), NOW)),
        Statement::of(watch_cursors::all()),
        Statement::of(List::<Payout>::due(NOW).limit(5)),
        Statement::of(List::<Onramp>::due(NOW).limit(5)),
        Statement::of(List::<VirtualAccount>::due(NOW).limit(5)),
        Statement::of(List::<OnchainDeposit>::due(NOW).limit(5)),
        Statement::of(onchain_deposits::deep(NETWORK, REACH).limit(5)),
        Statement::of(onchain_deposits::from_block(NETWORK, 7, None).limit(5)),
        Statement::of(onchain_deposits::from_block(NETWORK, 7, Some(KEY)).limit(5)),
        Statement::of(simulated::in_blocks(Network::Base, 1, 2).limit(5)),
        Statement::of(simulated::by_hash(Network::Base, "0x1").limit(1)),
        Statement::of(simulated::to_address(Network::Base, "0x1").limit(5)),
        Statement::of(simulated::from_address(Network::Base, "0x1").limit(5)),
        Statement::of(settlement_wallets::of_merchant(place)),
        Statement::of(allowed_destinations::of_merchant(place).limit(5)),
        Statement::of(List::<Send>::due(NOW).limit(5)),
        Statement::of(sends::of_parent(KEY).limit(5)),
        Statement::of(sends::of_account(KEY).limit(5)),
        Statement::of(sends::exported(Network::Base).limit(5)),
        Statement::of(shipping_addresses::of_shopper(KEY, 0, 5)),
    ];
    for page in PAGES {
        let user = RampUserId::from(KEY);
        let purpose = AddressPurpose::Deposit;
        statements.push(Statement::of(virtual_accounts::of_user(user, page, 5)));
        statements.push(Statement::of(ramp_quotes::of_user(user, page, 5)));
        statements.push(Statement::of(ramp_addresses::of_user(user, purpose, page, 5)));
        statements
            .extend(onramp_filters().map(|filter| Statement::of(onramps::of(filter, page, 5))));
        statements
            .extend(payout_filters().map(|filter| Statement::of(payouts::of(filter, page, 5))));
        statements.extend([
            Statement::of(ramp_users::of_merchant(place, page, 5)),
            Statement::of(kyc_cases::of_user(user, page, 5)),
            Statement::of(bank_accounts::of_user(user, page, 5)),
            Statement::of(ramp_deposits::of_user(user, page, 5)),
            Statement::of(screening_reviews::of_state(ReviewState::Open, page, 5)),
        ]);
        statements.push(Statement::of(products::of_merchant(place, page, 5)));
        statements.push(Statement::of(audit::of_merchant(MERCHANT, page, 5)));
        statements.push(Statement::of(settlements::of_merchant(place, page, 5)));
        statements.push(Statement::of(refunds::of_merchant(place, page, 5)));
        statements.push(Statement::of(refunds::of_invoice(invoice_id, page, 5)));
        for network in [None, Some(Network::Base)] {
            statements.push(Statement::of(unmatched::of_merchant(place, network, page, 5)));
        }
    }
    statements
}

fn payout_filters() -> impl Iterator<Item = PayoutFilter> {
    let users = [None, Some(RampUserId::from(KEY))];
    let of_user = |user_id| {
        [None, Some(PayoutStatus::Paid)].map(|status| PayoutFilter {
            merchant_id: MERCHANT,
            environment: Environment::Devnet,
            user_id,
            status,
        })
    };
    users.into_iter().flat_map(of_user)
}

fn onramp_filters() -> impl Iterator<Item = OnrampFilter> {
    let users = [None, Some(RampUserId::from(KEY))];
    let of_user = |user_id| {
        [None, Some(OnrampStatus::Sent)].map(|status| OnrampFilter {
            merchant_id: MERCHANT,
            environment: Environment::Devnet,
            user_id,
            status,
        })
    };
    users.into_iter().flat_map(of_user)
}

fn of_sweeps() -> Vec<Statement> {
    let mut statements = Passing::ALL.map(Statement::of_sweep).to_vec();
    statements.push(Statement::of_log_sweep());
    statements
}
