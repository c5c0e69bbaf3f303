//! A column of few different words: each is looked up where an equal one was seen last before it is hashed.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, DictionaryArray, Int32Builder, StringBuilder};
use arrow::datatypes::Int32Type;

/// Places where words seen lately are remembered.
const RECENT: usize = 64;

/// The builder of such a column.
pub struct Codes {
    keys: Int32Builder,
    words: Vec<String>,
    places: HashMap<String, i32>,
    recent: [i32; RECENT],
}

impl Default for Codes {
    fn default() -> Self {
        Self { keys: Int32Builder::new(), words: Vec::new(), places: HashMap::new(), recent: [-1; RECENT] }
    }
}

impl Codes {
    /// An empty column.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a word.
    pub fn append_value(&mut self, word: &str) {
        let ends = word.bytes().next().zip(word.bytes().next_back()).map_or(0, |(first, last)| usize::from(first) * 5 + usize::from(last));
        let slot = (word.len() * 7 + ends) % RECENT;
        let recent = self.recent[slot];
        if usize::try_from(recent).is_ok_and(|place| self.words.get(place).is_some_and(|known| known == word)) {
            self.keys.append_value(recent);
            return;
        }
        let key = self.places.get(word).copied().unwrap_or_else(|| {
            let key = self.words.len() as i32;
            self.words.push(word.to_owned());
            self.places.insert(word.to_owned(), key);
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
        codes.append_null();
        let column = codes.finish().unwrap();
        let column = column.as_dictionary::<Int32Type>().downcast_dict::<arrow::array::StringArray>().unwrap();
        let read: Vec<Option<&str>> = column.into_iter().collect();
        assert_eq!(read, words.map(Some).into_iter().chain([None]).collect::<Vec<_>>());
        assert_eq!(column.values().len(), 4);
    }
}
