//! What a payor's own wallet is asked to sign: a payment to one of our addresses, whole but for his
//! signature.
//!
//! He pays the fee, and the rent of the token account where the receiver has none yet. What his
//! wallet offers for getting ahead it adds by itself. Nothing is kept of a transaction: one that is
//! not sent before its blockhash is forgotten can never be.
//!
//! Invariant: only the payor's signature is asked for, and every transfer names the receiver's own
//! address, so that whatever becomes of it is found there.

use domain::address::Address;
use domain::money::TokenAmount;

use super::message::{Instruction, Key, Message, TRANSACTION_BYTES_MAX, key};
use super::send::nodes::{AccountJson, SendingNodes};
use super::send::token_account;
use crate::rpc::Nodes;
use crate::send::SendError;

/// A payment that somebody else's wallet is to make.
#[derive(Clone, Copy, Debug)]
pub struct PaymentOrder<'a> {
    pub payer: &'a Address,
    pub to: &'a Address,
    /// A mint of either token program; none: SOL.
    pub mint: Option<&'a str>,
    pub amount: TokenAmount,
}

/// A transaction with room for its one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsignedPayment {
    pub raw: Vec<u8>,
    /// No block above this height includes it.
    pub last_valid_block_height: u64,
}

/// Solana's nodes, asked for what a payor's transaction is made of.
pub struct SolanaPayments {
    nodes: SendingNodes,
}

impl SolanaPayments {
    /// `genesis_hash` as in `SolanaSettings`.
    pub fn new(genesis_hash: Option<String>, nodes: Nodes) -> SolanaPayments {
        SolanaPayments { nodes: SendingNodes::new(nodes, genesis_hash) }
    }

    pub async fn compose(&self, order: PaymentOrder<'_>) -> Result<UnsignedPayment, SendError> {
        let no_account = SendError::Malformed("the payer or the receiver is no account");
        let parties = key(order.payer.as_str()).zip(key(order.to.as_str()));
        let (payer, to) = parties.ok_or(no_account)?;
        let too_much = SendError::Malformed("the network has no such amount");
        let amount = u64::try_from(order.amount.0).map_err(|_| too_much)?;
        let instructions = match order.mint {
            Some(mint) => self.of_tokens((payer, to), mint, amount).await?,
            None => vec![Instruction::transfer_coin(payer, to, amount).naming(to)],
        };
        let (_, blockhash, last_valid_block_height) = self.nodes.latest_blockhash().await?;
        let blockhash = key(&blockhash).ok_or(SendError::Malformed("no blockhash"))?;
        let message = Message::new(payer, blockhash, &instructions);
        let raw = message.map(|message| message.unsigned());
        let raw = raw.filter(|raw| raw.len() <= TRANSACTION_BYTES_MAX);
        let raw = raw.ok_or(SendError::Malformed("it does not fit one transaction"))?;
        Ok(UnsignedPayment { raw, last_valid_block_height })
    }

    async fn of_tokens(
        &self,
        (payer, to): (Key, Key),
        mint: &str,
        amount: u64,
    ) -> Result<Vec<Instruction>, SendError> {
        let no_mint = SendError::Malformed("there is no mint at this address");
        let mint = key(mint).ok_or(no_mint.clone())?;
        let [account] = self.nodes.accounts([mint]).await?;
        let account = account.ok_or(no_mint.clone())?;
        let decimals = account.decimals_of_mint().ok_or(no_mint)?;
        let of = |owner| token_account(owner, mint, &account.owner);
        let (source, target) = (of(payer)?, of(to)?);
        let [there] = self.nodes.accounts([target.account]).await?;
        let make = match there.as_ref().map(AccountJson::is_of_token_program) {
            Some(true) => None,
            // Whoever put coin there before has not made it an account for tokens.
            Some(false) | None => Some(Instruction::make_token_account(payer, &target)),
        };
        let transfer = Instruction::transfer_tokens(&source, &target, amount, decimals);
        Ok(make.into_iter().chain([transfer.naming(to)]).collect())
    }
}
