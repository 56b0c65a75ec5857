//! A simulated chain in the hands of a test: pay on it, mine, reorganize, break its node.
//!
//! Nothing here touches an invoice: what a chain shows is for the watchers to see.

use axum::extract::State;
use chains::simulated::{FAULT_SECONDS_MAX, REORG_DEPTH_MAX};
use domain::environment::Environment;
use domain::network::{Family, Network};
use domain::simulated::FaultKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::simulated_node;
use super::transfer_request::TransferRequest;
use crate::app::Shared;
use crate::http::auth::DevnetCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Json, Path};
use crate::simulated::{ChainView, SimulatedNode};

const DEVNET: Environment = Environment::Devnet;
const BLOCKS_MAX: u64 = 1_000;

/// A simulated chain as it is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct SimulatedNetwork {
    pub network: Network,
    pub environment: Environment,
    pub head_number: u64,
    /// Epoch seconds.
    pub head_time: i64,
    /// Milliseconds between two blocks.
    pub block_time_ms: i64,
    /// Blocks that make a payment final, its own included.
    pub required_confirmations: u64,
    /// How the chain's node behaves at the moment.
    #[schema(value_type = String)]
    pub rpc: FaultKind,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SimulatedNetworkAnswer {
    pub success: bool,
    pub data: SimulatedNetwork,
}

fn shown(app: &Shared, network: Network, view: &ChainView) -> axum::Json<SimulatedNetworkAnswer> {
    let data = SimulatedNetwork {
        network,
        environment: DEVNET,
        head_number: view.head_number,
        head_time: view.head_time.seconds(),
        block_time_ms: view.block_ms,
        required_confirmations: app.networks.depths(DEVNET, network).usual,
        rpc: view.fault,
    };
    axum::Json(SimulatedNetworkAnswer { success: true, data })
}

/// What does not name a network names nothing.
fn open<'a>(app: &'a Shared, name: &str) -> Result<(Network, &'a SimulatedNode), ApiError> {
    let network = Network::parse(name).ok_or_else(|| ApiError::not_found("network"))?;
    Ok((network, simulated_node(app, network)?))
}

/// Look at a simulated chain
#[utoipa::path(get, path = "/api/v1/devnet/chain/{network}",
    operation_id = "getSimulatedChain", tag = "Devnet Chains",
    params(("network" = Network, Path, description = "One of the ten networks")),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = SimulatedNetworkAnswer),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "This network is a real one here")))]
pub async fn show(
    State(app): State<Shared>,
    _: DevnetCaller,
    Path(network): Path<String>,
) -> Result<axum::Json<SimulatedNetworkAnswer>, ApiError> {
    let (network, node) = open(&app, &network)?;
    Ok(shown(&app, network, &node.show().await?))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TransferAnswer {
    pub success: bool,
    pub data: SimulatedTransfer,
}

/// A transfer on its way into the next block.
#[derive(Debug, Serialize, ToSchema)]
pub struct SimulatedTransfer {
    pub tx_hash: String,
    pub log_index: Option<u32>,
    pub block_number: Option<u64>,
    pub from: String,
    pub to: String,
    pub amount: String,
}

/// Send a transfer
///
/// It is included in the next block.
#[utoipa::path(post, path = "/api/v1/devnet/chain/{network}/transfers",
    operation_id = "sendSimulatedTransfer", tag = "Devnet Chains",
    params(("network" = Network, Path, description = "One of the ten networks")),
    request_body = TransferRequest,
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = TransferAnswer),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "This network is a real one here")))]
pub async fn transfer(
    State(app): State<Shared>,
    _: DevnetCaller,
    Path(network): Path<String>,
    Json(body): Json<TransferRequest>,
) -> Result<axum::Json<TransferAnswer>, ApiError> {
    let (network, node) = open(&app, &network)?;
    let log_index = (network.family() == Family::Evm).then_some(0);
    let sent = node.submit(body.parse(network)?).await?;
    let data = SimulatedTransfer {
        tx_hash: sent.tx_hash,
        log_index,
        block_number: Some(sent.block_number),
        from: sent.from,
        to: sent.to,
        amount: body.amount,
    };
    Ok(axum::Json(TransferAnswer { success: true, data }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct BlocksRequest {
    /// 1 to 1000.
    #[schema(minimum = 1, maximum = 1000)]
    pub count: u64,
}

/// Mine blocks now
#[utoipa::path(post, path = "/api/v1/devnet/chain/{network}/blocks",
    operation_id = "mineSimulatedBlocks", tag = "Devnet Chains",
    params(("network" = Network, Path, description = "One of the ten networks")),
    request_body = BlocksRequest,
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = SimulatedNetworkAnswer),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "This network is a real one here")))]
pub async fn mine(
    State(app): State<Shared>,
    _: DevnetCaller,
    Path(network): Path<String>,
    Json(body): Json<BlocksRequest>,
) -> Result<axum::Json<SimulatedNetworkAnswer>, ApiError> {
    let (network, node) = open(&app, &network)?;
    let count = bounded("count", body.count, BLOCKS_MAX)?;
    Ok(shown(&app, network, &node.mine(count).await?))
}

