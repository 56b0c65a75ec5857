//! Coins that contracts passed on while a transaction ran, read from a node's trace of it.
//!
//! No log and no receipt tells of them. Nodes trace in two ways: geth's `callTracer` nests calls,
//! the older `trace_block` lists them; both begin with the transaction itself and tell of calls in
//! the order they began, so that both give a transfer the same place.
//!
//! Invariant: a call that failed moved nothing, and neither did those below it.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{Account, Amount, Hash};

/// Calls of one transaction that are looked at: far more than its gas can buy.
const CALLS_MAX: usize = 200_000;

/// Coins a contract passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    pub transaction: Hash,
    /// Its place among all that the transaction's calls passed on.
    pub position: u32,
    pub from: Account,
    pub to: Account,
    pub amount: Amount,
}

/// One transaction of `debug_traceBlockByNumber`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedTransaction {
    /// Old nodes leave it out; then the order of the block's transactions says whose it is.
    pub tx_hash: Option<Hash>,
    pub result: Option<Box<RawValue>>,
}

/// A call as `callTracer` tells of it. The calls below it are read one level at a time, since a
/// transaction may nest a thousand of them and a recursive reader would give up.
#[derive(Debug, Deserialize)]
pub struct Frame {
    #[serde(rename = "type")]
    kind: String,
    from: Account,
    to: Option<Account>,
    value: Option<Amount>,
    error: Option<String>,
    #[serde(default)]
    calls: Vec<Box<RawValue>>,
}

/// A call as `trace_block` and `trace_transaction` tell of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    #[serde(rename = "type")]
    kind: String,
    action: Action,
    result: Option<CreatedAt>,
    error: Option<String>,
    #[serde(default)]
    trace_address: Vec<u32>,
    /// A block's reward has none.
    pub transaction_hash: Option<Hash>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    call_type: Option<String>,
    from: Option<Account>,
    to: Option<Account>,
    value: Option<Amount>,
    /// A contract that ends itself, whom it leaves its coins to, and how many.
    address: Option<Account>,
    refund_address: Option<Account>,
    balance: Option<Amount>,
}

#[derive(Debug, Deserialize)]
struct CreatedAt {
    address: Option<Account>,
}

/// What a transaction's calls passed on, from `callTracer`. None if the trace cannot be read.
pub fn of_frames(transaction: Hash, trace: &RawValue) -> Option<Vec<Passed>> {
    let top: Frame = serde_json::from_str(trace.get()).ok()?;
    let mut found = Finder { transaction, passed: Vec::new(), calls: 0 };
    if top.error.is_some() {
        return Some(found.passed);
    }
    let mut open: Vec<Box<RawValue>> = top.calls.into_iter().rev().collect();
    while let Some(call) = open.pop() {
        let frame: Frame = serde_json::from_str(call.get()).ok()?;
        found.count()?;
        if frame.error.is_some() {
            continue;
        }
        let moves = ["CALL", "CREATE", "CREATE2", "SELFDESTRUCT"];
        if moves.contains(&frame.kind.to_ascii_uppercase().as_str()) {
            found.note(frame.from, frame.to, frame.value);
        }
        open.extend(frame.calls.into_iter().rev());
    }
    Some(found.passed)
}

/// What one transaction's calls passed on, from its part of a flat list of traces.
pub fn of_list(transaction: Hash, traces: &[Trace]) -> Option<Vec<Passed>> {
    let mut found = Finder { transaction, passed: Vec::new(), calls: 0 };
    let mut failed: Option<&[u32]> = None;
    for trace in traces.iter().filter(|trace| trace.transaction_hash == Some(transaction)) {
        found.count()?;
        // Calls below one follow it directly, and their addresses begin with its own.
        if failed.is_some_and(|above| trace.trace_address.starts_with(above)) {
            continue;
        }
        failed = trace.error.as_ref().map(|_| trace.trace_address.as_slice());
        if failed.is_some() || trace.trace_address.is_empty() {
            continue;
        }
        let action = &trace.action;
        let kind = (trace.kind.as_str(), action.call_type.as_deref());
        let (from, to, amount) = match kind {
            ("call", Some("call")) => (action.from, action.to, action.value),
            ("create", _) => {
                (action.from, trace.result.as_ref().and_then(|at| at.address), action.value)
            }
            ("suicide" | "selfdestruct", _) => {
                (action.address, action.refund_address, action.balance)
            }
            _ => continue,
        };
        if let Some(from) = from {
            found.note(from, to, amount);
        }
    }
    Some(found.passed)
}

struct Finder {
    transaction: Hash,
    passed: Vec<Passed>,
    calls: usize,
}

