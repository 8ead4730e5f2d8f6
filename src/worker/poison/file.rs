//! The journal as a file: a head, the table of suspects, a slot for each thread.
//!
//! A slot is written with one call, into the page cache: what is written is there
//! after the death of the process, by whatever signal, though not after that of the
//! machine. Nothing is mapped, so that none of this needs `unsafe`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::slot::{BYTES, EMPTY, Slot};
use super::suspects::{MOST, Suspects};

const NAME: &str = "poison.journal";
const NEW: &str = "poison.journal.new";
const LOCK: &str = "poison.lock";

/// What the file begins with: name and version.
const HEAD: &[u8] = b"warraq poison 1\n";

/// Of a longer file no more is read; ours is shorter with 8,000 threads.
const LONGEST: u64 = 1 << 20;

/// Why there is no journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{} is used by another process; give each a directory of its own", .0.display())]
    Taken(PathBuf),
    #[error("{} is no journal of this version; it is left alone, move it away", .0.display())]
    Foreign(PathBuf),
    #[error("{} cannot be used: {error}", .0.display(), error = .1)]
    Unusable(PathBuf, #[source] io::Error),
}

/// The journal of this process; nobody else writes there while it is open.
#[derive(Debug)]
pub struct Journal {
    file: File,
    threads: usize,
    /// Held until the process ends, however it does.
    _lock: File,
}

/// A journal that was opened, and what follows from what was in it.
#[derive(Debug)]
pub struct Opened {
    pub journal: Journal,
    pub suspects: Suspects,
    /// Suspects that found no room.
    pub left_out: usize,
    /// Slots that hold something, and not what was written.
    pub torn: usize,
}

/// What a process that died left behind.
#[derive(Debug, Default)]
pub struct Left {
    pub slots: Vec<Slot>,
    /// Slots that hold something, and not what was written.
    pub torn: usize,
}

impl Journal {
    /// Reads what the last process left, and begins a new file with what follows
    /// from it.
    ///
    /// # Errors
    /// Where the directory cannot be written, another process has it, or what lies
    /// there is not ours.
    pub fn open(dir: &Path, threads: usize) -> Result<Opened, JournalError> {
        let unusable = |error| JournalError::Unusable(dir.to_owned(), error);
        std::fs::create_dir_all(dir).map_err(unusable)?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(dir.join(LOCK)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::Taken(dir.to_owned())),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        let path = dir.join(NAME);
        let bytes = read(&path).map_err(unusable)?;
        let left = Left::parse(&bytes).ok_or_else(|| JournalError::Foreign(path.clone()))?;
        let (suspects, left_out) = Suspects::after_death(left.slots);
        // Whole beside the old one, then in its place: a death is counted once,
        // whenever the next one comes.
        let new = dir.join(NEW);
        let mut file = File::create(&new).map_err(unusable)?;
        file.write_all(&image(&suspects, threads)).map_err(unusable)?;
        std::fs::rename(&new, &path).map_err(unusable)?;
        Ok(Opened { journal: Self { file, threads, _lock: lock }, suspects, left_out, torn: left.torn })
    }

    /// What a thread has in hand now; nothing of a thread that has no slot.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn hand(&self, thread: usize, slot: Option<Slot>) -> io::Result<()> {
        if thread < self.threads { self.write(MOST + thread, slot) } else { Ok(()) }
    }

    /// A suspect is none any more.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn acquit(&self, slot: usize) -> io::Result<()> {
        self.write(slot, None)
    }

    fn write(&self, slot: usize, content: Option<Slot>) -> io::Result<()> {
        let bytes = content.map_or(EMPTY, Slot::encode);
        self.file.write_all_at(&bytes, ((1 + slot) * BYTES) as u64)
    }
}

impl Left {
    /// None where the file is not ours. One that is cut short is read as far as it
    /// goes, and none at all is an empty one.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (head, rest) = bytes.split_at(bytes.len().min(BYTES));
        let is_ours = head.starts_with(HEAD) || HEAD.starts_with(head);
        if !is_ours {
            return None;
        }
        let mut left = Self::default();
        let (slots, short) = rest.as_chunks::<BYTES>();
        left.torn = usize::from(!short.is_empty());
        for slot in slots.iter().filter(|slot| **slot != EMPTY) {
            match Slot::decode(slot) {
                Some(slot) => left.slots.push(slot),
                None => left.torn += 1,
            }
        }
        Some(left)
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(LONGEST).read_to_end(&mut bytes).map(|_| bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(bytes),
        Err(error) => Err(error),
    }
}

