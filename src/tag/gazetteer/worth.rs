//! What a name is worth in running text, worked out once: from the class of the
//! thing, the frequency of the word and how often labelled text that holds the
//! words means the name.

use super::layout::{Class, Facts, flag};
use super::lists::{Lists, ThingRow, WordRow};
use crate::record::EntityType;

/// Words of these classes are no names by themselves.
const CLOSED: u16 = flag::TITLE
    | flag::HEAD
    | flag::MEDIA
    | flag::EVENT
    | flag::PLACE
    | flag::NATIONALITY
    | flag::STOP
    | flag::SPEECH
    | flag::JOINT
    | flag::INNER
    | flag::QUALIFIER
    | flag::WEAK_HEAD
    | flag::SITE;

impl Lists {
    /// Chance that the words mean the thing where they are read.
    pub(super) fn strength(&self, name: &str, words: &[&str], thing: &ThingRow, trusted: bool) -> f32 {
        let column = match thing.kind {
            EntityType::Person => 0,
            EntityType::Place => 1,
            EntityType::Organization => 2,
            EntityType::Event | EntityType::Other => 3,
        };
        let mut base = thing.class.base();
        if thing.kind == EntityType::Place && thing.class == Class::City {
            base += match thing.weight {
                500_000.. => 0.2,
                100_000.. => 0.12,
                10_000.. => 0.0,
                _ => -0.12,
            };
        }
        if trusted && thing.kind != EntityType::Place && thing.weight > 0 {
            // Our own lists say how sure they are, in per cent.
            #[allow(clippy::cast_precision_loss)]
            return thing.weight as f32 / 100.0;
        }
        let counts = self.evidence.get(name).copied().unwrap_or_default();
        let hits = counts.hits.get(column).copied().unwrap_or_default();
        let others = counts.hits.iter().sum::<f32>() - hits;
        if words.len() > 1 {
            let base = base * self.unusual(words, thing, trusted);
            let trust = if trusted { 12.0 } else { 4.0 };
            return (hits + trust * base) / (hits + others * 0.5 + counts.none + trust);
        }
        let word = self.words.get(name).copied().unwrap_or_default();
        if !trusted && word.flags & CLOSED != 0 {
            return 0.0;
        }
        let alone = match (trusted, word.prior) {
            // Our own lists hold places whose names are words, too.
            (true, Some(prior)) if column == 1 => prior.get(1).copied().unwrap_or_default().max(0.5),
            (true, _) => 1.0,
            (false, Some(prior)) => prior.get(column).copied().unwrap_or_default(),
            (false, None) if word.zipf < 2.6 => 0.8,
            (false, None) => 0.3,
        };
        let known = if word.given > 1 || word.surname > 1 { 0.75 } else { 1.0 };
        let base = if trusted { base } else { base * alone * known };
        let trust = if trusted { 12.0 } else { 3.0 };
        (hits + trust * base) / (hits + others + counts.inside * 0.5 + counts.none + trust)
    }

    /// Less than 1 where all the words of a name are ordinary ones.
    fn unusual(&self, words: &[&str], thing: &ThingRow, trusted: bool) -> f32 {
        if trusted || thing.kind == EntityType::Organization {
            return 1.0;
        }
        let ordinary = |word: &&str| {
            let row = self.words.get(*word).copied().unwrap_or_default();
            let named = row.prior.unwrap_or([0.5; 4]).iter().sum::<f32>();
            row.zipf >= 3.8 && named < 0.5 && row.given + row.surname < 3
        };
        if words.iter().all(ordinary) {
            0.45
        } else if words.iter().any(|word| self.words.get(*word).is_some_and(|row| row.flags & flag::STOP != 0)) {
            0.5
        } else {
            1.0
        }
    }
}

impl WordRow {
    /// More people bear the name than an ordinary word of its frequency would
    /// give.
    fn is_given(&self) -> bool {
        let enough = match self.zipf {
            ..3.0 => 3,
            ..3.5 => 8,
            ..4.0 => 20,
            ..4.5 => 60,
            ..5.0 => 200,
            _ => 600,
        };
        self.given + self.surname >= enough
    }

    pub(super) fn facts(&self) -> Facts {
        let listed = self.given + self.surname > 0;
        let guess = |column: usize, otherwise: f32| {
            self.prior.map_or(otherwise, |prior| {
                // A listed name part that looks like a name of some kind may be
                // one of a person, whatever kind it looks like.
                let part = self.flags & flag::NAME_TOKEN != 0 || self.given + self.surname > 1;
                let any = if part && column == 0 { 0.45 * prior.iter().sum::<f32>().min(1.0) } else { 0.0 };
                prior.get(column).copied().unwrap_or_default().max(any)
            })
        };
        let seen = self.counts.hits.iter().sum::<f32>() + self.counts.none;
        let chance = |column: usize, prior: f32| {
            let hits = self.counts.hits.get(column).copied().unwrap_or_default();
            (hits + 3.0 * prior) / (seen + 3.0)
        };
        let rare = self.zipf < 2.6;
        let named = if self.is_given() { 0.65_f32 } else { 0.0 };
        let person = match (listed, self.flags & flag::NAME_TOKEN != 0) {
            (true, _) if rare => 0.8,
            (_, true) if rare => 0.6,
            (true, _) => 0.4,
            (_, true) => 0.2,
            _ => 0.05,
        };
        Facts {
            zipf: self.zipf,
            person: chance(0, guess(0, person).max(named)),
            place: chance(1, guess(1, 0.1)),
            given: log2(self.given),
            surname: log2(self.surname),
            flags: self.flags,
        }
    }
}

/// Integer logarithm plus one: the same on every machine.
#[allow(clippy::cast_possible_truncation)] // at most 32
pub(super) fn log2(count: u32) -> u8 {
    (u32::BITS - count.leading_zeros()) as u8
}
