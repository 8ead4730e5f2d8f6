//! What a line says that speaks for cutting it, wherever it stands.

use super::key;
use super::lines::{Line, is_number};
use super::marks::Marks;
use super::phrases::{Cue, Phrases, Zone, class};
use super::tables::LONGEST;
use super::weights::{Sign, Signs};

/// The signs that lie in a line's own words.
pub(super) fn of(line: &Line, phrases: &Phrases) -> Signs {
    let mut signs = Signs::default();
    signs.add_if(line.end_mark, Sign::EndMark);
    signs.add_if(line.words == 0, Sign::NoWord);
    signs.add_if(line.is_notice(), Sign::Furniture);
    // Running text is most of a page, and says none of this.
    if line.words == 0 || line.end_mark && line.words > LONGEST {
        return signs;
    }
    if line.says_anything() {
        of_phrases(line, phrases, &mut signs);
    }
    of_words(line, phrases, &mut signs);
    signs
}

fn of_phrases(line: &Line, phrases: &Phrases, signs: &mut Signs) {
    let behind = line.words_behind_phrase();
    signs.add_if(behind <= 1 || line.is_labelled(), Sign::PhraseNearlyAlone);
    signs.add_if(line.has(Cue::CommentPart, Zone::Anywhere), Sign::CommentText);
    signs.add_if(line.has(Cue::CommentHead, Zone::Edge), Sign::CommentHead);
    let field = line.has(Cue::CommentPart, Zone::Tail) || line.has(Cue::CommentHead, Zone::Tail);
    signs.add_if(field, Sign::CommentField);
    if line.says(Cue::Share) {
        signs.add(Sign::ShareWord);
        let classes = class::SHARE | class::COUNTER | class::STOP;
        let nothing_else = behind <= 1 || line.all_words_behind(phrases, classes);
        signs.add_if(nothing_else && !line.end_mark, Sign::ShareOffer);
    }
    let set_off = line.is_labelled() || !line.end_mark && behind > 2 || line.link_density > 0.5;
    signs.add_if(line.has(Cue::RelatedLine, Zone::Anywhere) && behind > 0 && set_off, Sign::RelatedLine);
    signs.add_if(line.says(Cue::RelatedHead) || line.says(Cue::RelatedLine), Sign::RelatedWord);
    signs.add_if(line.has(Cue::Furniture, Zone::Anywhere), Sign::Furniture);
    signs.add_if(line.has(Cue::Furniture, Zone::Edge), Sign::FurnitureAtEdge);
    signs.add_if(line.has(Cue::Paywall, Zone::Anywhere), Sign::Paywall);
    let alone = line.is_phrase_alone() || line.is_labelled();
    signs.add_if(line.has(Cue::Tags, Zone::Edge) && alone, Sign::TagsHead);
}

fn of_words(line: &Line, phrases: &Phrases, signs: &mut Signs) {
    if is_networks(line, phrases) {
        let one = line.words == 1 && line.spelled().any(|(_, classes)| classes & class::SHARE != 0);
        signs.add(if one { Sign::Network } else { Sign::Networks });
    }
    signs.add_if(is_counter(line), Sign::Counter);
    signs.add_if(is_lone_number(line), Sign::LoneNumber);
    signs.add_if(is_widget(line), Sign::Widget);
    signs.add_if(is_contact(line, phrases), Sign::Contact);
    signs.add_if(parts(line).is_some(), Sign::Pager);
    let switch = line.all_words(class::SWITCH) && line.any_word(class::SWITCH);
    signs.add_if(switch, Sign::Switch);
    let size = line.words <= 4 && line.each_word().all(|word| matches!(word, "a" | "aa"));
    signs.add_if(size, Sign::LetterSize);
    // What has the signs of a breadcrumb is read as one.
    const CRUMBS: [char; 7] = ['/', '>', '»', '›', '«', '‹', '|'];
    let crumbs = || line.marks.may_have(const { Marks::of(&CRUMBS) }) && line.shown.contains(CRUMBS);
    let sections = !line.end_mark && line.section_words >= 3 && phrases.is_menu(&line.key);
    signs.add_if(sections && !crumbs(), Sign::Sections);
}

