use serde::Serialize;

/// A stage of the pipeline, as metrics, dead letters and `degraded` name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Decode,
    Normalize,
    Tag,
    Encode,
    Produce,
}

impl Stage {
    pub const ALL: [Self; 5] = [Self::Decode, Self::Normalize, Self::Tag, Self::Encode, Self::Produce];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Normalize => "normalize",
            Self::Tag => "tag",
            Self::Encode => "encode",
            Self::Produce => "produce",
        }
    }

    /// The stage of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Why a record went to the dead letters: the closed list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The text of the `warraq-error-reason` header and metric label.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// The reason of that name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|reason| reason.as_str() == name)
            }
        }
    };
}

reasons! {
    /// The value has no bytes (a tombstone has no value at all, and passes).
    EmptyValue = "empty_value",
    /// The value is longer than `decode.max_value_bytes`.
    ValueTooLarge = "value_too_large",
    /// `content-encoding` names a compression that is not supported.
    UnsupportedCompression = "unsupported_compression",
    /// The compressed value is broken or cut short.
    BrokenCompression = "broken_compression",
    /// The value unpacks to more than `decode.max_decompressed_bytes`.
    DecompressedTooLarge = "decompressed_too_large",
    /// The bytes are not text in the declared or in any detected charset.
    InvalidEncoding = "invalid_encoding",
    /// The value is not JSON.
    InvalidJson = "invalid_json",
    /// JSON, but a named field holds a value of the wrong type.
    WrongType = "wrong_type",
    /// JSON nested deeper than `decode.max_json_depth`.
    JsonTooDeep = "json_too_deep",
    /// HTML nested deeper than `decode.max_html_depth`, or more elements than
    /// `decode.max_html_nodes`.
    HtmlTooComplex = "html_too_complex",
    /// No field, page or line holds an article's text.
    NoText = "no_text",
    /// The record is larger than the output topic takes, and the policy says so.
    OutputTooLarge = "output_too_large",
    /// The broker refused this record.
    RefusedByBroker = "refused_by_broker",
    /// A stage panicked: a bug in warraq, reported with its message.
    Panic = "panic",
    /// The record killed the process before.
    KilledWorker = "killed_worker",
}

/// A record that cannot be enriched: where, why, and the whole story in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}: {message}", stage.as_str(), reason.as_str())]
pub struct Reject {
    pub stage: Stage,
    pub reason: Reason,
    /// Names the thing, its value and the way out; never the payload.
    pub message: String,
}

impl Reject {
    pub fn new(stage: Stage, reason: Reason, message: impl Into<String>) -> Self {
        Self { stage, reason, message: message.into() }
    }
}

/// A stage that was cut short, and why; the record is complete but for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Degraded {
    pub stage: Stage,
    /// One of `too_many_blocks`, `too_long`, `too_many_mentions`, `too_many_pieces`,
    /// `model_deadline`, `deadline`.
    pub why: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_written_as_it_is_serialized() {
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert_eq!(Reason::named(reason.as_str()), Some(*reason));
        }
        for stage in Stage::ALL {
            assert_eq!(serde_json::to_value(stage).unwrap(), stage.as_str());
            assert_eq!(Stage::named(stage.as_str()), Some(stage));
        }
    }
}
