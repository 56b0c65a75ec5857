//! JSON-RPC 2.0 as text: requests written, answers read and matched by their ids.
//!
//! A large answer is walked once: the caller's type reads its result where it lies. Only an answer
//! that does not come out right that way is read again, in parts, to say what is wrong with it.
//!
//! Invariant: a result is only ever given to the call whose id it carries; an answer that lacks an
//! id, has one twice or one nobody asked for is garbage as a whole.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::failure::{Failure, refused_call};

pub(super) const CALLS_PER_BATCH_MAX: usize = 100;

#[derive(Serialize)]
struct Call<'a> {
    jsonrpc: &'static str,
    id: u64,
    method: &'a str,
    params: &'a RawValue,
}

#[derive(Deserialize)]
struct Said<'a> {
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
    /// A result that is null is a result.
    #[serde(default, borrow, deserialize_with = "as_it_is")]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<SaidError>,
}

/// The same with a result that is read along with the rest.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Told<T> {
    #[serde(default)]
    id: Option<u64>,
    #[serde(default, deserialize_with = "as_asked_for")]
    result: Option<T>,
    #[serde(default)]
    error: Option<IgnoredAny>,
}

/// A JSON object and nothing else: serde would take an array's items for its fields.
struct Object<T>(T);

#[derive(Deserialize)]
struct SaidError {
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

fn as_it_is<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

fn as_asked_for<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Parameters as text; none if they cannot be written as JSON.
pub(super) fn params(params: &impl Serialize) -> Option<Box<RawValue>> {
    to_raw_value(params).ok()
}

pub(super) fn one_call(id: u64, method: &str, params: &RawValue) -> Bytes {
    written(&Call { jsonrpc: "2.0", id, method, params })
}

/// A batch; its calls are numbered from `first_id`.
pub(super) fn batch(first_id: u64, method: &str, params: &[Box<RawValue>]) -> Bytes {
    let calls = (first_id..).zip(params);
    let calls = calls.map(|(id, params)| Call { jsonrpc: "2.0", id, method, params });
    written(&calls.collect::<Vec<_>>())
}

fn written(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("numbers, text and text that is JSON").into()
}

/// The result of one call.
pub(super) fn read_one<T: DeserializeOwned>(body: &[u8], id: u64) -> Result<T, Failure> {
    let told = read_whole(body).map(|Object(told): Object<Told<T>>| told);
    if let Some(Told { id: Some(told), result: Some(result), error: None }) = told
        && told == id
    {
        return Ok(result);
    }
    read_result(Said::read(body).ok_or(NO_JSON_RPC)?.result_of(id)?)
}

/// An error instead of a result for one call; none if the body is something else.
pub(super) fn read_refusal(body: &[u8]) -> Option<Failure> {
    Said::read(body)?.error.map(|error| refused_call(error.code, error.message))
}

/// What a node answered to a batch.
pub(super) enum Batch<T> {
    /// The results in the order of the calls.
    Results(Vec<T>),
    /// One error for all of it, as nodes answer that take no batches or no such long ones.
    RefusedAsWhole(Failure),
}

pub(super) fn read_batch<T: DeserializeOwned>(
    body: &[u8],
    first_id: u64,
    count: usize,
) -> Result<Batch<T>, Failure> {
    if let Some(refusal) = read_refusal(body) {
        return Ok(Batch::RefusedAsWhole(refusal));
    }
    if let Some(results) = read_results(body, first_id, count) {
        return Ok(Batch::Results(results));
    }
    let said: Vec<&RawValue> = serde_json::from_slice(body).map_err(|_| NO_JSON_RPC)?;
    if said.len() != count {
        return Err(Failure::Garbage("a batch's answers are not as many as its calls"));
    }
    let mut in_order: Vec<Option<Said<'_>>> = (0..count).map(|_| None).collect();
    for one in said {
        let one = Said::read(one.get().as_bytes()).ok_or(NO_JSON_RPC)?;
        let at = one.number().and_then(|id| id.checked_sub(first_id));
        let place = at.and_then(|at| in_order.get_mut(usize::try_from(at).ok()?));
        match place {
            Some(place @ None) => *place = Some(one),
            Some(Some(_)) | None => return Err(WRONG_ID),
        }
    }
    let answers = (first_id..).zip(in_order);
    let answers = answers.map(|(id, said)| read_result(said.ok_or(WRONG_ID)?.result_of(id)?));
    answers.collect::<Result<_, _>>().map(Batch::Results)
}

/// Text is checked for being text once, which is much quicker than every string by itself.
fn read_whole<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    serde_json::from_str(std::str::from_utf8(body).ok()?).ok()
}

/// The results of a batch in the order of its calls, if all of it is as it should be.
fn read_results<T: DeserializeOwned>(body: &[u8], first_id: u64, count: usize) -> Option<Vec<T>> {
    let told: Vec<Object<Told<T>>> = read_whole(body)?;
    let is_whole = told.len() == count;
    let mut in_order: Vec<Option<T>> = (0..count).map(|_| None).collect();
    for Object(one) in told {
        let Told { id: Some(id), result: Some(result), error: None } = one else { return None };
        let at = usize::try_from(id.checked_sub(first_id)?).ok()?;
        let place = in_order.get_mut(at).filter(|place| place.is_none())?;
        *place = Some(result);
    }
    in_order.into_iter().collect::<Option<Vec<T>>>().filter(|_| is_whole)
}

