//! Accounts as a whole: which field an error names, what a rail carries, and what is left to read.

use super::*;
use crate::ramp_user::{RampUserAsk, UserType};
use crate::secret::Entropy;

const NOW: Timestamp = Timestamp(1_766_320_496_000);

fn user(keys: &KeyRing) -> RampUser {
    let ask = RampUserAsk {
        kind: UserType::Individual,
        is_self: false,
        name: "Zoe".into(),
        email: None,
        country: Country::parse("DE").expect("a country"),
        address: None,
        birth_date: None,
        identifications: Vec::new(),
        external_id: None,
    };
    let sealing = Sealing { keys, entropy: &Entropy::new([1; 32]) };
    let place = (MerchantId(1), Environment::Devnet);
    RampUser::create(place, ask, sealing, &mut Fresh::new(NOW, [1; 16])).expect("a sound user")
}

fn made(
    (country, currency, method): (&str, &str, PayoutMethod),
    holder_name: &str,
    fields: &[(&str, &str)],
) -> Result<(BankAccount, Numbers), (&'static str, String)> {
    let keys = KeyRing::new(&[1; 32], &[]);
    let fields = fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let ask = BankAccountAsk {
        country: Country::parse(country).expect("a country"),
        currency: Currency::parse(currency).expect("a currency"),
        method,
        holder_name: holder_name.to_owned(),
        fields: fields.collect(),
    };
    let sealing = Sealing { keys: &keys, entropy: &Entropy::new([2; 32]) };
    let made = BankAccount::create(&user(&keys), ask, sealing, &mut Fresh::new(NOW, [2; 16]));
    match made {
        Ok(account) => {
            let numbers = account.open_numbers(&keys).expect("opens").expect("is there");
            Ok((account, numbers))
        }
        Err(Refusal::Invalid { param, message }) => Err((param, message)),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_error_names_its_field() {
    let us = ("US", "usd", PayoutMethod::Ach);
    let fine = [
        ("routing_number", "021000021"),
        ("account_number", "1234567890"),
        ("account_type", "Checking"),
    ];
    let (account, numbers) = made(us, "Zoe  Smith ", &fine).expect("sound");
    assert_eq!((account.holder_name.as_str(), account.last4.as_str()), ("Zoe Smith", "7890"));
    assert_eq!(numbers["account_type"], "checking");
    for (at, param) in ["account.routing_number", "account.account_number", "account.account_type"]
        .into_iter()
        .enumerate()
    {
        let mut wrong = fine;
        wrong[at].1 = "021000022x";
        assert_eq!(made(us, "Zoe", &wrong).err().map(|error| error.0), Some(param));
        let (name, _) = wrong[at];
        let without: Vec<_> = fine.into_iter().filter(|field| field.0 != name).collect();
        assert_eq!(made(us, "Zoe", &without).err(), Some((param, "is required".to_owned())));
    }
    let named = |place| made(place, "Zoe", &fine).err().map(|error| error.0);
    assert_eq!(named(("KP", "usd", PayoutMethod::Swift)), Some("country"));
    assert_eq!(named(("US", "eur", PayoutMethod::Sepa)), Some("currency"));
    assert_eq!(named(("US", "usd", PayoutMethod::Sepa)), Some("method"));
}

#[test]
fn a_name_the_rail_does_not_carry_is_refused() {
    let iban = [("iban", "DE89370400440532013000")];
    let sepa = ("DE", "eur", PayoutMethod::Sepa);
    assert!(made(sepa, "Zoë Müller-Łukasz & Söhne", &iban).is_ok());
    assert!(made(sepa, &"a".repeat(70), &iban).is_ok());
    for name in ["", "  ", &"a".repeat(71), "Зоя", "<b>Zoe</b>", "Zoe\u{0}", "123", "-"] {
        let named = made(sepa, name, &iban).err().map(|error| error.0);
        assert_eq!(named, Some("holder_name"), "{name}");
    }
    let us = [
        ("routing_number", "021000021"),
        ("account_number", "1234567890"),
        ("account_type", "savings"),
    ];
    let ach = |name: &str| made(("US", "usd", PayoutMethod::Ach), name, &us);
    assert!(ach(&"a".repeat(22)).is_ok());
    let refused = ach(&"a".repeat(23)).err().expect("refused");
    assert_eq!(refused, ("holder_name", "must be 1 to 22 characters for ach".to_owned()));
    assert_eq!(ach("Zoë").err().map(|error| error.0), Some("holder_name"));
    let jp = [
        ("bank_code", "0001"),
        ("branch_code", "001"),
        ("account_type", "ordinary"),
        ("account_number", "1234567"),
    ];
    assert!(made(("JP", "jpy", PayoutMethod::Zengin), "ヤマダ タロウ", &jp).is_ok());
}

#[test]
fn what_is_kept_shows_no_number() {
    let pix = [("pix_key_type", "cpf"), ("pix_key", "529.982.247-25"), ("tax_id", "52998224725")];
    let (account, numbers) = made(("BR", "brl", PayoutMethod::Pix), "Zoé", &pix).expect("sound");
    assert_eq!((numbers["pix_key"].as_str(), account.last4.as_str()), ("52998224725", "4725"));
    let row = serde_json::to_string(&account).expect("serializes");
    assert!(!row.contains("5299") && !format!("{account:?}").contains("5299"), "{row}");
    // A short number shows at most its half.
    let us =
        [("routing_number", "021000021"), ("account_number", "1234"), ("account_type", "savings")];
    let (account, _) = made(("US", "usd", PayoutMethod::Ach), "Zoe", &us).expect("sound");
    assert_eq!(account.last4, "34");
}

#[test]
fn a_phone_key_is_checked_by_its_type_and_not_by_what_it_looks_like() {
    let key = |kind: &'static str, key: &'static str| {
        let fields = [("pix_key_type", kind), ("pix_key", key), ("tax_id", "52998224725")];
        made(("BR", "brl", PayoutMethod::Pix), "Zoe", &fields).err().map(|error| error.0)
    };
    assert_eq!(key("phone", "+5511987654321"), None);
    assert_eq!(key("phone", "52998224725"), Some("account.pix_key"));
    assert_eq!(key("telephone", "+5511987654321"), Some("account.pix_key_type"));
}
