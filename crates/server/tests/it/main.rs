//! The server from the outside: real HTTP, real stores, simulated chains, a manual clock.
//!
//! A file per feature; each test owns a whole house and reads like the rule it proves.

mod edge;
mod fuzz;
mod house;
