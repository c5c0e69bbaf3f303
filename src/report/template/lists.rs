//! Where do drop-down lists come from? A hidden sheet: a list within a check holds 255 characters, and a sheet any number.

use law::facts::identifiers::WEIGHTS;
use rust_xlsxwriter::utility::column_number_to_name;
use rust_xlsxwriter::{Workbook, XlsxError};

/// The hidden sheet's name, and with a number the name of a list.
const NAME: &str = "清单";
/// The name of the places of an ID number's digits, from 1.
pub(super) const PLACES: &str = "号码位次";
/// The name of the weights of an ID number's digits.
pub(super) const WEIGHING: &str = "号码权数";

/// The lists of a workbook; equal ones stand once. Formulas speak of them by names, as not every program lets checks look into other
/// sheets.
pub(super) struct Lists {
    lists: Vec<Vec<String>>,
}

impl Lists {
    /// None yet.
    pub(super) fn new() -> Self {
        Self { lists: Vec::new() }
    }

    /// The name of a list.
    pub(super) fn name(&mut self, words: &[String]) -> String {
        let known = self.lists.iter().position(|list| list == words);
        let place = known.unwrap_or_else(|| {
            self.lists.push(words.to_vec());
            self.lists.len() - 1
        });
        format!("{NAME}{}", place + 1)
    }

    /// Writes the sheet, hides it, and names what stands there. It has no header, by which it might be taken for a table.
    pub(super) fn write(&self, workbook: &mut Workbook) -> Result<(), XlsxError> {
        let sheet = workbook.add_worksheet();
        sheet.set_name(NAME)?.set_hidden(true);
        // For the check digit: a check may not hold numbers in a row itself.
        for (row, (place, weight)) in (0..).zip((1_u32..).zip(WEIGHTS)) {
            sheet.write_number(row, 0, place)?;
            sheet.write_number(row, 1, weight as f64)?;
        }
        let mut named = vec![(PLACES.to_owned(), 0, WEIGHTS.len()), (WEIGHING.to_owned(), 1, WEIGHTS.len())];
        for ((column, number), list) in (2_u16..).zip(1..).zip(&self.lists) {
            for (row, word) in (0..).zip(list) {
                sheet.write_string(row, column, word)?;
            }
            named.push((format!("{NAME}{number}"), column, list.len()));
        }
        for (name, column, rows) in named {
            let letters = column_number_to_name(column);
            workbook.define_name(name, &format!("={NAME}!${letters}$1:${letters}${rows}"))?;
        }
        Ok(())
    }
}
