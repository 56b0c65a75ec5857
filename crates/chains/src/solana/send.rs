//! Sending on Solana: SOL and tokens of both token programs, all paid for by the gas wallet.
//!
//! Deposit addresses hold tokens and no SOL, so the gas wallet is every transaction's fee payer
//! and its first signer; the owner of what is sent signs too. Tokens go to the receiver's
//! associated token account, which is made where it is missing.
//!
//! Invariant: a transaction is named by its signature and lives as long as its blockhash. `Gone`
//! is only said when every node that answers has a final block above the last height, knows the
//! blockhash no more, remembers all slots since and has no such signature; only then may another
//! blockhash be signed.

pub(super) mod nodes;
mod refusals;

use std::sync::Arc;

use domain::address::Address;
use domain::environment::Environment;
use domain::money::TokenAmount;
use domain::network::Network;

use self::nodes::{AccountJson, Life, SendingNodes};
use super::accounts::{TOKEN_2022_PROGRAM, TOKEN_PROGRAM, associated_token_account};
use super::message::{Instruction, Key, Message, TRANSACTION_BYTES_MAX, TokenAccount, key};
use super::{GENESIS_OF_DEVNET, GENESIS_OF_MAINNET};
use crate::addresses::NoAddress;
use crate::chain::{Answer, ChainError, NodeHealth};
use crate::keys::signing::{KeyRef, Signers};
use crate::rpc::Nodes;
use crate::send::{
    AccountState, Broadcast, Facts, Fees, Order, Outcome, Place, Prepared, SendError, Sender,
    SolanaFacts, SolanaTokenFacts, Spend, Told,
};

/// What trying out may use; the order itself then asks for what it used and a quarter more.
const COMPUTE_UNITS_TRIED: u32 = 400_000;
const MICRO_LAMPORTS: u128 = 1_000_000;
/// With this much a lamport and a half at the most for every hundred units.
const PRIORITY_PER_UNIT_MAX: u64 = 1_000_000;

/// What is sent with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SolanaSendSettings {
    pub environment: Environment,
    /// What the network began with, as in `SolanaSettings`.
    pub genesis_hash: Option<String>,
    /// In millionths of a lamport: what the nodes tell of others' offers is followed up to here.
    pub priority_per_unit_max: u64,
}

/// Solana and our keys on it.
pub struct SolanaSender {
    settings: SolanaSendSettings,
    nodes: SendingNodes,
    keys: Arc<Signers>,
}

impl SolanaSendSettings {
    pub fn new(environment: Environment) -> SolanaSendSettings {
        let genesis_hash = match environment {
            Environment::Mainnet => GENESIS_OF_MAINNET,
            Environment::Devnet => GENESIS_OF_DEVNET,
        };
        SolanaSendSettings {
            environment,
            genesis_hash: Some(genesis_hash.to_owned()),
            priority_per_unit_max: PRIORITY_PER_UNIT_MAX,
        }
    }
}

/// Who takes part in an order.
struct Parties {
    from: Key,
    to: Key,
    gas_wallet: Key,
}

/// Where an order's tokens go from and to.
struct Route {
    source: TokenAccount,
    target: TokenAccount,
}

impl SolanaSender {
    pub fn new(settings: SolanaSendSettings, nodes: Nodes, keys: Arc<Signers>) -> SolanaSender {
        let nodes = SendingNodes::new(nodes, settings.genesis_hash.clone());
        SolanaSender { settings, nodes, keys }
    }

    fn parties(&self, order: &Order) -> Result<Parties, SendError> {
        let own = |address: Address| key(address.as_str()).ok_or(SendError::NoKey);
        let to = key(order.to.as_str());
        Ok(Parties {
            from: own(self.address(order.from)?)?,
            to: to.ok_or(SendError::Malformed("the receiver is no account of the network"))?,
            gas_wallet: own(self.address(KeyRef::Gas)?)?,
        })
    }

