//! The rows: which corridors there are.
//!
//! Amounts are in the currency's minor unit. A row that is taken away stops new accounts and
//! quotes there; accounts that were made before keep their country, currency and method.

use std::sync::OnceLock;

use super::{Corridor, PayoutMethod};
use crate::bank_account::FieldKind::{
    Aba, AccountDigits, AccountText, Bic, Bsb, Cbu, Clabe, CnpjOrCpf, Digits, Iban, Ifsc, Mobile,
    NigerianBank, Nuban, OneOf, PixKey, PixKeyType, Rut, SortCode,
};
use crate::bank_account::{FieldSpec, field};
use crate::country::Country;
use crate::currency::Currency;
use crate::kyc::KycLevel::{self, Basic, Enhanced, Standard};
use crate::money::TokenAmount;

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

const IBAN: &[FieldSpec] = &[field!("iban", Iban)];
const US: &[FieldSpec] = &[
    field!("routing_number", Aba),
    field!("account_number", AccountDigits { least: 4, most: 17 }),
    field!("account_type", OneOf(&["checking", "savings"])),
];
const UK: &[FieldSpec] =
    &[field!("sort_code", SortCode), field!("account_number", AccountDigits { least: 8, most: 8 })];
const PIX: &[FieldSpec] =
    &[field!("pix_key_type", PixKeyType), field!("pix_key", PixKey), field!("tax_id", CnpjOrCpf)];
const SPEI: &[FieldSpec] = &[field!("clabe", Clabe)];
const INDIA: &[FieldSpec] =
    &[field!("ifsc", Ifsc), field!("account_number", AccountDigits { least: 9, most: 18 })];
const BIC_AND_NUMBER: &[FieldSpec] =
    &[field!("bic", Bic), field!("account_number", AccountDigits { least: 6, most: 20 })];
const INDONESIA: &[FieldSpec] = &[
    field!("bank_code", Digits { least: 3, most: 3 }),
    field!("account_number", AccountDigits { least: 10, most: 16 }),
];
const NIGERIA: &[FieldSpec] = &[field!("bank_code", NigerianBank), field!("account_number", Nuban)];
const AUSTRALIA: &[FieldSpec] =
    &[field!("bsb", Bsb), field!("account_number", AccountDigits { least: 5, most: 9 })];
const NEW_ZEALAND: &[FieldSpec] =
    &[field!("account_number", AccountDigits { least: 15, most: 16 })];
const CANADA: &[FieldSpec] = &[
    field!("institution_number", Digits { least: 3, most: 3 }),
    field!("transit_number", Digits { least: 5, most: 5 }),
    field!("account_number", AccountDigits { least: 7, most: 12 }),
];
const HONG_KONG: &[FieldSpec] = &[
    field!("bank_code", Digits { least: 3, most: 3 }),
    field!("account_number", AccountDigits { least: 6, most: 12 }),
];
const JAPAN: &[FieldSpec] = &[
    field!("bank_code", Digits { least: 4, most: 4 }),
    field!("branch_code", Digits { least: 3, most: 3 }),
    field!("account_type", OneOf(&["ordinary", "current", "savings"])),
    field!("account_number", AccountDigits { least: 7, most: 7 }),
];
const THREE_DIGIT_BANK: &[FieldSpec] = &[
    field!("bank_code", Digits { least: 3, most: 3 }),
    field!("account_number", AccountDigits { least: 8, most: 16 }),
];
const VIETNAM: &[FieldSpec] = &[
    field!("bank_code", Digits { least: 6, most: 6 }),
    field!("account_number", AccountDigits { least: 6, most: 19 }),
];
const ARGENTINA: &[FieldSpec] = &[field!("cbu", Cbu)];
const CHILE: &[FieldSpec] = &[
    field!("bank_code", Digits { least: 3, most: 3 }),
    field!("account_type", OneOf(&["checking", "savings", "vista"])),
    field!("account_number", AccountDigits { least: 6, most: 20 }),
    field!("rut", Rut),
];
const COLOMBIA: &[FieldSpec] = &[
    field!("bank_code", Digits { least: 3, most: 4 }),
    field!("account_type", OneOf(&["checking", "savings"])),
    field!("account_number", AccountDigits { least: 6, most: 16 }),
    field!("tax_id", Digits { least: 6, most: 10 }),
];
const PERU: &[FieldSpec] = &[field!("cci", AccountDigits { least: 20, most: 20 })];
const SOUTH_AFRICA: &[FieldSpec] = &[
    field!("branch_code", Digits { least: 6, most: 6 }),
    field!("account_number", AccountDigits { least: 7, most: 11 }),
];
const SWIFT: &[FieldSpec] =
    &[field!("bic", Bic), field!("account_number", AccountText { least: 5, most: 34 })];
