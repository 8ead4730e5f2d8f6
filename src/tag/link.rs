//! Mentions → entities → identifiers, salience.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use super::gazetteer::{Class, Gazetteer, Thing, flag, spelled};
use super::joins::Joins;
use super::mentions::{Candidate, Named};
use super::page::Page;
use super::rules;
use super::tokens;
use crate::letters;
use crate::record::{BlockKind, DisplaySpan, Entity, EntityType, How, Mention, Text};

/// By how much the best thing of a name must lead for its identifiers to be
/// given: none is better than a wrong one.
const MARGIN: f32 = 0.25;

/// Ten times the logarithm of the people of a place that stands for itself.
const LARGE: u8 = 50;

/// Names in a row of which each is short for the next.
const MOST_STEPS: usize = 4;

/// What makes two mentions one entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key<'a> {
    Thing { user: bool, thing: u32 },
    Text(EntityType, Cow<'a, str>),
}

/// Joins the mentions of one thing.
pub(super) struct Linker<'a> {
    pub text: &'a Text,
    pub page: &'a Page<'a>,
    pub users: &'a Gazetteer,
}

#[derive(Debug)]
struct Group<'a> {
    key: Key<'a>,
    kind: EntityType,
    mentions: Vec<Candidate>,
}

impl<'a> Linker<'a> {
    /// `mentions`: in the order of the text, none over another.
    pub(super) fn entities(&self, mentions: &[Candidate]) -> Vec<Entity> {
        let countries = self.countries(mentions);
        let mut groups: Vec<Group<'_>> = Vec::with_capacity(mentions.len());
        let mut by_key: FxHashMap<Key<'_>, usize> = FxHashMap::default();
        by_key.reserve(mentions.len());
        let at = |first: usize| mentions.binary_search_by_key(&first, |mention| mention.first).ok();
        // Musk is short for Elon Musk, which is إيلون ماسك in other letters.
        let longer = |index: &usize| at(mentions.get(*index)?.of?);
        let full = |index: usize| {
            let full = std::iter::successors(longer(&index), longer).take(MOST_STEPS).last()?;
            mentions.get(full).is_some_and(|mention| mention.of.is_none()).then_some(full)
        };
        let fulls: Vec<Option<usize>> = (0..mentions.len()).map(full).collect();
        let mut group_of = vec![0; mentions.len()];
        // Full names first: what is short for them comes after.
        for (at, mention) in mentions.iter().enumerate().filter(|(at, _)| fulls[*at].is_none()) {
            let key = self.key(mention, &countries);
            let index = *by_key.entry(key.clone()).or_insert_with(|| {
                groups.push(Group { key, kind: mention.kind, mentions: Vec::new() });
                groups.len() - 1
            });
            group_of[at] = index;
            groups[index].mentions.push(*mention);
        }
        for (mention, full) in mentions.iter().zip(fulls) {
            if let Some(full) = full {
                groups[group_of[full]].mentions.push(*mention);
            }
        }
        self.join(&mut groups);
        groups.retain(|group| !group.mentions.is_empty());
        let mut entities: Vec<Entity> = groups.into_iter().map(|group| self.entity(group)).collect();
        entities.sort_by_key(|entity| entity.mentions.first().map(|mention| mention.span));
        entities
    }

