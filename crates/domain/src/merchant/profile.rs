//! What a merchant may say of itself, and the bounds of each setting.
//!
//! An absent field stays as it is. Only addresses and colours can be cleared. The tolerance is the
//! environment's in which the caller acts; the rest is the merchant's everywhere.

use super::Merchant;
use crate::environment::Environment;
use crate::money::Usd;
use crate::questions::normalize_email;
use crate::refusal::Refusal;

const COMPANY_NAME_MAX: usize = 255;
const URL_MAX: usize = 2_048;
const TOLERANCE_BPS_MAX: i64 = 1_000;
const TOLERANCE_MAX: Usd = Usd(1_000_000_000_000);
const EMBED_ORIGINS_MAX: usize = 20;

/// The fields to change; `Some(None)` clears.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    pub company_name: Option<String>,
    pub email: Option<String>,
    pub default_payment_return_url: Option<Option<String>>,
    pub tolerance_bps: Option<i64>,
    pub tolerance_max: Option<Usd>,
    pub embed_origins: Option<Vec<String>>,
    pub logo_url: Option<Option<String>>,
    pub brand_color: Option<Option<String>>,
    pub accent_color: Option<Option<String>>,
}

impl ProfileChange {
    /// Whether only an owner may make it: it decides, in both environments, whom the house writes
    /// to, or where payors are sent and by whom they are framed.
    pub fn takes_an_owner(&self) -> bool {
        self.email.is_some()
            || self.default_payment_return_url.is_some()
            || self.embed_origins.is_some()
    }
}

impl Merchant {
    /// This merchant with a changed profile; `environment` is where the caller acts.
    pub fn with_profile(
        mut self,
        change: ProfileChange,
        environment: Environment,
    ) -> Result<Merchant, Refusal> {
        if let Some(name) = change.company_name {
            self.company_name = check_company_name(&name)?;
        }
        if let Some(email) = change.email {
            self.email = check_email("email", &email)?;
        }
        if let Some(url) = change.default_payment_return_url {
            self.default_payment_return_url = https_url("default_payment_return_url", url)?;
        }
        let mut tolerance = self.tolerance(environment);
        if let Some(basis_points) = change.tolerance_bps {
            if !(0..=TOLERANCE_BPS_MAX).contains(&basis_points) {
                return Err(Refusal::invalid("tolerance_bps", "must be between 0 and 1000"));
            }
            tolerance.basis_points = basis_points;
        }
        if let Some(most) = change.tolerance_max {
            if !(Usd::ZERO..=TOLERANCE_MAX).contains(&most) {
                return Err(Refusal::invalid("tolerance_max_usd", "must not pass 1000000"));
            }
            tolerance.most = most;
        }
        self = self.with_tolerance(environment, tolerance);
        if let Some(origins) = change.embed_origins {
            self.embed_origins = embed_origins(origins, environment)?;
        }
        if let Some(url) = change.logo_url {
            self.logo_url = https_url("logo_url", url)?;
        }
        if let Some(text) = change.brand_color {
            self.brand_color = color("brand_color", text)?;
        }
        if let Some(text) = change.accent_color {
            self.accent_color = color("accent_color", text)?;
        }
        Ok(self)
    }
}

pub fn check_company_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    let length = name.chars().count();
    // What turns the direction of text would turn that of the page around it, too.
    let turns = |letter| matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_refused = |letter: char| letter.is_control() || turns(letter);
    if (1..=COMPANY_NAME_MAX).contains(&length) && !name.chars().any(is_refused) {
        return Ok(name.to_owned());
    }
    Err(Refusal::invalid("company_name", "must have 1 to 255 printable characters"))
}

pub fn check_email(param: &'static str, text: &str) -> Result<String, Refusal> {
    normalize_email(text).ok_or_else(|| Refusal::invalid(param, "must be an e-mail address"))
}

fn https_url(param: &'static str, text: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let is_https = url::Url::parse(&text).is_ok_and(|url| url.scheme() == "https");
    if !is_https || text.len() > URL_MAX || text.chars().any(char::is_control) {
        let message = "must be an https URL of at most 2048 characters";
        return Err(Refusal::invalid(param, message));
    }
    Ok(Some(text))
}

/// Where the payment page may be embedded: origins in their one spelling, each once.
fn embed_origins(texts: Vec<String>, environment: Environment) -> Result<Vec<String>, Refusal> {
    let refuse = |message: &str| Refusal::invalid("embed_origins", message);
    if texts.len() > EMBED_ORIGINS_MAX {
        return Err(refuse("must hold at most 20 origins"));
    }
    let mut origins: Vec<String> = Vec::new();
    for text in texts {
        let origin = origin(&text, environment).ok_or_else(|| {
            refuse("must be origins like https://shop.example, or http://localhost:PORT on devnet")
        })?;
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    Ok(origins)
}

fn origin(text: &str, environment: Environment) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let is_bare = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    let is_local = !environment.is_live() && url.host_str() == Some("localhost");
    let is_allowed = match url.scheme() {
        "https" => true,
        "http" => is_local,
        _ => false,
    };
    (is_bare && is_allowed && text.len() <= URL_MAX).then(|| url.origin().ascii_serialization())
}

