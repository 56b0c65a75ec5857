//! The HTTP provider against a double of it: every way an answer can go wrong, and webhooks.

mod bridge;
mod double;
