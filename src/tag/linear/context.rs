//! What the model sees of a token's surroundings: titles and head words before
//! it, quotation marks, what lists and rules say, the rest of the article.

use super::AROUND;
use super::words::{Profile, bin, heads, heads_of, mix};
use crate::record::{EntityType, How};
use crate::tag::gazetteer::flag;
use crate::tag::mentions::Candidate;
use crate::tag::page::Page;
use crate::tag::tokens::Kind;

/// Tokens after a title or a head word in which a name may still be its own.
const FAR: usize = 6;
/// Longest name in quotation marks, in tokens.
const MOST_QUOTED: usize = 7;
const KINDS: usize = EntityType::ALL.len();
const CUES: usize = 6;
/// A stem that stands in the article more often counts for as often.
pub(super) const MOST_ELSEWHERE: u32 = 5;

/// The surroundings of all tokens of a page.
#[derive(Debug, Default)]
pub(super) struct Context {
    places: Vec<Place>,
    labels: Labels,
    /// By stem.
    elsewhere: Vec<Tally>,
    /// Which of the page's stems each token has.
    stems: Vec<usize>,
}

/// What stands before a token.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Tokens since a title, 0 for none.
    title: u32,
    /// Kinds of the nearest head word, and tokens since.
    head: (u32, u32),
    /// Quotation marks around it: where in them, how long, after what.
    quoted: u32,
    /// What lists and rules call it, as a number.
    kind: Option<usize>,
    /// A bit each.
    cues: u8,
}

impl Context {
    /// `stems`: the number of each token's stem.
    #[cfg(any(test, feature = "train"))]
    pub(super) fn new(page: &Page<'_>, stems: &[usize], said: &[Candidate], listed: &[Candidate]) -> Self {
        let mut context = Self::default();
        context.renew(page, stems.iter(), stems.iter().max().map_or(0, |most| most + 1), said, listed);
        context
    }

    /// The same of another page, in the room of the last. `all`: how many stems it has.
    pub(super) fn renew<'a>(
        &mut self,
        page: &Page<'_>,
        stems: impl Iterator<Item = &'a usize>,
        all: usize,
        said: &[Candidate],
        listed: &[Candidate],
    ) {
        let Self { places, labels, elsewhere, .. } = self;
        self.stems.clear();
        self.stems.extend(stems);
        labels.renew(page.len(), said, listed);
        places.clear();
        places.resize(page.len(), Place::default());
        quotes(page, places);
        announce(page, places);
        elsewhere.clear();
        elsewhere.resize(all, Tally::default());
        for (index, (place, stem)) in places.iter_mut().zip(&self.stems).enumerate() {
            place.kind = labels.kind(index);
            place.cues |= cues(place);
            if let Some(tally) = elsewhere.get_mut(*stem).filter(|_| page.tokens.is_word(index)) {
                tally.add(place);
            }
        }
    }

    pub(super) fn stems(&self) -> &[usize] {
        &self.stems
    }

    /// Neither lists nor rules see a name at the token or right beside it.
    pub(super) fn is_quiet(&self, index: usize) -> bool {
        self.labels.quiet.get(index).copied().unwrap_or_default()
    }

    /// How often the token's word stands elsewhere in the article, where that and
    /// what stands before the token is all that there is to say: of a mark none,
    /// of a word one more, [`MOST_ELSEWHERE`] at the most.
    pub(super) fn plain(&self, index: usize) -> Option<usize> {
        let place = self.places.get(index).filter(|place| place.is_empty())?;
        let tally = self.stems.get(index).and_then(|stem| self.elsewhere.get(*stem))?;
        let nothing = tally.kinds == [0; KINDS] && tally.cues == [0; CUES] && place.kind.is_none();
        nothing.then_some(tally.times.min(MOST_ELSEWHERE) as usize)
    }

    /// Calls `add` with each feature of the token, in the order in which they
    /// are learned, after those of the [words around it](beside); without those of
    /// [`quiet`] where they are known and it [is so](Self::is_quiet).
    pub(super) fn features(&self, index: usize, word: Profile, quiet_known: bool, mut add: impl FnMut(u32)) {
        if !(quiet_known && self.is_quiet(index)) {
            self.labels.around(index).features(word, &mut add);
        }
        if let Some(place) = self.places.get(index) {
            place.features(word, &mut add);
            if let Some(all) = self.stems.get(index).and_then(|stem| self.elsewhere.get(*stem)) {
                all.features(place, word, &mut add);
            }
        }
    }
}

/// The features of a word of which there is no more to say than how often it
/// stands in the article.
pub(super) fn plain(times: usize, mut add: impl FnMut(u32)) {
    let tally = Tally { times: small(times), ..Tally::default() };
    tally.features(&Place::default(), Profile::default(), &mut add);
}

