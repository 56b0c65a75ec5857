//! What a carrier says of a parcel, as a merchant, a retailer or the simulator tells it.
//!
//! Invariant: what is kept of it is bounded, printable, and a link that a browser may open.

use crate::refusal::Refusal;

const TEXT_MAX: usize = 255;
const URL_MAX: usize = 2_048;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracking {
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
}

impl Tracking {
    /// The same without spaces around it, if all of it is within its bounds.
    pub fn checked(self) -> Result<Tracking, Refusal> {
        let url = self.tracking_url.map(|url| link(url.trim())).transpose()?;
        Ok(Tracking {
            carrier: text("tracking.carrier", self.carrier)?,
            tracking_number: text("tracking.trackingNumber", self.tracking_number)?,
            tracking_url: url,
        })
    }
}

fn text(param: &'static str, value: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(value) = value else { return Ok(None) };
    let value = value.trim();
    let is_fine = (1..=TEXT_MAX).contains(&value.chars().count());
    if !is_fine || value.chars().any(char::is_control) {
        return Err(Refusal::invalid(param, "must be 1 to 255 printable characters"));
    }
    Ok(Some(value.to_owned()))
}

fn link(value: &str) -> Result<String, Refusal> {
    let refuse = |message: &str| Err(Refusal::invalid("tracking.trackingUrl", message));
    if value.len() > URL_MAX || value.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return refuse("must not pass 2048 characters, nor hold spaces");
    }
    match url::Url::parse(value) {
        Ok(url) if url.scheme() == "https" && url.host().is_some() => Ok(value.to_owned()),
        Ok(_) | Err(_) => refuse("must be an https URL"),
    }
}