const NO_JSON_RPC: Failure = Failure::Garbage("no JSON-RPC answer");
const WRONG_ID: Failure = Failure::Garbage("an id that does not belong to the request");

fn read_result<T: DeserializeOwned>(result: &RawValue) -> Result<T, Failure> {
    serde_json::from_str(result.get())
        .map_err(|_| Failure::Garbage("a result that is not of the method's shape"))
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Object<T>, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = T;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields))
            }
        }

        from.deserialize_map(Fields(PhantomData)).map(Object)
    }
}

impl<'a> Said<'a> {
    fn read(text: &'a [u8]) -> Option<Said<'a>> {
        serde_json::from_slice(text).ok().map(|Object(said)| said)
    }

    fn number(&self) -> Option<u64> {
        self.id.and_then(|id| id.get().parse().ok())
    }

    fn result_of(self, id: u64) -> Result<&'a RawValue, Failure> {
        let number = self.number();
        match (self.error, self.result) {
            // A node that could not read the call does not know its id.
            (Some(error), _) if number.is_none_or(|number| number == id) => {
                Err(refused_call(error.code, error.message))
            }
            (None, Some(result)) if number == Some(id) => Ok(result),
            (None, None) => Err(NO_JSON_RPC),
            (Some(_), _) | (None, Some(_)) => Err(WRONG_ID),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::failure::Another;
    use super::*;

    fn one(body: &str) -> Result<Option<u64>, Failure> {
        read_one(body.as_bytes(), 7)
    }

    fn many(body: &str) -> Result<Vec<u64>, Failure> {
        match read_batch(body.as_bytes(), 7, 2)? {
            Batch::Results(results) => Ok(results),
            Batch::RefusedAsWhole(refusal) => Err(refusal),
        }
    }

    #[test]
    fn requests_are_written_with_their_ids() {
        let params = [1, 2].map(|n| params(&[n]).expect("JSON"));
        let call = |id: u64, n: u64| {
            format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m","params":[{n}]}}"#)
        };
        assert_eq!(one_call(7, "m", &params[0]), call(7, 1));
        assert_eq!(batch(7, "m", &params), format!("[{},{}]", call(7, 1), call(8, 2)));
    }

    #[test]
    fn one_answer_is_read() {
        assert_eq!(one(r#"{"jsonrpc":"2.0","id":7,"result":5}"#), Ok(Some(5)));
        assert_eq!(one(r#"{"id":7,"result":null,"error":null}"#), Ok(None));
        for (body, expected) in [
            ("", NO_JSON_RPC),
            (r#"{"id":7,"res"#, NO_JSON_RPC),
            (r#"{"id":7}"#, NO_JSON_RPC),
            (r#"[{"id":7,"result":5}]"#, NO_JSON_RPC),
            ("[7,5]", NO_JSON_RPC),
            (r#"{"id":7,"result":5,"result":6}"#, NO_JSON_RPC),
            (r#"{"id":8,"result":5}"#, WRONG_ID),
            (r#"{"id":"7","result":5}"#, WRONG_ID),
            (r#"{"result":5}"#, WRONG_ID),
            (r#"{"id":8,"error":{"code":-32602,"message":"x"}}"#, WRONG_ID),
        ] {
            assert_eq!(one(body), Err(expected), "{body}");
        }
        assert!(matches!(one(r#"{"id":7,"result":"five"}"#), Err(Failure::Garbage(_))));
    }

    #[test]
    fn an_error_is_a_refusal_even_without_an_id() {
        for id in ["7", "null"] {
            let body = format!(r#"{{"id":{id},"error":{{"code":-32602,"message":"no"}}}}"#);
            let Err(Failure::Refused(refusal)) = one(&body) else { panic!("{body}") };
            assert_eq!((refusal.code, refusal.another), (-32_602, Another::WouldRefuseToo));
        }
    }

    #[test]
    fn a_batch_is_matched_by_its_ids() {
        assert_eq!(many(r#"[{"id":8,"result":2},{"id":7,"result":1}]"#), Ok(vec![1, 2]));
        for body in [
            r#"[{"id":7,"result":1},{"id":7,"result":2}]"#,
            r#"[{"id":7,"result":1},{"id":9,"result":2}]"#,
            r#"[{"id":7,"result":1},{"id":6,"result":2}]"#,
            r#"[{"id":7,"result":1},{"result":2}]"#,
            r#"[{"id":7,"result":1}]"#,
            r#"[{"id":7,"result":1},{"id":8,"result":2},{"id":9,"result":3}]"#,
            r#"{"id":7,"result":1}"#,
            "[]",
            "[[],[]]",
            "[[7,1],[8,2]]",
        ] {
            assert!(matches!(many(body), Err(Failure::Garbage(_))), "{body}");
        }
        let refused = r#"[{"id":7,"result":1},{"id":8,"error":{"code":3,"message":"x"}}]"#;
        assert!(matches!(many(refused), Err(Failure::Refused(_))));
    }
}
