//! A block of addresses as operators write it: one address, or one with the length of its prefix.
//!
//! An IPv4 address that is written as IPv6 is the IPv4 address, here as in what it is compared
//! with, so that no way of writing an address slips past a rule about it.

use std::net::IpAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    base: IpAddr,
    /// How many leading bits are its own.
    prefix_bits: u32,
}

impl Subnet {
    /// None: neither an address nor a subnet.
    pub fn parse(text: &str) -> Option<Subnet> {
        let (base, prefix) = match text.split_once('/') {
            Some((base, prefix)) => (base, Some(prefix)),
            None => (text, None),
        };
        let base = base.trim().parse::<IpAddr>().ok()?.to_canonical();
        let width = if base.is_ipv4() { 32 } else { 128 };
        let prefix_bits = prefix.map(str::parse).transpose().ok()?.unwrap_or(width);
        (prefix_bits <= width).then_some(Subnet { base, prefix_bits })
    }

    pub fn contains(self, address: IpAddr) -> bool {
        let (address, base, width) = match (address.to_canonical(), self.base) {
            (IpAddr::V4(address), IpAddr::V4(base)) => {
                (u128::from(u32::from(address)), u128::from(u32::from(base)), 32)
            }
            (IpAddr::V6(address), IpAddr::V6(base)) => (u128::from(address), u128::from(base), 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        let shift = width - self.prefix_bits;
        shift == 128 || address >> shift == base >> shift
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, subnet: &str, expected: bool) {
        let subnet = Subnet::parse(subnet).expect(subnet);
        assert_eq!(subnet.contains(address.parse().expect(address)), expected, "{address}");
    }

    #[test]
    fn addresses_lie_in_subnets() {
        check("10.9.8.7", "10.0.0.0/8", true);
        check("11.0.0.1", "10.0.0.0/8", false);
        check("192.168.1.7", "192.168.1.7", true);
        check("192.168.1.8", "192.168.1.7", false);
        check("::ffff:10.1.2.3", "10.0.0.0/8", true);
        check("fd12::1", "fd00::/8", true);
        check("fd12::1", "10.0.0.0/8", false);
        check("1.2.3.4", "0.0.0.0/0", true);
        check("fd12::1", "::/0", true);
        for text in ["10.0.0.0/33", "10.0.0.0/x", "somewhere", "::/129", "", "/8", "10.0.0.0/-1"] {
            assert_eq!(Subnet::parse(text), None, "{text}");
        }
    }
}
