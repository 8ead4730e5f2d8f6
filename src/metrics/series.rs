//! The one table of every series that warraq shows. The registry, the reference
//! page and the test that reads each of them back are all made from it.

use super::labels::{
    Client, CountedLanguage, Label, Operation, RebalanceKind, Redriven, ReloadResult, Reloaded, ReplayState,
    ShadowResult, ThrottledBy, TransactionResult,
};
use crate::record::{Destination, EntityType, Reason, Stage};

/// One series, as declared.
#[derive(Debug, Clone, Copy)]
pub struct Series {
    /// Full name, in base units, counters ending in `_total`.
    pub name: &'static str,
    pub kind: Kind,
    pub unit: Unit,
    pub labels: &'static [LabelInfo],
    pub help: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    Counter,
    Gauge,
    /// Upper bounds of the buckets, `+Inf` left out.
    Histogram(&'static [f64]),
}

impl Kind {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Records,
    Bytes,
    Seconds,
    Partitions,
    Times,
    Entities,
    None,
}

impl Unit {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Bytes => "bytes",
            Self::Seconds => "seconds",
            Self::Partitions => "partitions",
            Self::Times => "times",
            Self::Entities => "entities",
            Self::None => "",
        }
    }
}

/// A label and the values it can take.
#[derive(Debug, Clone, Copy)]
pub struct LabelInfo {
    pub name: &'static str,
    pub values: Values,
}

#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// A closed list; every one of its series is there from the start, at zero.
    Closed(fn() -> Vec<&'static str>),
    /// Closed by something outside: how, in words.
    Open(&'static str),
}

const fn closed<L: Label>() -> LabelInfo {
    LabelInfo { name: L::NAME, values: Values::Closed(texts::<L>) }
}

const fn open(name: &'static str, how: &'static str) -> LabelInfo {
    LabelInfo { name, values: Values::Open(how) }
}

fn texts<L: Label>() -> Vec<&'static str> {
    L::all().iter().map(|label| label.as_str()).collect()
}

/// The time of one stage on one record: 50 µs to the enrich deadline.
const STAGE_BUCKETS: &[f64] =
    &[0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0];
