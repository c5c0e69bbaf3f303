//! The readings of a policy: the named switches with their options, and the values that the law leaves open.

use law::regulation::policy::{OPEN_VALUES, READINGS, Reading};
use serde_json::{Value, json};

use super::rules::parameter;

/// What is shown of a value that the policy lacks.
const UNSET: &str = "（政策文件未设）";

/// The word that the policy chooses for a reading.
fn chosen(reading: &Reading, policy: &toml::Table) -> Result<Option<String>, String> {
    let Some(word) = parameter(policy, &format!("readings.{}", reading.key)) else { return Ok(None) };
    if reading.options.iter().any(|(option, _)| *option == word) {
        return Ok(Some(word));
    }
    let options: Vec<&str> = reading.options.iter().map(|(option, _)| *option).collect();
    Err(format!("the policy is not usable: `readings.{}` is `{word}`; it may be {}", reading.key, options.join(" or ")))
}

/// Every reading as text.
pub(super) fn text(policy: &toml::Table) -> Result<String, String> {
    let mut lines = vec!["读法开关（政策文件的 [readings]；* 是现在的选择）".to_owned()];
    for reading in READINGS {
        let chosen = chosen(reading, policy)?;
        let value = chosen.as_deref().unwrap_or(UNSET);
        lines.push(format!("  {} = {value}  {}", reading.key, reading.clauses.join("、")));
        lines.push(format!("    {}", reading.asks));
        let mark = |option: &str| if chosen.as_deref() == Some(option) { '*' } else { ' ' };
        lines.extend(reading.options.iter().map(|(option, means)| format!("    {} {option:<12}{means}", mark(option))));
    }
    lines.push("\n条文没有定的数值和词语（政策文件里注明 reading 的）".to_owned());
    for open in OPEN_VALUES {
        let value = parameter(policy, open.path);
        lines.push(format!("  {} = {}", open.path, value.as_deref().unwrap_or(UNSET)));
        lines.push(format!("    {}（{}）", open.means, open.clauses.join("、")));
    }
    Ok(lines.join("\n"))
}

/// Every reading as JSON.
pub(super) fn json(policy: &toml::Table) -> Result<Value, String> {
    let switch = |reading: &Reading| {
        let options = reading.options.iter().map(|(word, means)| json!({ "word": word, "means": means })).collect::<Vec<_>>();
        let value = chosen(reading, policy)?;
        Ok(json!({ "key": reading.key, "clauses": reading.clauses, "asks": reading.asks, "value": value, "options": options }))
    };
    let readings = READINGS.iter().map(switch).collect::<Result<Vec<_>, String>>()?;
    let values = OPEN_VALUES
        .iter()
        .map(|open| json!({ "path": open.path, "clauses": open.clauses, "means": open.means, "value": parameter(policy, open.path) }));
    Ok(json!({ "readings": readings, "values": values.collect::<Vec<_>>() }))
}
