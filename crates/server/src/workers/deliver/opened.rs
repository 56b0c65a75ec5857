//! An endpoint as the sender holds it in memory: its URL taken apart, its secrets opened.
//!
//! Made once for each version of the endpoint and thrown away with it, so that nothing is unsealed
//! for every delivery. A previous secret signs along until its time, which is looked at each time.

use std::sync::Arc;

use domain::ids::{EndpointId, MerchantId};
use domain::time::Timestamp;
use domain::webhook_endpoint::{SigningSecrets, WebhookEndpoint};

use crate::app::App;
use crate::outbound::Target;

pub(super) struct Opened {
    pub endpoint: WebhookEndpoint,
    pub target: Target,
    pub secrets: SigningSecrets,
    /// From when on the previous secret no longer signs.
    previous_until: Option<Timestamp>,
}

/// Whether an endpoint can be sent to now.
pub(super) enum Standing {
    On(Arc<Opened>),
    /// Switched off, deleted, or nobody can open it.
    Off,
}

impl Opened {
    fn open(app: &App, endpoint: &WebhookEndpoint) -> Option<Opened> {
        let now = app.now();
        let opened = endpoint.secrets.open(endpoint.id, &app.keys, now);
        let secrets = opened.inspect_err(|error| {
            tracing::debug!(endpoint.id = %endpoint.id, %error, "a webhook secret does not open");
        });
        Some(Opened {
            target: Target::parse(&endpoint.url)?,
            secrets: secrets.ok()?,
            previous_until: endpoint.secrets.previous_until(now),
            endpoint: endpoint.clone(),
        })
    }

    fn is_of(&self, endpoint: &WebhookEndpoint, now: Timestamp) -> bool {
        self.endpoint.version == endpoint.version
            && self.previous_until.is_none_or(|until| now < until)
    }
}

/// The endpoint as it is now, opened again only if it changed.
pub(super) async fn standing(
    app: &App,
    merchant_id: MerchantId,
    id: EndpointId,
    known: Option<Arc<Opened>>,
) -> anyhow::Result<Standing> {
    let endpoints = app.caches.webhook_endpoints(&app.store, merchant_id).await?;
    let endpoint = endpoints.iter().find(|endpoint| endpoint.id == id);
    let Some(endpoint) = endpoint.filter(|endpoint| endpoint.is_enabled()) else {
        return Ok(Standing::Off);
    };
    if let Some(known) = known.filter(|known| known.is_of(endpoint, app.now())) {
        return Ok(Standing::On(known));
    }
    match Opened::open(app, endpoint) {
        Some(opened) => Ok(Standing::On(Arc::new(opened))),
        None => anyhow::bail!("webhook endpoint {id} cannot be opened"),
    }
}
