//! Encrypted packages: who gets what, who can open it, and what stays in clear.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use age::x25519::Identity;
use tempfile::TempDir;
use xueji::pipeline::config::{Config, Overrides};
use xueji::pipeline::run::{PublishedRun, run};

use crate::support::{files_below, package, scratch};

const SCHOOL: &str = "3101990005";

/// A run of the sample district with packages for the city, the district, a school, and a district that there is not.
fn packaged(keys: &BTreeMap<&str, Identity>) -> (TempDir, PublishedRun) {
    let scratch = scratch();
    let list = scratch.path().join("recipients.toml");
    let own = |name: &str| keys[name].to_public().to_string();
    let text = format!(
        "[[recipient]]\nname = \"市教委\"\ngets = \"city\"\nkeys = [\"{}\"]\n\
         [[recipient]]\nname = \"示例区\"\ngets = \"district\"\ndistrict = \"示例区\"\nkeys = [\"{}\", \"{}\"]\n\
         [[recipient]]\nname = \"示例高中\"\ngets = \"school\"\nschool = \"{SCHOOL}\"\nkeys = [\"{}\"]\n\
         [[recipient]]\nname = \"别的区\"\ngets = \"district\"\ndistrict = \"别的区\"\nkeys = [\"{}\"]\n",
        own("city"),
        own("district"),
        own("second"),
        own("school"),
        own("district")
    );
    std::fs::write(&list, text).expect("a list of recipients");
    let overrides = Overrides { package: true, recipients: Some(list), ..Overrides::default() };
    let config = Config::load(&package().join("pipelines/term-end.toml"), &overrides).expect("a usable pipeline");
    let published = run(&config, &scratch.path().join("out"), &|_, _, _| {}).expect("a run");
    (scratch, published)
}

fn keys() -> BTreeMap<&'static str, Identity> {
    ["city", "district", "second", "school"].into_iter().map(|name| (name, Identity::generate())).collect()
}

/// The files of a package by name.
fn opened(file: &Path, key: &Identity) -> Option<BTreeMap<String, Vec<u8>>> {
    let encrypted = std::fs::read(file).expect("a package");
    let decryptor = age::Decryptor::new(encrypted.as_slice()).expect("an age file");
    let mut clear = Vec::new();
    decryptor.decrypt([key as &dyn age::Identity].into_iter()).ok()?.read_to_end(&mut clear).expect("a whole file");
    let mut archive = zip::ZipArchive::new(Cursor::new(clear)).expect("an archive");
    let mut files = BTreeMap::new();
    for number in 0..archive.len() {
        let mut entry = archive.by_index(number).expect("an entry");
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("an entry's content");
        files.insert(entry.name().expect("a name").into_owned(), content);
    }
    Some(files)
}

#[test]
fn each_recipient_gets_its_part_and_nobody_elses() {
    let keys = keys();
    let (_scratch, published) = packaged(&keys);
    let folder = published.folder.join("packages");
    let city = opened(&folder.join("市教委.zip.age"), &keys["city"]).expect("the city's key opens it");
    let district = opened(&folder.join("示例区.zip.age"), &keys["second"]).expect("any of the keys opens it");
    let school = opened(&folder.join("示例高中.zip.age"), &keys["school"]).expect("the school's key opens it");
    assert!(
        opened(&folder.join("市教委.zip.age"), &keys["district"]).is_none()
            && opened(&folder.join("示例区.zip.age"), &keys["school"]).is_none()
    );
    for name in ["index.html", "summary.xlsx", "pages/schools.js", "pages/示例区/_district.html"] {
        assert!(city.contains_key(name), "{name} is not in {:?}", city.keys());
    }
    assert!(district.contains_key(&format!("pages/示例区/{SCHOOL}.html")) && district.contains_key("pages/示例区/_district.html"));
    assert!(!district.contains_key("summary.xlsx") && !district.keys().any(|name| name.starts_with("pages/find")));
    let of_school = format!("pages/示例区/{SCHOOL}.html");
    assert!(school.contains_key(&of_school) && school.contains_key("pages/style.css"));
    let others = school.keys().filter(|name| name.starts_with("pages/示例区/3") && **name != of_school).count();
    assert_eq!(others, 0, "{:?}", school.keys());
    // Nothing in it leads out of it.
    for (name, content) in school.iter().filter(|(name, _)| name.ends_with(".html")) {
        let text = String::from_utf8_lossy(content);
        for link in text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).filter(|link| !link.starts_with('#')) {
            let target = within(name, link);
            assert!(school.contains_key(&target), "{name} leads to {target}, which is not in the package");
        }
    }
    let receipts: Vec<(&str, bool)> = published.manifest.packages.iter().map(|own| (own.recipient.as_str(), own.files > 0)).collect();
    assert_eq!(receipts, [("市教委", true), ("示例区", true), ("示例高中", true), ("别的区", false)]);
    assert!(!folder.join("别的区.zip.age").exists(), "nobody gets an empty package");
}

