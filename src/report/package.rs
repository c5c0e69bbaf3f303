//! `packages/`: one encrypted file a recipient, with what people read of a run; what is in a package does not stay beside it in clear.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use age::x25519;
use askama::Template;
use thiserror::Error;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::archive::Discreet;
use super::manifest::PackageReceipt;
use super::paths::district_of;
use super::read::{ReadError, Run};
use super::returned::FOLDER as RETURNED;
use super::site::{DOCUMENTS, PAGES, WORKBOOKS, district_folder, school_file};
use super::text::link;

/// The folder of packages in a run folder.
pub const FOLDER: &str = "packages";

/// What a recipient gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All that people read.
    City,
    /// A district's pages, workbooks, documents and returned rows.
    District(String),
    /// A school's, by its code.
    School(String),
}

/// Somebody who gets a package.
#[derive(Clone)]
pub struct Recipient {
    /// The name, which names the file.
    pub name: String,
    /// What it gets.
    pub part: Part,
    /// The keys, each of which opens it.
    pub keys: Vec<x25519::Recipient>,
}

impl std::fmt::Debug for Recipient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Recipient {{ name: {:?}, part: {:?}, keys: {} }}", self.name, self.part, self.keys.len())
    }
}

/// Packages that can't be made.
#[derive(Debug, Error)]
pub enum PackageError {
    /// The run can't be read.
    #[error("{0}")]
    Read(#[from] ReadError),
    /// The disk refuses.
    #[error("{0}")]
    Disk(#[from] io::Error),
    /// The archive can't be written.
    #[error("{0}")]
    Archive(#[from] zip::result::ZipError),
    /// It can't be encrypted.
    #[error("{0}")]
    Encrypt(#[from] age::EncryptError),
    /// The first page of a part can't be made.
    #[error("{0}")]
    Page(#[from] askama::Error),
}

/// The first page of a part of a run, in place of pages that the part doesn't hold.
#[derive(Template)]
#[template(path = "package.html")]
struct Cover<'a> {
    title: &'a str,
    /// The way to the folder of the package.
    root: &'a str,
    links: Vec<(String, String)>,
}

/// Makes the packages of a run that is not published yet. `returned` names the workbooks of returned rows below the folder, by the input file of
/// which their rows are.
///
/// # Errors
/// The run can't be read, the disk refuses.
pub fn write_packages(run: &Run, recipients: &[Recipient], returned: &[(String, String)]) -> Result<Vec<PackageReceipt>, PackageError> {
    let folder = run.folder.join(FOLDER);
    fs::create_dir_all(&folder)?;
    let contents = Contents::of(run, returned)?;
    let mut packaged: BTreeSet<PathBuf> = BTreeSet::new();
    let mut receipts = Vec::new();
    for recipient in recipients {
        let files = contents.files(&recipient.part);
        let name = format!("{}.zip.age", recipient.name);
        let path = folder.join(&name);
        if !files.is_empty() {
            write_package(&run.folder, &path, recipient, &files)?;
        }
        let file = if files.is_empty() { String::new() } else { format!("{FOLDER}/{name}") };
        receipts.push(PackageReceipt { recipient: recipient.name.clone(), file, files: files.len() as u64 });
        packaged.extend(files);
    }
    for path in &packaged {
        fs::remove_file(run.folder.join(path))?;
    }
    for name in [PAGES, WORKBOOKS, DOCUMENTS, RETURNED] {
        remove_empty(&run.folder.join(name))?;
    }
    Ok(receipts)
}

/// What a run folder holds for people.
struct Contents {
    /// Paths below the run folder.
    files: Vec<PathBuf>,
    /// Codes and districts of schools, by the workbook of returned rows: whose rows it holds.
    returned: BTreeMap<PathBuf, BTreeSet<(String, String)>>,
    /// The districts of each school's code.
    districts: BTreeMap<String, BTreeSet<String>>,
}

impl Contents {
    fn of(run: &Run, returned: &[(String, String)]) -> Result<Self, PackageError> {
        let mut files = Vec::new();
        for name in [PAGES, WORKBOOKS, DOCUMENTS, RETURNED] {
            list(&run.folder, Path::new(name), &mut files)?;
        }
        files.extend(["index.html", "summary.xlsx"].map(PathBuf::from).into_iter().filter(|file| run.folder.join(file).is_file()));
        files.sort_unstable();
        let mut by_file = run.schools_by_file()?;
        let mut districts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (district, code) in run.schools()? {
            districts.entry(code).or_default().insert(district);
        }
        let names: BTreeSet<&str> = districts.values().flatten().map(String::as_str).collect();
        let whose = |(input, path): &(String, String)| {
            let mut schools = by_file.remove(input).unwrap_or_default();
            // Rows of which nobody can tell whose they are go to the district in whose folder the file lay, or to the only one.
            if let Some(district) = district_of(input, &names).filter(|_| schools.remove(&(String::new(), String::new()))) {
                schools.insert((district.to_owned(), String::new()));
            }
            (Path::new(RETURNED).join(path), schools)
        };
        let returned = returned.iter().map(whose).collect();
        Ok(Self { files, returned, districts })
    }

    /// The files of a part.
    fn files(&self, part: &Part) -> Vec<PathBuf> {
        let is_own: Box<dyn Fn(&Path) -> bool> = match part {
            Part::City => Box::new(|_| true),
            Part::District(district) => {
                let folder = district_folder(district);
                Box::new(move |path| {
                    let mut parts = path.iter().skip(1);
                    parts.next().is_some_and(|own| own == folder.as_str()) && parts.next().is_some() && !path.starts_with(RETURNED)
                        || self
                            .returned
                            .get(path)
                            .is_some_and(|schools| !schools.is_empty() && schools.iter().all(|own| own.0 == *district))
                })
            }
            Part::School(code) => {
                let districts: BTreeSet<String> =
                    self.districts.get(code).into_iter().flatten().map(|district| district_folder(district)).collect();
                let file = school_file(code);
                Box::new(move |path| {
                    let mut parts = path.iter().skip(1).filter_map(|part| part.to_str());
                    let is_district = parts.next().is_some_and(|own| districts.contains(own));
                    let is_school =
                        parts.next().is_some_and(|own| own == file || Path::new(own).file_stem().is_some_and(|stem| stem == file.as_str()));
                    is_district && is_school && !path.starts_with(RETURNED)
                        || self.returned.get(path).is_some_and(|schools| !schools.is_empty() && schools.iter().all(|own| own.1 == *code))
                })
            }
        };
        self.files.iter().filter(|path| is_own(path)).cloned().collect()
    }
}

fn list(root: &Path, below: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let folder = root.join(below);
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            list(root, &path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// Removes a folder and those in it that hold nothing any more.
fn remove_empty(folder: &Path) -> io::Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_empty(&entry.path())?;
        }
    }
    match fs::remove_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        done => done,
    }
}

/// Writes a package: the archive goes through the encryption as it is made, so that no clear copy of it is ever on the disk.
fn write_package(root: &Path, path: &Path, recipient: &Recipient, files: &[PathBuf]) -> Result<(), PackageError> {
    let keys = recipient.keys.iter().map(|key| key as &dyn age::Recipient);
    let encrypted = age::Encryptor::with_recipients(keys)?.wrap_output(BufWriter::new(File::create(path)?))?;
    let mut archive = ZipWriter::new_stream(Discreet::new(encrypted));
    // The time of writing would say nothing that the run doesn't.
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).last_modified_time(DateTime::default());
    let name = |path: &Path| path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
    for own in files {
        archive.start_file(name(own), options)?;
        io::copy(&mut File::open(root.join(own))?, &mut archive)?;
    }
    for (own, cover) in covers(recipient, files)? {
        archive.start_file(name(&own), options)?;
        io::copy(&mut cover.as_bytes(), &mut archive)?;
    }
    let encrypted = archive.finish()?.into_inner().finish()?;
    let file = encrypted.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(())
}

/// What stands in the package of a part for the pages above it, and what all its pages need.
fn covers(recipient: &Recipient, files: &[PathBuf]) -> Result<Vec<(PathBuf, String)>, PackageError> {
    if recipient.part == Part::City {
        return Ok(Vec::new());
    }
    let is_shown = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "html" || ending == "xlsx");
    let path = |path: &PathBuf| path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/");
    let links = |root: &str| files.iter().filter(is_shown).map(|own| (format!("{root}{}", link(&path(own))), path(own))).collect();
    let cover = |root: &str| Cover { title: &recipient.name, root, links: links(root) }.render();
    let mut covers = vec![(PathBuf::from("index.html"), cover("")?)];
    covers.extend(super::site::look().map(|(name, text)| (Path::new(PAGES).join(name), text.to_owned())));
    let districts: BTreeSet<&Path> = files.iter().filter(|path| path.starts_with(PAGES)).filter_map(|path| path.parent()).collect();
    for district in districts {
        let own = district.join("_district.html");
        if !files.contains(&own) {
            covers.push((own, cover("../../")?));
        }
    }
    Ok(covers)
}
