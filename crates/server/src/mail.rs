//! Mail to members and payors: what is sent, and where it goes.
//!
//! The file sink writes each message as an `.eml` file into the data directory, where a first try
//! and the tests read it; an operator's mail agent may pick it up from there.

use std::path::PathBuf;

use anyhow::Context as _;
use domain::ids::Fresh;
use domain::secret::Secret;

use crate::commands::private_files::{make_directory, write_private};
use crate::config::Config;

/// A message in plain text. The body may hold a token, so it is never logged.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub body: Secret,
}

/// A link that sets a new password.
pub fn password_reset(config: &Config, to: &str, token: &Secret) -> Mail {
    let body = format!(
        "Somebody asked for a new password for this account.\n\n{}\n\n\
         The link works for one hour, once. If it was not you, do nothing: your password stays.\n",
        reset_link(config, token)
    );
    let subject = "Set a new Pepay password".to_owned();
    Mail { to: to.to_owned(), subject, body: Secret::new(body) }
}

/// A link that sets the first password of a new member.
pub fn invitation(config: &Config, to: &str, company_name: &str, token: &Secret) -> Mail {
    let body = format!(
        "You were invited to {company_name} on Pepay.\n\nSet your password here:\n\n{}\n\n\
         The link works for seven days, once.\n",
        reset_link(config, token)
    );
    let subject = format!("You were invited to {company_name}");
    Mail { to: to.to_owned(), subject, body: Secret::new(body) }
}

/// The receipt of what a payor paid. The link is his, so it is kept out of logs with the rest.
pub fn receipt(to: &str, company_name: &str, amount: &str, link: &str) -> Mail {
    let body = Secret::new(format!(
        "{company_name} has received your payment of {amount}. Thank you.\n\n\
         Your receipt, to keep or to print:\n\n{link}\n"
    ));
    Mail { to: to.to_owned(), subject: format!("Receipt from {company_name}"), body }
}

fn reset_link(config: &Config, token: &Secret) -> String {
    let base = config.public_url.trim_end_matches('/');
    format!("{base}/reset-password?token={}\n\nToken: {}", token.expose(), token.expose())
}

/// Hands a message over. A file is small, so this is not worth a thread of its own.
pub async fn send(config: &Config, mail: Mail, mut fresh: Fresh) -> anyhow::Result<PathBuf> {
    let directory = config.data_dir.join("mail");
    // A name in order of time, so that the newest message is the last file.
    let path = directory.join(format!("{}.eml", fresh.uuid()));
    let text = render(config, &mail);
    let written = path.clone();
    let write = move || -> anyhow::Result<()> {
        make_directory(&directory)?;
        write_private(&written, text.as_bytes())
    };
    tokio::task::spawn_blocking(write).await.context("writing mail")??;
    Ok(path)
}

fn render(config: &Config, mail: &Mail) -> String {
    let host = url::Url::parse(&config.public_url).ok();
    let host = host.as_ref().and_then(url::Url::host_str).unwrap_or("localhost");
    // The agent that takes the file dates it.
    let headers = [
        ("From", format!("Pepay <no-reply@{host}>")),
        ("To", header_text(&mail.to)),
        ("Subject", header_text(&mail.subject)),
        ("MIME-Version", "1.0".to_owned()),
        ("Content-Type", "text/plain; charset=utf-8".to_owned()),
    ];
    let headers: String =
        headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{headers}\r\n{}", mail.body.expose().replace('\n', "\r\n"))
}

/// One line of a header: whatever a name contains, it begins no header of its own.
fn header_text(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_add_headers() {
        let config = Config { public_url: "https://pay.example".into(), ..Config::default() };
        let token = Secret::new("t0ken");
        let mail = invitation(&config, "a@b.example", "Shop\r\nBcc: c@d.example", &token);
        let text = render(&config, &mail);
        let (headers, body) = text.split_once("\r\n\r\n").expect("headers and a body");
        assert!(headers.lines().all(|line| !line.starts_with("Bcc")), "{headers}");
        assert!(headers.contains("From: Pepay <no-reply@pay.example>"));
        assert!(body.contains("https://pay.example/reset-password?token=t0ken"));
    }
}
