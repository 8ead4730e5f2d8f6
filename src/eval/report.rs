//! A report as people read it.

use std::fmt::{self, Write as _};

use super::{Error, Kind, Report, Score, What};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} sentences, {} tokens, {} names\n", self.sentences, self.tokens, self.all.gold)?;
        self.scores(f)?;
        self.confused(f)?;
        What::ALL.into_iter().try_for_each(|what| self.errors_of(what, f))
    }
}

impl Report {
    fn scores(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:14}{:>11}{:>8}{:>8}{:>8}{:>8}{:>8}", "", "precision", "recall", "F1", "gold", "said", "right")?;
        for (kind, score) in &self.types {
            line(kind.as_str(), score, f)?;
        }
        line("all", &self.all, f)?;
        line("without MISC", &self.without_misc, f)
    }

    fn confused(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{:14}", "gold / said")?;
        Kind::ALL.iter().try_for_each(|kind| write!(f, "{:>8}", kind.as_str()))?;
        writeln!(f, "{:>16}{:>8}", "wrong boundary", "missed")?;
        for (kind, confusion) in &self.confusion {
            write!(f, "{:14}", kind.as_str())?;
            confusion.said_as.values().try_for_each(|count| write!(f, "{count:>8}"))?;
            writeln!(f, "{:>16}{:>8}", confusion.boundary, confusion.missed)?;
        }
        write!(f, "{:14}", "wrong boundary")?;
        self.surplus.values().try_for_each(|surplus| write!(f, "{:>8}", surplus.boundary))?;
        write!(f, "\n{:14}", "false")?;
        self.surplus.values().try_for_each(|surplus| write!(f, "{:>8}", surplus.false_alarm))?;
        writeln!(f)
    }

    fn errors_of(&self, what: What, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = self.errors.iter().filter(|error| error.error == what).peekable();
        if errors.peek().is_some() {
            writeln!(f, "\n{}, the most frequent first", what.as_str())?;
        }
        errors.try_for_each(|error| writeln!(f, "{:>6} × {}\n         {}", error.count, named(error), error.context))
    }
}

fn line(name: &str, score: &Score, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let percent = |share: f64| format!("{:.2}", share * 100.0);
    let Score { precision, recall, f1, gold, said, right } = *score;
    let (precision, recall, f1) = (percent(precision), percent(recall), percent(f1));
    writeln!(f, "{name:14}{precision:>11}{recall:>8}{f1:>8}{gold:>8}{said:>8}{right:>8}")
}

/// The name and its types: `PER دمشق said as LOC`.
fn named(error: &Error) -> String {
    let kind = |kind: Option<Kind>| kind.map_or("", Kind::as_str);
    let mut text = format!("{} {}", kind(error.gold.or(error.said)), error.surface);
    if error.gold.is_some() && error.said.is_some() {
        // Writing to a string cannot fail.
        let _ = write!(text, " said as {}", kind(error.said));
    }
    if let Some(said) = &error.said_surface {
        let _ = write!(text, " {said}");
    }
    text
}
