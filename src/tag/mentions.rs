//! Gazetteer, rules, acronyms and aliases → one list without overlaps: the
//! longest and surest win.

use rustc_hash::FxHashSet;

use super::gazetteer::{Best, Gazetteer, Node, Root, WordId, flag};
use super::page::Page;
use super::rules::SAYING;
use crate::record::{EntityType, How, MatchSpan};

/// Least score of a mention.
pub(super) const ACCEPT: f32 = 0.5;
/// Least score of a listed name in a language that the rules do not know.
pub(super) const SURE: f32 = 0.85;
/// Least score of a name that is a mention because it is one elsewhere.
const VOUCHED: f32 = 0.25;

/// A stretch of tokens that may be a mention. Whatever finds one, be it a list,
/// a rule or a model, enters here in the same way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    pub first: usize,
    pub last: usize,
    /// Bytes of clitics at the first token that the span leaves out.
    pub cut: u8,
    /// A preposition stands before the name, in or outside the span.
    pub preposition: bool,
    pub kind: EntityType,
    pub how: How,
    /// Chance that it is one, 0 to 1.
    pub score: f32,
    pub named: Option<Named>,
    /// First token of the mention that gives the name in full.
    pub of: Option<usize>,
}

/// Where the gazetteers know the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named {
    /// In the users' lists, not in the built-in one.
    pub user: bool,
    pub node: Node,
}

/// Those that begin at the token, of names in the order of their first tokens.
pub(super) fn beginning(first: usize, names: &[Candidate]) -> &[Candidate] {
    let from = names.partition_point(|name| name.first < first);
    let to = names.partition_point(|name| name.first <= first);
    names.get(from..to).unwrap_or_default()
}

impl Candidate {
    pub(super) fn rule(first: usize, last: usize, kind: EntityType, score: f32) -> Self {
        Self { first, last, cut: 0, preposition: false, kind, how: How::Rule, score, named: None, of: None }
    }

    pub(super) const fn words(&self) -> usize {
        self.last + 1 - self.first
    }

    pub(super) fn span(&self, page: &Page<'_>) -> MatchSpan {
        page.tokens.span(self.first, self.last, self.cut as usize)
    }

    pub(super) fn is_user(&self) -> bool {
        self.named.is_some_and(|named| named.user)
    }

    /// What decides between two that overlap: users' names, then length
    /// weighed with certainty.
    #[allow(clippy::cast_precision_loss)] // names have few words
    fn weight(&self) -> f32 {
        self.score * (1.0 + 0.4 * (self.words() - 1) as f32)
    }
}

/// Two finders that agree on a stretch are surer than either.
pub(super) fn agree(candidates: &mut Vec<Candidate>) {
    candidates.sort_by(|one, other| {
        let place = (one.first, one.last, one.cut, one.kind).cmp(&(other.first, other.last, other.cut, other.kind));
        place.then(other.named.is_some().cmp(&one.named.is_some())).then(other.score.total_cmp(&one.score))
    });
    candidates.dedup_by(|later, kept| {
        let same =
            later.first == kept.first && later.last == kept.last && later.cut == kept.cut && later.kind == kept.kind;
        if same && later.how != kept.how && !kept.is_user() {
            kept.score = 1.0 - (1.0 - kept.score) * (1.0 - later.score * 0.8);
        }
        same
    });
}

/// A rule that goes on where a listed organization ends is as sure as the list:
/// حركة الشباب الحر is another one than حركة الشباب.
pub(super) fn prolong(candidates: &mut [Candidate]) {
    let mut listed: Option<Candidate> = None;
    for candidate in candidates {
        if candidate.kind != EntityType::Organization {
            continue;
        }
        if candidate.named.is_some() {
            listed = Some(*candidate);
        } else if let Some(listed) =
            listed.filter(|listed| listed.first == candidate.first && listed.last < candidate.last)
        {
            candidate.score = candidate.score.max(listed.score);
        }
    }
}

