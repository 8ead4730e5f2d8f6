//! Furniture in rows that its head tells: comments, related articles, tags,
//! pages, prayer times.

use super::boilerplate::Page;
use super::lines::Line;
use super::marks::Marks;
use super::phrases::{Cue, Zone};
use super::weights::Sign;

/// First words above prayer times, exchange rates and the weather, folded.
const WIDGET_HEADS: &[&str] = &["مواقيت", "اوقات", "امساكيه", "اسعار", "الطقس", "طقس", "حاله"];

/// The word that ends a wire story, folded.
const ENDED: &str = "انتهي";

impl Page<'_> {
    /// From the head of the comments on nothing is article, if what follows is
    /// the smaller part of the page.
    pub(super) fn comments_to_the_end(&mut self) {
        let total = self.kept_length();
        let mut above = 0;
        let head = self.lines.iter().enumerate().find(|(index, line)| {
            let below = total - above;
            above += if line.cut.is_none() { line.key.len() } else { 0 };
            if *index <= self.body.0 || line.cut.is_some() || line.end_mark {
                return false;
            }
            let says = line.has(Cue::CommentHead, Zone::Edge)
                || line.has(Cue::CommentHead, Zone::Tail) && line.is_phrase_alone()
                || counts_comments(line);
            // The comments themselves may be longer than the text.
            says && (below * 5 < total * 2 || below * 4 < total * 3 && self.are_comments_below(*index))
        });
        let head = head.map(|(index, _)| index);
        let Some(head) = head else { return };
        for index in head..self.lines.len() {
            let strong_credit = self.lines.get(index).is_some_and(|line| line.says(Cue::Credit) && line.is_labelled());
            if !strong_credit {
                self.add(index, Sign::BelowComments);
            }
        }
        self.find_body();
    }

    /// A counted head, and below it who says something when.
    fn are_comments_below(&self, head: usize) -> bool {
        let counted = self.lines.get(head).is_some_and(counts_comments);
        counted
            && self.lines.iter().skip(head + 1).take(4).any(|line| {
                let says = [" يقول", " says", " said"].iter().any(|says| line.key.ends_with(says));
                says && line.words <= 8
                    || line.words <= 12 && line.any_clock() && (line.dateline || line.mixed_dateline)
            })
    }

    /// Headlines with the beginning of their text and «read more», two or more:
    /// a list of other articles.
    pub(super) fn teasers(&mut self) {
        let broken = |line: &Line| line.shown.ends_with("...") || line.shown.ends_with('…');
        let ends: Vec<usize> = (2..self.lines.len())
            .filter(|index| {
                let more = self.lines.get(*index).is_some_and(|line| line.has(Cue::Continue, Zone::Tail));
                more && self.lines.get(index - 1).is_some_and(|line| broken(line) && line.words <= 60)
            })
            .collect();
        if ends.len() < 2 {
            return;
        }
        for end in ends {
            self.add(end, Sign::Listed);
            self.add(end - 1, Sign::Listed);
            let headline = |line: &Line| (2..=22).contains(&line.words) && !line.end_mark;
            if self.lines.get(end - 2).is_some_and(headline) {
                self.add(end - 2, Sign::Listed);
                if let Some(date) =
                    end.checked_sub(3).filter(|at| self.lines.get(*at).is_some_and(|line| line.dateline))
                {
                    self.add(date, Sign::Listed);
                }
            }
        }
    }

    /// `1` `2` `3` in lines of their own: the pages of an article or of a list.
    pub(super) fn pager(&mut self) {
        let number =
            |line: Option<&Line>| line.filter(|line| line.key.len() <= 2).and_then(|line| line.key.parse::<u8>().ok());
        let mut index = 0;
        while index < self.lines.len() {
            let first = number(self.lines.get(index)).filter(|first| *first == 1);
            let length = first.map_or(0, |first| {
                (first..)
                    .zip(self.lines.iter().skip(index))
                    .take_while(|(at, line)| number(Some(line)) == Some(*at))
                    .count()
            });
            if length >= 2 {
                let next = self
                    .lines
                    .get(index + length)
                    .is_some_and(|line| line.says(Cue::Furniture) && line.is_phrase_alone() || line.words == 0);
                for page in index..index + length + usize::from(next) {
                    self.add(page, Sign::Pager);
                }
            }
            index += length.max(1);
        }
    }

    /// «Prayer times - TOWN» above the times.
    pub(super) fn widget_heads(&mut self) {
        for index in 1..self.lines.len() {
            let cut = self.lines.get(index).is_some_and(|line| line.signs.has(Sign::Widget) && line.cut.is_some());
            let head = self.lines.get(index - 1).is_some_and(|line| {
                let first = line.each_word().next().unwrap_or_default();
                line.cut.is_none() && line.words <= 6 && !line.any_number() && WIDGET_HEADS.contains(&first)
            });
            if cut && head {
                self.add(index - 1, Sign::Widget);
            }
        }
    }

    /// A head such as «Read also» and the headlines under it.
    pub(super) fn related_lists(&mut self) {
        let mut index = 0;
        while let Some(line) = self.lines.get(index) {
            let more = line.has(Cue::RelatedHead, Zone::Tail) && self.is_tail(index) && !line.end_mark;
            let head = line.has(Cue::RelatedHead, Zone::Anywhere) && line.is_phrase_alone() || more;
            // Above the title the same words are a section's name.
            if !head || self.is_head(index) {
                index += 1;
                continue;
            }
            let below = self.end_of_list(index + 1);
            self.add(index, Sign::ListHead);
            for listed in index + 1..below {
                self.add(listed, Sign::Listed);
            }
            index = below;
        }
    }

    /// Behind the headlines that begin at `from`.
    fn end_of_list(&self, from: usize) -> usize {
        let mut below = from;
        let (mut plain, mut linked) = (0, false);
        while let Some(line) = self.lines.get(below) {
            let tail = self.is_tail(below);
            let certain = line.is_bullet() || line.link_density > 0.5 || tail;
            // In the midst of the text one headline follows, then the text goes on.
            plain += usize::from(!certain);
            let text = line.is_paragraph() && line.end_mark && !line.is_bullet();
            if line.words > 26 || line.says(Cue::Credit) || text || !certain && (plain > 1 || linked || line.end_mark) {
                break;
            }
            // Below links the next line is the text's.
            linked |= line.link_density > 0.5;
            below += 1;
        }
        below
    }

    pub(super) fn tail(&mut self) {
        let (mut below_tags, mut ended) = (false, false);
        for index in self.body.1..self.lines.len() {
            if ended && !self.lines.get(index).is_some_and(|line| line.says(Cue::Credit) && line.is_labelled()) {
                self.add(index, Sign::BelowEnd);
                continue;
            }
            ended |= self.lines.get(index).is_some_and(|line| line.key == ENDED);
            let tags = self.lines.get(index).is_some_and(is_tag_list);
            if tags {
                self.add(index, Sign::TagList);
            }
            let Some(line) = self.lines.get(index) else { break };
            if line.has(Cue::Tags, Zone::Edge) && line.is_phrase_alone()
                || line.has(Cue::Paywall, Zone::Anywhere) && line.cut.is_some()
            {
                below_tags = true;
            } else if below_tags && line.words <= 5 && !line.end_mark && !line.says(Cue::Credit) {
                self.add(index, Sign::BelowTags);
            } else {
                below_tags = false;
            }
        }
    }
}

