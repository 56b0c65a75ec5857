//! The link a wallet opens: address, token and amount in the words of its network.
//!
//! A wallet that knows only the address still pays to the right place, so the address always comes
//! first or is named. Where a scheme has no word for a token, the amount is left out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::address::Address;
use domain::money::TokenAmount;
use domain::network::Family;
use domain::token::Token;
use qrcode::QrCode;
use qrcode::render::svg;

const QR_PIXELS_MIN: u32 = 256;

/// EIP-681 on EVM, Solana Pay, `ton://`, CIP-13 on Cardano, and a plain scheme on Sui.
pub fn payment_uri(token: &Token, to: &Address, amount: TokenAmount) -> String {
    let (base, whole) = (amount.0, amount.decimal(token.decimals));
    match (token.network.family(), token.address) {
        (Family::Evm, contract) => {
            let chain_id = token.network.profile(token.environment).chain_id;
            match contract {
                None => format!("ethereum:{to}@{chain_id}?value={base}"),
                Some(contract) => {
                    format!("ethereum:{contract}@{chain_id}/transfer?address={to}&uint256={base}")
                }
            }
        }
        (Family::Solana, None) => format!("solana:{to}?amount={whole}"),
        (Family::Solana, Some(mint)) => format!("solana:{to}?amount={whole}&spl-token={mint}"),
        (Family::Ton, None) => format!("ton://transfer/{to}?amount={base}"),
        (Family::Ton, Some(master)) => {
            format!("ton://transfer/{to}?jetton={master}&amount={base}")
        }
        (Family::Cardano, None) => format!("web+cardano:{to}?amount={whole}"),
        (Family::Cardano, Some(_)) => format!("web+cardano:{to}"),
        (Family::Sui, None) => format!("sui:{to}?amount={base}"),
        (Family::Sui, Some(coin)) => format!("sui:{to}?amount={base}&coinType={coin}"),
    }
}

/// A QR code of some text as an image to put straight into a page.
pub fn qr_code(text: &str) -> String {
    let code = QrCode::new(text).expect("a payment link is far shorter than a QR code holds");
    let mut renderer = code.render::<svg::Color<'_>>();
    let image = renderer.min_dimensions(QR_PIXELS_MIN, QR_PIXELS_MIN).build();
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(image))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::environment::Environment;
    use domain::network::Network;

    #[track_caller]
    fn check(network: Network, symbol: &str, expected: &str) {
        let token = Token::of(Environment::Devnet)
            .find(|token| token.network == network && token.symbol == symbol)
            .expect("a token");
        let payload = [7; 32];
        let to = Address::from_payload(network.family(), Environment::Devnet, &payload);
        let amount = TokenAmount::parse("1.5", token.decimals).expect("an amount");
        let uri = payment_uri(token, &to, amount);
        let contract = token.address.unwrap_or("");
        let expected = expected.replace("TO", to.as_str()).replace("CONTRACT", contract);
        assert_eq!(uri, expected);
    }

    #[test]
    fn each_family_has_its_scheme() {
        check(Network::Base, "ETH", "ethereum:TO@84532?value=1500000000000000000");
        let call = "ethereum:CONTRACT@11155111/transfer?address=TO&uint256=1500000";
        check(Network::Ethereum, "USDC", call);
        check(Network::Solana, "SOL", "solana:TO?amount=1.5");
        check(Network::Solana, "USDC", "solana:TO?amount=1.5&spl-token=CONTRACT");
        check(Network::Ton, "TON", "ton://transfer/TO?amount=1500000000");
        check(Network::Ton, "USDT", "ton://transfer/TO?jetton=CONTRACT&amount=1500000");
        check(Network::Cardano, "ADA", "web+cardano:TO?amount=1.5");
        check(Network::Cardano, "USDC", "web+cardano:TO");
        check(Network::Sui, "SUI", "sui:TO?amount=1500000000");
        check(Network::Sui, "USDC", "sui:TO?amount=1500000&coinType=CONTRACT");
    }

    #[test]
    fn a_code_is_an_image() {
        let image = qr_code("ethereum:0x0@1");
        let svg = STANDARD.decode(image.strip_prefix("data:image/svg+xml;base64,").unwrap());
        assert!(String::from_utf8(svg.unwrap()).unwrap().contains("<svg"));
    }
}
