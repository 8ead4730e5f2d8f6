//! What a line says that speaks for cutting it, wherever it stands.

use super::lines::Line;
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
    if is_networks(line) {
        signs.add(if line.words > 1 { Sign::Networks } else { Sign::Network });
    }
    signs.add_if(is_counter(line), Sign::Counter);
    let number = line.words == 1 && line.key.len() <= 7 && line.key.bytes().all(|byte| byte.is_ascii_digit());
    signs.add_if(number, Sign::LoneNumber);
    let switch = line.all_words(class::SWITCH) && line.any_word(class::SWITCH);
    signs.add_if(switch, Sign::Switch);
    let size = line.words <= 4 && line.key.split(' ').all(|word| matches!(word, "a" | "aa"));
    signs.add_if(size, Sign::LetterSize);
    // What has the signs of a breadcrumb is read as one.
    let crumbs = || line.shown.contains(['/', '>', '»', '›', '«', '‹', '|']);
    let sections = !line.end_mark && line.section_words >= 3 && phrases.is_menu(&line.key);
    signs.add_if(sections && !crumbs(), Sign::Sections);
}

/// Nothing but names of networks and numbers.
pub(super) fn is_networks(line: &Line) -> bool {
    line.all_words(class::SHARE) && line.any_word(class::SHARE)
}

fn is_counter(line: &Line) -> bool {
    line.words <= 6
        && line.any_number()
        && line.any_word(class::COUNTER)
        && line.all_words(class::COUNTER | class::SHARE)
}
