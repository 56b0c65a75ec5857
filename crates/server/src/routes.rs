//! Settlement routes: ways from the token a payor pays with to the one a merchant is settled in.
//!
//! `direct` is no way at all: the same token on the same network, swept as it is. `sandbox` makes
//! cross-network and cross-token ways up on devnet, with quotes that are always the same, so that
//! everything around them can be tried.

use std::collections::BTreeMap;
use std::sync::RwLock;

use chains::addresses::{AddressBook as _, SimulatedAddresses};
use chains::send::KeyRef;
use domain::environment::Environment;
use domain::money::{TokenAmount, Usd};
use domain::settlement::{Delivery, Route};
use domain::settlement_rule::{SettlementPreference, SettlementRule};
use domain::token::Token;

use crate::app::App;
use crate::networks::Place;

/// The sandbox takes this share of what it carries, and a fixed part.
const SANDBOX_FEE_BPS: i64 = 100;
const SANDBOX_FEE_MICROS: i64 = 50_000;
const SANDBOX_SEED: [u8; 32] = *b"pepay sandbox route entry points";

/// A way, and what it costs.
#[derive(Clone, Debug)]
pub struct Quoted {
    pub route: Route,
}

/// Somebody who knows ways.
pub trait SettlementRouter: Send + Sync {
    fn quote(&self, app: &App, from: &Token, to: &Token) -> Option<Quoted>;
}

/// The same token on the same network.
struct Direct;

impl SettlementRouter for Direct {
    /// A sweep goes straight to the wallet: there is no entry to send to.
    fn quote(&self, _: &App, _: &Token, _: &Token) -> Option<Quoted> {
        None
    }
}

/// Devnet's own ways between simulated networks.
struct Sandbox;

impl SettlementRouter for Sandbox {
    fn quote(&self, app: &App, from: &Token, to: &Token) -> Option<Quoted> {
        let is_simulated = |token: &Token| {
            token.environment == Environment::Devnet
                && app.networks.simulated(token.network).is_some()
        };
        if from.id == to.id || !is_simulated(from) || !is_simulated(to) {
            return None;
        }
        let entries = SimulatedAddresses::new(SANDBOX_SEED);
        let entry = entries.address(from.network, Environment::Devnet, 0).ok()?;
        let exit = app.networks.sender((Environment::Devnet, to.network))?;
        let delivery = Delivery {
            network: to.network,
            token_id: to.id,
            destination: String::new(),
            exit: exit.address(KeyRef::Gas).ok()?.as_str().to_owned(),
            cost_fixed: Usd(SANDBOX_FEE_MICROS),
            cost_bps: SANDBOX_FEE_BPS,
            rate: TokenAmount(app.rates.worth(to, app.now())?.0),
        };
        Some(Quoted { route: Route { entry: entry.as_str().to_owned(), delivery } })
    }
}

/// Every router of this deployment, in the order they are asked, and what networks cost lately.
pub struct Routes {
    routers: Vec<Box<dyn SettlementRouter>>,
    /// A transfer of a token, by place; asked for by the worker that sends.
    costs: RwLock<BTreeMap<Place, Usd>>,
}

impl Default for Routes {
    fn default() -> Self {
        Routes { routers: vec![Box::new(Direct), Box::new(Sandbox)], costs: RwLock::default() }
    }
}

impl Routes {
    /// Notes what a transfer costs on a network.
    pub fn note_cost(&self, place: Place, cost: Usd) {
        self.costs.write().expect("no panic holds this lock").insert(place, cost);
    }

    /// What settling a payment in a token costs the house, as far as it is known.
    pub fn cost(&self, place: Place) -> Usd {
        let costs = self.costs.read().expect("no panic holds this lock");
        costs.get(&place).copied().unwrap_or(Usd::ZERO)
    }

    /// Whether a token can reach its merchant at all: as it is, or over a route.
    pub fn reaches(&self, app: &App, token: &Token, rule: &SettlementRule) -> bool {
        let goes_straight = match rule.preference {
            SettlementPreference::StablesOnly => token.stable.is_some(),
            SettlementPreference::StablesPreferred | SettlementPreference::Tokens => true,
        };
        goes_straight || self.between(app, token, rule.token()).is_some()
    }

    pub fn between(&self, app: &App, from: &Token, to: &Token) -> Option<Quoted> {
        self.routers.iter().find_map(|router| router.quote(app, from, to))
    }
}