    async fn facts_of(&self, order: &Order) -> Result<SolanaFacts, SendError> {
        let parties = self.parties(order)?;
        let mut fees = self.nodes.fees(parties.gas_wallet).await?;
        fees.priority_per_unit = fees.priority_per_unit.min(self.settings.priority_per_unit_max);
        let [from, gas_wallet, to] =
            self.nodes.accounts([parties.from, parties.gas_wallet, parties.to]).await?;
        if to.as_ref().is_some_and(AccountJson::is_of_token_program) {
            // Tokens would go to an account that nobody can ever sign for.
            return Err(SendError::Malformed("the receiver is a token account, not its owner"));
        }
        let coin = lamports(from.as_ref());
        let token = match &order.spend {
            Spend::Coin(_) | Spend::AllCoin => None,
            Spend::Token { contract, amount } => {
                let token = self.token_facts(&parties, contract).await?;
                if token.balance < *amount {
                    let (needed, has) = (*amount, token.balance);
                    return Err(SendError::NotEnoughToken { needed, has });
                }
                Some(token)
            }
        };
        let (at_slot, blockhash, last_valid_block_height) = self.nodes.latest_blockhash().await?;
        let mut facts = SolanaFacts {
            at_slot,
            blockhash,
            last_valid_block_height,
            fees,
            compute_units: COMPUTE_UNITS_TRIED,
            coin,
            gas_wallet_coin: lamports(gas_wallet.as_ref()),
            token,
        };
        let (message, _) = self.message(order, &facts)?;
        let used = self.nodes.try_out(&message.unsigned()).await?;
        facts.compute_units = used.saturating_add(used / 4).saturating_add(1_000);
        Ok(facts)
    }

    async fn token_facts(
        &self,
        parties: &Parties,
        contract: &str,
    ) -> Result<SolanaTokenFacts, SendError> {
        let mint = key(contract);
        let mint = mint.ok_or(SendError::Malformed("the mint is no account of the network"))?;
        let [account] = self.nodes.accounts([mint]).await?;
        let no_mint = SendError::Malformed("there is no mint at this address");
        let account = account.ok_or(no_mint.clone())?;
        let decimals = account.decimals_of_mint().ok_or(no_mint)?;
        let program = account.owner;
        let route = route(parties, mint, &program)?;
        let [source, target] =
            self.nodes.accounts([route.source.account, route.target.account]).await?;
        let balance = source.and_then(|source| source.balance_of_tokens(&program));
        let rent = match target {
            Some(_) => None,
            None => Some(self.nodes.rent_of_token_account(&program).await?),
        };
        let balance = TokenAmount(u128::from(balance.unwrap_or(0)));
        Ok(SolanaTokenFacts { program, decimals, balance, rent_of_new_account: rent })
    }

    /// The message of an order, and what it sends.
    fn message(&self, order: &Order, facts: &SolanaFacts) -> Result<(Message, u64), SendError> {
        let parties = self.parties(order)?;
        let pays_itself = parties.from == parties.gas_wallet;
        let fee = fee(facts, if pays_itself { 1 } else { 2 });
        let rent = facts.token.as_ref().and_then(|token| token.rent_of_new_account);
        let costs = fee.saturating_add(rent.map_or(0, |rent| rent.0));
        let has = facts.gas_wallet_coin;
        if costs > has.0 {
            let needed = TokenAmount(costs);
            return Err(SendError::NotEnoughCoin { needed, has, fee: needed });
        }
        // What is left to send when the account has paid what it pays itself.
        let (has, own_costs) = (facts.coin, if pays_itself { costs } else { 0 });
        let mut instructions = vec![
            Instruction::compute_units(facts.compute_units),
            Instruction::price_per_unit(facts.fees.priority_per_unit),
        ];
        let amount = match &order.spend {
            Spend::Coin(amount) => {
                if *amount > has {
                    return Err(SendError::NotEnoughToken { needed: *amount, has });
                }
                let (needed, fee) = (amount.0.saturating_add(own_costs), TokenAmount(own_costs));
                if needed > has.0 {
                    let needed = TokenAmount(needed);
                    return Err(SendError::NotEnoughCoin { needed, has, fee });
                }
                amount.0
            }
            Spend::AllCoin => {
                let needed = TokenAmount(own_costs.saturating_add(1));
                let left = has.0.checked_sub(own_costs).filter(|left| *left > 0);
                left.ok_or(SendError::NotEnoughCoin { needed, has, fee: needed })?
            }
            Spend::Token { amount, .. } => amount.0,
        };
        let too_much = SendError::Malformed("the network has no such amount");
        let amount = u64::try_from(amount).map_err(|_| too_much)?;
        match (&order.spend, &facts.token) {
            (Spend::Coin(_) | Spend::AllCoin, None) => {
                let transfer = Instruction::transfer_coin(parties.from, parties.to, amount);
                instructions.push(transfer);
            }
            (Spend::Token { contract, .. }, Some(token)) => {
                let mint = key(contract).ok_or(OTHER_ORDER)?;
                let Route { source, target } = route(&parties, mint, &token.program)?;
                if token.rent_of_new_account.is_some() {
                    let make = Instruction::make_token_account(parties.gas_wallet, &target);
                    instructions.push(make);
                }
                let decimals = token.decimals;
                let transfer = Instruction::transfer_tokens(&source, &target, amount, decimals);
                instructions.push(transfer);
            }
            (Spend::Token { .. }, None) | (Spend::Coin(_) | Spend::AllCoin, Some(_)) => {
                return Err(OTHER_ORDER);
            }
        }
        let blockhash = key(&facts.blockhash).ok_or(SendError::Malformed("no blockhash"))?;
        let message = Message::new(parties.gas_wallet, blockhash, &instructions);
        let message = message.filter(|message| message.unsigned().len() <= TRANSACTION_BYTES_MAX);
        let message = message.ok_or(SendError::Malformed("it does not fit one transaction"))?;
        Ok((message, amount))
    }
}

