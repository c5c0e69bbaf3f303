//! Our own reader of .xlsx and .xlsm workbooks: row by row, only the wanted columns, and never more memory than it is allowed.
//!
//! A workbook is a zip archive of XML parts. `package` inflates them, `xml` goes through their tags, `strings` and `styles` are read
//! once at opening, and `sheet` hands the rows of a sheet to a [`RowSink`]. Nothing here trusts a count or a size that the file claims.

use std::collections::HashMap;

use bytes::Bytes;
use zip::result::ZipError;

pub(crate) use self::office2003::sheets as sheets_of_2003;
use self::package::{Package, Relationship};
use self::sheet::Context;
use self::strings::SharedStrings;
use self::styles::Styles;
use self::xml::{Fault, Scanner, Tag, attribute_text};
use super::cell::RowSink;
use super::room::{Refusal, Room};

mod office2003;
mod package;
mod sheet;
mod strings;
mod styles;
#[cfg(test)]
mod tests;
mod usual;
mod xml;

/// Bytes that a list of sheets or of relationships may have: what is made of them takes several times as much memory.
const LIST_BYTES: u64 = 16 << 20;
/// Bytes that the styles may have; workbooks grown by years of copying reach some ten million.
const STYLES_BYTES: u64 = 64 << 20;

/// Sheets that a workbook may have.
const MOST_SHEETS: usize = 1_000;

/// How much a workbook may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a part (a sheet, say) when inflated; the parts that only describe the workbook may have less.
    pub part_bytes: u64,
    /// Bytes of the shared strings' part when inflated.
    pub shared_strings_bytes: u64,
    /// Columns of a sheet that may hold values.
    pub columns: usize,
    /// Bytes that the texts of a sheet's cells may have together: a few shared strings, referred to often enough, are any number of bytes.
    pub text_bytes: u64,
}

impl Limits {
    /// Those of a workbook that has this room.
    pub(crate) fn of(room: Room) -> Self {
        Limits { part_bytes: room.part(), shared_strings_bytes: room.strings(), columns: 16_384, text_bytes: room.all() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits::of(Room::alone())
    }
}

/// Why a workbook can't be read.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// The file is encrypted, or an old .xls under a new name.
    #[error("工作簿有打开密码，请去掉密码")]
    Encrypted,
    /// The file is no zip archive, or a damaged one.
    #[error("工作簿已损坏，不是完整的压缩包")]
    Archive(#[source] ZipError),
    /// A part can't be inflated.
    #[error("工作簿已损坏，{part} 无法解压")]
    Inflate {
        /// The part's name.
        part: String,
        /// What went wrong.
        #[source]
        error: std::io::Error,
    },
    /// A part that has to be there is not.
    #[error("工作簿已损坏，缺少 {0}")]
    MissingPart(String),
    /// A part is larger than allowed.
    #[error("工作簿过大，{part} 超过 {cap} 字节")]
    TooLarge {
        /// The part's name.
        part: String,
        /// The bytes allowed.
        cap: u64,
    },
    /// A part is neither UTF-8 nor UTF-16.
    #[error("工作簿已损坏，{0} 的编码不是 UTF-8 或 UTF-16")]
    Encoding(String),
    /// A part is damaged.
    #[error("工作簿已损坏，{part} 第 {at} 字节处：{what}")]
    Broken {
        /// The part's name.
        part: String,
        /// Byte within the part.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// The workbook has more sheets than anyone fills in.
    #[error("工作簿的工作表多于 {MOST_SHEETS} 张")]
    TooManySheets,
    /// The workbook has no sheet of that number.
    #[error("工作簿没有第 {0} 张工作表")]
    NoSuchSheet(usize),
}

impl WorkbookError {
    fn broken(part: &str, fault: Fault) -> Self {
        WorkbookError::Broken { part: part.to_owned(), at: fault.at, what: fault.what }
    }
}

impl From<WorkbookError> for Refusal {
    fn from(error: WorkbookError) -> Self {
        match error {
            WorkbookError::TooLarge { .. } => Refusal::TooLarge,
            error => Refusal::Fault(error.to_string()),
        }
    }
}

/// A sheet of a workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetInfo {
    /// Its name.
    pub name: String,
    /// Whether the workbook hides it.
    pub hidden: bool,
}

/// An open workbook: the shared strings and the styles are read, the sheets are read on demand, also several at a time.
pub struct Workbook {
    package: Package,
    limits: Limits,
    strings: SharedStrings,
    styles: Styles,
    sheets: Vec<SheetInfo>,
    /// The part of each sheet; the id of its relationship if that leads nowhere.
    parts: Vec<String>,
    is_1904: bool,
}

impl Workbook {
    /// Opens a workbook from the bytes of its file.
    pub fn open(bytes: impl Into<Bytes>, limits: Limits) -> Result<Self, WorkbookError> {
        let package = Package::open(bytes.into())?;
        let list_cap = limits.part_bytes.min(LIST_BYTES);
        // By relationship, or else by the name that the part usually has; of several the first by name, so that every run takes the same.
        let related = |relationships: &HashMap<String, Relationship>, kind: &str, usual: &str| {
            let of_kind = relationships.values().filter(|relationship| relationship.kind == kind);
            let name = of_kind.map(|relationship| relationship.target.as_str()).filter(|name| package.has(name)).min();
            name.unwrap_or(usual).to_owned()
        };
        let main = related(&package.relationships("", list_cap)?, "officeDocument", "xl/workbook.xml");
        let relationships = package.relationships(&main, list_cap)?;
        let mut strings = SharedStrings::default();
        let name = related(&relationships, "sharedStrings", "xl/sharedStrings.xml");
        if package.has(&name) {
            let part = package.part(&name, limits.part_bytes.min(limits.shared_strings_bytes))?;
            strings = SharedStrings::read(&part).map_err(|fault| WorkbookError::broken(&name, fault))?;
        }
        let mut styles = Styles::default();
        let name = related(&relationships, "styles", "xl/styles.xml");
        if package.has(&name) {
            let part = package.part(&name, limits.part_bytes.min(STYLES_BYTES))?;
            styles = Styles::read(&part).map_err(|fault| WorkbookError::broken(&name, fault))?;
        }
        let (entries, is_1904) = sheet_entries(&package.part(&main, list_cap)?).map_err(|fault| WorkbookError::broken(&main, fault))?;
        if entries.len() > MOST_SHEETS {
            return Err(WorkbookError::TooManySheets);
        }
        let mut sheets = Vec::new();
        let mut parts = Vec::new();
        for entry in entries {
            let relationship = relationships.get(&entry.relationship);
            // Sheets that hold a chart, a dialog or macros have no rows.
            let kind = relationship.map_or("", |relationship| relationship.kind.as_str());
            if matches!(kind, "chartsheet" | "dialogsheet" | "xlMacrosheet" | "xlIntlMacrosheet") {
                continue;
            }
            // Nor have those of old macros, which lead nowhere.
            if entry.relationship.is_empty() && entry.info.hidden {
                continue;
            }
            parts.push(relationship.map_or(entry.relationship, |relationship| relationship.target.clone()));
            sheets.push(entry.info);
        }
        Ok(Workbook { package, limits, strings, styles, sheets, parts, is_1904 })
    }

