//! Where do drop-down lists come from? A hidden sheet: a list within a check holds 255 characters, and a sheet any number.

use law::facts::identifiers::WEIGHTS;
use rust_xlsxwriter::{Worksheet, XlsxError};

/// The hidden sheet's name.
const NAME: &str = "清单";

/// The lists of a workbook; equal ones stand once. The first two columns hold the places of an ID number's digits and their weights, for
/// the check digit: a check may not hold numbers in a row itself.
pub(super) struct Lists {
    lists: Vec<Vec<String>>,
}

/// Columns before the lists.
const BEFORE: usize = 2;

impl Lists {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { lists: Vec::new() }
    }

    /// The cells of a list, as formulas name them.
    pub(super) fn range(&mut self, words: &[String]) -> String {
        let known = self.lists.iter().position(|list| list == words);
        let place = known.unwrap_or_else(|| {
            self.lists.push(words.to_vec());
            self.lists.len() - 1
        });
        cells(BEFORE + place, words.len())
    }

    /// The cells that hold the places of an ID number's digits, from 1.
    pub(super) fn places() -> String {
        cells(0, WEIGHTS.len())
    }

    /// The cells that hold the weights of an ID number's digits.
    pub(super) fn weights() -> String {
        cells(1, WEIGHTS.len())
    }

    /// Writes the sheet and hides it. It has no header, by which it might be taken for a table.
    pub(super) fn write(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        sheet.set_name(NAME)?.set_hidden(true);
        for (row, (place, weight)) in (0..).zip((1_u32..).zip(WEIGHTS)) {
            sheet.write_number(row, 0, place)?;
            sheet.write_number(row, 1, weight as f64)?;
        }
        for (column, list) in (BEFORE as u16..).zip(&self.lists) {
            for (row, word) in (0..).zip(list) {
                sheet.write_string(row, column, word)?;
            }
        }
        Ok(())
    }
}

/// The first cells of a column of the hidden sheet.
fn cells(column: usize, rows: usize) -> String {
    let letters = rust_xlsxwriter::utility::column_number_to_name(u16::try_from(column).unwrap_or(u16::MAX));
    format!("{NAME}!${letters}$1:${letters}${rows}")
}
