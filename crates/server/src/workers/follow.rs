//! Follows the log for what this process holds in memory: drops what was changed since.
//!
//! Also what this process changed itself: a request that is given up after its commit was handed
//! in forgets nothing, and a revoked key must not live on for it. Reads notices only: events are
//! many, and none of them is about what is held here. Not durable on purpose: a process that
//! starts holds nothing yet, so it starts at the head.

use domain::event::{EntryKind, Notice};

use crate::app::Shared;
use crate::workers::{Progress, Worker};

const BATCH_MAX: i64 = 500;
/// What this process commits itself wakes it too, hundreds of times a second, for nothing.
const REST_MS: u64 = 25;

#[derive(Default)]
pub struct Follower {
    /// Where each lane was read up to.
    cursors: Vec<i64>,
}

impl Worker for Follower {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if self.cursors.is_empty() {
            for lane in 0..app.config.lanes {
                self.cursors.push(app.store.log_head(lane).await?);
            }
        }
        let mut is_full = false;
        for (lane, cursor) in (0_i64..).zip(&mut self.cursors) {
            let notices = app.store.notices_after(lane, *cursor, BATCH_MAX).await?;
            is_full |= notices.entries.len() as i64 == BATCH_MAX;
            *cursor = notices.read_to;
            for entry in notices.entries {
                let merchant_id = entry.entry.merchant_id;
                match entry.entry.kind {
                    EntryKind::Notice(Notice::KeyChanged) => {
                        if let Some(key) = entry.entry.subject.object_id {
                            app.caches.forget_api_key(key);
                        }
                    }
                    EntryKind::Notice(Notice::MerchantChanged) => {
                        app.caches.forget_merchant(merchant_id);
                    }
                    EntryKind::Notice(Notice::TokenRuleChanged) => {
                        app.caches.forget_token_rules(merchant_id);
                    }
                    EntryKind::Notice(Notice::WebhookEndpointChanged) => {
                        app.caches.forget_webhook_endpoints(merchant_id);
                    }
                    // Nothing is held of these; the streams hear of them by themselves.
                    EntryKind::Notice(
                        Notice::MemberChanged
                        | Notice::SessionsRevoked
                        | Notice::ProductChanged
                        | Notice::StockTaken,
                    )
                    | EntryKind::Event(_) => {}
                }
            }
        }
        if !app.store.is_exclusive() {
            for cursor in app.store.watch_cursors().await? {
                app.networks.note(cursor);
            }
        }
        Ok(if is_full { Progress::More } else { Progress::Idle })
    }

    fn wakes_on_commit(&self) -> bool {
        true
    }

    fn rest_ms(&self) -> u64 {
        REST_MS
    }
}
