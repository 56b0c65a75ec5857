//! Limits hold under races: the sums are counters with ceilings, moved in the commit that spends.

use domain::changes::Changes;
use domain::ids::RampUserId;
use domain::kyc::{self, KycLevel};
use domain::money::Usd;
use domain::ramp_user::RampUser;
use domain::time::DAY_MS;
use futures_util::future::join_all;
use store::CommitError;

use super::id;
use crate::house::House;

#[tokio::test]
async fn of_racing_spenders_only_as_many_succeed_as_the_day_and_the_month_have_room_for() {
    let house = House::start().await;
    let user = house.approved_user("Zoe", "basic").await;
    let key = RampUserId::parse(id(&user)).expect("an id").key();
    let user = house.app.store.get::<RampUser>(key).await.expect("reads").expect("is there");
    let spend = async |dollars: i64| {
        let amount = Usd::from_dollars(dollars);
        let now = house.app.now();
        let level = kyc::require(&user, KycLevel::Basic, now).expect("approved");
        let spending = kyc::spend(&user, level, amount, now)?;
        let mut changes = Changes::of(user.merchant_id);
        changes.counters.extend(spending.moves.clone());
        match house.app.commit(changes).await {
            Ok(_) => Ok(()),
            Err(CommitError::Insufficient { key }) => {
                Err(spending.passed(key).expect("one of its own counters"))
            }
            Err(error) => panic!("{error}"),
        }
    };
    let spent = async |times: usize| {
        let results = join_all((0..times).map(|_| spend(300))).await;
        let refusals = results.iter().filter_map(|result| result.as_ref().err());
        let refusals: Vec<String> = refusals.map(ToString::to_string).collect();
        (times - refusals.len(), refusals)
    };
    // 1000 a day: three times 300.
    let (count, refusals) = spent(10).await;
    assert_eq!(count, 3);
    assert!(refusals.iter().all(|text| text.contains("per_day")), "{refusals:?}");
    // What came to nothing is free again.
    let mut changes = Changes::of(user.merchant_id);
    let back = kyc::give_back(&user, Usd::from_dollars(300), house.app.now());
    changes.counters.extend(back);
    house.app.commit(changes).await.expect("gives back");
    assert_eq!(spent(10).await.0, 1);
    // 5000 a month: sixteen times 300, over as many days as it takes.
    let mut month = 3;
    for _ in 0..6 {
        house.advance(DAY_MS);
        let (count, refusals) = spent(5).await;
        month += count;
        if count == 0 {
            assert!(refusals.iter().any(|text| text.contains("per_month")), "{refusals:?}");
        }
    }
    assert_eq!(month, 16);
    // A new month begins with nothing.
    house.advance(10 * DAY_MS);
    assert_eq!(spent(5).await.0, 3);
}
