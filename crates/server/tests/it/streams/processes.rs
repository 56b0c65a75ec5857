//! Two processes on one PostgreSQL: a stream hears what either of them commits.

use std::net::SocketAddr;

use domain::event::EventType;
use domain::secret::KeyRing;
use server::app::App;
use store::{Store, StoreConfig};
use tokio::net::TcpListener;

use super::{Client, MERCHANT, Told, open};
use crate::house::House;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_on_one_database_tell_each_others_events() {
    let house = House::start().await;
    if house.app.store.is_exclusive() {
        // No second process can open this engine's file.
        return;
    }
    let url = house.app.config.database_url();
    let store = Store::open(StoreConfig::new(url)).await.expect("opens");
    let clock = house.app.clock.clone();
    let keys = KeyRing::new(&[7; 32], &[]);
    let second = App::new(house.app.config.clone(), clock, store, keys).expect("opens");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let router = server::http::router::router(second.clone());
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.expect("serves") });
    let mut here = open(&house, MERCHANT).await;
    let headers = [("x-api-key", house.key.as_str())];
    let mut there = Client::try_open(&url, MERCHANT, &headers).await.expect("opens");
    there.until("ready").await;
    let mut told = Vec::new();
    for round in 0..20 {
        told.extend(Told::of(&house, EventType::TestPing).commit(&house, 3).await);
        if round % 2 == 0 {
            let mut changes = domain::changes::Changes::of(house.merchant_id);
            changes.tell(Told::of(&house, EventType::TestPing).entry(&house));
            let at = second.commit(changes).await.expect("is told");
            let now = second.now();
            told.push(domain::event::event_id(now, at.lane, at.last_sequence));
        }
    }
    assert_eq!(here.ids(told.len()).await, told);
    assert_eq!(there.ids(told.len()).await, told);
    // A key that one process revokes ends the stream that the other serves.
    let hash = domain::secret::sha256(house.key.as_bytes());
    let key = second.caches.api_key(&second.store, hash).await.expect("reads").expect("is there");
    let now = second.now();
    let changes = domain::api_key::ApiKey::clone(&key).end_at(now, now).expect("was not over");
    second.commit(changes).await.expect("is revoked");
    for client in [&mut here, &mut there] {
        assert_eq!(client.end().await, (Some("API_KEY_INVALID".into()), Some(4401)));
    }
    second.stop.cancel();
}
