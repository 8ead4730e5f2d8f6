//! Dates of metadata: ISO 8601, RFC 2822, Unix time, and those in addresses.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::fmt::temporal::{DateTimeParser, Pieces};
use jiff::tz::Offset;

use crate::record::{Article, Evidence, Precision, Published};

/// Years that an article may have been published in; outside of them stand the
/// zero dates of databases.
const YEARS: std::ops::RangeInclusive<i16> = 1600..=2200;

/// Notes what one source says of the date, unless a better source was read
/// before: read dates win, and of those the first.
pub(super) fn note(article: &mut Article, written: &str, evidence: Evidence) {
    let written = written.trim();
    if written.is_empty() || article.published.is_some() {
        return;
    }
    match read(written) {
        Some((date, precision)) => article.published = Some(Published { date, precision, evidence }),
        None if is_zero(written) => {}
        None => {
            article.published_text.get_or_insert_with(|| written.chars().take(200).collect());
        }
    }
}

/// Notes what one source says of the last change; only what can be read.
pub(super) fn note_modified(article: &mut Article, written: &str, evidence: Evidence) {
    if article.modified.is_none()
        && let Some((date, precision)) = read(written.trim())
    {
        article.modified = Some(Published { date, precision, evidence });
    }
}

/// The date in the address, where nothing better is known.
pub(super) fn note_url(article: &mut Article) {
    if article.published.is_some() {
        return;
    }
    let urls = [article.canonical_url.as_deref(), article.url.as_deref()];
    let date = urls.into_iter().flatten().find_map(in_url);
    article.published =
        date.map(|date| Published { date: date.to_string(), precision: Precision::Day, evidence: Evidence::Url });
}

fn is_zero(written: &str) -> bool {
    written.starts_with("0000") || written.starts_with("0001-01-01") || written == "0"
}

/// A date as written, in ISO 8601. An offset that is written is kept, one that
/// is not is never made up.
fn read(written: &str) -> Option<(String, Precision)> {
    partial(written).or_else(|| unix(written)).or_else(|| iso(written)).or_else(|| rfc2822(written))
}

/// `2024` and `2024-01`.
fn partial(written: &str) -> Option<(String, Precision)> {
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(written, 4) {
        let year = written.parse().ok().filter(|year| YEARS.contains(year))?;
        return Some((format!("{year:04}"), Precision::Year));
    }
    let (year, month) = written.split_once(['-', '/'])?;
    if !digits(year, 4) || !digits(month, 2) {
        return None;
    }
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?;
    YEARS.contains(&date.year()).then(|| (format!("{:04}-{:02}", date.year(), date.month()), Precision::Month))
}

/// Seconds or milliseconds since 1970, from 2001 on (below, the digits are few
/// enough to be a date such as 20240125).
fn unix(written: &str) -> Option<(String, Precision)> {
    let whole = written.split_once('.').map_or(written, |(whole, _)| whole);
    if !(10..=13).contains(&whole.len()) || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let seconds = if whole.len() == 13 { number / 1000 } else { number };
    let time = Timestamp::from_second(seconds).ok()?;
    let civil = Offset::UTC.to_datetime(time);
    Some((stamp(civil.date(), civil.time(), "Z"), Precision::Minute)).filter(|_| YEARS.contains(&civil.year()))
}

fn iso(written: &str) -> Option<(String, Precision)> {
    let written = tidy(written);
    let pieces = DateTimeParser::new().parse_pieces(&written).ok()?;
    let date = Some(pieces.date()).filter(|date| YEARS.contains(&date.year()))?;
    let offset = offset(&pieces);
    match (pieces.time(), offset) {
        (Some(time), Some(offset)) => Some((stamp(date, time, &offset), Precision::Minute)),
        // Midnight without an offset is a day that went through a date-time type.
        (Some(time), None) if time != Time::midnight() => Some((stamp(date, time, ""), Precision::Minute)),
        _ => Some((date.to_string(), Precision::Day)),
    }
}

/// What crawlers write beside the standard: `2024/01/25`, a blank before the
/// offset, `UTC` for `Z`.
fn tidy(written: &str) -> String {
    let mut bytes = written.as_bytes().to_vec();
    for place in [4, 7] {
        if let Some(byte) = bytes.get_mut(place).filter(|byte| **byte == b'/') {
            *byte = b'-';
        }
    }
    let text = String::from_utf8(bytes).unwrap_or_default();
    for name in [" UTC", " GMT", "UTC", "GMT"] {
        if let Some(start) = text.strip_suffix(name) {
            return format!("{start}Z");
        }
    }
    match text.rfind(' ').map(|at| text.split_at(at)) {
        Some((start, end)) if end.starts_with([' ']) && end.trim_start().starts_with(['+', '-', 'Z']) => {
            format!("{start}{}", end.trim_start())
        }
        _ => text,
    }
}

/// The offset as it is written: `Z` or `+03:00`.
fn offset(pieces: &Pieces<'_>) -> Option<String> {
    use jiff::fmt::temporal::PiecesOffset;
    match pieces.offset()? {
        PiecesOffset::Zulu => Some("Z".to_owned()),
        other => Some(other.to_numeric_offset().to_string()).map(|text| full(&text)),
    }
}