const KENYA: &[FieldSpec] = &[
    field!("operator", OneOf(&["mpesa", "airtel"])),
    field!("phone", Mobile { prefix: "254", least: 9, most: 9 }),
];
const GHANA: &[FieldSpec] = &[
    field!("operator", OneOf(&["mtn", "telecel", "airteltigo"])),
    field!("phone", Mobile { prefix: "233", least: 9, most: 9 }),
];
const UGANDA: &[FieldSpec] = &[
    field!("operator", OneOf(&["mtn", "airtel"])),
    field!("phone", Mobile { prefix: "256", least: 9, most: 9 }),
];
const TANZANIA: &[FieldSpec] = &[
    field!("operator", OneOf(&["mpesa", "airtel", "mixx", "halopesa"])),
    field!("phone", Mobile { prefix: "255", least: 9, most: 9 }),
];
const RWANDA: &[FieldSpec] = &[
    field!("operator", OneOf(&["mtn", "airtel"])),
    field!("phone", Mobile { prefix: "250", least: 9, most: 9 }),
];
const SENEGAL: &[FieldSpec] = &[
    field!("operator", OneOf(&["orange", "wave", "free"])),
    field!("phone", Mobile { prefix: "221", least: 9, most: 9 }),
];
const IVORY_COAST: &[FieldSpec] = &[
    field!("operator", OneOf(&["orange", "wave", "mtn", "moov"])),
    field!("phone", Mobile { prefix: "225", least: 10, most: 10 }),
];
const CAMEROON: &[FieldSpec] = &[
    field!("operator", OneOf(&["mtn", "orange"])),
    field!("phone", Mobile { prefix: "237", least: 9, most: 9 }),
];
const ZAMBIA: &[FieldSpec] = &[
    field!("operator", OneOf(&["mtn", "airtel", "zamtel"])),
    field!("phone", Mobile { prefix: "260", least: 9, most: 9 }),
];
const BANGLADESH: &[FieldSpec] = &[
    field!("operator", OneOf(&["bkash", "nagad", "rocket"])),
    field!("phone", Mobile { prefix: "880", least: 10, most: 10 }),
];

/// Where SEPA carries euros and the euro is the currency, or is taken beside it.
const SEPA_COUNTRIES: [&str; 22] = [
    "AT", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV",
    "MC", "MT", "NL", "PT", "SI", "SK",
];

struct Row {
    country: &'static str,
    currency: &'static str,
    method: PayoutMethod,
    fields: &'static [FieldSpec],
    amounts: (u128, u128),
    fee: (u128, u32),
    delivery_seconds: i64,
    level: KycLevel,
}

const fn row(
    (country, currency, method): (&'static str, &'static str, PayoutMethod),
    fields: &'static [FieldSpec],
    amounts: (u128, u128),
    fee: (u128, u32),
    (delivery_seconds, level): (i64, KycLevel),
) -> Row {
    Row { country, currency, method, fields, amounts, fee, delivery_seconds, level }
}

use PayoutMethod::{
    Ach, BiFast, Eft, Fast, FasterPayments, Fps, Fpx, Imps, Instapay, Local, MobileMoney, Napas,
    Neft, Nip, Npp, Pix, Promptpay, Raast, Sepa, SepaInstant, Spei, Swift, Transferencia, Wire,
    Zengin,
};

