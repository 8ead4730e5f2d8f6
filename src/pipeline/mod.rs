//! The text half's one door: the bytes of a record in, the bytes of a record out.
//!
//! [`Pipeline::enrich`] walks a record through decode, normalize, tag and
//! encode, and puts together what they found. It never fails: every record
//! gives exactly one [`Outgoing`], a dead letter where a stage rejects it.
//! A pipeline is built once and shared by all cores; it holds no state, so any
//! number of threads get the same bytes from the same record.
//!
//! A panic is not caught here, for the text half does not know what a thread
//! is; who catches one hands the record to [`Pipeline::reject`].
//!
//! ```
//! use warraq::decode::{self, Decoder};
//! use warraq::encode::{self, Encoder};
//! use warraq::normalize::{self, Normalizer};
//! use warraq::pipeline::{Fate, NoWatch, Parts, Pipeline};
//! use warraq::record::{Origin, Provenance, RawRecord};
//! use warraq::tag::{self, Gazetteer, Tagger, UserGazetteer};
//!
//! let names = UserGazetteer::parse("desk.tsv", "نهر الورد\tplace\tdesk-7").unwrap();
//! let provenance = Provenance { version: "1.0.0".into(), model: "none".into(), config: "none".into() };
//! let pipeline = Pipeline::new(Parts {
//!     decoder: Decoder::new(&decode::Options::default()),
//!     normalizer: Normalizer::new(&normalize::Options::default()),
//!     tagger: Tagger::new(&tag::Options::default(), Gazetteer::empty(), &[names]).unwrap(),
//!     encoder: Encoder::new(&encode::Options::default(), provenance),
//! });
//! let value = "فيضان جديد\nفاض نهر الورد صباح اليوم بعد ليلة من المطر.".as_bytes().to_vec();
//! let raw = RawRecord {
//!     origin: Origin { topic: "articles.raw".into(), partition: 0, offset: 7 },
//!     timestamp: None,
//!     key: None,
//!     value_length: value.len(),
//!     value: Some(value),
//!     headers: Vec::new(),
//! };
//! let outcome = pipeline.enrich(&raw, &mut NoWatch);
//! assert_eq!(outcome.summary.fate, Fate::Enriched);
//! let record: serde_json::Value = serde_json::from_slice(&outcome.outgoing.value.unwrap()).unwrap();
//! assert_eq!(record["title"], "فيضان جديد");
//! assert_eq!(record["entities"][0]["user_id"], "desk-7");
//! assert_eq!(outcome.outgoing.headers.first().unwrap().name, "warraq-source");
//! ```

mod assemble;
mod watch;

pub use watch::{NoWatch, Watch};

use std::sync::Arc;

use crate::decode::Decoder;
use crate::encode::{Encoder, headers};
use crate::normalize::{Explained, Normalizer};
use crate::record::{
    Article, Degraded, Enriched, EntityType, Outgoing, Provenance, RawRecord, Reason, Reject, Stage, Tags, Text,
};
use crate::tag::{Hints, Tagger};

/// `degraded.why` where the deadline left a stage out.
const DEADLINE: &str = "deadline";

/// The rooms of a pipeline, each built from its own options.
#[derive(Debug)]
pub struct Parts {
    pub decoder: Decoder,
    pub normalizer: Normalizer,
    pub tagger: Tagger,
    pub encoder: Encoder,
}

/// The rooms in a row.
#[derive(Debug)]
pub struct Pipeline {
    parts: Arc<Parts>,
    encoder: Encoder,
}

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub outgoing: Outgoing,
    pub summary: Summary,
}

/// What metrics tell of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    pub fate: Fate,
    /// BCP 47; `None` where no text was found.
    pub language: Option<String>,
    /// Entities by type, in the order of [`EntityType::ALL`].
    pub entities: [usize; EntityType::ALL.len()],
    /// Dates in the text.
    pub dates: usize,
    /// Stages that were cut short.
    pub degraded: Vec<Degraded>,
    /// Length of the clean text, in bytes, before any cut for size.
    pub text_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    Enriched,
    Tombstone,
    Rejected { stage: Stage, reason: Reason },
}

impl Summary {
    fn new(fate: Fate) -> Self {
        Self { fate, language: None, entities: Default::default(), dates: 0, degraded: Vec::new(), text_bytes: 0 }
    }

