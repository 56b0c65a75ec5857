//! A damaged index is noticed when it is opened and made anew; what is not ours is left alone.

use std::fs;
use std::path::{Path, PathBuf};

use search::{Change, Cursor, Index, Query, State};

use crate::shelf::{SCOPE, product};

fn fed(directory: &Path) {
    let index = Index::open(directory).expect("a new index").index;
    let put: Vec<Change> =
        (0..50).map(|number| Change::Put(product(number, &format!("Lamp w{number}")))).collect();
    index.apply(&put, Cursor(5)).expect("a batch");
    // A second commit, so that there are files of replaced products, too.
    index.apply(&put[..3], Cursor(6)).expect("a batch");
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory.join("products")).expect("the index");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension != "lock"));
    files.sort();
    files
}

/// Whatever is done to any one file: the index says it was made anew, and works.
#[track_caller]
fn check(damage: impl Fn(&Path)) {
    let template = tempfile::tempdir().expect("a temporary directory");
    fed(template.path());
    let names: Vec<_> = files(template.path())
        .into_iter()
        .map(|path| path.file_name().expect("a name").to_owned())
        .collect();
    assert!(names.len() > 5, "{names:?}");
    for name in names {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let products = directory.path().join("products");
        fs::create_dir(&products).expect("a directory");
        for path in files(template.path()) {
            fs::copy(&path, products.join(path.file_name().expect("a name"))).expect("a copy");
        }
        fs::write(directory.path().join("mine.txt"), "not ours").expect("a file");
        damage(&products.join(&name));
        let opened = Index::open(directory.path()).expect("an index, whatever there was");
        assert_eq!(opened.state, State::MadeNew, "{name:?}");
        assert_eq!(opened.index.len(), 0);
        let put = Change::Put(product(1, "Lamp"));
        opened.index.apply(&[put], Cursor(1)).expect("a batch");
        let found = opened.index.search(&Query::new(SCOPE, "lamp")).expect("an answer");
        assert_eq!(found.total, 1);
        assert!(directory.path().join("mine.txt").exists());
    }
}

#[test]
fn the_copy_itself_is_sound() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fed(directory.path());
    let opened = Index::open(directory.path()).expect("an index");
    assert_eq!(opened.state, State::Sound(Cursor(6)));
    assert_eq!(opened.index.len(), 50);
}

#[test]
fn a_truncated_file_is_noticed() {
    check(|path| {
        let bytes = fs::read(path).expect("a file");
        fs::write(path, &bytes[..bytes.len() / 2]).expect("half of it");
    });
}

#[test]
fn an_empty_file_is_noticed() {
    check(|path| fs::write(path, "").expect("an empty file"));
}

#[test]
fn garbage_is_noticed() {
    check(|path| {
        let mut bytes = fs::read(path).expect("a file");
        let middle = bytes.len() / 2;
        bytes.iter_mut().skip(middle / 2).take(middle).for_each(|byte| *byte ^= 0xA5);
        fs::write(path, bytes).expect("the same with other bytes");
    });
}

#[test]
fn a_missing_file_is_noticed() {
    check(|path| fs::remove_file(path).expect("it was there"));
}

#[test]
fn another_version_is_made_anew() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fed(directory.path());
    let meta = directory.path().join("products/meta.json");
    let text = fs::read_to_string(&meta).expect("the index's description");
    fs::write(&meta, text.replace("format 2 ", "format 999 ")).expect("another version's");
    let opened = Index::open(directory.path()).expect("an index");
    assert_eq!(opened.state, State::MadeNew);
}

#[test]
fn a_file_in_the_place_of_the_index_is_taken_away() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fs::write(directory.path().join("products"), "a file").expect("a file");
    let opened = Index::open(directory.path()).expect("an index");
    assert_eq!(opened.state, State::MadeNew);
    opened.index.apply(&[Change::Put(product(1, "Lamp"))], Cursor(1)).expect("a batch");
    assert_eq!(opened.index.len(), 1);
}

#[test]
fn damage_done_to_an_open_index_is_noticed_by_a_check() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    fed(directory.path());
    let index = Index::open(directory.path()).expect("an index").index;
    index.check().expect("it is sound");
    let files = files(directory.path());
    let path = files.iter().find(|path| path.extension().is_some_and(|one| one == "store"));
    flip(path.expect("stored titles"));
    index.check().expect_err("it is damaged");
}

/// Changes bytes where they are: the file stays the same one, as long as it was.
fn flip(path: &Path) {
    use std::io::Write as _;
    let mut bytes = fs::read(path).expect("a file");
    let middle = bytes.len() / 2;
    bytes.iter_mut().take(middle).for_each(|byte| *byte ^= 0xA5);
    let mut file = fs::File::options().write(true).open(path).expect("the same file");
    file.write_all(&bytes).expect("writes");
}
