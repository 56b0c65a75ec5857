//! Samples of what a shop keeps of its shoppers; `samples.rs` has most of the others.

use domain::cart::{Cart, CartItem};
use domain::commerce_rates::{CommerceRates, Pricing, ShippingRate, TaxRate};
use domain::environment::Environment;
use domain::estimate::{Chosen, Estimate, EstimateLine, InvalidLine};
use domain::money::Usd;
use domain::network::Network;
use domain::retailer::Retailer;
use domain::shipping_address::{PostalAddress, ShippingAddress};
use domain::shopper::Shopper;

use crate::samples::{MERCHANT, NOW, key, text};

pub fn shopper() -> Shopper {
    Shopper::Wallet { network: Network::Base, address: "0xshopper".into() }
}

pub fn cart() -> Cart {
    Cart {
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        shopper: shopper(),
        items: vec![CartItem {
            id: key(60).into(),
            product_id: "mug \"7\"".into(),
            retailer: Retailer::Bestbuy,
            title: "A mug \u{1F50A}".into(),
            price: Usd(9_990_000),
            quantity: 99,
            image_url: text("https://shop.example/mug.png"),
            product_url: text("https://shop.example/mug"),
            review_count: Some(12),
            rating: Some(450),
            added_at: NOW,
            updated_at: NOW.plus_ms(1),
        }],
        created_at: NOW,
        updated_at: NOW.plus_ms(2),
        version: 0,
    }
}

pub fn commerce_rates() -> CommerceRates {
    CommerceRates {
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        shipping: vec![ShippingRate {
            id: "fast".into(),
            name: "Fast".into(),
            price: Usd(1_000_000),
            free_from: Some(Usd(50_000_000)),
            estimated_days: 2,
            countries: vec!["US".into()],
            states: vec!["CA".into()],
        }],
        tax: vec![TaxRate {
            country: "US".into(),
            state: text("CA"),
            bps: 725,
            taxes_shipping: true,
        }],
        fee_fixed: Usd(3_000_000),
        fee_bps: 250,
        updated_at: NOW,
        version: 0,
    }
}

pub fn shipping_address() -> ShippingAddress {
    ShippingAddress {
        id: key(61).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        shopper: shopper(),
        postal: PostalAddress {
            first_name: "Ada".into(),
            last_name: "O'Hara \u{1F50A}".into(),
            street_address: "1 Main St".into(),
            address_line2: text("Unit 7"),
            city: "San Francisco".into(),
            state: text("CA"),
            zip_code: "94105".into(),
            country: "US".into(),
            phone: text("+14155550123"),
            email: text("ada@example.com"),
        },
        validated_at: Some(NOW),
        removed_at: None,
        created_at: NOW,
        version: 0,
    }
}

pub fn estimate() -> Estimate {
    let line = |product_id: &str, offer| EstimateLine {
        product_id: product_id.into(),
        retailer: Retailer::Other,
        title: "A mug".into(),
        image: text("https://shop.example/mug.png"),
        quantity: 2,
        price: Usd(9_990_000),
        shipping: Usd(500_000),
        seller_name: "Mugs & Co".into(),
        offer,
    };
    Estimate {
        id: key(62).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        shopper: shopper(),
        valid: vec![
            line("own", Chosen::Own { offer_id: key(64).into(), is_counted: true }),
            line("outside", Chosen::Outside { offer_id: "o-1".into() }),
        ],
        invalid: vec![InvalidLine {
            product_id: "gone".into(),
            retailer: Retailer::Ebay,
            error: "There is no such product".into(),
        }],
        pricing: Pricing {
            subtotal: Usd(39_960_000),
            shipping: Usd(1_000_000),
            tax: Usd(2_900_000),
            fee_fixed: Usd(3_000_000),
            fee_bps: 250,
            fee_share: Usd(1_000_000),
            total: Usd(47_860_000),
        },
        address_id: Some(key(61).into()),
        shipping_option: text("fast"),
        order_id: None,
        created_at: NOW,
        expires_at: NOW.plus_ms(1),
        version: 0,
    }
}
