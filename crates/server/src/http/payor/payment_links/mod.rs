//! What opens a payor's wallet with everything filled in: a link in the words of the network, links
//! of single wallets, and the picture of a link.
//!
//! Each family has its own scheme, and a file here. A wallet that understands only the address
//! still pays to the right place, and no link asks for an amount of another coin: where a scheme
//! has no word for a token, the amount is left out. What a merchant wrote is shown to the payor
//! only; all that a transfer can carry onto the chain is the invoice's id.

mod cardano;
mod evm;
mod link;
mod qr;
mod solana;
mod sui;
mod ton;
mod wallets;

use domain::address::Address;
use domain::ids::InvoiceId;
use domain::money::TokenAmount;
use domain::network::Family;
use domain::token::Token;

pub use qr::qr_code;
pub use wallets::WalletLink;

/// Who is paid, as a wallet shows it; longer names are cut, because every byte makes the picture
/// harder to scan.
const LABEL_BYTES_MAX: usize = 32;
/// What for, as a wallet shows it.
const MESSAGE_BYTES_MAX: usize = 64;

/// What a payor's wallet is asked for.
#[derive(Clone, Copy, Debug)]
pub struct PaymentRequest<'a> {
    pub token: &'a Token,
    pub to: &'a Address,
    /// Of the EVM network as it is served here.
    pub chain_id: u64,
    pub amount: TokenAmount,
    pub invoice_id: InvoiceId,
    pub merchant_name: &'a str,
    /// What the merchant wrote on the invoice.
    pub purpose: Option<&'a str>,
}

impl PaymentRequest<'_> {
    /// The link that every wallet of the network's family knows.
    pub fn uri(&self) -> String {
        match self.token.network.family() {
            Family::Evm => evm::uri(self),
            Family::Solana => solana::uri(self),
            Family::Ton => ton::uri(self),
            Family::Cardano => cardano::uri(self),
            Family::Sui => sui::uri(self),
        }
    }

    /// Links that open one wallet, for payors who have none that answers to the scheme.
    pub fn wallets(&self) -> Vec<WalletLink> {
        wallets::links(self)
    }

    fn whole_amount(&self) -> String {
        self.amount.decimal(self.token.decimals)
    }

    fn label(&self) -> &str {
        cut(self.merchant_name, LABEL_BYTES_MAX)
    }

    fn message(&self) -> Option<&str> {
        self.purpose.map(|purpose| cut(purpose, MESSAGE_BYTES_MAX))
    }
}

/// The longest beginning of a text that fits and ends between two characters.
fn cut(text: &str, bytes_max: usize) -> &str {
    text[..text.floor_char_boundary(bytes_max)].trim_end()
}

#[cfg(test)]
mod tests;
