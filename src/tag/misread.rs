//! Readings that are wrong whoever made them: phrases that look like names, and names that
//! took the next word with them. Lists and the linear model make them, seldom and always
//! alike; a user's own lists and models are left alone.

use super::gazetteer::{Class, flag};
use super::mentions::Candidate;
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

/// Floods, but for where Korea is spoken of.
const SEOUL: &str = "سيول";
const KOREA: [&str; 4] = ["كوريا", "الكوريه", "الكوري", "كوريه"];

/// Drops the phrases and shortens the names. `listed` are what lists and rules thought of,
/// in the order of their first tokens.
pub(super) fn mend(page: &Page<'_>, mentions: &mut Vec<Candidate>, listed: &[Candidate]) {
    mentions.retain(|mention| mention.is_user() || !is_phrase(page, mention));
    for mention in mentions.iter_mut().filter(|mention| !mention.is_user()) {
        shorten(page, mention, listed);
    }
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

fn shorten(page: &Page<'_>, mention: &mut Candidate, listed: &[Candidate]) {
    if mention.words() < 2 || mention.named.is_some() {
        return;
    }
    match mention.kind {
        // وقال ناصر للبرلمان: whom he told it.
        EntityType::Person if page.tokens.word(mention.last).starts_with("لل") => mention.last -= 1,
        EntityType::Place if mention.how == How::Model => {
            let from = listed.partition_point(|one| one.first < mention.first);
            let here = listed.iter().skip(from).take_while(|one| one.first == mention.first);
            let shorter = here
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
