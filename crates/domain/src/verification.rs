//! Manual verification: a job that looks one invoice's network up again, now.
//!
//! It credits what the watcher missed, through the same decisions as the watcher. While a look
//! fails, the payments it is about say `manual_retry`; the look that succeeds brings them back.

use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::deposit_address::DepositAddress;
use crate::environment::Environment;
use crate::ids::{Fresh, InvoiceId, MerchantId, RowKey, VerificationId, Version};
use crate::invoice::Invoice;
use crate::network::Network;
use crate::payment::{Payment, PaymentStatus};
use crate::refusal::Refusal;
use crate::time::{SECOND_MS, Timestamp};

pub const ATTEMPTS_MAX: i64 = 5;
const RETRY_MS: i64 = 10 * SECOND_MS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum VerificationStatus {
    Pending,
    Completed,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    pub id: VerificationId,
    pub invoice_id: InvoiceId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub network: Network,
    pub tx_hash: Option<String>,
    pub status: VerificationStatus,
    pub attempt_count: i64,
    pub next_attempt_at: Timestamp,
    pub payments_found: i64,
    pub error: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    #[serde(skip)]
    pub version: Version,
}

impl Verification {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn start(
        (invoice_id, merchant_id): (InvoiceId, MerchantId),
        (environment, network): (Environment, Network),
        tx_hash: Option<String>,
        fresh: &mut Fresh,
    ) -> Verification {
        let now = fresh.now();
        Verification {
            id: VerificationId::fresh(fresh),
            invoice_id,
            merchant_id,
            environment,
            network,
            tx_hash,
            status: VerificationStatus::Pending,
            attempt_count: 0,
            next_attempt_at: now,
            payments_found: 0,
            error: None,
            created_at: now,
            updated_at: now,
            completed_at: None,
            version: 0,
        }
    }

    /// Whether its look could have told of this payment.
    fn is_about(&self, payment: &Payment) -> bool {
        let is_asked = self.tx_hash.as_ref().is_none_or(|hash| *hash == payment.tx_hash);
        is_asked
            && payment.invoice_id == self.invoice_id
            && payment.network == self.network
            && payment.environment == self.environment
    }

    /// The chain was looked at and everything found is recorded.
    pub fn complete(mut self, payments_found: i64, now: Timestamp) -> Verification {
        self.status = VerificationStatus::Completed;
        self.attempt_count += 1;
        self.payments_found = payments_found;
        self.error = None;
        (self.updated_at, self.completed_at) = (now, Some(now));
        self
    }

    /// The look failed: again later, and after the last attempt no more.
    pub fn fail_attempt(mut self, error: &str, now: Timestamp) -> Verification {
        self.attempt_count += 1;
        self.error = Some(error.to_owned());
        self.updated_at = now;
        if self.attempt_count >= ATTEMPTS_MAX {
            self.status = VerificationStatus::Failed;
            self.completed_at = Some(now);
        } else {
            self.next_attempt_at = now.plus_ms(RETRY_MS << self.attempt_count);
        }
        self
    }

    pub fn view(&self) -> VerificationView {
        VerificationView {
            object: "invoice_manual_verification",
            id: self.id,
            invoice_id: self.invoice_id,
            network: self.network,
            job_status: self.status,
            status: self.status,
            attempt_count: self.attempt_count,
            max_attempts: ATTEMPTS_MAX,
            next_attempt_at: (self.status == VerificationStatus::Pending)
                .then(|| self.next_attempt_at.seconds()),
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
            completed_at: self.completed_at.map(Timestamp::seconds),
            result: self
                .completed_at
                .filter(|_| self.status == VerificationStatus::Completed)
                .map(|_| VerificationResult { payments_found: self.payments_found }),
            error: self.error.as_ref().map(|message| VerificationError {
                code: "CHAIN_UNAVAILABLE",
                message: message.clone(),
            }),
        }
    }
}

/// Starts a job for an invoice, or answers the one that is still running.
///
/// The invoice row is written with a new job, so that of two racing starts one meets a conflict.
pub fn request(
    invoice: &Invoice,
    network: Network,
    tx_hash: Option<String>,
    latest: Option<Verification>,
    fresh: &mut Fresh,
) -> (Verification, Changes) {
    let mut changes = Changes::of(invoice.merchant_id);
    match latest {
        Some(running) if running.status == VerificationStatus::Pending => (running, changes),
        Some(_) | None => {
            let whose = (invoice.id, invoice.merchant_id);
            let job = Verification::start(whose, (invoice.environment, network), tx_hash, fresh);
            changes.insert(job.clone());
            changes.update(invoice.clone());
            (job, changes)
        }
    }
}

/// A job whose look failed: it is tried again later, and what it would have looked at waits.
pub fn look_failed(
    job: Verification,
    known: Option<(&Invoice, &[Payment])>,
    head: u64,
    now: Timestamp,
) -> Changes {
    let mut changes = Changes::of(job.merchant_id);
    if let Some((invoice, payments)) = known {
        for payment in payments.iter().filter(|payment| job.is_about(payment)) {
            payment.retry_later((invoice, head), &mut changes, now);
        }
    }
    // The cause may name a provider: it stays in the log.
    changes.update(job.fail_attempt("The network does not answer at the moment", now));
    changes
}

