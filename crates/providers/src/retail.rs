//! Retailers: the large shops, as far as this house knows them.
//!
//! Orders are placed with them, tracked and taken back through `placing`. Nothing a retailer says
//! in words of his own gets further than this module.

pub mod placing;
