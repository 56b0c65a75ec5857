//! Which receipts are mailed: follows the log of a lane, and plans a mail for each invoice that was
//! paid and whose payor left an address.
//!
//! A plan is a row under its invoice's own key: two processes, or one that reads an entry twice,
//! plan one mail. What hands it over is `mailer`.

use domain::changes::Changes;
use domain::event::{EntryKind, EventType};
use domain::follow::Follower;
use domain::ids::{MerchantId, RowKey};
use domain::invoice::Invoice;
use domain::receipt_mail::{ReceiptMail, plan};
use store::{CommitError, Heading, StoreError};

use crate::app::App;
use crate::workers::lane::{Follow, LaneFollower};

pub type ReceiptPlanner = LaneFollower<Receipts>;

pub struct Receipts;

impl Follow for Receipts {
    const FOLLOWER: Follower = Follower::Receipts;
    const NAME: &'static str = "receipts";
    const WAKES_AND_RESTS_MS: Option<u64> = None;

    /// The invoice an entry may have made paid.
    fn concerned(heading: &Heading) -> Option<RowKey> {
        match heading.kind {
            EntryKind::Event(EventType::InvoiceUpdated) => heading.object_id,
            EntryKind::Event(_) | EntryKind::Notice(_) => None,
        }
    }

    /// Plans the mail of one invoice, if there is to be one.
    async fn look(app: &App, key: RowKey) -> anyhow::Result<bool> {
        match app.store.get::<Invoice>(key).await {
            Ok(Some(invoice)) => plan_once(app, invoice).await,
            Ok(None) => Ok(false),
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(invoice = ?key, %error, "a receipt cannot be mailed");
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Plans the mail, if there is to be one; whether there is.
async fn plan_once(app: &App, invoice: Invoice) -> anyhow::Result<bool> {
    if plan(&invoice, None, app.now()).is_none() {
        return Ok(false);
    }
    let id = invoice.id;
    let planned = app.decide(async || {
        let known = app.store.get::<ReceiptMail>(ReceiptMail::row_key(id)).await?;
        let invoice = app.store.get::<Invoice>(id.key()).await?;
        let planned = invoice.and_then(|invoice| plan(&invoice, known, app.now()));
        let is_planned = planned.is_some();
        let changes = planned.unwrap_or_else(|| Changes::of(MerchantId::HOUSE));
        Ok::<_, CommitError>((changes, is_planned))
    });
    Ok(planned.await?)
}
