//! Readings that are wrong whoever made them: phrases that look like names, names that took
//! the next word with them or left their first letter, and rulers without their number. Lists and the linear model make
//! them, seldom and always alike; a user's own lists and models are left alone.

use rustc_hash::FxHashMap;

use super::gazetteer::{Class, flag};
use super::mentions::{Candidate, beginning};
use super::page::Page;
use crate::record::{EntityType, How};

/// What moves, after حركة: traffic, not a movement.
const TRAFFIC: [&str; 22] = [
    "التجاره",
    "المرور",
    "السير",
    "السفر",
    "الملاحه",
    "الطيران",
    "النقل",
    "القطارات",
    "السيارات",
    "المركبات",
    "الشاحنات",
    "البضائع",
    "السفن",
    "المسافرين",
    "الركاب",
    "المطار",
    "المطارات",
    "التداول",
    "البيع",
    "الشراء",
    "الاموال",
    "الاسواق",
];

/// Any of a kind, and none by name: أي حزب سياسي.
const ANY: [&str; 5] = ["اي", "كل", "بعض", "عده", "ايه"];

/// Who is the first or the second of a name.
const RULERS: [&str; 13] = [
    "ملك",
    "ملكه",
    "عاهل",
    "سلطان",
    "قيصر",
    "امبراطور",
    "امبراطوره",
    "شاه",
    "خديوي",
    "بابا",
    "بطريرك",
    "انبا",
    "كاثوليكوس",
];
/// What such a title may begin with.
const BEFORE_RULERS: [&str; 9] = ["", "ال", "لل", "بال", "وال", "و", "ل", "ب", "ولل"];
/// How sure a name is that stands between such a title and a number.
const NUMBERED: f32 = 0.8;

/// None of these is followed by another, of one letter: what looks like one is the word's own.
const PREPOSITIONS: [&str; 12] = ["في", "من", "الي", "عن", "مع", "بين", "وفي", "ومن", "والي", "وعن", "ومع", "وبين"];

/// Floods, but for where Korea is spoken of.
const SEOUL: &str = "سيول";
const KOREA: [&str; 4] = ["كوريا", "الكوريه", "الكوري", "كوريه"];

/// Drops the phrases, shortens the names, and gives rulers their numbers. `mentions` are in
/// the order of the text; `listed` are what lists and rules thought of, in the order of their
/// first tokens.
pub(super) fn mend(page: &Page<'_>, mentions: &mut Vec<Candidate>, listed: &[Candidate]) {
    mentions.retain(|mention| mention.is_user() || !is_phrase(page, mention));
    for mention in mentions.iter_mut().filter(|mention| !mention.is_user()) {
        begin_whole(page, mention, listed);
        shorten(page, mention, listed);
    }
    number(page, mentions);
}

/// ليو الرابع عشر, where the number was left out, and تواضروس الثاني, whom nobody knew.
fn number(page: &Page<'_>, mentions: &mut Vec<Candidate>) {
    let mut next = page.len();
    for name in mentions.iter_mut().rev() {
        if name.kind == EntityType::Person && !name.is_user() {
            // Of السادس عشر the first word may be there.
            let reign = reign(page, name.last + 1).or_else(|| reign(page, name.last));
            let more = reign.filter(|last| (name.last + 1..next).contains(last) && has_ruler_before(page, name.first));
            if let Some(last) = more {
                *name = Candidate { last, named: None, ..*name };
            }
        }
        next = name.first;
    }
    let unknown = |index: usize| {
        page.tokens.is_word(index) && !page.definite(index) && !page.is(index, flag::STOP | flag::SPEECH | flag::TITLE)
    };
    let mut found = Vec::new();
    for title in (0..page.len()).filter(|index| page.may_be(*index, flag::TITLE)) {
        let name = title + 1;
        let Some(last) = reign(page, name + 1).filter(|_| unknown(name) && is_ruler(page.tokens.word(title))) else {
            continue;
        };
        let at = mentions.partition_point(|mention| mention.last < name);
        if mentions.get(at).is_none_or(|mention| mention.first > last) {
            found.push(Candidate::rule(name, last, EntityType::Person, NUMBERED));
        }
    }
    mentions.extend(found);
    mentions.sort_by_key(|mention| mention.first);
    without_number(page, mentions);
}

/// ليو, where the article names ليو الرابع عشر and no other of that name, is he.
fn without_number(page: &Page<'_>, mentions: &mut [Candidate]) {
    let is_person = |mention: &Candidate| mention.kind == EntityType::Person && !mention.is_user();
    let words = |mention: &Candidate| (mention.first..=mention.last).map(|index| page.tokens.word(index));
    let mut numbered: FxHashMap<Vec<&str>, Option<Candidate>> = FxHashMap::default();
    let is_numbered = |mention: &&Candidate| is_person(mention) && mention.words() > 1 && words(mention).any(is_reign);
    for full in mentions.iter().filter(is_numbered) {
        let name = words(full).take_while(|word| !is_reign(word)).collect();
        let first = numbered.entry(name).or_insert(Some(*full));
        // Which of two it is nobody knows.
        *first = first.filter(|first| words(first).eq(words(full)));
    }
    if numbered.is_empty() {
        return;
    }
    for name in mentions.iter_mut().filter(|mention| is_person(mention) && mention.cut == 0) {
        if let Some(Some(full)) = numbered.get(&words(name).collect::<Vec<_>>()) {
            (name.of, name.how, name.named) = (Some(full.first), How::Alias, None);
        }
    }
}

