//! A merchant: who is paid, and the choices that apply to every invoice.

mod mainnet;
mod profile;

pub use profile::{ProfileChange, check_company_name, check_email};

use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::environment::Environment;
use crate::event::{EntryKind, NewEntry, Notice, Origin, Subject};
use crate::ids::{MerchantId, RowKey, Version};
use crate::money::Usd;
use crate::time::Timestamp;
use crate::token::AcceptancePolicy;

/// A request for mainnet access that waits for the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MainnetRequest {
    pub website: String,
    pub use_case: String,
    pub requested_at: Timestamp,
}

/// How much may be missing for an invoice to count as paid. Each environment has its own, so that
/// a key of one never decides about the money of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tolerance {
    pub basis_points: i64,
    /// The most that may be missing, whatever the share.
    pub most: Usd,
}

impl Default for Tolerance {
    fn default() -> Tolerance {
        Tolerance { basis_points: 0, most: Usd::ZERO }
    }
}

impl Tolerance {
    /// How much may be missing from `amount`.
    pub fn of(self, amount: Usd) -> Usd {
        amount.share(self.basis_points).min(self.most)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merchant {
    pub id: MerchantId,
    pub company_name: String,
    pub email: String,
    /// The environment of bearer requests that name none.
    pub current_environment: Environment,
    pub has_mainnet_access: bool,
    pub mainnet_request: Option<MainnetRequest>,
    pub default_payment_return_url: Option<String>,
    #[serde(default)]
    pub tolerance_devnet: Tolerance,
    #[serde(default)]
    pub tolerance_mainnet: Tolerance,
    pub embed_origins: Vec<String>,
    pub logo_url: Option<String>,
    pub brand_color: Option<String>,
    pub accent_color: Option<String>,
    pub policy_devnet: AcceptancePolicy,
    pub policy_mainnet: AcceptancePolicy,
    /// Made for a first try; production on mainnet refuses to run with it.
    pub is_demo: bool,
    pub created_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

impl Merchant {
    pub fn new(id: MerchantId, company_name: &str, email: &str, now: Timestamp) -> Merchant {
        Merchant {
            id,
            company_name: company_name.to_owned(),
            email: email.to_owned(),
            current_environment: Environment::Devnet,
            has_mainnet_access: false,
            mainnet_request: None,
            default_payment_return_url: None,
            tolerance_devnet: Tolerance::default(),
            tolerance_mainnet: Tolerance::default(),
            embed_origins: Vec::new(),
            logo_url: None,
            brand_color: None,
            accent_color: None,
            policy_devnet: AcceptancePolicy::AcceptAll,
            policy_mainnet: AcceptancePolicy::AcceptAll,
            is_demo: false,
            created_at: now,
            version: 0,
        }
    }

    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn policy(&self, environment: Environment) -> AcceptancePolicy {
        match environment {
            Environment::Devnet => self.policy_devnet,
            Environment::Mainnet => self.policy_mainnet,
        }
    }

    pub fn with_policy(self, environment: Environment, policy: AcceptancePolicy) -> Merchant {
        match environment {
            Environment::Devnet => Merchant { policy_devnet: policy, ..self },
            Environment::Mainnet => Merchant { policy_mainnet: policy, ..self },
        }
    }

    pub fn tolerance(&self, environment: Environment) -> Tolerance {
        match environment {
            Environment::Devnet => self.tolerance_devnet,
            Environment::Mainnet => self.tolerance_mainnet,
        }
    }

    pub fn with_tolerance(self, environment: Environment, tolerance: Tolerance) -> Merchant {
        match environment {
            Environment::Devnet => Merchant { tolerance_devnet: tolerance, ..self },
            Environment::Mainnet => Merchant { tolerance_mainnet: tolerance, ..self },
        }
    }

    /// The change that writes this merchant, and the notice that other processes read it anew.
    pub fn save(self, now: Timestamp) -> Changes {
        let mut changes = Changes::of(self.id);
        changes.tell(notice(self.id, Notice::MerchantChanged, self.id.key(), now));
        if self.version == 0 {
            changes.insert(self)
        } else {
            changes.update(self)
        }
        changes
    }
}

/// An internal log entry: `object` of this merchant must be read anew.
pub fn notice(id: MerchantId, notice: Notice, object: RowKey, now: Timestamp) -> NewEntry {
    NewEntry {
        merchant_id: id,
        environment: Environment::Devnet,
        kind: EntryKind::Notice(notice),
        created_at: now,
        subject: Subject { object_id: Some(object), ..Subject::default() },
        data: "{}".to_owned(),
        origin: Origin::default(),
        pending_webhooks: 0,
    }
}
