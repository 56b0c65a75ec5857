//! Once a minute: when keys were last used.

use domain::api_key::ApiKey;
use domain::changes::Changes;
use store::CommitError;

use crate::app::{App, Shared};
use crate::workers::{Progress, Worker};

pub struct Housekeeper;

impl Worker for Housekeeper {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        record_key_use(app).await?;
        Ok(Progress::Idle)
    }

    async fn stop(&mut self, app: &Shared) {
        if let Err(error) = record_key_use(app).await {
            tracing::debug!(error = format!("{error:#}"), "the last use of keys is not recorded");
        }
    }
}

/// Writes `last_used_at` of the keys used since; who loses a race tries again in a minute.
async fn record_key_use(app: &App) -> anyhow::Result<()> {
    for (key, at) in app.metrics.take_keys_used() {
        let Some(mut row) = app.store.get::<ApiKey>(key).await? else { continue };
        row.last_used_at = Some(at);
        let mut changes = Changes::of(row.merchant_id);
        changes.update(row);
        match app.commit(changes).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
