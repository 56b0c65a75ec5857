//! The methods of payout, and what each carries of the holder's name.

use serde::{Deserialize, Serialize};

/// How money is sent. The words are stored and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayoutMethod {
    Ach,
    Wire,
    Sepa,
    SepaInstant,
    FasterPayments,
    Pix,
    Spei,
    Imps,
    Neft,
    Fpx,
    Instapay,
    BiFast,
    Nip,
    MobileMoney,
    Eft,
    Npp,
    Fast,
    Fps,
    Zengin,
    Promptpay,
    Napas,
    Raast,
    Transferencia,
    /// The country's own clearing.
    Local,
    Swift,
}

/// Which letters a method carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NameCharset {
    /// Letters without accents, digits, and `/ - ? : ( ) . , ' + &`.
    BasicLatin,
    /// The same with accented letters.
    Latin,
    /// Letters of any alphabet.
    Any,
}

/// What a method carries of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameRule {
    /// In characters.
    pub length_max: usize,
    pub charset: NameCharset,
}

/// Who runs a wallet of mobile money.
pub type MobileOperator = &'static str;

impl PayoutMethod {
    pub const ALL: [PayoutMethod; 25] = [
        PayoutMethod::Ach,
        PayoutMethod::Wire,
        PayoutMethod::Sepa,
        PayoutMethod::SepaInstant,
        PayoutMethod::FasterPayments,
        PayoutMethod::Pix,
        PayoutMethod::Spei,
        PayoutMethod::Imps,
        PayoutMethod::Neft,
        PayoutMethod::Fpx,
        PayoutMethod::Instapay,
        PayoutMethod::BiFast,
        PayoutMethod::Nip,
        PayoutMethod::MobileMoney,
        PayoutMethod::Eft,
        PayoutMethod::Npp,
        PayoutMethod::Fast,
        PayoutMethod::Fps,
        PayoutMethod::Zengin,
        PayoutMethod::Promptpay,
        PayoutMethod::Napas,
        PayoutMethod::Raast,
        PayoutMethod::Transferencia,
        PayoutMethod::Local,
        PayoutMethod::Swift,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            PayoutMethod::Ach => "ach",
            PayoutMethod::Wire => "wire",
            PayoutMethod::Sepa => "sepa",
            PayoutMethod::SepaInstant => "sepa_instant",
            PayoutMethod::FasterPayments => "faster_payments",
            PayoutMethod::Pix => "pix",
            PayoutMethod::Spei => "spei",
            PayoutMethod::Imps => "imps",
            PayoutMethod::Neft => "neft",
            PayoutMethod::Fpx => "fpx",
            PayoutMethod::Instapay => "instapay",
            PayoutMethod::BiFast => "bi_fast",
            PayoutMethod::Nip => "nip",
            PayoutMethod::MobileMoney => "mobile_money",
            PayoutMethod::Eft => "eft",
            PayoutMethod::Npp => "npp",
            PayoutMethod::Fast => "fast",
            PayoutMethod::Fps => "fps",
            PayoutMethod::Zengin => "zengin",
            PayoutMethod::Promptpay => "promptpay",
            PayoutMethod::Napas => "napas",
            PayoutMethod::Raast => "raast",
            PayoutMethod::Transferencia => "transferencia",
            PayoutMethod::Local => "local",
            PayoutMethod::Swift => "swift",
        }
    }

    pub fn parse(text: &str) -> Option<PayoutMethod> {
        PayoutMethod::ALL.into_iter().find(|method| method.as_str() == text)
    }

    /// A name that does not fit is refused, never cut: a bank would return the money.
    pub fn name_rule(self) -> NameRule {
        use NameCharset::{Any, BasicLatin, Latin};
        let rule = |length_max, charset| NameRule { length_max, charset };
        match self {
            PayoutMethod::Ach => rule(22, BasicLatin),
            PayoutMethod::Wire | PayoutMethod::Swift => rule(35, BasicLatin),
            PayoutMethod::Sepa | PayoutMethod::SepaInstant => rule(70, Latin),
            PayoutMethod::FasterPayments => rule(40, BasicLatin),
            PayoutMethod::Pix => rule(140, Latin),
            PayoutMethod::Spei => rule(39, Latin),
            PayoutMethod::Imps | PayoutMethod::Neft => rule(50, BasicLatin),
            PayoutMethod::Fpx | PayoutMethod::Instapay | PayoutMethod::Fast => rule(66, BasicLatin),
            PayoutMethod::BiFast | PayoutMethod::Nip | PayoutMethod::Raast => rule(70, BasicLatin),
            PayoutMethod::MobileMoney => rule(60, Latin),
            PayoutMethod::Eft => rule(30, Latin),
            PayoutMethod::Npp | PayoutMethod::Fps => rule(140, BasicLatin),
            PayoutMethod::Zengin => rule(48, Any),
            PayoutMethod::Promptpay | PayoutMethod::Napas => rule(70, Any),
            PayoutMethod::Transferencia | PayoutMethod::Local => rule(70, Latin),
        }
    }
}