const OTHER_ORDER: SendError = SendError::Malformed("the facts are of another order");

impl Sender for SolanaSender {
    fn network(&self) -> Network {
        Network::Solana
    }

    fn environment(&self) -> Environment {
        self.settings.environment
    }

    fn address(&self, key: KeyRef) -> Result<Address, SendError> {
        if self.keys.environment() != self.settings.environment {
            return Err(SendError::NoKey);
        }
        self.keys.address(Network::Solana, key).map_err(no_key)
    }

    fn state<'a>(
        &'a self,
        address: &'a Address,
        token: Option<&'a str>,
    ) -> Answer<'a, AccountState> {
        Box::pin(async move {
            let no_account = || ChainError::Unavailable("this is no address of Solana".to_owned());
            let owner = key(address.as_str()).ok_or_else(no_account)?;
            let [account] = self.nodes.accounts([owner]).await?;
            let coin = lamports(account.as_ref());
            let Some(token) = token else {
                return Ok(AccountState { nonces: None, coin, token: None });
            };
            let mint = key(token).ok_or_else(no_account)?;
            let [mint_account] = self.nodes.accounts([mint]).await?;
            let program = mint_account.map(|account| account.owner);
            let program = program.filter(|program| is_token_program(program));
            let program = program
                .ok_or_else(|| ChainError::Unavailable("there is no such mint".to_owned()))?;
            let parties = Parties { from: owner, to: owner, gas_wallet: owner };
            let route = route(&parties, mint, &program)
                .map_err(|error| ChainError::Unavailable(error.to_string()))?;
            let [tokens] = self.nodes.accounts([route.source.account]).await?;
            let balance = tokens.and_then(|tokens| tokens.balance_of_tokens(&program));
            let token = Some(TokenAmount(u128::from(balance.unwrap_or(0))));
            Ok(AccountState { nonces: None, coin, token })
        })
    }

    fn fees(&self) -> Answer<'_, Fees> {
        Box::pin(async {
            let gas_wallet = self.address(KeyRef::Gas).ok();
            let gas_wallet = gas_wallet.and_then(|address| key(address.as_str()));
            let no_keys = || ChainError::Unavailable("there are no keys".to_owned());
            Ok(Fees::Solana(self.nodes.fees(gas_wallet.ok_or_else(no_keys)?).await?))
        })
    }

    fn facts<'a>(&'a self, order: &'a Order) -> Told<'a, Result<Facts, SendError>> {
        Box::pin(async { self.facts_of(order).await.map(Facts::Solana) })
    }

    fn prepare(&self, order: &Order, facts: &Facts) -> Result<Prepared, SendError> {
        let facts = match facts {
            Facts::Solana(facts) => facts,
            Facts::Evm(_) => return Err(SendError::Malformed("the facts are of another network")),
        };
        let (message, amount) = self.message(order, facts)?;
        let signers = [KeyRef::Gas, order.from].map(|key| self.keys.solana(key));
        let signers = signers.into_iter().collect::<Result<Vec<_>, _>>().map_err(no_key)?;
        let (raw, signature) = message.signed(&signers).ok_or(SendError::NoKey)?;
        let rent = facts.token.as_ref().and_then(|token| token.rent_of_new_account);
        let cost = fee(facts, message.signers.len()).saturating_add(rent.map_or(0, |rent| rent.0));
        Ok(Prepared {
            raw,
            tx_hash: bs58::encode(signature).into_string(),
            place: Place::Blockhash {
                blockhash: facts.blockhash.clone(),
                last_valid_block_height: facts.last_valid_block_height,
                since_slot: facts.at_slot,
            },
            amount: TokenAmount(u128::from(amount)),
            max_cost: TokenAmount(cost),
        })
    }

    fn replace(&self, _: &Order, _: &Facts, _: &Prepared) -> Result<Prepared, SendError> {
        Err(SendError::NotReplaceable)
    }

    fn broadcast<'a>(&'a self, prepared: &'a Prepared) -> Told<'a, Broadcast> {
        Box::pin(self.nodes.broadcast(&prepared.tx_hash, &prepared.raw))
    }

    fn outcome<'a>(&'a self, prepared: &'a Prepared) -> Told<'a, Outcome> {
        Box::pin(async {
            let Place::Blockhash { blockhash, last_valid_block_height, since_slot } =
                &prepared.place
            else {
                return Outcome::Unknown("this is no transaction of the network".to_owned());
            };
            let life = Life {
                blockhash,
                last_valid_block_height: *last_valid_block_height,
                since_slot: *since_slot,
            };
            match self.nodes.outcome(&prepared.tx_hash, life).await {
                Ok(outcome) => outcome,
                Err(error) => Outcome::Unknown(error.to_string()),
            }
        })
    }

    fn health(&self) -> Vec<NodeHealth> {
        self.nodes.health()
    }
}

