//! What was read before? The typed columns and findings of each file, by the hash of its content: an unchanged file is not parsed again.
//!
//! What a file comes to depends on its content, its path (whose name may say a subject), the words it is read by, and the program; an entry is
//! found by all of these, and says them again within. It is used only if its own hash is right; anything else is as if it were not there. An
//! entry appears by one rename, so that two runs may use a cache at once.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::file::{SheetRead, guarded};

const MARK: &[u8] = b"xueji read 1\n";
const HASH: usize = 32;
/// One of zstd's quickest: what is read back must be read faster than what it came from.
const LEVEL: i32 = -4;
/// What a file that is about to become an entry begins with.
const NEW: &str = ".new-";
const ENTRY: &str = "read";
/// A file that comes to more than this many bytes is read each time: it would have to be held twice.
const LARGEST: usize = 256 << 20;
/// Whatever is this old and no entry yet was left by a run that was killed.
const LEFT: Duration = Duration::from_secs(3600);

/// How bytes are kept, and known again: by a purpose and themselves.
#[derive(Clone, Copy)]
pub struct Keeping {
    /// Bytes as they are kept.
    pub kept: fn(&str, Vec<u8>) -> io::Result<Vec<u8>>,
    /// The bytes that were kept; `None` where they can't be had.
    pub known: fn(&str, Vec<u8>) -> Option<Vec<u8>>,
}

/// A folder of what was read.
pub struct Cache {
    folder: PathBuf,
    basis: String,
    keeping: Keeping,
    known: AtomicU64,
    read: AtomicU64,
}

#[derive(Deserialize)]
struct Entry {
    key: String,
    sheets: Vec<SheetRead>,
}

#[derive(Serialize)]
struct NewEntry<'s> {
    key: &'s str,
    sheets: &'s [SheetRead],
}