/// Nothing but names of networks and numbers.
pub(super) fn is_networks(line: &Line, phrases: &Phrases) -> bool {
    if line.all_words(class::SHARE) {
        return line.any_word(class::SHARE);
    }
    if line.words > 6 || line.words > 3 && !line.any_word(class::SHARE) {
        return false;
    }
    const SIZES: Marks = Marks::of(&['+', '-']);
    let sizes = || line.marks.may_have(SIZES) && (line.shown.contains("A+") || line.shown.contains("A-"));
    let mut named = false;
    let all = line.words > 0
        && line.spelled().all(|(word, classes)| {
            let share = classes & class::SHARE != 0 || line.words <= 3 && are_run_together(word, phrases);
            named |= share;
            share || word.starts_with(|first: char| first.is_ascii_digit()) || word == "a" && sizes()
        });
    all && named
}

/// `FacebookTwitterWhatsApp`, `شارك31`: names of networks and numbers without
/// blanks, as crawlers join the links of a share bar.
fn are_run_together(word: &str, phrases: &Phrases) -> bool {
    const LONGEST_BAR: usize = 80;
    let (mut rest, mut parts) = (word, 0);
    while !rest.is_empty() && word.len() <= LONGEST_BAR {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let name = || phrases.share_at(rest).map(str::len);
        let Some(end) = Some(digits).filter(|digits| *digits > 0).or_else(name) else { return false };
        parts += 1;
        rest = rest.get(end..).unwrap_or_default();
    }
    parts >= 2 && rest.is_empty() && word.starts_with(|first: char| !first.is_ascii_digit())
}

/// `31`, `1,204`, `1,3K`.
fn is_lone_number(line: &Line) -> bool {
    let number = line.words == 1 && line.key.len() <= 7 && line.key.bytes().all(|byte| byte.is_ascii_digit());
    let short = line.words <= 2 && line.shown.len() <= 8;
    number || short && line.shown.strip_suffix(['K', 'k', 'M']).is_some_and(|rest| is_figure(rest.trim_end()))
}

fn is_figure(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b',' | b'.'))
}

/// Prayer times, exchange rates, the weather: their words and figures, and at
/// most one word besides, such as a town's name.
fn is_widget(line: &Line) -> bool {
    if line.words < 2 || line.words > 16 || line.end_mark {
        return false;
    }
    const DEGREES: [char; 2] = ['°', '℃'];
    let degrees = line.marks.may_have(const { Marks::of(&DEGREES) }) && line.shown.contains(DEGREES);
    let told = degrees || line.any_number() && line.any_word(class::WIDGET);
    if !told || line.shown.ends_with(':') || line.is_bullet() {
        return false;
    }
    let number = |word: &&str| word.starts_with(|first: char| first.is_ascii_digit());
    let figures = line.each_word().filter(number).count();
    let others = line.words - figures;
    let known = line.spelled().filter(|(_, classes)| classes & class::WIDGET != 0).count();
    (figures > 0 && known > 0 || degrees) && others - known <= 1
}

/// Who heads the paper and where its office is: `هاتف: … فاكس: …`, two such
/// things or more on one line.
fn is_contact(line: &Line, phrases: &Phrases) -> bool {
    const MARKS: Marks = Marks::of(&[':', '@', '-', '.']);
    const AT: Marks = Marks::of(&['@']);
    const STREET: &str = "العنوان ";
    if line.end_mark || line.words > LONGEST || !line.marks.may_have(MARKS) {
        return false;
    }
    // What each of the things below needs.
    let told = line.any_word(class::CONTACT | class::OFFICE) || line.any_number() || line.marks.may_have(AT);
    if !told && !line.key.starts_with(STREET) {
        return false;
    }
    let said = line.spelled().filter(|(_, classes)| classes & class::CONTACT != 0).count();
    let addresses = || line.shown.split_whitespace().filter(|word| word.contains('@') && word.contains('.')).count();
    let address = if line.marks.may_have(AT) { addresses() } else { 0 };
    let long =
        line.each_word().filter(|word| word.len() >= 6 && word.bytes().all(|byte| byte.is_ascii_digit())).count();
    let box_number = usize::from(line.key.contains("ص ب "));
    // «Editor: A - Publisher: B»: each with its own mark.
    let offices = line.spelled().any(|(_, classes)| classes & class::OFFICE != 0);
    let named = || line.shown.split([':', '：']).filter(|part| ends_in_office(part, phrases)).count();
    let office = if !offices || said + address + long + box_number < 2 && line.shown.matches(':').count() < 2 {
        0
    } else {
        named()
    };
    let mail = usize::from(
        address > 0 && ["البريد", "ايميل", "email", "e mail"].iter().any(|label| line.key.starts_with(label)),
    );
    let street = usize::from(line.key.starts_with(STREET) && line.shown.starts_with("العنوان:")) * 2;
    let sure = said + address + mail + box_number + office + street;
    sure > 0 && sure + long.min(1) >= 2
}

