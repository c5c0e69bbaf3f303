//! What does the library need of an OpenDocument workbook? It takes the space between tags for damage, which some writers put there, and
//! tells of no merged cells: so the space is taken out before, and the merged cells are looked for on the way.

use std::io::{self, Cursor, Read, Write};

use calamine::Dimensions;
use memchr::{memchr, memmem};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Bytes that a part may have when inflated.
const LARGEST_PART: u64 = 512 << 20;
/// The parts that the library reads.
const PARTS: &[&str] = &["mimetype", "META-INF/manifest.xml", "meta.xml", CONTENT];
const CONTENT: &str = "content.xml";

/// The workbook as the library can read it, and the merged cells of each table in order.
///
/// # Errors
/// The archive is damaged.
pub(super) fn prepared(bytes: &[u8]) -> io::Result<(Vec<u8>, Vec<Vec<Dimensions>>)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(io::Error::other)?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut merged = Vec::new();
    for name in PARTS {
        let Ok(part) = archive.by_name(name) else { continue };
        let mut content = Vec::new();
        part.take(LARGEST_PART).read_to_end(&mut content)?;
        if *name == CONTENT {
            content = without_space(&content);
            merged = merged_cells(&content);
        }
        writer.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Stored)).map_err(io::Error::other)?;
        writer.write_all(&content)?;
    }
    Ok((writer.finish().map_err(io::Error::other)?.into_inner(), merged))
}

/// A part without comments, and without the space that stands between tags and in no paragraph.
fn without_space(content: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(content.len());
    let mut rest = content;
    let mut paragraphs = 0_usize;
    while let Some(place) = memchr(b'<', rest) {
        let (text, tag) = rest.split_at(place);
        if paragraphs > 0 || !text.trim_ascii().is_empty() {
            kept.extend_from_slice(text);
        }
        let (end, is_kept): (&[u8], bool) = if tag.starts_with(b"<!--") { (b"-->", false) } else { (b">", true) };
        let Some(length) = memmem::find(tag, end).map(|place| place + end.len()) else {
            kept.extend_from_slice(tag);
            return kept;
        };
        let (tag, behind) = tag.split_at(length);
        if tag.starts_with(b"<text:p>") || tag.starts_with(b"<text:p ") {
            paragraphs += usize::from(!tag.ends_with(b"/>"));
        } else if tag.starts_with(b"</text:p>") {
            paragraphs = paragraphs.saturating_sub(1);
        }
        if is_kept {
            kept.extend_from_slice(tag);
        }
        rest = behind;
    }
    kept.extend_from_slice(rest);
    kept
}

/// The number that an attribute of a tag states; 1 without it.
fn number(tag: &[u8], attribute: &str) -> u32 {
    let begin = format!(" table:{attribute}=\"");
    let value = memmem::find(tag, begin.as_bytes()).and_then(|place| tag.get(place + begin.len()..)).unwrap_or_default();
    let digits = value.split(|byte| *byte == b'"').next().unwrap_or_default();
    std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(1)
}

/// The merged cells of each table, counted as its rows and cells repeat.
fn merged_cells(content: &[u8]) -> Vec<Vec<Dimensions>> {
    let mut tables: Vec<Vec<Dimensions>> = Vec::new();
    let (mut row, mut next_row, mut column) = (0_u32, 0_u32, 0_u32);
    let mut rest = content;
    while let Some(place) = memchr(b'<', rest) {
        let tag = rest.get(place..).unwrap_or_default();
        let length = memchr(b'>', tag).map_or(tag.len(), |place| place + 1);
        let (tag, behind) = tag.split_at(length);
        rest = behind;
        let is = |name: &str| tag.strip_prefix(name.as_bytes()).is_some_and(|rest| matches!(rest.first(), Some(b' ' | b'>' | b'/')));
        if is("<table:table") {
            tables.push(Vec::new());
            (next_row, column) = (0, 0);
        } else if is("<table:table-row") {
            row = next_row;
            next_row = row.saturating_add(number(tag, "number-rows-repeated"));
            column = 0;
        } else if is("<table:table-cell") || is("<table:covered-table-cell") {
            let (rows, columns) = (number(tag, "number-rows-spanned"), number(tag, "number-columns-spanned"));
            if (rows > 1 || columns > 1)
                && let Some(merged) = tables.last_mut()
            {
                let last = (row.saturating_add(rows.saturating_sub(1)), column.saturating_add(columns.saturating_sub(1)));
                merged.push(Dimensions { start: (row, column), end: last });
            }
            column = column.saturating_add(number(tag, "number-columns-repeated"));
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_between_tags_goes_and_text_stays() {
        let content = "<a>\n  <!-- x > y --><table:table-cell>\n<text:p> 张 <text:s/> 三</text:p>\n </table:table-cell> </a>";
        assert_eq!(
            without_space(content.as_bytes()),
            "<a><table:table-cell><text:p> 张 <text:s/> 三</text:p></table:table-cell></a>".as_bytes()
        );
        assert_eq!(without_space(b"<a> <b"), b"<a><b");
    }

    #[test]
    fn merged_cells_are_counted_as_rows_and_cells_repeat() {
        let content = "<table:table-row table:number-rows-repeated=\"3\"/><table:table-row><table:table-cell table:number-columns-repeated=\"2\"/>\
            <table:table-cell table:number-rows-spanned=\"4\" table:number-columns-spanned=\"1\"/></table:table-row>";
        let content = format!("<table:table table:name=\"a\"/><table:table table:name=\"b\">{content}</table:table>");
        let merged = merged_cells(content.as_bytes());
        assert_eq!((merged.len(), merged[0].len()), (2, 0));
        assert_eq!((merged[1][0].start, merged[1][0].end), ((3, 2), (6, 2)));
    }
}
