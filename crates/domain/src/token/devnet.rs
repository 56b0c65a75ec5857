//! The test tokens of the ten devnets.
//!
//! Where an issuer or a known faucet runs a test token, its real contract is listed. Elsewhere a
//! `stand_in` row carries a contract nobody has deployed, so that simulated networks, and only
//! they, can offer the same coins; it is the SHA-256 of `pepay devnet <network> <symbol>`, cut to
//! fit. New rows go to the end, under the next free id, whatever their network.

use super::*;
use Network::{Arbitrum, Avalanche, Base, Bsc, Cardano, Ethereum, Optimism, Solana, Sui, Ton};

pub(super) const TOKENS: &[Token] = &[
    native(1001, Ethereum),
    row(1002, USDC, Ethereum, 6, "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238"),
    row(1003, USDT, Ethereum, 6, "0xaA8E23Fb1079EA71e0a56F48a2aA51851D8433D0"),
    row(1004, DAI, Ethereum, 18, "0xFF34B3d4Aee8ddCd6F9AFFFB6Fe49bD371b8a357"),
    row(1005, PYUSD, Ethereum, 6, "0xCaC524BcA292aaade2DF8A05cC58F0a65B1B3bB9"),
    row(1006, EURC, Ethereum, 6, "0x08210F9170F89Ab7658F0B5E3fF39b0E03C594D4"),
    native(1007, Base),
    row(1008, USDC, Base, 6, "0x036CbD53842c5426634e7929541eC2318f3dCF7e"),
    stand_in(1009, USDT, Base, 6, "0x1cac044686d02FA1A8359A732F71B23ac7FeC0a2"),
    row(1010, EURC, Base, 6, "0x808456652fdb597867f38412077A9182bf77359F"),
    native(1011, Solana),
    stand_in(1012, DUSDC, Solana, 6, "EHPj19JAkrRm4ASEXTGvZFFx3grxQktSQ3iLHp4mv4XM"),
    row(1013, USDC, Solana, 6, "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU"),
    row(1014, USDT, Solana, 6, "EJwZgeZrdC8TXTQbQBoL6bfuAnFUUy1PVCMB4DYPzVaS"),
    row(1015, PYUSD, Solana, 6, "CXk2AMBfi3TwaEL2468s6zP8xq9NxTXjp9gjMgzeUynM"),
    row(1016, EURC, Solana, 6, "HzwqbKZw8HxMN6bF2yFZNrht3c2iXXzpKcFu7uBEDKtr"),
    native(1017, Avalanche),
    row(1018, USDC, Avalanche, 6, "0x5425890298aed601595a70AB815c96711a31Bc65"),
    stand_in(1019, USDT, Avalanche, 6, "0xD606601f50a665CB00A4A775CC57A60Fb0ea566C"),
    row(1020, EURC, Avalanche, 6, "0x5E44db7996c682E92a960b65AC713a54AD815c6B"),
    native(1021, Ton),
    stand_in(1022, USDC, Ton, 6, "kQDYQ00WjgDLxHEiKd1NLGNVYqd01MzTgl86mCEyTEjDaalM"),
    row(1023, USDT, Ton, 6, "kQD0GKBM8ZbryVk2aESmzfU6b9b_8era_IkvBSELujFZPsyy"),
    native(1024, Bsc),
    row(1025, USDC, Bsc, 18, "0x64544969ed7EBf5f083679233325356EbE738930").settles_by_default(),
    row(1026, USDT, Bsc, 18, "0x337610d27c682E347C9cD60BD4b3b107C9d34dDd"),
    native(1027, Arbitrum),
    row(1028, USDC, Arbitrum, 6, "0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d"),
    stand_in(1029, USDT, Arbitrum, 6, "0x651cDe3053B9d51DD5f663FD332f2934807aF834"),
    row(1030, PYUSD, Arbitrum, 6, "0x637A1259C6afd7E3AdF63993cA7E58BB438aB1B1"),
    native(1031, Optimism),
    row(1032, USDC, Optimism, 6, "0x5fd84259d66Cd46123540766Be93DFE6D43130D7"),
    stand_in(1033, USDT, Optimism, 6, "0x6aB419bdA0EDEDce8c380588770a3295c0163F09"),
    native(1034, Cardano),
    stand_in(
        1035,
        USDC,
        Cardano,
        6,
        "d063fdbef28a1f376c0cdf6cc2fe512d95c32dac55d2a56e242b80c955534443",
    ),
    stand_in(
        1036,
        USDT,
        Cardano,
        6,
        "21c8be018815baa1912d1bcec10e8025e92299215128eb79bd64d8cc55534454",
    ),
    row(
        1037,
        USDM,
        Cardano,
        6,
        "16a55b2a349361ff88c03788f93e1e966e5d689605d044fef722ddde0014df10745553444d",
    ),
    native(1038, Sui),
    row(
        1039,
        USDC,
        Sui,
        6,
        "0xa1ec7fc00a6f40db9693ad1415d0c193ad3906494428cf252621037bd7117e29::usdc::USDC",
    ),
    stand_in(
        1040,
        USDT,
        Sui,
        6,
        "0x566b5f779a2fa17d33700a473e77b6a31ead4d5df68a12d045c88baf72802227::usdt::USDT",
    ),
];

const fn native(id: i64, network: Network) -> Token {
    Token::native(id, Place { network, environment: Environment::Devnet })
}

const fn row(id: i64, coin: Coin, network: Network, decimals: u8, address: &'static str) -> Token {
    coin.listed(id, Place { network, environment: Environment::Devnet }, decimals, address)
}

/// A row in every other respect, but no chain knows the contract.
const fn stand_in(
    id: i64,
    coin: Coin,
    network: Network,
    decimals: u8,
    address: &'static str,
) -> Token {
    Token { origin: Origin::StandIn, ..row(id, coin, network, decimals, address) }
}
