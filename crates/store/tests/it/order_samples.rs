//! Samples of products and orders, and a table of orders for the lists to be read from.

use domain::audit::Actor;
use domain::changes::Changes;
use domain::commerce_rates::Pricing;
use domain::environment::Environment;
use domain::estimate::{Chosen, EstimateLine};
use domain::ids::{MerchantId, RowKey};
use domain::money::Usd;
use domain::network::Network;
use domain::order::{
    Cancellation, Delivery, Moment, Order, OrderPayment, OrderRefund, OrderRefundStatus,
    OrderStatus, Placement, RefundDestination, Shipment, Substatus,
};
use domain::product::{Condition, HandlingDays, Offer, Product, Specific, Variant};
use domain::retailer::Retailer;
use domain::shipping_address::PostalAddress;
use domain::shopper::Shopper;
use store::{OrderFilter, Store};

use crate::samples::{MERCHANT, NOW, key, text};

const ORDERS: u8 = 60;

pub fn product() -> Product {
    let specific = Specific { dimension: "Color".into(), value: "Red".into() };
    Product {
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        retailer: Retailer::Other,
        product_id: "cup-1".into(),
        title: "Cup".into(),
        description: text("A cup"),
        brand: text("Cups"),
        categories: vec!["Kitchen".into()],
        images: vec!["https://example.com/cup.png".into()],
        url: text("https://example.com/cup"),
        bullets: vec!["Holds water".into()],
        attributes: [("weight".to_owned(), "300 g".to_owned())].into(),
        rating: Some(450),
        review_count: 7,
        parent_id: text("cup"),
        specifics: vec![specific.clone()],
        variants: vec![Variant { product_id: "cup-2".into(), specifics: vec![specific] }],
        offers: vec![Offer {
            id: key(91).into(),
            seller_id: text("s"),
            seller_name: "Shop".into(),
            price: Usd(9_990_000),
            shipping: Usd(1),
            condition: Condition::Refurbished,
            handling_days: HandlingDays { min: 1, max: 9 },
            is_international: true,
            is_counted: true,
            declared: Some(7),
        }],
        created_at: NOW,
        updated_at: NOW.plus_ms(1),
        removed_at: None,
        version: 0,
    }
}

pub fn order() -> Order {
    Order {
        id: key(92).into(),
        invoice_id: key(93).into(),
        estimate_id: key(94).into(),
        merchant_id: MERCHANT,
        environment: Environment::Mainnet,
        shopper: Shopper::Customer("c".into()),
        status: OrderStatus::Processing,
        substatus: Some(Substatus::ProviderPlacementSubmitted),
        lines: vec![EstimateLine {
            product_id: "cup-1".into(),
            retailer: Retailer::Ebay,
            title: "Cup".into(),
            image: text("https://example.com/cup.png"),
            quantity: 2,
            price: Usd(3),
            shipping: Usd(4),
            seller_name: "Shop".into(),
            offer: Chosen::Outside { offer_id: "B0".into() },
        }],
        address: PostalAddress { city: "Springfield".into(), ..PostalAddress::default() },
        pricing: Pricing { total: Usd(10), fee_fixed: Usd(4), ..Pricing::default() },
        payment: OrderPayment {
            paid_at: Some(NOW),
            network: Some(Network::Bsc),
            token_symbol: text("USDC"),
            token_amount: text("1.5"),
            tx_hash: text("0xtx"),
            from_address: text("0xfrom"),
            taken_back_at: Some(NOW.plus_ms(2)),
            settled_at: Some(NOW.plus_ms(3)),
            settlement_network: Some(Network::Base),
            settlement_tx_hash: text("0xsettled"),
        },
        shipments: vec![Shipment {
            id: key(95).into(),
            carrier: text("UPS"),
            tracking_number: text("1Z"),
            tracking_url: text("https://ups.example/1Z"),
            delivery: Delivery::InTransit,
            obtained_at: NOW,
        }],
        timeline: vec![Moment {
            status: OrderStatus::PendingPayment,
            at: NOW,
            message: "made".into(),
        }],
        cancellation: Cancellation::Requested,
        refund: OrderRefund {
            status: OrderRefundStatus::Pending,
            amount: Usd(10),
            fee: Usd(1),
            owed: Usd(2),
            destination: Some(RefundDestination {
                network: Network::Bsc,
                address: "0xback".into(),
            }),
            refund_id: Some(key(96).into()),
            tx_hash: text("0xrefund"),
            asked_by: Some(Actor::Member("m".into())),
            attempts: 3,
        },
        placement: Placement::Canceling { retailer_order_id: text("R"), attempts: 2 },
        holds_stock: true,
        due_at: Some(NOW),
        created_at: NOW,
        updated_at: NOW,
        version: 0,
    }
}

