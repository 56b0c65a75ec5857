//! A double of Sui's full nodes: no real node of Sui can be installed for a test.
//!
//! It stands in for nodes behind the official gRPC interface, and what it says is its own word:
//! it decodes transactions and verifies their signatures as validators do, but runs no Move.
//! Balance changes are what the splits and transfers of a transaction plainly mean, checkpoints
//! are numbered by it, and digests of checkpoints are invented.
//!
//! Several nodes can serve one ledger, each with faults of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use sui_crypto::SuiVerifier;
use sui_rpc::field::{FieldMask, FieldMaskTree, FieldMaskUtil, MessageFields};
use sui_rpc::merge::Merge;
use sui_rpc::proto::sui::rpc::v2 as proto;
use sui_rpc::proto::sui::rpc::v2::ledger_service_server::{LedgerService, LedgerServiceServer};
use sui_rpc::proto::sui::rpc::v2::state_service_server::{StateService, StateServiceServer};
use sui_rpc::proto::sui::rpc::v2::transaction_execution_service_server::{
    TransactionExecutionService, TransactionExecutionServiceServer,
};
use sui_sdk_types::{Argument, Command, Input, Transaction, TransactionKind, UserSignature};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

pub const SUI: &str = "0x2::sui::SUI";
const GAS: u64 = 1_500_000;
const BEGIN_SECONDS: i64 = 1_790_000_000;
const HISTORY_PER_PAGE: usize = 2;

/// What all nodes of the double agree on.
#[derive(Default)]
pub struct Ledger {
    checkpoints: Vec<proto::Checkpoint>,
    /// Transactions that the next checkpoint will include.
    waiting: Vec<proto::ExecutedTransaction>,
    /// The types of the coin objects that exist, by object.
    coins: BTreeMap<String, String>,
}

/// How one node differs from what the ledger says.
#[derive(Clone, Copy)]
pub struct Manners {
    pub chain: u8,
    pub head_max: u64,
    /// What it says its head is, if that is a lie.
    pub head_told: Option<u64>,
    pub lowest: u64,
    pub keeps_history: Keeps,
    /// Applied to every checkpoint it tells.
    pub spoil: fn(&mut proto::Checkpoint),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    History,
    CoinsOnly,
}

impl Default for Manners {
    fn default() -> Manners {
        let spoil = |_: &mut proto::Checkpoint| {};
        Manners {
            chain: 1,
            head_max: u64::MAX,
            head_told: None,
            lowest: 0,
            keeps_history: Keeps::History,
            spoil,
        }
    }
}

/// A node that listens until it is dropped.
pub struct Node {
    pub url: String,
    served: Served,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Served {
    ledger: Arc<Mutex<Ledger>>,
    manners: Arc<Mutex<Manners>>,
}

impl Node {
    pub async fn start(ledger: &Arc<Mutex<Ledger>>) -> Node {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let served = Served { ledger: Arc::clone(ledger), manners: Arc::default() };
        let router = tonic::transport::Server::builder()
            .add_service(LedgerServiceServer::new(served.clone()))
            .add_service(StateServiceServer::new(served.clone()))
            .add_service(TransactionExecutionServiceServer::new(served.clone()));
        let task = tokio::spawn(async move {
            let incoming = TcpListenerStream::new(listener);
            router.serve_with_incoming(incoming).await.expect("serves until it is dropped");
        });
        Node { url, served, task }
    }