/// The accepted ones, in the order of the text, none over another.
pub(super) fn resolve(candidates: &[Candidate], tokens: usize) -> Vec<Candidate> {
    let accepted = |one: &&Candidate| one.score >= ACCEPT && one.last < tokens;
    let mut order: Vec<&Candidate> = candidates.iter().filter(accepted).collect();
    order.sort_by_key(|one| one.first);
    let mut chosen: Vec<Candidate> = Vec::with_capacity(order.len());
    let mut rest = order.as_mut_slice();
    // Those that hang together by their tokens are settled among themselves.
    while let Some(next) = rest.first() {
        let mut last = next.last;
        let together = rest.iter().skip(1).take_while(|one| {
            let inside = one.first <= last;
            last = last.max(one.last);
            inside
        });
        let count = 1 + together.count();
        let (first, (these, others)) = (next.first, rest.split_at_mut(count));
        settle(these, first, last, &mut chosen);
        rest = others;
    }
    chosen
}

/// The best of candidates that overlap, all within two tokens, in the order of
/// the text.
fn settle(candidates: &mut [&Candidate], first: usize, last: usize, chosen: &mut Vec<Candidate>) {
    if let [one] = candidates {
        chosen.push(**one);
        return;
    }
    let from = chosen.len();
    let mut taken = vec![false; last + 1 - first];
    candidates.sort_by(|one, other| {
        let users = other.is_user().cmp(&one.is_user());
        let weight = other.weight().total_cmp(&one.weight());
        users
            .then(weight)
            .then(one.first.cmp(&other.first))
            .then(one.last.cmp(&other.last))
            .then(one.kind.cmp(&other.kind))
    });
    for candidate in candidates {
        let Some(range) = taken.get_mut(candidate.first - first..=candidate.last - first) else { continue };
        if !range.iter().any(|taken| *taken) {
            range.fill(true);
            chosen.push(**candidate);
        }
    }
    if let Some(mine) = chosen.get_mut(from..) {
        mine.sort_by_key(|candidate| candidate.first);
    }
}

/// Names of a gazetteer: at each token the longest, and a shorter one before
/// it that is surer.
pub(super) fn listed(page: &Page<'_>, found: &mut Vec<Candidate>) {
    for index in (0..page.len()).filter(|index| page.has_root(*index)) {
        for form in page.starts(index) {
            let Some(root) = form.root else { continue };
            let start = Candidate {
                cut: form.cut,
                preposition: form.preposition,
                ..Candidate::rule(index, index, EntityType::Other, 0.0)
            };
            walk(page, page.gazetteer, false, start, root, |at| page.inner(at), &mut Forbidden::default(), found);
        }
    }
}

/// Stretches that a user's list says are no mention: first and last token, and
/// bytes of clitics before the name.
#[derive(Debug, Default)]
pub(super) struct Forbidden(FxHashSet<(usize, usize, u8)>);

impl Forbidden {
    /// Drops what is forbidden, whoever found it, but for users' names: their
    /// lists have settled that already.
    pub(super) fn drop(&self, page: &Page<'_>, candidates: &mut Vec<Candidate>) {
        if !self.0.is_empty() {
            candidates.retain(|one| one.is_user() || !self.forbids(page, one));
        }
    }

    fn forbids(&self, page: &Page<'_>, one: &Candidate) -> bool {
        let at = |cut: u8| self.0.contains(&(one.first, one.last, cut));
        // What no list knows as a whole word may begin with a clitic that nobody split off.
        at(one.cut) || one.cut == 0 && !page.known(one.first) && (at(2) || at(4))
    }
}

/// Names of the users' lists: they are meant wherever they are read, and those
/// that are forbidden come back.
pub(super) fn users(page: &Page<'_>, users: &Gazetteer, found: &mut Vec<Candidate>) -> Forbidden {
    let mut forbidden = Forbidden::default();
    if users.is_empty() {
        return forbidden;
    }
    for index in 0..page.len() {
        if !page.tokens.is_word(index) && page.tokens.kind(index) != super::tokens::Kind::Number {
            continue;
        }
        let text = page.tokens.word(index);
        let mut begin = |word: &str, cut: u8, preposition: bool| {
            let Some(root) = users.word(word).and_then(|word| users.root(word)) else { return };
            let start = Candidate { cut, preposition, ..Candidate::rule(index, index, EntityType::Other, 0.0) };
            walk(page, users, true, start, root, |at| users.word(page.tokens.word(at)), &mut forbidden, found);
        };
        begin(text, 0, false);
        super::clitics::each_stem(text, |stem| begin(stem.text, stem.cut, stem.preposition));
    }
    forbidden
}

