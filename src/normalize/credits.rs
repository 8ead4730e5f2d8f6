//! Who wrote it and which agencies it comes from, one name at a time, out of
//! bylines, credits and datelines as people write them.

use super::key;
use super::phrases::{Cue, Phrases, class};
use crate::letters::fold;

/// What stands between two names of a line.
const BETWEEN: [char; 14] = ['-', '–', '—', '|', '/', '،', ',', ';', '؛', '+', '&', '(', ')', ':'];

/// Names that begin with the letter of the conjunction, folded.
const WAW_NAMES: &[&str] = &[
    "وليد",
    "وائل",
    "وسام",
    "وسيم",
    "وفاء",
    "وداد",
    "ورده",
    "وهيب",
    "وجدي",
    "وجيه",
    "وحيد",
    "وصفي",
    "ولاء",
    "وئام",
    "ولد",
    "والي",
    "وديع",
    "وفيق",
    "وجدان",
    "وهبه",
    "وهبي",
    "ونيس",
    "وضاح",
    "وعد",
    "وفا",
    "وسن",
    "ورود",
    "وصال",
];

/// Accounts that stand where an author's name should, folded.
const ACCOUNTS: &[&str] =
    &["admin", "administrator", "editor", "webmaster", "root", "التحرير", "المحرر", "مدير الموقع"];

/// How far into the first paragraph a dateline reaches, in characters.
const DATELINE: usize = 80;

/// Authors that a byline names, and agencies that stand among them.
pub(super) fn byline(byline: &str, site: Option<&str>, phrases: &Phrases) -> (Vec<String>, Vec<String>) {
    let (mut authors, mut agencies) = (Vec::new(), Vec::new());
    let site = site.map(key::of);
    for part in parts(byline) {
        let key = key::of(part);
        if phrases.whole(&key, class::AGENCY) {
            add(&mut agencies, part);
        } else if is_name(part, &key, phrases) && site.as_ref() != Some(&key) {
            add(&mut authors, without_glued_day(without_label(part, phrases)));
        }
    }
    (authors, agencies)
}

/// Agencies that a credit line names.
pub(super) fn credit(credit: &str, phrases: &Phrases, agencies: &mut Vec<String>) {
    for part in parts(credit) {
        // «وكالة رويترز»: the agency with its class before it.
        let bare = part.strip_prefix("وكالة ").unwrap_or(part);
        if [part, bare].into_iter().any(|part| phrases.whole(&key::of(part), class::AGENCY)) {
            add(agencies, part);
        }
    }
}

/// Agencies in the dateline that opens the first paragraph: `القدس (رويترز) - …`,
/// `بغداد/ واع`.
pub(super) fn dateline(paragraph: &str, phrases: &Phrases, agencies: &mut Vec<String>) {
    let end = paragraph.char_indices().nth(DATELINE).map_or(paragraph.len(), |(at, _)| at);
    let head = paragraph.get(..end).unwrap_or_default();
    if let Some((_, inner)) = head.split_once('(')
        && let Some((inner, _)) = inner.split_once(')')
    {
        return credit(inner, phrases, agencies);
    }
    let dashed = |head: &str| head.find(" - ").or_else(|| head.find(" – ")).or_else(|| head.find(" — "));
    if let Some(at) =
        head.find([':', '/']).map(|at| head.get(at..).and_then(dashed).map_or(at, |more| at + more)).or(dashed(head))
        && let Some(opening) = head.get(..at).filter(|opening| opening.split_whitespace().count() <= 8)
    {
        credit(opening, phrases, agencies);
    }
}

/// The names of a line; `و` and `and` join two names only between blanks.
fn parts(line: &str) -> impl Iterator<Item = &str> {
    line.split(BETWEEN)
        .flat_map(|part| part.split(" and "))
        .flat_map(|part| part.split(" et "))
        .flat_map(|part| part.split(" و "))
        .flat_map(|part| part.split(" ve "))
        .flat_map(|part| {
            let (first, second) = joined(part).unwrap_or((part, ""));
            [first, second]
        })
        .map(|part| part.trim_matches(|letter: char| !letter.is_alphanumeric()))
        .filter(|part| !part.is_empty())
}

/// `سامر خليل وليلى سالم`: two names of two words each or more, the conjunction
/// written on to the second.
fn joined(part: &str) -> Option<(&str, &str)> {
    let words = part.split_whitespace().count();
    let (at, _) = part
        .match_indices(" و")
        .find(|(at, _)| {
            let (before, after) = (part.get(..*at).unwrap_or_default(), part.get(at + 1..).unwrap_or_default());
            let word = after.split_whitespace().next().unwrap_or_default();
            before.split_whitespace().count() >= 2
                && after.split_whitespace().count() >= 2
                && word.chars().count() >= 4
                && !WAW_NAMES.contains(&fold(word).as_str())
        })
        .filter(|_| (4..=7).contains(&words))?;
    Some((part.get(..at)?, part.get(at + " و".len()..)?))
}