/// `+03` as `+03:00`.
fn full(offset: &str) -> String {
    if offset.len() == 3 { format!("{offset}:00") } else { offset.to_owned() }
}

fn rfc2822(written: &str) -> Option<(String, Precision)> {
    let parser = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true);
    let zoned = parser.parse_zoned_datetime(written).ok()?;
    let date = Some(zoned.date()).filter(|date| YEARS.contains(&date.year()))?;
    Some((stamp(date, zoned.time(), &full(&zoned.offset().to_string())), Precision::Minute))
}

fn stamp(date: Date, time: Time, offset: &str) -> String {
    format!("{date}T{:02}:{:02}:{:02}{offset}", time.hour(), time.minute(), time.second())
}

/// `/2024/01/25/`, `/2024-01-25`, `/20240125…` in the path of an address.
fn in_url(url: &str) -> Option<Date> {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest).split(['?', '#']).next()?;
    let parts: Vec<&str> = path.split(['/', '-', '_', '.']).collect();
    let apart = parts.windows(3).find_map(|window| match window {
        [year, month, day] if year.len() == 4 && month.len() <= 2 && day.len() <= 2 => date(year, month, day),
        _ => None,
    });
    apart.or_else(|| {
        let joined = parts.iter().filter(|part| part.len() == 8);
        joined.filter_map(|part| date(part.get(..4)?, part.get(4..6)?, part.get(6..)?)).next()
    })
}

fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    if ![year, month, day].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let year = year.parse().ok().filter(|year| (1990..=2100).contains(year))?;
    Date::new(year, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_they_are_written() {
        for (written, date, precision) in [
            ("2024-01-25", "2024-01-25", Precision::Day),
            ("2024/01/25", "2024-01-25", Precision::Day),
            ("20240125", "2024-01-25", Precision::Day),
            ("2024", "2024", Precision::Year),
            ("2024-01", "2024-01", Precision::Month),
            ("2023-07-18T09:30:00+03:00", "2023-07-18T09:30:00+03:00", Precision::Minute),
            ("2023-07-18T09:30:00.123+0300", "2023-07-18T09:30:00+03:00", Precision::Minute),
            ("2023-07-18T09:30Z", "2023-07-18T09:30:00Z", Precision::Minute),
            ("2023-07-18 09:30:00 UTC", "2023-07-18T09:30:00Z", Precision::Minute),
            ("2023-07-18 09:30:00 -0500", "2023-07-18T09:30:00-05:00", Precision::Minute),
            ("2021-08-02 18:45:00", "2021-08-02T18:45:00", Precision::Minute),
            ("2018-05-03T00:00:00", "2018-05-03", Precision::Day),
            ("2018-05-03T00:00:00Z", "2018-05-03T00:00:00Z", Precision::Minute),
            ("Thu, 25 Jan 2024 10:05:09 +0200", "2024-01-25T10:05:09+02:00", Precision::Minute),
            ("1706169600", "2024-01-25T08:00:00Z", Precision::Minute),
            ("1706169600123", "2024-01-25T08:00:00Z", Precision::Minute),
            ("1706169600.5", "2024-01-25T08:00:00Z", Precision::Minute),
        ] {
            assert_eq!(read(written), Some((date.to_owned(), precision)), "{written}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_kept_as_written() {
        let told = |written| {
            let mut article = Article::default();
            note(&mut article, written, Evidence::Meta);
            (article.published, article.published_text)
        };
        for written in ["الخميس 25 يناير 2024", "25/01/2024", "2024-13-01", "yesterday"] {
            assert_eq!(told(written), (None, Some(written.to_owned())));
        }
        for zero in ["", " ", "0000-00-00 00:00:00", "0001-01-01T00:00:00", "0"] {
            assert_eq!(told(zero), (None, None), "{zero}");
        }
    }

    #[test]
    fn the_first_source_that_can_be_read_wins() {
        let mut article = Article { url: Some("https://a.example/2020/1/5/x".to_owned()), ..Article::default() };
        note(&mut article, "أمس", Evidence::Field);
        note(&mut article, "2024-01-25", Evidence::JsonLd);
        note(&mut article, "2024-01-26", Evidence::Meta);
        note_url(&mut article);
        let published = article.published.unwrap();
        assert_eq!((published.date.as_str(), published.evidence), ("2024-01-25", Evidence::JsonLd));
    }

    #[test]
    fn addresses_hold_dates() {
        for (url, date) in [
            ("https://a.example/2024/01/25/slug", Some("2024-01-25")),
            ("https://a.example/news/2024-1-5-slug", Some("2024-01-05")),
            ("https://a.example/20210802.html", Some("2021-08-02")),
            ("https://a.example/2024/13/25/x", None),
            ("https://a.example/news/88412345", None),
            ("https://a.example/x?d=2024/01/25", None),
            ("a", None),
        ] {
            assert_eq!(in_url(url).map(|date| date.to_string()).as_deref(), date, "{url}");
        }
    }
}
