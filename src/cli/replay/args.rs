use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp as Time;

use crate::cli::bounded::{Common, ratio, time};
use crate::config::Config;
use crate::replay::live::LiveGroup;
use crate::replay::range::{Edge, Range};
use crate::replay::{Asked, Error, Kind, Refusal};

/// Process a part of the input topic once more, to a topic of its own
///
/// Reads a range that is frozen when the replay begins, writes its records to
/// --output, and ends by itself: exit code 0 when all of it is done, 3 when it
/// is done with too many dead letters, 4 when it was stopped before the end (the
/// same command goes on from there), 1 on errors, 64 on wrong arguments. The
/// live worker's group and topics are not touched. Bounds and counts are kept
/// in the group warraq-replay-NAME, committed with the records, so a replay may
/// be killed at any time. At the end a report is printed as JSON.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub common: Common,
    /// Names this replay: its consumer group is warraq-replay-NAME
    #[arg(long)]
    pub name: String,
    /// Topic to replay; needed where several are configured
    #[arg(long, value_name = "TOPIC")]
    pub input: Option<String>,
    /// First record: a time (2024-05-01T00:00:00Z), a date (midnight UTC), a time from now (-30d),
    /// `beginning`, or PARTITION:OFFSET,…
    #[arg(long, value_name = "WHERE", default_value = "beginning", allow_hyphen_values = true)]
    pub from: String,
    /// Where to end; this record is not read. As --from, or `end`: where the topic ends now
    #[arg(long, value_name = "WHERE", default_value = "end", allow_hyphen_values = true)]
    pub to: String,
    /// Only these partitions
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    pub partitions: Option<Vec<i32>>,
    /// Topic of the records; it must be there
    #[arg(long, value_name = "TOPIC")]
    pub output: String,
    /// Topic of the dead letters; it must be there [default: the output topic's name and .dead]
    #[arg(long, value_name = "TOPIC")]
    pub dead_letters: Option<String>,
    /// Write to what the live worker writes to; its readers see the archive again
    #[arg(long)]
    pub into_live_output: bool,
    /// This is one of several processes that share the replay: join the others
    #[arg(long, conflicts_with = "restart")]
    pub shared: bool,
    /// Forget what was done under this name, and begin anew; what was written stays
    #[arg(long)]
    pub restart: bool,
    /// Exit with 3 when a larger share of the records became dead letters. 1, never, since
    /// most archives hold some, and a job that is run again for them gets the same ones
    #[arg(long, value_name = "0…1", default_value_t = 1.0, value_parser = ratio)]
    pub max_dead_ratio: f64,
    /// Give way to a live group: slow down, to a stop if need be, while its lag on that topic is
    /// more than --max-live-lag
    #[arg(long, value_name = "GROUP:TOPIC")]
    pub yield_to: Option<LiveGroup>,
    /// The lag that live traffic may have because of this replay
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = time, requires = "yield_to")]
    pub max_live_lag: Duration,
    /// Tell what would be done: range, records, bytes and time; and do nothing
    #[arg(long)]
    pub plan: bool,
    /// When all is done, compare with this topic, as `warraq diff` does, and add it to the report
    #[arg(long, value_name = "TOPIC")]
    pub diff_against: Option<String>,
}

impl Args {
    /// What is asked for, over this configuration of the live worker.
    ///
    /// # Errors
    /// Where it cannot be meant.
    pub fn asked(&self, config: &Config, now: Time) -> Result<Asked, Error> {
        let input = match (&self.input, config.input.topics.as_slice()) {
            (Some(input), _) => input.clone(),
            (None, [only]) => only.clone(),
            (None, several) => return Err(Refusal::WhichInput(several.join(", ")).into()),
        };
        let edge = |name, text| Edge::parse(name, text, now).map_err(Refusal::from);
        let range = Range {
            from: edge("--from", &self.from)?,
            to: edge("--to", &self.to)?,
            partitions: self.partitions.as_ref().map(|list| list.iter().copied().collect::<BTreeSet<i32>>()),
        };
        Ok(Asked {
            name: self.name.clone(),
            input,
            output: self.output.clone(),
            dead_letters: self.dead_letters.clone().unwrap_or_else(|| format!("{}.dead", self.output)),
            range,
            from: self.from.trim().to_owned(),
            to: self.to.trim().to_owned(),
            shared: self.shared,
            restart: self.restart,
            kind: Kind::Replay { into_live_output: self.into_live_output },
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::consume::Start;
    use crate::encode::Timestamp;

    #[derive(Debug, clap::Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    fn args(text: &str) -> Args {
        Command::try_parse_from(std::iter::once("replay").chain(text.split(' '))).unwrap().args
    }

    #[test]
    fn nothing_of_the_live_workers_identity_is_kept() {
        let mut config = Config::default();
        config.shadow.topic = Some("articles.shadow".to_owned());
        config.kafka.transactional_id = Some("live".to_owned());
        config.kafka.instance_id = Some("live-0".to_owned());
        config.input.start = Start::Error;
        let args = args("--name v2 --output out --timestamp now");
        let asked = args.asked(&config, Time::UNIX_EPOCH).unwrap();
        args.common.configure(&mut config, &asked);
        assert_eq!(config.kafka.group_id, "warraq-replay-v2");
        assert_eq!(config.kafka.transactional_id("host"), "warraq-replay-v2-host");
        assert_eq!((config.kafka.instance_id.as_deref(), config.input.start), (None, Start::Earliest));
        assert_eq!((&*config.output.topic, &*config.output.dead_letter_topic), ("out", "out.dead"));
        assert_eq!(config.encode.timestamp, Timestamp::Now);
        assert_eq!(config.shadow.topic, None, "the shadow is live traffic's");
        let mut config = Config::default();
        let args = self::args("--name v2 --output out --instance pod-3 --shared");
        args.common.configure(&mut config, &asked);
        assert_eq!(config.kafka.transactional_id("host"), "warraq-replay-v2-pod-3");
    }

    #[test]
    fn one_topic_is_replayed() {
        let mut config = Config::default();
        config.input.topics = vec!["a".to_owned(), "b".to_owned()];
        let error = args("--name v2 --output out").asked(&config, Time::UNIX_EPOCH).unwrap_err();
        assert!(error.to_string().contains("--input"), "{error}");
        let asked = args("--name v2 --output out --input b --from -30d --partitions 1,3");
        let asked = asked.asked(&config, Time::UNIX_EPOCH).unwrap();
        assert_eq!((&*asked.input, &*asked.from), ("b", "-30d"));
        assert_eq!(asked.range.partitions, Some(BTreeSet::from([1, 3])));
    }

    #[test]
    fn figures_that_make_no_sense_are_refused() {
        for wrong in ["--max-dead-ratio 2", "--max-records-per-second 0", "--max-live-lag 0s", "--max-live-lag 5s"] {
            let text = format!("replay --name v2 --output out {wrong}");
            assert!(Command::try_parse_from(text.split(' ')).is_err(), "{wrong}");
        }
        let args = args("--name v2 --output out --yield-to live:raw --max-live-lag 5s --max-bytes-per-second 20MB");
        assert_eq!((args.max_live_lag, args.common.caps().bytes_per_second), (Duration::from_secs(5), Some(2e7)));
    }
}
