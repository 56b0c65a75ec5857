//! How many deposit addresses a second one core derives, for each family of networks.
//!
//! `cargo run --release -p chains --example derivation_rate -- 20000` prints a line a family. The
//! bar is 10,000 a second, on TON 3,000: an invoice shows ten addresses, and a restart or another
//! process must not wait for them.

use std::time::Instant;

use chains::addresses::AddressBook as _;
use chains::keys::Keystore;
use chains::keys::words::Words;
use domain::environment::Environment;
use domain::network::Network;

const NETWORKS: [Network; 5] =
    [Network::Ethereum, Network::Solana, Network::Ton, Network::Cardano, Network::Sui];

#[expect(clippy::disallowed_methods, reason = "a duration is measured, nothing else")]
fn main() {
    let count = std::env::args().nth(1).map_or(Ok(20_000), |text| text.parse::<u32>());
    let Ok(count) = count else {
        eprintln!("usage: derivation_rate [HOW MANY ADDRESSES]");
        std::process::exit(2);
    };
    let words = Words::from_entropy(&[7; 32]).expect("32 bytes are 24 words");
    let keystore = Keystore::new(&words, Environment::Mainnet).expect("these words give keys");
    for network in NETWORKS {
        let started = Instant::now();
        for index in 0..count {
            let address = keystore.address(network, Environment::Mainnet, index);
            std::hint::black_box(address.expect("an address"));
        }
        let us = started.elapsed().as_micros().max(1);
        let per_second = u128::from(count) * 1_000_000 / us;
        println!("{:?}: {per_second} addresses/s", network.family());
    }
}
