//! What a reorg may not change: a human's word on the sender, and where the money is held.

use super::*;
use crate::changes::Record;
use crate::ids::RampUserId;
use crate::token::TokenId;

const NOW: Timestamp = Timestamp(1_766_320_496_000);
const REACH: Reach = Reach { head: 100, finalized: None };

struct World {
    known: Known,
    fresh: Fresh,
}

impl World {
    fn start() -> World {
        let mut fresh = Fresh::new(NOW, [1; 16]);
        let asset = Asset::Token { network: Network::Base, token_id: TokenId(5) };
        let (merchant_id, environment) = (MerchantId(1), Environment::Devnet);
        let deposit = RampDeposit {
            id: RampDepositId::fresh(&mut fresh),
            user_id: RampUserId::fresh(&mut fresh),
            merchant_id,
            environment,
            kind: DepositKind::Onchain,
            status: DepositStatus::Pending,
            asset,
            amount: TokenAmount(7),
            invoice_id: None,
            received_at: None,
            tx_hash: None,
            created_at: NOW,
            updated_at: NOW,
            version: 1,
        };
        let onchain = OnchainDeposit {
            deposit_id: deposit.id,
            merchant_id,
            environment,
            network: Network::Base,
            tx_hash: "0x1".into(),
            from_address: None,
            to_address: "0x2".into(),
            block_number: 7,
            block_hash: "0x7".into(),
            required_confirmations: 3,
            status: OnchainStatus::Pending,
            posting: DepositPosting::None,
            sender: SenderVerdict::Unchecked,
            review_id: None,
            liquidation: None,
            payout_id: None,
            tries: 0,
            next_at: None,
            version: 1,
        };
        World { known: Known { deposit, onchain }, fresh }
    }

    fn take(&mut self, changes: Option<Changes>) {
        for row in changes.expect("is news").updates {
            match row {
                Record::RampDeposit(deposit) => self.known.deposit = *deposit,
                Record::OnchainDeposit(onchain) => self.known.onchain = *onchain,
                _ => {}
            }
        }
    }

    fn confirm(&mut self, hit: Option<&str>) -> (DepositStatus, DepositPosting) {
        let hit = hit.map(str::to_owned);
        let changes = self.known.clone().confirm(REACH, hit, &mut self.fresh);
        self.take(changes);
        (self.known.deposit.status, self.known.onchain.posting)
    }

    /// A reorg takes its block away, and another block has it.
    fn reorganize(&mut self) {
        let changes = self.known.clone().revert(&mut self.fresh);
        self.take(changes);
        self.known.onchain.status = OnchainStatus::Pending;
        self.known.deposit.status = DepositStatus::Pending;
    }

    fn review(&mut self, verdict: Verdict) {
        let changes = self.known.clone().reviewed(verdict, &mut self.fresh);
        self.take(changes);
    }
}

#[test]
fn a_reorg_lifts_no_hold_and_no_refusal() {
    let mut world = World::start();
    let held = (DepositStatus::InReview, DepositPosting::Suspense);
    assert_eq!(world.confirm(Some("list:7")), held);
    let review = world.known.onchain.review_id;
    world.reorganize();
    assert_eq!(world.confirm(None), held);
    // The same review is followed on.
    assert_eq!((world.known.onchain.review_id, world.known.onchain.next_at), (review, Some(NOW)));
    world.review(Verdict::Reject);
    world.reorganize();
    assert_eq!(world.confirm(None), (DepositStatus::Failed, DepositPosting::Suspense));
    assert_eq!(world.known.onchain.next_at, None);
}

#[test]
fn what_was_cleared_stays_cleared() {
    let credited = (DepositStatus::Completed, DepositPosting::User);
    let mut approved = World::start();
    approved.confirm(Some("list:7"));
    approved.review(Verdict::Approve);
    let mut clean = World::start();
    assert_eq!(clean.confirm(None), credited);
    for mut world in [approved, clean] {
        world.reorganize();
        assert_eq!(world.known.onchain.posting, DepositPosting::Suspense);
        assert_eq!(world.confirm(Some("list:8")), credited);
    }
}
