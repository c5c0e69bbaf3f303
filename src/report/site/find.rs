//! The small files by which schools and students are found: a script each, because a page that is opened from a disk may load nothing else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::sums::Line;
use crate::report::schools::School;
use crate::report::text::shown_name;

/// Students to a file, more or less, and the most files.
const STUDENTS_A_FILE: usize = 1_600;
const MOST_FILES: usize = 4_096;

/// The names of all students with their schools, by the file that they go to.
pub struct Names {
    files: Vec<Mutex<Shard>>,
}

/// Names, each with a line break behind it, and the place of each one's school among all.
#[derive(Default)]
struct Shard {
    names: String,
    schools: Vec<u32>,
}

/// A name as it is looked for: without spaces, and without the dots that are typed in many ways. `site.js` does the same.
fn folded(name: &str) -> impl Iterator<Item = char> {
    name.chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '·' | '•' | '．' | '.' | '・' | '‧'))
        .flat_map(char::to_lowercase)
}

impl Names {
    /// Room for the names of so many students.
    pub fn of(students: u64) -> Self {
        let files = usize::try_from(students).unwrap_or(usize::MAX).div_ceil(STUDENTS_A_FILE).clamp(1, MOST_FILES);
        Self { files: (0..files).map(|_| Mutex::default()).collect() }
    }

    /// How many files there are.
    pub fn number(&self) -> usize {
        self.files.len()
    }

    /// The file of a name; none for a name of one letter.
    fn file(&self, name: &str) -> Option<usize> {
        let mut letters = folded(name);
        let (first, second) = (letters.next()?, letters.next()?);
        Some((first as usize * 31 + second as usize) % self.files.len())
    }

    /// Enters the students of a school.
    pub fn enter(&self, school: &School) {
        let mut names: Vec<String> = school.students.iter().map(|student| shown_name(&student.name)).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let Some(file) = self.file(&name).and_then(|file| self.files.get(file)) else { continue };
            let mut shard = file.lock().unwrap_or_else(PoisonError::into_inner);
            shard.names.push_str(&name);
            shard.names.push('\n');
            shard.schools.push(school.place as u32);
        }
    }

    /// Writes the files into a folder.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        self.files.par_iter().enumerate().try_for_each(|(number, file)| {
            let shard = file.lock().unwrap_or_else(PoisonError::into_inner);
            let mut by_name: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
            for (name, school) in shard.names.lines().zip(&shard.schools) {
                by_name.entry(name).or_default().push(*school);
            }
            let mut script = format!("xuejiNames({number},[");
            for (place, (name, mut schools)) in by_name.into_iter().enumerate() {
                schools.sort_unstable();
                script.push_str(if place > 0 { ",\n[" } else { "\n[" });
                script.push_str(&quoted(name));
                for school in schools {
                    script.push(',');
                    script.push_str(&school.to_string());
                }
                script.push(']');
            }
            script.push_str("]);\n");
            std::fs::write(folder.join(format!("{number}.js")), script)
        })
    }
}

/// Writes the list of schools: code, name, link, district, in the order of their places.
///
/// # Errors
/// The disk refuses.
pub fn write_schools(path: &Path, lines: &[Line]) -> std::io::Result<()> {
    let mut script = String::from("window.xuejiSchools=[");
    for (place, line) in lines.iter().enumerate() {
        script.push_str(if place > 0 { ",\n[" } else { "\n[" });
        let words = [shown_name(&line.code), line.title.clone(), line.link.clone(), shown_name(&line.district)];
        script.push_str(&words.map(|word| quoted(&word)).join(","));
        script.push(']');
    }
    script.push_str("];\n");
    std::fs::write(path, script)
}

/// A text within a script: nothing in it ends the text or the script.
fn quoted(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folded_as_the_page_folds_them() {
        assert_eq!(folded("买买提 · Ali").collect::<String>(), "买买提ali");
        let names = Names::of(1_600_000);
        assert_eq!(names.number(), 1_000);
        // 王 is U+738B, 小 U+5C0F.
        assert_eq!(names.file("王 小明"), Some((0x738B * 31 + 0x5C0F) % 1_000));
        assert_eq!(names.file("王"), None);
    }

    #[test]
    fn a_text_ends_neither_itself_nor_the_script() {
        assert_eq!(quoted("\"</script>\\"), "\"\\\"\\u003c/script>\\\\\"");
    }
}
