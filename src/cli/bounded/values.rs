//! Values of arguments.

use std::time::Duration;

use bytesize::ByteSize;
use clap::ValueEnum;
use jiff::SignedDuration;

use crate::encode::Timestamp;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stamp {
    Source,
    Now,
}

impl From<Stamp> for Timestamp {
    fn from(stamp: Stamp) -> Self {
        match stamp {
            Stamp::Source => Self::Source,
            Stamp::Now => Self::Now,
        }
    }
}

pub fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| "a share from 0 to 1, such as 0.02".to_owned())
}

pub fn records_per_second(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| *rate > 0.0 && rate.is_finite());
    rate.ok_or_else(|| "a number above 0".to_owned())
}

#[allow(clippy::cast_precision_loss, reason = "a rate in bytes, far below 2^52")]
pub const fn bytes_per_second(bytes: ByteSize) -> f64 {
    bytes.as_u64() as f64
}

pub fn time(text: &str) -> Result<Duration, String> {
    let time = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    time.filter(|time| !time.is_zero()).ok_or_else(|| "a time above 0, such as 10s".to_owned())
}
