//! How is what was read kept in a file? Numbers as plain bytes, so that they come back as fast as they can be copied; words of the program's
//! own as words, which must still be its own when they come back.

use std::borrow::Cow;
use std::sync::Arc;

use law::regulation::findings;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serializer};

use super::table::Table;

/// A number of so many bytes.
pub(crate) trait Number: Copy {
    /// The bytes of numbers.
    fn bytes(numbers: &[Self]) -> Cow<'_, [u8]>;
    /// The numbers of some bytes; `None` where they are cut off.
    fn all(bytes: &[u8]) -> Option<Vec<Self>>;
}

impl Number for u8 {
    fn bytes(numbers: &[Self]) -> Cow<'_, [u8]> {
        numbers.into()
    }

    fn all(bytes: &[u8]) -> Option<Vec<Self>> {
        Some(bytes.to_vec())
    }
}

macro_rules! number {
    ($own:ty) => {
        impl Number for $own {
            fn bytes(numbers: &[Self]) -> Cow<'_, [u8]> {
                let bytes: Vec<_> = numbers.iter().map(|number| number.to_le_bytes()).collect();
                bytes.into_flattened().into()
            }

            fn all(bytes: &[u8]) -> Option<Vec<Self>> {
                let (numbers, rest) = bytes.as_chunks();
                rest.is_empty().then(|| numbers.iter().map(|number| Self::from_le_bytes(*number)).collect())
            }
        }
    };
}

number!(u32);
number!(i32);
number!(u64);

/// Numbers as one run of bytes.
pub(crate) mod numbers {
    use super::{Deserializer, Number, Serializer, Visit};

    pub(crate) fn serialize<N: Number, S: Serializer>(numbers: &[N], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&N::bytes(numbers))
    }

    pub(crate) fn deserialize<'d, N: Number, D: Deserializer<'d>>(deserializer: D) -> Result<Vec<N>, D::Error> {
        deserializer.deserialize_bytes(Visit(std::marker::PhantomData))
    }
}

struct Visit<N>(std::marker::PhantomData<N>);

impl<'d, N: Number> Visitor<'d> for Visit<N> {
    type Value = Vec<N>;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("numbers as bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<N>, E> {
        N::all(bytes).ok_or_else(|| E::invalid_length(bytes.len(), &self))
    }

    fn visit_seq<A: SeqAccess<'d>>(self, _: A) -> Result<Vec<N>, A::Error> {
        Err(A::Error::custom("numbers one by one"))
    }
}

/// A word of the program's own. Under this name serde does not take it for one that is borrowed from the file.
pub(crate) type Own = &'static str;

/// A code of the catalogue of findings.
pub(crate) fn code<'d, D: Deserializer<'d>>(deserializer: D) -> Result<&'static str, D::Error> {
    let code = String::deserialize(deserializer)?;
    findings::find(&code).map(|entry| entry.code).ok_or_else(|| D::Error::custom("no such finding"))
}

/// Headers of the contract.
pub(crate) fn headers<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Vec<&'static str>, D::Error> {
    let known = |header: &str| Table::ALL.iter().flat_map(|table| table.fields()).map(|field| field.header).find(|own| *own == header);
    let headers = Vec::<String>::deserialize(deserializer)?;
    headers.iter().map(|header| known(header).ok_or_else(|| D::Error::custom("no such header"))).collect()
}

/// A text that several share.
pub(crate) mod shared {
    use super::{Arc, Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(deserializer: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(deserializer).map(Into::into)
    }
}
