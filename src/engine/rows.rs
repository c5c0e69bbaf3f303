//! Every input row by one number, and which rows are a student's: offsets counted per student, no sort and no grouping.

use law::facts::student::Row;

use crate::ingest::{Inputs, Sheet};

/// The rows of all sheets in one line: a sheet begins where the one before it ends.
#[derive(Clone, Debug)]
pub struct RowIndex {
    begins: Vec<u32>,
}

impl RowIndex {
    /// Numbers the rows of all sheets.
    pub fn new(inputs: &Inputs) -> Self {
        let mut begins = Vec::with_capacity(inputs.sheets.len() + 1);
        let mut next = 0_u32;
        for sheet in &inputs.sheets {
            begins.push(next);
            next = next.saturating_add(sheet.rows_read);
        }
        begins.push(next);
        Self { begins }
    }

    /// The row of a record of a sheet.
    pub fn row(&self, sheet: usize, record: usize) -> Row {
        Row(self.begins[sheet] + record as u32)
    }

    /// The ranks of sheets by file and name: in whatever order folders were given, the ranks are the same.
    pub fn ranks(inputs: &Inputs) -> Vec<u32> {
        let mut places: Vec<usize> = (0..inputs.sheets.len()).collect();
        places.sort_by_key(|place| {
            let sheet = &inputs.sheets[*place];
            (inputs.files[sheet.file].path.as_str(), sheet.name.as_str(), sheet.rows.get(0))
        });
        let mut ranks = vec![0; places.len()];
        for (place, rank) in places.into_iter().zip(0..) {
            ranks[place] = rank;
        }
        ranks
    }

    /// The sheet and record of a row.
    pub fn locate(&self, row: Row) -> (usize, usize) {
        let sheet = self.begins.partition_point(|begin| *begin <= row.0) - 1;
        (sheet, (row.0 - self.begins[sheet]) as usize)
    }

    /// The same, looking first at the sheet where a row was found before.
    pub fn locate_near(&self, row: Row, before: usize) -> (usize, usize) {
        match self.begins.get(before..before + 2) {
            Some([begin, end]) if (*begin..*end).contains(&row.0) => (before, (row.0 - begin) as usize),
            _ => self.locate(row),
        }
    }
}

/// No student.
pub const NOBODY: u32 = u32::MAX;

/// The rows of one table by student, each student's in the order of the inputs.
#[derive(Clone, Debug, Default)]
pub struct RowsOfStudents {
    ends: Vec<u32>,
    rows: Vec<Row>,
}

impl RowsOfStudents {
    /// Puts rows in order: for each part of rows that belong together, its first row and the student of each row.
    pub fn new(students: usize, parts: &[(Row, Vec<u32>)]) -> Self {
        let mut ends = vec![0_u32; students + 1];
        for student in parts.iter().flat_map(|(_, students)| students) {
            if *student != NOBODY {
                ends[*student as usize + 1] += 1;
            }
        }
        for place in 1..ends.len() {
            ends[place] += ends[place - 1];
        }
        let mut rows = vec![Row(0); ends.last().map_or(0, |end| *end as usize)];
        // `ends` serves as the next free place of each student while rows are filled in; afterwards each is its end.
        for (first, students) in parts {
            for (record, student) in students.iter().enumerate() {
                if *student != NOBODY {
                    let next = &mut ends[*student as usize];
                    rows[*next as usize] = Row(first.0 + record as u32);
                    *next += 1;
                }
            }
        }
        Self { ends, rows }
    }

    /// The rows of a student.
    pub fn of(&self, student: usize) -> &[Row] {
        let Some(&end) = self.ends.get(student) else { return &[] };
        let begin = student.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.rows.get(begin as usize..end as usize).unwrap_or(&[])
    }
}

/// The place in the spreadsheet of a record.
pub fn spreadsheet_row(sheet: &Sheet, record: usize) -> u32 {
    sheet.rows.get(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_by_student_in_their_order() {
        let parts = [(Row(0), vec![1, 0, NOBODY, 1]), (Row(10), vec![0, 2])];
        let rows = RowsOfStudents::new(4, &parts);
        assert_eq!(rows.of(0), [Row(1), Row(10)]);
        assert_eq!(rows.of(1), [Row(0), Row(3)]);
        assert_eq!(rows.of(2), [Row(11)]);
        assert!(rows.of(3).is_empty() && rows.of(9).is_empty());
    }
}
