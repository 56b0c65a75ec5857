//! How a merchant gets to mainnet: asks for it, is let in, and chooses where bearer requests act.

use super::{MainnetRequest, Merchant};
use crate::environment::Environment;
use crate::refusal::Refusal;
use crate::secret::{Secret, equal, sha256};
use crate::time::Timestamp;

const WEBSITE_MAX: usize = 2_048;
const USE_CASE_MAX: usize = 2_000;

impl Merchant {
    /// Writes down that this merchant asks for mainnet; the newest words stand.
    pub fn request_mainnet(
        mut self,
        website: &str,
        use_case: &str,
        now: Timestamp,
    ) -> Result<Merchant, Refusal> {
        let (website, use_case) = (website.trim(), use_case.trim());
        let is_web = ["https://", "http://"].iter().any(|scheme| website.starts_with(scheme));
        if !is_web || website.len() > WEBSITE_MAX || url::Url::parse(website).is_err() {
            return Err(Refusal::invalid("website", "must be an http or https URL"));
        }
        if use_case.is_empty() || use_case.len() > USE_CASE_MAX {
            let message = format!("must have 1 to {USE_CASE_MAX} bytes");
            return Err(Refusal::invalid("use_case", message));
        }
        if !self.has_mainnet_access {
            self.mainnet_request = Some(MainnetRequest {
                website: website.to_owned(),
                use_case: use_case.to_owned(),
                requested_at: now,
            });
        }
        Ok(self)
    }

    /// Lets the merchant in; a waiting request is settled by it.
    pub fn enable_mainnet(mut self) -> Merchant {
        self.has_mainnet_access = true;
        self.mainnet_request = None;
        self
    }

    /// Lets the merchant in by the operator's access key, if there is one.
    pub fn activate_mainnet(
        self,
        given: &Secret,
        configured: Option<&Secret>,
    ) -> Result<Merchant, Refusal> {
        let hash = |secret: &Secret| sha256(secret.expose().as_bytes());
        match configured {
            Some(configured) if equal(&hash(configured), &hash(given)) => Ok(self.enable_mainnet()),
            Some(_) | None => Err(Refusal::AccessKeyInvalid),
        }
    }

    /// Sets where bearer requests act that name no environment.
    pub fn choose_environment(mut self, environment: Environment) -> Result<Merchant, Refusal> {
        if environment.is_live() && !self.has_mainnet_access {
            return Err(Refusal::MainnetNotEnabled);
        }
        self.current_environment = environment;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::MerchantId;

    fn merchant() -> Merchant {
        Merchant::new(MerchantId(1), "Shop", "a@example.com", Timestamp(1))
    }

    #[test]
    fn only_the_right_access_key_opens_mainnet() {
        let (right, wrong) = (Secret::new("open sesame"), Secret::new("open barley"));
        let activate = |configured| merchant().activate_mainnet(&right, configured);
        assert_eq!(activate(None), Err(Refusal::AccessKeyInvalid));
        assert_eq!(activate(Some(&wrong)), Err(Refusal::AccessKeyInvalid));
        assert!(activate(Some(&right)).is_ok_and(|merchant| merchant.has_mainnet_access));
    }

    #[test]
    fn mainnet_is_chosen_only_by_those_who_were_let_in() {
        let choose = |merchant: Merchant| merchant.choose_environment(Environment::Mainnet);
        assert_eq!(choose(merchant()), Err(Refusal::MainnetNotEnabled));
        assert!(choose(merchant().enable_mainnet()).is_ok());
    }

    #[test]
    fn a_request_waits_until_the_merchant_is_let_in() {
        let ask = |website: &str, use_case: &str| {
            merchant().request_mainnet(website, use_case, Timestamp(7))
        };
        let waiting = ask("https://shop.example", "selling tea").expect("asks");
        assert!(waiting.mainnet_request.is_some());
        assert!(waiting.enable_mainnet().mainnet_request.is_none());
        for (website, use_case) in [("shop", "tea"), ("ftp://a.b", "tea"), ("https://a.b", " ")] {
            assert!(ask(website, use_case).is_err(), "{website} {use_case}");
        }
    }
}
