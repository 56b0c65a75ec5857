//! Hands over the receipts that are to be mailed, and writes down what came of each attempt.
//!
//! An attempt is committed before it is made. Whoever dies over one leaves a row that says so, and
//! the next to look takes it for one that may have arrived.

use std::future::ready;

use anyhow::bail;
use domain::changes::Changes;
use domain::invoice::Invoice;
use domain::receipt_mail::{Handed, MailState, ReceiptMail};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use store::CommitError;

use crate::app::{App, Shared};
use crate::mail::smtp::{Cause, Ended, Stage};
use crate::mail::{self, Receipt};
use crate::workers::lease::{Kept, Lease};
use crate::workers::{Progress, Worker};

const BATCH_MAX: i64 = 16;
/// Connections a relay has to bear.
const AT_ONCE: usize = 4;

pub struct Mailer {
    lease: Lease,
}

impl Default for Mailer {
    fn default() -> Self {
        Mailer { lease: Lease::new("mail", 0) }
    }
}

impl Worker for Mailer {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            return Ok(Progress::Idle);
        }
        let due = app.store.receipt_mails_due(app.now(), BATCH_MAX).await?;
        let is_full = due.len() as i64 == BATCH_MAX;
        let kept = self.lease.keep();
        let jobs = stream::iter(due).map(|mail| tend(app, &kept, mail));
        let all_done = jobs.buffer_unordered(AT_ONCE).try_for_each(|()| ready(Ok(())));
        if let Err(error) = kept.during(app, all_done).await.flatten() {
            self.lease.lose();
            return Err(error);
        }
        Ok(if is_full { Progress::More } else { Progress::Idle })
    }

    async fn stop(&mut self, app: &Shared) {
        self.lease.release(app).await;
    }
}

/// One attempt, or the end of one that nobody came back from.
async fn tend(app: &App, lease: &Kept<'_>, mail: ReceiptMail) -> anyhow::Result<()> {
    if let Some(left) = mail.abandon(app.now()) {
        if write(app, lease, &left).await? {
            tell(app, &left, "an attempt that nobody came back from");
        }
        return Ok(());
    }
    let Some(sending) = mail.begin(app.now()) else { return Ok(()) };
    if !write(app, lease, &sending).await? {
        return Ok(());
    }
    let ended = attempt(app, &sending).await?;
    // The engine has counted the row's versions up with the attempt.
    let sending = ReceiptMail { version: sending.version + 1, ..sending };
    let mail = sending.end(ended.handed, app.now());
    if write(app, lease, &mail).await? {
        tell(app, &mail, &ended.to_string());
    }
    Ok(())
}

/// Hands the mail over, as its invoice stands now.
async fn attempt(app: &App, mail: &ReceiptMail) -> anyhow::Result<Ended> {
    let gone = Ended { handed: Handed::Refused, stage: Stage::Message, cause: Cause::None };
    let Some(invoice) = app.store.get::<Invoice>(mail.invoice_id.key()).await? else {
        return Ok(gone);
    };
    let Some(to) = invoice.customer_email.as_deref() else { return Ok(gone) };
    let merchant = app.merchant(invoice.merchant_id).await?;
    let merchant = merchant.as_ref().map_or("", |merchant| merchant.company_name.as_str());
    let (amount, link) = (invoice.amount.shown(), app.receipt_url(invoice.id));
    let receipt = Receipt { mail, to, merchant, amount: &amount, link: &link };
    Ok(mail::hand_over(app, &mail::receipt(&receipt)).await)
}

/// Writes a mail's new state; false if somebody else wrote it meanwhile, whose word stands.
async fn write(app: &App, lease: &Kept<'_>, mail: &ReceiptMail) -> anyhow::Result<bool> {
    let mut changes = Changes::of(mail.merchant_id);
    changes.update(mail.clone());
    match lease.commit(app, changes).await {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict { key, .. }) if lease.is_key(key) => {
            bail!("another process took over the mail")
        }
        Err(CommitError::Conflict { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Says what became of an attempt, and to nobody whose address it is.
fn tell(app: &App, mail: &ReceiptMail, ended: &str) {
    let (invoice, attempt) = (mail.invoice_id, mail.attempt_count);
    let outcome = match mail.state {
        MailState::Wanted | MailState::Sending { .. } => return,
        MailState::Due { .. } => {
            tracing::warn!(invoice.id = %invoice, attempt, ended, "a receipt is mailed again");
            "again"
        }
        MailState::Sent { .. } => {
            tracing::debug!(invoice.id = %invoice, attempt, "a receipt was mailed");
            "sent"
        }
        MailState::Refused { .. } => {
            tracing::warn!(invoice.id = %invoice, attempt, ended, "a receipt was refused");
            "refused"
        }
        MailState::Failed { .. } => {
            tracing::error!(invoice.id = %invoice, attempt, ended, "a receipt was not mailed");
            "failed"
        }
        MailState::Unknown { .. } => {
            tracing::warn!(invoice.id = %invoice, attempt, ended, "a receipt may have arrived");
            "unknown"
        }
    };
    app.metrics.add(&format!("pepay_receipt_mails_total{{outcome=\"{outcome}\"}}"), 1);
}
