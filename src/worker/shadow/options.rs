use serde::{Deserialize, Serialize};

use crate::record::InvalidOption;
use crate::tag;

/// Options of the `[shadow]` table: a second tagger on a sample of the traffic.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShadowOptions {
    /// Topic of the second tagger's records. Not set: there is none.
    pub topic: Option<String>,
    /// The share of the input records that it gets, from 0 to 1, chosen by their
    /// source position. Default 0.05: at a hundred articles a second some hundred
    /// thousand a day, more than anyone reads, for a twentieth of the text work.
    pub sample: f64,
    /// What differs from `[tag]`.
    pub tag: tag::Changes,
}

impl Default for ShadowOptions {
    fn default() -> Self {
        Self { topic: None, sample: 0.05, tag: tag::Changes::default() }
    }
}

impl ShadowOptions {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        let mut invalid = Vec::new();
        match self.topic.as_deref() {
            Some(topic) if topic.trim().is_empty() => {
                invalid.push(InvalidOption::new("shadow.topic", format!("{topic:?}"), "must name a topic"));
            }
            None if !self.tag.is_empty() => {
                let message = "is needed, since [shadow.tag] is set: name the topic that its records go to";
                invalid.push(InvalidOption::new("shadow.topic", "(not set)", message));
            }
            Some(_) | None => {}
        }
        // Not a number is in no range.
        if !(0.0..=1.0).contains(&self.sample) {
            let message = "must be a share from 0 to 1, such as 0.05";
            invalid.push(InvalidOption::new("shadow.sample", self.sample, message));
        }
        invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(options: &ShadowOptions) -> Vec<String> {
        options.check().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_cannot_be_meant_is_told() {
        assert!(told(&ShadowOptions::default()).is_empty());
        let topic = |topic: &str| ShadowOptions { topic: Some(topic.to_owned()), ..ShadowOptions::default() };
        assert!(told(&topic("s")).is_empty());
        assert!(told(&topic(" "))[0].contains("must name a topic"));
        for sample in [-0.1, 1.01, f64::NAN, f64::INFINITY] {
            let told = told(&ShadowOptions { sample, ..topic("s") });
            assert!(told[0].contains("shadow.sample") && told[0].contains("from 0 to 1"), "{sample}: {told:?}");
        }
        let tag = tag::Changes { max_mentions: Some(9), ..tag::Changes::default() };
        let lone = told(&ShadowOptions { tag: tag.clone(), ..ShadowOptions::default() });
        assert!(lone[0].contains("shadow.topic") && lone[0].contains("[shadow.tag] is set"), "{lone:?}");
        assert!(told(&ShadowOptions { tag, ..topic("s") }).is_empty());
    }
}
