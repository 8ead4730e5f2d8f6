//! Numbers and times as people read them.

use std::time::Duration;

/// With a comma between each three digits.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate or an estimate, rounded; one digit behind the point below 10.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is not negative")]
pub(super) fn rate(number: f64) -> String {
    if number < 10.0 { format!("{number:.1}") } else { count(number.round() as u64) }
}

/// `42 s`, `3 min 05 s`, `7 h 12 min`, `3 d 04 h`.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match () {
        () if days > 0 => format!("{days} d {:02} h", hours % 24),
        () if hours > 0 => format!("{hours} h {:02} min", minutes % 60),
        () if minutes > 0 => format!("{minutes} min {:02} s", seconds % 60),
        () => format!("{seconds} s"),
    }
}

/// A part of a whole in per cent: 0 of nothing is all of it.
#[allow(clippy::cast_precision_loss, reason = "shown with one digit")]
pub(super) fn per_cent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 100.0 } else { (part as f64 / whole as f64 * 100.0).min(100.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_times_have_two_units() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.0, 9.94, 10.4, 12_345.6].map(rate), ["0.0", "9.9", "10", "12,346"]);
        let times = [0, 59, 61, 3600, 90_061].map(|seconds| time(Duration::from_secs(seconds)));
        assert_eq!(times, ["0 s", "59 s", "1 min 01 s", "1 h 00 min", "1 d 01 h"]);
        assert_eq!(
            [per_cent(1, 3), per_cent(0, 0), per_cent(9, 3)].map(|p| format!("{p:.1}")),
            ["33.3", "100.0", "100.0"]
        );
    }
}
