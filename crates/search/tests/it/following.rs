//! Feeding the index: what was applied is found at once, again is the same, and outlives a crash.

use search::{Change, Cursor, Index, OpenError, Query, State};

use crate::shelf::{SCOPE, Shelf, key, product};

#[test]
fn what_is_applied_is_found_at_once() {
    let shelf = Shelf::titled(&["Lamp"]);
    let put = Change::Put(product(0, "Desk"));
    shelf.index.apply(&[put, Change::Put(product(1, "Chair"))], Cursor(2)).expect("a batch");
    assert_eq!(shelf.find("lamp "), [""; 0]);
    assert_eq!(shelf.find("desk"), ["p0"]);
    shelf.index.apply(&[Change::Delete(key(0))], Cursor(3)).expect("a batch");
    assert_eq!(shelf.find("desk "), [""; 0]);
    assert_eq!(shelf.find("chair"), ["p1"]);
    assert_eq!(shelf.index.len(), 1);
}

#[test]
fn of_several_changes_of_a_product_the_last_counts() {
    let shelf = Shelf::titled(&[]);
    let (lamp, desk) = (Change::Put(product(0, "Lamp")), Change::Put(product(0, "Desk")));
    let gone = Change::Delete(key(0));
    shelf.index.apply(&[lamp.clone(), gone.clone(), desk.clone()], Cursor(2)).expect("a batch");
    assert_eq!((shelf.find("desk"), shelf.index.len()), (vec!["p0".to_owned()], 1));
    shelf.index.apply(&[desk, lamp, gone], Cursor(3)).expect("a batch");
    assert!(shelf.index.is_empty());
}

#[test]
fn a_batch_that_comes_again_changes_nothing() {
    let shelf = Shelf::titled(&["Lamp", "Lamp shade"]);
    let before = shelf.search(&Query::new(SCOPE, "lamp"));
    let again = [Change::Put(product(0, "Lamp")), Change::Put(product(1, "Lamp shade"))];
    for _ in 0..3 {
        shelf.index.apply(&again, Cursor(1)).expect("a batch");
    }
    assert_eq!(shelf.search(&Query::new(SCOPE, "lamp")), before);
    assert_eq!(shelf.index.len(), 2);
}

#[test]
fn a_new_index_says_so_and_an_old_one_says_how_far_it_is() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    // Even in a directory that is not there yet.
    let path = directory.path().join("deep/search");
    let opened = Index::open(&path).expect("a new index");
    assert_eq!(opened.state, State::MadeNew);
    drop(opened);
    // It was never fed, so there is nothing it could go on from.
    let opened = Index::open(&path).expect("an index");
    assert_eq!(opened.state, State::MadeNew);
    opened.index.apply(&[Change::Put(product(0, "Lamp"))], Cursor(41)).expect("a batch");
    opened.index.apply(&[], Cursor(-7)).expect("an empty batch");
    let before = opened.index.search(&Query::new(SCOPE, "lamp")).expect("an answer");
    drop(opened);
    let opened = Index::open(&path).expect("an index");
    assert_eq!(opened.state, State::Sound(Cursor(-7)));
    assert_eq!(opened.index.search(&Query::new(SCOPE, "lamp")).expect("an answer"), before);
}

#[test]
fn two_processes_never_share_a_directory() {
    let shelf = Shelf::titled(&["Lamp"]);
    let second = Index::open(shelf.directory.path());
    assert!(matches!(second, Err(OpenError::InUse(_))));
    assert_eq!(shelf.find("lamp"), ["p0"]);
}

#[test]
fn many_small_batches_stay_few_segments() {
    let shelf = Shelf::titled(&[]);
    for number in 0..120 {
        let put = Change::Put(product(number, &format!("Lamp number{number}")));
        shelf.index.apply(&[put], Cursor(i64::from(number))).expect("a batch");
    }
    assert_eq!(shelf.search(&Query::new(SCOPE, "lamp")).total, 120);
    assert_eq!(shelf.find("number77"), ["p77"]);
    shelf.index.settle().expect("merging");
    assert_eq!(shelf.index.segments(), 1);
    assert_eq!(shelf.search(&Query::new(SCOPE, "lamp")).total, 120);
    assert!(shelf.index.bytes().expect("files") > 0);
    // The cursor outlives merges.
    let Shelf { index, directory } = shelf;
    drop(index);
    let opened = Index::open(directory.path()).expect("an index");
    assert_eq!(opened.state, State::Sound(Cursor(119)));
}

