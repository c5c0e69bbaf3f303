//! How does the Task Scheduler of Windows run what is due? One task a pipeline, as XML that `schtasks /Create /XML` takes.

use super::{Entry, File};

/// A task may have so many triggers.
const MOST_TRIGGERS: usize = 48;
const MINUTES_A_DAY: u32 = 24 * 60;

/// The tasks of some pipelines.
///
/// # Errors
/// A name or path holds what the Task Scheduler would replace.
pub fn files(entries: &[Entry]) -> Result<Vec<File>, String> {
    let of_entry = |entry: &Entry| {
        // The form that schtasks takes on every Windows: UTF-16 with its mark.
        let units = std::iter::once('\u{feff}').chain(task(entry)?.chars()).collect::<String>();
        let content = units.encode_utf16().flat_map(u16::to_le_bytes).collect();
        Ok(File { name: format!("{}.xml", entry.file_name()), content })
    };
    entries.iter().map(of_entry).collect()
}

/// An argument as Windows programs read it back.
fn quoted(text: &str) -> Result<String, String> {
    // Variables are replaced in all that a task says, whatever quotes stand around them.
    if text.contains('%') || text.contains("$(") {
        return Err(format!("\"{text}\" holds % or $(, which the Task Scheduler replaces: give it another name"));
    }
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for letter in text.chars() {
        match letter {
            '\\' => backslashes += 1,
            '"' => {
                quoted.push_str(&"\\".repeat(backslashes * 2 + 1));
                backslashes = 0;
            }
            _ => {
                quoted.push_str(&"\\".repeat(backslashes));
                backslashes = 0;
            }
        }
        if letter != '\\' {
            quoted.push(letter);
        }
    }
    quoted.push_str(&"\\".repeat(backslashes * 2));
    quoted.push('"');
    Ok(quoted)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn triggers(times: &[(u32, u32)]) -> String {
    let trigger = |(hour, minute): (u32, u32), repetition: &str| {
        // A date long gone, so that the first day is today; Shanghai keeps one time all year.
        format!(
            "    <CalendarTrigger>\n{repetition}      <StartBoundary>2025-01-01T{hour:02}:{minute:02}:00+08:00</StartBoundary>\n      \
             <Enabled>true</Enabled>\n      <ScheduleByDay>\n        <DaysInterval>1</DaysInterval>\n      </ScheduleByDay>\n    </CalendarTrigger>\n"
        )
    };
    if times.len() <= MOST_TRIGGERS {
        return times.iter().map(|time| trigger(*time, "")).collect();
    }
    // More often than triggers can say: all day, at the longest step that meets every time.
    let step = times.iter().fold(MINUTES_A_DAY, |step, (hour, minute)| greatest_common(step, hour * 60 + minute));
    let repetition =
        format!("      <Repetition>\n        <Interval>PT{step}M</Interval>\n        <Duration>P1D</Duration>\n      </Repetition>\n");
    trigger((0, 0), &repetition)
}

fn greatest_common(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { greatest_common(other, one % other) }
}

fn task(entry: &Entry) -> Result<String, String> {
    quoted(&entry.program)?;
    let arguments = entry.arguments.iter().map(|text| quoted(text)).collect::<Result<Vec<_>, _>>()?.join(" ");
    Ok(format!(
        r#"<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>xueji: {name}</Description>
  </RegistrationInfo>
  <Triggers>
{triggers}  </Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>S4U</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <WakeToRun>false</WakeToRun>
    <ExecutionTimeLimit>PT12H</ExecutionTimeLimit>
    <Priority>7</Priority>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{program}</Command>
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>
"#,
        name = escaped(&entry.name),
        triggers = triggers(&entry.times),
        program = escaped(&entry.program),
        arguments = escaped(&arguments),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HOSTILE, entry};
    use super::*;

    /// The arguments of a command line as Windows programs read them.
    fn arguments(line: &str) -> Vec<String> {
        let (mut words, mut word, mut is_quoted, mut backslashes) = (Vec::new(), String::new(), false, 0);
        for letter in line.chars().chain([' ']) {
            if letter == '\\' {
                backslashes += 1;
                continue;
            }
            if letter == '"' {
                word.push_str(&"\\".repeat(backslashes / 2));
                if backslashes % 2 == 1 { word.push('"') } else { is_quoted = !is_quoted }
            } else {
                word.push_str(&"\\".repeat(backslashes));
                if letter == ' ' && !is_quoted { words.push(std::mem::take(&mut word)) } else { word.push(letter) }
            }
            backslashes = 0;
        }
        assert!(!is_quoted, "{line}");
        words
    }

    fn between<'a>(text: &'a str, tag: &str) -> Vec<&'a str> {
        let (begin, end) = (format!("<{tag}>"), format!("</{tag}>"));
        text.split(&begin).skip(1).map(|part| part.split(&end).next().expect("its end")).collect()
    }

    #[test]
    fn no_name_breaks_out_of_its_argument() {
        for name in HOSTILE {
            let mut entry = entry("x", &[(2, 0)]);
            entry.program = r"C:\学籍\xueji.exe".into();
            entry.name = name.into();
            entry.arguments = vec![r"C:\p q\".into(), format!("--pipeline={name}")];
            if name.contains(['%', '$']) {
                task(&entry).expect_err(name);
                continue;
            }
            let task = task(&entry).expect(name);
            let [line] = between(&task, "Arguments")[..] else { panic!("{task}") };
            assert!(!line.contains(['<', '>', '"']), "{line}");
            let line = line.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            assert_eq!(arguments(&line), entry.arguments, "{line}");
            assert_eq!(between(&task, "Command"), [r"C:\学籍\xueji.exe"]);
        }
    }

    #[test]
    fn every_time_of_day_rings() {
        let few = task(&entry_of(&[(2, 0), (14, 30)])).expect("a task");
        assert_eq!(between(&few, "StartBoundary"), ["2025-01-01T02:00:00+08:00", "2025-01-01T14:30:00+08:00"]);
        let often: Vec<(u32, u32)> = (0..24).flat_map(|hour| [5, 25, 45].map(|minute| (hour, minute))).collect();
        let often = task(&entry_of(&often)).expect("a task");
        assert_eq!(between(&often, "StartBoundary"), ["2025-01-01T00:00:00+08:00"]);
        assert_eq!(between(&often, "Interval"), ["PT5M"]);
    }

    fn entry_of(times: &[(u32, u32)]) -> Entry {
        let mut entry = entry("x", times);
        entry.program = r"C:\xueji.exe".into();
        entry.arguments.clear();
        entry
    }
}