fn bounded<T: PartialOrd + From<u8> + std::fmt::Display>(
    param: &'static str,
    number: T,
    max: T,
) -> Result<T, ApiError> {
    if number >= T::from(1) && number <= max {
        return Ok(number);
    }
    Err(ApiError::invalid(param, format!("must be between 1 and {max}")))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct ReorgRequest {
    /// How many of the newest blocks are replaced: 1 to 256.
    #[schema(minimum = 1, maximum = 256)]
    pub depth: u64,
    /// Transactions in them that are gone for good; all others come back in the next block.
    #[serde(default)]
    pub drop: Vec<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReorgAnswer {
    pub success: bool,
    pub data: ReorgDone,
}

/// What a reorg replaced.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReorgDone {
    pub network: Network,
    /// The first block that was replaced.
    pub from_number: u64,
    pub head_number: u64,
    pub dropped: Vec<String>,
    /// Transactions that wait for the next block again.
    pub moved: Vec<String>,
}

/// Reorganize the chain
#[utoipa::path(post, path = "/api/v1/devnet/chain/{network}/reorgs",
    operation_id = "reorgSimulatedChain", tag = "Devnet Chains",
    params(("network" = Network, Path, description = "One of the ten networks")),
    request_body = ReorgRequest,
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = ReorgAnswer),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "This network is a real one here")))]
pub async fn reorg(
    State(app): State<Shared>,
    _: DevnetCaller,
    Path(network): Path<String>,
    Json(body): Json<ReorgRequest>,
) -> Result<axum::Json<ReorgAnswer>, ApiError> {
    let (network, node) = open(&app, &network)?;
    let depth = bounded("depth", body.depth, REORG_DEPTH_MAX)?;
    let report = node.reorg(depth, body.drop).await?;
    let data = ReorgDone {
        network,
        from_number: report.from_number,
        head_number: report.head_number,
        dropped: report.dropped,
        moved: report.moved,
    };
    Ok(axum::Json(ReorgAnswer { success: true, data }))
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct FaultRequest {
    /// `ok`, `lagging`, `failing`, `duplicating` or `partial`.
    #[schema(value_type = String, pattern = "^(ok|lagging|failing|duplicating|partial)$")]
    pub rpc: FaultKind,
    /// 1 to 86400; not needed with `ok`.
    #[schema(minimum = 1, maximum = 86400)]
    pub for_seconds: Option<i64>,
}

/// Make the chain's node misbehave
///
/// `lagging` stands still, `failing` answers nothing, `duplicating` tells every transfer twice,
/// `partial` says of what is looked up that there may be more.
#[utoipa::path(post, path = "/api/v1/devnet/chain/{network}/faults",
    operation_id = "setSimulatedFault", tag = "Devnet Chains",
    params(("network" = Network, Path, description = "One of the ten networks")),
    request_body = FaultRequest,
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = SimulatedNetworkAnswer),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "This network is a real one here")))]
pub async fn fault(
    State(app): State<Shared>,
    _: DevnetCaller,
    Path(network): Path<String>,
    Json(body): Json<FaultRequest>,
) -> Result<axum::Json<SimulatedNetworkAnswer>, ApiError> {
    let (network, node) = open(&app, &network)?;
    let for_seconds = match (body.rpc, body.for_seconds) {
        (FaultKind::Ok, None) => FAULT_SECONDS_MAX,
        (_, None) => return Err(ApiError::invalid("for_seconds", "is required")),
        (_, Some(seconds)) => bounded("for_seconds", seconds, FAULT_SECONDS_MAX)?,
    };
    Ok(shown(&app, network, &node.fault(body.rpc, for_seconds).await?))
}