fn color(param: &'static str, text: Option<String>) -> Result<Option<String>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let digits = text.strip_prefix('#').unwrap_or("");
    if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Refusal::invalid(param, "must be a colour like #1a2b3c"));
    }
    Ok(Some(text.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MerchantId;
    use crate::time::Timestamp;

    const DEVNET: Environment = Environment::Devnet;

    fn merchant() -> Merchant {
        Merchant::new(MerchantId(1), "Shop", "shop@example.com", Timestamp(1))
    }

    fn changed(change: ProfileChange, environment: Environment) -> Result<Merchant, Refusal> {
        merchant().with_profile(change, environment)
    }

    #[track_caller]
    fn check_origin(text: &str, environment: Environment, origin: Option<&str>) {
        let embed_origins = Some(vec![text.to_owned()]);
        let after = changed(ProfileChange { embed_origins, ..Default::default() }, environment);
        let found = after.ok().and_then(|merchant| merchant.embed_origins.first().cloned());
        assert_eq!(found.as_deref(), origin, "{text}");
    }

    #[test]
    fn origins_are_https_or_this_machine() {
        check_origin("https://Shop.Example/", DEVNET, Some("https://shop.example"));
        check_origin("https://shop.example:8443", DEVNET, Some("https://shop.example:8443"));
        check_origin("http://localhost:5173", DEVNET, Some("http://localhost:5173"));
        check_origin("http://localhost:5173", Environment::Mainnet, None);
        for text in ["http://shop.example", "https://a.b/path", "https://u@a.b", "*", "ftp://a.b"] {
            check_origin(text, DEVNET, None);
        }
    }

    #[track_caller]
    fn check_color(text: &str, color: Option<&str>) {
        let brand_color = Some(Some(text.to_owned()));
        let after = changed(ProfileChange { brand_color, ..Default::default() }, DEVNET);
        assert_eq!(after.ok().and_then(|merchant| merchant.brand_color).as_deref(), color);
    }

    #[test]
    fn colours_are_six_hex_digits() {
        check_color("#1A2b3c", Some("#1a2b3c"));
        for text in ["1a2b3c", "#1a2b3", "#1a2b3g", "red", ""] {
            check_color(text, None);
        }
    }

    #[test]
    fn addresses_and_the_e_mail_take_an_owner() {
        let text = || "x".to_owned();
        let base = ProfileChange::default;
        for change in [
            ProfileChange { email: Some(text()), ..base() },
            ProfileChange { default_payment_return_url: Some(None), ..base() },
            ProfileChange { embed_origins: Some(Vec::new()), ..base() },
        ] {
            assert!(change.takes_an_owner(), "{change:?}");
        }
        for change in [
            base(),
            ProfileChange { tolerance_bps: Some(0), ..base() },
            ProfileChange { tolerance_max: Some(Usd(0)), ..base() },
            ProfileChange { company_name: Some(text()), ..base() },
            ProfileChange { logo_url: Some(None), ..base() },
            ProfileChange { brand_color: Some(None), ..base() },
            ProfileChange { accent_color: Some(None), ..base() },
        ] {
            assert!(!change.takes_an_owner(), "{change:?}");
        }
    }

    #[test]
    fn what_is_absent_stays_and_what_is_null_is_cleared() {
        let url = || Some("https://shop.example/thanks".to_owned());
        let set = ProfileChange { default_payment_return_url: Some(url()), ..Default::default() };
        let after = changed(set, DEVNET).expect("valid");
        let same = after.clone().with_profile(ProfileChange::default(), DEVNET).expect("valid");
        assert_eq!((&same, &same.default_payment_return_url), (&after, &url()));
        let clear = ProfileChange { default_payment_return_url: Some(None), ..Default::default() };
        let cleared = after.with_profile(clear, DEVNET).expect("valid");
        assert_eq!(cleared.default_payment_return_url, None);
    }

    #[test]
    fn tolerance_is_the_environments_own() {
        let change = ProfileChange {
            tolerance_bps: Some(100),
            tolerance_max: Some(Usd::from_dollars(1)),
            ..Default::default()
        };
        let after = changed(change, DEVNET).expect("valid");
        let missing = |environment| after.tolerance(environment).of(Usd::from_dollars(50));
        assert_eq!(missing(DEVNET), Usd(500_000));
        assert_eq!(missing(Environment::Mainnet), Usd::ZERO);
        assert_eq!(after.tolerance(DEVNET).of(Usd::from_dollars(500)), Usd::from_dollars(1));
    }

    #[test]
    fn tolerance_has_bounds() {
        for (basis_points, is_fine) in [(0, true), (1_000, true), (1_001, false), (-1, false)] {
            let tolerance_bps = Some(basis_points);
            let after = changed(ProfileChange { tolerance_bps, ..Default::default() }, DEVNET);
            assert_eq!(after.is_ok(), is_fine, "{basis_points}");
        }
    }
}