    /// Joins the groups of one thing that goes by several names.
    fn join(&self, groups: &mut [Group<'a>]) {
        let known = groups.iter().map(|group| matches!(group.key, Key::Thing { .. })).collect();
        let mut joins = Joins::new(known);
        let names = |kind: EntityType| {
            let groups = groups.iter().enumerate().filter(|(_, group)| group.kind == kind);
            let mut names: Vec<(Cow<'a, str>, usize)> =
                groups.map(|(index, group)| (self.longest(group), index)).collect();
            names.sort_unstable();
            names
        };
        let organizations = names(EntityType::Organization);
        // مجلس النواب beside one مجلس النواب العراقي is that one.
        joins.shorter(&organizations, " ال", |name| name.contains(' '));
        joins.bare(&organizations);
        // محمود حسن beside one محمود حسن تريزيجيه.
        let full = |name: &str| name.contains(' ') && rules::units(&name.split(' ').collect::<Vec<_>>()).len() > 1;
        joins.shorter(&names(EntityType::Person), " ", full);
        self.join_nations(groups, &mut joins);
        for (from, to) in joins.moves() {
            let moved = std::mem::take(&mut groups[from].mentions);
            groups[to].mentions.extend(moved);
        }
    }

    /// المنتخب العراقي is منتخب العراق, and المصرف المركزي beside مصرف ليبيا المركزي is that one.
    fn join_nations(&self, groups: &[Group<'_>], joins: &mut Joins) {
        let mut alike: BTreeMap<Vec<&str>, Vec<(Option<&str>, usize)>> = BTreeMap::new();
        for (index, group) in groups.iter().enumerate().filter(|(_, group)| group.kind == EntityType::Organization) {
            let longest = group.mentions.iter().max_by_key(|mention| (mention.words(), Reverse(mention.first)));
            let Some(mention) = longest.filter(|mention| mention.words() > 1 && mention.how != How::Acronym) else {
                continue;
            };
            let (nations, words): (Vec<usize>, Vec<usize>) =
                (mention.first..=mention.last).partition(|index| self.is_nation(*index));
            let nation = match *nations.as_slice() {
                [] if words.len() > 1 => None,
                [nation] => Some(root(self.stem(nation, mention))),
                _ => continue,
            };
            let words = words.iter().map(|index| self.stem(*index, mention)).collect();
            alike.entry(words).or_default().push((nation, index));
        }
        for alike in alike.values() {
            let mut with = alike.iter().filter_map(|(nation, index)| nation.map(|nation| (nation, *index)));
            let Some((nation, one)) = with.next() else { continue };
            if with.clone().all(|(other, _)| other == nation) {
                alike.iter().for_each(|(_, index)| joins.join(*index, one));
            }
        }
    }

    /// A country or what is of it.
    fn is_nation(&self, index: usize) -> bool {
        self.page.is(index, flag::NATIONALITY) || self.page.facts(index).place > 0.8
    }

    /// The word without clitics and article.
    fn stem(&self, index: usize, mention: &Candidate) -> &str {
        let word = self.page.tokens.word(index);
        let word = if index == mention.first { word.get(mention.cut as usize..).unwrap_or(word) } else { word };
        word.strip_prefix("ال").unwrap_or(word)
    }

    fn longest(&self, group: &Group<'_>) -> Cow<'a, str> {
        let spans = group.mentions.iter().map(|mention| self.matched(mention));
        spans.max_by_key(|name| name.len()).unwrap_or_default()
    }

    fn gazetteer(&self, user: bool) -> &Gazetteer {
        if user { self.users } else { self.page.gazetteer }
    }

    /// Countries that the article names, and those of names that only one
    /// thing has.
    fn countries(&self, mentions: &[Candidate]) -> FxHashSet<&[u8]> {
        let mut countries = FxHashSet::default();
        for named in mentions.iter().filter_map(|mention| mention.named) {
            let gazetteer = self.gazetteer(named.user);
            let things = || gazetteer.entries(named.node).map(|entry| gazetteer.thing(entry.thing));
            let country = things().find(|thing| thing.class == Class::Country);
            let named = country.or_else(|| things().next().filter(|_| things().nth(1).is_none()));
            // عمان names a country or the capital of another: it tells neither.
            let elsewhere = |thing: Thing<'_>| {
                thing.class == Class::Capital && thing.country != named.and_then(|named| named.country)
            };
            if let Some(thing) = named.filter(|_| !things().any(elsewhere)) {
                countries.extend(thing.country);
            }
        }
        countries
    }

    fn key(&self, mention: &Candidate, countries: &FxHashSet<&[u8]>) -> Key<'a> {
        let thing = mention
            .named
            .and_then(|named| self.choose(mention.kind, named, countries).map(|thing| (named.user, thing)))
            .filter(|(user, thing)| *user || !self.is_foreign(mention, *thing, countries));
        match thing {
            Some((user, thing)) => Key::Thing { user, thing },
            None => Key::Text(mention.kind, self.matched(mention)),
        }
    }

    /// Half the name of an organization of a country that is not spoken of: الجبهة الشعبية is
    /// one in Tunisia, too.
    fn is_foreign(&self, mention: &Candidate, thing: u32, countries: &FxHashSet<&[u8]>) -> bool {
        if mention.kind != EntityType::Organization {
            return false;
        }
        let thing = self.page.gazetteer.thing(thing);
        let (Some(name), Some(country)) = (spelled(thing.name), thing.country) else { return false };
        !countries.contains(country)
            && letters::fold(name).strip_prefix(&*self.matched(mention)).is_some_and(|rest| rest.starts_with(' '))
    }

    /// The likeliest thing of the name: how well known it is, then whether its
    /// country is spoken of. None where two are nearly as likely.
    fn choose(&self, kind: EntityType, named: Named, countries: &FxHashSet<&[u8]>) -> Option<u32> {
        let gazetteer = self.gazetteer(named.user);
        let things = || gazetteer.entries(named.node).map(|entry| gazetteer.thing(entry.thing));
        // الكويت is the country before it is the country's capital.
        let own_capital = |thing: &Thing<'_>| {
            thing.class == Class::Capital
                && things().any(|other| other.class == Class::Country && other.country == thing.country)
        };
        let (mut best, mut second): (Option<(u32, f32)>, f32) = (None, f32::MIN);
        for entry in gazetteer.entries(named.node) {
            let thing = gazetteer.thing(entry.thing);
            if thing.kind != kind || own_capital(&thing) {
                continue;
            }
            let rank = rank(&thing, entry.strength, countries);
            match best {
                Some((_, leader)) if rank <= leader => second = second.max(rank),
                _ => {
                    second = best.map_or(second, |(_, leader)| leader);
                    best = Some((entry.thing, rank));
                }
            }
        }
        let (index, _) = best.filter(|(_, rank)| named.user || rank - second >= MARGIN)?;
        let thing = gazetteer.thing(index);
        // A small place is meant where its country is spoken of.
        let large = thing.name.is_some() || thing.class == Class::Capital || thing.prior >= LARGE;
        let near = thing.country.is_some_and(|country| countries.contains(country));
        (thing.is_one() && (near || large || named.user || kind != EntityType::Place)).then_some(index)
    }

    /// The match form of the name, without clitics.
    fn matched(&self, mention: &Candidate) -> Cow<'a, str> {
        let span = mention.span(self.page);
        let text = self.page.tokens.text().get(span.start..span.end).unwrap_or_default();
        if is_plain(text) {
            return self.unjoin(text.into(), mention.preposition);
        }
        let mut name = String::with_capacity(text.len());
        for word in text.split(|letter| !tokens::is_alphanumeric(letter)).filter(|word| !word.is_empty()) {
            if !name.is_empty() {
                name.push(' ');
            }
            name.push_str(word);
        }
        self.unjoin(name.into(), mention.preposition)
    }

