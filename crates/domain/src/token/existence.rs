//! Which tokens there are on a network as it really runs.
//!
//! The tables list a network's tokens, but the same network can be simulated, public or an
//! operator's own, and a contract stands on some of these only. Whoever is told to pay in a token
//! that does not exist cannot pay, and what calls itself by that contract is something else.

use super::Token;

/// Who made a token, and so where it can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The network's own coin.
    Network,
    /// Its issuer deployed it on the public network.
    Issuer,
    /// Nobody deployed it: simulated networks offer it in place of one.
    StandIn,
    /// The operator says that it is there.
    Operator,
}

/// How a network runs in a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Running {
    /// In this house, by a state machine that moves whatever the tables list.
    Simulated,
    /// The public testnet or mainnet.
    Public,
    /// An operator's own, under a chain id of its own: nobody's issuer deployed anything there.
    Private,
}

impl Token {
    /// Whether the token is there on its network as it runs.
    pub fn exists_on(&self, running: Running) -> bool {
        match self.origin {
            Origin::Network | Origin::Operator => true,
            Origin::Issuer => running != Running::Private,
            Origin::StandIn => running == Running::Simulated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::TOKENS;
    use super::*;
    use crate::environment::Environment;

    #[test]
    fn a_stand_in_is_there_on_a_simulated_network_alone() {
        for token in TOKENS {
            let is_stand_in = token.origin == Origin::StandIn;
            assert!(token.exists_on(Running::Simulated), "{token:?}");
            assert_eq!(token.exists_on(Running::Public), !is_stand_in, "{token:?}");
            assert_eq!(token.exists_on(Running::Private), token.address.is_none(), "{token:?}");
            assert!(!is_stand_in || token.environment == Environment::Devnet, "{token:?}");
        }
    }
}
