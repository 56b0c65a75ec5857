//! What counts as the same word: order, case, accents, punctuation, scripts without spaces.

use crate::shelf::{SCOPE, Shelf, ids, product};
use search::Query;

/// Each text finds exactly the products of these titles that are marked with a star.
#[track_caller]
fn check(titles: &[&str], texts: &[&str]) {
    let bare: Vec<&str> = titles.iter().map(|title| title.trim_start_matches('*')).collect();
    let wanted: Vec<String> = (0..titles.len())
        .filter(|number| titles[*number].starts_with('*'))
        .map(|number| format!("p{number}"))
        .collect();
    let shelf = Shelf::titled(&bare);
    for text in texts {
        assert_eq!(shelf.find_sorted(text), wanted, "{text:?} in {bare:?}");
    }
}

#[test]
fn every_word_must_be_there_in_any_order() {
    let titles = ["*red running shoes", "red shoes", "running blue shoes", "*shoes, running: red"];
    check(&titles, &["red running shoes", "shoes running red", "RUNNING  red\tshoes"]);
}

#[test]
fn case_accents_and_width_do_not_matter() {
    let titles = ["*Café Crème Brûlée", "cafeteria tray"];
    let texts =
        ["cafe creme brulee", "CAFÉ CRÈME BRÛLÉE", "cafe\u{301} creme", "ｃａｆｅ ｃｒｅｍｅ"];
    check(&titles, &texts);
    check(&["*Straße Æther Łódź İstanbul", "x"], &["strasse aether lodz istanbul", "STRASSE"]);
    check(&["*Смартфон Ёлка", "x"], &["смартфон елка", "СМАРТФОН"]);
}

#[test]
fn a_compound_is_found_in_every_way_it_is_written() {
    let titles = ["*Sony WH-1000XM5 Headphones", "Sony WF-1000XM4 Earbuds"];
    let texts = ["wh-1000xm5", "wh1000xm5", "WH 1000 XM5", "wh 1000xm5", "wh-1000 xm5", "xm5 wh"];
    check(&titles, &texts);
    check(&["*Sony WH 1000 XM5", "other"], &["wh1000xm5", "wh-1000xm5", "wh 1000xm5"]);
    check(
        &["*cable USB-C", "*cable USB C", "*cable usbc", "usb a"],
        &["usb-c cable", "usbc cable"],
    );
    check(&["*iPhone 15 Pro Max", "iPhone 14"], &["iphone 15 pro-max", "iphone15", "iphone-15"]);
    check(&["*O'Neill wetsuit", "neil young"], &["oneill", "o'neill", "o’neill"]);
    check(&["*cable 3.5mm", "cable 5mm 7"], &["3.5mm", "3.5 mm", "35mm"]);
}

#[test]
fn scripts_without_spaces_are_searched_by_pairs() {
    let titles = ["*无线蓝牙耳机 黑色", "蓝色牙刷", "耳环机"];
    check(&titles, &["蓝牙耳机", "蓝牙 耳机", "耳机"]);
    check(&["*ワイヤレス イヤホン", "イヤリング"], &["イヤホン", "ｲﾔﾎﾝ"]);
    check(&["*무선 이어폰", "무선 충전기"], &["이어폰"]);
    check(&["*หูฟังไร้สาย", "กระเป๋า"], &["หูฟัง"]);
    check(&["*iPhone手机壳", "手表"], &["iphone 手机", "手机壳", "壳"]);
}

#[test]
fn words_are_found_in_brand_category_description_and_id_too() {
    let mut document = product(0, "Kettle");
    document.brand = Some("Fellow".to_owned());
    document.categories = vec!["Kitchen Appliances".to_owned()];
    document.description = "Pours a gooseneck stream.".to_owned();
    document.product_id = "B0ABC123".to_owned();
    let shelf = Shelf::of([document, product(1, "Toaster")]);
    for text in ["kettle fellow", "appliances", "gooseneck kettle", "b0abc123", "Kitchen stream"] {
        assert_eq!(shelf.find(text), ["B0ABC123"], "{text}");
    }
}

#[test]
fn words_that_nobody_has_are_left_out_and_named() {
    let shelf = Shelf::titled(&["red shoes", "blue shoes"]);
    let found = shelf.search(&Query::new(SCOPE, "red qqqqzz shoes"));
    assert_eq!(ids(&found), ["p0"]);
    assert_eq!(found.left_out, ["qqqqzz"]);
    let found = shelf.search(&Query::new(SCOPE, "qqqqzz vvvvww"));
    assert_eq!(found.total, 0);
}