pub fn later_order(order: Order) -> Order {
    Order {
        status: OrderStatus::Delivered,
        substatus: None,
        holds_stock: false,
        placement: Placement::Ended,
        due_at: None,
        ..order
    }
}

/// Orders of two merchants, several shoppers, retailers and states, one a second.
pub async fn fill(store: &Store) -> Vec<Order> {
    let mut orders = Vec::new();
    for number in 0..ORDERS {
        let at = NOW.plus_ms(i64::from(number) * 1_000);
        let mut id = [number; 16];
        id[..6].copy_from_slice(&at.0.to_be_bytes()[2..]);
        let mut order = Order {
            id: RowKey(id).into(),
            merchant_id: MerchantId(MERCHANT.0 + i64::from(number % 2)),
            environment: Environment::Devnet,
            shopper: Shopper::Customer(format!("c{}", number % 3)),
            status: OrderStatus::ALL[usize::from(number) % 7],
            due_at: number.is_multiple_of(5).then_some(at),
            created_at: at,
            ..order()
        };
        order.lines[0].retailer = Retailer::ALL[usize::from(number) % 6];
        let mut changes = Changes::of(order.merchant_id);
        changes.insert(order.clone());
        store.commit(changes).await.expect("a new order");
        orders.push(Order { version: 1, ..order });
    }
    orders.reverse();
    orders
}

/// Every list of orders, against the same filter over all of them.
pub async fn check_lists(store: &Store) {
    let all = fill(store).await;
    let shopper = Shopper::Customer("c1".into()).list_key((MERCHANT, Environment::Devnet));
    for shopper in [None, Some(shopper)] {
        for status in [None, Some(OrderStatus::Placed)] {
            for retailer in [None, Some(Retailer::Walmart)] {
                for (from, to) in [(None, None), (Some(10), Some(40))] {
                    let moment = |seconds: i64| NOW.plus_ms(seconds * 1_000);
                    let filter = OrderFilter {
                        merchant_id: MERCHANT,
                        environment: Environment::Devnet,
                        shopper,
                        status,
                        retailer,
                        created_from: from.map(moment),
                        created_to: to.map(moment),
                    };
                    let is_wanted = |order: &&Order| {
                        let whose = (order.merchant_id, order.environment);
                        order.merchant_id == MERCHANT
                            && shopper.is_none_or(|key| key == order.shopper.list_key(whose))
                            && status.is_none_or(|status| status == order.status)
                            && retailer.is_none_or(|retailer| retailer == order.retailer())
                            && filter.created_from.is_none_or(|from| from <= order.created_at)
                            && filter.created_to.is_none_or(|to| order.created_at <= to)
                    };
                    let wanted: Vec<Order> = all.iter().filter(is_wanted).cloned().collect();
                    let found = store.orders(&filter, (100, 0)).await.expect("reads");
                    assert_eq!(found, wanted, "{filter:?}");
                    let page = store.orders(&filter, (2, 1)).await.expect("reads");
                    let rest = wanted.into_iter().skip(1).take(2).collect::<Vec<_>>();
                    assert_eq!(page, rest, "{filter:?}");
                }
            }
        }
    }
    let due = store.orders_due(NOW.plus_ms(10_000), 2).await.expect("reads");
    let due: Vec<_> = due.iter().map(|order| order.created_at).collect();
    assert_eq!(due, [NOW, NOW.plus_ms(5_000)]);
}
