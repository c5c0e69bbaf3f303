//! Which of the facts that are missing does a cell hold? A finding at such a cell is what keeps the decision open.

use law::facts::codes::Read;
use law::facts::subjects::Subject;
use law::regulation::verdict::Fact;

use crate::engine::cohort::Cohort;
use crate::engine::roster::field as roster;
use crate::ingest::Sheet;
use crate::ingest::table::{Holds, Table};

/// A cell by its sheet, record and field.
#[derive(Clone, Copy)]
pub struct At<'c> {
    /// The sheet.
    pub sheet: &'c Sheet,
    /// The record.
    pub record: usize,
    /// The field, by place in the table.
    pub field: usize,
}

impl At<'_> {
    fn header(&self) -> &'static str {
        self.sheet.table.fields().get(self.field).map_or("", |field| field.header)
    }

    /// Whether the cell says what its row is about: a row whose school year can't be read may be any that is missing.
    fn is_of_key(&self) -> bool {
        self.sheet
            .table
            .fields()
            .get(self.field)
            .is_some_and(|field| matches!(field.holds, Holds::SchoolYear | Holds::Subject | Holds::Term))
    }

    /// Whether the row is about a subject, or may be.
    fn may_be_about(&self, cohort: &Cohort<'_>, subject: Subject) -> bool {
        let Some(field) = self.sheet.table.field("科目") else { return false };
        match self.sheet.code(field, self.record) {
            Read::Value(code) => Subject(code) == subject || cohort.law.subjects.in_junior(Subject(code)) == subject,
            Read::Empty | Read::Unreadable => true,
        }
    }

    /// 事项 or 类型 of the row.
    fn item(&self) -> Option<&'static str> {
        match self.sheet.table.fields().get(1)?.holds {
            Holds::Word(words) => words.get(usize::from(self.sheet.code(1, self.record).value()?)).copied(),
            _ => None,
        }
    }

    /// Whether the cell holds a fact, or may hold it.
    pub fn may_hold(&self, cohort: &Cohort<'_>, fact: Fact) -> bool {
        let (table, header) = (self.sheet.table, self.header());
        match fact {
            // What the roster's own cell lacks is taken from the ID document.
            Fact::BirthDate | Fact::Nationality if matches!(self.field, roster::ID | roster::DOCUMENT_TYPE | roster::DOCUMENT) => {
                table == Table::Roster
            }
            Fact::Status
            | Fact::Grade
            | Fact::BirthDate
            | Fact::PrimaryEntry
            | Fact::Entry
            | Fact::Nationality
            | Fact::Category
            | Fact::Mode => table == Table::Roster && fact.word(|_| String::new()) == header,
            Fact::Registration => table == Table::Registrations && (self.is_of_key() || header == "注册日期"),
            Fact::Annual(subject) => {
                table == Table::CourseResults && (self.is_of_key() || header == "学年总评") && self.may_be_about(cohort, subject)
            }
            Fact::MakeUp(subject) => {
                let is_asked = self.is_of_key() || header.starts_with("补考");
                table == Table::CourseResults && is_asked && self.may_be_about(cohort, subject)
            }
            Fact::Exam(subject) => table == Table::Exams && self.may_be_about(cohort, subject),
            Fact::Assessment(subject) => table == Table::SchoolAssessments && self.may_be_about(cohort, subject),
            Fact::Moral => table == Table::Evaluations && (self.is_of_key() || header == "思想品德与行为规范"),
            Fact::Evaluation(column) => table == Table::Evaluations && (self.is_of_key() || header == column.header()),
            Fact::Cell(cell) => {
                table.title() == cell.table.1 && header == cell.column.1 && (cell.item.is_empty() || self.item() == Some(cell.item))
            }
        }
    }
}