/// The whole file before anything is in hand. All of it is written, so that a full
/// disk is told now and not at the first record.
fn image(suspects: &Suspects, threads: usize) -> Vec<u8> {
    let mut head = EMPTY;
    for (to, from) in head.iter_mut().zip(HEAD) {
        *to = *from;
    }
    let mut slots = vec![EMPTY; MOST + threads];
    for (mark, suspect) in suspects.iter() {
        if let Some(slot) = slots.get_mut(suspect.slot) {
            *slot = Slot::Suspect(mark, suspect.deaths).encode();
        }
    }
    head.into_iter().chain(slots.into_iter().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::slot::Mark;
    use super::super::slot::tests::slot;
    use super::*;

    fn mark(offset: i64) -> Mark {
        Mark { topic: 1, partition: 2, offset, timestamp: 3, length: 4 }
    }

    fn deaths(suspects: &Suspects) -> Vec<(i64, u32)> {
        suspects.iter().map(|(mark, suspect)| (mark.offset, suspect.deaths)).collect()
    }

    #[test]
    fn what_was_in_hand_is_suspected_by_the_next_process() {
        let dir = tempfile::tempdir().unwrap();
        let Opened { journal, suspects, .. } = Journal::open(dir.path(), 3).unwrap();
        assert_eq!(suspects.len(), 0);
        journal.hand(0, Some(Slot::InHand(mark(7)))).unwrap();
        journal.hand(1, Some(Slot::InHand(mark(8)))).unwrap();
        journal.hand(1, None).unwrap();
        journal.hand(2, Some(Slot::InHand(mark(9)))).unwrap();
        // A thread too many has no slot.
        journal.hand(3, Some(Slot::InHand(mark(10)))).unwrap();
        drop(journal);
        let Opened { journal, suspects, .. } = Journal::open(dir.path(), 1).unwrap();
        assert_eq!(deaths(&suspects), [(7, 1), (9, 1)]);
        journal.hand(0, Some(Slot::InHand(mark(9)))).unwrap();
        journal.acquit(suspects.get(&mark(7)).unwrap().slot).unwrap();
        drop(journal);
        let Opened { journal, suspects, .. } = Journal::open(dir.path(), 1).unwrap();
        assert_eq!(deaths(&suspects), [(9, 2)]);
        drop(journal);
        // A process that had nothing in hand changes nothing.
        assert_eq!(deaths(&Journal::open(dir.path(), 1).unwrap().suspects), [(9, 2)]);
    }

    #[test]
    fn one_process_has_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        let first = Journal::open(dir.path(), 1).unwrap();
        let told = Journal::open(dir.path(), 1).unwrap_err().to_string();
        assert!(told.contains("is used by another process"), "{told}");
        drop(first);
        assert!(Journal::open(dir.path(), 1).is_ok());
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(NAME);
        for foreign in ["a shopping list, longer than one slot of a journal, and then some more", "warraq poison 2\n"] {
            std::fs::write(&path, foreign).unwrap();
            let told = Journal::open(dir.path(), 1).unwrap_err().to_string();
            assert!(told.contains("is no journal of this version"), "{told}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), foreign);
        }
    }

    #[test]
    fn a_file_that_is_cut_short_is_read_as_far_as_it_goes() {
        let dir = tempfile::tempdir().unwrap();
        let Opened { journal, .. } = Journal::open(dir.path(), 2).unwrap();
        journal.hand(0, Some(Slot::InHand(mark(7)))).unwrap();
        journal.hand(1, Some(Slot::InHand(mark(8)))).unwrap();
        drop(journal);
        let path = dir.path().join(NAME);
        let whole = std::fs::read(&path).unwrap();
        for (length, offsets, torn) in [
            (0, 0, 0),
            (HEAD.len(), 0, 0),
            (whole.len() - BYTES - 1, 0, 1),
            (whole.len() - 1, 1, 1),
            (whole.len(), 2, 0),
        ] {
            std::fs::write(&path, &whole[..length]).unwrap();
            let opened = Journal::open(dir.path(), 2).unwrap();
            assert_eq!((opened.suspects.len(), opened.torn), (offsets, torn), "{length}");
        }
    }

    #[test]
    fn a_directory_that_cannot_be_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let told = Journal::open(&file.join("state"), 1).unwrap_err().to_string();
        assert!(told.contains("cannot be used"), "{told}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..1000), ours in any::<bool>()) {
            let head = if ours { HEAD } else { b"" };
            let file: Vec<u8> = head.iter().chain(&bytes).copied().collect();
            let left = Left::parse(&file);
            prop_assert!(!ours || left.is_some());
            prop_assert!(left.is_none_or(|left| left.slots.is_empty()));
        }

        /// Whatever is broken between them, whole slots are read.
        #[test]
        fn whole_slots_are_read_among_broken_ones(slots in prop::collection::vec((slot(), any::<Option<u16>>()), 0..20)) {
            let mut file = EMPTY.to_vec();
            file[..HEAD.len()].copy_from_slice(HEAD);
            let (mut whole, mut torn) = (Vec::new(), 0);
            for (slot, broken) in slots {
                let mut bytes = slot.encode();
                match broken {
                    Some(bit) => {
                        bytes[usize::from(bit) / 8 % BYTES] ^= 1_u8 << (bit % 8);
                        torn += 1;
                    }
                    None => whole.push(slot),
                }
                file.extend(bytes);
            }
            let left = Left::parse(&file).unwrap();
            prop_assert_eq!((left.slots, left.torn), (whole, torn));
        }
    }
}
