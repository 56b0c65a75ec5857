//! A worker that panics is started anew.
//!
//! A panic is a bug, and one bug does not end a kind of work until somebody restarts the house.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use server::app::Shared;
use server::workers::{Progress, Worker, spawn};
use tokio::sync::Notify;

use crate::house::House;

/// Panics in its first step, and tells when it has taken its second.
struct Falls {
    steps: usize,
    stops: Arc<AtomicUsize>,
    second: Arc<Notify>,
}

impl Worker for Falls {
    async fn step(&mut self, _: &Shared) -> anyhow::Result<Progress> {
        self.steps += 1;
        assert!(self.steps > 1, "the first step falls");
        self.second.notify_one();
        Ok(Progress::Idle)
    }

    async fn stop(&mut self, _: &Shared) {
        self.stops.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_worker_that_panics_gives_up_what_it_holds_and_steps_again() {
    let house = House::start().await;
    let (stops, second) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    spawn(&house.app, "falls", 1, Falls { steps: 0, stops: stops.clone(), second: second.clone() });
    second.notified().await;
    assert_eq!(stops.load(Ordering::SeqCst), 1);
}
