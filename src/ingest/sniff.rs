//! What is this file? Its first bytes say, not its name.

use std::io;

use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE};
use memchr::memmem;
use zip::ZipArchive;

use super::old::OldKind;
use super::source::Source;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An .xlsx or .xlsm workbook.
    Workbook,
    /// Parquet.
    Parquet,
    /// Text, in whatever encoding.
    Text,
    /// A workbook that a process of its own reads.
    Old(OldKind),
    /// A workbook as one XML text, SpreadsheetML of 2003.
    Workbook2003,
    /// A dBASE table.
    Dbase,
    /// A web page with tables.
    Page,
    /// A zip archive of files.
    Archive,
    /// Nothing that can be read yet: what it is.
    Other(&'static str),
}

/// Kinds that have no reader: what they begin with and what they are. A reader for one of them takes its line out of here.
const OTHERS: &[(&[u8], &str)] = &[
    (b"%PDF", "PDF 文件"),
    (b"Rar!", "RAR 压缩包"),
    (b"7z\xBC\xAF\x27\x1C", "7z 压缩包"),
    (b"\x1F\x8B", "gzip 压缩文件"),
    (b"\xFF\xD8\xFF", "图片"),
    (b"\x89PNG", "图片"),
    (b"GIF8", "图片"),
    (b"{\\rtf", "RTF 文档"),
    (b"SQLite format 3", "数据库文件"),
    (b"\x09\x00\x04\x00", "Excel 2 的工作簿"),
    (b"\x09\x02\x06\x00", "Excel 3 的工作簿"),
    (b"\x09\x04\x06\x00", "Excel 4 的工作簿"),
];

/// What a file is, by its bytes.
///
/// # Errors
/// The file can't be read.
pub(crate) fn kind(source: &Source) -> io::Result<Kind> {
    let head = source.head()?;
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(zipped(source, &head));
    }
    Ok(of_bytes(&head))
}

fn of_bytes(bytes: &[u8]) -> Kind {
    if bytes.starts_with(b"PAR1") {
        return Kind::Parquet;
    }
    if bytes.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return compound(bytes);
    }
    if let Some((_, name)) = OTHERS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Kind::Other(name);
    }
    marked_up(bytes).or_else(|| dbase(bytes)).unwrap_or(Kind::Text)
}

/// What a zip archive holds, by the names of its parts; of a damaged one, by what looks like such a name.
fn zipped(source: &Source, head: &[u8]) -> Kind {
    let names = source.open(0).ok().and_then(|reader| ZipArchive::new(reader).ok()).map(|archive| {
        let names = archive.file_names().flatten();
        names.map(|name| name.replace('\\', "/").trim_start_matches('/').to_ascii_lowercase()).collect::<Vec<_>>()
    });
    let holds = |begin: &str| match &names {
        Some(names) => names.iter().any(|name| name.starts_with(begin)),
        None => memmem::find(head, begin.as_bytes()).is_some(),
    };
    if holds("xl/workbook.bin") {
        Kind::Old(OldKind::Xlsb)
    } else if holds("xl/workbook") || holds("xl/worksheets/") {
        Kind::Workbook
    } else if holds("content.xml") && holds("meta-inf/") || names.is_none() && holds("opendocument.spreadsheet") {
        Kind::Old(OldKind::Ods)
    } else if holds("word/document") {
        Kind::Other("Word 文档")
    } else {
        Kind::Archive
    }
}

/// What a compound file (OLE) is: an old workbook, or a new one that is encrypted.
fn compound(bytes: &[u8]) -> Kind {
    let utf16 = |name: &str| name.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let holds = |name: &str| memmem::find(bytes, &utf16(name)).is_some();
    if holds("EncryptedPackage") || holds("EncryptionInfo") {
        Kind::Other("加密的工作簿（请去掉打开密码）")
    } else if holds("Workbook") || holds("Book") {
        Kind::Old(OldKind::Xls)
    } else {
        Kind::Other("旧版 Office 文件")
    }
}

/// HTML tables and SpreadsheetML 2003, which exports of many systems are behind the name .xls.
fn marked_up(bytes: &[u8]) -> Option<Kind> {
    let head = bytes.get(..65_536).unwrap_or(bytes);
    let encoding = match head.get(..2) {
        Some(b"\xFF\xFE") => UTF_16LE,
        Some(b"\xFE\xFF") => UTF_16BE,
        _ => UTF_8,
    };
    let head = encoding.decode(head).0.to_ascii_lowercase();
    let start = head.as_bytes().trim_ascii_start();
    let holds = |text: &str| memmem::find(start, text.as_bytes()).is_some();
    if !start.starts_with(b"<") {
        None
    } else if holds("<html") || holds("<!doctype html") {
        // Pages that a spreadsheet program has saved name the other format's namespaces, too.
        Some(Kind::Page)
    } else if holds("mso-application") || holds("urn:schemas-microsoft-com:office:spreadsheet") {
        Some(Kind::Workbook2003)
    } else if holds("urn:oasis:names:tc:opendocument") {
        Some(Kind::Other("平面 XML 的 OpenDocument 文件（.fods）"))
    } else if holds("<table") || holds("<meta") || holds("<tr") {
        Some(Kind::Page)
    } else {
        None
    }
}

/// dBASE tables: a version byte, a date, sizes that fit together.
fn dbase(bytes: &[u8]) -> Option<Kind> {
    let &[version, _, month, day, _, _, _, _, low, high, ..] = bytes else { return None };
    let header = u16::from_le_bytes([low, high]);
    let is_version = matches!(version, 0x03 | 0x30 | 0x31 | 0x83 | 0x8B | 0xF5);
    (is_version && (1..=12).contains(&month) && (1..=31).contains(&day) && header > 32 && usize::from(header) <= bytes.len())
        .then_some(Kind::Dbase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8]) -> Kind {
        super::kind(&Source::Held(bytes.to_vec().into())).unwrap()
    }

    #[test]
    fn the_bytes_say_what_a_file_is() {
        assert_eq!(kind("学籍号,姓名\n".as_bytes()), Kind::Text);
        assert_eq!(kind(b"PAR1...PAR1"), Kind::Parquet);
        assert_eq!(kind(b"PK\x03\x04....xl/workbook.xml"), Kind::Workbook);
        assert_eq!(kind(b"\xEF\xBB\xBF <HTML><table>"), Kind::Page);
        assert_eq!(kind(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1W\0o\0r\0k\0b\0o\0o\0k\0"), Kind::Old(OldKind::Xls));
    }
}
