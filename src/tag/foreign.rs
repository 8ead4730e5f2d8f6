//! Names in texts of other languages than Arabic: those of the lists for that
//! language, and the last names of persons who were named in full.

use rustc_hash::FxHashMap;

use super::gazetteer::{Language, Node};
use super::mentions::{Candidate, Named};
use super::page::Page;
use super::tokens::{self, Kind};
use crate::record::{EntityType, How, Text};

/// What stands before a last name and is not part of it.
const TITLES: &str = "mr mrs ms dr sir lord president minister premier chancellor secretary senator ambassador governor \
    general colonel judge professor prince princess king queen emir sheikh sultan pope coach mm mme \
    spokesman leader commander chief captain major \
    président présidente ministre général roi émir cheikh pape";
/// What a sentence begins with in capitals though it is no name.
const OPENERS: &str = "and but yet so as when while if for in on at by to from with after before since because although \
    though that what how why et mais quand si pour selon avec après avant comme que";
/// Small words that a last name begins with: al-Sisi, de Gaulle.
const PARTICLES: &[&str] = &["al", "el", "bin", "ben", "ibn", "de", "van", "von", "der", "le", "la", "ال", "بن"];
/// Endings of Kurdish that say where, in match form: لە هەولێردا, لە عێراقەوە.
const KURDISH_ENDINGS: &[&str] = &["دا", "هوه", "وه"];
/// As sure as a short form of a name in Arabic.
const ALIAS: f32 = 0.75;
/// Words that more people than these have for a first name (binary logarithm) are
/// no last names where no capitals tell.
const MOST_GIVEN: u8 = 3;

/// A text and the language that its names are of.
pub(super) struct Foreign<'a> {
    pub page: &'a Page<'a>,
    pub text: &'a Text,
    pub language: Language,
}