impl Finder {
    fn count(&mut self) -> Option<()> {
        self.calls += 1;
        (self.calls <= CALLS_MAX).then_some(())
    }

    fn note(&mut self, from: Account, to: Option<Account>, amount: Option<Amount>) {
        let (Some(to), Some(amount)) = (to, amount) else { return };
        if amount == Amount::ZERO {
            return;
        }
        let position = u32::try_from(self.passed.len()).unwrap_or(u32::MAX);
        self.passed.push(Passed { transaction: self.transaction, position, from, to, amount });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evm::wire::Fixed;

    const TRANSACTION: Hash = Fixed([7; 32]);

    fn account(of: u8) -> String {
        Fixed([of; 20]).to_string()
    }

    fn frame(kind: &str, to: u8, value: &str, more: &str) -> String {
        let (from, to) = (account(1), account(to));
        format!(r#"{{"type":"{kind}","from":"{from}","to":"{to}","value":"{value}"{more}}}"#)
    }

    fn frames(top: &str) -> Vec<(u32, u8, Option<u128>)> {
        let trace = RawValue::from_string(top.to_owned()).unwrap();
        told(of_frames(TRANSACTION, &trace).unwrap())
    }

    fn told(passed: Vec<Passed>) -> Vec<(u32, u8, Option<u128>)> {
        passed.iter().map(|one| (one.position, one.to.0[0], one.amount.0)).collect()
    }

    #[test]
    fn calls_are_told_in_the_order_they_began_without_the_transaction_itself() {
        let deep = frame("CALL", 3, "0x3", "");
        let first = frame("CALL", 2, "0x2", &format!(r#","calls":[{deep}]"#));
        let quiet = frame("CALL", 9, "0x0", "");
        let last = frame("SELFDESTRUCT", 4, "0x4", "");
        let top = frame("CALL", 1, "0x1", &format!(r#","calls":[{first},{quiet},{last}]"#));
        assert_eq!(frames(&top), [(0, 2, Some(2)), (1, 3, Some(3)), (2, 4, Some(4))]);
    }

    #[test]
    fn what_failed_and_what_is_below_it_moved_nothing() {
        let below = frame("CALL", 3, "0x3", "");
        let failed = frame("CALL", 2, "0x2", &format!(r#","error":"reverted","calls":[{below}]"#));
        let borrowed = frame("DELEGATECALL", 5, "0x5", "");
        let good = frame("CALL", 4, "0x4", "");
        let calls = format!(r#","calls":[{failed},{borrowed},{good}]"#);
        assert_eq!(frames(&frame("CALL", 1, "0x0", &calls)), [(0, 4, Some(4))]);
        let failed = frame("CALL", 1, "0x0", &format!(r#","error":"x"{calls}"#));
        assert_eq!(frames(&failed), []);
    }

    #[test]
    fn a_thousand_nested_calls_are_read() {
        let mut call = frame("CALL", 9, "0x9", "");
        for _ in 0..1_000 {
            call = frame("CALL", 2, "0x0", &format!(r#","calls":[{call}]"#));
        }
        assert_eq!(frames(&call), [(0, 9, Some(9))]);
    }

    #[test]
    fn garbage_is_no_trace() {
        for text in ["null", "{}", "[]", r#"{"type":"CALL","from":"0x1"}"#] {
            let trace = RawValue::from_string(text.to_owned()).unwrap();
            assert_eq!(of_frames(TRANSACTION, &trace), None, "{text}");
        }
    }

    #[test]
    fn a_flat_list_gives_the_same_places() {
        let trace = |kind: &str, to: u8, value: &str, address: &str, more: &str| {
            let (from, to) = (account(1), account(to));
            let action =
                format!(r#"{{"callType":"{kind}","from":"{from}","to":"{to}","value":"{value}"}}"#);
            format!(
                r#"{{"type":"call","action":{action},"traceAddress":{address},
                    "transactionHash":"{TRANSACTION}"{more}}}"#
            )
        };
        let list = [
            trace("call", 1, "0x1", "[]", ""),
            trace("call", 2, "0x2", "[0]", r#","error":"Reverted""#),
            trace("call", 3, "0x3", "[0,0]", ""),
            trace("delegatecall", 5, "0x5", "[1]", ""),
            trace("call", 4, "0x4", "[2]", ""),
            trace("call", 6, "0x6", "[2,0]", ""),
        ];
        let list: Vec<Trace> = serde_json::from_str(&format!("[{}]", list.join(","))).unwrap();
        let passed = told(of_list(TRANSACTION, &list).unwrap());
        assert_eq!(passed, [(0, 4, Some(4)), (1, 6, Some(6))]);
        assert_eq!(of_list(Fixed([8; 32]), &list).unwrap(), []);
    }
}
