//! What was final is looked at again for a day: a reorg deeper than anybody expects takes it back.
//!
//! A transaction that is not found twice in a row is gone: the operator is alerted, and its send is
//! opened again as one nobody can tell about. Nothing is sent for it but its own bytes, or others
//! under its own nonce. Whoever cannot tell says nothing.

use chains::send::Outcome;
use domain::send::{Missed, Send};

use super::{Dispatch, Moved, prepared};
use crate::sending;

impl Dispatch<'_> {
    pub(super) async fn recheck(&self, send: Send) -> anyhow::Result<Moved> {
        let (app, now) = (self.app, self.app.now());
        let sender = app.networks.sender((send.environment, send.network));
        let (Some(sender), Some(attempt)) = (sender, send.included()) else {
            self.keep(Send { due_at: None, ..send }, None).await?;
            return Ok(Moved::Not);
        };
        let is_missed = match sender.outcome(&prepared(attempt)?).await {
            Outcome::Included(inclusion) => !inclusion.is_success,
            Outcome::Unknown(_) => false,
            Outcome::Pending | Outcome::Gone => true,
        };
        if !is_missed {
            self.keep(send.rechecked(now), None).await?;
            return Ok(Moved::Not);
        }
        match send.clone().missed(now) {
            Missed::Again(send) => self.keep(*send, None).await?,
            Missed::Gone => {
                let (id, network) = (send.id, send.network.as_str());
                let tx_hash = send.tx_hash.as_deref().unwrap_or_default();
                tracing::error!(
                    send.id = %id, network, tx_hash,
                    "a transaction that was final is on its chain no more: look into it"
                );
                app.metrics.add("pepay_sends_vanished_total", 1);
                sending::open_again(app, id, self.lease).await?;
            }
        }
        Ok(Moved::Not)
    }
}
