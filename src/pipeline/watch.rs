use crate::record::Stage;

/// The seam by which the shell times a stage and cuts a slow record short.
///
/// The text half has no clock. What limits a record first is each stage's own
/// budget of work, which is the same on every run; a deadline behind
/// [`Watch::expired`] is the last resort, and the one thing that may make two
/// runs differ.
pub trait Watch {
    /// A stage begins.
    fn begin(&mut self, stage: Stage);
    /// The stage that began last ends, with or without success.
    fn end(&mut self, stage: Stage);
    /// Asked between stages, and between the batches of a transformer: work that the
    /// record can do without is left out once this says so.
    fn expired(&mut self) -> bool;
}

/// Times nothing, cuts nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoWatch;

impl Watch for NoWatch {
    fn begin(&mut self, _stage: Stage) {}

    fn end(&mut self, _stage: Stage) {}

    fn expired(&mut self) -> bool {
        false
    }
}
