//! What the demo shows at its end: articles, one whole record, dead letters,
//! the balance.

use std::collections::BTreeMap;
use std::io::{self, Write};

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde_json::Value;

use crate::cli::samples::Sample;
use crate::encode::headers;
use crate::metrics::Totals;
use crate::record::{EntityType, RawRecord};

/// Rows of the table of articles; the rest is counted.
const ROWS: usize = 24;
/// Code points of a title that are shown.
const TITLE: usize = 44;

pub(super) struct Outcome<'a> {
    pub(super) samples: &'a [Sample],
    pub(super) output: &'a [RawRecord],
    pub(super) dead: &'a [RawRecord],
    pub(super) totals: Totals,
}

pub(super) fn print(out: &mut impl Write, outcome: &Outcome<'_>) -> io::Result<()> {
    let records: Vec<(Value, &RawRecord)> = outcome
        .output
        .iter()
        .filter_map(|raw| Some((serde_json::from_slice(raw.value.as_deref()?).ok()?, raw)))
        .collect();
    writeln!(out, "\nEnriched articles\n{}", articles(&records))?;
    if records.len() > ROWS {
        writeln!(out, "… and {} more", records.len() - ROWS)?;
    }
    if let Some(record) = shown_whole(&records) {
        writeln!(out, "\nOne whole record")?;
        whole(out, record)?;
    }
    writeln!(out, "\nDead letters: the input untouched, and why\n{}", dead_letters(outcome.dead))?;
    let Totals { consumed, produced, dead_lettered, tombstones } = outcome.totals;
    writeln!(
        out,
        "\nrecords in   {consumed} (of {} samples)\nrecords out  {produced} (of them {tombstones} tombstones passed on)\n\
         dead letters {dead_lettered}\nbalance      {consumed} = {produced} + {dead_lettered}",
        outcome.samples.len()
    )
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    table
}

fn articles(records: &[(Value, &RawRecord)]) -> Table {
    let mut table = table(&["title", "lang", "people", "orgs", "places", "events", "dates", "ms"]);
    for (record, raw) in records.iter().take(ROWS) {
        let entities = count_by_type(record);
        let count = |kind: EntityType| entities.get(kind.as_str()).map_or_else(|| "·".to_owned(), ToString::to_string);
        table.add_row([
            cut(record["title"].as_str().unwrap_or("—")),
            record["language"]["tag"].as_str().unwrap_or_default().to_owned(),
            count(EntityType::Person),
            count(EntityType::Organization),
            count(EntityType::Place),
            count(EntityType::Event),
            record["dates"].as_array().map_or(0, Vec::len).to_string(),
            elapsed(record, raw).map_or_else(String::new, |millis| millis.to_string()),
        ]);
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn count_by_type(record: &Value) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for entity in record["entities"].as_array().into_iter().flatten() {
        *counts.entry(entity["type"].as_str().unwrap_or_default()).or_default() += 1;
    }
    counts
}

/// From the append to the input topic to the sending of the record.
fn elapsed(record: &Value, raw: &RawRecord) -> Option<i64> {
    Some(raw.timestamp? - record["source"]["timestamp"].as_i64()?)
}

fn cut(title: &str) -> String {
    let mut short: String = title.chars().take(TITLE).collect();
    if short.len() < title.len() {
        short.push('…');
    }
    short
}

/// A record short enough to be read and rich enough to be worth it.
fn shown_whole<'a>(records: &'a [(Value, &RawRecord)]) -> Option<&'a Value> {
    let length = |record: &Value| record["text"].as_str().map_or(0, str::len);
    let entities = |record: &Value| record["entities"].as_array().map_or(0, Vec::len);
    records
        .iter()
        .map(|(record, _)| record)
        .filter(|record| length(record) < 1500)
        .max_by_key(|record| entities(record))
}

/// A field a line, an item of a list a line; still JSON.
fn whole(out: &mut impl Write, record: &Value) -> io::Result<()> {
    let fields = record.as_object().into_iter().flatten();
    let lines: Vec<String> =
        fields.map(|(name, value)| format!("  {}: {}", Value::from(name.as_str()), field(value))).collect();
    writeln!(out, "{{\n{}\n}}", lines.join(",\n"))
}

fn field(value: &Value) -> String {
    match value.as_array().filter(|items| !items.is_empty()) {
        None => value.to_string(),
        Some(items) => {
            let lines: Vec<String> = items.iter().map(|item| format!("    {item}")).collect();
            format!("[\n{}\n  ]", lines.join(",\n"))
        }
    }
}

fn dead_letters(dead: &[RawRecord]) -> Table {
    let mut table = table(&["source", "bytes", "stage", "reason", "message"]);
    for letter in dead {
        let text = |name| letter.header(name).unwrap_or_default().to_owned();
        table.add_row([
            text(headers::SOURCE),
            letter.value_length.to_string(),
            text(headers::ERROR_STAGE),
            text(headers::ERROR_REASON),
            text(headers::ERROR_MESSAGE),
        ]);
    }
    table
}
