//! Which part of what users of the ramps did: payouts and on-ramps are paged alike.
//!
//! A user's page walks his own index; merchant and environment are then only filters, so that a
//! user of somebody else's has an empty page.

use domain::environment::Environment;
use domain::ids::{MerchantId, RampUserId};

use crate::lists::{KeyRange, List, Page};

#[derive(Clone, Copy, Debug)]
pub struct RampFilter<Status> {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub user_id: Option<RampUserId>,
    pub status: Option<Status>,
}

impl<Status> RampFilter<Status> {
    /// Of a table with these columns, whose states are stored as `code` says.
    pub(crate) fn list<R>(self, code: fn(Status) -> i64, page: Page, limit: i64) -> List<R> {
        let whose = |list: List<R>, word: &str| {
            let list = list.bind(&format!(" {word} merchant_id = "), self.merchant_id);
            list.bind(" AND environment = ", self.environment)
        };
        let (list, range) = (List::new(""), KeyRange::of_page(page));
        let list = match self.user_id {
            Some(user_id) => {
                let list = list.bind(" WHERE user_id = ", user_id.key()).within(range);
                whose(list, "AND")
            }
            None => whose(list, "WHERE").within(range),
        };
        list.bind_some(" AND status = ", self.status.map(code)).page(page, limit)
    }
}
