//! The application: a plain struct that requests and workers share.
//!
//! Tests build the same struct with another clock, store and configuration.

use std::sync::Arc;

use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::{Fresh, InvoiceId, MerchantId, RowKey};
use domain::network::Network;
use domain::receipt::ReceiptToken;
use domain::secret::KeyRing;
use domain::time::Timestamp;
use providers::retail::placing::Retailer;
use store::{CommitError, Committed, Store, StoreError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cache::{AddressIndexes, Caches};
use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::config::{Config, SmtpConfig};
use crate::http::account::desk::SignInDesk;
use crate::http::limits::RateLimits;
use crate::mail::smtp::Relay;
use crate::metrics::Metrics;
use crate::networks::Networks;
use crate::outbound::Client;
use crate::ramp_providers::RampProviders;
use crate::rates::RateBook;
use crate::realtime::Realtime;
use crate::routes::Routes;
use crate::screening::Screening;
use crate::workers::deliver::Bell;

pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub store: Store,
    pub keys: KeyRing,
    pub caches: Caches,
    pub address_indexes: AddressIndexes,
    pub networks: Networks,
    pub rates: RateBook,
    /// Names and addresses that are held for a human.
    pub screening: Screening,
    /// Who moves bank money.
    pub ramp_providers: RampProviders,
    /// Who places mainnet orders with outside retailers; none: the merchants themselves.
    pub retailer: Option<Arc<dyn Retailer>>,
    /// Ways to the token a merchant is settled in.
    pub routes: Routes,
    /// What can be bought, and the index it is searched by.
    pub catalog: Catalog,
    pub limits: RateLimits,
    pub metrics: Metrics,
    pub realtime: Realtime,
    pub desk: SignInDesk,
    /// The way out to merchants' own servers.
    pub outbound: Client,
    /// Who takes mail; none: files in the data directory.
    pub relay: Option<Relay>,
    /// Tells the sender of webhooks what is new.
    pub bell: Bell,
    /// Names this process in leases; the database knows it as alive by this name.
    pub process: RowKey,
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}

pub type Shared = Arc<App>;

impl App {
    pub fn new(
        config: Config,
        clock: Clock,
        store: Store,
        keys: KeyRing,
    ) -> anyhow::Result<Shared> {
        let networks = Networks::open(&config, &clock, &store)?;
        let ramp_providers = RampProviders::open(&config, &clock, &store)?;
        let retailer = config.commerce.retailer()?;
        let relay = config.smtp.as_ref().map(SmtpConfig::relay).transpose()?;
        let process = RowKey::from(clock.fresh().uuid());
        store.announce(process);
        Ok(Arc::new(App {
            limits: RateLimits::new(&config),
            rates: RateBook::new(&config, clock.now())?,
            screening: Screening::open(&config.ramps.screening_lists)?,
            routes: Routes::default(),
            catalog: Catalog::open(&config)?,
            caches: Caches::new(),
            address_indexes: AddressIndexes::new(),
            metrics: Metrics::new(),
            realtime: Realtime::new(&config, store.lanes()),
            desk: SignInDesk::default(),
            outbound: Client::new(&config),
            bell: Bell::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            process,
            networks,
            ramp_providers,
            retailer,
            relay,
            keys,
            store,
            clock,
            config,
        }))
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn fresh(&self) -> Fresh {
        self.clock.fresh()
    }

    /// The newest block known of a network, for the confirmations that views show.
    pub fn head(&self, environment: Environment, network: Network) -> u64 {
        self.networks.head(environment, network)
    }

    pub async fn merchant(
        &self,
        id: MerchantId,
    ) -> Result<Option<Arc<domain::merchant::Merchant>>, StoreError> {
        self.caches.merchant(&self.store, id).await
    }

    /// Commits a decision. Its events learn how many endpoints hear of them.
    pub async fn commit(&self, mut changes: Changes) -> Result<Committed, CommitError> {
        self.count_listeners(&mut changes).await?;
        self.store.commit(changes).await
    }

    /// Reads, decides and commits; on a Conflict reads and decides again.
    pub async fn decide<T, E, F, Fut>(&self, mut decide: F) -> Result<T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<(Changes, T), E>>,
        E: From<CommitError>,
    {
        let counted = || {
            let deciding = decide();
            async move {
                let (mut changes, answer) = deciding.await?;
                self.count_listeners(&mut changes).await?;
                Ok((changes, answer))
            }
        };
        self.store.decide(counted).await
    }

    async fn count_listeners(&self, changes: &mut Changes) -> Result<(), CommitError> {
        if changes.has_events() {
            let id = changes.merchant_id;
            let endpoints = self.caches.webhook_endpoints(&self.store, id).await;
            changes.count_listeners(&endpoints.map_err(CommitError::Store)?);
        }
        Ok(())
    }

    /// Where the payor's page lives: the payment URL of one session.
    pub fn payment_url(&self, credentials: &domain::session::Credentials) -> String {
        let base = self.config.public_url.trim_end_matches('/');
        let (token, signature) = (&credentials.session_token, &credentials.signature);
        format!("{base}/pay?session={token}&signature={signature}")
    }

    /// Where the receipt of a paid invoice is shown.
    pub fn receipt_url(&self, invoice: InvoiceId) -> String {
        let base = self.config.public_url.trim_end_matches('/');
        format!("{base}/receipt/{}", ReceiptToken::of(invoice, &self.keys))
    }
}
