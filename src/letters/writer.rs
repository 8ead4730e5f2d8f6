//! A text as it grows byte by byte. Its room is made before it is written, for
//! to ask for it at each letter is most of the work.

use super::Folds;

/// Room behind all that is written, so that more may be written than counts.
const SLACK: usize = 16;

pub(crate) struct Writer {
    bytes: Vec<u8>,
    length: usize,
}

impl Writer {
    /// Room for what so many bytes become, if none becomes longer: see
    /// [`Writer::many`].
    pub(crate) fn new(bytes: usize) -> Self {
        Self { bytes: vec![0; bytes + SLACK], length: 0 }
    }

    pub(crate) const fn length(&self) -> usize {
        self.length
    }

    /// What was written from there on, and behind it whatever stands in the room that is left.
    pub(crate) fn from(&self, start: usize) -> &[u8] {
        self.bytes.get(start..).unwrap_or_default()
    }

    /// Writes what the tables have for the text's head: see [`Folds::run`]. There must be room
    /// for it.
    pub(crate) fn run(&mut self, text: &[u8], folds: &Folds) -> usize {
        let length = folds.run(text, self.bytes.get_mut(self.length..).unwrap_or_default());
        self.length += length;
        length
    }

    /// All of the room, and behind it the length so far: for a loop that writes
    /// many and tells the new length at its end.
    pub(crate) const fn room(&mut self) -> (&mut [u8], &mut usize) {
        (self.bytes.as_mut_slice(), &mut self.length)
    }

    /// Room for what so many bytes more become.
    pub(crate) fn reserve(&mut self, bytes: usize) {
        if self.bytes.len() < self.length + bytes + SLACK {
            self.bytes.resize(self.length + bytes + SLACK, 0);
        }
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }

    /// Any number, more than there was room for among them; what `left` bytes
    /// become follows.
    pub(crate) fn many(&mut self, bytes: &[u8], left: usize) {
        self.reserve(bytes.len() + left);
        let end = self.length + bytes.len();
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(bytes);
            self.length = end;
        }
    }

    pub(crate) fn finish(self) -> String {
        let mut written = String::new();
        self.finish_behind(&mut written);
        written
    }

    /// Puts all of it at the end of a string.
    pub(crate) fn finish_behind(mut self, text: &mut String) {
        self.bytes.truncate(self.length);
        match simdutf8::basic::from_utf8(&self.bytes) {
            Ok(written) => text.push_str(written),
            // Not reached: whole characters alone were written.
            Err(_) => text.push_str(&String::from_utf8_lossy(&self.bytes)),
        }
    }
}

/// Writes two bytes, of which the caller may count none, one or both.
#[inline(always)]
pub(crate) fn write(room: &mut [u8], at: usize, bytes: [u8; 2]) {
    if let Some(place) = room.get_mut(at..).and_then(|room| room.first_chunk_mut()) {
        *place = bytes;
    }
}
