//! [`Text`] to entities and dates; built once, shared by all cores.
//!
//! Names come from lists (the built-in [`Gazetteer`] and the users' own
//! [`UserGazetteer`]s), from patterns of words, and from the article itself: a
//! name given once in full explains its short forms. All of them enter one list
//! of candidates with a score; the longest and surest win, and what is left is
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

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::record::{Degraded, InvalidOption, Published, Stage, Tagged, Tags, Text};
use mentions::Candidate;
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
mod gazetteer;
mod link;
mod mentions;
mod page;
mod rules;
#[cfg(test)]
mod tests;
mod tokens;

pub use changes::Changes;
pub use gazetteer::{BuildError, Gazetteer, GazetteerError, Sources, UserGazetteer, UserListError, build};

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
}

impl Default for Options {
    fn default() -> Self {
        Self { gazetteer_files: Vec::new(), max_mentions: 5000 }
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
}

impl Tagger {
    /// The users' lists beat the gazetteer, and the first of them the others.
    pub fn new(options: &Options, gazetteer: Gazetteer, users: &[UserGazetteer]) -> Result<Self, Vec<InvalidOption>> {
        let mut invalid = options.check();
        match UserGazetteer::compile(users) {
            Ok(users) if invalid.is_empty() => return Ok(Self { options: options.clone(), gazetteer, users }),
            Ok(_) => {}
            Err(error) => invalid.push(InvalidOption::new("tag.gazetteer_files", users.len(), error.to_string())),
        }
        Err(invalid)
    }

    /// Finds entities and dates. Never fails: what is cut short is said.
    #[must_use]
    pub fn tag(&self, text: &Text, hints: Hints<'_>) -> (Tags, Vec<Degraded>) {
        let tokens = Tokens::new(&text.matched);
        let page = Page::new(tokens, &self.gazetteer, |_, span| text.shown(tokens::shown(text, span)).ends_with('ي'));
        let arabic = text.language.tag.starts_with("ar") || text.language.tag == "und";
        let (mentions, cut) = self.mentions(&page, arabic);
        let entities = link::Linker { text, page: &page, users: &self.users }.entities(&mentions);
        let dates = dates::dates(text, hints);
        let degraded = cut.then_some(Degraded { stage: Stage::Tag, why: "too_many_mentions" });
        let tags = Tags {
            tagged: if arabic { Tagged::Full } else { Tagged::Gazetteer },
            entities,
            dates: dates.mentions,
            published: dates.published,
            modified: dates.modified,
        };
        (tags, degraded.into_iter().collect())
    }

    /// All mentions in the order of the text, and whether there were too many.
    fn mentions(&self, page: &Page<'_>, arabic: bool) -> (Vec<Candidate>, bool) {
        let mut candidates = Vec::new();
        let forbidden = mentions::users(page, &self.users, &mut candidates);
        mentions::listed(page, &mut candidates);
        if arabic {
            mentions::weigh(page, &mut candidates);
            rules::find(page, &mut candidates);
        } else {
            // The lists' frequencies are those of Arabic.
            candidates.retain(|candidate| candidate.score >= mentions::SURE);
        }
        // After all that finds mentions, so that none slips by.
        forbidden.drop(page, &mut candidates);
        mentions::agree(&mut candidates);
        mentions::prolong(&mut candidates);
        let mut mentions = mentions::resolve(&candidates, page.len());
        if arabic {
            let mut aliases = aliases::find(page, &mut mentions);
            forbidden.drop(page, &mut aliases);
            mentions = mentions::extend(page, &candidates, &mentions, &aliases);
        }
        let cut = mentions.len() > self.options.max_mentions;
        mentions.truncate(self.options.max_mentions);
        (mentions, cut)
    }
}
