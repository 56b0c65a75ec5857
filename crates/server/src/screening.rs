//! The operator's screening lists as they are on disk now.
//!
//! They are read at the start, where a list that cannot be read stops the server, and again when a
//! file has changed. A list that cannot be read later stays as it was, with an error in the log:
//! names must not slip through because somebody was copying a file.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::Context as _;
use domain::screening::ScreeningLists;

/// More than any list there is.
const LIST_BYTES_MAX: u64 = 256 * 1024 * 1024;

pub struct Screening {
    files: Vec<PathBuf>,
    loaded: Mutex<Loaded>,
}

struct Loaded {
    marks: Vec<Option<Mark>>,
    lists: Arc<ScreeningLists>,
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Mark {
    modified: Option<SystemTime>,
    bytes: u64,
}

impl Mark {
    fn of(file: &Path) -> Option<Mark> {
        let of = |found: Metadata| Mark { modified: found.modified().ok(), bytes: found.len() };
        std::fs::metadata(file).ok().map(of)
    }
}

impl Screening {
    pub fn open(files: &[PathBuf]) -> anyhow::Result<Screening> {
        let loaded = Mutex::new(load(files)?);
        Ok(Screening { files: files.to_vec(), loaded })
    }

    /// The lists, read anew if a file is not what it was.
    pub fn lists(&self) -> Arc<ScreeningLists> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let marks: Vec<_> = self.files.iter().map(|file| Mark::of(file)).collect();
        if marks != loaded.marks {
            match load(&self.files) {
                Ok(anew) => {
                    tracing::info!(entries = anew.lists.len(), "screening lists were read anew");
                    *loaded = anew;
                }
                Err(error) => {
                    let error = format!("{error:#}");
                    tracing::error!(error, "a screening list cannot be read: the old one counts");
                    // Not again until it changes again.
                    loaded.marks = marks;
                }
            }
        }
        loaded.lists.clone()
    }
}

fn load(files: &[PathBuf]) -> anyhow::Result<Loaded> {
    let mut lists = ScreeningLists::default();
    let mut marks = Vec::new();
    for file in files {
        let mark = Mark::of(file);
        let shown = file.display();
        anyhow::ensure!(
            mark.is_none_or(|mark| mark.bytes <= LIST_BYTES_MAX),
            "the screening list {shown} is too large"
        );
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("reading the screening list {shown}"))?;
        let name =
            file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        lists.add(&name, &text)?;
        marks.push(mark);
    }
    Ok(Loaded { marks, lists: Arc::new(lists) })
}