/// «admin»: no person's name.
pub(super) fn is_account(name: &str) -> bool {
    ACCOUNTS.contains(&key::of(name).as_str())
}

/// A person's, a desk's: a few words without numbers, no address, no label.
fn is_name(part: &str, key: &str, phrases: &Phrases) -> bool {
    let words = key.split(' ').count();
    let label =
        phrases.read(key).phrases.iter().any(|(phrase, length)| phrase.cue == Cue::Byline && *length == key.len());
    words <= 6
        && !ACCOUNTS.contains(&key)
        && !part.contains(['@', '.', '_']) | is_initialled(part)
        && !key.contains(|c: char| c.is_ascii_digit())
        && !label
}

/// `J. R. Smith`, `د. سمير`: points behind single letters only.
fn is_initialled(part: &str) -> bool {
    !part.contains(['@', '_'])
        && part.split_whitespace().all(|word| !word.trim_end_matches('.').contains('.') || word.len() <= 6)
}

/// «By Jane», «كتب سامر».
fn without_label<'a>(part: &'a str, phrases: &Phrases) -> &'a str {
    let key = key::of(part);
    let said = phrases.read(&key).phrases.into_iter();
    let label = said.filter(|(phrase, _)| phrase.cue == Cue::Byline).map(|(_, length)| length).max();
    let skip = label.and_then(|length| key.get(..length)).map_or(0, |label| label.split(' ').count());
    let start = part.split_whitespace().nth(skip).map_or(0, |word| word.as_ptr() as usize - part.as_ptr() as usize);
    part.get(start..).unwrap_or(part)
}

/// `سامر خليلالثلاثاء`: the name, where a crawler joined the date's weekday to it.
fn without_glued_day(name: &str) -> &str {
    const DAYS: &[&str] =
        &["السبت", "الأحد", "الاحد", "الاثنين", "الإثنين", "الثلاثاء", "الأربعاء", "الاربعاء", "الخميس", "الجمعة"];
    let glued = |rest: &&str| rest.split_whitespace().count() >= 2 && !rest.ends_with(' ');
    DAYS.iter().find_map(|day| name.strip_suffix(day).filter(glued)).unwrap_or(name)
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| fold(known) == fold(name)) && names.len() < 20 {
        names.push(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_one_by_one() {
        let phrases = Phrases::new();
        for (line, authors, agencies) in [
            ("ليلى سالم، سامر خليل", &["ليلى سالم", "سامر خليل"][..], &[][..]),
            ("كتب سامر خليل", &["سامر خليل"], &[]),
            ("By Jane Fox and John R. Smith", &["Jane Fox", "John R. Smith"], &[]),
            ("ليلى سالم - رويترز", &["ليلى سالم"], &["رويترز"]),
            ("جريدة الضفة", &[], &[]),
            ("سامر خليل وليلى سالم", &["سامر خليل", "ليلى سالم"], &[]),
            ("سامر خليل وليد سالم", &["سامر خليل وليد سالم"], &[]),
            ("سامر وليد خليل", &["سامر وليد خليل"], &[]),
            ("سامر خليلالثلاثاء", &["سامر خليل"], &[]),
            ("admin", &[], &[]),
            ("desk@paper.example", &[], &[]),
            ("د. سمير عون", &["د. سمير عون"], &[]),
            ("Par Amine Kaci et Lina B.", &["Amine Kaci", "Lina B"], &[]),
        ] {
            let (found, named) = byline(line, Some("جريدة الضفة"), &phrases);
            assert_eq!(
                (found, named),
                (authors.iter().map(|&a| a.to_owned()).collect(), agencies.iter().map(|&a| a.to_owned()).collect()),
                "{line}"
            );
        }
    }

    #[test]
    fn agencies_of_credits_and_datelines() {
        let phrases = Phrases::new();
        let of = |line: &str| {
            let mut agencies = Vec::new();
            credit(line, &phrases, &mut agencies);
            agencies
        };
        assert_eq!(of("وكالات + رويترز"), ["وكالات", "رويترز"]);
        assert_eq!(of("أ ف ب، وكالة الأناضول"), ["أ ف ب", "وكالة الأناضول"]);
        assert_eq!(of("جريدة الضفة"), [""; 0]);
        let of = |line: &str| {
            let mut agencies = Vec::new();
            dateline(line, &phrases, &mut agencies);
            agencies
        };
        assert_eq!(of("القدس (رويترز) - قال مسؤول إن المعبر فتح."), ["رويترز"]);
        assert_eq!(of("بغداد/ واع - وصل الوفد."), ["واع"]);
        assert_eq!(of("باريس - أ ف ب: وصل الوفد."), ["أ ف ب"]);
        assert_eq!(of("قال مدير الوكالة إن رويترز نقلت الخبر."), [""; 0]);
    }
}
