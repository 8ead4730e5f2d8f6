//! [`Text`] to entities and dates; built once, shared by all cores.
//!
//! Names come from lists (the built-in [`Gazetteer`] and the users' own
//! [`UserGazetteer`]s), from patterns of words, and from the article itself: a
//! name given once in full explains its short forms. All of them enter one list
//! of candidates with a score; the longest and surest win. A linear model
//! ([`linear`]) judges these and adds what it sees itself; what is left is
//! joined into entities.
//!
//! ```
//! use warraq::record::{Block, BlockKind, DisplaySpan, Text};
//! use warraq::tag::{Gazetteer, Hints, Options, Tagger, UserGazetteer};
//!
//! let list = UserGazetteer::parse("desk.tsv", "نهر الورد\tplace\tdesk-7").unwrap();
//! let tagger = Tagger::new(&Options::default(), Gazetteer::empty(), &[list]).unwrap();
//! let display = "فاض نهر الورد".to_owned();
//! let block = Block { kind: BlockKind::Paragraph, span: DisplaySpan::new(0, display.len()), ..Block::default() };
//! let text = Text { matched: display.clone(), display, blocks: vec![block], ..Text::default() };
//! let (tags, degraded) = tagger.tag(&text, Hints::default());
//! assert_eq!(tags.entities[0].user_id.as_deref(), Some("desk-7"));
//! assert!(degraded.is_empty());
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;
#[cfg(feature = "neural")]
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::record::{Degraded, EntityType, InvalidOption, Published, Stage, Tagged, Tags, Text};
use foreign::Foreign;
use gazetteer::Language;
use linear::{Convention, Linear};
use mentions::{Candidate, Forbidden};
use model::Heard;
use page::Page;
use tokens::Tokens;

mod aliases;
mod calendars;
mod changes;
mod clitics;
mod conll;
mod dates;
#[cfg(test)]
mod fixture;
mod foreign;
mod gazetteer;
mod gloss;
mod joins;
mod judge;
mod labels;
pub mod linear;
mod link;
mod mentions;
mod misread;
mod model;
#[cfg(feature = "neural")]
mod neural;
mod page;
mod rules;
#[cfg(test)]
mod tests;
mod tokens;
mod vocabulary;

pub use changes::Changes;
pub use gazetteer::{BuildError, Gazetteer, GazetteerError, Sources, UserGazetteer, UserListError, build};
pub use model::{Meaning, Model};
#[cfg(feature = "mount")]
pub use neural::{Folder, MountError};
#[cfg(feature = "neural")]
pub use neural::{NetworkError, Neural};

/// Options of the `[tag]` table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Files of your own names, which beat the built-in ones, the first of them
    /// the others. Tab-separated: name, type (person, organization, place,
    /// event, other), identifier, aliases separated by `|`; the last two may be
    /// left out. The type `never` forbids a mention of just these words, of any
    /// type, whoever found it; of two rows with one name the first holds. Read by
    /// the shell; this room is handed their text.
    pub gazetteer_files: Vec<PathBuf>,
    /// Mentions kept of one article. Default 5,000: a long read has a few
    /// hundred; what has more is a list, and would make records of megabytes.
    pub max_mentions: usize,
    /// What reads Arabic text besides lists and rules: `fast` (a linear model),
    /// `accurate` (a small transformer as well, some hundred times slower), or the
    /// directory of a token classifier of your own (told by a `/`), as Hugging
    /// Face's transformers saves it: BERT, RoBERTa, XLM-RoBERTa or ELECTRA.
    pub model: Model,
    /// What the labels of such a classifier mean, where their names do not say so:
    /// by the whole label or by what follows `B-` and `I-`, as person,
    /// organization, place, event, other or none.
    pub labels: BTreeMap<String, Meaning>,
    /// Windows (a sentence, or a part of one that is too long) that such a
    /// classifier reads at once, 512 pieces of words at most in all. Default 8:
    /// more makes it no faster.
    pub batch: usize,
    /// Pieces of words that a transformer reads of one article; the rest of it is
    /// left to the linear model, and the record says `too_many_pieces`. Default
    /// 20,000: twelve thousand words, and some five seconds of one core.
    pub max_model_pieces: usize,
}

/// The deadline passed before a transformer had read all.
#[cfg_attr(not(feature = "neural"), allow(dead_code))] // without one nothing is late
struct Late;

impl Default for Options {
    fn default() -> Self {
        Self {
            gazetteer_files: Vec::new(),
            max_mentions: 5000,
            model: Model::default(),
            labels: BTreeMap::new(),
            batch: 8,
            max_model_pieces: 20_000,
        }
    }
}

