//! An endpoint as the sender holds it in memory: its URL taken apart, its secrets opened.
//!
//! Made once for each version of the endpoint and thrown away with it, so that nothing is unsealed
//! for every delivery. A previous secret signs along until its time, which is looked at each time.
//! One that cannot be sent to is told why at each attempt: it fails as a receiver does.

use std::sync::Arc;

use domain::ids::{EndpointId, MerchantId};
use domain::time::Timestamp;
use domain::webhook_endpoint::{SigningSecrets, WebhookEndpoint};

use crate::app::App;
use crate::outbound::Target;

pub(super) struct Opened {
    pub endpoint: WebhookEndpoint,
    pub means: Result<Means, Unusable>,
    /// From when on the previous secret no longer signs.
    previous_until: Option<Timestamp>,
}

/// What it takes to send.
pub(super) struct Means {
    pub target: Target,
    pub secrets: SigningSecrets,
}

/// Why an endpoint cannot be sent to, however healthy its receiver is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    Url,
    Secret,
}

impl Unusable {
    /// As merchants read it in the history of a delivery; these words are stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Unusable::Url => "the URL cannot be read",
            Unusable::Secret => "the signing secret does not open; rotate it",
        }
    }
}

/// Whether an endpoint is to be sent to now.
pub(super) enum Standing {
    On(Arc<Opened>),
    /// Switched off or deleted.
    Off,
}

impl Opened {
    fn open(app: &App, endpoint: &WebhookEndpoint) -> Opened {
        let now = app.now();
        Opened {
            means: means(app, endpoint, now),
            previous_until: endpoint.secrets.previous_until(now),
            endpoint: endpoint.clone(),
        }
    }

    fn is_of(&self, endpoint: &WebhookEndpoint, now: Timestamp) -> bool {
        self.endpoint.version == endpoint.version
            && self.previous_until.is_none_or(|until| now < until)
    }
}

fn means(app: &App, endpoint: &WebhookEndpoint, now: Timestamp) -> Result<Means, Unusable> {
    let secrets = endpoint.secrets.open(endpoint.id, &app.keys, now).map_err(|error| {
        tracing::warn!(endpoint.id = %endpoint.id, %error,
            "a webhook secret does not open under the master keys; its deliveries fail");
        Unusable::Secret
    })?;
    let target = Target::parse(&endpoint.url).ok_or(Unusable::Url)?;
    Ok(Means { target, secrets })
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
    Ok(Standing::On(Arc::new(Opened::open(app, endpoint))))
}
