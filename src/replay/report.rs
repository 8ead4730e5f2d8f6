//! What a replay did, as JSON and as a table for people.

use std::collections::BTreeMap;
use std::time::Duration;

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde::Serialize;

use super::{Bounds, Counts, figures};
use crate::record::Provenance;

/// How a replay ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The whole range is done.
    Complete,
    /// The whole range is done, with more dead letters than were allowed.
    TooManyDeadLetters,
    /// Stopped before the end; the same command goes on from there.
    Interrupted,
    Failed,
}

impl End {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::TooManyDeadLetters => "complete, with too many dead letters",
            Self::Interrupted => "interrupted, can be resumed",
            Self::Failed => "failed",
        }
    }
}

/// One partition of the range.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    pub partition: i32,
    /// Offsets from `from` up to `to`, `to` left out.
    pub from: i64,
    pub to: i64,
    /// The offset to go on from.
    pub position: i64,
    pub records: u64,
    /// Offsets that retention deleted before they were read.
    pub lost_to_retention: u64,
}

impl Part {
    #[must_use]
    pub fn new(partition: i32, bounds: Bounds, position: i64, counts: &Counts) -> Self {
        Self {
            partition,
            from: bounds.from,
            to: bounds.to,
            position,
            records: counts.records(),
            lost_to_retention: counts.lost,
        }
    }
}

/// What became of the records.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Outcomes {
    pub records: u64,
    pub output: u64,
    pub tombstones: u64,
    pub dead_letters: u64,
    pub parked: u64,
    pub skipped: u64,
    pub lost_to_retention: u64,
    /// Dead letters by reason.
    pub reasons: BTreeMap<String, u64>,
    /// Parked ones by reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parked_reasons: BTreeMap<String, u64>,
}

impl From<&Counts> for Outcomes {
    fn from(counts: &Counts) -> Self {
        Self {
            records: counts.records(),
            output: counts.output,
            tombstones: counts.tombstones,
            dead_letters: counts.dead_letters(),
            parked: counts.parked(),
            skipped: counts.skipped,
            lost_to_retention: counts.lost,
            reasons: counts.dead.clone(),
            parked_reasons: counts.parked.clone(),
        }
    }
}

/// The whole of it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// `replay` or `redrive`.
    pub command: &'static str,
    pub name: String,
    pub group: String,
    pub input: String,
    pub output: String,
    pub dead_letter_topic: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parking_topic: Option<String>,
    pub end: End,
    /// Over all runs of this replay, killed ones included.
    pub counts: Outcomes,
    pub partitions: Vec<Part>,
    /// Of this run.
    pub seconds: f64,
    /// Records of this run a second, of those that this process did.
    pub records_per_second: f64,
    /// Seconds spent waiting, of this run.
    pub waited_for_rate: f64,
    pub waited_for_live: f64,
    pub made_by: Provenance,
    /// What a reader of this report should know besides.
    pub notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<super::diff::Summary>,
}

/// Records a second; 0 over no time.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "shown rounded")]
pub fn rate(records: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { records as f64 / time.as_secs_f64() }
}