/// The features of a word and those beside it, of the pairs from two before it to two
/// after it.
#[inline]
pub(super) fn beside([far_before, before, after, far_after]: &[Pair; AROUND - 1]) -> [u32; 10] {
    [
        before.stems,
        after.stems ^ 1,
        before.fine,
        after.fine ^ 1,
        of_three(before, after),
        before.flags_coarse,
        after.flags_coarse ^ 1,
        before.flags,
        far_before.coarse_pair,
        far_after.coarse_pair ^ 1,
    ]
}

/// What two words that stand side by side say together, to the second and to those
/// further on. What they say to the first and to those before it are the features
/// beside these, whose weights lie in the same line of memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    stems: u32,
    fine: u32,
    flags_coarse: u32,
    flags: u32,
    coarse_pair: u32,
    /// The clusters of the first, and of both.
    first: u32,
    coarse: u32,
}

impl Pair {
    pub(super) fn new(one: Profile, other: Profile) -> Self {
        let flags = |word: Profile| u32::from(word.flags);
        let coarse = mix(one.coarse, other.coarse);
        Self {
            stems: mix(110, mix(one.stem, other.stem)),
            fine: mix(112, mix(one.fine, other.fine)),
            flags_coarse: mix(115, mix(flags(one), other.coarse)),
            flags: mix(117, mix(flags(one), flags(other))),
            coarse_pair: mix(118, coarse),
            first: one.coarse,
            coarse,
        }
    }

    /// A feature of each line of memory in which weights of the pair are, with those of
    /// it and the one before it.
    pub(super) fn lines(&self, before: Option<&Self>) -> [u32; 6] {
        let three = before.map_or(self.stems, |before| of_three(before, self));
        [self.stems, self.fine, self.flags_coarse, self.flags, self.coarse_pair, three]
    }
}

/// What the clusters of three words say, of which the pairs share the second.
fn of_three(before: &Pair, after: &Pair) -> u32 {
    mix(114, mix(before.first, after.coarse))
}

/// The features of a token where nobody sees a name: they are the word's alone.
pub(super) fn quiet(word: Profile, mut add: impl FnMut(u32)) {
    Around::default().features(word, &mut add);
}

impl Place {
    /// Nothing stands before it that has features.
    const fn is_empty(&self) -> bool {
        self.title == 0 && self.head.0 == 0 && self.quoted == 0
    }

    fn features(&self, word: Profile, add: &mut impl FnMut(u32)) {
        if self.title > 0 {
            add(mix(150, self.title));
            add(mix(151, mix(self.title, word.coarse)));
        }
        let (heads, distance) = self.head;
        if heads > 0 {
            add(mix(152, mix(heads, distance)));
            add(mix(153, mix(heads, mix(u32::from(word.flags), word.coarse))));
        }
        if self.quoted > 0 {
            add(mix(154, self.quoted));
            add(mix(155, self.quoted % 32));
            add(mix(156, self.quoted / 32));
        }
    }
}

fn quotes(page: &Page<'_>, places: &mut [Place]) {
    for index in page.quotes().iter().copied() {
        let Some((first, last)) = page.quoted(index, MOST_QUOTED) else { continue };
        let length = small((last + 1 - first).min(5));
        let opener = index.checked_sub(1).map_or(0, |before| heads(page, before));
        for at in first..=last {
            if let Some(place) = places.get_mut(at) {
                place.quoted = 1 + ends(at, first, last) + 4 * length + 32 * opener;
            }
        }
    }
}

/// First, last, only one of its kind: two bits.
fn ends(at: usize, first: usize, last: usize) -> u32 {
    u32::from(at == first) | u32::from(at == last) << 1
}

