//! Which addresses are on the public internet: the only ones a webhook may connect to.
//!
//! A webhook's URL is a stranger's wish for this server to make a request. Whatever is not plainly
//! public (private, loopback, link-local, shared, documentation, benchmark, multicast, reserved,
//! and every IPv6 form that carries an IPv4 address) is refused, after the name was resolved.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of addresses: its first address and how many leading bits are its own.
type Block4 = ([u8; 4], u32);
type Block6 = ([u16; 8], u32);

const RESERVED_4: [Block4; 15] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// What lies outside 2000::/3 is refused anyway; these are the reserved parts inside it.
const RESERVED_6: [Block6; 4] = [
    // Protocol assignments, Teredo and ORCHID among them.
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0x0db8, 0, 0, 0, 0, 0, 0], 32),
    // 6to4 carries an IPv4 address.
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_public_4(mapped),
            None => is_public_6(address),
        },
    }
}

fn is_public_4(address: Ipv4Addr) -> bool {
    let number = u32::from(address);
    let is_in = |(block, bits): Block4| {
        let shift = 32 - bits;
        number >> shift == u32::from(Ipv4Addr::from(block)) >> shift
    };
    !RESERVED_4.into_iter().any(is_in)
}

fn is_public_6(address: Ipv6Addr) -> bool {
    let number = u128::from(address);
    let is_in = |(block, bits): Block6| {
        let shift = 128 - bits;
        number >> shift == u128::from(Ipv6Addr::from(block)) >> shift
    };
    // Only 2000::/3 is given out; NAT64, ULA, link-local, multicast and the rest lie elsewhere.
    number >> 125 == 1 && !RESERVED_6.into_iter().any(is_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: bool) {
        assert_eq!(is_public(text.parse().expect(text)), expected, "{text}");
    }

    #[test]
    fn only_public_addresses_are_public() {
        for text in ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.0.1"] {
            check(text, true);
        }
        for text in ["2606:4700:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "2003::1"] {
            check(text, true);
        }
        let private = [
            "0.0.0.0",
            "0.1.2.3",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        for text in private {
            check(text, false);
        }
    }
}