/// «3 comments», «Comments (3)», «3 replies to …».
fn counts_comments(line: &Line) -> bool {
    if line.words > 14 || !line.any_number() {
        return false;
    }
    let comment = |word: &str| {
        matches!(
            word,
            "تعليق"
                | "تعليقات"
                | "التعليقات"
                | "comment"
                | "comments"
                | "commentaires"
                | "yorum"
                | "نظر"
                | "نظرات"
        )
    };
    let number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit()) && word != "0";
    let mut words = line.each_word();
    match (words.next(), words.next(), words.next()) {
        (Some(first), Some(second), None) => number(first) && comment(second) || comment(first) && number(second),
        (Some(first), Some("ردود" | "رد" | "replies" | "responses" | "thoughts"), Some("علي" | "to" | "on")) => {
            number(first)
        }
        _ => false,
    }
}

/// Names with commas or number signs between, no sentence.
fn is_tag_list(line: &Line) -> bool {
    const BETWEEN: [char; 3] = [',', '،', '|'];
    let (hash, between) = const { (Marks::of(&['#']), Marks::of(&BETWEEN)) };
    if line.end_mark || !line.marks.may_have(hash) && !line.marks.may_have(between) {
        return false;
    }
    let hashed = line.shown.split_whitespace().filter(|word| word.starts_with('#')).count();
    if hashed >= 2 && hashed * 2 >= line.shown.split_whitespace().count() {
        return true;
    }
    let items: Vec<&str> = line.shown.split(BETWEEN).collect();
    let short = items.iter().all(|item| item.split_whitespace().count() <= 5);
    let tight = items.iter().skip(1).filter(|item| !item.starts_with(' ')).count() * 2 > items.len();
    short && (items.len() >= 3 && tight || items.len() >= 4)
}
