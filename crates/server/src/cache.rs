//! What requests read again and again, held in memory: keys, merchants, rules, endpoints.
//!
//! Bounded. A commit here drops what it changed at once; other processes learn of it from the log
//! (`workers/follow.rs`). Nothing here decides: a version in a stale copy only causes a conflict.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use domain::api_key::ApiKey;
use domain::claim::Claim;
use domain::environment::Environment;
use domain::ids::{MerchantId, RowKey};
use domain::merchant::Merchant;
use domain::sequence::Sequence;
use domain::token::TokenId;
use domain::webhook_endpoint::WebhookEndpoint;
use store::{CommitError, Store, StoreError};
use tokio::sync::Mutex;

const ENTRIES_MAX: usize = 10_000;
/// How many address indexes one process takes at a time.
const INDEX_BLOCK: i64 = 256;
const TRIES_MAX: usize = 32;

/// A bounded map; when it is full it starts over, which costs reads and nothing else.
struct Bounded<K, V> {
    map: RwLock<HashMap<K, V>>,
    /// Counts what was forgotten: a row read before that is not put in after it.
    forgotten: AtomicU64,
}

impl<K: std::hash::Hash + Eq, V: Clone> Bounded<K, V> {
    fn new() -> Self {
        Bounded { map: RwLock::new(HashMap::new()), forgotten: AtomicU64::new(0) }
    }

    fn get(&self, key: &K) -> Option<V> {
        self.map.read().expect("no panic holds this lock").get(key).cloned()
    }

    /// To be taken before a row is read, and given to `put`.
    fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::SeqCst)
    }

    fn put(&self, key: K, value: V, forgotten_before: u64) {
        let mut map = self.map.write().expect("no panic holds this lock");
        if self.forgotten() != forgotten_before {
            return;
        }
        if map.len() >= ENTRIES_MAX {
            map.clear();
        }
        map.insert(key, value);
    }

    fn retain(&self, keep: impl Fn(&K, &V) -> bool) {
        let mut map = self.map.write().expect("no panic holds this lock");
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        map.retain(|key, value| keep(key, value));
    }
}

type BlockedTokens = Arc<HashSet<TokenId>>;
type Endpoints = Arc<[WebhookEndpoint]>;

pub struct Caches {
    api_keys: Bounded<[u8; 32], Arc<ApiKey>>,
    merchants: Bounded<MerchantId, Arc<Merchant>>,
    token_rules: Bounded<MerchantId, BlockedTokens>,
    webhook_endpoints: Bounded<MerchantId, Endpoints>,
}

impl Default for Caches {
    fn default() -> Self {
        Caches::new()
    }
}

impl Caches {
    pub fn new() -> Caches {
        Caches {
            api_keys: Bounded::new(),
            merchants: Bounded::new(),
            token_rules: Bounded::new(),
            webhook_endpoints: Bounded::new(),
        }
    }

    /// The key whose text has this hash.
    pub async fn api_key(
        &self,
        store: &Store,
        hash: [u8; 32],
    ) -> Result<Option<Arc<ApiKey>>, StoreError> {
        if let Some(key) = self.api_keys.get(&hash) {
            return Ok(Some(key));
        }
        let forgotten = self.api_keys.forgotten();
        let Some(claim) = store.get::<Claim>(ApiKey::claim_key(&hash)).await? else {
            return Ok(None);
        };
        let Some(key) = store.get::<ApiKey>(claim.target).await? else { return Ok(None) };
        let key = Arc::new(key);
        self.api_keys.put(hash, key.clone(), forgotten);
        Ok(Some(key))
    }

    pub async fn merchant(
        &self,
        store: &Store,
        id: MerchantId,
    ) -> Result<Option<Arc<Merchant>>, StoreError> {
        if let Some(merchant) = self.merchants.get(&id) {
            return Ok(Some(merchant));
        }
        let forgotten = self.merchants.forgotten();
        let Some(merchant) = store.get::<Merchant>(id.key()).await? else { return Ok(None) };
        let merchant = Arc::new(merchant);
        self.merchants.put(id, merchant.clone(), forgotten);
        Ok(Some(merchant))
    }

    /// The tokens this merchant's own rules block, whatever the policy makes of them.
    pub async fn blocked_tokens(
        &self,
        store: &Store,
        id: MerchantId,
    ) -> Result<BlockedTokens, StoreError> {
        if let Some(rules) = self.token_rules.get(&id) {
            return Ok(rules);
        }
        let forgotten = self.token_rules.forgotten();
        let rules = store.token_rules_of_merchant(id).await?;
        let blocked = rules.into_iter().filter(|rule| rule.is_blocked).map(|rule| rule.token_id);
        let blocked: BlockedTokens = Arc::new(blocked.collect());
        self.token_rules.put(id, blocked.clone(), forgotten);
        Ok(blocked)
    }

    /// The merchant's endpoints that are not deleted, switched off ones too.
    pub async fn webhook_endpoints(
        &self,
        store: &Store,
        id: MerchantId,
    ) -> Result<Endpoints, StoreError> {
        if let Some(endpoints) = self.webhook_endpoints.get(&id) {
            return Ok(endpoints);
        }
        let forgotten = self.webhook_endpoints.forgotten();
        let endpoints: Endpoints = store.webhook_endpoints_of_merchant(id).await?.into();
        self.webhook_endpoints.put(id, endpoints.clone(), forgotten);
        Ok(endpoints)
    }

    pub fn forget_webhook_endpoints(&self, id: MerchantId) {
        self.webhook_endpoints.retain(|cached, _| *cached != id);
    }

    pub fn forget_api_key(&self, id: RowKey) {
        self.api_keys.retain(|_, key| key.key() != id);
    }

    pub fn forget_merchant(&self, id: MerchantId) {
        self.merchants.retain(|cached, _| *cached != id);
    }

    pub fn forget_token_rules(&self, id: MerchantId) {
        self.token_rules.retain(|cached, _| *cached != id);
    }
}

/// Derivation indexes, taken from the store in blocks and given out once.
pub struct AddressIndexes {
    blocks: Mutex<HashMap<Environment, std::ops::Range<i64>>>,
}

impl Default for AddressIndexes {
    fn default() -> Self {
        AddressIndexes::new()
    }
}

impl AddressIndexes {
    pub fn new() -> AddressIndexes {
        AddressIndexes { blocks: Mutex::new(HashMap::new()) }
    }

    pub async fn next(&self, store: &Store, environment: Environment) -> Result<u32, CommitError> {
        let mut blocks = self.blocks.lock().await;
        let block = blocks.entry(environment).or_insert(0..0);
        if block.is_empty() {
            *block = take_block(store, environment).await?;
        }
        let index = block.next().expect("a fresh block is not empty");
        let index = u32::try_from(index).ok().filter(|&index| index < 1 << 31);
        index.ok_or_else(|| {
            let message = "all 2^31 address indexes are used up".to_owned();
            CommitError::Store(StoreError::Misconfigured(message))
        })
    }
}

async fn take_block(
    store: &Store,
    environment: Environment,
) -> Result<std::ops::Range<i64>, CommitError> {
    let key = Sequence::address_index_key(environment);
    let mut tries = 0;
    loop {
        let known = store.get::<Sequence>(key).await?;
        let (first, changes) = Sequence::take(known, key, 0, INDEX_BLOCK);
        tries += 1;
        match store.commit(changes).await {
            Ok(_) => return Ok(first..first + INDEX_BLOCK),
            Err(CommitError::Conflict { .. } | CommitError::AlreadyExists { .. })
                if tries < TRIES_MAX => {}
            Err(error) => return Err(error),
        }
    }
}
