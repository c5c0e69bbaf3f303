//! A student's term as a small calendar: a character a school day, a line a month, the spell that counts underlined.

use std::fmt::Write;

use chrono::{Datelike, NaiveDate};
use law::facts::attendance::DayRecord;
use serde_json::{Map, Value};

/// A student's term up to the day judged.
pub struct Term {
    /// The school days and what is on record.
    pub days: Vec<(NaiveDate, DayRecord)>,
    /// Whether a day without a record is unknown, and not 出勤.
    pub is_daily: bool,
    /// The spell that counts.
    pub spell: Option<(NaiveDate, NaiveDate)>,
}

impl Term {
    fn letter(&self, record: DayRecord) -> char {
        match record {
            DayRecord::None if self.is_daily => '？',
            DayRecord::None | DayRecord::Present => '．',
            DayRecord::Unreadable => '？',
            record => record.word().chars().next().unwrap_or('？'),
        }
    }

    fn is_marked(&self, day: NaiveDate) -> bool {
        self.spell.is_some_and(|(first, last)| (first..=last).contains(&day))
    }

    /// The calendar; nothing for a term that has not begun.
    pub fn lines(&self) -> Vec<String> {
        if self.days.is_empty() {
            return Vec::new();
        }
        let mut lines = vec!["本学期的上课日（．出勤，旷、病、事、停、迟、早各一天，？没有记录或读不出；︿ 是这次看的一段）：".to_owned()];
        for month in self.days.chunk_by(|(one, _), (other, _)| one.month() == other.month()) {
            let (mut letters, mut marks) = (String::new(), String::new());
            for week in month.chunk_by(|(one, _), (other, _)| one.iso_week() == other.iso_week()) {
                for (day, record) in week {
                    letters.push(self.letter(*record));
                    marks.push(if self.is_marked(*day) { '︿' } else { '　' });
                }
                letters.push(' ');
                marks.push(' ');
            }
            let mut title = String::new();
            // Writing to a string can't fail.
            let _ = month.first().map(|(day, _)| write!(title, "  {}-{:02}  ", day.year(), day.month()));
            lines.push(format!("{title}{}", letters.trim_end()));
            if marks.contains('︿') {
                lines.push(format!("{}{}", " ".repeat(title.len()), marks.trim_end()));
            }
        }
        lines
    }

    /// The days with a record other than 出勤, by date.
    pub fn object(&self) -> Value {
        let told = self.days.iter().filter(|(_, record)| !matches!(record, DayRecord::None | DayRecord::Present));
        Value::Object(told.map(|(day, record)| (day.to_string(), Value::from(record.word()))).collect::<Map<_, _>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_term_is_drawn_a_character_a_school_day() {
        let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let kinds = [DayRecord::Present, DayRecord::Truancy, DayRecord::Truancy, DayRecord::Late, DayRecord::None];
        let days = ["2025-09-25", "2025-09-26", "2025-09-28", "2025-09-29", "2025-10-09"].map(date);
        let mut term =
            Term { days: days.into_iter().zip(kinds).collect(), is_daily: true, spell: Some((date("2025-09-26"), date("2025-09-28"))) };
        assert_eq!(term.lines()[1..], ["  2025-09  ．旷旷 迟", "           　︿︿", "  2025-10  ？"]);
        assert_eq!(term.object().to_string(), r#"{"2025-09-26":"旷课","2025-09-28":"旷课","2025-09-29":"迟到"}"#);
        (term.is_daily, term.spell) = (false, None);
        assert_eq!(term.lines()[1..], ["  2025-09  ．旷旷 迟", "  2025-10  ．"]);
    }
}
