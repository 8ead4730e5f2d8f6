use std::collections::BTreeSet;

use jiff::Timestamp as Time;

use crate::cli::bounded::{Common, ratio};
use crate::config::Config;
use crate::encode::Timestamp;
use crate::record::{Reason, Stage};
use crate::replay::range::{Edge, Range};
use crate::replay::redrive::{Filter, Rules, Source, Way};
use crate::replay::{Asked, Kind, Refusal};

/// Try dead letters again, once what was wrong with them is mended
///
/// Reads the dead-letter topic up to where it ends now. Each dead letter goes
/// through the pipeline as the record that it was, to the output topic; or back
/// to the input topic with --to input. What is still bad is a dead letter once
/// more; after --max-attempts it is parked on a topic of its own. A name
/// remembers what it has looked at: called again, it goes on behind that. The
/// account is kept in the group warraq-redrive-NAME, committed with the records,
/// so each dead letter is done once, even if the redrive is killed. Exit codes:
/// 0 all of it is done, 3 with more that is still bad than --max-dead-ratio,
/// 4 stopped before the end, 1 on errors, 64 on wrong arguments. At the end a
/// report is printed as JSON.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub common: Common,
    /// Names this redrive: its consumer group is warraq-redrive-NAME
    #[arg(long)]
    pub name: String,
    /// Topic of the dead letters, where those that are still bad go to, too
    /// [default: output.dead_letter_topic]
    #[arg(long, value_name = "TOPIC")]
    pub input: Option<String>,
    /// Where they go: through the pipeline to the output topic, or as they came to the input topic
    #[arg(long, value_enum, default_value = "output")]
    pub to: To,
    /// Topic of the records with --to output [default: output.topic]
    #[arg(long, value_name = "TOPIC")]
    pub output: Option<String>,
    /// Topic of those that are not tried again; it must be there [default: the dead-letter topic's
    /// name and .parked]
    #[arg(long, value_name = "TOPIC")]
    pub parking: Option<String>,
    /// A record that was tried so often, the first time included, is parked; so is one whose dead
    /// letter does not hold all of it
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_attempts: u32,
    /// Only those with one of these reasons (header warraq-error-reason)
    #[arg(long, value_name = "REASON,…", value_delimiter = ',')]
    pub reason: Vec<String>,
    /// Only those that one of these stages gave up (header warraq-error-stage)
    #[arg(long, value_name = "STAGE,…", value_delimiter = ',')]
    pub stage: Vec<String>,
    /// Only those that one of these versions of warraq gave up (header warraq-version)
    #[arg(long, value_name = "VERSION,…", value_delimiter = ',')]
    pub made_by: Vec<String>,
    /// Only those from there (header warraq-source)
    #[arg(long, value_name = "TOPIC[/PARTITION[/OFFSET]],…", value_delimiter = ',')]
    pub source: Vec<String>,
    /// Only those whose timestamp is this or later: a time (2024-05-01T00:00:00Z) or a date (midnight UTC)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Only those whose timestamp is before this
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// Only these partitions of the dead-letter topic
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    pub partitions: Option<Vec<i32>>,
    /// Forget what this name has looked at, and begin anew; what was written stays, and is written again
    #[arg(long)]
    pub restart: bool,
    /// Exit with 3 when a larger share of those that were tried or parked is still bad
    #[arg(long, value_name = "0…1", default_value_t = 1.0, value_parser = ratio)]
    pub max_dead_ratio: f64,
    /// Tell what would become of each dead letter, by trying it here; write nothing
    #[arg(long)]
    pub plan: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum To {
    Output,
    Input,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Meant {
    pub asked: Asked,
    pub rules: Rules,
}

impl Args {
    /// What is asked for, over this configuration of the live worker.
    ///
    /// # Errors
    /// Where it cannot be meant.
    pub fn meant(&self, config: &Config) -> Result<Meant, Refusal> {
        let mut filter = self.filter()?;
        let (way, output) = match self.to {
            To::Output => (Way::Output, self.output.clone().unwrap_or_else(|| config.output.topic.clone())),
            To::Input => {
                let topic = self.input_topic(config, &filter)?;
                if filter.sources.is_empty() {
                    // What came from elsewhere does not belong there.
                    filter.sources.push(Source { topic: topic.clone(), partition: None, offset: None });
                }
                (Way::Input, topic)
            }
        };
        let letters = self.input.clone().unwrap_or_else(|| config.output.dead_letter_topic.clone());
        let parking = self.parking.clone().unwrap_or_else(|| format!("{letters}.parked"));
        let partitions = self.partitions.as_ref().map(|list| list.iter().copied().collect::<BTreeSet<i32>>());
        let what = format!("{filter}; at most {} attempts, by way of the {}", self.max_attempts, way.as_str());
        let asked = Asked {
            name: self.name.clone(),
            input: letters.clone(),
            output,
            // What is still bad goes where it came from, behind the frozen end.
            dead_letters: letters,
            range: Range { from: Edge::Beginning, to: Edge::End, partitions },
            from: Edge::Beginning.to_string(),
            to: Edge::End.to_string(),
            shared: false,
            restart: self.restart,
            kind: Kind::Redrive { parking, what },
        };
        let timestamp = self.common.timestamp.map_or(config.encode.timestamp, Into::into);
        let keep_timestamps = timestamp == Timestamp::Source;
        Ok(Meant { asked, rules: Rules { filter, way, max_attempts: self.max_attempts, keep_timestamps } })
    }

    /// The one topic that dead letters go back to: only those from there are meant.
    fn input_topic(&self, config: &Config, filter: &Filter) -> Result<String, Refusal> {
        let named: BTreeSet<&str> = filter.sources.iter().map(|from| from.topic.as_str()).collect();
        let all: BTreeSet<&str> = config.input.topics.iter().map(String::as_str).collect();
        let candidates = if named.is_empty() { all } else { named };
        match candidates.into_iter().collect::<Vec<_>>().as_slice() {
            [only] => Ok((*only).to_owned()),
            several => Err(Refusal::WhichSource(several.join(", "))),
        }
    }

    fn filter(&self) -> Result<Filter, Refusal> {
        Ok(Filter {
            reasons: each("--reason", &self.reason, Reason::named, || {
                one_of(Reason::ALL.iter().map(|reason| reason.as_str()))
            })?,
            stages: each("--stage", &self.stage, Stage::named, || {
                one_of(Stage::ALL.iter().map(|stage| stage.as_str()))
            })?,
            versions: self.made_by.clone(),
            sources: each("--source", &self.source, Source::parse, || {
                "is no TOPIC, TOPIC/PARTITION or TOPIC/PARTITION/OFFSET".to_owned()
            })?,
            since: self.since.as_deref().map(|text| when("--since", text)).transpose()?,
            until: self.until.as_deref().map(|text| when("--until", text)).transpose()?,
        })
    }
}

fn each<T>(
    flag: &'static str,
    texts: &[String],
    parse: impl Fn(&str) -> Option<T>,
    expected: impl Fn() -> String,
) -> Result<Vec<T>, Refusal> {
    let read = |text: &String| {
        parse(text.trim()).ok_or_else(|| Refusal::Argument { flag, value: text.clone(), expected: expected() })
    };
    texts.iter().map(read).collect()
}

fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("is none of {}", names.collect::<Vec<_>>().join(", "))
}