impl Options {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        if self.max_mentions == 0 {
            let message = "no entity could ever be found: set at least 1";
            return vec![InvalidOption::new("tag.max_mentions", self.max_mentions, message)];
        }
        if self.max_model_pieces == 0 {
            let message = "the model could read nothing: set at least 1, or tag.model = \"fast\"";
            return vec![InvalidOption::new("tag.max_model_pieces", self.max_model_pieces, message)];
        }
        if self.batch == 0 {
            let message = "the model could read nothing: set at least 1";
            return vec![InvalidOption::new("tag.batch", self.batch, message)];
        }
        Vec::new()
    }
}

/// What is known of an article besides its text.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    pub published: Option<&'a Published>,
    /// A publication date as people write it, still to be read.
    pub published_text: Option<&'a str>,
    pub url: Option<&'a str>,
    pub site: Option<&'a str>,
}

/// A compiled gazetteer and the users' lists on top of it.
#[derive(Debug)]
pub struct Tagger {
    options: Options,
    gazetteer: Gazetteer,
    users: Gazetteer,
    linear: Option<Linear>,
    #[cfg(feature = "neural")]
    neural: Option<Arc<Neural>>,
}

impl Tagger {
    /// The users' lists beat the gazetteer, and the first of them the others.
    pub fn new(options: &Options, gazetteer: Gazetteer, users: &[UserGazetteer]) -> Result<Self, Vec<InvalidOption>> {
        let mut invalid = options.check();
        match UserGazetteer::compile(users) {
            Ok(users) if invalid.is_empty() => {
                return Ok(Self {
                    options: options.clone(),
                    gazetteer,
                    users,
                    linear: None,
                    #[cfg(feature = "neural")]
                    neural: None,
                });
            }
            Ok(_) => {}
            Err(error) => invalid.push(InvalidOption::new("tag.gazetteer_files", users.len(), error.to_string())),
        }
        Err(invalid)
    }

    /// The same with a model that judges what lists and rules propose, and sees
    /// names that they do not.
    #[must_use]
    pub fn with_linear(self, linear: Linear) -> Self {
        Self { linear: Some(linear), ..self }
    }

    /// The same tagger, with a transformer that reads Arabic text too.
    #[cfg(feature = "neural")]
    #[must_use]
    pub fn with_neural(self, neural: Arc<Neural>) -> Self {
        Self { neural: Some(neural), ..self }
    }

    /// Finds entities and dates. Never fails: what is cut short is said.
    #[must_use]
    pub fn tag(&self, text: &Text, hints: Hints<'_>) -> (Tags, Vec<Degraded>) {
        self.tag_until(text, hints, &mut || false)
    }

    /// The same by a deadline: where it becomes `late` before a transformer has
    /// read all, the linear model reads alone, and that is said.
    #[must_use]
    pub fn tag_until(&self, text: &Text, hints: Hints<'_>, late: &mut dyn FnMut() -> bool) -> (Tags, Vec<Degraded>) {
        let tokens = Tokens::new(&text.matched);
        let page = Page::new(tokens, &self.gazetteer, |_, span| text.shown(tokens::shown(text, span)).ends_with('ي'));
        let arabic = text.language.tag.starts_with("ar") || text.language.tag == "und";
        let read = self.read(text, &page, arabic, late);
        let stopped = read.is_err();
        let heard = read.unwrap_or_default();
        let unread = heard.as_ref().is_some_and(|heard| heard.cut);
        let mut mentions =
            if arabic { self.mentions(&page, Convention::News, heard.as_ref()) } else { self.foreign(text, &page) };
        let cut = mentions.len() > self.options.max_mentions;
        mentions.truncate(self.options.max_mentions);
        let entities = link::Linker { text, page: &page, users: &self.users }.entities(&mentions);
        let dates = dates::dates(text, page.said(), hints);
        let degraded = [(cut, "too_many_mentions"), (unread, "too_many_pieces"), (stopped, "model_deadline")];
        let degraded = degraded.into_iter().filter(|(is, _)| *is).map(|(_, why)| Degraded { stage: Stage::Tag, why });
        let tags = Tags {
            tagged: if arabic { Tagged::Full } else { Tagged::Gazetteer },
            entities,
            dates: dates.mentions,
            published: dates.published,
            modified: dates.modified,
        };
        (tags, degraded.collect())
    }

