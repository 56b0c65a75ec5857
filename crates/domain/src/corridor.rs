//! Corridors: the ways money leaves to (and comes from) banks, as data.
//!
//! One row says, for a country, a currency and a payout method, which fields an account there has
//! and how each is checked, the least and the most that can be sent, what it costs, how long it
//! takes, and how well the user must be known. The rows are in `corridor/rows.rs`.
//!
//! Invariant: country, currency and method name at most one row.

mod method;
mod rows;

pub use method::{MobileOperator, NameCharset, NameRule, PayoutMethod};
pub use rows::all;

use serde::Serialize;

use crate::bank_account::{FieldKind, FieldSpec};
use crate::country::Country;
use crate::currency::Currency;
use crate::kyc::KycLevel;
use crate::money::{TokenAmount, mul_div_ceil};

/// One way money goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corridor {
    pub country: Country,
    pub currency: Currency,
    pub method: PayoutMethod,
    /// What an account must say, beside its holder's name.
    pub fields: &'static [FieldSpec],
    /// The least and the most of one payout, in the currency's minor unit.
    pub amount_min: TokenAmount,
    pub amount_max: TokenAmount,
    /// In the currency's minor unit.
    pub fee_fixed: TokenAmount,
    pub fee_bps: u32,
    /// How long it takes as a rule.
    pub delivery_seconds: i64,
    pub kyc_level: KycLevel,
}

impl Corridor {
    pub fn find(
        country: Country,
        currency: Currency,
        method: PayoutMethod,
    ) -> Option<&'static Corridor> {
        let is_it = |row: &&Corridor| {
            row.country == country && row.currency == currency && row.method == method
        };
        all().iter().find(is_it)
    }

    /// What sending this much costs, rounded up.
    pub fn fee(&self, amount: TokenAmount) -> TokenAmount {
        let share = mul_div_ceil(amount.0, self.fee_bps.into(), 10_000).unwrap_or(u128::MAX);
        TokenAmount(self.fee_fixed.0.saturating_add(share))
    }

    /// Whether one payout may be of this amount.
    pub fn takes(&self, amount: TokenAmount) -> bool {
        (self.amount_min..=self.amount_max).contains(&amount)
    }

    /// For example `de_eur_sepa`.
    pub fn id(&self) -> String {
        let country = self.country.as_str().to_lowercase();
        format!("{country}_{}_{}", self.currency.as_str(), self.method.as_str())
    }

    pub fn view(&self) -> CorridorView {
        let whole = |amount: TokenAmount| amount.decimal(self.currency.decimals());
        let name = self.method.name_rule();
        CorridorView {
            object: "corridor",
            id: self.id(),
            country: self.country,
            currency: self.currency,
            method: self.method,
            kyc_level: self.kyc_level,
            fields: self.fields.iter().map(CorridorFieldView::of).collect(),
            holder_name_max: name.length_max,
            holder_name_charset: name.charset,
            amount_min: whole(self.amount_min),
            amount_max: whole(self.amount_max),
            fee: CorridorFeeView { fixed: whole(self.fee_fixed), bps: self.fee_bps },
            delivery_seconds: self.delivery_seconds,
        }
    }
}

/// One way money goes to a country's banks or wallets.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Corridor)]
pub struct CorridorView {
    /// Always `corridor`.
    pub object: &'static str,
    #[schema(example = "de_eur_sepa")]
    pub id: String,
    pub country: Country,
    pub currency: Currency,
    pub method: PayoutMethod,
    /// What the user must be approved for.
    pub kyc_level: KycLevel,
    /// What `account` of a bank account must hold.
    pub fields: Vec<CorridorFieldView>,
    /// The longest holder's name this method carries, in characters.
    pub holder_name_max: usize,
    pub holder_name_charset: NameCharset,
    /// The least of one payout, in whole units of the currency.
    pub amount_min: String,
    pub amount_max: String,
    pub fee: CorridorFeeView,
    /// How long it takes as a rule.
    pub delivery_seconds: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = CorridorFee)]
pub struct CorridorFeeView {
    /// In whole units of the currency.
    pub fixed: String,
    /// Of the amount, in hundredths of a percent.
    pub bps: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = CorridorField)]
pub struct CorridorFieldView {
    pub name: &'static str,
    /// How it is checked.
    pub validation: &'static str,
    /// Its words, where it is one of a few.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<&'static str>>,
    pub required: bool,
}

impl CorridorFieldView {
    fn of(field: &FieldSpec) -> CorridorFieldView {
        CorridorFieldView {
            name: field.name,
            validation: field.kind.as_str(),
            values: match field.kind {
                FieldKind::OneOf(values) => Some(values.to_vec()),
                _ => None,
            },
            required: true,
        }
    }
}

#[cfg(test)]
mod tests;
