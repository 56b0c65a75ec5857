//! An estimate as the first step answers it, and the parts the second one shows again.
//!
//! Amounts are JSON numbers in whole cents.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Estimate, EstimateLine, InvalidLine};
use crate::commerce_rates::{FeesView, Pricing, ShippingChoice};
use crate::environment::Environment;
use crate::ids::{EstimateId, MerchantId};
use crate::money::UsdNumber;
use crate::network::Network;
use crate::retailer::Retailer;

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceEstimate)]
pub struct EstimateView {
    pub estimate_id: EstimateId,
    pub merchant_id: MerchantId,
    pub network_environment: Environment,
    pub customer_id: Option<String>,
    pub wallet_address: Option<String>,
    pub wallet_network: Option<Network>,
    /// What an order would hold, at prices that are held until `expiresAt`.
    pub valid_items: Vec<LineView>,
    pub invalid_items: Vec<InvalidLine>,
    /// Tax is known once there is an address.
    pub pricing: PricingView,
    pub fee_breakdown: FeeBreakdown,
    /// Epoch seconds.
    pub expires_at: i64,
    pub created_at: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceEstimateItem)]
pub struct LineView {
    pub product_id: String,
    pub retailer: Retailer,
    pub title: String,
    pub quantity: u32,
    /// Of one piece, as its best offer has it now.
    pub price: UsdNumber,
    pub total_price: UsdNumber,
    pub metadata: LineMetadata,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceEstimateItemMetadata)]
pub struct LineMetadata {
    pub image: Option<String>,
    pub seller_name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = CommercePricing)]
pub struct PricingView {
    pub subtotal: UsdNumber,
    pub shipping: UsdNumber,
    pub tax: UsdNumber,
    pub fees: FeesView,
    /// The sum of all of them.
    pub total: UsdNumber,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceFeeBreakdown)]
pub struct FeeBreakdown {
    pub shipping_base: UsdNumber,
    pub commerce_fee: UsdNumber,
    /// Both together.
    pub total_fees: UsdNumber,
}

/// One way to ship.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceShippingOption)]
pub struct ShippingChoiceView {
    pub id: String,
    pub name: String,
    /// What all shipping of the estimate comes to this way.
    pub price: UsdNumber,
    pub estimated_days: u16,
}

impl Estimate {
    pub fn view(&self) -> EstimateView {
        EstimateView {
            estimate_id: self.id,
            merchant_id: self.merchant_id,
            network_environment: self.environment,
            customer_id: self.shopper.customer_id().map(str::to_owned),
            wallet_address: self.shopper.wallet_address().map(str::to_owned),
            wallet_network: self.shopper.wallet_network(),
            valid_items: self.valid.iter().map(EstimateLine::view).collect(),
            invalid_items: self.invalid.clone(),
            pricing: self.pricing.view(),
            fee_breakdown: self.pricing.fee_breakdown(),
            expires_at: self.expires_at.seconds(),
            created_at: self.created_at.seconds(),
        }
    }
}

impl EstimateLine {
    fn view(&self) -> LineView {
        LineView {
            product_id: self.product_id.clone(),
            retailer: self.retailer,
            title: self.title.clone(),
            quantity: self.quantity,
            price: self.price.number(),
            total_price: self.total().number(),
            metadata: LineMetadata {
                image: self.image.clone(),
                seller_name: self.seller_name.clone(),
            },
        }
    }
}

impl Pricing {
    pub fn view(&self) -> PricingView {
        PricingView {
            subtotal: self.subtotal.number(),
            shipping: self.shipping.number(),
            tax: self.tax.number(),
            fees: self.fees_view(),
            total: self.total.number(),
        }
    }

    pub fn fee_breakdown(&self) -> FeeBreakdown {
        FeeBreakdown {
            shipping_base: self.shipping.number(),
            commerce_fee: self.fees().number(),
            total_fees: self.shipping.plus(self.fees()).number(),
        }
    }
}

impl ShippingChoice {
    pub fn view(self) -> ShippingChoiceView {
        ShippingChoiceView {
            price: self.price.number(),
            id: self.id,
            name: self.name,
            estimated_days: self.estimated_days,
        }
    }
}