impl Report {
    /// On several lines, for a file or standard output.
    ///
    /// # Errors
    /// As `serde_json`: none for these types.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// Tables for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut blocks = vec![self.head().to_string()];
        if !self.partitions.is_empty() {
            blocks.push(self.parts().to_string());
        }
        let Outcomes { reasons, parked_reasons, .. } = &self.counts;
        if !reasons.is_empty() {
            blocks.push(format!("Dead letters, on {}\n{}", self.dead_letter_topic, of_reasons(reasons)));
        }
        if let Some(topic) = self.parking_topic.as_ref().filter(|_| !parked_reasons.is_empty()) {
            blocks.push(format!("Parked, on {topic}\n{}", of_reasons(parked_reasons)));
        }
        if let Some(diff) = &self.diff {
            blocks.push(diff.text());
        }
        blocks.extend(self.notes.iter().map(|note| format!("note: {note}")));
        blocks.join("\n")
    }

    fn head(&self) -> Table {
        let Self { counts, made_by, .. } = self;
        let mut table = table(&[self.command, &self.name]);
        let waited = |what: &str, seconds: f64| {
            let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
            if time.as_secs() > 0 { format!(", {} {what}", figures::time(time)) } else { String::new() }
        };
        let took = format!(
            "{}{}{}",
            figures::time(Duration::try_from_secs_f64(self.seconds).unwrap_or_default()),
            waited("held back by the rate asked for", self.waited_for_rate),
            waited("held back by live traffic", self.waited_for_live)
        );
        let parked = self.parking_topic.is_some().then(|| ("parked", figures::count(counts.parked)));
        let rows = [
            ("end", self.end.as_str().to_owned()),
            ("from, to", format!("{} → {}", self.input, self.output)),
            ("group", self.group.clone()),
            ("records", figures::count(counts.records)),
            ("output", figures::count(counts.output)),
            ("tombstones", figures::count(counts.tombstones)),
            ("dead letters", figures::count(counts.dead_letters)),
        ];
        let rows = rows.into_iter().chain(parked).chain([
            ("skipped", figures::count(counts.skipped)),
            ("lost to retention", figures::count(counts.lost_to_retention)),
            ("this run took", took),
            ("records a second", figures::rate(self.records_per_second)),
            ("made by", format!("warraq {}, model {}, config {}", made_by.version, made_by.model, made_by.config)),
        ]);
        for (name, value) in rows {
            table.add_row([name.to_owned(), value]);
        }
        table
    }

    fn parts(&self) -> Table {
        let mut table = table(&["partition", "from", "to", "position", "records", "lost"]);
        for part in &self.partitions {
            table.add_row([
                part.partition.to_string(),
                part.from.to_string(),
                part.to.to_string(),
                part.position.to_string(),
                figures::count(part.records),
                figures::count(part.lost_to_retention),
            ]);
        }
        for column in table.column_iter_mut() {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }
}

fn of_reasons(reasons: &BTreeMap<String, u64>) -> Table {
    let mut table = table(&["reason", "records"]);
    for (reason, count) in reasons {
        table.add_row([reason.clone(), figures::count(*count)]);
    }
    table
}

pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let counts = Counts {
            output: 1_234_567,
            tombstones: 3,
            dead: [("invalid_json".to_owned(), 12), ("no_text".to_owned(), 1030)].into(),
            parked: BTreeMap::new(),
            skipped: 0,
            lost: 70,
        };
        let part = Part::new(0, Bounds { from: 1000, to: 1_300_000 }, 1_300_000, &counts);
        Report {
            command: "replay",
            name: "tagger-2".to_owned(),
            group: "warraq-replay-tagger-2".to_owned(),
            input: "articles.raw".to_owned(),
            output: "articles.tagger-2".to_owned(),
            dead_letter_topic: "articles.tagger-2.dead".to_owned(),
            parking_topic: None,
            end: End::Complete,
            counts: Outcomes::from(&counts),
            partitions: vec![part],
            seconds: 754.2,
            records_per_second: rate(1_235_612, Duration::from_millis(754_200)),
            waited_for_rate: 0.0,
            waited_for_live: 61.5,
            made_by: Provenance { version: "0.2.0".into(), model: "aa".into(), config: "bb".into() },
            notes: vec!["records went into the live output: first run of the new tagger".to_owned()],
            diff: None,
        }
    }

    #[test]
    fn a_report_for_people() {
        insta::assert_snapshot!(report().text());
    }

    #[test]
    fn a_redrive_tells_what_it_parked_and_why() {
        let counts = Counts {
            output: 900,
            dead: [("no_text".to_owned(), 30)].into(),
            parked: [("invalid_json".to_owned(), 12), ("other".to_owned(), 8)].into(),
            skipped: 50,
            ..Counts::default()
        };
        let parking_topic = Some("articles.dead.parked".to_owned());
        let report = Report { command: "redrive", counts: Outcomes::from(&counts), parking_topic, ..report() };
        insta::assert_snapshot!(report.text());
        assert_eq!(counts.records(), 1000);
        assert!((counts.dead_ratio() - 50.0 / 950.0).abs() < 1e-9, "{}", counts.dead_ratio());
    }

    #[test]
    fn a_report_for_programs() {
        insta::assert_snapshot!(report().json().unwrap());
    }

    #[test]
    fn counts_add_up() {
        let Outcomes { records, output, tombstones, dead_letters, parked, skipped, .. } = report().counts;
        assert_eq!(records, output + tombstones + dead_letters + parked + skipped);
        assert!(rate(5, Duration::ZERO).abs() < f64::EPSILON);
    }
}