    fn of(record: &Enriched) -> Self {
        let count = |kind: &EntityType| record.entities.iter().filter(|entity| entity.kind == *kind).count();
        Self {
            fate: Fate::Enriched,
            language: Some(record.language.tag.clone()),
            entities: EntityType::ALL.each_ref().map(count),
            dates: record.dates.len(),
            degraded: record.degraded.clone(),
            text_bytes: record.text.len(),
        }
    }
}

impl Pipeline {
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let encoder = parts.encoder.clone();
        Self { parts: Arc::new(parts), encoder }
    }

    /// The same, whose records begin with a schema registry's header.
    #[must_use]
    pub fn with_schema_id(&self, id: Option<u32>) -> Self {
        Self { parts: Arc::clone(&self.parts), encoder: self.encoder.clone().with_schema_id(id) }
    }

    /// The same, whose dead letters are parked after so many attempts.
    #[must_use]
    pub fn with_max_attempts(&self, attempts: Option<u32>) -> Self {
        Self { parts: Arc::clone(&self.parts), encoder: self.encoder.clone().with_max_attempts(attempts) }
    }

    /// Which build, model and configuration make the records.
    #[must_use]
    pub const fn provenance(&self) -> &Provenance {
        self.encoder.provenance()
    }

    /// One record in, one record out.
    pub fn enrich(&self, raw: &RawRecord, watch: &mut dyn Watch) -> Outcome {
        if raw.value.is_none() {
            let outgoing = self.encoder.tombstone(raw);
            return Outcome { outgoing, summary: Summary::new(Fate::Tombstone) };
        }
        self.record(raw, watch).unwrap_or_else(|reject| self.reject(raw, &reject))
    }

    /// The dead letter of a record that something outside the pipeline rejects:
    /// a panic, a record that killed the process, a value too large to be read.
    #[must_use]
    pub fn reject(&self, raw: &RawRecord, reject: &Reject) -> Outcome {
        let outgoing = self.encoder.dead_letter(raw, reject, headers::attempts(raw));
        Outcome { outgoing, summary: Summary::new(Fate::Rejected { stage: reject.stage, reason: reject.reason }) }
    }

    /// Each line of the page that a record holds, whether it was cut, and why.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub fn explain(&self, raw: &RawRecord) -> Result<Vec<Explained>, Reject> {
        Ok(self.parts.normalizer.explain(&self.parts.decoder.decode(raw)?))
    }

    fn record(&self, raw: &RawRecord, watch: &mut dyn Watch) -> Result<Outcome, Reject> {
        let parts = &self.parts;
        let article = timed(watch, Stage::Decode, || parts.decoder.decode(raw))?;
        let (text, mut degraded) = timed(watch, Stage::Normalize, || parts.normalizer.normalize(&article))?;
        let tags = self.tags(&article, &text, &mut degraded, watch);
        timed(watch, Stage::Encode, || {
            let enriched = assemble::assemble(assemble::Parts {
                raw,
                article,
                text,
                tags,
                degraded,
                provenance: self.encoder.provenance(),
                raw_offsets: self.encoder.raw_offsets(),
            });
            let mut summary = Summary::of(&enriched);
            let (outgoing, cut) = self.encoder.record(raw, enriched)?;
            summary.degraded.extend(cut);
            Ok(Outcome { outgoing, summary })
        })
    }

    fn tags(&self, article: &Article, text: &Text, degraded: &mut Vec<Degraded>, watch: &mut dyn Watch) -> Tags {
        if watch.expired() {
            degraded.push(Degraded { stage: Stage::Tag, why: DEADLINE });
            return Tags::default();
        }
        let hints = Hints {
            published: article.published.as_ref(),
            published_text: article.published_text.as_deref(),
            url: article.canonical_url.as_deref().or(article.url.as_deref()),
            site: article.site.as_deref(),
        };
        watch.begin(Stage::Tag);
        let (tags, cut) = self.parts.tagger.tag_until(text, hints, &mut || watch.expired());
        watch.end(Stage::Tag);
        degraded.extend(cut);
        tags
    }
}

fn timed<T>(watch: &mut dyn Watch, stage: Stage, work: impl FnOnce() -> T) -> T {
    watch.begin(stage);
    let done = work();
    watch.end(stage);
    done
}