/// Where a link of a page leads within the archive.
fn within(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    let bytes: Vec<u8> = parts.join("/").into_bytes();
    let mut plain = Vec::new();
    let mut place = 0;
    while let Some(&byte) = bytes.get(place) {
        let code = bytes.get(place + 1..place + 3).and_then(|code| std::str::from_utf8(code).ok()).filter(|_| byte == b'%');
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(own) => {
                plain.push(own);
                place += 3;
            }
            None => {
                plain.push(byte);
                place += 1;
            }
        }
    }
    String::from_utf8(plain).expect("a path")
}

#[test]
fn no_clear_copy_stays_beside_a_package() {
    let (_scratch, published) = packaged(&keys());
    let mut left: Vec<String> = files_below(&published.folder, &published.folder)
        .iter()
        .map(|path| path.display().to_string())
        .filter(|name| !name.ends_with(".parquet"))
        .collect();
    left.sort();
    assert_eq!(left, ["SHA256SUMS", "manifest.json", "packages/市教委.zip.age", "packages/示例区.zip.age", "packages/示例高中.zip.age"]);
    let folders: Vec<PathBuf> =
        std::fs::read_dir(&published.folder).expect("a folder").flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    assert_eq!(folders, [published.folder.join("packages")]);
}

#[test]
fn a_list_that_can_t_be_used_is_told_before_anything_runs() {
    let scratch = scratch();
    let key = Identity::generate();
    let (public, secret) = (key.to_public().to_string(), age::secrecy::ExposeSecret::expose_secret(&key.to_string()).to_owned());
    let entry = |body: &str| format!("[[recipient]]\n{body}\n");
    let cases = [
        (String::new(), "names nobody"),
        (entry(&format!("name = \"a\"\ngets = \"city\"\nkeys = [\"{secret}\"]")), "secret key"),
        (entry("name = \"a\"\ngets = \"city\"\nkeys = [\"age1nonsense\"]"), "key 1 is no age key"),
        (entry("name = \"a\"\ngets = \"city\"\nkeys = [\"ssh-ed25519 AAAA\"]"), "SSH key"),
        (entry("name = \"a\"\ngets = \"city\"\nkeys = []"), "nobody could open"),
        (entry(&format!("name = \"../a\"\ngets = \"city\"\nkeys = [\"{public}\"]")), "names a file"),
        (entry(&format!("name = \"a\"\ngets = \"district\"\nkeys = [\"{public}\"]")), "asks for district"),
        (entry(&format!("name = \"a\"\ngets = \"school\"\ndistrict = \"b\"\nkeys = [\"{public}\"]")), "asks for school"),
        (entry(&format!("name = \"a\"\ngets = \"town\"\nkeys = [\"{public}\"]")), "town"),
        (entry(&format!("name = \"a\"\ngets = \"city\"\nkeys = [\"{public}\"]")).repeat(2), "two recipients"),
    ];
    for (text, told) in cases {
        let list = scratch.path().join("recipients.toml");
        std::fs::write(&list, text).expect("a list");
        let overrides = Overrides { package: true, recipients: Some(list), ..Overrides::default() };
        let fault = Config::load(&package().join("pipelines/term-end.toml"), &overrides).expect_err(told).to_string();
        assert!(fault.contains(told), "{fault}");
        assert!(!fault.contains(&secret), "a secret key is not repeated");
    }
    let overrides = Overrides { package: true, ..Overrides::default() };
    let fault = Config::load(&package().join("pipelines/term-end.toml"), &overrides).expect_err("the list is empty at first");
    assert!(fault.to_string().contains("recipients.toml"), "{fault}");
}
