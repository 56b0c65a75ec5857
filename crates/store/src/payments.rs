//! Payments as rows, and the ones a page of invoices, a deeper head or a reorg asks for.
//!
//! What waits for confirmations is found through an index of just those, so that the look at every
//! new block costs nothing for the payments of the past.

use domain::chain::Reach;
use domain::changes::Noun;
use domain::environment::Environment;
use domain::ids::{InvoiceId, MerchantId, PaymentId, RowKey};
use domain::network::Network;
use domain::payment::{Outflow, Payment, PaymentStatus, Posting, SettlementStatus};
use domain::settlement::Pool;
use domain::token::TokenId;

use crate::error::StoreError;
use crate::lists::{List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 26] = [
    frozen("invoice_id", Kind::Key),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("network", Kind::Int),
    frozen("token_id", Kind::Int).or_null(),
    frozen("token_address", Kind::Text).or_null(),
    frozen("amount", Kind::Bytes),
    frozen("value", Kind::Int),
    frozen("tx_hash", Kind::Text),
    frozen("ordinal", Kind::Int),
    frozen("required_confirmations", Kind::Int),
    frozen("from_address", Kind::Text).or_null(),
    frozen("to_address", Kind::Text),
    mutable("is_late", Kind::Int),
    frozen("created_at", Kind::Int),
    mutable("log_index", Kind::Int).or_null(),
    mutable("block_number", Kind::Int),
    mutable("block_hash", Kind::Text),
    mutable("block_time", Kind::Int),
    mutable("status", Kind::Int),
    mutable("settlement_status", Kind::Int),
    mutable("is_counted", Kind::Int),
    mutable("posting", Kind::Int),
    mutable("confirmed_at", Kind::Int).or_null(),
    frozen("receiver", Kind::Text),
    // Null while nothing left its address.
    mutable("outflow", Kind::Text).or_null(),
];

