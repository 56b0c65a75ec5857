//! The product index as whoever owns products meets it: changes in, answers out.
//!
//! Every test has an index of its own in a temporary directory; nothing is replaced by a stand-in.

mod damage;
mod facets;
mod filters;
mod following;
mod highlight;
mod odd_input;
mod paging;
mod properties;
mod ranking;
mod scopes;
mod shelf;
mod typing;
mod words;