    /// The sheets that hold rows, in the workbook's order.
    pub fn sheets(&self) -> &[SheetInfo] {
        &self.sheets
    }

    /// Whether days count from 1904 and not from 1900.
    pub fn is_1904(&self) -> bool {
        self.is_1904
    }

    /// Hands the rows of a sheet (by its place in [`Workbook::sheets`]) to the sink: first the merged ranges, then the rows as they
    /// stand in the file, until the sink breaks off. Rows without a value are left out; a row whose values are all in unwanted columns
    /// comes with no cells.
    pub fn read<S: RowSink + ?Sized>(&self, sheet: usize, sink: &mut S) -> Result<(), WorkbookError> {
        let name = self.parts.get(sheet).ok_or(WorkbookError::NoSuchSheet(sheet))?;
        let part = self.package.part(name, self.limits.part_bytes)?;
        let Limits { columns, text_bytes, .. } = self.limits;
        let context = Context { strings: &self.strings, styles: &self.styles, columns, text_bytes };
        match sheet::read(&part, &context, sink) {
            Ok(true) => Ok(()),
            Ok(false) => Err(WorkbookError::TooLarge { part: name.clone(), cap: text_bytes }),
            Err(fault) => Err(WorkbookError::broken(name, fault)),
        }
    }
}

/// A sheet as the workbook's main part lists it.
struct Entry {
    info: SheetInfo,
    relationship: String,
}

/// The sheets that the main part lists, and whether days count from 1904.
fn sheet_entries(part: &str) -> Result<(Vec<Entry>, bool), Fault> {
    let mut scanner = Scanner::new(part, 0);
    let (mut entries, mut is_1904, mut within, mut complete) = (Vec::new(), false, false, false);
    loop {
        match scanner.next_tag()? {
            Tag::Open(b"sheets") => within = true,
            Tag::Close(b"sheets") => (within, complete) = (false, true),
            Tag::Open(b"sheet") if within => {
                let mut entry = Entry { info: SheetInfo { name: String::new(), hidden: false }, relationship: String::new() };
                while let Some((name, value)) = scanner.attribute()? {
                    match name {
                        b"name" => entry.info.name = attribute_text(value),
                        b"state" => entry.info.hidden = value != "visible",
                        name if name.ends_with(b":id") => entry.relationship = attribute_text(value),
                        _ => {}
                    }
                }
                entries.push(entry);
            }
            Tag::Open(b"workbookPr") => {
                while let Some((name, value)) = scanner.attribute()? {
                    if name == b"date1904" {
                        is_1904 = matches!(value, "1" | "true" | "on");
                    }
                }
            }
            Tag::End if complete => return Ok((entries, is_1904)),
            Tag::End => return Err(scanner.fault("没有工作表的清单，或在清单中断开")),
            _ => {}
        }
    }
}