#[allow(clippy::too_many_arguments)] // one place for both kinds of lists
fn walk(
    page: &Page<'_>,
    gazetteer: &Gazetteer,
    user: bool,
    start: Candidate,
    root: Root,
    word: impl Fn(usize) -> Option<WordId>,
    forbidden: &mut Forbidden,
    found: &mut Vec<Candidate>,
) {
    let Root { mut node, mut best, mut goes_on } = root;
    let mut last = start.first;
    let mut opened = false;
    let mut longest: Option<Candidate> = None;
    loop {
        if let Some(Best { kind, never, strength }) = best {
            let closing = usize::from(opened && page.is_quote(last + 1));
            if never {
                forbidden.0.insert((start.first, last + closing, start.cut));
            }
            let how = How::Gazetteer;
            let candidate = Candidate {
                last: last + closing,
                kind,
                how,
                score: strength,
                named: Some(Named { user, node }),
                ..start
            };
            if let Some(shorter) = longest.filter(|shorter| !never && shorter.score > candidate.score) {
                found.push(shorter);
            }
            longest = if never { longest } else { Some(candidate) };
        }
        if !goes_on {
            break;
        }
        let mut next = last + 1;
        if page.is_quote(next) {
            opened = true;
            next += 1;
        }
        let Some(step) = word(next).and_then(|word| gazetteer.next(node, word)) else { break };
        (node, best, last, goes_on) = (step, gazetteer.best(step), next, true);
    }
    found.extend(longest.map(|longest| trimmed(page, longest)));
}

/// صحيفة الصباح is listed, الصباح is the name; دمشق may go on as دمشق القديمة.
fn trimmed(page: &Page<'_>, listed: Candidate) -> Candidate {
    let head = page.tokens.word(listed.first);
    let head = head.get(listed.cut as usize..).unwrap_or(head);
    if listed.kind == EntityType::Organization && listed.words() > 1 && SAYING.contains(&head) {
        let first = if page.is_quote(listed.first + 1) { listed.first + 2 } else { listed.first + 1 };
        let last = if page.is_quote(listed.last) { listed.last - 1 } else { listed.last };
        return Candidate { first, last, cut: 0, preposition: false, ..listed };
    }
    if listed.kind != EntityType::Place || listed.score < ACCEPT {
        return listed;
    }
    let side = page.tokens.word(listed.last + 1);
    let hers = ["الشرقيه", "الغربيه", "الشماليه", "الجنوبيه"].contains(&side);
    let his = ["الشرقي", "الغربي", "الشمالي", "الجنوبي"].contains(&side) && page.definite(listed.last);
    let before = page.word_before(listed.first);
    let of_another = || before.is_some_and(|before| page.reading(before, flag::PLACE).is_some());
    if (hers || his) && !of_another() {
        return Candidate { last: listed.last + 1, named: None, how: How::Rule, ..listed };
    }
    listed
}

/// Weighs the listed names against what stands around them.
pub(super) fn weigh(page: &Page<'_>, candidates: &mut [Candidate]) {
    for candidate in candidates {
        if candidate.named.is_some_and(|named| !named.user) {
            candidate.score = weighed(page, candidate);
        }
    }
}

