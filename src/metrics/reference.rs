//! The test that holds `docs/metrics.md` to the table of series.
//! `UPDATE_DOCS=1 cargo test --lib reference` writes the page anew.

use std::fmt::Write as _;

use super::series::{ALL, Kind, REDRIVE, REPLAY, Series, Values};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");

#[test]
fn the_reference_page_is_up_to_date() {
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(written == page, "docs/metrics.md is old: UPDATE_DOCS=1 cargo test --lib reference");
}

fn page() -> String {
    let mut out = String::from(
        "# Metrics\n\n<!-- Made from src/metrics/series.rs by UPDATE_DOCS=1 cargo test --lib reference -->\n\n\
         `GET /metrics` on the address of `http.listen`, in Prometheus' text format. Besides the series below there are \
         the usual ones of the process: `process_cpu_seconds_total`, `process_resident_memory_bytes`, \
         `process_open_fds`, `process_max_fds`, `process_threads`, `process_virtual_memory_bytes`, \
         `process_start_time_seconds`.\n\n\
         No label carries an offset, an identifier or a URL. Series with a closed list of values all stand at zero from \
         the start, so a first event is seen by `rate()`. Lag series exist for owned partitions only, so a sum over all \
         workers counts no partition twice.\n\n\
         | Series | Kind | Labels | |\n|---|---|---|---|\n",
    );
    table(&mut out, ALL);
    out.push_str(
        "\n## Of a replay\n\nBesides those above, `warraq replay` shows:\n\n\
         | Series | Kind | Labels | |\n|---|---|---|---|\n",
    );
    table(&mut out, REPLAY);
    out.push_str(
        "\n## Of a redrive\n\nBesides all of those above:\n\n| Series | Kind | Labels | |\n|---|---|---|---|\n",
    );
    table(&mut out, REDRIVE);
    labels_and_buckets(&mut out);
    out
}

fn table(out: &mut String, all: &[Series]) {
    for series in all {
        let labels: Vec<String> = series.labels.iter().map(|label| format!("`{}`", label.name)).collect();
        let _ = writeln!(
            out,
            "| `{}` | {}{} | {} | {} |",
            series.name,
            series.kind.as_str(),
            unit(series.unit.as_str()),
            labels.join(", "),
            series.help
        );
    }
}

fn labels_and_buckets(out: &mut String) {
    out.push_str("\n## Labels\n\n| Label | Values |\n|---|---|\n");
    let mut told: Vec<(&str, String)> = Vec::new();
    for (series, label) in ALL
        .iter()
        .chain(REPLAY)
        .chain(REDRIVE)
        .flat_map(|series| series.labels.iter().map(move |label| (series, label)))
    {
        let values = match label.values {
            Values::Closed(values) => values().iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", "),
            Values::Open(how) => how.to_owned(),
        };
        if told.contains(&(label.name, values.clone())) {
            continue;
        }
        // One name may have a list of its own on another series.
        let of = if told.iter().any(|(name, _)| *name == label.name) {
            format!(" of `{}`", series.name)
        } else {
            String::new()
        };
        let _ = writeln!(out, "| `{}`{of} | {values} |", label.name);
        told.push((label.name, values));
    }
    out.push_str("\n## Buckets\n\n| Histogram | Upper bounds, seconds |\n|---|---|\n");
    for series in ALL {
        if let Kind::Histogram(buckets) = series.kind {
            let bounds: Vec<String> = buckets.iter().map(ToString::to_string).collect();
            let _ = writeln!(out, "| `{}` | {} |", series.name, bounds.join(", "));
        }
    }
}

fn unit(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(", {unit}") }
}
