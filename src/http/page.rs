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
            if index > 0 && (digits.len() - index) % 3 == 0 {
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
    about(out, status)?;
    out.push_str("</div><div>");
    dead_letters(out, status)?;
    errors(out, status)?;
    out.push_str("</div></div>");
    write!(
        out,
        "<footer><a href=\"/metrics\">metrics</a> · <a href=\"/livez\">alive?</a> · <a href=\"/readyz\">ready?</a> · \
         this page renews itself every {} s</footer></main></body></html>\n",
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
    out.push_str(
        "<table><tr><th>partition</th><th class=\"n\">records behind</th><th class=\"n\">time behind</th></tr>",
    );
    let mut shown: Vec<&PartitionLag> = status.partitions.iter().collect();
    if shown.len() > MOST_PARTITIONS {
        shown.sort_by_key(|lag| std::cmp::Reverse(lag.records));
        shown.truncate(MOST_PARTITIONS);
    }
    for lag in &shown {
        write!(
            out,
            "<tr><td>{}/{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
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
