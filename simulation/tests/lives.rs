//! Two hundred lives in every run of the tests, and that one seed is always the same life.

use std::cell::RefCell;
use std::rc::Rc;

use simulation::{ACTS, Lives, live, live_all};

#[test]
fn two_hundred_lives_end_with_books_that_add_up() {
    let lives = Lives { count: 200, from: 1, acts: ACTS, threads: 2 };
    if let Err(failed) = live_all(lives) {
        panic!("{failed}");
    }
}

/// A user in debt is paid what he bought; a payout nobody knows of is given up.
#[test]
fn lives_that_failed_once_end_well() {
    for seed in [175, 363] {
        if let Err(failed) = live(seed, ACTS, |_| {}) {
            panic!("{failed}");
        }
    }
}

#[test]
fn a_life_may_be_longer() {
    if let Err(failed) = live(1_000_003, 4 * ACTS, |_| {}) {
        panic!("{failed}");
    }
}

#[test]
fn a_seed_is_always_the_same_life() {
    let lived = |seed: u64| {
        let told = Rc::new(RefCell::new(Vec::new()));
        let heard = Rc::clone(&told);
        let ended = live(seed, ACTS, move |what| heard.borrow_mut().push(what.to_owned()));
        if let Err(failed) = ended {
            panic!("{failed}");
        }
        told.take()
    };
    for seed in 2_000_001..2_000_004 {
        assert_eq!(lived(seed), lived(seed), "seed {seed}");
    }
}
