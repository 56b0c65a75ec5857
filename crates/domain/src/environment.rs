//! The two network contexts that never mix.
//!
//! Every row, key and event carries one; nothing crosses from one to the other.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Network context: test networks or the real ones.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    Devnet,
    Mainnet,
}

impl Environment {
    pub const ALL: [Environment; 2] = [Environment::Devnet, Environment::Mainnet];

    pub fn as_str(self) -> &'static str {
        match self {
            Environment::Devnet => "devnet",
            Environment::Mainnet => "mainnet",
        }
    }

    pub fn parse(text: &str) -> Option<Environment> {
        match text {
            "devnet" => Some(Environment::Devnet),
            "mainnet" => Some(Environment::Mainnet),
            _ => None,
        }
    }

    pub fn is_live(self) -> bool {
        matches!(self, Environment::Mainnet)
    }

    pub fn code(self) -> i64 {
        match self {
            Environment::Devnet => 0,
            Environment::Mainnet => 1,
        }
    }

    pub fn from_code(code: i64) -> Option<Environment> {
        match code {
            0 => Some(Environment::Devnet),
            1 => Some(Environment::Mainnet),
            _ => None,
        }
    }
}