/// What a transaction with so many signatures costs, rounded up.
fn fee(facts: &SolanaFacts, signatures: usize) -> u128 {
    let signatures = u128::try_from(signatures).unwrap_or(u128::MAX);
    let base = u128::from(facts.fees.lamports_per_signature).saturating_mul(signatures);
    let priority = u128::from(facts.fees.priority_per_unit) * u128::from(facts.compute_units);
    base.saturating_add(priority.div_ceil(MICRO_LAMPORTS))
}

fn route(parties: &Parties, mint: Key, program: &str) -> Result<Route, SendError> {
    let source = token_account(parties.from, mint, program)?;
    Ok(Route { source, target: token_account(parties.to, mint, program)? })
}

/// Where an owner keeps the tokens of a mint that one of the token programs made.
pub(super) fn token_account(
    owner: Key,
    mint: Key,
    program: &str,
) -> Result<TokenAccount, SendError> {
    let no_mint = SendError::Malformed("there is no mint at this address");
    let program_key = key(program).filter(|_| is_token_program(program)).ok_or(no_mint)?;
    let [owner_text, mint_text] = [owner, mint].map(|key| bs58::encode(key).into_string());
    let account = associated_token_account(&owner_text, &mint_text, program);
    let account = account.and_then(|account| key(&account));
    let account = account.ok_or(SendError::Malformed("there is no token account"))?;
    Ok(TokenAccount { account, owner, mint, program: program_key })
}

fn is_token_program(program: &str) -> bool {
    [TOKEN_PROGRAM, TOKEN_2022_PROGRAM].contains(&program)
}

fn lamports(account: Option<&AccountJson>) -> TokenAmount {
    TokenAmount(account.map_or(0, |account| u128::from(account.lamports)))
}

fn no_key(_: NoAddress) -> SendError {
    SendError::NoKey
}