impl Foreign<'_> {
    /// Names of the lists for the language, the longest at each token.
    pub(super) fn listed(&self, found: &mut Vec<Candidate>) {
        for index in 0..self.page.len() {
            if !self.page.tokens.is_word(index) {
                continue;
            }
            let folded = self.longest(index, |at| self.page.tokens.word(at));
            let name = folded.filter(|name| self.is_name(name) && !self.is_part(name)).or_else(|| {
                // WHO and who are two words; the lists have the first as it is.
                let capitals = self.language.has_capitals() && self.shown(index).chars().all(char::is_uppercase);
                capitals.then(|| self.longest(index, |at| self.shown(at))).flatten()
            });
            found.extend(name);
        }
    }

    fn longest<'b>(&'b self, first: usize, word: impl Fn(usize) -> &'b str) -> Option<Candidate> {
        let gazetteer = self.page.gazetteer;
        let known = |word: &str| gazetteer.word(&self.language.marked(word));
        let mut node = gazetteer.first(self.ended(word(first)).find_map(known)?)?;
        let mut last = first;
        let mut longest = None;
        loop {
            longest = self.named(first, self.with_point(last), node).or(longest);
            let Some(next) = self.next(last) else { break };
            let step = self.ended(word(next)).find_map(|word| gazetteer.next(node, known(word)?));
            let Some(step) = step else { break };
            (node, last) = (step, next);
        }
        longest
    }

    fn named(&self, first: usize, last: usize, node: Node) -> Option<Candidate> {
        let best = self.page.gazetteer.best(node)?;
        let named = Some(Named { user: false, node });
        Some(Candidate { how: How::Gazetteer, named, ..Candidate::rule(first, last, best.kind, best.strength) })
    }

    /// The word, and what is left of it without an ending of its language.
    fn ended<'b>(&self, word: &'b str) -> impl Iterator<Item = &'b str> + use<'b> {
        let endings = if self.language == Language::Kurdish { KURDISH_ENDINGS } else { &[] };
        let stem = |ending: &&str| word.strip_suffix(*ending).filter(|stem| stem.chars().count() > 2);
        std::iter::once(word).chain(endings.iter().filter_map(stem))
    }

    /// The next word of a name: al-Sisi, Côte d'Ivoire and U.N. go on behind their marks.
    fn next(&self, last: usize) -> Option<usize> {
        let follows = |index: usize| self.page.tokens.is_word(index) || self.page.tokens.kind(index) == Kind::Number;
        if follows(last + 1) {
            return Some(last + 1);
        }
        let mark = matches!(self.page.tokens.word(last + 1), "-" | "'" | "’" | "‘" | ".");
        (mark && self.touch(last) && self.touch(last + 1) && follows(last + 2)).then_some(last + 2)
    }

    /// The point behind the last letter of U.S. is part of it.
    fn with_point(&self, last: usize) -> usize {
        let point = |index: usize| self.page.tokens.word(index) == ".";
        let abbreviated = last > 0 && point(last - 1) && self.page.tokens.word(last).len() == 1;
        if abbreviated && point(last + 1) && self.touch(last) { last + 1 } else { last }
    }

    /// No blank stands between a token and the next.
    fn touch(&self, index: usize) -> bool {
        self.page.tokens.get(index).map(|token| token.end) == self.page.tokens.get(index + 1).map(|token| token.start)
    }

    fn shown(&self, index: usize) -> &str {
        self.text.shown(tokens::shown(self.text, self.page.tokens.span(index, index, 0)))
    }

    /// Some word of the name begins with a capital: al-Sisi, mer Rouge.
    fn is_name(&self, name: &Candidate) -> bool {
        !self.language.has_capitals() || (name.first..=name.last).any(|index| self.is_capital(index))
    }

    /// Somebody's name of whom the list knows no more, and who is called more than
    /// that here: Ahmed Sharif in Ahmed Sharif Chaudhry.
    fn is_part(&self, name: &Candidate) -> bool {
        let known = |named: Named| {
            let gazetteer = self.page.gazetteer;
            gazetteer.entries(named.node).any(|entry| gazetteer.thing(entry.thing).is_one())
        };
        name.kind == EntityType::Person
            && self.language.has_capitals()
            && !name.named.is_some_and(known)
            && !self.stands_alone(name.first, name.last)
    }

    fn is_capital(&self, index: usize) -> bool {
        self.page.tokens.is_word(index) && self.shown(index).starts_with(char::is_uppercase)
    }

    /// Where persons who were named in full are called by their last names.
    pub(super) fn last_names(&self, mentions: &[Candidate]) -> Vec<Candidate> {
        let mut full: FxHashMap<&str, Option<&Candidate>> = FxHashMap::default();
        let mut taken = vec![false; self.page.len()];
        for name in mentions.iter().filter(|one| one.words() > 1) {
            if let Some(taken) = taken.get_mut(name.first..=name.last) {
                taken.fill(true);
            }
            if name.kind == EntityType::Person {
                let first = full.entry(self.page.tokens.word(name.last)).or_insert(Some(name));
                // Whose it is nobody knows where two of them have it.
                *first = first.filter(|first| self.words(first).eq(self.words(name)));
            }
        }
        let mut found = Vec::new();
        for (index, taken) in taken.iter().enumerate() {
            let Some(person) = full.get(self.page.tokens.word(index)).copied().flatten() else { continue };
            let first = self.with_particle(index);
            if index > person.last && !taken && self.is_last_name(first, index) {
                let alias = Candidate::rule(first, index, EntityType::Person, ALIAS);
                found.push(Candidate { how: How::Alias, of: Some(person.first), ..alias });
            }
        }
        found
    }

    fn words(&self, name: &Candidate) -> impl Iterator<Item = &str> {
        (name.first..=name.last).map(|index| self.page.tokens.word(index))
    }

    fn is_last_name(&self, first: usize, last: usize) -> bool {
        if self.language.has_capitals() {
            self.is_capital(last) && self.stands_alone(first, last)
        } else {
            self.page.facts(last).given <= MOST_GIVEN
        }
    }

    /// No part of a longer name, as far as capitals around it tell.
    fn stands_alone(&self, first: usize, last: usize) -> bool {
        let before = first.checked_sub(1).filter(|before| self.is_capital(*before));
        let apart = |word: &str| [TITLES, OPENERS].iter().any(|words| words.split(' ').any(|one| one == word));
        !self.is_capital(last + 1) && before.is_none_or(|before| apart(self.page.tokens.word(before)))
    }

    /// Where the name begins if a particle belongs to it.
    fn with_particle(&self, index: usize) -> usize {
        let before = if self.page.tokens.word(index.wrapping_sub(1)) == "-" {
            index.checked_sub(2)
        } else {
            index.checked_sub(1)
        };
        before.filter(|before| PARTICLES.contains(&self.page.tokens.word(*before))).unwrap_or(index)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::super::gazetteer::{Gazetteer, build};
    use super::super::{Hints, Options, Tagger};
    use crate::record::Entity;

    fn tagger() -> Tagger {
        let things = "names\tkind\tclass\tcountry\tqid\tgeonames\tweight\n\
            مصر\tplace\tcountry\tEG\tQ79\t\t\n\
            العراق\tplace\tcountry\tIQ\tQ796\t\t\n\
            عبد الفتاح السيسي\tperson\tfigure\tEG\tQ307871\t\t\n\
            روحاني\tperson\tfigure\tIR\t\t\t\n\
            أنتوني بلينكن\tperson\tfigure\tUS\t\t\t\n\
            منظمة الصحة العالمية\torganization\tintergov\t\tQ7817\t\t\n\
            ساحل العاج\tplace\tcountry\tCI\tQ1008\t\t\n\
            إقليم كردستان\tplace\tregion\tIQ\t\t\t\n";
        let called = "thing\ten\tfr\tfa\tckb\n\
            مصر\tEgypt\tÉgypte\tمصر\tمیسر\n\
            العراق\tIraq\tIrak\tعراق\tعێراق\n\
            عبد الفتاح السيسي\tAbdel Fattah al-Sisi\n\
            أنتوني بلينكن\tAntony Blinken\t\tآنتونی بلینکن\n\
            منظمة الصحة العالمية\tWorld Health Organization|WHO|W.H.O.\tOrganisation mondiale de la santé|OMS\n\
            ساحل العاج\tIvory Coast|Côte d'Ivoire\tCôte d'Ivoire\n\
            إقليم كردستان\t\t\t\tهەرێمی کوردستان\n";
        let english = "names:en\tkind\tclass\tcountry\tqid\tgeonames\tweight\nKafr Nabl\tplace\tlocality\tSY\t\t169389\t\n\
            Sami Rose\tperson\tperson\t\t\t\t\n";
        let lists = [("curated.tsv", things), ("curated-languages.tsv", called), ("names-en.tsv", english)];
        let sources = lists.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let gazetteer = Gazetteer::new(build(&sources).unwrap()).unwrap();
        Tagger::new(&Options::default(), gazetteer, &[]).unwrap()
    }

    /// Name of the lists, and what each mention reads.
    fn found(language: &str, line: &str) -> Vec<String> {
        let mut text = fixture::text(&[line]);
        text.language.tag = language.to_owned();
        let shown = |entity: &Entity| {
            let mentions = entity.mentions.iter().map(|mention| text.shown(mention.span));
            format!("{}: {}", entity.name, mentions.collect::<Vec<_>>().join(", "))
        };
        tagger().tag(&text, Hints::default()).0.entities.iter().map(shown).collect()
    }

    #[test]
    fn names_are_those_of_the_language_of_the_text() {
        assert_eq!(found("en", "He went to Egypt."), ["مصر: Egypt"]);
        assert_eq!(found("en-GB", "He went to Kafr Nabl."), ["Kafr Nabl: Kafr Nabl"]);
        assert_eq!(found("fr", "Il va en Égypte."), ["مصر: Égypte"]);
        assert_eq!(found("fa", "به عراق رفت"), ["العراق: عراق"]);
        assert!(found("fr", "Egypt").is_empty() && found("de", "Egypt").is_empty());
        assert!(found("fa", "سفر روحانی").is_empty(), "an ordinary word there");
        assert_eq!(found("ur", "روحانی"), ["روحاني: روحانی"]);
    }

    #[test]
    fn an_arabic_text_has_none_of_them() {
        assert!(found("ar", "Egypt WHO میسر").is_empty());
    }

    #[test]
    fn capitals_tell_a_name_from_a_word() {
        assert!(found("en", "egypt is a word here").is_empty());
        assert_eq!(found("en", "The WHO said who it was, the W.H.O. too."), ["منظمة الصحة العالمية: WHO, W.H.O."]);
    }

    #[test]
    fn hyphens_and_apostrophes_hold_a_name_together() {
        assert_eq!(found("fr", "La Côte d’Ivoire et l'Égypte"), ["ساحل العاج: Côte d’Ivoire", "مصر: Égypte"]);
        assert_eq!(found("en", "Abdel Fattah al-Sisi spoke"), ["عبد الفتاح السيسي: Abdel Fattah al-Sisi"]);
        assert!(found("en", "Ivory. Coast").is_empty());
    }

    #[test]
    fn last_names_stand_for_who_was_named_in_full() {
        assert_eq!(
            found("en", "Antony Blinken left. Later Mary Blinken, but Blinken's aide and Mr Blinken came."),
            ["أنتوني بلينكن: Antony Blinken, Blinken, Blinken"]
        );
        assert_eq!(
            found("en", "Abdel Fattah al-Sisi spoke, and then al-Sisi left; Sisi came back."),
            ["عبد الفتاح السيسي: Abdel Fattah al-Sisi, al-Sisi, Sisi"]
        );
        assert!(found("en", "Blinken spoke").is_empty());
        assert_eq!(found("en", "Minister Sami Rose came. Sami Rose left."), ["Sami Rose: Sami Rose, Sami Rose"]);
        assert!(found("en", "Sami Rose Darwish and Omar Sami Rose came").is_empty());
        assert_eq!(found("fa", "آنتونی بلینکن رفت و بلینکن گفت"), ["أنتوني بلينكن: آنتونی بلینکن, بلینکن"]);
    }

    #[test]
    fn kurdish_endings_are_no_part_of_a_name() {
        assert_eq!(
            found("ckb", "لە هەرێمی کوردستاندا و لە عێراقەوە"),
            ["إقليم كردستان: هەرێمی کوردستاندا", "العراق: عێراقەوە"]
        );
    }
}
