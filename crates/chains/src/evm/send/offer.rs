//! What a transaction offers for a unit of gas, and what it never offers.
//!
//! A node's word on fees is money: it is believed up to a cap. The tip is clamped quietly, since
//! too small a tip only costs time; where the base fee itself is above the cap nothing is signed.
//!
//! Invariant: no offer is above the cap, a replacement's included.

use domain::money::TokenAmount;
use domain::network::Network;

use crate::send::{EvmFees, EvmOffer, SendError};

const GWEI: u128 = 1_000_000_000;

/// In wei a unit of gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeCaps {
    /// The most that is ever offered.
    pub most: TokenAmount,
    /// The highest tip a node's suggestion comes to. Replacing may go beyond it.
    pub tip: TokenAmount,
}

/// What an offer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Room for the base fee to double.
    SoonIncluded,
    /// The whole offer is paid, whatever the base fee comes to: nothing of it is left over.
    ExactCost,
}

impl FeeCaps {
    /// Several times what the network has asked on busy days.
    pub fn usual(network: Network) -> FeeCaps {
        let (most, tip) = match network {
            Network::Ethereum | Network::Avalanche => (300, 10),
            Network::Bsc => (30, 5),
            Network::Base | Network::Optimism | Network::Arbitrum => (10, 1),
            // Nothing is offered where there is no gas.
            Network::Solana | Network::Ton | Network::Cardano | Network::Sui => (0, 0),
        };
        FeeCaps { most: TokenAmount(most * GWEI), tip: TokenAmount(tip * GWEI) }
    }

    pub fn offer(self, fees: EvmFees, aim: Aim) -> Result<EvmOffer, SendError> {
        let cap = self.most.0;
        let (least, wanted, tip) = match (fees.base, aim) {
            (None, _) => (fees.tip.0, fees.tip.0, None),
            (Some(base), aim) => {
                let (base, tip) = (base.0, fees.tip.0.min(self.tip.0));
                let room = match aim {
                    Aim::SoonIncluded => base,
                    Aim::ExactCost => base / 4,
                };
                let least = base.saturating_add(tip);
                (least, least.saturating_add(room), Some(tip))
            }
        };
        if least > cap {
            return Err(SendError::FeesAboveCap { asked: TokenAmount(least), cap: self.most });
        }
        Ok(offer(wanted.min(cap), tip, aim))
    }

    /// The offer of now, or an eighth more than before if that is higher: nodes ask for a tenth
    /// more, some for an eighth, of the tip too.
    pub fn higher_offer(
        self,
        fees: EvmFees,
        aim: Aim,
        before: EvmOffer,
    ) -> Result<EvmOffer, SendError> {
        let now = self.offer(fees, aim)?;
        let most = now.most.0.max(raised(before.most.0));
        if most > self.most.0 {
            return Err(SendError::FeesAboveCap { asked: TokenAmount(most), cap: self.most });
        }
        let raised_tip = before.tip.map(|tip| raised(tip.0));
        let tip = match (now.tip, raised_tip) {
            (Some(now), Some(raised)) => Some(now.0.max(raised)),
            (Some(only), None) => Some(only.0),
            (None, Some(_) | None) => None,
        };
        Ok(offer(most, tip, aim))
    }
}

fn offer(most: u128, tip: Option<u128>, aim: Aim) -> EvmOffer {
    let tip = tip.map(|tip| match aim {
        Aim::SoonIncluded => tip.min(most),
        Aim::ExactCost => most,
    });
    EvmOffer { most: TokenAmount(most), tip: tip.map(TokenAmount) }
}

/// An eighth more, rounded up, and at least one.
fn raised(price: u128) -> u128 {
    price.saturating_add(price.div_ceil(8).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: FeeCaps = FeeCaps { most: TokenAmount(1_000), tip: TokenAmount(50) };

    fn fees(base: u128, tip: u128) -> EvmFees {
        EvmFees { base: Some(TokenAmount(base)), tip: TokenAmount(tip) }
    }

    fn told(offer: Result<EvmOffer, SendError>) -> Result<(u128, Option<u128>), SendError> {
        offer.map(|offer| (offer.most.0, offer.tip.map(|tip| tip.0)))
    }

    fn above(asked: u128) -> Result<(u128, Option<u128>), SendError> {
        Err(SendError::FeesAboveCap { asked: TokenAmount(asked), cap: CAPS.most })
    }

    #[test]
    fn an_offer_has_room_and_ends_at_the_cap() {
        let soon = |base, tip| told(CAPS.offer(fees(base, tip), Aim::SoonIncluded));
        assert_eq!(soon(100, 10), Ok((210, Some(10))));
        assert_eq!(soon(0, 0), Ok((0, Some(0))));
        assert_eq!(soon(100, u128::MAX), Ok((250, Some(50))));
        assert_eq!(soon(600, 10), Ok((1_000, Some(10))));
        assert_eq!(soon(991, 10), above(1_001));
        assert_eq!(soon(u128::MAX, 10), above(u128::MAX));
    }

    #[test]
    fn an_exact_cost_is_paid_whole() {
        let exact = |base, tip| told(CAPS.offer(fees(base, tip), Aim::ExactCost));
        assert_eq!(exact(100, 10), Ok((135, Some(135))));
        assert_eq!(exact(900, 10), Ok((1_000, Some(1_000))));
    }

    #[test]
    fn one_price_is_the_whole_offer() {
        let fees = |tip| EvmFees { base: None, tip: TokenAmount(tip) };
        assert_eq!(told(CAPS.offer(fees(7), Aim::SoonIncluded)), Ok((7, None)));
        assert_eq!(told(CAPS.offer(fees(1_001), Aim::SoonIncluded)), above(1_001));
    }

    #[test]
    fn a_replacement_is_an_eighth_higher_in_both_or_as_high_as_now() {
        let before = |most, tip| EvmOffer { most: TokenAmount(most), tip: Some(TokenAmount(tip)) };
        let higher =
            |base, tip, before| told(CAPS.higher_offer(fees(base, tip), Aim::SoonIncluded, before));
        assert_eq!(higher(1, 1, before(210, 10)), Ok((237, Some(12))));
        assert_eq!(higher(300, 20, before(210, 10)), Ok((620, Some(20))));
        assert_eq!(higher(1, 0, before(210, 0)), Ok((237, Some(1))));
        assert_eq!(higher(1, 0, before(0, 0)), Ok((2, Some(1))));
        // The tip goes beyond what a node's suggestion may come to.
        assert_eq!(higher(1, 1, before(210, 50)), Ok((237, Some(57))));
        assert_eq!(higher(1, 1, before(900, 10)), above(1_013));
    }
}
