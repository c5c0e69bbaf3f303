//! Subjects as small codes: the policy's names and aliases, and any other subject that the data bring.

use std::collections::HashMap;

/// A subject: its place in `Subjects`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(pub u8);

/// The names of all subjects of a run. The policy's come first, in its order.
#[derive(Clone, Debug, Default)]
pub struct Subjects {
    names: Vec<String>,
    codes: HashMap<String, Subject>,
    /// What a name means in junior school, where it differs.
    junior: Vec<(Subject, Subject)>,
}

impl Subjects {
    /// The most subjects that a run can tell apart.
    pub const LIMIT: usize = 250;

    /// The code of a name or alias that is known already.
    pub fn find(&self, name: &str) -> Option<Subject> {
        self.codes.get(name).copied()
    }

    /// The code of a name, given one if it is new; `None` when there is no room for another.
    pub fn intern(&mut self, name: &str) -> Option<Subject> {
        if let Some(known) = self.find(name) {
            return Some(known);
        }
        if self.names.len() >= Self::LIMIT {
            return None;
        }
        let subject = Subject(self.names.len() as u8);
        self.names.push(name.to_owned());
        self.codes.insert(name.to_owned(), subject);
        Some(subject)
    }

    /// Lets `alias` mean what `name` means.
    pub fn alias(&mut self, alias: &str, name: &str) {
        if let Some(subject) = self.intern(name) {
            self.codes.insert(alias.to_owned(), subject);
        }
    }

    /// Lets `alias` mean `name` in junior school, whatever it means elsewhere.
    pub fn junior_alias(&mut self, alias: &str, name: &str) {
        if let (Some(from), Some(to)) = (self.intern(alias), self.intern(name))
            && from != to
            && !self.junior.contains(&(from, to))
        {
            self.junior.push((from, to));
        }
    }

    /// The subject that is meant in junior school.
    pub fn in_junior(&self, subject: Subject) -> Subject {
        self.junior.iter().find(|(from, _)| *from == subject).map_or(subject, |(_, to)| *to)
    }

    /// The canonical name.
    pub fn name(&self, subject: Subject) -> &str {
        self.names.get(subject.0 as usize).map_or("", String::as_str)
    }

    /// Every name and alias, in no order.
    pub fn known(&self) -> impl Iterator<Item = (&str, Subject)> {
        self.codes.iter().map(|(name, subject)| (name.as_str(), *subject))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_means_what_it_stands_for_and_may_mean_something_else_in_junior_school() {
        let mut subjects = Subjects::default();
        assert!(subjects.is_empty());
        let (politics, morals) = (subjects.intern("思想政治"), subjects.intern("道德与法治"));
        let (politics, morals) = (politics.expect("room"), morals.expect("room"));
        subjects.alias("政治", "思想政治");
        assert_eq!((subjects.find("政治"), subjects.len()), (Some(politics), 2));
        assert!(!subjects.is_empty());
        assert_eq!(subjects.in_junior(politics), politics);
        subjects.junior_alias("政治", "道德与法治");
        assert_eq!((subjects.in_junior(politics), subjects.in_junior(morals)), (morals, morals));
        // What has been said stays.
        subjects.junior_alias("政治", "思想政治");
        assert_eq!(subjects.in_junior(politics), morals);
        let mut known: Vec<_> = subjects.known().collect();
        known.sort_unstable();
        assert_eq!(known, [("思想政治", politics), ("政治", politics), ("道德与法治", morals)]);
    }
}
