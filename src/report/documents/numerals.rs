//! Numbers in the capital numerals of signed papers, which nobody can change with a stroke.

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
/// The units of a digit, the last one first: those within four digits, and that of each four.
const UNITS: [&str; 4] = ["", "拾", "佰", "仟"];
const FOURS: [&str; 5] = ["", "万", "亿", "万亿", "亿亿"];

/// A number in capital numerals.
pub fn capitals(number: usize) -> String {
    let digits: Vec<usize> = number.to_string().bytes().map(|byte| usize::from(byte - b'0')).collect();
    let mut written = String::new();
    let (mut skipped, mut of_four) = (false, false);
    for (place, digit) in digits.iter().copied().enumerate() {
        let left = digits.len() - 1 - place;
        if digit == 0 {
            skipped = true;
        } else {
            if skipped && !written.is_empty() {
                written.push('零');
            }
            (skipped, of_four) = (false, true);
            written.extend(DIGITS.get(digit));
            written.push_str(UNITS.get(left % 4).copied().unwrap_or_default());
        }
        if left.is_multiple_of(4) && std::mem::take(&mut of_four) {
            written.push_str(FOURS.get(left / 4).copied().unwrap_or_default());
        }
    }
    if written.is_empty() { "零".to_owned() } else { written }
}

#[cfg(test)]
mod tests {
    use super::capitals;

    #[test]
    fn numbers_are_written_out() {
        let written = [
            (0, "零"),
            (1, "壹"),
            (10, "壹拾"),
            (36, "叁拾陆"),
            (105, "壹佰零伍"),
            (110, "壹佰壹拾"),
            (1_000, "壹仟"),
            (1_005, "壹仟零伍"),
            (1_050, "壹仟零伍拾"),
            (10_000, "壹万"),
            (10_001, "壹万零壹"),
            (100_200, "壹拾万零贰佰"),
            (1_600_000, "壹佰陆拾万"),
        ];
        for (number, expected) in written {
            assert_eq!(capitals(number), expected);
        }
    }
}
