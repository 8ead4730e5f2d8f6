//! When a prefix letter may be split off.
//!
//! `و` and `ف` come first, then `ب`, `ك` or `ل`, and `لل` is `ل` before an
//! article or before a word that begins with `ل`. A letter is split off only
//! if what is left is a word that is known and that is read more often than
//! the whole, or one that stands alone elsewhere in the article. `ف` and `ك` are
//! read before few words and begin many names (فورد، كاني): they ask for more.

use super::gazetteer::{Facts, Gazetteer, Root, WordId, flag};

/// One reading of a token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Form {
    /// Bytes that are no part of the name.
    pub cut: u8,
    /// A preposition was split off, be it inside the span (`للعراق`).
    pub preposition: bool,
    pub word: Option<WordId>,
    /// What the gazetteer knows of the word, and of names that begin with it.
    pub facts: Facts,
    pub root: Option<Root>,
}

impl Form {
    fn new(gazetteer: &Gazetteer, word: Option<WordId>, cut: u8, preposition: bool) -> Self {
        let facts = word.map(|word| gazetteer.facts(word)).unwrap_or_default();
        Self { cut, preposition, word, facts, root: word.and_then(|word| gazetteer.root(word)) }
    }
}

/// All readings of a token, the whole word first.
#[derive(Debug, Clone)]
pub(super) struct Forms(Vec<Form>);

const MAX: usize = 6;

impl Forms {
    pub(super) fn new(word: &str, gazetteer: &Gazetteer) -> Self {
        let whole = Form::new(gazetteer, gazetteer.word(word), 0, false);
        let mut forms = vec![whole];
        if whole.facts.is(flag::WHOLE) {
            return Self(forms);
        }
        each_stem(word, |stem| {
            let Some(id) = gazetteer.word(stem.text).filter(|_| forms.len() < MAX) else { return };
            let form = Form::new(gazetteer, Some(id), stem.cut, stem.preposition);
            let rare = word.get(..stem.cut.into()).is_some_and(|before| before.contains(RARE));
            let parts = if rare { parts_rarely(&whole, &form) } else { parts_often(&whole, &form) };
            if parts {
                forms.push(form);
            }
        });
        Self(forms)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Form> + '_ {
        self.0.iter()
    }

    pub(super) fn whole(&self) -> Option<&Form> {
        self.0.first()
    }
}

/// Whether what is left is read more often than the whole.
fn parts_often(whole: &Form, stem: &Form) -> bool {
    whole.word.is_none() || stem.facts.zipf >= whole.facts.zipf + 0.2
}

/// Whether the same holds where one of [`RARE`] goes: they stand before a word once where
/// it stands a hundred times without, so that a whole that is read a twentieth as often
/// is a word of its own, and one that is part of names is a name.
fn parts_rarely(whole: &Form, stem: &Form) -> bool {
    let (all, rest) = (whole.facts, stem.facts);
    if whole.word.is_none() {
        return rest.zipf >= 3.3;
    }
    let name = all.given + all.surname > 0 || all.is(flag::NAME_TOKEN);
    !name && all.zipf > 0.0 && rest.zipf >= all.zipf + 1.3
}

/// What may be left of a word, and what was cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stem<'a> {
    pub text: &'a str,
    pub cut: u8,
    pub preposition: bool,
}

const CONJUNCTIONS: [char; 2] = ['و', 'ف'];
const PREPOSITIONS: [char; 3] = ['ب', 'ك', 'ل'];
/// Those that few words begin with.
const RARE: [char; 2] = ['ف', 'ك'];
/// Shortest stem, in bytes: two letters.
const SHORTEST: usize = 4;

