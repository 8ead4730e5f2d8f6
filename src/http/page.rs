//! The status page: one self-contained HTML document, no script, no asset.

use std::fmt::{self, Display, Write as _};
use std::time::Duration;

use bytesize::ByteSize;

use super::SAMPLE;
use super::rates::Rate;
use super::status::Status;
use crate::health::Verdict;
use crate::metrics::PartitionLag;

const STYLE: &str = include_str!("page.css");

/// Partitions listed; of more, those that are furthest behind.
const MOST_PARTITIONS: usize = 48;

/// Text that cannot leave its place in the document.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Error texts may carry letters that turn the line around.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
                control if control.is_control() => f.write_char(' ')?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// 1234567 as `1,234,567`.
struct Grouped(u64);

impl Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                f.write_char(',')?;
            }
            f.write_char(digit)?;
        }
        Ok(())
    }
}

/// A duration in its two largest units.
struct Span(Duration);

impl Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => write!(f, "{seconds} s"),
            (0, 0, _) if seconds.is_multiple_of(60) => write!(f, "{minutes} min"),
            (0, 0, _) => write!(f, "{minutes} min {} s", seconds % 60),
            (0, _, _) => write!(f, "{hours} h {minutes} min"),
            _ => write!(f, "{days} d {hours} h"),
        }
    }
}

/// A rate, with as many digits as mean something.
struct PerSecond(f64);

impl Display for PerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            rate if rate > 0.0 && rate < 10.0 => write!(f, "{rate:.1}"),
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
            rate => write!(f, "{}", Grouped(rate.round() as u64)),
        }
    }
}

pub(super) fn render(status: &Status) -> String {
    let mut out = String::with_capacity(16 * 1024);
    // Writing to a string does not fail.
    let _ = document(&mut out, status);
    out
}

fn document(out: &mut String, status: &Status) -> fmt::Result {
    let group = Escaped(&status.about.group);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta http-equiv=\"refresh\" content=\"{}\"><meta name=\"robots\" content=\"noindex\">\
         <title>warraq · {group}</title><style>{STYLE}</style></head><body><main>",
        SAMPLE.as_secs()
    )?;
    heading(out, status)?;
    tiles(out, status)?;
    rate_line(out, &status.steps)?;
    out.push_str("<div class=\"columns\"><div>");
    partitions(out, status)?;
    out.push_str("</div><div>");
    dead_letters(out, status)?;
    errors(out, status)?;
    about(out, status)?;
    out.push_str("</div></div>");
    writeln!(
        out,
        "<footer><a href=\"/metrics\">metrics</a> · <a href=\"/livez\">alive?</a> · <a href=\"/readyz\">ready?</a> · \
         this page renews itself every {} s</footer></main></body></html>",
        SAMPLE.as_secs()
    )
}

fn heading(out: &mut String, status: &Status) -> fmt::Result {
    out.push_str("<header><h1>warraq<span lang=\"ar\" dir=\"rtl\">ورّاق</span></h1>");
    state(out, &status.alive, "alive", "not alive")?;
    state(out, &status.ready, "ready", "not ready")?;
    write!(out, "<span class=\"soft\">up {}</span></header>", Span(status.uptime))
}

fn state(out: &mut String, verdict: &Verdict, yes: &str, no: &str) -> fmt::Result {
    let (class, word) = if verdict.ok { ("good", yes) } else { ("bad", no) };
    write!(out, "<span class=\"state {class}\">{word}: {}</span>", Escaped(&verdict.reason))
}