fn small(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn announce(page: &Page<'_>, places: &mut [Place]) {
    const CLOSING: u16 = flag::STOP | flag::SPEECH;
    let (mut title, mut head): (Option<usize>, Option<(usize, u32)>) = (None, None);
    let mut before = 0;
    for (index, place) in places.iter_mut().enumerate() {
        let (whole, any, read) = page.marks(index);
        place.cues = before;
        before = told(any, read);
        if title.is_some() || head.is_some() {
            if whole & CLOSING != 0 || page.tokens.kind(index) == Kind::Break {
                (title, head) = (None, None);
            }
            title = title.filter(|at| index - at <= FAR);
            head = head.filter(|(at, _)| index - at <= FAR);
            place.title = title.map_or(0, |at| small(index - at));
            place.head = head.map_or((0, 0), |(at, heads)| (heads, small(index - at)));
        }
        if any & flag::TITLE != 0 {
            title = Some(index);
        }
        let opens = heads_of(any);
        if opens > 0 {
            head = Some((index, opens));
        }
    }
}

/// What a word tells the token after it, by the marks of any of its readings and of
/// those that may begin a name.
fn told(any: u16, read: u16) -> u8 {
    let cue = |at: u8, marks: u16| u8::from(marks != 0) << at;
    cue(1, read & flag::SPEECH)
        | cue(2, read & flag::LOCATIVE)
        | cue(3, any & (flag::HEAD | flag::WEAK_HEAD))
        | cue(4, any & (flag::PLACE | flag::SITE))
}

/// What else stands before the token.
fn cues(place: &Place) -> u8 {
    u8::from((1..=2).contains(&place.title)) | u8::from(place.quoted > 0) << 5
}

/// What lists and rules make of each token.
#[derive(Debug, Default)]
struct Labels {
    /// The names they settled on.
    said: Vec<u32>,
    /// The longest of what lists hold, however unlikely.
    listed: Vec<u32>,
    /// Tokens of that name.
    lengths: Vec<usize>,
    /// Nothing of either at the token or right beside it.
    quiet: Vec<bool>,
}

impl Labels {
    fn renew(&mut self, tokens: usize, said: &[Candidate], listed: &[Candidate]) {
        let labels = self;
        labels.said.clear();
        labels.said.resize(tokens, 0);
        labels.listed.clear();
        labels.listed.resize(tokens, 0);
        labels.lengths.clear();
        labels.lengths.resize(tokens, 0);
        labels.quiet.clear();
        labels.quiet.resize(tokens, true);
        for name in said.iter().chain(listed.iter().filter(|name| name.named.is_some())) {
            let near = name.first.saturating_sub(1)..(name.last + 2).min(tokens);
            labels.quiet.get_mut(near).into_iter().flatten().for_each(|quiet| *quiet = false);
        }
        for name in said {
            let how = match name.how {
                How::Gazetteer => 0,
                How::Rule => 1,
                How::Alias | How::Acronym | How::Model => 2,
            };
            for index in name.first..=name.last {
                if let Some(slot) = labels.said.get_mut(index) {
                    let sure = bin(name.score, 8.0);
                    *slot = 1 + ends(index, name.first, name.last) + 4 * (kind(name) + 5 * (how + 3 * sure));
                }
            }
        }
        for name in listed.iter().filter(|name| name.named.is_some()) {
            for index in name.first..=name.last {
                if let (Some(slot), Some(length)) = (labels.listed.get_mut(index), labels.lengths.get_mut(index))
                    && *length < name.words()
                {
                    *length = name.words();
                    *slot = 1 + ends(index, name.first, name.last) + 4 * (kind(name) + 5 * bin(name.score, 4.0));
                }
            }
        }
    }

    fn kind(&self, index: usize) -> Option<usize> {
        let said = self.said.get(index).copied().unwrap_or_default();
        said.checked_sub(1).map(|said| (said / 4) as usize % KINDS)
    }

    fn around(&self, index: usize) -> Around {
        let of = |labels: &[u32], at: Option<usize>| at.and_then(|at| labels.get(at)).copied().unwrap_or_default();
        let around = [index.checked_sub(1), Some(index), Some(index + 1)];
        Around { said: around.map(|at| of(&self.said, at)), listed: around.map(|at| of(&self.listed, at)) }
    }
}

/// What lists and rules make of a token and of those beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Around {
    said: [u32; 3],
    listed: [u32; 3],
}

impl Around {
    fn features(&self, word: Profile, add: &mut impl FnMut(u32)) {
        let Self { said, listed } = *self;
        add(mix(120, 0));
        for (offset, (said, listed)) in (0_u32..).zip(said.iter().zip(listed)) {
            add(mix(130 + offset, *said));
            add(mix(134 + offset, listed));
        }
        let [before, here, after] = said;
        add(mix(140, mix(here, word.coarse)));
        add(mix(141, mix(here, u32::from(word.flags))));
        add(mix(142, mix(here, listed[1])));
        add(mix(143, mix(before, mix(here, after))));
    }
}

fn kind(name: &Candidate) -> u32 {
    u32::from(name.kind as u8)
}

/// How often a stem stands in the article, and how.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    times: u32,
    kinds: [u32; KINDS],
    cues: [u32; CUES],
}

impl Tally {
    fn add(&mut self, place: &Place) {
        self.times += 1;
        if let Some(count) = place.kind.and_then(|kind| self.kinds.get_mut(kind)) {
            *count += 1;
        }
        if place.cues > 0 {
            for (cue, count) in self.cues.iter_mut().enumerate() {
                *count += u32::from(place.cues >> cue & 1);
            }
        }
    }

    /// What the other places say, the token's own left out.
    fn features(&self, own: &Place, word: Profile, add: &mut impl FnMut(u32)) {
        // A mark is no word.
        let Some(others) = self.times.checked_sub(1) else { return };
        add(mix(160, others.min(MOST_ELSEWHERE - 1)));
        if others == 0 {
            return;
        }
        for ((kind, count), index) in (0_u32..).zip(self.kinds).zip(0..) {
            let count = count.saturating_sub(u32::from(own.kind == Some(index)));
            if count > 0 {
                add(mix(161, kind * 4 + count * 3 / others));
            }
        }
        for (cue, count) in (0_u32..).zip(self.cues) {
            if count > u32::from(own.cues >> cue & 1) {
                add(mix(162, cue));
                add(mix(163, mix(cue, u32::from(word.flags))));
            }
        }
    }
}
