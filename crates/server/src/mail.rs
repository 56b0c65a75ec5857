//! Mail to members and payors: what is sent, and which way it goes.
//!
//! By SMTP where the operator names a relay. Without one each message is written as an `.eml` file
//! into the data directory, where a first try and the tests read it; a mail agent may pick it up
//! from there. Invariant: whatever names and addresses contain, they begin no header of their own.

pub mod smtp;

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, bail};
use domain::ids::Fresh;
use domain::receipt_mail::{Handed, ReceiptMail};
use domain::secret::Secret;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Message};

use self::smtp::{Cause, Ended, Stage};
use crate::app::App;
use crate::commands::private_files::{make_directory, write_private};
use crate::config::Config;
use crate::language::Language;

/// What the protocol lets a line have, its end not counted.
const LINE_BYTES_MAX: usize = 998;
/// What makes a paragraph of mixed letters begin on the right.
const RIGHT_TO_LEFT_MARK: char = '\u{200f}';

/// A message in plain text. The body may hold a token, so it is never logged.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub body: Secret,
    /// What mailboxes know a second copy by; none: there is never one.
    pub id: Option<String>,
}

/// A link that sets a new password.
pub fn password_reset(config: &Config, to: &str, token: &Secret) -> Mail {
    let body = format!(
        "Somebody asked for a new password for this account.\n\n{}\n\n\
         The link works for one hour, once. If it was not you, do nothing: your password stays.\n",
        reset_link(config, token)
    );
    let subject = "Set a new Pepay password".to_owned();
    Mail { to: to.to_owned(), subject, body: Secret::new(body), id: None }
}

/// A link that sets the first password of a new member.
pub fn invitation(config: &Config, to: &str, company_name: &str, token: &Secret) -> Mail {
    let body = format!(
        "You were invited to {company_name} on Pepay.\n\nSet your password here:\n\n{}\n\n\
         The link works for seven days, once.\n",
        reset_link(config, token)
    );
    let subject = format!("You were invited to {company_name}");
    Mail { to: to.to_owned(), subject, body: Secret::new(body), id: None }
}

/// What a receipt's mail tells.
pub struct Receipt<'a> {
    pub mail: &'a ReceiptMail,
    pub to: &'a str,
    pub merchant: &'a str,
    pub amount: &'a str,
    /// Of the receipt, in no language yet.
    pub link: &'a str,
}

/// The receipt of what a payor paid, in his language. The link is his, so it is kept out of logs
/// with the rest.
pub fn receipt(receipt: &Receipt<'_>) -> Mail {
    let language = Language::named(receipt.mail.language.as_deref());
    let fill = [("merchant", receipt.merchant), ("amount", receipt.amount)];
    let mark = if language.direction() == "rtl" { Some(RIGHT_TO_LEFT_MARK) } else { None };
    let say = |key: &str| mark.into_iter().chain(language.plain(key, &fill).chars()).collect();
    let [thanks, keep]: [String; 2] = [say("mail_thanks"), say("mail_keep")];
    let link = format!("{}?lang={}", receipt.link, language.tag());
    Mail {
        to: receipt.to.to_owned(),
        subject: language.plain("mail_subject", &fill),
        body: Secret::new(format!("{thanks}\n\n{keep}\n\n{link}\n")),
        id: Some(format!("receipt.{}", receipt.mail.invoice_id.key().uuid().simple())),
    }
}

fn reset_link(config: &Config, token: &Secret) -> String {
    let base = config.public_url.trim_end_matches('/');
    format!("{base}/reset-password?token={}\n\nToken: {}", token.expose(), token.expose())
}

/// Hands a message over once, and says what came of it.
pub async fn hand_over(app: &App, mail: &Mail) -> Ended {
    let own = own_mailbox(&app.config);
    let from = app.relay.as_ref().map_or(&own, |relay| &relay.from);
    let Ok(message) = compose(&app.config, mail, from, app.fresh()) else {
        return Ended { handed: Handed::Refused, stage: Stage::Message, cause: Cause::Unsayable };
    };
    if let Some(relay) = &app.relay {
        return smtp::hand_over(relay, &message).await;
    }
    match file(&app.config, &message, app.fresh()).await {
        Ok(()) => Ended::accepted(),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "mail cannot be written");
            Ended { handed: Handed::NotTaken, stage: Stage::File, cause: Cause::None }
        }
    }
}

/// Sends what its receiver can ask for again, so that nothing has to be kept about it.
pub async fn send(app: &App, mail: Mail) -> anyhow::Result<()> {
    let ended = hand_over(app, &mail).await;
    match ended.handed {
        Handed::Accepted => Ok(()),
        Handed::Refused | Handed::NotTaken => bail!("{ended}"),
        Handed::Unknown => bail!("{ended}: it may have arrived"),
    }
}