impl Cache {
    /// The cache of a folder, which is its owner's only; `basis` says what everything is read by.
    ///
    /// # Errors
    /// The folder can't be made.
    pub fn open(folder: &Path, basis: String, keeping: Keeping) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self { folder: folder.into(), basis, keeping, known: AtomicU64::new(0), read: AtomicU64::new(0) })
    }

    /// How many files were known, and how many were read.
    pub fn counts(&self) -> (u64, u64) {
        (self.known.load(Ordering::Relaxed), self.read.load(Ordering::Relaxed))
    }

    fn key(&self, path: &str, sha256: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.basis, path, sha256] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// The sheets of a file, as they were read before.
    pub(crate) fn get(&self, path: &str, sha256: &str) -> Option<Vec<SheetRead>> {
        let key = self.key(path, sha256);
        let place = self.folder.join(&key).with_extension(ENTRY);
        let bytes = fs::read(&place).ok()?;
        let Some(sheets) = guarded(|| self.unpacked(&key, bytes)).flatten() else {
            // Damaged, or kept with another key: nobody can use it.
            let _ = fs::remove_file(&place);
            return None;
        };
        // What was used last goes last. If the system refuses, it goes earlier.
        let _ = File::options().append(true).open(&place).and_then(|file| file.set_modified(SystemTime::now()));
        self.known.fetch_add(1, Ordering::Relaxed);
        Some(sheets)
    }

    fn unpacked(&self, key: &str, bytes: Vec<u8>) -> Option<Vec<SheetRead>> {
        let bytes = (self.keeping.known)(&format!("read {key}"), bytes)?;
        let (content, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH)?)?;
        if blake3::hash(content).as_bytes() != hash {
            return None;
        }
        let plain = zstd::decode_all(content.strip_prefix(MARK)?).ok()?;
        let entry: Entry = postcard::from_bytes(&plain).ok()?;
        (entry.key == key).then_some(entry.sheets)
    }

    /// Keeps what a file came to. Where that can't be done the file is read again next time.
    pub(crate) fn put(&self, path: &str, sha256: &str, sheets: &[SheetRead]) {
        self.read.fetch_add(1, Ordering::Relaxed);
        if sheets.iter().map(SheetRead::size).sum::<usize>() <= LARGEST {
            let key = self.key(path, sha256);
            let _ = self.packed(&key, sheets).and_then(|bytes| self.write(&key, &bytes));
        }
    }

    fn packed(&self, key: &str, sheets: &[SheetRead]) -> io::Result<Vec<u8>> {
        let mut writer = zstd::Encoder::new(MARK.to_vec(), LEVEL)?;
        writer = postcard::to_io(&NewEntry { key, sheets }, writer).map_err(io::Error::other)?;
        let mut bytes = writer.finish()?;
        bytes.extend_from_slice(blake3::hash(&bytes).as_bytes());
        (self.keeping.kept)(&format!("read {key}"), bytes)
    }

    fn write(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(NEW).tempfile_in(&self.folder)?;
        file.write_all(bytes)?;
        file.persist(self.folder.join(key).with_extension(ENTRY)).map_err(|error| error.error)?;
        Ok(())
    }

    /// Removes what was used least lately until the entries take no more than `limit` bytes, and what a killed run left.
    pub fn trim(&self, limit: u64) {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(about) = entry.metadata() else { continue };
            let Ok(used) = about.modified() else { continue };
            if path.extension().is_some_and(|own| own == ENTRY) {
                entries.push((used, about.len(), path));
            } else if entry.file_name().to_string_lossy().starts_with(NEW) && used.elapsed().is_ok_and(|age| age > LEFT) {
                let _ = fs::remove_file(path);
            }
        }
        entries.sort_unstable_by(|one, other| other.cmp(one));
        let mut all = 0;
        for (_, bytes, path) in entries {
            all += bytes;
            if all > limit {
                let _ = fs::remove_file(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use law::facts::subjects::Subject;

    use super::super::testing::{ID, vocabulary};
    use super::super::{Inputs, Request, read};
    use super::*;

    const PLAIN: Keeping = Keeping { kept: |_, bytes| Ok(bytes), known: |_, bytes| Some(bytes) };

    fn read_with(folder: &Path, cache: &Cache) -> Inputs {
        let vocabulary = vocabulary();
        let request =
            Request { folders: &[folder.to_owned()], vocabulary: &vocabulary, progress: &|_| {}, defer: None, cache: Some(cache) };
        read(request).unwrap()
    }

    fn entries(folder: &Path) -> Vec<PathBuf> {
        let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        entries
    }

    #[test]
    fn what_is_known_is_what_was_read_whatever_becomes_of_the_cache() {
        let scratch = tempfile::tempdir().unwrap();
        let (input, place) = (scratch.path().join("in"), scratch.path().join("cache"));
        fs::create_dir(&input).unwrap();
        let rows: String = (0..30).map(|row| format!("{ID},2025,陶艺{},合格,昨天\n", row % 3)).collect();
        fs::write(input.join("a.csv"), format!("学籍号,学年,科目,学年总评,补考日期,备注\n{rows}")).unwrap();
        fs::write(input.join("b.csv"), format!("学籍号,督促日期\n{ID},2025-09-01\n11010519491231002X,x\n")).unwrap();
        fs::write(input.join("c.csv"), "物品,数量\n桌子,3\n椅子,4\n").unwrap();
        let open = |basis: &str| Cache::open(&place, basis.to_owned(), PLAIN).unwrap();
        let known = |inputs: &Inputs| {
            let subjects: Vec<&str> = (0..6).map(|code| inputs.subjects.name(Subject(code))).collect();
            format!("{:?}{:?}{subjects:?}", inputs.sheets, inputs.findings)
        };
        let (first, second) = (open("a"), open("a"));
        let plain = known(&read_with(&input, &first));
        assert_eq!(first.counts(), (0, 3));
        assert_eq!((known(&read_with(&input, &second)), second.counts()), (plain.clone(), (3, 0)));
        // Another basis, another content, another path.
        let other = open("b");
        assert_eq!((known(&read_with(&input, &other)), other.counts()), (plain.clone(), (0, 3)));
        fs::rename(input.join("c.csv"), input.join("d.csv")).unwrap();
        let renamed = open("a");
        read_with(&input, &renamed);
        assert_eq!(renamed.counts(), (2, 1));
        // Every byte of an entry may be damaged, or all behind one be lost, or another entry stand in its place.
        let smallest = entries(&place).into_iter().min_by_key(|path| fs::metadata(path).unwrap().len()).unwrap();
        let right = fs::read(&smallest).unwrap();
        for byte in 0..right.len() {
            let mut wrong = right.clone();
            wrong[byte] ^= 1 << (byte % 8);
            let damaged = if byte % 2 == 0 { wrong } else { right[..byte].to_vec() };
            fs::write(&smallest, damaged).unwrap();
            let cache = open("a");
            assert_eq!(known(&read_with(&input, &cache)), plain, "byte {byte}");
        }
        let all = entries(&place);
        for (one, other) in all.iter().zip(all.iter().skip(1)) {
            fs::copy(one, other).unwrap();
        }
        assert_eq!(known(&read_with(&input, &open("a"))), plain);
    }

    #[test]
    fn the_least_lately_used_go_first_and_what_others_write_stays() {
        let scratch = tempfile::tempdir().unwrap();
        let cache = Cache::open(scratch.path(), String::new(), PLAIN).unwrap();
        for (name, hours) in [("a.read", 1), ("b.read", 3), ("c.read", 2), (".new-old", 9), (".new-young", 0), ("notes.txt", 9)] {
            let file = File::create(scratch.path().join(name)).unwrap();
            file.set_len(100).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).unwrap();
        }
        let names =
            || entries(scratch.path()).iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect::<Vec<_>>();
        cache.trim(300);
        assert_eq!(names(), [".new-young", "a.read", "b.read", "c.read", "notes.txt"]);
        cache.trim(200);
        assert_eq!(names(), [".new-young", "a.read", "c.read", "notes.txt"]);
        cache.trim(0);
        assert_eq!(names(), [".new-young", "notes.txt"]);
    }
}
