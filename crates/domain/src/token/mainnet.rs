//! The real tokens of the ten mainnets.
//!
//! A row's contract is the one its issuer publishes; a bridged token is listed only where the
//! network's canonical bridge mints it (BSC's USDC and USDT are Binance's pegged tokens and count
//! 18 decimals). New rows go to the end, under the next free id, whatever their network.

use super::*;
use Network::{Arbitrum, Avalanche, Base, Bsc, Cardano, Ethereum, Optimism, Solana, Sui, Ton};

pub(super) const TOKENS: &[Token] = &[
    native(1, Ethereum),
    row(2, USDC, Ethereum, 6, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"),
    row(3, USDT, Ethereum, 6, "0xdAC17F958D2ee523a2206206994597C13D831ec7"),
    row(4, DAI, Ethereum, 18, "0x6B175474E89094C44Da98b954EedeAC495271d0F"),
    row(5, USDS, Ethereum, 18, "0xdC035D45d973E3EC169d2276DDab16f1e407384F"),
    row(6, PYUSD, Ethereum, 6, "0x6c3ea9036406852006290770BEdFcAbA0e23A0e8"),
    row(7, EURC, Ethereum, 6, "0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c"),
    row(8, USD1, Ethereum, 18, "0x8d0D000Ee44948FC98c9B98A4FA4921476f08B0d"),
    row(9, FDUSD, Ethereum, 18, "0xc5f0f7b66764F6ec8C8Dff7BA683102295E16409"),
    row(10, RLUSD, Ethereum, 18, "0x8292Bb45bf1Ee4d140127049757C2E0fF06317eD"),
    native(11, Base),
    row(12, USDC, Base, 6, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
    row(13, USDT, Base, 6, "0xfde4C96c8593536E31F229EA8f37b2ADa2699bb2"),
    row(14, DAI, Base, 18, "0x50c5725949A6F0c72E6C4a641F24049A917DB0Cb"),
    row(15, USDS, Base, 18, "0x820C137fa70C8691f0e44Dc420a5e53c168921Dc"),
    row(16, EURC, Base, 6, "0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42"),
    native(17, Solana),
    row(18, USDC, Solana, 6, "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
    row(19, USDT, Solana, 6, "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB"),
    row(20, PYUSD, Solana, 6, "2b1kV6DkPAnxd5ixfnxCpjxmKwqjjaYmCZfHsFu24GXo"),
    row(21, USDS, Solana, 6, "USDSwr9ApdHk5bvJKMjzff41FfuX8bSxdKcR81vTwcA"),
    row(22, EURC, Solana, 6, "HzwqbKZw8HxMN6bF2yFZNrht3c2iXXzpKcFu7uBEDKtr"),
    row(23, USD1, Solana, 6, "USD1ttGY1N17NEEHLmELoaybftRBUSErhqYiQzvEmuB"),
    row(24, FDUSD, Solana, 6, "9zNQRsGLjNKwCUU5Gq5LR8beUCPzQMVMqKAi3SSZh54u"),
    native(25, Avalanche),
    row(26, USDC, Avalanche, 6, "0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E"),
    row(27, USDT, Avalanche, 6, "0x9702230A8Ea53601f5cD2dc00fDBc13d4dF4A8c7"),
    row(28, EURC, Avalanche, 6, "0xC891EB4cbdEFf6e073e859e987815Ed1505c2ACD"),
    native(29, Ton),
    row(30, USDT, Ton, 6, "EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs"),
    native(31, Bsc),
    row(32, USDC, Bsc, 18, "0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d").settles_by_default(),
    row(33, USDT, Bsc, 18, "0x55d398326f99059fF775485246999027B3197955"),
    row(34, USD1, Bsc, 18, "0x8d0D000Ee44948FC98c9B98A4FA4921476f08B0d"),
    row(35, FDUSD, Bsc, 18, "0xc5f0f7b66764F6ec8C8Dff7BA683102295E16409"),
    row(36, DAI, Bsc, 18, "0x1AF3F329e8BE154074D8769D1FFa4eE058B1DBc3"),
    native(37, Arbitrum),
    row(38, USDC, Arbitrum, 6, "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"),
    row(39, USDT, Arbitrum, 6, "0xFd086bC7CD5C481DCC9C85ebE478A1C0b69FCbb9"),
    row(40, DAI, Arbitrum, 18, "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"),
    row(41, USDS, Arbitrum, 18, "0x6491c05A82219b8D1479057361ff1654749b876b"),
    row(42, PYUSD, Arbitrum, 6, "0x46850aD61C2B7d64d08c9C754F45254596696984"),
    native(43, Optimism),
    row(44, USDC, Optimism, 6, "0x0b2C639c533813f4Aa9D7837CAf62653d097Ff85"),
    row(45, USDT, Optimism, 6, "0x94b008aA00579c1307B0EF2c499aD98a8ce58e58"),
    row(46, USDT0, Optimism, 6, "0x01bFF41798a0BcF287b996046Ca68b395DbC1071"),
    row(47, DAI, Optimism, 18, "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"),
    row(48, USDS, Optimism, 18, "0x4F13a96EC5C4Cf34e442b46Bbd98a0791F20edC3"),
    native(49, Cardano),
    row(
        50,
        USDM,
        Cardano,
        6,
        "c48cbb3d5e57ed56e276bc45f99ab39abe94e6cd7ac39fb402da47ad0014df105553444d",
    ),
    row(
        51,
        DJED,
        Cardano,
        6,
        "8db269c3ec630e06ae29f74bc39edd1f87c819f1056206e879a1cd61446a65644d6963726f555344",
    ),
    row(52, USDA, Cardano, 6, "fe7c786ab321f41c654ef6c1af7b3250a613c24e4213e0425a7ae45655534441"),
    row(
        53,
        USDCX,
        Cardano,
        6,
        "1f3aec8bfe7ea4fe14c5f121e2a92e301afe414147860d557cac7e345553444378",
    ),
    native(54, Sui),
    row(
        55,
        USDC,
        Sui,
        6,
        "0xdba34672e30cb065b1f93e3ab55318768fd6fef66c15942c9f7cb846e2f900e7::usdc::USDC",
    ),
    row(
        56,
        USDT,
        Sui,
        6,
        "0x375f70cf2ae4c00bf37117d0c85a2c71545e6ee05c4a5c7d282cd66a4504b068::usdt::USDT",
    ),
    row(
        57,
        FDUSD,
        Sui,
        6,
        "0xf16e6b723f242ec745dfd7634ad072c42d5c1d9ac9d62a39c381303eaa57693a::fdusd::FDUSD",
    ),
];

const fn native(id: i64, network: Network) -> Token {
    Token::native(id, Place { network, environment: Environment::Mainnet })
}

const fn row(id: i64, coin: Coin, network: Network, decimals: u8, address: &'static str) -> Token {
    coin.listed(id, Place { network, environment: Environment::Mainnet }, decimals, address)
}
