/// One input partition, small enough to be copied everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lane {
    /// Index into `input.topics`.
    pub topic: u16,
    pub partition: i32,
}

/// A record's place: which assignment of which partition it belongs to, and
/// where in that assignment's order it stands.
///
/// `epoch` counts assignments: a partition that was taken away and came back
/// has a new one, so what was still in hand from before is told apart and
/// dropped. `sequence` is dense from 0 in each epoch; offsets are not, since
/// topics have gaps (compaction, control records).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    pub lane: Lane,
    pub epoch: u64,
    pub sequence: u64,
    pub offset: i64,
}
