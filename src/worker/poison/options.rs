use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::record::InvalidOption;

/// Options of the `[state]` table: what a worker remembers over its own death.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StateOptions {
    /// A directory of this process alone, which outlives it. Not set, or empty:
    /// nothing is remembered.
    pub dir: Option<PathBuf>,
}

/// Options of the `[poison]` table: records that kill the process.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PoisonOptions {
    /// A record that was in hand at so many deaths of the process is a dead letter.
    /// Default 3: the first death may be any of the records in hand, the second,
    /// alone, may be chance (out of memory for another reason, a node that went
    /// away); the third is not.
    pub attempts: u32,
}

impl Default for PoisonOptions {
    fn default() -> Self {
        Self { attempts: 3 }
    }
}

impl PoisonOptions {
    /// What no type can express: every option whose value cannot work.
    #[must_use]
    pub fn check(&self) -> Vec<InvalidOption> {
        if self.attempts >= 2 {
            return Vec::new();
        }
        let message = "must be at least 2: the first death is among others, and tells not whose fault it was";
        vec![InvalidOption::new("poison.attempts", self.attempts, message)]
    }
}
