//! The cell as nearly every writer writes it, `<c r="B2" s="1" t="s"><v>12</v></c>`, matched byte for byte.
//!
//! Most of the time that reading takes goes into cells. This halves it; whatever looks any different is left to the general way.

/// What such a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds<'a> {
    Nothing,
    /// The number of a shared string.
    Shared(usize),
    Number(&'a str),
    /// Something in a column that nobody wants.
    Unwanted,
}

/// Such a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UsualCell<'a> {
    pub(super) column: usize,
    pub(super) style: usize,
    pub(super) holds: Holds<'a>,
    /// The bytes it takes.
    pub(super) length: usize,
}

/// The cell at the start of a text, if it is such a one.
#[inline]
pub(super) fn usual_cell<'a>(text: &'a str, is_wanted: impl Fn(usize) -> bool) -> Option<UsualCell<'a>> {
    let mut rest = text.as_bytes().strip_prefix(b"<c r=\"")?;
    let mut column = 0_usize;
    while let [letter @ b'A'..=b'Z', tail @ ..] = rest {
        column = column.saturating_mul(26).saturating_add(usize::from(letter - b'A') + 1);
        rest = tail;
    }
    let column = column.checked_sub(1)?;
    while let [b'0'..=b'9', tail @ ..] = rest {
        rest = tail;
    }
    rest = rest.strip_prefix(b"\"")?;
    let mut style = 0;
    if let Some(tail) = rest.strip_prefix(b" s=\"") {
        (style, rest) = number(tail)?;
        rest = rest.strip_prefix(b"\"")?;
    }
    let mut shared = false;
    if let Some(tail) = rest.strip_prefix(b" t=\"") {
        match tail {
            [b's', b'"', tail @ ..] => (shared, rest) = (true, tail),
            [b'n', b'"', tail @ ..] => rest = tail,
            _ => return None,
        }
    }
    let length = |rest: &[u8]| text.len() - rest.len();
    if let Some(rest) = rest.strip_prefix(b"/>") {
        return Some(UsualCell { column, style, holds: Holds::Nothing, length: length(rest) });
    }
    rest = rest.strip_prefix(b"><v>")?;
    let holds;
    if !is_wanted(column) {
        while let [byte, tail @ ..] = rest
            && *byte != b'<'
        {
            rest = tail;
        }
        holds = Holds::Unwanted;
    } else if shared {
        let index;
        (index, rest) = number(rest)?;
        holds = Holds::Shared(index);
    } else {
        let start = length(rest);
        while let [byte, tail @ ..] = rest
            && is_of_number(*byte)
        {
            rest = tail;
        }
        let end = length(rest);
        if start == end {
            return None;
        }
        holds = Holds::Number(text.get(start..end)?);
    }
    rest = rest.strip_prefix(b"</v></c>")?;
    Some(UsualCell { column, style, holds, length: length(rest) })
}

/// Whether a stored number may have that byte.
#[inline]
pub(super) fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E')
}

/// The digits at the start, at least one, as a number.
#[inline]
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut rest = bytes;
    let mut number = 0_usize;
    while let [digit @ b'0'..=b'9', tail @ ..] = rest {
        number = number.saturating_mul(10).saturating_add(usize::from(digit - b'0'));
        rest = tail;
    }
    if rest.len() == bytes.len() { None } else { Some((number, rest)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_usual_form_is_taken() {
        let cell = |text| usual_cell(text, |column| column < 26);
        let expected = |column, style, holds, length| Some(UsualCell { column, style, holds, length });
        assert_eq!(cell("<c r=\"B2\" s=\"3\" t=\"s\"><v>12</v></c><c"), expected(1, 3, Holds::Shared(12), 35));
        assert_eq!(cell("<c r=\"Z2\"><v>-1.5E3</v></c>"), expected(25, 0, Holds::Number("-1.5E3"), 27));
        assert_eq!(cell("<c r=\"AA2\" t=\"n\"><v>王&amp;</v></c>"), expected(26, 0, Holds::Unwanted, 36));
        assert_eq!(cell("<c r=\"A2\" s=\"1\"/>"), expected(0, 1, Holds::Nothing, 17));
        for other in [
            "",
            "<c",
            "<c r=\"2\"/>",
            "<c r=\"A1\" t=\"str\"><v>1</v></c>",
            "<c r=\"A1\" cm=\"1\"><v>1</v></c>",
            "<c r=\"A1\"><v></v></c>",
            "<c r=\"A1\"><v>1</v ></c>",
            "<c r=\"A1\"><v>abc</v></c>",
            "<c r=\"A1\" t=\"s\"><v> 1</v></c>",
            "<c r=\"A1\"><f>1</f><v>1</v></c>",
            "<c r=\"A1\"><v>1</v></c",
        ] {
            assert_eq!(cell(other), None, "{other}");
        }
    }
}
