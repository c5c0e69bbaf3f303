//! The zip archive of a workbook: finds parts by name, inflates them under a cap, and follows relationships.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use bytes::Bytes;
use zip::ZipArchive;
use zip::result::ZipError;

use super::WorkbookError;
use super::xml::{Scanner, attribute_text};

/// An open archive; reading a part needs no exclusive access, so that sheets can be read side by side.
pub(super) struct Package {
    archive: ZipArchive<Cursor<Bytes>>,
    /// Bytes of the archive.
    bytes: u64,
    /// Place in the archive by folded name.
    places: HashMap<String, usize>,
}

/// A reference from one part to another.
pub(super) struct Relationship {
    /// The last segment of its type, such as `worksheet`.
    pub(super) kind: String,
    /// The name of the part it leads to.
    pub(super) target: String,
}

impl Package {
    /// Reads the archive's directory.
    pub(super) fn open(bytes: Bytes) -> Result<Self, WorkbookError> {
        // Excel wraps an encrypted workbook into the container that old .xls files are in.
        if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
            return Err(WorkbookError::Encrypted);
        }
        let length = bytes.len() as u64;
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(WorkbookError::Archive)?;
        let mut places = HashMap::new();
        for place in 0..archive.len() {
            if let Some(Ok(name)) = archive.name_for_index(place) {
                places.entry(folded(&name)).or_insert(place);
            }
        }
        Ok(Package { archive, bytes: length, places })
    }

    /// Whether the archive has a part of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.places.contains_key(&folded(name))
    }

    /// A part's text; the cap holds for the bytes that come out, whatever the archive claims.
    pub(super) fn part(&self, name: &str, cap: u64) -> Result<String, WorkbookError> {
        let missing = || WorkbookError::MissingPart(name.to_owned());
        let place = *self.places.get(&folded(name)).ok_or_else(missing)?;
        let mut archive = self.archive.clone();
        let file = archive.by_index(place).map_err(|error| match error {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => WorkbookError::Encrypted,
            error => WorkbookError::Archive(error),
        })?;
        // A first guess spares copies while the buffer grows; the compressed bytes, which are really there, bound it.
        let held = self.bytes.min(file.compressed_size());
        let guess = file.size().min(held.saturating_mul(16)).min(cap);
        let mut bytes = Vec::with_capacity(usize::try_from(guess).unwrap_or(0).saturating_add(1));
        file.take(cap.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| WorkbookError::Inflate { part: name.to_owned(), error })?;
        if bytes.len() as u64 > cap {
            return Err(WorkbookError::TooLarge { part: name.to_owned(), cap });
        }
        decoded(bytes).ok_or_else(|| WorkbookError::Encoding(name.to_owned()))
    }

    /// The relationships of a part (of the package itself for `""`) by their ids; none if it has no list of them.
    pub(super) fn relationships(&self, part: &str, cap: u64) -> Result<HashMap<String, Relationship>, WorkbookError> {
        let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
        let list = resolved(folder, &format!("_rels/{name}.rels"));
        if !self.has(&list) {
            return Ok(HashMap::new());
        }
        let text = self.part(&list, cap)?;
        let fault = |fault| WorkbookError::broken(&list, fault);
        let mut scanner = Scanner::new(&text, 0);
        let mut relationships = HashMap::new();
        while scanner.find(b"Relationship").map_err(fault)? {
            let (mut id, mut kind, mut target, mut external) = (String::new(), String::new(), String::new(), false);
            while let Some((name, value)) = scanner.attribute().map_err(fault)? {
                match name {
                    b"Id" => id = attribute_text(value),
                    b"Type" => kind = value.rsplit('/').next().unwrap_or_default().to_owned(),
                    b"Target" => target = resolved(folder, &attribute_text(value)),
                    b"TargetMode" => external = value.eq_ignore_ascii_case("External"),
                    _ => {}
                }
            }
            if !external {
                // Of two with the same id, which no sound file has, the first counts.
                relationships.entry(id).or_insert(Relationship { kind, target });
            }
        }
        Ok(relationships)
    }
}

/// A part's name as it is looked up: some writers use backslashes, a leading slash or another case.
fn folded(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_ascii_lowercase()
}

/// The name that a target means, seen from a folder.
fn resolved(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let mut segments: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for segment in target.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    segments.retain(|segment| !segment.is_empty());
    segments.join("/")
}

/// A part's bytes as text: UTF-8, or UTF-16 by its mark or its first characters.
fn decoded(bytes: Vec<u8>) -> Option<String> {
    let utf16 = |unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = bytes.as_chunks::<2>();
        let text = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>().ok()?;
        if odd.is_empty() { Some(text) } else { None }
    };
    match bytes.as_slice() {
        [0xFF, 0xFE, ..] | [b'<', 0, ..] => return utf16(u16::from_le_bytes),
        [0xFE, 0xFF, ..] | [0, b'<', ..] => return utf16(u16::from_be_bytes),
        _ => {}
    }
    let text = String::from_utf8(bytes).ok()?;
    // Bytes in another encoding can be UTF-8 by chance; what is all ASCII means the same in any encoding that Chinese offices use.
    match declared_encoding(&text) {
        Some(name) if !name.eq_ignore_ascii_case("utf-8") && !name.eq_ignore_ascii_case("utf8") && !text.is_ascii() => None,
        _ => Some(text),
    }
}

/// The encoding an XML declaration names.
fn declared_encoding(text: &str) -> Option<&str> {
    let declaration = text.trim_start_matches('\u{FEFF}').strip_prefix("<?xml")?;
    let (declaration, _) = declaration.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    value.get(1..)?.split(['"', '\'']).next()
}
