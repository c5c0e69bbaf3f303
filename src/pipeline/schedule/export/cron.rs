//! How does cron run what is due? One line a pipeline of one crontab.

use super::{Entry, File};

/// The crontab of some pipelines.
pub fn files(entries: &[Entry]) -> Vec<File> {
    let mut text = "\
# What is due in xueji. Each line looks at the school calendar itself, and catches up once what was missed.
# A cron that knows no CRON_TZ (Debian's) takes these times for its own: set the machine to Asia/Shanghai, or it is late, but never wrong.
CRON_TZ=Asia/Shanghai
SHELL=/bin/sh
"
    .to_owned();
    entries.iter().for_each(|entry| text.push_str(&line(entry)));
    vec![File { name: "xueji.crontab".into(), content: text.into_bytes() }]
}

fn line(entry: &Entry) -> String {
    let (hours, minutes) = entry.hours_and_minutes();
    let words: Vec<String> = std::iter::once(&entry.program).chain(&entry.arguments).map(|text| quoted(text)).collect();
    format!("{minutes} {hours} * * * {}\n", words.join(" "))
}

/// A word of the shell, with the percent sign that cron would take for the end of a line.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''").replace('%', "\\%"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HOSTILE, entry};
    use super::*;

    #[test]
    #[cfg(unix)]
    fn the_shell_reads_back_what_was_meant() {
        for name in HOSTILE {
            let entry = entry(name, &[(2, 0), (2, 30)]);
            let line = line(&entry);
            let command = line.strip_prefix("0,30 2 * * * ").expect("the time").strip_suffix('\n').expect("the end");
            assert!(!command.contains('\n'));
            // cron itself: a percent sign that nothing stands before ends the command.
            let mut before = ' ';
            for letter in command.chars() {
                assert!(letter != '%' || before == '\\', "{command}");
                before = letter;
            }
            let command = command.replace("\\%", "%");
            let shell = format!("printf '%s\\n' {command}");
            let output = std::process::Command::new("/bin/sh").args(["-c", &shell]).output().expect("a shell");
            let said = String::from_utf8(output.stdout).expect("text");
            let meant: Vec<&str> = std::iter::once(&entry.program).chain(&entry.arguments).map(String::as_str).collect();
            assert_eq!(said.lines().collect::<Vec<_>>(), meant);
        }
    }
}