    /// `للعراق` as `العراق`: an article that a preposition swallowed.
    fn unjoin<'b>(&self, name: Cow<'b, str>, preposition: bool) -> Cow<'b, str> {
        let Some(rest) = name.strip_prefix("لل").filter(|_| preposition) else { return name };
        let first = rest.split(' ').next().unwrap_or_default();
        let zipf = |word: String| {
            let word = self.page.gazetteer.word(&letters::fold(&word));
            word.map_or(0.0, |word| self.page.gazetteer.facts(word).zipf)
        };
        let article = if zipf(format!("الل{first}")) > zipf(format!("ال{first}")) { "الل" } else { "ال" };
        format!("{article}{rest}").into()
    }

    fn entity(&self, group: Group<'_>) -> Entity {
        let mut mentions = group.mentions;
        mentions.sort_by_key(|mention| mention.first);
        let spans = mentions.iter().map(|mention| Mention { span: self.shown(mention), how: mention.how });
        let shown: Vec<Mention> = spans.collect();
        let thing = match group.key {
            Key::Thing { user, thing } => Some(self.gazetteer(user).thing(thing)),
            Key::Text(..) => None,
        };
        let placed = || mentions.iter().zip(&shown);
        let longest = || {
            let full = placed().filter(|(mention, _)| mention.how != How::Acronym);
            let longest = full.max_by_key(|(mention, shown)| {
                (self.text.shown(shown.span).len() - usize::from(mention.cut), Reverse(mention.first))
            });
            let longest = longest.or_else(|| placed().next());
            longest.map(|(mention, shown)| self.unjoin(self.text.shown(shown.span).into(), mention.preposition))
        };
        let score = mentions.iter().map(|mention| mention.score).fold(0.0, f32::max);
        Entity {
            kind: group.kind,
            name: thing
                .and_then(|thing| spelled(thing.name))
                .map_or_else(|| longest().unwrap_or_default().into_owned(), str::to_owned),
            user_id: thing.and_then(|thing| spelled(thing.user_id)).map(str::to_owned),
            qid: thing.and_then(|thing| thing.qid).map(|qid| format!("Q{qid}")),
            geonames: thing.and_then(|thing| thing.geonames),
            country: thing.and_then(|thing| spelled(thing.country)).map(str::to_owned),
            salience: self.salience(&shown),
            confidence: round(score.min(0.99)),
            mentions: shown,
        }
    }

    fn shown(&self, mention: &Candidate) -> DisplaySpan {
        tokens::shown(self.text, mention.span(self.page))
    }

    /// Title, lead, how early and how often: 0 to 1.
    #[allow(clippy::cast_precision_loss)] // weights, not counts
    fn salience(&self, mentions: &[Mention]) -> f32 {
        let length = self.text.display.len().max(1) as f32;
        let lead = self.text.blocks.iter().position(|block| block.kind == BlockKind::Paragraph);
        let (mut title, mut first_paragraph) = (0.0, 0.0);
        for block in mentions.iter().filter_map(|mention| self.text.block_at(mention.span.start)) {
            if self.text.blocks.get(block).is_some_and(|block| block.kind == BlockKind::Title) {
                title = 1.0;
            }
            if Some(block) == lead {
                first_paragraph = 1.0;
            }
        }
        let early = 1.0 - mentions.first().map_or(1.0, |mention| mention.span.start as f32 / length);
        let often = mentions.len() as f32 / (mentions.len() + 3) as f32;
        round(0.3 * title + 0.2 * first_paragraph + 0.15 * early + 0.35 * often)
    }
}

/// Words of Arabic letters, one blank between them.
fn is_plain(text: &str) -> bool {
    let (bytes, mut at) = (text.as_bytes(), 0);
    loop {
        let end = letters::arabic_letters(bytes, at);
        match bytes.get(end) {
            Some(b' ') if end > at => at = end + 1,
            None => return end > at,
            Some(_) => return false,
        }
    }
}

/// What العراقي, العراقية and العراق begin with.
fn root(nation: &str) -> &str {
    ["يه", "يا", "ي", "ا", "ه"].iter().find_map(|end| nation.strip_suffix(end)).unwrap_or(nation)
}

fn rank(thing: &Thing<'_>, strength: f32, countries: &FxHashSet<&[u8]>) -> f32 {
    let near = thing.country.is_some_and(|country| countries.contains(country));
    let known = f32::from(thing.prior) / 30.0;
    let class = if matches!(thing.class, Class::Country | Class::Capital | Class::User) { 1.5 } else { 0.0 };
    let listed = if thing.name.is_some() { 1.0 } else { 0.0 };
    strength + known + class + listed + if near { 2.5 } else { 0.0 }
}

/// Three decimals: what is beyond is noise.
fn round(value: f32) -> f32 {
    (value * 1000.0).round() / 1000.0
}