/// By country, then as a person would choose. The columns: country, currency, method; fields;
/// least and most; fixed fee and basis points; seconds and KYC level.
const ROWS: &[Row] = &[
    row(("AE", "aed", Local), IBAN, (5_000, 50_000_000), (500, 40), (DAY, Standard)),
    row(("AE", "usd", Swift), SWIFT, (10_000, 25_000_000), (2_500, 30), (2 * DAY, Enhanced)),
    row(
        ("AR", "ars", Transferencia),
        ARGENTINA,
        (100_000, 2_000_000_000),
        (50_000, 60),
        (HOUR, Standard),
    ),
    row(("AU", "aud", Npp), AUSTRALIA, (500, 10_000_000), (50, 20), (MINUTE, Basic)),
    row(
        ("BD", "bdt", MobileMoney),
        BANGLADESH,
        (10_000, 12_500_000),
        (2_000, 80),
        (10 * MINUTE, Basic),
    ),
    row(("BD", "usd", Swift), SWIFT, (10_000, 10_000_000), (3_000, 30), (3 * DAY, Enhanced)),
    row(("BR", "brl", Pix), PIX, (100, 100_000_000), (50, 30), (10, Basic)),
    row(("CA", "cad", Eft), CANADA, (500, 10_000_000), (100, 20), (DAY, Basic)),
    row(("CH", "chf", Local), IBAN, (500, 50_000_000), (50, 20), (HOUR, Basic)),
    row(("CH", "eur", Sepa), IBAN, (100, 50_000_000), (50, 15), (DAY, Basic)),
    row(
        ("CI", "xof", MobileMoney),
        IVORY_COAST,
        (500, 2_000_000),
        (100, 100),
        (10 * MINUTE, Basic),
    ),
    row(("CL", "clp", Transferencia), CHILE, (5_000, 70_000_000), (300, 50), (HOUR, Standard)),
    row(("CM", "xaf", MobileMoney), CAMEROON, (500, 1_000_000), (100, 120), (10 * MINUTE, Basic)),
    row(
        ("CO", "cop", Transferencia),
        COLOMBIA,
        (2_000_000, 5_000_000_000),
        (300_000, 60),
        (DAY, Standard),
    ),
    row(("CZ", "czk", Local), IBAN, (5_000, 100_000_000), (500, 25), (HOUR, Basic)),
    row(("DK", "dkk", Local), IBAN, (1_000, 50_000_000), (300, 25), (HOUR, Basic)),
    row(("EG", "egp", Local), IBAN, (10_000, 100_000_000), (2_000, 60), (DAY, Standard)),
    row(("GB", "gbp", FasterPayments), UK, (100, 100_000_000), (20, 15), (MINUTE, Basic)),
    row(("GB", "usd", Swift), SWIFT, (10_000, 50_000_000), (2_000, 20), (DAY, Enhanced)),
    row(("GH", "ghs", MobileMoney), GHANA, (500, 1_000_000), (100, 100), (10 * MINUTE, Basic)),
    row(("HK", "hkd", Fps), HONG_KONG, (1_000, 100_000_000), (500, 20), (MINUTE, Basic)),
    row(("HK", "usd", Swift), SWIFT, (10_000, 50_000_000), (2_000, 20), (DAY, Enhanced)),
    row(("HU", "huf", Local), IBAN, (100_000, 2_000_000_000), (10_000, 30), (HOUR, Basic)),
    row(
        ("ID", "idr", BiFast),
        INDONESIA,
        (1_000_000, 25_000_000_000),
        (250_000, 40),
        (MINUTE, Basic),
    ),
    row(("IL", "ils", Local), IBAN, (5_000, 50_000_000), (1_000, 40), (DAY, Standard)),
    row(("IN", "inr", Imps), INDIA, (10_000, 50_000_000), (1_000, 30), (MINUTE, Basic)),
    row(("IN", "inr", Neft), INDIA, (10_000, 500_000_000), (500, 25), (4 * HOUR, Standard)),
    row(("JP", "jpy", Zengin), JAPAN, (1_000, 100_000_000), (150, 30), (4 * HOUR, Standard)),
    row(("KE", "kes", MobileMoney), KENYA, (10_000, 25_000_000), (3_000, 80), (MINUTE, Basic)),
    row(
        ("KR", "krw", Local),
        THREE_DIGIT_BANK,
        (10_000, 100_000_000),
        (1_000, 40),
        (HOUR, Standard),
    ),
    row(("LK", "lkr", Local), BIC_AND_NUMBER, (50_000, 500_000_000), (10_000, 60), (DAY, Standard)),
    row(("MX", "mxn", Spei), SPEI, (1_000, 500_000_000), (500, 30), (MINUTE, Basic)),
    row(("MY", "myr", Fpx), BIC_AND_NUMBER, (1_000, 100_000_000), (100, 30), (MINUTE, Basic)),
    row(("NG", "ngn", Nip), NIGERIA, (10_000, 1_000_000_000), (5_000, 50), (MINUTE, Basic)),
    row(("NO", "nok", Local), IBAN, (1_000, 50_000_000), (300, 25), (HOUR, Basic)),
    row(("NP", "npr", Local), BIC_AND_NUMBER, (10_000, 100_000_000), (5_000, 70), (DAY, Standard)),
    row(("NZ", "nzd", Local), NEW_ZEALAND, (500, 10_000_000), (100, 25), (DAY, Basic)),
    row(("PE", "pen", Transferencia), PERU, (1_000, 10_000_000), (300, 60), (DAY, Standard)),
    row(("PH", "php", Instapay), BIC_AND_NUMBER, (5_000, 5_000_000), (1_000, 40), (MINUTE, Basic)),
    row(("PK", "pkr", Raast), IBAN, (10_000, 100_000_000), (2_000, 50), (MINUTE, Basic)),
    row(("PL", "pln", Local), IBAN, (1_000, 50_000_000), (200, 25), (HOUR, Basic)),
    row(("RO", "ron", Local), IBAN, (1_000, 50_000_000), (200, 25), (HOUR, Basic)),
    row(("RW", "rwf", MobileMoney), RWANDA, (1_000, 5_000_000), (200, 100), (10 * MINUTE, Basic)),
    row(("SA", "sar", Local), IBAN, (5_000, 50_000_000), (500, 40), (DAY, Standard)),
    row(("SE", "sek", Local), IBAN, (1_000, 50_000_000), (300, 25), (HOUR, Basic)),
    row(("SG", "sgd", Fast), BIC_AND_NUMBER, (500, 20_000_000), (50, 20), (MINUTE, Basic)),
    row(("SG", "usd", Swift), SWIFT, (10_000, 50_000_000), (2_000, 20), (DAY, Enhanced)),
    row(("SN", "xof", MobileMoney), SENEGAL, (500, 2_000_000), (100, 100), (10 * MINUTE, Basic)),
    row(
        ("TH", "thb", Promptpay),
        THREE_DIGIT_BANK,
        (10_000, 200_000_000),
        (1_000, 40),
        (MINUTE, Basic),
    ),
    row(("TR", "try", Local), IBAN, (10_000, 100_000_000), (1_000, 50), (HOUR, Standard)),
    row(
        ("TZ", "tzs", MobileMoney),
        TANZANIA,
        (200_000, 500_000_000),
        (50_000, 100),
        (10 * MINUTE, Basic),
    ),
    row(("UG", "ugx", MobileMoney), UGANDA, (5_000, 5_000_000), (1_000, 100), (10 * MINUTE, Basic)),
    row(("US", "usd", Ach), US, (100, 100_000_000), (50, 10), (DAY, Basic)),
    row(("US", "usd", Wire), US, (10_000, 500_000_000), (2_000, 5), (4 * HOUR, Standard)),
    row(("VN", "vnd", Napas), VIETNAM, (50_000, 500_000_000), (5_000, 40), (MINUTE, Basic)),
    row(("ZA", "zar", Local), SOUTH_AFRICA, (5_000, 50_000_000), (1_000, 50), (DAY, Basic)),
    row(("ZM", "zmw", MobileMoney), ZAMBIA, (1_000, 5_000_000), (300, 100), (10 * MINUTE, Basic)),
];

