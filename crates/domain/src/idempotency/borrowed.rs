//! Any JSON, borrowed from the text it was parsed from: only to be hashed in a canonical form.
//!
//! A tree of owned texts and hashed maps would cost more than everything it is made for. Two
//! spellings of one value hash alike: names are sorted, of a repeated name the last counts.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use sha2::{Digest, Sha256};

pub(super) enum Borrowed<'a> {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(Cow<'a, str>),
    List(Vec<Borrowed<'a>>),
    Fields(Vec<(Cow<'a, str>, Borrowed<'a>)>),
}

impl Borrowed<'_> {
    pub fn hash(&self, hash: &mut Sha256) {
        match self {
            Borrowed::Null => hash.update(b"0"),
            Borrowed::Bool(true) => hash.update(b"t"),
            Borrowed::Bool(false) => hash.update(b"f"),
            Borrowed::Number(number) => {
                hash.update(b"n");
                hash_text(&number.to_string(), hash);
            }
            Borrowed::Text(text) => {
                hash.update(b"s");
                hash_text(text, hash);
            }
            Borrowed::List(items) => {
                hash.update(b"[");
                items.iter().for_each(|item| item.hash(hash));
                hash.update(b"]");
            }
            Borrowed::Fields(fields) => {
                let mut fields: Vec<_> = fields.iter().collect();
                // Stable, so that of a repeated name the last stays behind the others.
                fields.sort_by(|(one, _), (other, _)| one.cmp(other));
                hash.update(b"{");
                for (at, (name, field)) in fields.iter().enumerate() {
                    if fields.get(at + 1).is_none_or(|(next, _)| next != name) {
                        hash_text(name, hash);
                        field.hash(hash);
                    }
                }
                hash.update(b"}");
            }
        }
    }
}

fn hash_text(text: &str, hash: &mut Sha256) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text.as_bytes());
}

impl<'de: 'a, 'a> Deserialize<'de> for Borrowed<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Borrowed<'a>, D::Error> {
        input.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Borrowed<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Borrowed<'de>, E> {
        Ok(Borrowed::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Borrowed<'de>, E> {
        Ok(Borrowed::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Borrowed<'de>, E> {
        Ok(Borrowed::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Borrowed<'de>, E> {
        Ok(Borrowed::Number(value.into()))
    }

    fn visit_f64<E>(
        self,
        value: f64, // float: hashed as it is written, never counted with
    ) -> Result<Borrowed<'de>, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Borrowed::Null, Borrowed::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Borrowed<'de>, E> {
        Ok(Borrowed::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Borrowed<'de>, E> {
        Ok(Borrowed::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Borrowed<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Borrowed::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Borrowed<'de>, A::Error> {
        let mut fields = Vec::with_capacity(FIELDS_USUAL);
        while let Some((Name(name), value)) = entries.next_entry()? {
            fields.push((name, value));
        }
        Ok(Borrowed::Fields(fields))
    }
}

const FIELDS_USUAL: usize = 8;

/// A field's name, borrowed unless it is written with escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Name<'a>, D::Error> {
        input.deserialize_str(NameText)
    }
}

struct NameText;

impl<'de> Visitor<'de> for NameText {
    type Value = Name<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
        Ok(Name(Cow::Owned(text.to_owned())))
    }
}
