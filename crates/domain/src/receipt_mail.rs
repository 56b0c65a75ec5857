//! The receipt of a paid invoice as a mail: who waits for it, in which language, and what became
//! of handing it over.
//!
//! `wanted → due → sending → sent | refused | failed | unknown`. An attempt is a row before it is
//! made, so that whoever dies over one leaves behind that it may have arrived. An attempt that is
//! known to have failed is repeated at longer and longer intervals; one whose end nobody knows is
//! repeated once, under the same message id, by which mailboxes tell the two apart.
//!
//! Invariant: what is known to have arrived, or to be refused, is never handed over again; and no
//! mail is called failed of which a copy may have arrived.

use serde::{Deserialize, Serialize};

use crate::changes::{Changes, Noun};
use crate::ids::{InvoiceId, MerchantId, RowKey, Version};
use crate::invoice::{Invoice, InvoiceStatus};
use crate::refusal::Refusal;
use crate::time::{HOUR_MS, MINUTE_MS, Timestamp};

/// A receipt that nobody got to for so long after the payment is no news any more.
pub const MAIL_WITHIN_MS: i64 = 24 * HOUR_MS;
/// Longer than any attempt lasts: whoever still sends after that is gone.
pub const SENDING_MS: i64 = 10 * MINUTE_MS;
/// How long it rests after each attempt but the last: half a day in all.
const RESTS_MS: [i64; 6] =
    [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, 8 * HOUR_MS];