/// The chain could not say whether a payment's block still stands: a job looks again.
///
/// None if the payment does not wait for the chain, or is being looked for already.
pub fn payment_not_seen(
    payment: &Payment,
    invoice: &Invoice,
    latest: Option<Verification>,
    head: u64,
    fresh: &mut Fresh,
) -> Option<Changes> {
    if payment.status != PaymentStatus::Pending {
        return None;
    }
    let tx_hash = Some(payment.tx_hash.clone());
    let (_, mut changes) = request(invoice, payment.network, tx_hash, latest, fresh);
    payment.retry_later((invoice, head), &mut changes, fresh.now());
    Some(changes)
}

/// Which network to look at: the asked one, else the locked one, else the only one there is.
pub fn choose_network(
    invoice: &Invoice,
    addresses: &[DepositAddress],
    asked: Option<Network>,
) -> Result<Network, Refusal> {
    let given_out: Vec<Network> =
        addresses.iter().flat_map(DepositAddress::given_out_networks).collect();
    let refuse = |message: &str| Err(Refusal::invalid("network", message));
    let locked = invoice.lock.as_ref().map(|lock| lock.network);
    match (asked.or(locked), given_out.as_slice()) {
        (Some(network), given_out) if given_out.contains(&network) => Ok(network),
        (Some(_), _) => refuse("must be one the invoice has an address on"),
        (None, [only]) => Ok(*only),
        (None, []) => refuse("is not known: the invoice has no address yet"),
        (None, [_, _, ..]) => refuse("must say which of the invoice's networks to look at"),
    }
}

/// A manual verification job, as the payor's client reads it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct VerificationView {
    pub object: &'static str,
    pub id: VerificationId,
    pub invoice_id: InvoiceId,
    pub network: Network,
    pub job_status: VerificationStatus,
    pub status: VerificationStatus,
    pub attempt_count: i64,
    pub max_attempts: i64,
    pub next_attempt_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub completed_at: Option<i64>,
    pub result: Option<VerificationResult>,
    pub error: Option<VerificationError>,
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct VerificationResult {
    /// Payments the look found that were not recorded before.
    pub payments_found: i64,
}

#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct VerificationError {
    pub code: &'static str,
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use crate::deposit_address::AddressOwner;
    use crate::event::Origin;
    use crate::invoice::{InvoiceAsk, create};
    use crate::merchant::Merchant;
    use crate::money::Usd;
    use Network::{Base, Ethereum, Solana};

    const DEVNET: Environment = Environment::Devnet;
    const NOW: Timestamp = Timestamp(1_766_320_496_000);

    fn invoice() -> Invoice {
        let merchant = Merchant::new(MerchantId(1), "Shop", "a@example.com", NOW);
        let ask = InvoiceAsk { amount: Usd::from_dollars(1), ..InvoiceAsk::default() };
        let mut fresh = Fresh::new(NOW, [1; 16]);
        let made = create(ask, &merchant, DEVNET, Origin::default(), &mut fresh);
        made.expect("a valid ask").invoice
    }

    #[track_caller]
    fn check(given_out: &[Network], asked: Option<Network>, chosen: Option<Network>) {
        let invoice = invoice();
        let row = |network: &Network| {
            let address = Address::from_payload(network.family(), DEVNET, &[9; 32]);
            let whose = (invoice.merchant_id, DEVNET);
            let owner = (AddressOwner::Invoice(invoice.id), 0);
            DepositAddress::new(whose, *network, &address, owner, NOW)
        };
        let addresses: Vec<_> = given_out.iter().map(row).collect();
        assert_eq!(choose_network(&invoice, &addresses, asked).ok(), chosen);
    }

    #[test]
    fn the_network_is_the_asked_one_or_the_only_one() {
        check(&[Base], None, Some(Base));
        check(&[Base], Some(Base), Some(Base));
        check(&[Base], Some(Ethereum), None);
        check(&[Base, Solana], None, None);
        check(&[Base, Solana], Some(Solana), Some(Solana));
        check(&[], None, None);
        check(&[], Some(Base), None);
    }

    #[test]
    fn one_job_runs_at_a_time() {
        let (invoice, mut fresh) = (invoice(), Fresh::new(NOW, [2; 16]));
        let (first, changes) = request(&invoice, Base, None, None, &mut fresh);
        assert_eq!((changes.inserts.len(), changes.updates.len()), (1, 1));
        let (again, changes) = request(&invoice, Base, None, Some(first.clone()), &mut fresh);
        assert!(again == first && changes.is_empty());
        let done = first.clone().complete(0, NOW);
        let (next, _) = request(&invoice, Base, None, Some(done), &mut fresh);
        assert_ne!(next.id, first.id);
    }
}
