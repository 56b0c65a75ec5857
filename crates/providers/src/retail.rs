//! Retailers: the large shops, as far as this house knows them.
//!
//! What they sell is asked for through `catalog`; orders are placed with them, tracked and taken
//! back through `placing`. Nothing a retailer says in words of his own gets further than this
//! module; what he says of products is checked like anybody else's draft.

pub mod catalog;
pub mod placing;
