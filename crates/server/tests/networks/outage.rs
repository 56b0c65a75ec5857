//! The databases of the other tests' houses, which these houses use too.
//!
//! Only what a house needs: a database of its own where PostgreSQL is under test.

#[path = "../it/outage/database.rs"]
#[allow(dead_code, reason = "made for the other tests, which use all of it")]
pub mod database;
