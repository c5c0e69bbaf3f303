//! What may be typed into a column? Checks over whole columns, which say in Chinese what is expected; and what marks cells that were
//! pasted in, past those checks.

use rust_xlsxwriter::{DataValidation, DataValidationErrorStyle, DataValidationRule, ExcelDateTime, Formula, XlsxError};

use super::choices::{Beside, Choices, how};
use super::lists::Lists;
use crate::ingest::table::{DOCUMENTS, Field, Holds};

/// The greatest number that a column of numbers has: marks, students of a grade, weeks.
const GREATEST: f64 = 2_000.0;

/// A formula that holds for right cells of a column; `cell` is the first of them, and `document` the cell beside it that says which
/// document a number belongs to, if there is such a column.
pub(super) fn formula(holds: Holds, cell: &str, document: Option<&str>) -> Option<String> {
    Some(match holds {
        // Numbers with L keep the form, but need not have a check digit.
        Holds::NationalId => format!(
            "AND(LEN({cell})=19,ISNUMBER(FIND(UPPER(LEFT({cell})),\"GLJ\")),ISNUMBER(FIND(UPPER(RIGHT({cell})),\"0123456789X\")),\
             OR({},UPPER(LEFT({cell}))=\"L\"))",
            check_digit(cell, 1)
        ),
        Holds::DocumentNumber => {
            let resident = format!("AND(LEN({cell})=18,{})", check_digit(cell, 0));
            // Numbers of other documents are short or begin with letters.
            let is_other = format!("OR(LEN({cell})<14,ISERROR(-LEFT({cell},14)))");
            let is_free = match (document, DOCUMENTS.first()) {
                (Some(kind), Some(own)) => format!("IF({kind}=\"\",{is_other},AND({kind}<>\"{own}\",LEFT({kind},2)<>\"户口\"))"),
                _ => is_other,
            };
            format!("IF({is_free},TRUE,{resident})")
        }
        Holds::ShanghaiNumber => format!(
            "AND(LEN({cell})=19,LEFT({cell},3)=\"310\",ISNUMBER(FIND(MID({cell},11,1),\"1234\")),\
             OR(MID({cell},12,2)=\"19\",MID({cell},12,2)=\"20\"),{})",
            only(cell, "0123456789")
        ),
        Holds::Identifier => only(cell, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_."),
        _ => return None,
    })
}

/// That the check digit of an ID number fits which begins behind `before` other characters (GB 11643); an error where there is something
/// else than digits.
fn check_digit(cell: &str, before: u8) -> String {
    let (places, weights) = (Lists::places(), Lists::weights());
    let places = if before == 0 { places } else { format!("{places}+{before}") };
    format!("MID(\"10X98765432\",MOD(SUMPRODUCT(MID({cell},{places},1)*{weights}),11)+1,1)=UPPER(RIGHT({cell}))")
}

/// That a cell has no other characters than these.
fn only(cell: &str, characters: &str) -> String {
    format!("SUMPRODUCT(--ISNUMBER(FIND(UPPER(MID({cell},ROW(INDIRECT(\"1:\"&LEN({cell}))),1)),\"{characters}\")))=LEN({cell})")
}

/// The check of a column, if anything can be checked there.
pub(super) fn validation(
    field: &Field,
    choices: Option<&Choices>,
    cell: &str,
    document: Option<&str>,
    lists: &mut Lists,
) -> Result<Option<DataValidation>, XlsxError> {
    let new = DataValidation::new;
    let check = match (choices, formula(field.holds, cell, document)) {
        (Some(Choices { words, beside }), _) => {
            let check = new().allow_list_formula(Formula::new(lists.range(words)));
            match beside {
                Beside::Nothing => check,
                Beside::OtherWords => check.set_error_style(DataValidationErrorStyle::Warning),
                Beside::Marks => check.show_error_message(false),
            }
        }
        (None, Some(formula)) => new().allow_custom(Formula::new(formula)),
        (None, None) => match field.holds {
            Holds::Date | Holds::Month => {
                // Eight digits, or 2025.9, are no day of a spreadsheet within these.
                new().allow_date(DataValidationRule::Between(ExcelDateTime::from_ymd(1960, 1, 1)?, ExcelDateTime::from_ymd(2099, 12, 31)?))
            }
            Holds::Number => new().allow_decimal_number(DataValidationRule::Between(0.0, GREATEST)),
            _ => return Ok(None),
        },
    };
    let how = how(field, choices);
    let check = check.set_input_title(field.header)?.set_input_message(&how)?;
    Ok(Some(check.set_error_title("请核对")?.set_error_message(format!("“{}”应为：{how}", field.header))?))
}

/// A formula that holds for cells that are not empty and can't be right, whichever way they came in.
pub(super) fn wrong(field: &Field, choices: Option<&Choices>, cell: &str, document: Option<&str>, lists: &mut Lists) -> Option<String> {
    match (choices, formula(field.holds, cell, document)) {
        (Some(Choices { words, beside: Beside::Nothing }), _) => {
            Some(format!("AND({cell}<>\"\",COUNTIF({},{cell})=0)", lists.range(words)))
        }
        (None, Some(right)) => Some(format!("IF({cell}=\"\",FALSE,NOT(IFERROR({right},FALSE)))")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::table::Table;

    /// Characters that a formula of a check may have: a workbook with a longer one is damaged to the programs that open it.
    const LONGEST: usize = 255;

    #[test]
    fn formulas_are_not_too_long() {
        for field in Table::ALL.iter().flat_map(|table| table.fields()) {
            for document in [None, Some("AB5")] {
                let formula = formula(field.holds, "AA5", document).unwrap_or_default();
                assert!(formula.chars().count() <= LONGEST, "{}: {} characters: {formula}", field.header, formula.chars().count());
            }
        }
    }
}