/// Ends in the name of an office of the masthead.
fn ends_in_office(part: &str, phrases: &Phrases) -> bool {
    let part = key::of(part);
    let starts = std::iter::once(0).chain(memchr::memchr_iter(b' ', part.as_bytes()).map(|blank| blank + 1));
    let tails: Vec<&str> = starts.filter_map(|start| part.get(start..)).collect();
    tails.iter().rev().take(4).any(|tail| {
        let found = phrases.read(tail).phrases;
        found.iter().any(|(phrase, length)| phrase.cue == Cue::Staff && *length == tail.len())
    })
}

/// What numbers the parts of an article, and stands between the numbers.
const PART_WORDS: &[&str] = &["page", "part", "صفحه", "الصفحه", "الجزء", "بخش", "sayfa", "لاپەڕە"];
const BETWEEN_NUMBERS: &[&str] = &["of", "sur", "de", "من", "از", "لە"];

/// Of how many parts the text is one: «Page 1 of 3», «Page 1/3».
pub(super) fn parts(line: &Line) -> Option<u8> {
    if line.words > 8 || !line.any_number() {
        return None;
    }
    let mut words = line.each_word();
    while let Some(part) = words.next() {
        let mut behind = words.clone();
        let (Some(this), Some(next)) = (behind.next(), behind.next()) else { break };
        if !is_number(this) {
            continue;
        }
        // Without a word between them the numbers must be all there is.
        let all = if BETWEEN_NUMBERS.contains(&next) {
            behind.next()
        } else {
            Some(next).filter(|_| line.each_word().count() == 3)
        };
        let number = |word: &str| word.parse::<u8>().ok();
        if let (Some(this), Some(all)) = (number(this), all.and_then(number))
            && PART_WORDS.contains(&part)
            && (1..=all).contains(&this)
        {
            return Some(all);
        }
    }
    None
}

fn is_counter(line: &Line) -> bool {
    line.words <= 6
        && line.any_number()
        && line.any_word(class::COUNTER)
        && line.all_words(class::COUNTER | class::SHARE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Edits;

    fn seen(text: &str, sign: Sign) -> bool {
        let phrases = Phrases::new();
        of(&Line::of(text.to_owned(), Edits::default(), &phrases), &phrases).has(sign)
    }

    #[test]
    fn boxes_addresses_pages_and_joined_share_bars() {
        for (sign, yes, no) in [
            (
                Sign::Widget,
                &["الظهر 12:03 م", "دولار أمريكي 3.58", "بغداد 44°", "الدرهم: دولار 10.31 | أورو 10.92"][..],
                &["سعر الدولار يرتفع إلى 50 جنيها", "صلاة الظهر في المسجد الكبير", "الظهر"][..],
            ),
            (
                Sign::Contact,
                &[
                    "هاتف: 021-5550144 / فاكس: 021-5550145",
                    "رئيس التحرير: هالة مراد - مدير النشر: سمير عون",
                    "desk@paper.example - هاتف 5550144",
                ],
                &["رئيس التحرير: الصحافة في خطر", "الوزير: اتصلوا بالهاتف", "المدير العام: افتتاح المصنع - صور"],
            ),
            (
                Sign::Pager,
                &["صفحة 1 من 3", "Page 2 of 10"],
                &["صفحة من تاريخ المدينة", "الصفحة 9 من 3", "3 من 5 شركات"],
            ),
            (
                Sign::Networks,
                &["FacebookTwitterWhatsApp", "شارك31", "A+A- طباعة Share 0"],
                &["مشاركتها", "شاركوا", "twitterati"],
            ),
            (Sign::LoneNumber, &["1,3K", "31", "2M"], &["K", "3 كم", "1,3K مشاهدة اليوم"]),
        ] {
            assert!(
                yes.iter().all(|text| seen(text, sign)),
                "{sign:?}: {:?}",
                yes.iter().find(|text| !seen(text, sign))
            );
            assert!(!no.iter().any(|text| seen(text, sign)), "{sign:?}: {:?}", no.iter().find(|text| seen(text, sign)));
        }
    }
}
