//! What is in a zip archive? Its files, one after the other, each with a name that can be read and a size that can be borne.

use std::io::Read;

use encoding_rs::GB18030;
use zip::ZipArchive;

use super::room::{Refusal, Room};
use super::source::Source;

/// Files that an archive may have.
const MOST_FILES: usize = 100_000;
/// Bytes that all files may have together when inflated, whatever the archive claims.
const LARGEST: u64 = 4 << 30;

/// Calls for each file of an archive with its name, and its bytes or why they can't be had, until it is told to end; `Err` says why the
/// archive can't be opened.
pub(crate) fn each_file(
    source: &Source,
    room: Room,
    is_wanted: impl Fn(&str) -> bool,
    mut take: impl FnMut(String, Result<Vec<u8>, Refusal>) -> bool,
) -> Result<(), String> {
    let reader = source.open(0).map_err(|error| error.to_string())?;
    let mut archive = ZipArchive::new(reader).map_err(|_| "压缩包已损坏")?;
    if archive.len() > MOST_FILES {
        return Err(format!("压缩包中的文件多于 {MOST_FILES} 个"));
    }
    let mut left = LARGEST;
    for place in 0..archive.len() {
        let file = match archive.by_index(place) {
            Ok(file) => file,
            Err(_) => {
                if !take(format!("第 {} 个文件", place + 1), Err("压缩包中的文件无法读取：已损坏、加密，或压缩方式不受支持".into()))
                {
                    return Ok(());
                }
                continue;
            }
        };
        let name = name_of(file.name_raw());
        if file.is_dir() || !is_wanted(&name) {
            continue;
        }
        let cap = room.member().min(left);
        let mut content = Vec::new();
        let content = match file.take(cap + 1).read_to_end(&mut content) {
            Err(_) => Err("压缩包中的文件无法解压".into()),
            Ok(_) if content.len() as u64 > cap => Err(Refusal::TooLarge),
            Ok(_) => {
                left -= content.len() as u64;
                Ok(content)
            }
        };
        if !take(name, content) {
            return Ok(());
        }
    }
    Ok(())
}

/// A name as most archivers here write it: UTF-8, or GBK without saying so. No part of it leads out of the archive.
fn name_of(raw: &[u8]) -> String {
    let name = match std::str::from_utf8(raw) {
        Ok(name) => name.to_owned(),
        Err(_) => GB18030.decode_without_bom_handling(raw).0.into_owned(),
    };
    let parts = name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != "." && *part != "..");
    parts.map(|part| part.replace(char::is_control, "")).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::super::testing::{ID, codes, read_files};
    use super::name_of;

    fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, content) in files {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn files_within_archives_within_archives_are_read() {
        let urging = format!("学籍号,督促日期\n{ID},2026-03-02\n");
        let inner = archive(&[("督促.csv", urging.as_bytes())]);
        let outer = archive(&[
            ("一校/督促.zip", &inner),
            ("一校/说明.docx", b"x"),
            ("__MACOSX/._a.csv", b"x"),
            ("坏.xlsx", b"PK\x03\x04xl/workbook"),
        ]);
        let inputs = read_files(&[("报送.zip", &outer)]);
        let paths: Vec<&str> = inputs.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["报送.zip/一校/督促.zip/督促.csv", "报送.zip/坏.xlsx"]);
        assert_eq!(inputs.sheets.len(), 1);
        assert_eq!(codes(&inputs), [("I0101", None)]);
    }

    #[test]
    fn a_bomb_is_a_finding() {
        let zeros = vec![0; 4 << 20];
        let mut bomb = archive(&[("a.csv", &zeros)]);
        for _ in 0..6 {
            bomb = archive(&[("a.zip", &bomb)]);
        }
        let inputs = read_files(&[("a.zip", &bomb)]);
        assert_eq!(codes(&inputs), [("I0101", None)]);
        assert_eq!(codes(&read_files(&[("a.zip", b"PK\x03\x04 and no more")])), [("I0101", None)]);
    }

    #[test]
    fn names_stay_within_the_archive() {
        assert_eq!(name_of(b"../../etc\\a\n.csv"), "etc/a.csv");
        assert_eq!(name_of(&encoding_rs::GB18030.encode("名册.csv").0), "名册.csv");
    }
}
