//! The application: a plain struct that requests and workers share.
//!
//! Tests build the same struct with another clock, store and configuration.

use std::sync::Arc;

use domain::environment::Environment;
use domain::ids::{Fresh, MerchantId, RowKey};
use domain::network::Network;
use domain::secret::KeyRing;
use domain::time::Timestamp;
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cache::{AddressIndexes, Caches};
use crate::clock::Clock;
use crate::config::Config;
use crate::http::account::desk::SignInDesk;
use crate::http::limits::RateLimits;
use crate::metrics::Metrics;
use crate::networks::Networks;
use crate::rates::RateBook;

pub struct App {
    pub config: Config,
    pub clock: Clock,
    pub store: Store,
    pub keys: KeyRing,
    pub caches: Caches,
    pub address_indexes: AddressIndexes,
    pub networks: Networks,
    pub rates: RateBook,
    pub limits: RateLimits,
    pub metrics: Metrics,
    pub desk: SignInDesk,
    /// Names this process in leases.
    pub process: RowKey,
    pub tasks: TaskTracker,
    pub stop: CancellationToken,
}

pub type Shared = Arc<App>;

impl App {
    pub fn new(config: Config, clock: Clock, store: Store, keys: KeyRing) -> Shared {
        let process = RowKey::from(clock.fresh().uuid());
        let networks = Networks::new(&config, &clock, &store);
        Arc::new(App {
            limits: RateLimits::new(&config),
            rates: RateBook::fixed(clock.now()),
            caches: Caches::new(),
            address_indexes: AddressIndexes::new(),
            metrics: Metrics::new(),
            desk: SignInDesk::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            process,
            networks,
            keys,
            store,
            clock,
            config,
        })
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

    /// Where the payor's page lives: the payment URL of one session.
    pub fn payment_url(&self, credentials: &domain::session::Credentials) -> String {
        let base = self.config.public_url.trim_end_matches('/');
        let (token, signature) = (&credentials.session_token, &credentials.signature);
        format!("{base}/pay?session={token}&signature={signature}")
    }
}
