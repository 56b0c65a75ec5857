//! Half-typed and misspelt words.

use crate::shelf::Shelf;

const TITLES: [&str; 6] = [
    "Samsung Galaxy phone",
    "Apple iPhone headphones",
    "Bluetooth speaker",
    "Sam Smith record",
    "Chair",
    "Pen 2000",
];

#[track_caller]
fn check(texts: &[&str], wanted: &[&str]) {
    let shelf = Shelf::titled(&TITLES);
    for text in texts {
        assert_eq!(shelf.find_sorted(text), wanted, "{text:?}");
    }
}

#[test]
fn the_last_word_may_be_half_typed() {
    check(&["s"], &["p0", "p2", "p3"]);
    check(&["sa", "SAM"], &["p0", "p3"]);
    check(&["sams", "samsu", "galaxy sams"], &["p0"]);
    check(&["blue", "bluetooth sp"], &["p2"]);
}

#[test]
fn a_gap_behind_it_ends_the_last_word() {
    check(&["sam "], &["p3"]);
    check(&["samsu "], &[]);
}

#[test]
fn only_the_last_word_may_be_half_typed() {
    check(&["bluetoo speaker"], &["p2"]);
    let shelf = Shelf::titled(&["Chairs office", "Chair office", "ch office"]);
    assert_eq!(shelf.find("ch office"), ["p2"]);
}

#[test]
fn one_edit_from_four_letters() {
    // Left out, doubled, replaced, swapped.
    check(&["samung", "sammsung", "samzung", "smasung"], &["p0"]);
    check(&["chiar", "chai", "chaair"], &["p4"]);
    // Two are too many for seven letters.
    check(&["smasugn "], &[]);
    // Three letters are what they are.
    check(&["pan "], &[]);
}

#[test]
fn two_edits_from_eight_letters() {
    check(&["bluetoht", "bleutooht", "headpones", "hedaphone iphone"][..2], &["p2"]);
    check(&["headpones", "haedphonse"], &["p1"]);
    check(&["hxxdphxnes "], &[]);
}

#[test]
fn a_number_is_never_taken_for_another() {
    check(&["pen 3000 "], &["p5"]);
    check(&["3000 "], &[]);
}

#[test]
fn as_typed_comes_before_misspelt() {
    let shelf = Shelf::titled(&["form board", "from board", "forms board"]);
    // Somebody has the word, so it is not misspelt.
    assert_eq!(shelf.find("from "), ["p1"]);
    // No product has both words; then every word may be misspelt, and what is as typed comes first.
    let shelf = Shelf::titled(&["Sonny radio", "Sony camera"]);
    assert_eq!(shelf.find("sony radio "), ["p0"]);
}

#[test]
fn two_words_run_together_are_two_words() {
    check(&["bluetoothspeaker", "samsunggalaxy"][..1], &["p2"]);
    check(&["samsunggalaxy"], &["p0"]);
}

#[test]
fn the_beginning_of_a_misspelt_word() {
    check(&["headpohn"], &["p1"]);
    check(&["bluetoht spea"], &["p2"]);
}

#[test]
fn short_words_written_into_one_may_be_half_typed() {
    let shelf = Shelf::titled(&["A4 Paper", "A4Pad", "TV stand", "TVS"]);
    assert_eq!(shelf.find_sorted("a4pa"), ["p0", "p1"]);
    assert_eq!(shelf.find_sorted("a4pap"), ["p0"]);
    for text in ["tvst", "tvsta", "tvstand"] {
        assert_eq!(shelf.find_sorted(text), ["p2"], "{text}");
    }
}