/// A fixed time: one that counts from now would mean another thing when a redrive
/// goes on.
fn when(flag: &'static str, text: &str) -> Result<Time, Refusal> {
    match Edge::parse(flag, text, Time::UNIX_EPOCH) {
        Ok(Edge::Time(time)) if !text.trim_start().starts_with('-') => Ok(time),
        _ => Err(Refusal::Argument {
            flag,
            value: text.to_owned(),
            expected: "is no time such as 2024-05-01T00:00:00Z, nor a date (midnight UTC)".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    fn args(text: &str) -> Args {
        Command::try_parse_from(std::iter::once("redrive").chain(text.split(' '))).unwrap().args
    }

    fn refused(text: &str, config: &Config) -> String {
        args(text).meant(config).unwrap_err().to_string()
    }

    #[test]
    fn without_more_it_is_the_live_workers_dead_letters_to_its_output() {
        let mut config = Config::default();
        config.kafka.transactional_id = Some("live".to_owned());
        config.kafka.instance_id = Some("live-0".to_owned());
        let args = args("--name fixed");
        let meant = args.meant(&config).unwrap();
        args.common.configure(&mut config, &meant.asked);
        assert_eq!(config.kafka.group_id, "warraq-redrive-fixed");
        assert_eq!(config.kafka.transactional_id("host"), "warraq-redrive-fixed-host");
        assert_eq!(
            (config.kafka.instance_id.as_deref(), config.input.topics),
            (None, vec!["articles.dead".to_owned()])
        );
        assert_eq!((&*config.output.topic, &*config.output.dead_letter_topic), ("articles.enriched", "articles.dead"));
        assert_eq!(config.output.parking_topic.as_deref(), Some("articles.dead.parked"));
        assert_eq!((meant.rules.max_attempts, meant.rules.keep_timestamps), (3, true));
        let Kind::Redrive { what, .. } = meant.asked.kind else { panic!("{:?}", meant.asked.kind) };
        assert_eq!(what, "all; at most 3 attempts, by way of the output");
    }

    #[test]
    fn dead_letters_go_back_to_the_one_topic_that_they_came_from() {
        let mut config = Config::default();
        let meant = args("--name b --to input").meant(&config).unwrap();
        assert_eq!((meant.asked.output.as_str(), meant.rules.way), ("articles.raw", Way::Input));
        assert_eq!(meant.rules.filter.to_string(), "source articles.raw");
        config.input.topics = vec!["a".to_owned(), "b".to_owned()];
        assert!(refused("--name b --to input", &config).contains("(a, b); name one with --source"));
        let meant = args("--name b --to input --source b/3,b/4 --timestamp now").meant(&config).unwrap();
        assert_eq!((meant.asked.output.as_str(), meant.rules.keep_timestamps), ("b", false));
        assert!(refused("--name b --to input --source a,b", &config).contains("(a, b)"));
    }

    #[test]
    fn a_filter_that_cannot_be_meant_is_refused_with_the_way_out() {
        let config = Config::default();
        for (text, told) in [
            ("--reason bad_json", "--reason \"bad_json\": is none of empty_value, "),
            ("--stage decoding", "--stage \"decoding\": is none of decode, "),
            ("--source a/b", "TOPIC/PARTITION/OFFSET"),
            ("--since -3d", "--since \"-3d\": is no time such as 2024-05-01T00:00:00Z"),
            ("--until beginning", "--until \"beginning\": is no time"),
        ] {
            // An argument that begins with a dash goes behind an equals sign.
            let text = format!("--name b {}", text.replacen(' ', "=", 1));
            let refused = refused(&text, &config);
            assert!(refused.contains(told), "{text}: {refused}");
        }
        let meant = args("--name b --reason no_text,invalid_json --stage decode --since 2024-05-01").meant(&config);
        let filter = meant.unwrap().rules.filter.to_string();
        assert_eq!(filter, "reason no_text,invalid_json, stage decode, since 2024-05-01T00:00:00Z");
        assert!(Command::try_parse_from(["redrive", "--name", "b", "--max-attempts", "0"]).is_err());
    }
}
