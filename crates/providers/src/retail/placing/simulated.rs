//! A retailer in memory: takes every order at once, and lets go of what was not sent.
//!
//! For trying out a house without a real one. What it knows ends with the process, which costs
//! nothing: an order it does not know it takes again, under the same number.

use std::collections::HashMap;
use std::future::ready;
use std::sync::Mutex;

use domain::ids::OrderId;
use domain::order::{Answered, Purchase, Report, ReportState};

use super::{Answer, Retailer};

/// Bounds what it remembers; then it begins anew.
const ORDERS_MAX: usize = 10_000;

#[derive(Debug, Default)]
pub struct SimulatedRetailer {
    orders: Mutex<HashMap<OrderId, ReportState>>,
}

impl SimulatedRetailer {
    /// Makes an order stand as it is told, for whoever asks next.
    pub fn tell(&self, id: OrderId, state: ReportState) {
        self.with(|orders| drop(orders.insert(id, state)));
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<OrderId, ReportState>) -> T) -> T {
        let mut orders = self.orders.lock().expect("nobody panics holding it");
        if orders.len() >= ORDERS_MAX {
            orders.clear();
        }
        act(&mut orders)
    }
}

fn report(id: OrderId, state: ReportState) -> Answered {
    Answered::Report(Report { retailer_order_id: format!("simulated-{id}"), state })
}

impl Retailer for SimulatedRetailer {
    fn place<'a>(&'a self, purchase: &'a Purchase) -> Answer<'a> {
        let id = purchase.order_id;
        let state = self.with(|orders| orders.entry(id).or_insert(ReportState::Placed).clone());
        Box::pin(ready(match state {
            ReportState::Canceled => Answered::Refused,
            other => report(id, other),
        }))
    }

    fn track(&self, id: OrderId) -> Answer<'_> {
        let state = self.with(|orders| orders.get(&id).cloned());
        Box::pin(ready(state.map_or(Answered::Unknown, |state| report(id, state))))
    }

    fn cancel(&self, id: OrderId) -> Answer<'_> {
        let answered = self.with(|orders| match orders.get(&id) {
            Some(ReportState::Shipped(_) | ReportState::Delivered(_)) => Answered::Refused,
            Some(ReportState::Placed | ReportState::Canceled) | None => {
                orders.insert(id, ReportState::Canceled);
                report(id, ReportState::Canceled)
            }
        });
        Box::pin(ready(answered))
    }
}