#[test]
fn searches_go_on_beside_the_writer() {
    let shelf = Shelf::titled(&["Lamp"]);
    std::thread::scope(|threads| {
        let searching = threads.spawn(|| {
            let mut last = 0;
            while last < 40 {
                let total = shelf.search(&Query::new(SCOPE, "lamp")).total;
                assert!(total >= last, "what was found is found");
                last = total;
            }
        });
        for number in 1..40 {
            let put = Change::Put(product(number, "Lamp"));
            shelf.index.apply(&[put], Cursor(i64::from(number))).expect("a batch");
        }
        searching.join().expect("no panic");
    });
}

#[test]
fn a_word_of_products_that_are_gone_is_a_word_nobody_has() {
    // Whether their segment was merged meanwhile must not matter. Two products that stay keep it.
    let shelf = Shelf::titled(&["Lamp", "Lamb", "Tea pot", "Lamp tea", "电视机 Lamp"]);
    let ask = || {
        let texts =
            ["lamp tea", "tea ", "tea", "pot lamp", "teapot", "tea-pot", "电视", "lamps te"];
        texts.map(|text| shelf.search(&Query::new(SCOPE, text)))
    };
    let gone = [Change::Delete(key(2)), Change::Delete(key(3)), Change::Delete(key(4))];
    shelf.index.apply(&gone, Cursor(2)).expect("a batch");
    let (before, segments) = (ask(), shelf.index.segments());
    assert_eq!(before[0].left_out, ["tea"]);
    assert_eq!(before[0].total, 1);
    let put = [Change::Put(product(5, "Desk"))];
    shelf.index.apply(&put, Cursor(3)).expect("a batch");
    shelf.index.settle().expect("merging");
    assert_eq!((segments, shelf.index.segments()), (1, 1));
    assert_eq!(ask(), before);
}

#[test]
fn two_words_are_read_as_one_product_has_them() {
    // Each is known, but in two products: be they in one segment or in two.
    let shelf = Shelf::titled(&["Blue lamp"]);
    let texts = ["lamp deskchair", "lamp desk-chair", "lamp 电视机"];
    let ask = || texts.map(|text| shelf.search(&Query::new(SCOPE, text)));
    for (cursor, title) in (1..).zip(["Red desk 电视", "White chair 视机"]) {
        let put = Change::Put(product(cursor, title));
        shelf.index.apply(&[put], Cursor(i64::from(cursor))).expect("a batch");
    }
    let before = ask();
    assert_eq!(shelf.index.segments(), 3);
    shelf.index.settle().expect("merging");
    assert_eq!(shelf.index.segments(), 1);
    assert_eq!(ask(), before);
    assert_eq!(before[0].left_out, ["deskchair"]);
}

#[test]
fn products_that_are_gone_push_nobody_out() {
    // Words of theirs are as many as a half-typed or misspelt word stands for, and more frequent.
    let gone = u8::try_from(search::EXPANSIONS_MAX).expect("few");
    let mut products = vec![product(0, "Lampshade lamp")];
    for number in 0..gone {
        let word =
            format!("Lamps{}", char::from(b'a' + number % 26)).repeat(1 + usize::from(number / 26));
        products.extend([product(100 + number, &word), product(150 + number, &word)]);
    }
    let shelf = Shelf::of(products);
    let texts = ["lamps", "lampsh", "lampshada", "lampshade", "lamshade"];
    let highlighted =
        |text| Query { highlight: search::HighlightWish::Wanted, ..Query::new(SCOPE, text) };
    let ask = || texts.map(|text| shelf.search(&highlighted(text)));
    let deleted: Vec<Change> = (100..100 + gone)
        .chain(150..150 + gone)
        .map(|number| Change::Delete(key(number)))
        .collect();
    shelf.index.apply(&deleted, Cursor(2)).expect("a batch");
    let before = ask();
    assert!(before.iter().all(|found| found.total == 1), "{before:?}");
    shelf.index.apply(&[Change::Put(product(1, "Desk"))], Cursor(3)).expect("a batch");
    shelf.index.settle().expect("merging");
    assert_eq!(ask(), before);
}