    pub fn behave(&self, change: impl FnOnce(&mut Manners)) {
        change(&mut self.served.manners.lock().expect("not poisoned"));
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub fn digest(seed: &[u8]) -> String {
    use sha2::Digest as _;
    bs58::encode(sha2::Sha256::digest(seed)).into_string()
}

impl Ledger {
    pub fn new() -> Arc<Mutex<Ledger>> {
        let mut ledger = Ledger::default();
        ledger.certify();
        Arc::new(Mutex::new(ledger))
    }

    /// Says that a coin object is of this type.
    pub fn mint(&mut self, object: &str, coin_type: &str) {
        self.coins.insert(object.to_owned(), coin_type.to_owned());
    }

    /// Makes a checkpoint of what waits, and of a transaction of the system's own.
    pub fn certify(&mut self) {
        let number = self.checkpoints.len() as u64;
        let mut system = executed(&digest(format!("system {number}").as_bytes()), true);
        system.transaction = Some(proto::Transaction::default().with_sender("0x0"));
        let mut transactions = vec![system];
        transactions.append(&mut self.waiting);
        let before = self.checkpoints.last();
        let total = before.map_or(0, |one| one.summary().total_network_transactions());
        let mut summary = proto::CheckpointSummary::default()
            .with_total_network_transactions(total + transactions.len() as u64);
        summary.previous_digest = before.and_then(|one| one.digest.clone());
        summary.timestamp_mut().seconds = BEGIN_SECONDS + number as i64;
        for transaction in &mut transactions {
            transaction.checkpoint = Some(number);
            transaction.timestamp = summary.timestamp;
        }
        let checkpoint = proto::Checkpoint::default()
            .with_sequence_number(number)
            .with_digest(digest(format!("checkpoint {number}").as_bytes()))
            .with_summary(summary)
            .with_transactions(transactions);
        self.checkpoints.push(checkpoint);
    }

    pub fn certify_many(&mut self, count: usize) {
        (0..count).for_each(|_| self.certify());
    }

    /// A transaction nobody signed, for what no honest wallet sends.
    pub fn invent(&mut self, name: &str, changes: &[(&str, &str, &str)], is_success: Success) {
        let mut transaction = executed(&digest(name.as_bytes()), is_success == Success::Yes);
        transaction.balance_changes =
            changes.iter().map(|change| balance_change(*change)).collect();
        self.waiting.push(transaction);
    }

    fn transactions(&self) -> impl DoubleEndedIterator<Item = &proto::ExecutedTransaction> {
        self.checkpoints.iter().flat_map(|checkpoint| &checkpoint.transactions)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Success {
    Yes,
    No,
}

fn executed(digest: &str, is_success: bool) -> proto::ExecutedTransaction {
    let status = proto::ExecutionStatus::default().with_success(is_success);
    let effects = proto::TransactionEffects::default().with_status(status);
    proto::ExecutedTransaction::default().with_digest(digest).with_effects(effects)
}

fn balance_change((account, coin, amount): (&str, &str, &str)) -> proto::BalanceChange {
    let change = proto::BalanceChange::default().with_address(account);
    change.with_coin_type(coin).with_amount(amount)
}

fn touches(transaction: &proto::ExecutedTransaction, account: &str) -> bool {
    transaction.balance_changes.iter().any(|change| change.address() == account)
}

/// What the splits and transfers of a transaction mean for balances.
fn changes_of(transaction: &Transaction, coins: &BTreeMap<String, String>) -> Option<Changes> {
    let TransactionKind::ProgrammableTransaction(program) = &transaction.kind else { return None };
    let pure = |argument: &Argument| match argument {
        Argument::Input(at) => match program.inputs.get(usize::from(*at))? {
            Input::Pure(bytes) => Some(bytes.clone()),
            _ => None,
        },
        _ => None,
    };
    let coin_type = |argument: &Argument| match argument {
        Argument::Gas => Some(SUI.to_owned()),
        Argument::Input(at) => match program.inputs.get(usize::from(*at))? {
            Input::ImmutableOrOwned(object) => coins.get(&object.object_id().to_string()).cloned(),
            _ => None,
        },
        _ => None,
    };
    let mut changes = Changes::new();
    let mut add = |account: String, coin: String, amount: i128| {
        *changes.entry((account, coin)).or_insert(0) += amount;
    };
    add(transaction.gas_payment.owner.to_string(), SUI.to_owned(), -i128::from(GAS));
    for command in &program.commands {
        let Command::TransferObjects(transfer) = command else { continue };
        let to = pure(&transfer.address)?;
        let to: String = to.iter().map(|byte| format!("{byte:02x}")).collect();
        for object in &transfer.objects {
            let (Argument::Result(at) | Argument::NestedResult(at, _)) = object else {
                return None;
            };
            let Command::SplitCoins(split) = program.commands.get(usize::from(*at))? else {
                return None;
            };
            let amount = pure(split.amounts.first()?)?;
            let amount = i128::from(u64::from_le_bytes(amount.try_into().ok()?));
            add(transaction.sender.to_string(), coin_type(&split.coin)?, -amount);
            add(format!("0x{to}"), coin_type(&split.coin)?, amount);
        }
    }
    Some(changes)
}

type Changes = BTreeMap<(String, String), i128>;

impl Served {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("not poisoned")
    }

    fn manners(&self) -> Manners {
        *self.manners.lock().expect("not poisoned")
    }

    fn sees(&self, transaction: &proto::ExecutedTransaction) -> bool {
        let manners = self.manners();
        (manners.lowest..=manners.head_max).contains(&transaction.checkpoint())
    }
}

#[tonic::async_trait]
impl LedgerService for Served {
    async fn get_service_info(
        &self,
        _request: Request<proto::GetServiceInfoRequest>,
    ) -> Result<Response<proto::GetServiceInfoResponse>, Status> {
        let (ledger, manners) = (self.ledger(), self.manners());
        let head = (ledger.checkpoints.len() as u64 - 1).min(manners.head_max);
        let mut info = proto::GetServiceInfoResponse::default()
            .with_chain_id(bs58::encode([manners.chain; 32]).into_string())
            .with_checkpoint_height(manners.head_told.unwrap_or(head))
            .with_lowest_available_checkpoint(manners.lowest);
        info.timestamp_mut().seconds = BEGIN_SECONDS + head as i64;
        Ok(Response::new(info))
    }

    async fn get_checkpoint(
        &self,
        request: Request<proto::GetCheckpointRequest>,
    ) -> Result<Response<proto::GetCheckpointResponse>, Status> {
        let (ledger, manners) = (self.ledger(), self.manners());
        let number = request.get_ref().sequence_number();
        let found = ledger.checkpoints.get(usize::try_from(number).unwrap_or(usize::MAX));
        let is_kept = (manners.lowest..=manners.head_max).contains(&number);
        let found = found.filter(|_| is_kept).cloned();
        let mut found = found.ok_or_else(|| Status::not_found("no such checkpoint"))?;
        (manners.spoil)(&mut found);
        let found = masked(&found, request.into_inner().read_mask)?;
        Ok(Response::new(proto::GetCheckpointResponse::default().with_checkpoint(found)))
    }

    async fn get_transaction(
        &self,
        request: Request<proto::GetTransactionRequest>,
    ) -> Result<Response<proto::GetTransactionResponse>, Status> {
        let ledger = self.ledger();
        let asked = request.get_ref().digest();
        let mut visible = ledger.transactions().filter(|one| self.sees(one));
        let found = visible.find(|one| one.digest() == asked).cloned();
        let found =
            found.or_else(|| ledger.waiting.iter().find(|one| one.digest() == asked).cloned());
        let found = found.ok_or_else(|| Status::not_found("no such transaction"))?;
        let found = masked(&found, request.get_ref().read_mask.clone())?;
        Ok(Response::new(proto::GetTransactionResponse::default().with_transaction(found)))
    }

    async fn list_transactions(
        &self,
        request: Request<proto::ListTransactionsRequest>,
    ) -> Result<Response<BoxStream<proto::ListTransactionsResponse>>, Status> {
        if self.manners().keeps_history == Keeps::CoinsOnly {
            return Err(Status::unimplemented("this node keeps no index"));
        }
        let request = request.into_inner();
        let literal = &request.filter().terms[0].literals[0];
        let account = literal.affected_address().address().to_owned();
        // A cursor is how many of the newest are told already.
        let told = request.options().before.as_ref().map_or(0, |cursor| usize::from(cursor[0]));
        let ledger = self.ledger();
        let mut found = ledger.transactions().rev().filter(|one| touches(one, &account)).skip(told);
        let page: Vec<_> = found.by_ref().take(HISTORY_PER_PAGE).cloned().collect();
        let count = page.len();
        let mut frames: Vec<Result<proto::ListTransactionsResponse, Status>> = Vec::new();
        for (at, transaction) in page.into_iter().enumerate() {
            let cursor = u8::try_from(told + at + 1).expect("few transactions");
            let watermark = proto::Watermark::default().with_cursor(vec![cursor]);
            let mut frame = proto::ListTransactionsResponse::default()
                .with_transaction(masked(&transaction, request.read_mask.clone())?)
                .with_watermark(watermark);
            if at + 1 == HISTORY_PER_PAGE {
                frame.end_mut().set_reason(proto::QueryEndReason::ItemLimit);
            }
            frames.push(Ok(frame));
        }
        if count < HISTORY_PER_PAGE {
            let mut end = proto::ListTransactionsResponse::default();
            end.end_mut().set_reason(proto::QueryEndReason::CheckpointBound);
            frames.push(Ok(end));
        }
        Ok(Response::new(Box::pin(tokio_stream::iter(frames))))
    }
}

/// Only the fields that were asked for, by the official rules of masks.
fn masked<T>(told: &T, mask: Option<FieldMask>) -> Result<T, Status>
where
    T: Default + MessageFields + for<'a> Merge<&'a T>,
{
    let mask = mask.ok_or_else(|| Status::invalid_argument("nothing was asked for"))?;
    mask.validate::<T>().map_err(|path| Status::invalid_argument(format!("no field {path}")))?;
    Ok(T::merge_from(told, &FieldMaskTree::from(mask)))
}

type BoxStream<T> = tonic::codegen::BoxStream<T>;

#[tonic::async_trait]
impl StateService for Served {
    /// An account's coins are those of the transactions that credited it, one each.
    async fn list_owned_objects(
        &self,
        request: Request<proto::ListOwnedObjectsRequest>,
    ) -> Result<Response<proto::ListOwnedObjectsResponse>, Status> {
        let (ledger, account) = (self.ledger(), request.get_ref().owner());
        let touching = ledger.transactions().filter(|one| touches(one, account));
        let objects = touching.map(|one| {
            let coin = proto::Object::default().with_previous_transaction(one.digest());
            masked(&coin, request.get_ref().read_mask.clone())
        });
        let objects = objects.collect::<Result<Vec<_>, Status>>()?;
        let page = proto::ListOwnedObjectsResponse::default().with_objects(objects);
        Ok(Response::new(page))
    }
}

#[tonic::async_trait]
impl TransactionExecutionService for Served {
    async fn execute_transaction(
        &self,
        request: Request<proto::ExecuteTransactionRequest>,
    ) -> Result<Response<proto::ExecuteTransactionResponse>, Status> {
        let request = request.into_inner();
        let bad = |what: &str| Status::invalid_argument(what);
        let transaction: Transaction = bcs::from_bytes(request.transaction().bcs().value())
            .map_err(|_| bad("this is no transaction"))?;
        let signature = request.signatures.first().ok_or_else(|| bad("nobody signed"))?;
        let signature = UserSignature::from_bytes(signature.bcs().value())
            .map_err(|_| bad("this is no signature"))?;
        sui_crypto::UserSignatureVerifier::new()
            .verify_transaction(&transaction, &signature)
            .map_err(|_| bad("the signature does not verify"))?;
        let mut ledger = self.ledger();
        let changes =
            changes_of(&transaction, &ledger.coins).ok_or_else(|| bad("not understood"))?;
        let mut told = executed(&transaction.digest().to_string(), true);
        let gas =
            proto::GasPayment::default().with_owner(transaction.gas_payment.owner.to_string());
        told.transaction = Some(
            proto::Transaction::default()
                .with_sender(transaction.sender.to_string())
                .with_gas_payment(gas),
        );
        told.effects_mut()
            .set_gas_used(proto::GasCostSummary::default().with_computation_cost(GAS));
        told.balance_changes = changes
            .iter()
            .map(|((account, coin), amount)| balance_change((account, coin, &amount.to_string())))
            .collect();
        ledger.waiting.push(told.clone());
        Ok(Response::new(proto::ExecuteTransactionResponse::default().with_transaction(told)))
    }
}