impl Row for Payment {
    const TABLE: Table = Table {
        noun: Noun::Payment,
        name: "payments",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            self.invoice_id.into(),
            self.merchant_id.into(),
            self.environment.into(),
            self.network.into(),
            self.token_id.into(),
            self.token_address.into(),
            self.amount.into(),
            self.value.into(),
            self.tx_hash.into(),
            self.ordinal.into(),
            self.required_confirmations.into(),
            self.from_address.into(),
            self.to_address.into(),
            self.is_late.into(),
            self.created_at.into(),
            self.log_index.into(),
            self.block_number.into(),
            self.block_hash.into(),
            self.block_time.into(),
            self.status.code().into(),
            self.settlement_status.code().into(),
            self.is_counted.into(),
            self.posting.code().into(),
            self.confirmed_at.into(),
            self.receiver.into(),
            if self.outflow.is_empty() { Value::Null } else { Value::json(&self.outflow) },
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Payment, StoreError> {
        Ok(Payment {
            id: PaymentId::from(cells.key),
            version: cells.version,
            invoice_id: cells.key()?.into(),
            merchant_id: cells.merchant_id()?,
            environment: cells.environment()?,
            network: cells.network()?,
            token_id: cells.maybe_int()?.map(TokenId),
            token_address: cells.maybe_text()?,
            amount: cells.token_amount()?,
            value: cells.usd()?,
            tx_hash: cells.text()?,
            ordinal: cells.int()?,
            required_confirmations: cells.int()?,
            from_address: cells.maybe_text()?,
            to_address: cells.text()?,
            is_late: cells.flag()?,
            created_at: cells.time()?,
            log_index: cells.maybe_int()?,
            block_number: cells.int()?,
            block_hash: cells.text()?,
            block_time: cells.time()?,
            status: cells.coded(PaymentStatus::from_code)?,
            settlement_status: cells.coded(SettlementStatus::from_code)?,
            is_counted: cells.flag()?,
            posting: cells.coded(Posting::from_code)?,
            confirmed_at: cells.maybe_time()?,
            receiver: cells.text()?,
            outflow: match cells.maybe_text()? {
                None => Outflow::default(),
                Some(text) => serde_json::from_str(&text).map_err(|_| cells.corrupt())?,
            },
        })
    }
}

/// A statement names as many invoices as one of these, so that there are three texts to prepare
/// and not a hundred.
const INVOICES_OF_A_STATEMENT: [usize; 3] = [1, 10, 100];
const INVOICES_MAX: usize = 100;

pub(crate) fn of_invoice(invoice_id: InvoiceId, limit: i64) -> List<Payment> {
    List::new("").bind(" WHERE invoice_id = ", invoice_id).page(Page::First, limit)
}

/// At most `INVOICES_MAX` different invoices. The statement is filled up with one nobody has.
pub(crate) fn of_invoices(invoice_ids: &[InvoiceId], per_invoice: i64) -> Option<List<Payment>> {
    let count = INVOICES_OF_A_STATEMENT.into_iter().find(|count| *count >= invoice_ids.len())?;
    let nobodys = InvoiceId::from(RowKey([0; 16]));
    let filled = invoice_ids.iter().copied().chain(std::iter::repeat(nobodys)).take(count);
    let newest = |list: List<Payment>, invoice_id| {
        list.bind(" WHERE invoice_id = ", invoice_id).page(Page::First, per_invoice)
    };
    Some(List::of_branches(filled, newest).merge(Page::First, i64::MAX))
}

/// What waits and is final: many shallow payments must not stand before one that is deep.
pub(crate) fn deep(
    (environment, network): (Environment, Network),
    Reach { head, finalized }: Reach,
) -> List<Payment> {
    let place = |block: u64| i64::try_from(block).unwrap_or(i64::MAX);
    // Without finality none is: no block lies below zero.
    let finalized = finalized.map_or(-1, place);
    List::new(" WHERE status IN (0, 3)")
        .bind(" AND environment = ", environment)
        .bind(" AND network = ", network)
        .bind(" AND block_number <= ", place(head))
        .bind(" AND (block_number + required_confirmations - 1 <= ", place(head))
        .bind(" OR block_number <= ", finalized)
        .push(") ORDER BY block_number")
}

/// Few rows by their blocks, then sorted: `COALESCE` keeps a planner from reading all payments
/// in the order of their keys instead.
pub(crate) fn from_block(
    (environment, network): (Environment, Network),
    block_number: i64,
    after: Option<RowKey>,
) -> List<Payment> {
    List::new(" WHERE status <> 4")
        .bind(" AND environment = ", environment)
        .bind(" AND network = ", network)
        .bind(" AND block_number >= ", block_number)
        .bind_some(" AND COALESCE(key, key) > ", after)
        .push(" ORDER BY COALESCE(key, key)")
}

/// The oldest payment of the pool after another one: how pools are walked without naming them.
///
/// Always after some pool: a walk without a lower end would read the index through.
pub(crate) fn next_to_settle(after: &Pool) -> List<Payment> {
    List::new(" WHERE status = 2 AND settlement_status = 0 AND posting = 1")
        .bind(" AND (merchant_id, environment, network, token_id, receiver) > (", after.merchant_id)
        .bind(", ", after.environment)
        .bind(", ", after.network)
        .bind(", ", after.token_id)
        .bind(", ", after.receiver.clone())
        .push(") ORDER BY merchant_id, environment, network, token_id, receiver, key")
}

/// Before every pool there is.
fn before_all() -> Pool {
    Pool {
        merchant_id: MerchantId(i64::MIN),
        environment: Environment::Devnet,
        network: Network::ALL[0],
        token_id: TokenId(i64::MIN),
        receiver: String::new(),
    }
}

/// What waits of one pool, the oldest first, after the payment with a key.
pub(crate) fn to_settle(pool: &Pool, after: Option<RowKey>) -> List<Payment> {
    List::new(" WHERE status = 2 AND settlement_status = 0 AND posting = 1")
        .bind(" AND merchant_id = ", pool.merchant_id)
        .bind(" AND environment = ", pool.environment)
        .bind(" AND network = ", pool.network)
        .bind(" AND token_id = ", pool.token_id)
        .bind(" AND receiver = ", pool.receiver.clone())
        .bind_some(" AND key > ", after)
        .push(" ORDER BY merchant_id, environment, network, token_id, receiver, key")
}

/// A merchant's payments in one token that may still stand on addresses, the newest first.
pub(crate) fn standing(
    (merchant_id, environment): (MerchantId, Environment),
    (network, token_id): (Network, TokenId),
) -> List<Payment> {
    List::new(" WHERE status IN (1, 2) AND settlement_status <> 4")
        .bind(" AND merchant_id = ", merchant_id)
        .bind(" AND environment = ", environment)
        .bind(" AND network = ", network)
        .bind(" AND token_id = ", token_id)
        .push(" ORDER BY merchant_id DESC, environment DESC, network DESC, token_id DESC, key DESC")
}

impl Store {
    /// The oldest payment to be settled of the pool that comes after another one.
    pub async fn next_pool_to_settle(
        &self,
        after: Option<&Pool>,
    ) -> Result<Option<Pool>, StoreError> {
        let lowest = before_all();
        let first = next_to_settle(after.unwrap_or(&lowest)).read_one(self).await?;
        Ok(first.as_ref().and_then(Pool::of))
    }

