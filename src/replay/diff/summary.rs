//! The result of a comparison, for programs and for people.

use std::collections::BTreeMap;

use comfy_table::CellAlignment;
use serde::Serialize;

use super::compare::Change;
use crate::replay::{figures, report};

/// How two enriched topics compare.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    pub a: SideSummary,
    pub b: SideSummary,
    /// The same bytes: key, value and headers.
    pub identical: u64,
    /// They differ in ignored fields alone.
    pub alike: u64,
    pub changed: u64,
    /// In a, not in b.
    pub missing: u64,
    /// In b, not in a.
    pub extra: u64,
    /// On one side alone, outside of what was to be compared.
    pub outside: u64,
    /// Fields that do not count as a difference.
    pub ignored: Vec<String>,
    /// Changed records by what changed in them; one record may count for several.
    pub fields: BTreeMap<String, u64>,
    pub samples: BTreeMap<String, Vec<Sample>>,
}

#[derive(Debug, Clone, Serialize)]
pub struct SideSummary {
    pub topics: Vec<String>,
    pub records: u64,
    /// Further records of a source that was there before; the first counts.
    pub twice: u64,
    /// Records that do not say where they come from.
    pub without_source: u64,
}

/// One record of a kind.
#[derive(Debug, Clone, Serialize)]
pub struct Sample {
    pub source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// A long text is shown around the place where it changes.
const AROUND: usize = 40;
/// Longest value that is shown whole, in letters.
const SHOWN: usize = 160;

impl Summary {
    /// Whether anything differs that counts.
    #[must_use]
    pub const fn differs(&self) -> bool {
        self.changed + self.missing + self.extra > 0
    }

    /// # Errors
    /// As `serde_json`: none for these types.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// Tables and samples for people.
    #[must_use]
    pub fn text(&self) -> String {
        let names = format!("{} → {}", self.a.topics.join(" + "), self.b.topics.join(" + "));
        let mut table = report::table(&["difference", "records"]);
        let alike = format!("alike (differ in {} alone)", self.ignored.join(", "));
        let mut rows = vec![("identical".to_owned(), self.identical)];
        if !self.ignored.is_empty() {
            rows.push((alike, self.alike));
        }
        rows.push(("changed".to_owned(), self.changed));
        rows.extend(self.fields.iter().map(|(label, count)| (format!("  {label}"), *count)));
        rows.push(("missing from b".to_owned(), self.missing));
        rows.push(("only in b".to_owned(), self.extra));
        for (name, count) in [
            ("outside of what was compared", self.outside),
            ("twice in a", self.a.twice),
            ("twice in b", self.b.twice),
            ("without a source in a", self.a.without_source),
            ("without a source in b", self.b.without_source),
        ] {
            if count > 0 {
                rows.push((name.to_owned(), count));
            }
        }
        for (name, count) in rows {
            table.add_row([name, figures::count(count)]);
        }
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let mut text = format!("{names}\n{table}");
        for (kind, samples) in &self.samples {
            text.push_str(&format!("\n\n{kind}"));
            for sample in samples {
                text.push_str(&sample.text());
            }
        }
        text
    }
}

impl Sample {
    fn text(&self) -> String {
        let mut text = format!("\n  {}", self.source);
        if let Some(title) = &self.title {
            text.push_str(&format!("  {title}"));
        }
        for change in &self.changes {
            text.push_str(&format!("\n    {}", change.what));
            let (before, after) = excerpts(change.before.as_deref(), change.after.as_deref());
            for (sign, value) in [('-', before), ('+', after)] {
                if let Some(value) = value {
                    text.push_str(&format!("\n      {sign} {}", value.replace('\n', " ⏎ ")));
                }
            }
        }
        text
    }
}

/// Both values, or of long ones the stretch in which they differ. Cut between
/// letters as Unicode counts them, so that Arabic stays readable.
fn excerpts(before: Option<&str>, after: Option<&str>) -> (Option<String>, Option<String>) {
    let letters = |text: Option<&str>| text.unwrap_or_default().chars().collect::<Vec<char>>();
    let (from, to) = (letters(before), letters(after));
    if from.len() <= SHOWN && to.len() <= SHOWN {
        return (before.map(str::to_owned), after.map(str::to_owned));
    }
    let head = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let most = from.len().min(to.len()) - head;
    let tail = from.iter().rev().zip(to.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let cut = |letters: &[char]| {
        let start = head.saturating_sub(AROUND);
        let end = (letters.len() - tail + AROUND).min(letters.len()).min(start + 2 * SHOWN);
        let middle: String = letters.iter().skip(start).take(end - start).collect();
        let (left, right) = (if start > 0 { "…" } else { "" }, if end < letters.len() { "…" } else { "" });
        format!("{left}{middle}{right}")
    };
    (before.map(|_| cut(&from)), after.map(|_| cut(&to)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::diff::compare::{Field, Kind};

    fn summary() -> Summary {
        let side =
            |topic: &str| SideSummary { topics: vec![topic.to_owned()], records: 300_000, twice: 0, without_source: 0 };
        let change = Change {
            field: Field::Entities,
            kind: Kind::Retyped,
            what: "واحة النخل".to_owned(),
            before: Some("person واحة النخل".to_owned()),
            after: Some("place واحة النخل (user_id desk-1)".to_owned()),
        };
        let sample = Sample {
            source: "articles.raw/0/12".to_owned(),
            title: Some("خبر من واحة النخل".to_owned()),
            changes: vec![change],
        };
        let missing = Sample { source: "articles.raw/1/7".to_owned(), title: None, changes: Vec::new() };
        Summary {
            a: side("articles.enriched"),
            b: side("articles.tagger-2"),
            identical: 0,
            alike: 297_000,
            changed: 2999,
            missing: 1,
            extra: 0,
            outside: 0,
            ignored: vec!["provenance".to_owned()],
            fields: [("entities.retyped".to_owned(), 2999)].into(),
            samples: [("entities.retyped".to_owned(), vec![sample]), ("missing".to_owned(), vec![missing])].into(),
        }
    }

    #[test]
    fn a_summary_for_people() {
        insta::assert_snapshot!(summary().text());
    }

    #[test]
    fn a_summary_for_programs() {
        insta::assert_snapshot!(summary().json().unwrap());
    }

    #[test]
    fn of_a_long_text_the_part_that_differs_is_shown() {
        let text = "كلمة ".repeat(200);
        let other = format!("{}قلم {}", "كلمة ".repeat(100), "كلمة ".repeat(99));
        let (before, after) = excerpts(Some(&text), Some(&other));
        let (before, after) = (before.unwrap(), after.unwrap());
        assert!(after.contains("قلم") && after.starts_with('…') && after.ends_with('…'), "{after}");
        assert!(before.chars().count() < 120 && after.chars().count() < 120, "{before}\n{after}");
        assert_eq!(excerpts(None, Some("x")), (None, Some("x".to_owned())));
    }
}
