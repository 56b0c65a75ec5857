//! A process that dies: at the commit it is told to, before or after that reaches the database.
//!
//! Once dead it commits nothing more, whatever of it still runs, until it is started again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};

use store::{Fate, Fates};

#[derive(Default)]
pub struct Process {
    /// Commits until it dies; none below zero.
    commits_left: AtomicI64,
    dies_after: AtomicBool,
    is_doomed: AtomicBool,
    is_dead: AtomicBool,
}

impl Process {
    /// The fates of this process's commits.
    pub fn fates(self: &Arc<Process>) -> Fates {
        let process = Arc::clone(self);
        Fates::new(move || process.next())
    }

    fn next(&self) -> Fate {
        if self.is_dead.load(SeqCst) {
            return Fate::LostBefore;
        }
        if !self.is_doomed.load(SeqCst) || self.commits_left.fetch_sub(1, SeqCst) > 0 {
            return Fate::Answered;
        }
        self.is_dead.store(true, SeqCst);
        if self.dies_after.load(SeqCst) { Fate::LostAfter } else { Fate::LostBefore }
    }

    /// Lets it die after so many more commits.
    pub fn doom(&self, commits: i64, dies_after: bool) {
        self.commits_left.store(commits, SeqCst);
        self.dies_after.store(dies_after, SeqCst);
        self.is_doomed.store(true, SeqCst);
    }

    pub fn is_dead(&self) -> bool {
        self.is_dead.load(SeqCst)
    }

    pub fn kill(&self) {
        self.is_dead.store(true, SeqCst);
    }
}
