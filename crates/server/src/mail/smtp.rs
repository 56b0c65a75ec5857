//! Handing a mail to a relay by SMTP: one mail, one connection, and an honest word of how it ended.
//!
//! Invariant: an end is unknown only if all of the mail may have been said. Whatever fails before
//! that is known to have delivered nothing, and what the relay answered is taken at its word.

use std::fmt;
use std::time::Duration;

use domain::receipt_mail::Handed;
use domain::secret::Secret;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Code;

/// A farewell is manners, and nobody waits for it.
const FAREWELL_MAX: Duration = Duration::from_secs(1);

/// Who takes mail. No `Debug`: it holds a password.
pub struct Relay {
    pub host: String,
    pub port: u16,
    pub tls: TlsMode,
    pub credentials: Option<(String, Secret)>,
    pub from: Mailbox,
    pub authority: Option<Certificate>,
    /// Until the relay is ready for the mail, and once more until it has taken it.
    pub patience: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    Starttls,
    Implicit,
    None,
}

/// What handing over came to, and where it stopped.
///
/// Relays repeat addresses in what they say: of their words only the code is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub handed: Handed,
    pub stage: Stage,
    pub cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Message,
    /// In the data directory, where there is no relay.
    File,
    Connect,
    StartTls,
    SignIn,
    Sender,
    Receiver,
    Data,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    None,
    /// The relay's own word.
    Answer(Code),
    TimedOut,
    Tls,
    Connection,
    /// Not to be said by SMTP, or not to this relay.
    Unsayable,
}

impl fmt::Display for Ended {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match self.stage {
            Stage::Message => "composing",
            Stage::File => "writing",
            Stage::Connect => "connecting",
            Stage::StartTls => "STARTTLS",
            Stage::SignIn => "signing in",
            Stage::Sender => "MAIL",
            Stage::Receiver => "RCPT",
            Stage::Data => "DATA",
            Stage::Done => "the end",
        };
        match self.cause {
            Cause::None => out.write_str(stage),
            Cause::Answer(code) => write!(out, "{stage}: {code}"),
            Cause::TimedOut => write!(out, "{stage}: timed out"),
            Cause::Tls => write!(out, "{stage}: the TLS handshake failed"),
            Cause::Connection => write!(out, "{stage}: the connection failed"),
            Cause::Unsayable => write!(out, "{stage}: not possible with this relay"),
        }
    }
}

impl Ended {
    pub const fn accepted() -> Ended {
        Ended { handed: Handed::Accepted, stage: Stage::Done, cause: Cause::None }
    }

    /// Where an answer is about the mail itself, a permanent one ends it.
    fn of(stage: Stage, error: &Error) -> Ended {
        let is_of_mail = matches!(stage, Stage::Receiver | Stage::Data);
        let handed = match is_of_mail && error.is_permanent() {
            true => Handed::Refused,
            false => Handed::NotTaken,
        };
        Ended { handed, stage, cause: cause(error) }
    }

    fn not_taken(stage: Stage, cause: Cause) -> Ended {
        Ended { handed: Handed::NotTaken, stage, cause }
    }
}

fn cause(error: &Error) -> Cause {
    match error.status() {
        Some(code) => Cause::Answer(code),
        None if error.is_timeout() => Cause::TimedOut,
        None if error.is_tls() => Cause::Tls,
        None if error.is_client() => Cause::Unsayable,
        None => Cause::Connection,
    }
}

/// Hands a mail over, or says why not.
pub async fn hand_over(relay: &Relay, message: &Message) -> Ended {
    // Dropped with the connection if its time is over: nothing of the mail has been said then.
    let opened = tokio::time::timeout(relay.patience, open(relay, message)).await;
    let mut line = match opened {
        Ok(Ok(line)) => line,
        Ok(Err(ended)) => return ended,
        Err(_) => return Ended::not_taken(Stage::Connect, Cause::TimedOut),
    };
    let text = message.formatted();
    let unknown = |cause| Ended { handed: Handed::Unknown, stage: Stage::Data, cause };
    let ended = match tokio::time::timeout(relay.patience, line.message(&text)).await {
        Ok(Ok(_)) => Ended::accepted(),
        Ok(Err(error)) if error.is_permanent() || error.is_transient() => {
            Ended::of(Stage::Data, &error)
        }
        Ok(Err(error)) => unknown(cause(&error)),
        Err(_) => unknown(Cause::TimedOut),
    };
    if ended.handed == Handed::Accepted {
        let _ = tokio::time::timeout(FAREWELL_MAX, line.quit()).await;
    }
    ended
}

/// A connection that waits for the text of this mail.
async fn open(relay: &Relay, message: &Message) -> Result<AsyncSmtpConnection, Ended> {
    let at = |stage| move |error: Error| Ended::of(stage, &error);
    let hello = ClientId::Domain(relay.from.email.domain().to_owned());
    let tls = || tls(relay).map_err(at(Stage::Connect));
    let (first, then) = match relay.tls {
        TlsMode::Implicit => (Some(tls()?), None),
        TlsMode::Starttls => (None, Some(tls()?)),
        TlsMode::None => (None, None),
    };
    let place = (relay.host.as_str(), relay.port);
    let patience = Some(relay.patience);
    let line = AsyncSmtpConnection::connect_tokio1(place, patience, &hello, first, None).await;
    let mut line = line.map_err(at(Stage::Connect))?;
    if let Some(tls) = then {
        line.starttls(tls, &hello).await.map_err(at(Stage::StartTls))?;
    }
    if let Some((user, password)) = &relay.credentials {
        let credentials = Credentials::new(user.clone(), password.expose().to_owned());
        let ways = [Mechanism::Plain, Mechanism::Login];
        line.auth(&ways, &credentials).await.map_err(at(Stage::SignIn))?;
    }
    address(&mut line, message).await?;
    line.command(Data).await.map_err(at(Stage::Data))?;
    Ok(line)
}

/// Says from whom the mail is and to whom it goes.
async fn address(line: &mut AsyncSmtpConnection, message: &Message) -> Result<(), Ended> {
    let at = |stage| move |error: Error| Ended::of(stage, &error);
    let envelope = message.envelope();
    let mut parameters = Vec::new();
    let is_plain = |address: &lettre::Address| AsRef::<str>::as_ref(address).is_ascii();
    if !envelope.from().into_iter().chain(envelope.to()).all(is_plain) {
        if !line.server_info().supports_feature(Extension::SmtpUtfEight) {
            let (handed, cause) = (Handed::Refused, Cause::Unsayable);
            return Err(Ended { handed, stage: Stage::Receiver, cause });
        }
        parameters.push(MailParameter::SmtpUtfEight);
        if line.server_info().supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
    }
    let sender = Mail::new(envelope.from().cloned(), parameters);
    line.command(sender).await.map_err(at(Stage::Sender))?;
    for to in envelope.to() {
        line.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(at(Stage::Receiver))?;
    }
    Ok(())
}

fn tls(relay: &Relay) -> Result<TlsParameters, Error> {
    let mut builder = TlsParameters::builder(relay.host.clone());
    if let Some(authority) = &relay.authority {
        builder = builder.add_root_certificate(authority.clone());
    }
    builder.build_rustls()
}
