use crate::record::{Destination, EntityType, Reason, Stage};

/// A label whose values are a closed list, so that no series can multiply.
///
/// `index` is the place in `all`, in declaration order.
pub trait Label: Copy + 'static {
    /// The label's name in the exposition.
    const NAME: &'static str;
    fn all() -> &'static [Self];
    fn as_str(self) -> &'static str;
    fn index(self) -> usize;
}

macro_rules! labels {
    ($($(#[$doc:meta])* $type:ident as $label:literal { $($(#[$note:meta])* $name:ident = $text:literal,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum $type {
                $($(#[$note])* $name,)*
            }

            impl Label for $type {
                const NAME: &'static str = $label;

                fn all() -> &'static [Self] {
                    &[$(Self::$name),*]
                }

                fn as_str(self) -> &'static str {
                    match self {
                        $(Self::$name => $text,)*
                    }
                }

                fn index(self) -> usize {
                    self as usize
                }
            }
        )*
    };
}

labels! {
    /// What a rebalance did to this worker's partitions.
    RebalanceKind as "kind" {
        Assign = "assign",
        /// Given back in time: what was in hand was committed first.
        Revoke = "revoke",
        /// Taken without asking: what was in hand was dropped.
        Lost = "lost",
    }

    /// What holds a replay back.
    ThrottledBy as "by" {
        Rate = "rate",
        /// Live traffic, to which it gives way.
        Yield = "yield",
    }

    /// What a replay is about.
    ReplayState as "state" {
        Running = "running",
        /// Slowed or stopped for live traffic.
        Yielding = "yielding",
        Complete = "complete",
        Failed = "failed",
    }

    /// What became of a dead letter that a redrive looked at.
    Redriven as "outcome" {
        /// Enriched now, or sent back to the input topic.
        Output = "output",
        /// Still bad, and a dead letter once more.
        DeadLetter = "dead_letter",
        /// Still bad, and not to be tried again.
        Parked = "parked",
        /// Not one that was asked for.
        Skipped = "skipped",
    }

    /// How a transaction ended.
    TransactionResult as "result" {
        Committed = "committed",
        Aborted = "aborted",
        /// The answer never came; the group's offsets decided afterwards.
        Unknown = "unknown",
    }

    /// A call to the broker that was made again.
    Operation as "operation" {
        Init = "init",
        Begin = "begin",
        Send = "send",
        SendOffsets = "send_offsets",
        Commit = "commit",
        Abort = "abort",
        /// A commit of offsets outside a transaction (at least once).
        CommitOffsets = "commit_offsets",
    }

    /// One of the two Kafka clients of a worker.
    Client as "client" {
        Consumer = "consumer",
        Producer = "producer",
    }

    /// What a mounted file holds that is read again while the worker runs.
    Reloaded as "what" {
        Gazetteers = "gazetteers",
        /// The shadow's.
        ShadowGazetteers = "shadow_gazetteers",
        Credentials = "credentials",
    }

    /// What became of a change.
    ReloadResult as "result" {
        Applied = "applied",
        /// It cannot be used; the old stays in force.
        Refused = "refused",
    }

    /// What became of a record of the shadow's sample.
    ShadowResult as "result" {
        Written = "written",
        /// By the second tagger's pipeline; the live path has the dead letter.
        Rejected = "rejected",
        /// There was no room or no time for it.
        Dropped = "dropped",
        /// The broker did not take it, or the pipeline panicked.
        Failed = "failed",
    }

    /// Languages counted by name; what is none of them is `other`, and `und`
    /// where none could be told.
    CountedLanguage as "language" {
        Ar = "ar",
        Fa = "fa",
        Ur = "ur",
        Ckb = "ckb",
        Ps = "ps",
        En = "en",
        Fr = "fr",
        Tr = "tr",
        Other = "other",
        Und = "und",
    }
}

impl CountedLanguage {
    /// The language of a BCP 47 tag, by its first part alone.
    #[must_use]
    pub fn of(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        if primary.is_empty() {
            return Self::Und;
        }
        Self::all()
            .iter()
            .copied()
            .find(|language| *language != Self::Other && language.as_str().eq_ignore_ascii_case(primary))
            .unwrap_or(Self::Other)
    }
}

impl Label for Stage {
    const NAME: &'static str = "stage";

    fn all() -> &'static [Self] {
        &Self::ALL
    }

    fn as_str(self) -> &'static str {
        Self::as_str(self)
    }

    fn index(self) -> usize {
        self as usize
    }
}

impl Label for Reason {
    const NAME: &'static str = "reason";

    fn all() -> &'static [Self] {
        Self::ALL
    }

    fn as_str(self) -> &'static str {
        Self::as_str(self)
    }

    fn index(self) -> usize {
        self as usize
    }
}

impl Label for EntityType {
    const NAME: &'static str = "type";

    fn all() -> &'static [Self] {
        &Self::ALL
    }

    fn as_str(self) -> &'static str {
        Self::as_str(self)
    }

    fn index(self) -> usize {
        self as usize
    }
}

impl Label for Destination {
    const NAME: &'static str = "destination";

    fn all() -> &'static [Self] {
        &Self::ALL
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::DeadLetters => "dead_letters",
            Self::Parking => "parking",
        }
    }

    fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_order<L: Label>() {
        for (place, label) in L::all().iter().enumerate() {
            assert_eq!(label.index(), place, "{} {}", L::NAME, label.as_str());
        }
    }

    #[test]
    fn an_index_is_the_place_in_the_list() {
        in_order::<Stage>();
        in_order::<Reason>();
        in_order::<EntityType>();
        in_order::<Destination>();
        in_order::<RebalanceKind>();
        in_order::<TransactionResult>();
        in_order::<ThrottledBy>();
        in_order::<ReplayState>();
        in_order::<Redriven>();
        in_order::<Operation>();
        in_order::<Client>();
        in_order::<CountedLanguage>();
        in_order::<Reloaded>();
        in_order::<ReloadResult>();
    }

    #[test]
    fn a_language_tag_is_counted_by_its_first_part() {
        assert_eq!(CountedLanguage::of("ar-EG"), CountedLanguage::Ar);
        assert_eq!(CountedLanguage::of("CKB"), CountedLanguage::Ckb);
        assert_eq!(CountedLanguage::of("und"), CountedLanguage::Und);
        assert_eq!(CountedLanguage::of(""), CountedLanguage::Und);
        assert_eq!(CountedLanguage::of("arz"), CountedLanguage::Other);
        assert_eq!(CountedLanguage::of("other"), CountedLanguage::Other);
    }
}
