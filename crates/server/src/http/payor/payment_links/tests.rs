//! Each family's link, written out: what wallets are sent must never change unnoticed.
//!
//! Whether other people's code understands them is asked in `tests/it/payor/links.rs`.

use domain::environment::Environment;
use domain::network::Network;
use uuid::Uuid;

use super::*;

const INVOICE: InvoiceId = InvoiceId(Uuid::from_u128(7));
const ID: &str = "00000000-0000-0000-0000-000000000007";

fn with_request<T>(
    environment: Environment,
    (network, symbol): (Network, &str),
    ask: impl FnOnce(&PaymentRequest<'_>) -> T,
) -> T {
    let token = Token::of(environment)
        .find(|token| token.network == network && token.symbol == symbol)
        .expect("a token");
    let to = Address::from_payload(network.family(), environment, &[7; 32]);
    ask(&PaymentRequest {
        token,
        to: &to,
        chain_id: network.profile(environment).chain_id,
        amount: TokenAmount::parse("1.50", token.decimals).expect("an amount"),
        invoice_id: INVOICE,
        merchant_name: "Coffee & Co",
        purpose: Some("2 × espresso"),
    })
}

/// `TO`, `CONTRACT`, `ID` and `SAYS` stand for what all links of a test share.
fn filled(request: &PaymentRequest<'_>, expected: &str) -> String {
    expected
        .replace("SAYS", "label=Coffee%20%26%20Co&message=2%20%C3%97%20espresso")
        .replace("CONTRACT", &request.token.address.unwrap_or("").replace(':', "%3A"))
        .replace("TO", request.to.as_str())
        .replace("ID", ID)
}

#[track_caller]
fn check(network: Network, symbol: &str, expected: &str) {
    with_request(Environment::Devnet, (network, symbol), |request| {
        assert_eq!(request.uri(), filled(request, expected));
    });
}

#[test]
fn each_family_has_its_scheme() {
    check(Network::Base, "ETH", "ethereum:TO@84532?value=1500000000000000000");
    let call = "ethereum:CONTRACT@11155111/transfer?address=TO&uint256=1500000";
    check(Network::Ethereum, "USDC", call);
    check(Network::Solana, "SOL", "solana:TO?amount=1.5&reference=TO&SAYS");
    check(Network::Solana, "USDC", "solana:TO?amount=1.5&spl-token=CONTRACT&reference=TO&SAYS");
    check(Network::Ton, "TON", "ton://transfer/TO?amount=1500000000&text=ID");
    check(Network::Ton, "USDT", "ton://transfer/TO?jetton=CONTRACT&amount=1500000&text=ID");
    check(Network::Cardano, "ADA", "web+cardano:TO?amount=1.5");
    check(Network::Cardano, "USDC", "web+cardano:TO");
    let coin = "sui:pay?receiver=TO&amount=1500000000&coinType=0x2%3A%3Asui%3A%3ASUI&nonce=ID&SAYS";
    check(Network::Sui, "SUI", coin);
    check(
        Network::Sui,
        "USDC",
        "sui:pay?receiver=TO&amount=1500000&coinType=CONTRACT&nonce=ID&SAYS",
    );
}

#[track_caller]
fn check_wallets(environment: Environment, token: (Network, &str), expected: &[(&str, &str)]) {
    with_request(environment, token, |request| {
        let given = request.wallets();
        let given: Vec<_> = given.iter().map(|link| (link.name, link.url.as_str())).collect();
        let expected: Vec<_> =
            expected.iter().map(|(name, url)| (*name, filled(request, url))).collect();
        let expected: Vec<_> = expected.iter().map(|(name, url)| (*name, url.as_str())).collect();
        assert_eq!(given, expected, "{token:?}");
    });
}

#[test]
fn wallets_are_opened_as_their_makers_document() {
    let mainnet = Environment::Mainnet;
    let metamask = "https://link.metamask.io/send/CONTRACT@1/transfer?address=TO&uint256=1500000";
    let trust = "https://link.trustwallet.com/send?asset=c60_tCONTRACT&address=TO&amount=1.5";
    let ethereum = [("MetaMask", metamask), ("Trust Wallet", trust)];
    check_wallets(mainnet, (Network::Ethereum, "USDC"), &ethereum);
    let metamask = "https://link.metamask.io/send/TO@56?value=1500000000000000000";
    let trust = "https://link.trustwallet.com/send?asset=c20000714&address=TO&amount=1.5";
    let bsc = [("MetaMask", metamask), ("Trust Wallet", trust)];
    check_wallets(mainnet, (Network::Bsc, "BNB"), &bsc);
    let trust = "https://link.trustwallet.com/send?asset=c501_tCONTRACT&address=TO&amount=1.5";
    check_wallets(mainnet, (Network::Solana, "USDC"), &[("Trust Wallet", trust)]);
    let transfer = "transfer/TO?jetton=CONTRACT&amount=1500000&text=ID";
    let keeper = format!("https://app.tonkeeper.com/{transfer}");
    let mine = format!("https://my.tt/{transfer}");
    let trust = "https://link.trustwallet.com/send?asset=c607_tCONTRACT&address=TO&amount=1.5";
    let ton = [("Tonkeeper", &*keeper), ("MyTonWallet", &*mine), ("Trust Wallet", trust)];
    check_wallets(mainnet, (Network::Ton, "USDT"), &ton);
    let trust = "https://link.trustwallet.com/send?asset=c1815&address=TO&amount=1.5";
    check_wallets(mainnet, (Network::Cardano, "ADA"), &[("Trust Wallet", trust)]);
    check_wallets(mainnet, (Network::Cardano, "USDM"), &[]);
    let slush =
        "https://my.slush.app/pay?receiver=TO&amount=1500000&coinType=CONTRACT&nonce=ID&SAYS";
    check_wallets(mainnet, (Network::Sui, "USDC"), &[("Slush", slush)]);
}

#[test]
fn a_devnet_link_opens_no_wallet_that_could_spend_real_coins() {
    let metamask = "https://link.metamask.io/send/TO@97?value=1500000000000000000";
    check_wallets(Environment::Devnet, (Network::Bsc, "BNB"), &[("MetaMask", metamask)]);
    for token in [
        (Network::Solana, "SOL"),
        (Network::Ton, "TON"),
        (Network::Cardano, "ADA"),
        (Network::Sui, "SUI"),
    ] {
        check_wallets(Environment::Devnet, token, &[]);
    }
}

#[test]
fn long_words_are_cut_between_characters() {
    assert_eq!(cut("short", 32), "short");
    assert_eq!(cut(&"é".repeat(20), 33), "é".repeat(16));
    assert_eq!(cut("one two", 4), "one");
    assert_eq!(cut("", 4), "");
}
