//! A column of few different words: each is looked up where an equal one was seen last before it is hashed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Builder, StringBuilder};
use arrow::datatypes::Int32Type;

/// Places where words seen lately are remembered.
const RECENT: usize = 64;

/// The builder of such a column.
pub struct Codes<'w> {
    keys: Int32Builder,
    words: Vec<Cow<'w, str>>,
    places: HashMap<Cow<'w, str>, i32>,
    recent: [i32; RECENT],
}

impl Default for Codes<'_> {
    fn default() -> Self {
        Self { keys: Int32Builder::new(), words: Vec::new(), places: HashMap::new(), recent: [-1; RECENT] }
    }
}

impl<'w> Codes<'w> {
    /// An empty column.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a word.
    pub fn append_value(&mut self, word: &'w str) {
        self.append(Cow::Borrowed(word));
    }

    /// Adds a word that was made for it.
    pub fn append_made(&mut self, word: String) {
        self.append(Cow::Owned(word));
    }

    fn append(&mut self, word: Cow<'w, str>) {
        let ends = word.bytes().next().zip(word.bytes().next_back()).map_or(0, |(first, last)| usize::from(first) * 5 + usize::from(last));
        let slot = (word.len() * 7 + ends) % RECENT;
        let recent = self.recent[slot];
        // The very same text needs no look at its letters.
        let is_same = |known: &Cow<'w, str>| std::ptr::eq(known.as_ref(), word.as_ref()) || *known == word;
        if usize::try_from(recent).is_ok_and(|place| self.words.get(place).is_some_and(is_same)) {
            self.keys.append_value(recent);
            return;
        }
        let key = self.places.get(&word).copied().unwrap_or_else(|| {
            let key = self.words.len() as i32;
            self.words.push(word.clone());
            self.places.insert(word, key);
            key
        });
        self.recent[slot] = key;
        self.keys.append_value(key);
    }

    /// Adds a cell without a word.
    pub fn append_null(&mut self) {
        self.keys.append_null();
    }

    /// The column.
    ///
    /// # Errors
    /// None: every key has its word.
    pub fn finish(mut self) -> Result<ArrayRef, arrow::error::ArrowError> {
        let mut words = StringBuilder::new();
        self.words.iter().for_each(|word| words.append_value(word));
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(self.keys.finish(), Arc::new(words.finish()))?))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};

    use super::*;

    #[test]
    fn each_word_is_kept_once() {
        let mut codes = Codes::new();
        // Words of one length with equal ends share a place.
        let words = ["a1z", "a2z", "a1z", "", "b", "a2z"];
        words.iter().for_each(|word| codes.append_value(word));
        codes.append_made("a".to_owned() + "2z");
        codes.append_null();
        let column = codes.finish().unwrap();
        let column = column.as_dictionary::<Int32Type>().downcast_dict::<arrow::array::StringArray>().unwrap();
        let read: Vec<Option<&str>> = column.into_iter().collect();
        assert_eq!(read, words.map(Some).into_iter().chain([Some("a2z"), None]).collect::<Vec<_>>());
        assert_eq!(column.values().len(), 4);
    }
}