/// From a poll to a commit: a little over one commit interval when all is well.
const RECORD_BUCKETS: &[f64] = &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// From a crawler's append to our commit: also that of a backlog.
const AGE_BUCKETS: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 86400.0];
const TRANSACTION_BUCKETS: &[f64] = &[0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

const TOPIC: LabelInfo = open("topic", "the topics of `input.topics`");
const PARTITION: LabelInfo = open("partition", "the partitions this worker owns");
const VERSION: LabelInfo = open("version", "one: this build's version");
const CONFIG: LabelInfo = open("config", "one: short hash of what shapes records");
const MODEL: LabelInfo = open("model", "one: short hash of the tagger's files; changes when they are reloaded");
const GROUP: LabelInfo = open("group", "one: `kafka.group_id`");
const INPUT: LabelInfo = open("input", "one: `input.topics`, separated by commas");
const OUTPUT: LabelInfo = open("output", "one: `output.topic`");
const DEAD_LETTERS: LabelInfo = open("dead_letters", "one: `output.dead_letter_topic`");

macro_rules! series {
    ($(#[$doc:meta])* $all:ident; $($id:ident = $name:literal, $kind:expr, $unit:ident, [$($label:expr),*], $help:literal;)*) => {
        $(pub(super) const $id: Series = Series {
            name: $name,
            kind: $kind,
            unit: Unit::$unit,
            labels: const { &[$($label),*] },
            help: $help,
        };)*

        $(#[$doc])*
        pub const $all: &[Series] = &[$($id),*];
    };
}

use Kind::{Counter, Gauge, Histogram};

series! {
    /// Every series of a worker, in the order of the reference page.
    ALL;
    CONSUMED_RECORDS = "warraq_consumed_records_total", Counter, Records, [],
        "Records polled from the input topics; one that is polled again after a rebalance counts again.";
    CONSUMED_BYTES = "warraq_consumed_bytes_total", Counter, Bytes, [],
        "Key, value and header bytes of the records polled.";
    PRODUCED_RECORDS = "warraq_produced_records_total", Counter, Records, [closed::<Destination>()],
        "Records made durable: committed, or acknowledged when delivery is at least once.";
    PRODUCED_BYTES = "warraq_produced_bytes_total", Counter, Bytes, [closed::<Destination>()],
        "Key, value and header bytes of the records made durable.";
    DEAD_LETTERED_RECORDS = "warraq_dead_lettered_records_total", Counter, Records, [closed::<Stage>(), closed::<Reason>()],
        "Records made durable on the dead-letter topic, by the stage that gave up and why.";
    UNCONFIRMED_RECORDS = "warraq_unconfirmed_records_total", Counter, Records, [],
        "Of the records made durable, those whose transaction ended without an answer and that the group's offsets said were done; where another worker had the partition meanwhile, it may count them too.";
    DROPPED_RECORDS = "warraq_dropped_records_total", Counter, Records, [],
        "Records polled and given up, since their partition went before they were durable: whoever has it polls them again. Polled = made durable + dropped + in flight.";
    TOMBSTONES = "warraq_tombstones_total", Counter, Records, [],
        "Tombstones passed through: records without a value.";
    STAGE_SECONDS = "warraq_stage_seconds", Histogram(STAGE_BUCKETS), Seconds, [closed::<Stage>()],
        "Time that one stage took for one record.";
    RECORD_SECONDS = "warraq_record_seconds", Histogram(RECORD_BUCKETS), Seconds, [],
        "From the poll of a record until it was durable.";
    ARTICLE_AGE_SECONDS = "warraq_article_age_seconds", Histogram(AGE_BUCKETS), Seconds, [],
        "From a record's append to the input topic until its result was durable.";
    ARTICLES = "warraq_articles_total", Counter, Records, [closed::<CountedLanguage>()],
        "Articles enriched, by language.";
    ENTITIES = "warraq_entities_total", Counter, Entities, [closed::<EntityType>()],
        "Entities found, by type; one thing named often in an article counts once.";
    DEGRADED_ARTICLES = "warraq_degraded_articles_total", Counter, Records, [closed::<Stage>()],
        "Articles of which a stage was cut short, by that stage.";
    LAG_RECORDS = "warraq_lag_records", Gauge, Records, [TOPIC, PARTITION],
        "Offsets between the committed position and the end of the partition; owned partitions only.";
    LAG_SECONDS = "warraq_lag_seconds", Gauge, Seconds, [TOPIC, PARTITION],
        "Age of the oldest record not yet committed, 0 when there is none; owned partitions only.";
    ASSIGNED_PARTITIONS = "warraq_assigned_partitions", Gauge, Partitions, [],
        "Partitions that this worker owns.";
    INPUT_PARTITIONS = "warraq_input_partitions", Gauge, Partitions, [TOPIC],
        "Partitions of an input topic, whoever owns them; asked once a minute, 0 for a topic that does not exist.";
    PAUSED_PARTITIONS = "warraq_paused_partitions", Gauge, Partitions, [],
        "Owned partitions paused because the memory budget is taken.";
    REBALANCES = "warraq_rebalances_total", Counter, Times, [closed::<RebalanceKind>()],
        "Rebalance callbacks, by what they did.";
    TRANSACTIONS = "warraq_transactions_total", Counter, Times, [closed::<TransactionResult>()],
        "Transactions, by how they ended.";
    TRANSACTION_SECONDS = "warraq_transaction_seconds", Histogram(TRANSACTION_BUCKETS), Seconds, [closed::<TransactionResult>()],
        "From the begin of a transaction to its end.";
    RETRIES = "warraq_retries_total", Counter, Times, [closed::<Operation>()],
        "Calls to the broker made again, by operation.";
    IN_FLIGHT_RECORDS = "warraq_in_flight_records", Gauge, Records, [],
        "Records polled and not yet durable.";
    IN_FLIGHT_BYTES = "warraq_in_flight_bytes", Gauge, Bytes, [],
        "Bytes of the memory budget that are taken.";
    BUDGET_BYTES = "warraq_budget_bytes", Gauge, Bytes, [],
        "memory.budget: librdkafka's queues and what is in flight. Records in flight get half of what the queues leave; from there on the intake waits.";
    CLIENT_QUEUE_MESSAGES = "warraq_client_queue_messages", Gauge, Records, [closed::<Client>()],
        "Messages in librdkafka's own queues.";
    CLIENT_QUEUE_BYTES = "warraq_client_queue_bytes", Gauge, Bytes, [closed::<Client>()],
        "Bytes in librdkafka's own queues.";
    CLIENT_RTT_SECONDS = "warraq_client_rtt_seconds", Gauge, Seconds, [closed::<Client>()],
        "Round trip to the slowest broker, mean of librdkafka's last window.";
    CLIENT_TRANSMIT_ERRORS = "warraq_client_transmit_errors_total", Counter, Times, [closed::<Client>()],
        "Requests that librdkafka could not send or whose answer it could not read.";
    CLIENT_ERRORS = "warraq_client_errors_total", Counter, Times, [closed::<Client>()],
        "Errors that librdkafka reported, such as brokers down.";
    STRANDED = "warraq_stranded_clients_total", Counter, Times, [],
        "Times that the Kafka clients had lost every broker for good, though the cluster answered others, or passed over the rebalances of their group; new ones were made.";
    LAST_PROGRESS = "warraq_last_progress_timestamp_seconds", Gauge, Seconds, [],
        "Unix time at which a record last became durable; 0 before the first.";
    ALIVE = "warraq_alive", Gauge, None, [],
        "1 while /livez would answer 200: making progress, or nothing to do.";
    READY = "warraq_ready", Gauge, None, [],
        "1 while /readyz would answer 200: the broker answers and the group has given its assignment.";
    WORKER_INFO = "warraq_worker_info", Gauge, None, [GROUP, INPUT, OUTPUT, DEAD_LETTERS],
        "Always 1; its labels say for whom the worker works. Join it on instance to tell groups apart.";
    RELOADS = "warraq_reloads_total", Counter, Times, [closed::<Reloaded>(), closed::<ReloadResult>()],
        "Changes of mounted files that were seen, by what they hold and whether they were taken; what is refused leaves the old in force.";
    LAST_RELOAD = "warraq_last_reload_timestamp_seconds", Gauge, Seconds, [closed::<Reloaded>()],
        "Unix time at which a change was last taken; 0 before the first.";
    SHADOW_RECORDS = "warraq_shadow_records_total", Counter, Records, [closed::<ShadowResult>()],
        "Records of the shadow's sample, by what became of them; 0 without shadow.topic. Taken = written + rejected + dropped + failed + waiting.";
    SHADOW_WAITING = "warraq_shadow_waiting_records", Gauge, Records, [],
        "Records of the shadow's sample that are not decided yet: queued, in hand, or sent and not acknowledged.";
    POISON_JOURNAL = "warraq_poison_journal", Gauge, None, [],
        "1 while records are written down before they are processed; 0 without state.dir, and where it cannot be written.";
    POISON_SUSPECTS = "warraq_poison_suspects", Gauge, Records, [],
        "Records that were in hand when the process died and are not tried or durable yet.";
    BUILD_INFO = "warraq_build_info", Gauge, None, [VERSION, CONFIG, MODEL],
        "Always 1; its labels say what runs.";
}

series! {
    /// Those of a replay besides, which a live worker does not show.
    REPLAY;
    REPLAY_POSITION = "warraq_replay_position", Gauge, None, [TOPIC, PARTITION],
        "Committed offset of the replay; owned partitions only.";
    REPLAY_END = "warraq_replay_end", Gauge, None, [TOPIC, PARTITION],
        "Offset at which the frozen range ends; owned partitions only.";
    REPLAY_RANGE_OFFSETS = "warraq_replay_range_offsets", Gauge, None, [],
        "Offsets of the frozen range; owned partitions only.";
    REPLAY_DONE_OFFSETS = "warraq_replay_done_offsets", Gauge, None, [],
        "Of those, offsets that are committed.";
    REPLAY_ETA_SECONDS = "warraq_replay_eta_seconds", Gauge, Seconds, [],
        "Time until the whole replay is done at its present rate; 0 when it is done or that is not known.";
    REPLAY_LIMIT = "warraq_replay_limit_records_per_second", Gauge, None, [],
        "Rate in force: 0 while stopped for live traffic, +Inf without a limit.";
    REPLAY_LIVE_LAG_SECONDS = "warraq_replay_live_lag_seconds", Gauge, Seconds, [],
        "Lag of the group that the replay yields to, as last seen; 0 without one.";
    REPLAY_THROTTLED_SECONDS = "warraq_replay_throttled_seconds_total", Counter, Seconds, [closed::<ThrottledBy>()],
        "Time in which nothing was taken, by what held it back.";
    REPLAY_LOST = "warraq_replay_lost_to_retention_total", Counter, Records, [],
        "Offsets that were deleted from the input before they were read.";
    REPLAY_STATE = "warraq_replay_state", Gauge, None, [closed::<ReplayState>()],
        "1 for the state that the replay is in, 0 for the others.";
}

series! {
    /// Those of a redrive besides.
    REDRIVE;
    REDRIVEN = "warraq_redriven_records_total", Counter, Records, [closed::<Redriven>()],
        "Dead letters that were looked at, by what became of them; told once it is durable.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        let mut names = std::collections::BTreeSet::new();
        for series in ALL.iter().chain(REPLAY) {
            assert!(series.name.starts_with("warraq_"), "{}", series.name);
            assert!(names.insert(series.name), "{} stands twice", series.name);
            assert_eq!(series.name.ends_with("_total"), series.kind == Kind::Counter, "{}", series.name);
            if matches!(series.unit, Unit::Seconds | Unit::Bytes) {
                assert!(series.name.contains(series.unit.as_str()), "{} does not name its unit", series.name);
            }
            assert!(series.help.ends_with('.') || series.help.ends_with("first."), "{}", series.name);
        }
    }

    #[test]
    fn buckets_rise() {
        for series in ALL {
            if let Kind::Histogram(buckets) = series.kind {
                assert!(buckets.windows(2).all(|pair| pair[0] < pair[1]), "{}", series.name);
            }
        }
    }
}