fn weighed(page: &Page<'_>, candidate: &Candidate) -> f32 {
    let before = page.word_before(candidate.first);
    let single = candidate.first == candidate.last;
    match candidate.kind {
        EntityType::Place => {
            let cue = before.is_some_and(|before| page.reading(before, flag::PLACE | flag::LOCATIVE).is_some());
            let mut score = candidate.score;
            // السعودية after a noun with an article is its adjective.
            if single
                && page.is(candidate.first, flag::NATIONALITY)
                && before.is_some_and(|before| page.definite(before))
            {
                return score * 0.5;
            }
            if score < 0.75 && (cue || candidate.preposition) {
                score += 0.25 * score.min(0.5) * 2.0;
            }
            let given = before.is_some_and(|before| {
                let facts = page.facts(before);
                facts.given > 3 && facts.person > 0.5
            });
            if single && given && candidate.cut == 0 { score * 0.6 } else { score }
        }
        // A well-known surname after another given name is another's.
        EntityType::Person
            if single
                && candidate.cut == 0
                && before.is_some_and(|before| page.facts(before).given > 2 && page.facts(before).person >= 0.3) =>
        {
            candidate.score * 0.5
        }
        // A single word is no person by a list of full names alone.
        EntityType::Person if single && candidate.score < 0.8 => candidate.score * 0.5,
        _ => candidate.score,
    }
}

/// The accepted ones and what they vouch for: names of the article's own, and
/// weak names that were meant elsewhere in it. `aliases`: in the order of the text.
pub(super) fn extend(
    page: &Page<'_>,
    candidates: &[Candidate],
    mentions: &[Candidate],
    aliases: &[Candidate],
) -> Vec<Candidate> {
    let mut meant: FxHashSet<(Node, EntityType)> = FxHashSet::default();
    meant.reserve(mentions.len());
    meant.extend(mentions.iter().filter_map(|mention| Some((mention.named?.node, mention.kind))));
    let mut full: Vec<usize> = aliases.iter().filter_map(|alias| alias.of).collect();
    full.sort_unstable();
    let aliased = |mention: &Candidate| {
        let from = aliases.partition_point(|alias| alias.first < mention.first);
        let mut here = aliases.iter().skip(from).take_while(|alias| alias.first == mention.first);
        here.any(|alias| alias.last == mention.last)
    };
    let mut pool: Vec<Candidate> = Vec::with_capacity(mentions.len() + aliases.len());
    pool.extend(
        mentions
            .iter()
            .filter(|mention| mention.is_user() || !aliased(mention) || full.binary_search(&mention.first).is_ok()),
    );
    let weak = candidates.iter().filter(|one| (VOUCHED..ACCEPT).contains(&one.score));
    let vouched = weak.filter(|one| one.named.is_some_and(|named| meant.contains(&(named.node, one.kind))));
    pool.extend(vouched.map(|one| Candidate { score: ACCEPT, ..*one }));
    pool.extend(aliases.iter().filter(|alias| alias.of != Some(alias.first)));
    resolve(&pool, page.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All in one order, none over another.
    fn one_by_one(candidates: &[Candidate], tokens: usize) -> Vec<Candidate> {
        let mut order: Vec<&Candidate> =
            candidates.iter().filter(|one| one.score >= ACCEPT && one.last < tokens).collect();
        order.sort_by(|one, other| {
            other.weight().total_cmp(&one.weight()).then((one.first, one.last).cmp(&(other.first, other.last)))
        });
        let mut chosen: Vec<Candidate> = Vec::new();
        for candidate in order {
            if !chosen.iter().any(|other| other.first <= candidate.last && candidate.first <= other.last) {
                chosen.push(*candidate);
            }
        }
        chosen.sort_by_key(|candidate| candidate.first);
        chosen
    }

    proptest! {
        #[test]
        fn what_hangs_together_is_settled_as_if_all_did(
            spans in proptest::collection::vec((0_usize..30, 0_usize..4, 0_u8..8), 0..20),
        ) {
            let rule = |(first, more, score): &(usize, usize, u8)| {
                Candidate::rule(*first, first + more, EntityType::Place, 0.4 + f32::from(*score) / 10.0)
            };
            let candidates: Vec<Candidate> = spans.iter().map(rule).collect();
            prop_assert_eq!(resolve(&candidates, 30), one_by_one(&candidates, 30));
        }
    }
}
