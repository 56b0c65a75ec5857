//! What narrows a key further than its scope: reading only, and where it may be used from.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

const IP_ALLOW_MAX: usize = 50;

/// What narrows a key further than its scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Restrictions {
    /// The key may read, but change nothing.
    pub read_only: bool,
    /// Addresses or subnets (`203.0.113.0/24`) the key may be used from; empty: any.
    #[schema(max_items = 50)]
    pub ip_allow: Vec<String>,
}

impl Restrictions {
    /// Every entry must be an address or a subnet, and there are not too many.
    pub fn check(&self) -> Result<(), Refusal> {
        let is_net = |text: &String| {
            let (base, prefix) = text.split_once('/').unwrap_or((text, "0"));
            let Ok(base) = base.parse::<std::net::IpAddr>() else { return false };
            let width = if base.is_ipv4() { 32 } else { 128 };
            prefix.parse::<u8>().is_ok_and(|prefix| prefix <= width)
        };
        if self.ip_allow.len() > IP_ALLOW_MAX || !self.ip_allow.iter().all(is_net) {
            let message = format!("must be up to {IP_ALLOW_MAX} addresses or subnets");
            return Err(Refusal::invalid("restrictions.ip_allow", message));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restrictions_are_addresses_and_subnets() {
        let check =
            |net: &str| Restrictions { read_only: false, ip_allow: vec![net.into()] }.check();
        for net in ["203.0.113.7", "203.0.113.0/24", "2001:db8::/32", "::1"] {
            assert_eq!(check(net), Ok(()), "{net}");
        }
        for net in ["", "shop.example", "203.0.113.0/33", "203.0.113.0/", "203.0.113.0/24/8"] {
            assert!(check(net).is_err(), "{net}");
        }
        let many = Restrictions { read_only: false, ip_allow: vec!["::1".into(); 51] };
        assert!(many.check().is_err());
    }
}
