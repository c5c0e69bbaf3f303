//! How does systemd run what is due? A service and a timer a pipeline.

use super::{Entry, File};

/// The units of some pipelines.
pub fn files(entries: &[Entry]) -> Vec<File> {
    let of_entry = |entry: &Entry| {
        let name = entry.file_name();
        let file = |kind: &str, text: String| File { name: format!("{name}.{kind}"), content: text.into_bytes() };
        [file("service", service(entry)), file("timer", timer(entry))]
    };
    entries.iter().flat_map(of_entry).collect()
}

/// A text between quotes, with nothing that systemd would replace.
fn quoted(text: &str) -> String {
    format!("\"{}\"", specifiers(text).replace('\\', "\\\\").replace('"', "\\\""))
}

fn specifiers(text: &str) -> String {
    text.replace('%', "%%")
}

/// Folders that `ProtectHome=yes` hides.
const HOMES: [&str; 3] = ["/home/", "/root/", "/run/user/"];

fn service(entry: &Entry) -> String {
    let is_at_home = std::iter::once(&entry.program).chain(&entry.arguments).any(|text| HOMES.iter().any(|home| text.starts_with(home)));
    let home = if is_at_home { "read-only" } else { "yes" };
    let command: Vec<String> = std::iter::once(&entry.program).chain(&entry.arguments).map(|text| quoted(text)).collect();
    // The colon: what looks like a variable is none.
    format!(
        "\
[Unit]
Description={description}

[Service]
Type=oneshot
ExecStart=:{command}
# Done and published, with findings.
SuccessExitStatus=1
TimeoutStartSec=12h
Nice=10
# Whoever may read the inputs and write below the output folder, which has to be there:
#User=xueji
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ReadWritePaths={out}
ProtectHome={home}
PrivateTmp=yes
PrivateDevices=yes
# Nothing is asked of the network; a command of the pipeline's that has to reach it needs these two lines out.
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
",
        description = specifiers(&format!("xueji: {}, if it is due", one_line(&entry.name))),
        command = command.join(" "),
        out = quoted(&entry.out),
    )
}

fn timer(entry: &Entry) -> String {
    let (hours, minutes) = entry.hours_and_minutes();
    format!(
        "\
[Unit]
Description={description}

[Timer]
# The times of day at which it can be due; the service looks at the school calendar.
OnCalendar=*-*-* {hours}:{minutes}:00 Asia/Shanghai
AccuracySec=1s
# What was missed while the machine was off is caught up, once.
Persistent=true

[Install]
WantedBy=timers.target
",
        description = specifiers(&format!("xueji: when {} can be due", one_line(&entry.name))),
    )
}

/// A backslash at its end would join the line with the next.
fn one_line(name: &str) -> String {
    name.replace('\\', "／")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HOSTILE, entry};
    use super::*;

    /// The words of a command as systemd reads them back: quotes, escapes and specifiers.
    fn words(command: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut letters = command.chars().peekable();
        while letters.peek().is_some() {
            assert_eq!(letters.next(), Some('"'), "{command}");
            let mut word = String::new();
            loop {
                match letters.next().expect("a closing quote") {
                    '"' => break,
                    '\\' => word.push(letters.next().filter(|letter| matches!(letter, '\\' | '"')).expect("an escape")),
                    '%' => word.push(letters.next().filter(|letter| *letter == '%').expect("a percent sign")),
                    letter => word.push(letter),
                }
            }
            words.push(word);
            assert!(matches!(letters.next(), None | Some(' ')), "{command}");
        }
        words
    }

    #[test]
    fn no_name_breaks_out_of_its_line() {
        for name in HOSTILE {
            let entry = entry(name, &[(2, 0)]);
            let (service, plain) = (service(&entry), service(&super::super::tests::entry("plain", &[(2, 0)])));
            assert_eq!(service.lines().count(), plain.lines().count(), "{service}");
            let started: Vec<&str> = service.lines().filter_map(|line| line.strip_prefix("ExecStart=:")).collect();
            let [command] = started[..] else { panic!("{service}") };
            let said = words(command);
            assert_eq!(said.first(), Some(&entry.program));
            assert_eq!(said.last(), Some(&format!("--pipeline={name}")));
            assert_eq!(said[1..], entry.arguments[..]);
            for line in service.lines().chain(timer(&entry).lines()) {
                assert!(!line.ends_with('\\'), "{line}");
            }
        }
    }

    #[test]
    fn timers_ring_at_all_times_of_day_that_can_be_due() {
        let timer = timer(&entry("x", &[(8, 0), (8, 30), (12, 0), (12, 30)]));
        assert!(timer.contains("\nOnCalendar=*-*-* 8,12:0,30:00 Asia/Shanghai\n"), "{timer}");
    }

    #[test]
    fn a_home_folder_is_seen_where_something_lies_in_it() {
        let mut own = entry("x", &[(2, 0)]);
        assert!(service(&own).contains("\nProtectHome=yes\n"));
        own.program = "/home/officer/xueji".into();
        assert!(service(&own).contains("\nProtectHome=read-only\n"));
    }
}