fn tiles(out: &mut String, status: &Status) -> fmt::Result {
    let (rate, totals, levels) = (&status.rate, &status.totals, &status.levels);
    out.push_str("<div class=\"tiles\">");
    tile(out, "In", &PerSecond(rate.consumed), &format_args!("a second · {} in all", Grouped(totals.consumed)))?;
    tile(out, "Out", &PerSecond(rate.produced), &format_args!("a second · {} in all", Grouped(totals.produced)))?;
    let dead = format_args!("of them {} a second", PerSecond(rate.dead_lettered));
    tile(out, "Dead letters", &Grouped(totals.dead_lettered), &dead)?;
    let behind: u64 = status.partitions.iter().map(|lag| lag.records).sum();
    let oldest = status
        .partitions
        .iter()
        .filter_map(|lag| lag.seconds)
        .fold(None, |most: Option<f64>, seconds| Some(most.map_or(seconds, |most| most.max(seconds))));
    match oldest {
        Some(oldest) => tile(out, "Behind", &Grouped(behind), &format_args!("records · oldest {}", age(oldest)))?,
        None => tile(out, "Behind", &Grouped(behind), &"records")?,
    }
    out.push_str("<div class=\"tile\"><h2>In flight</h2>");
    let (taken, budget) = (levels.in_flight_bytes, levels.budget_bytes);
    write!(
        out,
        "<b>{}</b><small>of {} · {} records</small>",
        ByteSize::b(taken),
        ByteSize::b(budget),
        Grouped(levels.in_flight_records)
    )?;
    let percent = taken.saturating_mul(100).checked_div(budget).unwrap_or(0).min(100);
    write!(out, "<div class=\"bar\" title=\"{percent}%\"><i style=\"width:{percent}%\"></i></div></div></div>")
}

fn tile(out: &mut String, name: &str, figure: &dyn Display, note: &dyn Display) -> fmt::Result {
    write!(out, "<div class=\"tile\"><h2>{name}</h2><b>{figure}</b><small>{note}</small></div>")
}

/// Records in a second over the last minutes, as a line.
fn rate_line(out: &mut String, steps: &[Rate]) -> fmt::Result {
    let most = steps.iter().map(|step| step.consumed).fold(0.0, f64::max);
    if steps.len() < 2 || most <= 0.0 {
        return Ok(());
    }
    #[allow(clippy::cast_precision_loss, reason = "a few dozen points")]
    let width = (steps.len() - 1) as f64;
    let mut points = String::new();
    for (index, step) in steps.iter().enumerate() {
        #[allow(clippy::cast_precision_loss, reason = "a few dozen points")]
        let (x, y) = (index as f64 / width * 100.0, 29.0 - step.consumed / most * 27.0);
        write!(points, "{x:.2},{y:.2} ")?;
    }
    let minutes = Span(SAMPLE * u32::try_from(steps.len()).unwrap_or(u32::MAX));
    write!(
        out,
        "<section><h2>In, last {minutes} · at most {} a second</h2>\
         <svg viewBox=\"0 0 100 30\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"records in a second\">\
         <polygon class=\"area\" points=\"0,30 {points}100,30\"/><polyline class=\"line\" points=\"{points}\"/></svg></section>",
        PerSecond(most)
    )
}

fn partitions(out: &mut String, status: &Status) -> fmt::Result {
    let levels = &status.levels;
    write!(out, "<section><h2>{} partitions", Grouped(levels.assigned))?;
    if levels.paused > 0 {
        write!(out, " · <span class=\"warn\">{} paused by the memory budget</span>", Grouped(levels.paused))?;
    }
    out.push_str("</h2>");
    if status.partitions.is_empty() {
        out.push_str("<p class=\"soft\">No lag is known yet.</p></section>");
        return Ok(());
    }
    out.push_str("<table><tr><th>partition</th><th class=\"n\">behind</th><th class=\"n\">in time</th></tr>");
    let mut shown: Vec<&PartitionLag> = status.partitions.iter().collect();
    if shown.len() > MOST_PARTITIONS {
        shown.sort_by_key(|lag| std::cmp::Reverse(lag.records));
        shown.truncate(MOST_PARTITIONS);
    }
    for lag in &shown {
        write!(
            out,
            "<tr><td>{}<wbr>/{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            Escaped(&lag.topic),
            lag.partition,
            Grouped(lag.records),
            lag.seconds.map_or_else(|| "not known".to_owned(), |seconds| age(seconds).to_string())
        )?;
    }
    out.push_str("</table>");
    let more = status.partitions.len().saturating_sub(shown.len());
    if more > 0 {
        write!(out, "<p class=\"soft\">and {more} more that are less far behind</p>")?;
    }
    out.push_str("</section>");
    Ok(())
}

