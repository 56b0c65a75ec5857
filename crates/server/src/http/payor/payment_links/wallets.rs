//! Links that open one certain wallet, as far as its makers document one for paying.
//!
//! Left out because they document none: Coinbase Wallet, Phantom and Solflare (the `solana:` link
//! opens the latter two), Eternl and Lace. On devnet only MetaMask is left, whose links name the
//! chain; with any other a payor could not tell whether he spends real coins.

use domain::environment::Environment;
use domain::network::{Family, Network};
use serde::Serialize;
use utoipa::ToSchema;

use super::link::Link;
use super::{PaymentRequest, evm, sui, ton};

/// A link that opens one wallet with the payment filled in.
#[derive(Debug, Serialize, ToSchema)]
pub struct WalletLink {
    /// What the wallet is called.
    pub name: &'static str,
    /// Opens the wallet, or the page of its makers where it is not installed.
    pub url: String,
    /// The same by the app's own scheme, where it has one; does nothing if it is not installed.
    pub app_url: Option<String>,
}

pub fn links(request: &PaymentRequest<'_>) -> Vec<WalletLink> {
    let token = request.token;
    let own: &[fn(&PaymentRequest<'_>) -> WalletLink] =
        match (token.network.family(), token.environment) {
            (Family::Evm, Environment::Mainnet | Environment::Devnet) => &[metamask],
            (Family::Ton, Environment::Mainnet) => &[tonkeeper, mytonwallet],
            (Family::Sui, Environment::Mainnet) => &[slush],
            (Family::Solana | Family::Cardano, Environment::Mainnet) => &[],
            (Family::Solana | Family::Ton | Family::Cardano | Family::Sui, Environment::Devnet) => {
                &[]
            }
        };
    own.iter().map(|link| link(request)).chain(trust_wallet(request)).collect()
}

/// <https://docs.metamask.io/metamask-connect/evm/guides/metamask-exclusive/use-deeplinks>
fn metamask(request: &PaymentRequest<'_>) -> WalletLink {
    let url = evm::with_prefix("https://link.metamask.io/send/", request);
    WalletLink { name: "MetaMask", url, app_url: None }
}

/// <https://docs.tonconsole.com/tonkeeper/deep-linking>, whose older prefixes every version takes.
fn tonkeeper(request: &PaymentRequest<'_>) -> WalletLink {
    WalletLink {
        name: "Tonkeeper",
        url: ton::with_prefix("https://app.tonkeeper.com/", request),
        app_url: Some(ton::with_prefix("tonkeeper://", request)),
    }
}

/// <https://github.com/mytonwallet-org/mytonwallet/tree/master/src/util/deeplink>
fn mytonwallet(request: &PaymentRequest<'_>) -> WalletLink {
    let url = ton::with_prefix("https://my.tt/", request);
    WalletLink { name: "MyTonWallet", url, app_url: None }
}

/// <https://sdk.mystenlabs.com/slush-wallet/deep-linking>
fn slush(request: &PaymentRequest<'_>) -> WalletLink {
    WalletLink {
        name: "Slush",
        url: sui::with_prefix("https://my.slush.app/", request),
        app_url: Some(sui::with_prefix("slush://", request)),
    }
}

/// <https://developer.trustwallet.com/developer/develop-for-trust/deeplinking>: mainnets only.
fn trust_wallet(request: &PaymentRequest<'_>) -> Option<WalletLink> {
    if request.token.environment != Environment::Mainnet {
        return None;
    }
    let asset = trust_asset(request)?;
    let with_prefix = |prefix: &str| {
        Link::to(format!("{prefix}send"))
            .with("asset", &asset)
            .with("address", request.to.as_str())
            .with("amount", &request.whole_amount())
            .done()
    };
    Some(WalletLink {
        name: "Trust Wallet",
        url: with_prefix("https://link.trustwallet.com/"),
        app_url: Some(with_prefix("trust://")),
    })
}

/// The wallet's own name of an asset: the coin's number in Trust Wallet Core, and the contract.
///
/// How it names native assets of Cardano and coin types of Sui is not documented.
fn trust_asset(request: &PaymentRequest<'_>) -> Option<String> {
    let (network, contract) = (request.token.network, request.token.address);
    let coin = match network {
        Network::Ethereum => 60,
        Network::Base => 8_453,
        Network::Solana => 501,
        Network::Avalanche => 10_009_000,
        Network::Ton => 607,
        Network::Bsc => 20_000_714,
        Network::Arbitrum => 10_042_221,
        Network::Optimism => 10_000_070,
        Network::Cardano => 1_815,
        Network::Sui => 784,
    };
    match (network.family(), contract) {
        (Family::Evm | Family::Solana | Family::Ton, Some(contract)) => {
            Some(format!("c{coin}_t{contract}"))
        }
        (Family::Cardano | Family::Sui, Some(_)) => None,
        (Family::Evm | Family::Solana | Family::Ton | Family::Cardano | Family::Sui, None) => {
            Some(format!("c{coin}"))
        }
    }
}