/// Calls `use_stem` with each way to split prefixes off a word.
pub(super) fn each_stem(word: &str, mut use_stem: impl FnMut(Stem<'_>)) {
    prepositions(word, 0, &mut use_stem);
    if let Some(rest) = word.strip_prefix(CONJUNCTIONS)
        && rest.len() >= SHORTEST
    {
        use_stem(Stem { text: rest, cut: 2, preposition: false });
        prepositions(rest, 2, &mut use_stem);
    }
}

fn prepositions(word: &str, cut: u8, use_stem: &mut impl FnMut(Stem<'_>)) {
    if let Some(rest) = word.strip_prefix("لل") {
        // The article lost its alef: what it was is written out.
        for article in ["ال", "الل"] {
            let mut joined = [0_u8; 64];
            let len = article.len() + rest.len();
            if let Some(space) = joined.get_mut(..len) {
                let (head, tail) = space.split_at_mut(article.len());
                head.copy_from_slice(article.as_bytes());
                tail.copy_from_slice(rest.as_bytes());
            }
            if let Some(text) = joined.get(..len).and_then(|bytes| std::str::from_utf8(bytes).ok()) {
                use_stem(Stem { text, cut, preposition: true });
            }
        }
        return;
    }
    if let Some(rest) = word.strip_prefix(PREPOSITIONS)
        && rest.len() >= SHORTEST
    {
        use_stem(Stem { text: rest, cut: cut + 2, preposition: true });
    }
}

/// The word without prefixes, if what is left stands alone in the article.
pub(super) fn bare(word: &str, alone: impl Fn(&str) -> bool) -> Option<(&str, u8)> {
    if let Some(rest) = without(word, &PREPOSITIONS) {
        return alone(rest).then_some((rest, 2));
    }
    let joined = without(word, &CONJUNCTIONS)?;
    if alone(joined) {
        return Some((joined, 2));
    }
    without(joined, &PREPOSITIONS).filter(|rest| alone(rest)).map(|rest| (rest, 4))
}

/// The word without its first letter, if that is one of these and enough is left.
fn without<'a>(word: &'a str, letters: &[char]) -> Option<&'a str> {
    let mut rest = word.chars();
    let first = rest.next()?;
    (letters.contains(&first) && rest.as_str().len() >= SHORTEST).then_some(rest.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::SHIPPED;
    use super::super::gazetteer::{Sources, build};
    use super::*;

    fn stems(word: &str) -> Vec<(String, u8)> {
        let mut stems = Vec::new();
        each_stem(word, |stem| stems.push((stem.text.to_owned(), stem.cut)));
        stems
    }

    fn stem(text: &str, cut: u8) -> (String, u8) {
        (text.to_owned(), cut)
    }

    #[test]
    fn conjunction_then_preposition_then_article() {
        assert_eq!(stems("وبالعراق"), [stem("بالعراق", 2), stem("العراق", 4)]);
        assert_eq!(stems("للعراق"), [stem("العراق", 0), stem("اللعراق", 0)]);
        assert_eq!(stems("وللجنه"), [stem("للجنه", 2), stem("الجنه", 2), stem("اللجنه", 2)]);
        assert_eq!(stems("دمشق"), []);
        // One letter is no word.
        assert_eq!(stems("بك"), []);
    }

    #[test]
    fn only_a_known_stem_that_is_read_more_often_counts() {
        let words = "word\tzipf\tp_person\tp_place\tp_organization\tp_other\tperson\tplace\torganization\tother\tnone\n\
            العراق\t5.4\t\t\t\t\t\t\t\t\t\nوالعراق\t4.1\t\t\t\t\t\t\t\t\t\nكتاب\t5.5\t\t\t\t\t\t\t\t\t\n\
            تاب\t3.1\t\t\t\t\t\t\t\t\t\nلبنان\t5.0\t\t\t\t\t\t\t\t\t\nبنان\t5.1\t\t\t\t\t\t\t\t\t\n";
        let sources: Sources = [("w", words), ("l", "class\twords\nwhole\tلبنان\n")]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into();
        let gazetteer = Gazetteer::new(build(&sources).unwrap()).unwrap();
        let cuts = |word: &str| Forms::new(word, &gazetteer).iter().map(|form| form.cut).collect::<Vec<_>>();
        assert_eq!(cuts("والعراق"), [0, 2]);
        assert_eq!(cuts("بالعراق"), [0, 2]);
        assert_eq!(cuts("كتاب"), [0]);
        assert_eq!(cuts("لبنان"), [0]);
        assert_eq!(cuts("وغيرها"), [0]);
    }

    #[test]
    fn what_begins_many_names_is_split_off_before_common_words() {
        let gazetteer = Gazetteer::new(SHIPPED.as_slice()).unwrap();
        let cuts = |word: &str| Forms::new(word, &gazetteer).iter().map(|form| form.cut).collect::<Vec<_>>();
        for word in ["فالولايات", "كفرنسا", "فمصر", "كمحمد", "كمنظمه", "فاوباما"] {
            assert_eq!(cuts(word), [0, 2], "{word}");
        }
        for word in ["فورد", "فون", "فليك", "كافانو", "كلاي", "فلايشر", "فوش", "كوبنهاغن", "فرح", "بادج", "بيار", "وليم"]
        {
            assert_eq!(cuts(word), [0], "{word}");
        }
        assert_eq!(cuts("فبالعراق"), [0, 2, 4]);
    }

    #[test]
    fn a_word_that_stands_alone_elsewhere_is_a_stem() {
        let alone = |word: &str| word == "القرعاوي";
        assert_eq!(bare("والقرعاوي", alone), Some(("القرعاوي", 2)));
        assert_eq!(bare("وبالقرعاوي", alone), Some(("القرعاوي", 4)));
        assert_eq!(bare("وغيره", alone), None);
    }
}
