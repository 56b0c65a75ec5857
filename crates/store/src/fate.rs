//! What becomes of commits, for whoever simulates a process that dies at one of them.
//!
//! A process can die before its commit reaches the database, or after it did and before it heard.
//! A simulation asks for either at a commit of its choice; a server has none of this.

use std::fmt;
use std::sync::Arc;

/// What becomes of one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is judged and answered.
    Answered,
    /// Nothing of it reaches the database, and nobody is answered.
    LostBefore,
    /// It is judged and written; the answer never comes.
    LostAfter,
}

/// Says of each commit, in their order, what becomes of it.
#[derive(Clone)]
pub struct Fates(Arc<dyn Fn() -> Fate + Send + Sync>);

impl Fates {
    pub fn new(next: impl Fn() -> Fate + Send + Sync + 'static) -> Fates {
        Fates(Arc::new(next))
    }

    pub(crate) fn next(&self) -> Fate {
        (self.0)()
    }
}

impl fmt::Debug for Fates {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Fates")
    }
}