/// Drops short forms of names that are but a number: السادس, عشر.
pub(super) fn drop_numbers(page: &Page<'_>, aliases: &mut Vec<Candidate>) {
    aliases.retain(|alias| !(alias.first..=alias.last).all(|index| is_reign(page.tokens.word(index))));
}

/// ملك إسبانيا فيليبي, العاهل الأردني عبد الله.
fn has_ruler_before(page: &Page<'_>, name: usize) -> bool {
    let one = page.word_before(name);
    let two = one.and_then(|one| page.word_before(one));
    [one, two].into_iter().flatten().any(|index| is_ruler(page.tokens.word(index)))
}

fn is_ruler(word: &str) -> bool {
    RULERS.iter().any(|ruler| word.strip_suffix(ruler).is_some_and(|before| BEFORE_RULERS.contains(&before)))
}

/// Last token of the number that begins at the token: الثاني, الرابع عشر.
fn reign(page: &Page<'_>, first: usize) -> Option<usize> {
    let word = |index: usize| page.tokens.word(index);
    let is_ordinal = page.definite(first) && is_reign(word(first));
    is_ordinal.then(|| if ["عشر", "عشره"].contains(&word(first + 1)) { first + 1 } else { first })
}

/// Says which of that name a ruler is.
fn is_reign(word: &str) -> bool {
    matches!(
        word,
        "الاول"
            | "الثاني"
            | "الثالث"
            | "الرابع"
            | "الخامس"
            | "السادس"
            | "السابع"
            | "الثامن"
            | "التاسع"
            | "العاشر"
            | "الحادي"
            | "عشر"
            | "الاولي"
            | "الثانيه"
            | "الثالثه"
            | "الرابعه"
            | "الخامسه"
            | "السادسه"
            | "السابعه"
            | "الثامنه"
            | "التاسعه"
            | "العاشره"
            | "الحاديه"
            | "عشره"
    )
}

fn is_phrase(page: &Page<'_>, mention: &Candidate) -> bool {
    let word = |index: usize| page.tokens.word(index);
    let next = word(mention.first + 1);
    match mention.kind {
        // مسقط رأسه: where he was born.
        EntityType::Place if mention.words() == 1 => {
            word(mention.first).ends_with("مسقط") && next.starts_with("راس")
                || word(mention.first).ends_with(SEOUL) && !KOREA.iter().any(|word| page.has(word))
        }
        EntityType::Organization => {
            let traffic = || word(mention.first).ends_with("حركه") && TRAFFIC.contains(&next);
            let any = || {
                let before = page.word_before(mention.first).is_some_and(|before| ANY.contains(&word(before)));
                before && mention.named.is_none() && !(mention.first..=mention.last).any(|at| page.definite(at))
            };
            traffic() || any()
        }
        _ => false,
    }
}

/// في بروسيا, which is not Russia.
fn begin_whole(page: &Page<'_>, mention: &mut Candidate, listed: &[Candidate]) {
    let own = mention.cut > 0 && page.tokens.word(mention.first).starts_with(['ب', 'ل', 'ك']);
    let before = || page.word_before(mention.first).map(|before| page.tokens.word(before));
    if !own || !before().is_some_and(|word| PREPOSITIONS.contains(&word)) {
        return;
    }
    let whole = beginning(mention.first, listed)
        .iter()
        .find(|one| one.cut == 0 && one.last == mention.last && one.kind == mention.kind)
        .and_then(|one| one.named);
    *mention = Candidate { cut: 0, preposition: false, named: whole, ..*mention };
}

fn shorten(page: &Page<'_>, mention: &mut Candidate, listed: &[Candidate]) {
    if mention.words() < 2 || mention.named.is_some() {
        return;
    }
    match mention.kind {
        // وقال ناصر للبرلمان: whom he told it.
        EntityType::Person if page.tokens.word(mention.last).starts_with("لل") => mention.last -= 1,
        EntityType::Place if mention.how == How::Model => {
            let shorter = beginning(mention.first, listed)
                .iter()
                .filter(|one| one.kind == EntityType::Place && one.named.is_some() && one.last < mention.last)
                .max_by_key(|one| one.last);
            let Some(shorter) = shorter else { return };
            let next = shorter.last + 1;
            // البيضاء اليمنية, and a country before a person's name.
            let adjective = next == mention.last && is_of_nation(page, next);
            if adjective || is_country(page, shorter) && !page.definite(next) {
                *mention = Candidate { score: mention.score, ..*shorter };
            }
        }
        _ => {}
    }
}

/// A nationality, be it of two things: اليمنيتين.
fn is_of_nation(page: &Page<'_>, index: usize) -> bool {
    page.is(index, flag::NATIONALITY) || page.definite(index) && page.tokens.word(index).ends_with("يتين")
}

fn is_country(page: &Page<'_>, place: &Candidate) -> bool {
    place.named.is_some_and(|named| {
        page.gazetteer.entries(named.node).any(|entry| page.gazetteer.thing(entry.thing).class == Class::Country)
    })
}