/// A file is small, so writing it is not worth a thread of its own.
async fn file(config: &Config, message: &Message, mut fresh: Fresh) -> anyhow::Result<()> {
    let directory = config.data_dir.join("mail");
    // A name in order of time, so that the newest message is the last file.
    let path = directory.join(format!("{}.eml", fresh.uuid()));
    let text = message.formatted();
    let write = move || -> anyhow::Result<()> {
        make_directory(&directory)?;
        write_private(&path, &text)
    };
    tokio::task::spawn_blocking(write).await.context("writing mail")?
}

/// Of a house that was not told what its mailbox is.
fn own_mailbox(config: &Config) -> Mailbox {
    let address = |host: &str| lettre::Address::new("no-reply", host);
    let address = address(&own_host(config)).or_else(|_| address("localhost"));
    Mailbox::new(Some("Pepay".to_owned()), address.expect("a plain name is an address"))
}

fn own_host(config: &Config) -> String {
    let url = url::Url::parse(&config.public_url).ok();
    url.as_ref().and_then(url::Url::host_str).unwrap_or("localhost").to_owned()
}

/// The whole message, with headers that say what they should and nothing else.
fn compose(
    config: &Config,
    mail: &Mail,
    from: &Mailbox,
    mut fresh: Fresh,
) -> anyhow::Result<Message> {
    let sent_at = u64::try_from(fresh.now().0).context("a time before mail was invented")?;
    let id = mail.id.clone().unwrap_or_else(|| fresh.uuid().simple().to_string());
    let to: lettre::Address = mail.to.parse().context("no address for mail")?;
    let mut message = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(header_text(&mail.subject))
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(sent_at))
        .message_id(Some(format!("<{id}@{}>", own_host(config))))
        .header(ContentType::TEXT_PLAIN)
        .body(body(mail.body.expose()))?;
    // Nobody's absence is answered to a machine.
    let name = HeaderName::new_from_ascii_str("Auto-Submitted");
    message.headers_mut().insert_raw(HeaderValue::new(name, "auto-generated".to_owned()));
    Ok(message)
}

/// Plain letters go as they stand, so that a link is one line to whoever reads the file.
fn body(text: &str) -> Body {
    let is_plain = |byte: u8| byte == b'\n' || (b' '..=b'~').contains(&byte);
    let fits = text.lines().all(|line| line.len() <= LINE_BYTES_MAX);
    if fits && text.bytes().all(is_plain) {
        let lines = text.replace('\n', "\r\n").into_bytes();
        return Body::dangerous_pre_encoded(lines, ContentTransferEncoding::SevenBit);
    }
    Body::new(text.to_owned())
}

/// One line of a header: whatever a name contains, it begins no header of its own.
fn header_text(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;

    use super::*;

    fn text(mail: &Mail) -> anyhow::Result<String> {
        let config = Config { public_url: "https://pay.example".into(), ..Config::default() };
        let fresh = Fresh::new(Timestamp(1_766_320_496_000), [1; 16]);
        let message = compose(&config, mail, &own_mailbox(&config), fresh)?;
        Ok(String::from_utf8(message.formatted()).expect("text"))
    }

    #[test]
    fn a_name_cannot_add_headers() {
        let config = Config { public_url: "https://pay.example".into(), ..Config::default() };
        let token = Secret::new("t0ken");
        for name in ["Shop\r\nBcc: c@d.example", "Shöp\r\nBcc: c@d.example", "Shop\nBcc: c@d"] {
            let text = text(&invitation(&config, "a@b.example", name, &token)).expect("a message");
            let (headers, _) = text.split_once("\r\n\r\n").expect("headers and a body");
            assert!(headers.lines().all(|line| !line.starts_with("Bcc")), "{headers}");
            assert!(headers.contains("From: Pepay <no-reply@pay.example>"), "{headers}");
            assert!(headers.contains("Date: Sun, 21 Dec 2025 12:34:56 +0000"), "{headers}");
        }
        let plain = text(&invitation(&config, "a@b.example", "Shop", &token)).expect("a message");
        assert!(plain.contains("https://pay.example/reset-password?token=t0ken"), "{plain}");
    }

    #[test]
    fn an_address_cannot_add_anything() {
        let mail = |to: &str| Mail {
            to: to.to_owned(),
            subject: "A".into(),
            body: Secret::new("B\n"),
            id: None,
        };
        for to in ["a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "a>@b", "<a@b>"] {
            assert!(text(&mail(to)).is_err(), "{to}");
        }
        let said = text(&mail("a@b.example")).expect("a message");
        assert!(said.contains("To: a@b.example\r\n"), "{said}");
    }

    #[test]
    fn a_house_at_any_address_has_a_mailbox() {
        for public_url in ["https://pay.example", "http://127.0.0.1:3000", "http://[::1]/", "?"] {
            let config = Config { public_url: public_url.into(), ..Config::default() };
            assert_eq!(own_mailbox(&config).name.as_deref(), Some("Pepay"));
        }
    }
}