    /// Payments of one pool that wait to be settled, the oldest first; `after` is the key of the
    /// last one of the page before.
    pub async fn payments_to_settle(
        &self,
        pool: &Pool,
        after: Option<RowKey>,
        limit: i64,
    ) -> Result<Vec<Payment>, StoreError> {
        to_settle(pool, after).limit(limit).read(self).await
    }

    /// A merchant's payments in one token that may still stand on addresses of ours.
    pub async fn payments_standing(
        &self,
        whose: (MerchantId, Environment),
        asset: (Network, TokenId),
        limit: i64,
    ) -> Result<Vec<Payment>, StoreError> {
        standing(whose, asset).limit(limit).read(self).await
    }

    /// The newest payments of an invoice, newest first.
    pub async fn payments_of_invoice(
        &self,
        invoice_id: InvoiceId,
        limit: i64,
    ) -> Result<Vec<Payment>, StoreError> {
        of_invoice(invoice_id, limit).read(self).await
    }

    /// The newest payments of each invoice, newest first; invoices are told apart by the rows.
    pub async fn payments_of_invoices(
        &self,
        mut invoice_ids: Vec<InvoiceId>,
        per_invoice_limit: i64,
    ) -> Result<Vec<Payment>, StoreError> {
        invoice_ids.sort_unstable();
        invoice_ids.dedup();
        let mut payments = Vec::new();
        for some in invoice_ids.chunks(INVOICES_MAX) {
            if let Some(list) = of_invoices(some, per_invoice_limit) {
                payments.append(&mut list.read(self).await?);
            }
        }
        Ok(payments)
    }

    /// The newest payment of each invoice that has any.
    pub async fn latest_payments(
        &self,
        invoice_ids: Vec<InvoiceId>,
    ) -> Result<Vec<Payment>, StoreError> {
        self.payments_of_invoices(invoice_ids, 1).await
    }

    /// Payments that wait although they are final now, oldest block first.
    pub async fn payments_deep(
        &self,
        place: (Environment, Network),
        reach: Reach,
        limit: i64,
    ) -> Result<Vec<Payment>, StoreError> {
        deep(place, reach).limit(limit).read(self).await
    }

    /// Payments in `from_block` and later blocks that are not reverted, in the order of their
    /// keys; `after` is the key of the last one of the page before.
    pub async fn payments_from_block(
        &self,
        environment: Environment,
        network: Network,
        from_block: i64,
        after: Option<RowKey>,
        limit: i64,
    ) -> Result<Vec<Payment>, StoreError> {
        self::from_block((environment, network), from_block, after).limit(limit).read(self).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_in_conditions_are_those_of_the_states() {
        let codes = |wanted: fn(&PaymentStatus) -> bool| -> Vec<i64> {
            PaymentStatus::ALL.into_iter().filter(wanted).map(PaymentStatus::code).collect()
        };
        assert_eq!(codes(|status| status.is_waiting()), [0, 3]);
        assert_eq!(codes(|status| *status == PaymentStatus::Reverted), [4]);
        assert_eq!(codes(|status| *status == PaymentStatus::Confirmed), [2]);
        assert_eq!(codes(|status| status.is_confirmed()), [1, 2]);
        let settlement = [SettlementStatus::Pending, SettlementStatus::Settled];
        assert_eq!(settlement.map(SettlementStatus::code), [0, 4]);
        assert_eq!(Posting::Merchant.code(), 1);
    }
}
