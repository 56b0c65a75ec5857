//! `--override name=value`: what whoever triggers an event wants to be different.
//!
//! A name that means nothing for this event is refused: it would otherwise seem to have worked.

use anyhow::{Context as _, bail, ensure};
use domain::environment::Environment;
use domain::token::Token;
use serde_json::{Map, Number, Value};

const AMOUNT_USD_DEFAULT: &str = "20";
const NETWORK_DEFAULT: &str = "base";

#[derive(Debug, Default)]
pub struct Overrides(Vec<(String, String)>);

impl Overrides {
    pub fn parse(given: &[String], allowed: &[&str]) -> anyhow::Result<Overrides> {
        let mut all = Overrides::default();
        for one in given {
            let parts = one.split_once('=');
            let (name, value) = parts.with_context(|| format!("{one:?} is not name=value"))?;
            let names = match allowed {
                [] => "no overrides".to_owned(),
                allowed => allowed.join(", "),
            };
            ensure!(allowed.contains(&name), "{name:?} cannot be overridden; this takes {names}");
            ensure!(all.get(name).is_none(), "{name} was given twice");
            all.0.push((name.to_owned(), value.to_owned()));
        }
        Ok(all)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body that creates an invoice.
    pub fn invoice(&self) -> anyhow::Result<Value> {
        let amount = self.get("amount_usd").unwrap_or(AMOUNT_USD_DEFAULT);
        let amount: Number = serde_json::from_str(amount).context("amount_usd is no number")?;
        let mut body = Map::new();
        body.insert("amount_usd".to_owned(), Value::Number(amount));
        body.insert("description".to_owned(), "pepay trigger".into());
        for name in ["description", "customer_id"] {
            if let Some(value) = self.get(name) {
                body.insert(name.to_owned(), value.into());
            }
        }
        Ok(Value::Object(body))
    }

    pub fn network(&self) -> &str {
        self.get("network").unwrap_or(NETWORK_DEFAULT)
    }

    /// The token that was named, by its symbol or its id.
    pub fn token(&self) -> anyhow::Result<Option<&'static Token>> {
        let Some(wanted) = self.get("token") else { return Ok(None) };
        let network = self.network();
        let mut tokens =
            Token::of(Environment::Devnet).filter(|token| token.network.as_str() == network);
        let is_named = |token: &&Token| {
            token.symbol.eq_ignore_ascii_case(wanted) || token.id.0.to_string() == wanted
        };
        match tokens.find(is_named) {
            Some(token) => Ok(Some(token)),
            None => bail!("there is no token {wanted:?} on {network}"),
        }
    }

    /// The token that was named, or a dollar of the network.
    pub fn token_or_dollar(&self) -> anyhow::Result<&'static Token> {
        if let Some(token) = self.token()? {
            return Ok(token);
        }
        let network = self.network();
        let mut tokens =
            Token::of(Environment::Devnet).filter(|token| token.network.as_str() == network);
        let dollar = tokens.find(|token| token.is_usd_stable());
        dollar.with_context(|| format!("there is no dollar on {network:?}: name a token"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(given: &[&str]) -> anyhow::Result<Overrides> {
        let given: Vec<String> = given.iter().map(|one| (*one).to_owned()).collect();
        Overrides::parse(&given, &["amount_usd", "network", "token"])
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for given in [&["amount_usd"][..], &["scenario=exact"], &["network=a", "network=b"]] {
            assert!(parse(given).is_err(), "{given:?}");
        }
        assert!(parse(&["amount_usd=much"]).expect("parses").invoice().is_err());
        assert!(parse(&["token=NOPE"]).expect("parses").token().is_err());
    }

    #[test]
    fn what_is_given_is_used() {
        let given = parse(&["amount_usd=12.50", "token=usdc"]).expect("parses");
        assert_eq!(given.invoice().expect("a body")["amount_usd"], serde_json::json!(12.5));
        let token = given.token().expect("is there").expect("was named");
        assert_eq!((token.symbol, token.network.as_str()), ("USDC", "base"));
    }
}
