//! Two hundred lives in every run of the tests, and that one seed is always the same life.

use simulation::{ACTS, Lives, Told, live, live_all};

#[test]
fn two_hundred_lives_end_with_books_that_add_up() {
    let lives = Lives { count: 200, from: 1, acts: ACTS, threads: 2 };
    if let Err(failed) = live_all(lives) {
        panic!("{failed}");
    }
}

#[test]
fn a_life_may_be_longer() {
    if let Err(failed) = live(1_000_003, 4 * ACTS, Told::Silent) {
        panic!("{failed}");
    }
}