const fn sepa(country: &'static str, method: PayoutMethod) -> Row {
    match method {
        SepaInstant => {
            let fee = (50, 15);
            row((country, "eur", method), IBAN, (100, 10_000_000), fee, (10, Basic))
        }
        _ => row((country, "eur", method), IBAN, (100, 100_000_000), (20, 10), (DAY, Basic)),
    }
}

/// Every corridor, by country.
pub fn all() -> &'static [Corridor] {
    static ALL: OnceLock<Vec<Corridor>> = OnceLock::new();
    ALL.get_or_init(|| {
        let sepa = SEPA_COUNTRIES
            .into_iter()
            .flat_map(|country| [sepa(country, Sepa), sepa(country, SepaInstant)]);
        let mut rows: Vec<Corridor> = sepa.map(corridor).collect();
        rows.extend(ROWS.iter().map(|row| corridor(Row { ..*row })));
        rows.sort_by_key(|row| row.country);
        rows
    })
}

fn corridor(row: Row) -> Corridor {
    Corridor {
        country: Country::parse(row.country).expect("rows name countries"),
        currency: Currency::parse(row.currency).expect("rows name currencies"),
        method: row.method,
        fields: row.fields,
        amount_min: TokenAmount(row.amounts.0),
        amount_max: TokenAmount(row.amounts.1),
        fee_fixed: TokenAmount(row.fee.0),
        fee_bps: row.fee.1,
        delivery_seconds: row.delivery_seconds,
        kyc_level: row.level,
    }
}
