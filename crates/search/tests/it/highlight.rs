//! Which bytes of a title are marked.

use search::{HighlightWish, Query};

use crate::shelf::{SCOPE, Shelf};

/// The marks are shown as square brackets.
#[track_caller]
fn check(title: &str, text: &str, wanted: &str) {
    let shelf = Shelf::titled(&[title]);
    let query = Query { highlight: HighlightWish::Wanted, ..Query::new(SCOPE, text) };
    let found = shelf.search(&query);
    let highlight = found.hits[0].highlight.clone().expect("it was asked for");
    assert_eq!(highlight.title, title);
    let mut shown = String::new();
    let mut from = 0;
    for mark in &highlight.marks {
        shown.push_str(&title[from..mark.start]);
        shown.push('[');
        shown.push_str(&title[mark.clone()]);
        shown.push(']');
        from = mark.end;
    }
    shown.push_str(&title[from..]);
    assert_eq!(shown, wanted);
}

#[test]
fn marks_are_what_was_found_not_what_was_typed() {
    check("Sony <b>Headphones</b>", "headphones", "Sony <b>[Headphones]</b>");
    check("Sony Headphones", "sonny hedphones", "[Sony] [Headphones]");
    check("Café Crème", "creme", "Café [Crème]");
    check("Sony WH-1000XM5, black", "wh1000xm5", "Sony [WH-1000XM5], black");
    check("Sony WH 1000 XM5", "wh-1000xm5", "Sony [WH] [1000] [XM5]");
    check("Red shoes, red laces", "red", "[Red] shoes, [red] laces");
    check("Samsung Galaxy", "sams", "[Samsung] Galaxy");
    check("无线蓝牙耳机", "蓝牙", "无线[蓝牙]耳机");
}

#[test]
fn without_words_nothing_is_marked() {
    let shelf = Shelf::titled(&["Lamp"]);
    let query = Query { highlight: HighlightWish::Wanted, ..Query::new(SCOPE, "") };
    let highlight = shelf.search(&query).hits[0].highlight.clone().expect("asked for");
    assert!(highlight.marks.is_empty());
    assert_eq!(shelf.search(&Query::new(SCOPE, "lamp")).hits[0].highlight, None);
}