    /// What a transformer says of the text, if there is one for it.
    #[cfg(feature = "neural")]
    fn read(
        &self,
        text: &Text,
        page: &Page<'_>,
        arabic: bool,
        late: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Heard>, Late> {
        let Some(neural) = self.neural.as_ref().filter(|_| arabic) else { return Ok(None) };
        let words = neural::Words::of_text(text, page);
        neural.read_words(page, &words, Convention::News, self.options.max_model_pieces, late).map(Some).ok_or(Late)
    }

    #[cfg(not(feature = "neural"))]
    fn read(&self, _: &Text, _: &Page<'_>, _: bool, _: &mut dyn FnMut() -> bool) -> Result<Option<Heard>, Late> {
        Ok(None)
    }

    /// All mentions of an Arabic text, in its order.
    fn mentions(&self, page: &Page<'_>, convention: Convention, heard: Option<&Heard>) -> Vec<Candidate> {
        let Proposals { mut mentions, candidates, forbidden } = self.proposals(page);
        if let Some(heard) = heard.filter(|heard| heard.decides) {
            mentions = self.followed(page, &mentions, &candidates, convention, heard);
            forbidden.drop(page, &mut mentions);
            let aliases = aliases::find(page, &mut mentions);
            mentions = with_aliases(page, &mentions, aliases, &[], &forbidden);
        } else if let Some(linear) = &self.linear {
            let reading = linear.read(page, &mentions, &candidates, convention, heard);
            mentions = judge::settle(page, &mentions, &candidates, &reading);
            misread::mend(page, &mut mentions, &candidates);
            forbidden.drop(page, &mut mentions);
            let mut aliases = aliases::find(page, &mut mentions);
            misread::drop_numbers(page, &mut aliases);
            mentions = with_aliases(page, &mentions, aliases, &candidates, &forbidden);
        }
        mentions
    }

    /// All mentions of a text in another language, in its order: names of lists, for
    /// rules and models know Arabic alone.
    fn foreign(&self, text: &Text, page: &Page<'_>) -> Vec<Candidate> {
        let (mut candidates, forbidden) = self.listed(page);
        let foreign = Language::of(&text.language.tag).map(|language| Foreign { page, text, language });
        // How often they are meant was counted in Arabic; and a word that is somebody's name
        // there is one of Persian or Kurdish, which have their own lists.
        let own = foreign.is_some();
        let sure =
            |one: &Candidate| one.score >= mentions::SURE && (!own || one.words() > 1 || one.kind == EntityType::Place);
        candidates.retain(|one| one.is_user() || sure(one));
        if let Some(foreign) = &foreign {
            foreign.listed(&mut candidates);
        }
        forbidden.drop(page, &mut candidates);
        mentions::agree(&mut candidates);
        let mentions = mentions::resolve(&candidates, page.len());
        let mut aliases = foreign.map(|foreign| foreign.last_names(&mentions)).unwrap_or_default();
        forbidden.drop(page, &mut aliases);
        mentions::extend(page, &candidates, &mentions, &aliases)
    }

    /// The names of a user's own model, and those of the linear one in what it did
    /// not read.
    fn followed(
        &self,
        page: &Page<'_>,
        said: &[Candidate],
        listed: &[Candidate],
        convention: Convention,
        heard: &Heard,
    ) -> Vec<Candidate> {
        let reading = linear::heard(page, heard, convention);
        let rest = self.linear.as_ref().filter(|_| heard.cut).map(|linear| {
            let reading = linear.read(page, said, listed, convention, None);
            judge::settle(page, said, listed, &reading)
        });
        let unread = |name: &Candidate| (name.first..=name.last).all(|at| matches!(heard.scores.get(at), Some(None)));
        let rest: Vec<Candidate> = rest.into_iter().flatten().filter(unread).collect();
        judge::follow(page, said, listed, &reading, &rest)
    }

    /// Names of the users' lists and of ours, and what theirs forbid.
    fn listed(&self, page: &Page<'_>) -> (Vec<Candidate>, Forbidden) {
        let mut candidates = Vec::with_capacity(page.len() / 2);
        let forbidden = mentions::users(page, &self.users, &mut candidates);
        mentions::listed(page, &mut candidates);
        (candidates, forbidden)
    }

    fn proposals(&self, page: &Page<'_>) -> Proposals {
        let (mut candidates, forbidden) = self.listed(page);
        mentions::weigh(page, &mut candidates);
        rules::find(page, &mut candidates);
        // After all that finds mentions, so that none slips by.
        forbidden.drop(page, &mut candidates);
        mentions::agree(&mut candidates);
        mentions::prolong(&mut candidates);
        let mut mentions = mentions::resolve(&candidates, page.len());
        let aliases = aliases::find(page, &mut mentions);
        let mentions = with_aliases(page, &mentions, aliases, &candidates, &forbidden);
        Proposals { mentions, candidates, forbidden }
    }
}

/// What lists and rules say of a page.
struct Proposals {
    /// The names that they settle on.
    mentions: Vec<Candidate>,
    /// All that they thought of.
    candidates: Vec<Candidate>,
    forbidden: Forbidden,
}

/// The names, and the shorter forms that the article has of them, but for what is
/// forbidden.
fn with_aliases(
    page: &Page<'_>,
    mentions: &[Candidate],
    mut aliases: Vec<Candidate>,
    candidates: &[Candidate],
    forbidden: &Forbidden,
) -> Vec<Candidate> {
    forbidden.drop(page, &mut aliases);
    mentions::extend(page, candidates, mentions, &aliases)
}
