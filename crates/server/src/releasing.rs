//! Sends whose end the operator tells: those he signs himself, and those no node can tell about.
//!
//! What he says is looked up wherever somebody can still look. A transfer on chain must pay exactly
//! what was planned, and answers for one send; his word alone is taken only where nodes are silent,
//! and every word of his is in the audit log.

use chains::send::Outcome;
use domain::audit::AuditEntry;
use domain::changes::Changes;
use domain::claim::Claim;
use domain::ids::{RowKey, SendId};
use domain::refusal::Refusal;
use domain::send::{AttemptState, Ending, Send, SendStatus};
use store::{CommitError, StoreError};

use crate::app::App;
use crate::sending::end;

/// What the operator says of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// It never went, and never will.
    NotSent,
    /// It went, as this transaction.
    Sent(String),
}

#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    #[error("there is no such send")]
    Unknown,
    /// The transaction is not it, or not yet.
    #[error("{0}")]
    NotIt(String),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("it could not be ended: {0:#}")]
    Failed(anyhow::Error),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

impl From<StoreError> for ReleaseError {
    fn from(error: StoreError) -> ReleaseError {
        ReleaseError::Commit(error.into())
    }
}

/// What the operator sent himself is looked up, and ends the send it is for.
pub async fn confirm_exported(app: &App, id: SendId, tx_hash: &str) -> Result<(), ReleaseError> {
    let send = app.store.get::<Send>(id.key()).await?.ok_or(ReleaseError::Unknown)?;
    if send.status != SendStatus::Exported {
        return Err(not_it("this send does not wait for the operator"));
    }
    match look_up(app, &send, tx_hash).await? {
        Seen::Transfer { tx_hash, claim } => {
            let mut also = audited(app, &send, "send.confirmed", &tx_hash);
            also.insert(claim);
            ended(app, id, Ending::Confirmed { tx_hash, fee: None }, also).await
        }
        Seen::Nothing { .. } => Err(not_it(
            "that transaction is not on chain, or pays another amount, token, sender or receiver",
        )),
    }
}

/// Ends a send by the operator's word, where nobody else can tell.
pub async fn release(app: &App, id: SendId, word: &Word) -> Result<(), ReleaseError> {
    let send = app.store.get::<Send>(id.key()).await?.ok_or(ReleaseError::Unknown)?;
    send.may_be_released(app.now())?;
    nodes_are_silent(app, &send).await?;
    let action = "send.released";
    let (ending, also) = match word {
        Word::NotSent => {
            tokens_stand(app, &send).await?;
            let why = "The operator says that it never went".to_owned();
            (Ending::GivenUp { why }, audited(app, &send, action, "not sent"))
        }
        Word::Sent(tx_hash) => match look_up(app, &send, tx_hash).await? {
            Seen::Transfer { tx_hash, claim } => {
                let mut also = audited(app, &send, action, &tx_hash);
                also.insert(claim);
                (Ending::Confirmed { tx_hash, fee: None }, also)
            }
            Seen::Nothing { tx_hash } => {
                let also = audited(app, &send, action, &format!("{tx_hash}, by his word"));
                (Ending::Confirmed { tx_hash, fee: None }, also)
            }
        },
    };
    ended(app, id, ending, also).await
}

/// Refuses while a node knows one of its transactions, or one of them may still be included.
async fn nodes_are_silent(app: &App, send: &Send) -> Result<(), Refusal> {
    let Some(sender) = app.networks.sender((send.environment, send.network)) else {
        return Ok(());
    };
    for attempt in &send.attempts {
        if attempt.state == AttemptState::Gone {
            continue;
        }
        let Ok(prepared) = serde_json::from_str(&attempt.prepared) else { continue };
        let refused = match sender.outcome(&prepared).await {
            Outcome::Included(_) => "a transaction of it is on chain, and is followed by itself",
            Outcome::Pending => "a transaction of it may still be included",
            Outcome::Gone | Outcome::Unknown(_) => continue,
        };
        return Err(Refusal::SendNotReleasable(refused));
    }
    Ok(())
}

