//! The ramp sandbox in this house: the pure machine of `providers`, its rows kept by the store.
//!
//! A row per order survives restarts and is shared by processes, so an order that is given twice
//! is one order, whoever gave it.

use domain::changes::Changes;
use domain::ids::{MerchantId, RowKey};
use domain::money::TokenAmount;
use domain::provider::{
    Attempted, BankDetails, FxRate, Handle, OnrampOrder, OnrampReport, Party, PayoutOrder,
    PayoutReport, ProviderNews,
};
use domain::sandbox::{SandboxCase, SandboxOutcome};
use providers::ramp::sandbox as machine;
use providers::ramp::sandbox::Step;
use providers::ramp::{
    Answer, Delivery, Opened, Pair, ProviderError, RampProvider, Receipts, Unverified,
};
use store::{CommitError, Store};

use crate::clock::Clock;

const TRIES_MAX: usize = 32;

pub struct Sandbox {
    store: Store,
    clock: Clock,
}

impl Sandbox {
    pub fn new(store: Store, clock: Clock) -> Sandbox {
        Sandbox { store, clock }
    }

    /// Decides what becomes of an order, even before it was given.
    pub async fn force(
        &self,
        blank: SandboxCase,
        outcome: SandboxOutcome,
    ) -> Result<(), ProviderError> {
        let now = self.clock.now();
        self.act(blank.object, |known| {
            let case = known.unwrap_or_else(|| blank.clone());
            Some(Step { case: machine::force(case, outcome, now), answer: () })
        })
        .await
        .map(|_| ())
    }

    /// Bank money comes in on a virtual account; false if the sandbox has none for this.
    pub async fn receive(
        &self,
        object: RowKey,
        amount: TokenAmount,
    ) -> Result<bool, ProviderError> {
        let received = self.act(object, |known| {
            known.map(|case| Step { case: machine::receive(case, amount), answer: () })
        });
        received.await.map(|received| received.is_some())
    }

    /// Reads a case, lets the machine make its step, and keeps it; again if somebody else did.
    async fn act<T>(
        &self,
        object: RowKey,
        step: impl Fn(Option<SandboxCase>) -> Option<Step<T>>,
    ) -> Result<Option<T>, ProviderError> {
        let key = SandboxCase::row_key(object);
        for _ in 0..TRIES_MAX {
            let known = self.store.get::<SandboxCase>(key).await;
            let known = known.map_err(|_| ProviderError::Unreachable)?;
            let is_new = known.is_none();
            let Some(Step { case, answer }) = step(known) else { return Ok(None) };
            let mut changes = Changes::of(MerchantId::HOUSE);
            if is_new {
                changes.insert(case);
            } else {
                changes.update(case);
            }
            match self.store.commit(changes).await {
                Ok(_) => return Ok(Some(answer)),
                Err(CommitError::Conflict { .. } | CommitError::AlreadyExists { .. }) => {}
                Err(CommitError::Insufficient { .. } | CommitError::Store(_)) => {
                    return Err(ProviderError::Unreachable);
                }
            }
        }
        Err(ProviderError::Busy)
    }
}

impl RampProvider for Sandbox {
    fn books(&self) -> &str {
        machine::HOUSE_NAME
    }

    fn enroll<'a>(&'a self, party: &'a Party) -> Answer<'a, Attempted<String>> {
        Box::pin(async move { Attempted::Accepted(machine::name_of(party.user)) })
    }

    fn register_account<'a>(
        &'a self,
        _: &'a str,
        bank: &'a BankDetails,
    ) -> Answer<'a, Attempted<String>> {
        Box::pin(async move { Attempted::Accepted(machine::name_of(bank.account)) })
    }

    fn submit_payout<'a>(&'a self, order: &'a PayoutOrder) -> Answer<'a, Attempted<String>> {
        Box::pin(async move {
            let now = self.clock.now();
            let step = |known| Some(machine::submit_payout(known, order, now));
            let answer = self.act(order.id, step).await;
            answer.ok().flatten().unwrap_or(Attempted::Unknown)
        })
    }

    fn look_up_payout<'a>(
        &'a self,
        handle: &'a Handle,
    ) -> Answer<'a, Result<(PayoutReport, Option<String>), ProviderError>> {
        Box::pin(async move {
            let now = self.clock.now();
            let step = |known: Option<_>| known.map(|case| machine::look_up_payout(case, now));
            let report = self.act(handle.id, step).await?;
            let report = report.unwrap_or(PayoutReport::Absent);
            let reference = (report != PayoutReport::Absent).then(|| machine::name_of(handle.id));
            Ok((report, reference))
        })
    }

    fn open_onramp<'a>(&'a self, order: &'a OnrampOrder) -> Answer<'a, Attempted<Opened>> {
        Box::pin(async move {
            let now = self.clock.now();
            let answer = self.act(order.id, |known| Some(machine::open(known, order, now))).await;
            answer.ok().flatten().unwrap_or(Attempted::Unknown)
        })
    }

    fn look_up_onramp<'a>(
        &'a self,
        handle: &'a Handle,
    ) -> Answer<'a, Result<OnrampReport, ProviderError>> {
        Box::pin(async move {
            let now = self.clock.now();
            let step = |known: Option<_>| known.map(|case| machine::look_up_onramp(case, now));
            let report = self.act(handle.id, step).await?;
            Ok(report.unwrap_or(OnrampReport::Absent))
        })
    }

    fn open_virtual_account<'a>(&'a self, order: &'a OnrampOrder) -> Answer<'a, Attempted<Opened>> {
        self.open_onramp(order)
    }

    fn receipts<'a>(
        &'a self,
        handle: &'a Handle,
        _: Option<&'a str>,
    ) -> Answer<'a, Result<Receipts, ProviderError>> {
        Box::pin(async move {
            let known = self.store.get::<SandboxCase>(SandboxCase::row_key(handle.id)).await;
            let known = known.map_err(|_| ProviderError::Unreachable)?;
            let mut data = known.as_ref().map(machine::receipts).unwrap_or_default();
            data.reverse();
            Ok(Receipts { data, next: None })
        })
    }

    fn verify_webhook(&self, _: Delivery<'_>) -> Result<Vec<ProviderNews>, Unverified> {
        // The sandbox sends none.
        Err(Unverified::Signature)
    }

    fn rate(&self, pair: Pair) -> Answer<'_, Result<Option<FxRate>, ProviderError>> {
        Box::pin(async move { Ok(machine::rates::rate(pair)) })
    }
}
