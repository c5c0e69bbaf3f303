//! Bars across, in parts: the one picture of the pages. Each part says its number when pointed at, and a table of the same numbers stands
//! beside every chart.

use askama::Template;

/// How many colours the pages have.
const COLOURS: usize = 8;
/// Where bars begin, how long the longest may be, and how high a row is, in the picture's own units.
const BEGIN: f64 = 120.0;
const LONGEST: f64 = 330.0;
const ROW: usize = 24;
/// Room for a label, in halves of a Chinese character.
const LABEL: usize = 18;

/// A label as far as it has room.
fn fitted(label: &str) -> String {
    let mut room = LABEL;
    let fits = |letter: &char| {
        let own = if letter.is_ascii() { 1 } else { 2 };
        let is_room = own <= room;
        room = room.saturating_sub(own);
        is_room
    };
    let short: String = label.chars().take_while(fits).collect();
    if short.len() < label.len() { format!("{short}…") } else { short }
}

/// A chart.
#[derive(Template)]
#[template(path = "chart.html")]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What the parts are, in the order of their colours.
    pub series: Vec<String>,
    rows: Vec<Row>,
    height: usize,
}

struct Row {
    label: String,
    /// What is read to whoever does not see it.
    words: String,
    beside: String,
    parts: Vec<Part>,
    top: usize,
    /// Where the text beside stands.
    end: String,
}

struct Part {
    colour: usize,
    number: u64,
    left: String,
    width: String,
    words: String,
}

/// A row of a chart as it is asked for.
pub struct Bar {
    /// What it stands for.
    pub label: String,
    /// The number of each part.
    pub parts: Vec<u64>,
    /// What the numbers are shares of; the numbers themselves are drawn without it.
    pub of: Option<u64>,
}

/// How a share is written: per thousand, with one digit.
pub fn per_thousand(number: u64, of: u64) -> String {
    if of == 0 { "—".to_owned() } else { format!("{:.1}‰", number as f64 * 1000.0 / of as f64) }
}

impl Chart {
    /// A chart of some bars; nothing where there is nothing to see.
    pub fn of(title: impl Into<String>, series: Vec<String>, bars: Vec<Bar>) -> Option<Self> {
        let length = |number: u64, of: Option<u64>| match of {
            Some(0) => 0.0,
            Some(of) => number as f64 / of as f64,
            None => number as f64,
        };
        let total = |bar: &Bar| bar.parts.iter().sum::<u64>();
        let longest = bars.iter().map(|bar| length(total(bar), bar.of)).fold(0.0, f64::max);
        if longest <= 0.0 {
            return None;
        }
        let mut rows = Vec::with_capacity(bars.len());
        for (place, bar) in bars.into_iter().enumerate() {
            let mut left = BEGIN;
            let mut parts = Vec::new();
            for (colour, (&number, title)) in bar.parts.iter().zip(&series).enumerate().filter(|(_, (number, _))| **number > 0) {
                let width = length(number, bar.of) / longest * LONGEST;
                parts.push(Part {
                    colour: colour % COLOURS,
                    number,
                    left: format!("{left:.1}"),
                    width: format!("{:.1}", width.max(0.6)),
                    words: format!("{}，{title}：{number}", bar.label),
                });
                left += width;
            }
            let all = total(&bar);
            let beside = bar.of.map_or_else(|| all.to_string(), |of| format!("{}（{all}）", per_thousand(all, of)));
            let told: Vec<String> = bar.parts.iter().zip(&series).map(|(number, title)| format!("{title} {number}")).collect();
            let label = fitted(&bar.label);
            let words = format!("{}：{}", bar.label, told.join("，"));
            rows.push(Row { label, words, beside, parts, top: place * ROW, end: format!("{:.1}", left + 6.0) });
        }
        let height = rows.len() * ROW + 4;
        Some(Self { title: title.into(), series, rows, height })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_numbers() {
        let bar = |label: &str, parts: &[u64], of| Bar { label: label.into(), parts: parts.to_vec(), of };
        let bars = vec![bar("甲区", &[3, 1], Some(1000)), bar("乙区", &[1, 1], Some(1000)), bar("丙区", &[0, 0], Some(0))];
        let chart = Chart::of("待核", vec!["一".into(), "二".into()], bars).expect("there is something to see");
        let widths: Vec<Vec<&str>> = chart.rows.iter().map(|row| row.parts.iter().map(|part| part.width.as_str()).collect()).collect();
        assert_eq!(widths, [vec!["247.5", "82.5"], vec!["82.5", "82.5"], vec![]]);
        assert_eq!(chart.rows[0].beside, "4.0‰（4）");
        assert!(Chart::of("待核", vec!["一".into()], vec![bar("甲区", &[0], None)]).is_none());
    }

    #[test]
    fn labels_of_inputs_stay_texts() {
        let bars = vec![Bar { label: "<script>alert(1)</script>".into(), parts: vec![1], of: None }];
        let page = Chart::of("题", vec!["一".into()], bars).and_then(|chart| chart.render().ok()).unwrap_or_default();
        assert!(page.contains("&#60;script&#62;") && !page.contains("<script>"), "{page}");
    }
}
