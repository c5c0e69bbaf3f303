//! What may be typed into a column? Checks over whole columns, which say in Chinese what is expected; and what marks cells that were
//! pasted in, past those checks.

use rust_xlsxwriter::{DataValidation, DataValidationErrorStyle, DataValidationRule, ExcelDateTime, Formula, XlsxError};

use super::choices::{Beside, Choices, how};
use super::lists::{Lists, PLACES, WEIGHING};
use crate::ingest::table::{DOCUMENTS, Field, Holds};

/// The greatest number that a column of numbers has: marks, students of a grade, weeks.
pub(super) const GREATEST: u16 = 2_000;

/// A formula that holds for right cells of a column; `cell` is the first of them, and `document` the cell beside it that says which
/// document a number belongs to, if there is such a column.
pub(super) fn formula(holds: Holds, cell: &str, document: Option<&str>) -> Option<String> {
    Some(match holds {
        // Numbers with L keep the form, but need not have a check digit.
        Holds::NationalId => format!(
            "AND(LEN({cell})=19,ISNUMBER(FIND(UPPER(LEFT({cell})),\"GLJ\")),ISNUMBER(FIND(UPPER(RIGHT({cell})),\"0123456789X\")),\
             OR({},LEFT({cell})=\"L\"))",
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
/// else than digits. Spreadsheets compare without regard to upper and lower case.
fn check_digit(cell: &str, before: u8) -> String {
    let places = if before == 0 { PLACES.to_owned() } else { format!("{PLACES}+{before}") };
    format!("MID(\"10X98765432\",MOD(SUMPRODUCT(MID({cell},{places},1)*{WEIGHING}),11)+1,1)=RIGHT({cell})")
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
            let check = new().allow_list_formula(Formula::new(lists.name(words)));
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
            Holds::Number => new().allow_decimal_number(DataValidationRule::Between(0.0, f64::from(GREATEST))),
            _ => return Ok(None),
        },
    };
    let how = shortened(how(field, choices));
    let check = check.set_input_title(field.header)?.set_input_message(&how)?;
    Ok(Some(check.set_error_title(format!("请核对“{}”", field.header))?.set_error_message(how)?))
}

/// Characters that the message of a check may have.
const LONGEST_MESSAGE: usize = 250;

/// A message that is not too long, whatever number of subjects a policy has; the sheet that explains the columns has it whole.
fn shortened(text: String) -> String {
    if text.chars().count() <= LONGEST_MESSAGE { text } else { text.chars().take(LONGEST_MESSAGE).chain(['…']).collect() }
}

/// A formula that holds for cells that are not empty and can't be right, whichever way they came in.
pub(super) fn wrong(field: &Field, choices: Option<&Choices>, cell: &str, document: Option<&str>, lists: &mut Lists) -> Option<String> {
    match (choices, formula(field.holds, cell, document)) {
        (Some(Choices { words, beside: Beside::Nothing }), _) => Some(format!("AND({cell}<>\"\",COUNTIF({},{cell})=0)", lists.name(words))),
        (None, Some(right)) => Some(format!("AND({cell}<>\"\",NOT(IFERROR({right},FALSE)))")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use rust_xlsxwriter::{Format, Workbook};

    use super::*;
    use crate::ingest::table::Table;

    /// Characters that a formula of a check may have: a workbook with a longer one is damaged to the programs that open it.
    const LONGEST: usize = 255;

    #[test]
    fn formulas_are_not_too_long() {
        for table in Table::ALL {
            for (column, field) in (0..).zip(table.fields_to_fill()) {
                let cell = rust_xlsxwriter::utility::row_col_to_cell(4, column);
                for document in [None, Some("F5")] {
                    let right = formula(field.holds, &cell, document);
                    let wrong = wrong(field, None, &cell, document, &mut Lists::new());
                    for own in [right, wrong].into_iter().flatten() {
                        assert!(own.chars().count() <= LONGEST, "{table:?} {}: {} characters: {own}", field.header, own.chars().count());
                    }
                }
            }
        }
    }

    /// What a cell holds, what 证件类型 beside it says, and whether it is right.
    type Case = (Holds, &'static str, &'static str, bool);

    const CASES: &[Case] = &[
        (Holds::NationalId, "G11010519491231002X", "", true),
        (Holds::NationalId, "g11010519491231002x", "", true),
        (Holds::NationalId, "J310100200905060011", "", true),
        (Holds::NationalId, "G310100200905060012", "", false),
        (Holds::NationalId, "L310100200905060012", "", true),
        (Holds::NationalId, "L31010020090506001A", "", false),
        (Holds::NationalId, "L3101002009050A0012", "", false),
        (Holds::NationalId, "A310100200905060011", "", false),
        (Holds::NationalId, "G31010020090506001", "", false),
        (Holds::NationalId, "310100200905060011", "", false),
        (Holds::DocumentNumber, "11010519491231002X", "居民身份证", true),
        (Holds::DocumentNumber, "110105194912310021", "居民身份证", false),
        (Holds::DocumentNumber, "E12345678", "居民身份证", false),
        (Holds::DocumentNumber, "E12345678", "护照", true),
        (Holds::DocumentNumber, "310100200905060011", "户口簿", true),
        (Holds::DocumentNumber, "310100200905060012", "户口簿", false),
        (Holds::DocumentNumber, "310100200905060011", "", true),
        (Holds::DocumentNumber, "310100200905060012", "", false),
        (Holds::DocumentNumber, "E12345678", "", true),
        (Holds::DocumentNumber, "CHN310000000001", "", true),
        (Holds::ShanghaiNumber, "3101010012320240001", "", true),
        (Holds::ShanghaiNumber, "3201010012320240001", "", false),
        (Holds::ShanghaiNumber, "3101010012920240001", "", false),
        (Holds::ShanghaiNumber, "310101001232024000", "", false),
        (Holds::ShanghaiNumber, "31010100123202400A1", "", false),
        (Holds::Identifier, "3101010012", "", true),
        (Holds::Identifier, "A-1_2.b", "", true),
        (Holds::Identifier, "示例中学", "", false),
        (Holds::Identifier, "31 01", "", false),
    ];

    /// What tells LibreOffice to work out formulas on opening and not to trust the results that are written.
    const ALWAYS_WORK_OUT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <oor:items xmlns:oor=\"http://openoffice.org/2001/registry\"><item oor:path=\"/org.openoffice.Office.Calc/Formula/Load\">\
        <prop oor:name=\"OOXMLRecalcMode\" oor:op=\"fuse\"><value>0</value></prop></item></oor:items>";

    /// A spreadsheet works the formulas out, where one is installed.
    #[test]
    fn formulas_tell_right_from_wrong() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        let text = Format::new().set_num_format("@");
        for (row, (holds, cell, document, _)) in (0..).zip(CASES) {
            sheet.write_string_with_format(row, 0, *cell, &text).unwrap();
            sheet.write_string_with_format(row, 1, *document, &text).unwrap();
            let formula = formula(*holds, &format!("A{}", row + 1), Some(&format!("B{}", row + 1))).unwrap();
            let told = format!("=IF(IFERROR({formula},FALSE),\"right\",\"wrong\")");
            sheet.write_formula(row, 2, Formula::new(told)).unwrap();
        }
        Lists::new().write(&mut workbook).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checks.xlsx");
        workbook.save(&path).unwrap();
        let profile = folder.path().join("profile");
        std::fs::create_dir_all(profile.join("user")).unwrap();
        std::fs::write(profile.join("user/registrymodifications.xcu"), ALWAYS_WORK_OUT).unwrap();
        let profile = format!("-env:UserInstallation=file://{}", profile.display());
        let mut office = Command::new("soffice");
        office.arg(profile).args(["--headless", "--convert-to", "csv", "--outdir"]).arg(folder.path()).arg(&path);
        let Ok(out) = office.output() else {
            assert!(std::env::var_os("XUEJI_NEED_OFFICE").is_none(), "no soffice, and XUEJI_NEED_OFFICE asks for one");
            eprintln!("not run: LibreOffice is not installed");
            return;
        };
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let said = std::fs::read_to_string(folder.path().join("checks.csv")).unwrap();
        let said: Vec<&str> = said.lines().map(|line| line.rsplit(',').next().unwrap_or_default()).collect();
        assert_eq!(said.len(), CASES.len());
        for ((holds, cell, document, is_right), said) in CASES.iter().zip(said) {
            assert_eq!(said, if *is_right { "right" } else { "wrong" }, "{holds:?} {cell} {document}");
        }
    }
}