/// What was to be signed elsewhere and is still on its address never went; what is not there did,
/// or something else took it. Asked where nodes are, and not of what only they were given.
async fn tokens_stand(app: &App, send: &Send) -> Result<(), Refusal> {
    let sender = app.networks.sender((send.environment, send.network));
    let address =
        domain::address::Address::parse(send.network, send.environment, &send.from.address);
    let (Some(sender), Ok(address), SendStatus::Exported) = (sender, address, send.status) else {
        return Ok(());
    };
    let contract = send.token().and_then(|token| token.address);
    let state = sender.state(&address, contract).await.map_err(|_| {
        Refusal::SendNotReleasable("the network does not answer what stands on its address")
    })?;
    let has = match contract {
        Some(_) => state.token.unwrap_or_default(),
        None => state.coin,
    };
    let why = "its address no longer holds what it was to send";
    if has < send.amount { Err(Refusal::SendNotReleasable(why)) } else { Ok(()) }
}

/// What a chain knows of a transaction that is said to be a send's.
enum Seen {
    Transfer {
        tx_hash: String,
        claim: Claim,
    },
    /// Nobody knows the transaction.
    Nothing {
        tx_hash: String,
    },
}

async fn look_up(app: &App, send: &Send, tx_hash: &str) -> Result<Seen, ReleaseError> {
    let place = (send.environment, send.network);
    let hash = chains::hashes::parse_transaction_hash(send.network, tx_hash);
    let tx_hash = hash.ok_or_else(|| not_it("no transaction hash of this network"))?;
    let Some(chain) = app.networks.chain(place.0, place.1) else {
        return Ok(Seen::Nothing { tx_hash });
    };
    let silent = |error| not_it(format!("the network does not answer: {error}"));
    let found = chain.look_up(&tx_hash).await.map_err(silent)?;
    if found.is_empty() {
        return Ok(Seen::Nothing { tx_hash });
    }
    let contract = send.token().and_then(|token| token.address);
    let is_it = |transfer: &&domain::chain::ChainTransfer| {
        transfer.to == send.to
            && transfer.asset.contract() == contract
            && transfer.amount == Some(send.amount)
            && transfer.from.as_ref().is_none_or(|from| *from == send.from.address)
    };
    let transfer = found.iter().find(is_it);
    let transfer = transfer
        .ok_or_else(|| not_it("that transaction pays another amount, token, sender or receiver"))?;
    let head = chain.head().await.map_err(silent)?.number;
    let depth = head.saturating_add(1).saturating_sub(transfer.block.number);
    let wanted = app.networks.depths(place.0, place.1).of(send.value);
    if depth < wanted {
        let why = format!("that transaction has {depth} confirmations of {wanted}: try later");
        return Err(not_it(why));
    }
    // One transfer answers for one send.
    let parts = [&transfer.identity(place.0, place.1).0[..]];
    let claim = Claim::new(RowKey::of("answer_for_send", &parts), send.key());
    Ok(Seen::Transfer { tx_hash, claim })
}

fn not_it(why: impl Into<String>) -> ReleaseError {
    ReleaseError::NotIt(why.into())
}

fn audited(app: &App, send: &Send, action: &str, what: &str) -> Changes {
    let mut changes = Changes::of(send.merchant_id);
    let object = format!("{}: {what}", send.id);
    let merchant_id = send.merchant_id;
    changes.insert(AuditEntry::of_operator(merchant_id, action, object, &mut app.fresh()));
    changes
}

async fn ended(app: &App, id: SendId, ending: Ending, also: Changes) -> Result<(), ReleaseError> {
    end(app, id, &ending, (None, Some(&also))).await.map_err(|error| {
        match error.downcast::<CommitError>() {
            Ok(CommitError::AlreadyExists { .. }) => {
                not_it("that transfer answers for another send")
            }
            Ok(error) => ReleaseError::Commit(error),
            Err(error) => ReleaseError::Failed(error),
        }
    })
}
