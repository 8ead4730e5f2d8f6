use super::entry::Entry;
use crate::flow::{Finished, Lane};

/// What is committed beside each offset, as its metadata: whoever keeps an
/// account of a partition has it there, true by the same transaction.
///
/// Told of an account in two steps: what a commit will add ([`Notes::note`]),
/// and, once it is certain, that it was added ([`Notes::durable`]). In between a
/// transaction may be aborted and sent again, in other cuts, any number of
/// times.
pub trait Notes: Send {
    /// The text for this partition's offset, if these records of it, in their
    /// order, are committed on top of what is durable.
    ///
    /// # Errors
    /// In words, where there is no account of the partition in this epoch: the
    /// transaction must not be committed then.
    fn note(
        &self,
        lane: Lane,
        epoch: u64,
        records: &mut dyn Iterator<Item = &Finished>,
    ) -> Result<Option<String>, String>;

    /// These records are durable; the offsets behind them are committed.
    fn durable(&mut self, records: &[Entry<Finished>]);
}

/// No account is kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNotes;

impl Notes for NoNotes {
    fn note(&self, _: Lane, _: u64, _: &mut dyn Iterator<Item = &Finished>) -> Result<Option<String>, String> {
        Ok(None)
    }

    fn durable(&mut self, _: &[Entry<Finished>]) {}
}
