//! Moves of an order: whatever is asked of it, in whatever order, stock and money stay whole.
