//! Groups of mentions that are one thing by its several names.

use std::borrow::Cow;

/// Words before the name of an organization, in the match form, that news leaves out when it
/// speaks of it again.
const LEFT_OUT: [&str; 12] =
    ["وزاره", "حركه", "جماعه", "تنظيم", "شركه", "مجموعه", "قناه", "صحيفه", "وكاله", "موقع", "مؤسسه", "نادي"];

/// Which group goes into which.
#[derive(Debug)]
pub(super) struct Joins {
    into: Vec<Option<usize>>,
    /// Groups that are known by an identifier: these keep it.
    known: Vec<bool>,
}

impl Joins {
    pub(super) fn new(known: Vec<bool>) -> Self {
        Self { into: vec![None; known.len()], known }
    }

    fn end(&self, mut index: usize) -> usize {
        while let Some(further) = self.into[index] {
            index = further;
        }
        index
    }

    /// Two things with identifiers are two.
    pub(super) fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.end(one), self.end(other));
        match (self.known[one], self.known[other]) {
            _ if one == other => {}
            (true, true) => {}
            (true, false) => self.into[other] = Some(one),
            (false, _) => self.into[one] = Some(other),
        }
    }

    /// A name that begins exactly one longer one is short for it, whoever else it may be the
    /// name of. `names` are sorted.
    pub(super) fn shorter(&mut self, names: &[(Cow<'_, str>, usize)], joint: &str, may_be: impl Fn(&str) -> bool) {
        for (name, index) in names.iter().filter(|(name, _)| may_be(name)) {
            let longer = format!("{name}{joint}");
            let from = names.partition_point(|(other, _)| **other < *longer);
            let mut longer = names.iter().skip(from).take_while(|(other, _)| other.starts_with(longer.as_str()));
            if let (Some((_, one)), None) = (longer.next(), longer.next()) {
                let (index, one) = (self.end(*index), self.end(*one));
                self.into[index] = (index != one).then_some(one);
            }
        }
    }

    /// الخارجية الروسية beside وزارة الخارجية الروسية is that one.
    pub(super) fn bare(&mut self, names: &[(Cow<'_, str>, usize)]) {
        for (name, whole) in names {
            let Some((_, bare)) = name.split_once(' ').filter(|(head, _)| LEFT_OUT.contains(head)) else { continue };
            let Ok(bare) = names.binary_search_by(|(other, _)| (**other).cmp(bare)) else { continue };
            self.join(names[bare].1, *whole);
        }
    }

    /// From where to where the mentions go.
    pub(super) fn moves(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let joined = (0..self.into.len()).filter(|index| self.into[*index].is_some());
        joined.map(|index| (index, self.end(index)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names<'a>(names: &[&'a str]) -> Vec<(Cow<'a, str>, usize)> {
        let mut names: Vec<_> = names.iter().enumerate().map(|(index, name)| (Cow::from(*name), index)).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_name_is_short_for_the_only_longer_one() {
        let mut joins = Joins::new(vec![false; 4]);
        joins.shorter(
            &names(&["مجلس النواب", "مجلس النواب العراقي", "حزب", "حزب العمل"]),
            " ال",
            |name| name.contains(' '),
        );
        assert_eq!(joins.moves().collect::<Vec<_>>(), [(0, 1)]);
        let mut joins = Joins::new(vec![false; 3]);
        joins.shorter(&names(&["مجلس النواب", "مجلس النواب العراقي", "مجلس النواب الليبي"]), " ال", |_| true);
        assert_eq!(joins.moves().count(), 0);
    }

    #[test]
    fn what_is_known_keeps_its_identifier_and_two_that_are_stay_two() {
        let mut joins = Joins::new(vec![true, false, true]);
        joins.bare(&names(&["الخارجيه الروسيه", "وزاره الخارجيه الروسيه", "قصر"]));
        assert_eq!(joins.moves().collect::<Vec<_>>(), [(1, 0)]);
        joins.join(0, 2);
        joins.join(1, 1);
        assert_eq!(joins.moves().count(), 1);
    }
}