fn age(seconds: f64) -> Span {
    Span(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

fn dead_letters(out: &mut String, status: &Status) -> fmt::Result {
    out.push_str("<section><h2>Dead letters</h2>");
    if status.dead_letters.is_empty() {
        out.push_str("<p class=\"soft\">None.</p></section>");
        return Ok(());
    }
    out.push_str("<table><tr><th>stage</th><th>reason</th><th class=\"n\">records</th></tr>");
    let mut rows = status.dead_letters.clone();
    rows.sort_by_key(|&(_, _, n)| std::cmp::Reverse(n));
    for (stage, reason, n) in rows {
        let (stage, reason) = (stage.as_str(), reason.as_str().replace('_', " "));
        write!(out, "<tr><td>{stage}</td><td>{reason}</td><td class=\"n\">{}</td></tr>", Grouped(n))?;
    }
    out.push_str("</table></section>");
    Ok(())
}

fn errors(out: &mut String, status: &Status) -> fmt::Result {
    out.push_str("<section><h2>Last errors</h2>");
    if status.errors.is_empty() {
        out.push_str("<p class=\"soft\">None.</p></section>");
        return Ok(());
    }
    out.push_str("<ul>");
    for error in &status.errors {
        let ago = Span(status.uptime.saturating_sub(error.at));
        write!(out, "<li><span class=\"soft\">{ago} ago · {}", Escaped(&error.cause))?;
        if error.count > 1 {
            write!(out, " · {} times", Grouped(error.count))?;
        }
        write!(out, "</span><br><bdi>{}</bdi></li>", Escaped(&error.text))?;
    }
    out.push_str("</ul></section>");
    Ok(())
}

fn about(out: &mut String, status: &Status) -> fmt::Result {
    let about = &status.about;
    out.push_str("<section><h2>This worker</h2><dl>");
    let input = about.input.join(", ");
    let threads = about.threads.to_string();
    let rows: [(&str, &str, bool); 9] = [
        ("version", &about.version, false),
        ("delivery", &about.mode, false),
        ("group", &about.group, false),
        ("reads", &input, false),
        ("writes", &about.output, false),
        ("dead letters", &about.dead_letters, false),
        ("threads", &threads, false),
        ("configuration", &about.config, true),
        ("model", &about.model, true),
    ];
    for (name, value, is_hash) in rows {
        let value = Escaped(value);
        if is_hash {
            write!(out, "<dt>{name}</dt><dd><code>{value}</code></dd>")?;
        } else {
            write!(out, "<dt>{name}</dt><dd>{value}</dd>")?;
        }
    }
    out.push_str("</dl></section>");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::About;
    use crate::metrics::{Levels, RecentError, Totals};
    use crate::record::{Reason, Stage};

    fn verdict(ok: bool, reason: &str) -> Verdict {
        Verdict { ok, reason: reason.to_owned() }
    }

    fn lag(partition: i32, records: u64, seconds: Option<f64>) -> PartitionLag {
        PartitionLag { topic: "articles.raw".to_owned(), partition, records, seconds }
    }

    pub(in crate::http) fn busy() -> Status {
        let step = |consumed: f64| Rate { consumed, produced: consumed * 0.95, dead_lettered: consumed * 0.05 };
        let error = |cause: &str, text: &str, count, at| RecentError {
            cause: cause.to_owned(),
            text: text.to_owned(),
            count,
            at: Duration::from_secs(at),
        };
        Status {
            about: About {
                version: "0.1.0 (1a2b3c4)".to_owned(),
                config: "0a1897dc9aab21f5".to_owned(),
                model: "7d0f00baa5e1c0de".to_owned(),
                mode: "exactly once".to_owned(),
                group: "warraq".to_owned(),
                input: vec!["articles.raw".to_owned()],
                output: "articles.enriched".to_owned(),
                dead_letters: "articles.dead".to_owned(),
                threads: 8,
            },
            uptime: Duration::from_secs(93_784),
            alive: verdict(true, "making progress"),
            ready: verdict(true, "taking work"),
            totals: Totals { consumed: 12_345_678, produced: 12_300_000, dead_lettered: 45_678, tombstones: 12 },
            rate: step(4_321.0),
            steps: (0..60).map(|n| step(4_000.0 + f64::from(n * 37 % 11) * 120.0)).collect(),
            levels: Levels {
                assigned: 4,
                paused: 1,
                in_flight_records: 3_210,
                in_flight_bytes: 150 << 20,
                budget_bytes: 256 << 20,
            },
            partitions: vec![
                lag(0, 0, Some(0.0)),
                lag(1, 1_250, Some(2.4)),
                lag(2, 98_765, Some(4_000.0)),
                lag(3, 5, None),
            ],
            dead_letters: vec![
                (Stage::Decode, Reason::InvalidJson, 45_000),
                (Stage::Normalize, Reason::NoText, 600),
                (Stage::Decode, Reason::HtmlTooComplex, 78),
            ],
            errors: vec![
                error(
                    "dead letter decode invalid_json",
                    "articles.raw/2/99812: the value is not JSON: at byte 0",
                    45_000,
                    93_780,
                ),
                error(
                    "client consumer",
                    "consumer client: BrokerTransportFailure: <broker-1.kafka:9092> & others",
                    3,
                    90_000,
                ),
            ],
        }
    }

    #[test]
    fn the_page_tells_what_a_person_wants_to_know() {
        let page = render(&busy());
        for part in [
            "alive: making progress",
            "ready: taking work",
            "up 1 d 2 h",
            "<b>4,321</b><small>a second · 12,345,678 in all",
            "45,678",
            "articles.raw<wbr>/2</td><td class=\"n\">98,765</td><td class=\"n\">1 h 6 min",
            "<td class=\"n\">not known</td>",
            "1 paused by the memory budget",
            "150.0 MiB",
            "width:58%",
            "<td>invalid json</td><td class=\"n\">45,000",
            "4 s ago · dead letter decode invalid_json · 45,000 times",
            "exactly once",
            "7d0f00baa5e1c0de",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
    }

    #[test]
    fn nothing_from_outside_is_markup() {
        let mut status = busy();
        let evil = "<script>alert(\"1\")</script>'&\u{202e}\n".to_owned();
        status.about.group.clone_from(&evil);
        status.about.input = vec![evil.clone()];
        status.about.version.clone_from(&evil);
        status.alive.reason.clone_from(&evil);
        status.partitions[0].topic.clone_from(&evil);
        status.errors[0].text.clone_from(&evil);
        status.errors[0].cause = evil;
        let page = render(&status);
        assert!(!page.contains("<script") && !page.contains('\u{202e}'), "{page}");
        assert!(page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp; "));
    }

    #[test]
    fn an_idle_worker_has_a_page_too() {
        let mut status = busy();
        status.partitions.clear();
        status.dead_letters.clear();
        status.errors.clear();
        status.steps.clear();
        status.levels = Levels::default();
        status.ready = verdict(false, "the broker does not answer");
        let page = render(&status);
        assert!(page.contains("No lag is known yet") && page.contains("not ready: the broker does not answer"));
        assert!(!page.contains("<svg") && !page.contains("NaN"));
    }

    #[test]
    fn of_many_partitions_the_slowest_are_shown() {
        let mut status = busy();
        status.partitions = (0..200).map(|n| lag(n, u64::from(n.unsigned_abs()), None)).collect();
        let page = render(&status);
        assert!(page.contains("<wbr>/199<") && !page.contains("<wbr>/0<"));
        assert!(page.contains("and 152 more"));
    }

    #[test]
    fn figures_are_written_for_people() {
        assert_eq!(Grouped(0).to_string(), "0");
        assert_eq!(Grouped(999).to_string(), "999");
        assert_eq!(Grouped(1_000_000).to_string(), "1,000,000");
        assert_eq!(PerSecond(0.0).to_string(), "0");
        assert_eq!(PerSecond(0.25).to_string(), "0.2");
        assert_eq!(PerSecond(12_345.6).to_string(), "12,346");
        let span = |seconds| Span(Duration::from_secs(seconds)).to_string();
        assert_eq!(span(300), "5 min");
        assert_eq!([span(7), span(67), span(3_700), span(90_000)], ["7 s", "1 min 7 s", "1 h 1 min", "1 d 1 h"]);
    }
}
