//! How many files the process may open: each connection is one, and each open stream.
//!
//! Systems start a process with a low limit for the sake of very old programs, and let it raise
//! that up to a high one. A server raises it, so that streams do not end where the default does.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit as far as the system lets it.
pub fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    let raised = Rlimit { current: maximum, maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => tracing::debug!(?maximum, "raised the limit of open files"),
        Err(error) => tracing::warn!(%error, "the limit of open files stays low"),
    }
}
