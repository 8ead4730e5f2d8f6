//! Arguments of every run over a frozen range, and how values are read.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::ValueEnum;
use jiff::SignedDuration;

use crate::config::Config;
use crate::consume::Start;
use crate::encode::Timestamp;
use crate::replay::throttle::Caps;
use crate::replay::{Asked, Kind};

#[derive(Debug, clap::Args)]
pub struct Common {
    /// TOML file of the live worker; without one, `WARRAQ_CONFIG`, else defaults and environment
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The timestamps of what is written: those of their source, or of their writing [default: as
    /// configured]
    #[arg(long, value_enum)]
    pub timestamp: Option<Stamp>,
    /// Tells this process from others that do the same [default: the host's name]
    #[arg(long, value_name = "ID")]
    pub instance: Option<String>,
    /// At most so many records a second, of this process
    #[arg(long, value_name = "N", value_parser = records_per_second)]
    pub max_records_per_second: Option<f64>,
    /// At most so many bytes of input a second, of this process, such as 20MB
    #[arg(long, value_name = "BYTES")]
    pub max_bytes_per_second: Option<ByteSize>,
    /// Write the report to this file, too
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

impl Common {
    pub fn caps(&self) -> Caps {
        #[allow(clippy::cast_precision_loss, reason = "a rate in bytes, far below 2^52")]
        let bytes = self.max_bytes_per_second.map(|bytes| bytes.as_u64() as f64);
        Caps { records_per_second: self.max_records_per_second, bytes_per_second: bytes }
    }

    /// The live worker's configuration, turned into the run's. Nothing by which
    /// the live worker is known to the cluster is kept: its transactional id in
    /// other hands would fence it, its instance id take its place in its group.
    pub fn configure(&self, config: &mut Config, asked: &Asked) {
        config.kafka.group_id = asked.group();
        config.kafka.instance_id = None;
        config.kafka.transactional_id = self.instance.as_ref().map(|instance| format!("{}-{instance}", asked.group()));
        config.input.topics = vec![asked.input.clone()];
        // Where the first offsets are gone, go on from what is left: it is counted.
        config.input.start = Start::Earliest;
        config.output.topic.clone_from(&asked.output);
        config.output.dead_letter_topic.clone_from(&asked.dead_letters);
        if let Kind::Redrive { parking, .. } = &asked.kind {
            config.output.parking_topic = Some(parking.clone());
        }
        // What a shadow compares with is the live worker's own.
        config.shadow = Default::default();
        if let Some(stamp) = self.timestamp {
            config.encode.timestamp = stamp.into();
        }
    }
}

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

fn records_per_second(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| *rate > 0.0 && rate.is_finite());
    rate.ok_or_else(|| "a number above 0".to_owned())
}

pub fn time(text: &str) -> Result<Duration, String> {
    let time = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    time.filter(|time| !time.is_zero()).ok_or_else(|| "a time above 0, such as 10s".to_owned())
}