/// Attempts whose end nobody knows: after so many there may be copies enough.
const UNKNOWN_MAX: i64 = 2;
/// The longest name of a language that is in use.
const LANGUAGE_BYTES_MAX: usize = 35;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum MailState {
    /// The payor has said which language he reads; the invoice is not paid yet.
    Wanted,
    Due {
        at: Timestamp,
    },
    /// Being handed over; who does it is gone if nothing came of it until then.
    Sending {
        until: Timestamp,
    },
    /// A relay, or the directory of mail, has taken it.
    Sent {
        at: Timestamp,
    },
    /// Its receiver or a relay will not have it.
    Refused {
        at: Timestamp,
    },
    /// No attempt got through, and none may have.
    Failed {
        at: Timestamp,
    },
    /// It may have arrived, and nobody can tell.
    Unknown {
        at: Timestamp,
    },
}

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handed {
    Accepted,
    /// For good: the same would be said of it again.
    Refused,
    /// Not this time, and nothing of it was taken.
    NotTaken,
    /// All of it was said, and no answer came.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptMail {
    pub invoice_id: InvoiceId,
    pub merchant_id: MerchantId,
    /// As the payor's page names it, for example `ar` or `pt-BR`; none: English.
    pub language: Option<String>,
    pub state: MailState,
    pub attempt_count: i64,
    /// Attempts that may have arrived.
    pub unknown_count: i64,
    pub created_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

impl ReceiptMail {
    /// One an invoice.
    pub fn row_key(invoice: InvoiceId) -> RowKey {
        RowKey::of("receipt_mail", &[&invoice.key().0])
    }

    pub fn key(&self) -> RowKey {
        ReceiptMail::row_key(self.invoice_id)
    }

    fn new(invoice: &Invoice, language: Option<String>, state: MailState, now: Timestamp) -> Self {
        ReceiptMail {
            invoice_id: invoice.id,
            merchant_id: invoice.merchant_id,
            language,
            state,
            attempt_count: 0,
            unknown_count: 0,
            created_at: now,
            version: 0,
        }
    }

    /// When there is something to do about it; none if there is nothing, or nothing yet.
    pub fn due_at(&self) -> Option<Timestamp> {
        match self.state {
            MailState::Due { at } => Some(at),
            MailState::Sending { until } => Some(until),
            MailState::Wanted
            | MailState::Sent { .. }
            | MailState::Refused { .. }
            | MailState::Failed { .. }
            | MailState::Unknown { .. } => None,
        }
    }

    /// An attempt begins; none if there is none to be made now.
    pub fn begin(&self, now: Timestamp) -> Option<ReceiptMail> {
        match self.state {
            MailState::Due { at } if at <= now => {
                let state = MailState::Sending { until: now.plus_ms(SENDING_MS) };
                Some(ReceiptMail { state, attempt_count: self.attempt_count + 1, ..self.clone() })
            }
            MailState::Due { .. }
            | MailState::Wanted
            | MailState::Sending { .. }
            | MailState::Sent { .. }
            | MailState::Refused { .. }
            | MailState::Failed { .. }
            | MailState::Unknown { .. } => None,
        }
    }

    /// Nobody came back from an attempt: it may have arrived. None if somebody still may.
    pub fn abandon(&self, now: Timestamp) -> Option<ReceiptMail> {
        let is_abandoned = matches!(self.state, MailState::Sending { until } if until <= now);
        is_abandoned.then(|| self.clone().end(Handed::Unknown, now))
    }

    /// What an attempt came to, and whether there will be another one.
    #[must_use]
    pub fn end(mut self, handed: Handed, now: Timestamp) -> ReceiptMail {
        let rest = usize::try_from(self.attempt_count - 1).ok().and_then(|at| RESTS_MS.get(at));
        let again = rest.map(|rest_ms| MailState::Due { at: now.plus_ms(*rest_ms) });
        let or_unknown = |known: MailState, unknown_count: i64| match unknown_count {
            0 => known,
            _ => MailState::Unknown { at: now },
        };
        self.state = match handed {
            Handed::Accepted => MailState::Sent { at: now },
            Handed::Refused => or_unknown(MailState::Refused { at: now }, self.unknown_count),
            Handed::NotTaken => {
                let failed = or_unknown(MailState::Failed { at: now }, self.unknown_count);
                again.unwrap_or(failed)
            }
            Handed::Unknown => {
                self.unknown_count += 1;
                let again = again.filter(|_| self.unknown_count < UNKNOWN_MAX);
                again.unwrap_or(MailState::Unknown { at: now })
            }
        };
        self
    }
}

/// The language a payor reads, as he leaves his address; an earlier word of his is replaced.
///
/// None if that is what is known already.
pub fn wish(
    invoice: &Invoice,
    known: Option<ReceiptMail>,
    language: Option<String>,
    now: Timestamp,
) -> Result<Option<Changes>, Refusal> {
    if language.as_deref().is_some_and(|name| !is_language(name)) {
        return Err(Refusal::invalid("language", "must be a language such as en or pt-BR"));
    }
    let mut changes = Changes::of(invoice.merchant_id);
    match known {
        None if language.is_none() => return Ok(None),
        None => add(&mut changes, ReceiptMail::new(invoice, language, MailState::Wanted, now)),
        Some(known) if known.language == language => return Ok(None),
        Some(known) => match known.state {
            MailState::Wanted => changes.update(ReceiptMail { language, ..known }),
            // It is on its way.
            MailState::Due { .. }
            | MailState::Sending { .. }
            | MailState::Sent { .. }
            | MailState::Refused { .. }
            | MailState::Failed { .. }
            | MailState::Unknown { .. } => return Ok(None),
        },
    }
    Ok(Some(changes))
}

/// Has the receipt of a paid invoice mailed; none if nobody is to get one, or it was planned.
pub fn plan(invoice: &Invoice, known: Option<ReceiptMail>, now: Timestamp) -> Option<Changes> {
    let is_paid = invoice.status == InvoiceStatus::Paid;
    let is_news = invoice.paid_at.is_some_and(|at| now < at.plus_ms(MAIL_WITHIN_MS));
    if !is_paid || !is_news || invoice.customer_email.is_none() {
        return None;
    }
    let mut changes = Changes::of(invoice.merchant_id);
    let state = MailState::Due { at: now };
    match known {
        None => add(&mut changes, ReceiptMail::new(invoice, None, state, now)),
        Some(known) if known.state == MailState::Wanted => {
            changes.update(ReceiptMail { state, ..known });
        }
        Some(_) => return None,
    }
    Some(changes)
}

/// Of two who add it at once, one meets a conflict and looks again.
fn add(changes: &mut Changes, mail: ReceiptMail) {
    changes.guard(Noun::ReceiptMail, mail.key(), 0);
    changes.insert(mail);
}

/// Letters, digits and hyphens, as in `zh-Hant-TW`.
fn is_language(name: &str) -> bool {
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    name.len() <= LANGUAGE_BYTES_MAX && name.split('-').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::event::Origin;
    use crate::ids::Fresh;
    use crate::invoice::{InvoiceAsk, create};
    use crate::merchant::Merchant;
    use crate::money::Usd;

    const NOW: Timestamp = Timestamp(1_766_320_496_000);

    fn invoice() -> Invoice {
        let merchant = Merchant::new(MerchantId(1), "Shop", "a@example.com", NOW);
        let customer_email = Some("payor@example.com".to_owned());
        let amount = Usd::from_dollars(1);
        let ask = InvoiceAsk { amount, customer_email, ..InvoiceAsk::default() };
        let mut fresh = Fresh::new(NOW, [1; 16]);
        let made = create(ask, &merchant, Environment::Devnet, Origin::default(), &mut fresh);
        made.expect("a valid ask").invoice
    }

    fn mail() -> ReceiptMail {
        ReceiptMail::new(&invoice(), None, MailState::Due { at: NOW }, NOW)
    }

    /// What a mail has become after attempts that end so, each as soon as it may be.
    fn after(ends: &[Handed]) -> (ReceiptMail, Timestamp) {
        let (mut mail, mut now) = (mail(), NOW);
        for handed in ends {
            now = mail.due_at().expect("another attempt");
            mail = mail.begin(now).expect("it is due").end(*handed, now);
        }
        (mail, now)
    }

    #[track_caller]
    fn check(ends: &[Handed], state: impl FnOnce(Timestamp) -> MailState) {
        let (mail, now) = after(ends);
        assert_eq!(mail.state, state(now));
        assert_eq!(mail.begin(now), None, "nothing is handed over at once again");
    }

    #[test]
    fn what_is_known_is_not_tried_again_and_what_may_have_arrived_once() {
        use Handed::{Accepted, NotTaken, Refused, Unknown};
        check(&[Accepted], |at| MailState::Sent { at });
        check(&[Refused], |at| MailState::Refused { at });
        check(&[NotTaken], |at| MailState::Due { at: at.plus_ms(MINUTE_MS) });
        check(&[NotTaken, Accepted], |at| MailState::Sent { at });
        check(&[NotTaken; 7], |at| MailState::Failed { at });
        check(&[Unknown], |at| MailState::Due { at: at.plus_ms(MINUTE_MS) });
        check(&[Unknown, Unknown], |at| MailState::Unknown { at });
        check(&[Unknown, Refused], |at| MailState::Unknown { at });
        check(&[Unknown, Accepted], |at| MailState::Sent { at });
        let mut one_unknown = [NotTaken; 7];
        one_unknown[0] = Unknown;
        check(&one_unknown, |at| MailState::Unknown { at });
    }

    #[test]
    fn who_dies_over_an_attempt_may_have_made_it() {
        let sending = mail().begin(NOW).expect("it is due");
        assert_eq!(sending.abandon(NOW.plus_ms(SENDING_MS - 1)), None);
        let later = NOW.plus_ms(SENDING_MS);
        let left = sending.abandon(later).expect("nobody came back");
        assert_eq!((left.unknown_count, left.attempt_count), (1, 1));
        assert_eq!(left.due_at(), Some(later.plus_ms(MINUTE_MS)));
    }

    #[test]
    fn a_receipt_is_planned_once_and_while_it_is_news() {
        let open = invoice();
        assert_eq!(plan(&open, None, NOW), None);
        let paid = Invoice { status: InvoiceStatus::Paid, paid_at: Some(NOW), ..open };
        assert!(plan(&paid, None, NOW).is_some());
        assert_eq!(plan(&paid, None, NOW.plus_ms(MAIL_WITHIN_MS)), None);
        assert_eq!(plan(&paid, Some(mail()), NOW), None);
        let wanted = ReceiptMail::new(&paid, Some("ar".into()), MailState::Wanted, NOW);
        let changes = plan(&paid, Some(wanted), NOW).expect("it was only wished for");
        assert_eq!((changes.inserts.len(), changes.updates.len()), (0, 1));
        assert_eq!(plan(&Invoice { customer_email: None, ..paid }, None, NOW), None);
    }

    #[test]
    fn a_wish_names_a_language() {
        let invoice = invoice();
        let check = |name: &str, is_one: bool| {
            let wished = wish(&invoice, None, Some(name.to_owned()), NOW);
            assert_eq!(wished.is_ok(), is_one, "{name}");
        };
        for name in ["en", "pt-BR", "zh-Hant-TW"] {
            check(name, true);
        }
        for name in ["", "-", "en-", "e n", "ar\r\nBcc", "abcdefghi", "日本", &"en-".repeat(20)] {
            check(name, false);
        }
        assert_eq!(wish(&invoice, None, None, NOW), Ok(None));
    }
}
