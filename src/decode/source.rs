//! A text of the payload that knows its way back, and pieces cut from it.

use std::borrow::Cow;

use crate::record::{Edits, EditsBuilder, Piece, RawSpan, Trace};

/// A text, such as the whole payload decoded or one string of a JSON value.
#[derive(Debug, Clone)]
pub(super) struct Source<'a> {
    pub text: Cow<'a, str>,
    /// The stretch of the payload that the text was made of.
    raw: RawSpan,
    /// From that stretch to the text.
    edits: Edits,
}

impl<'a> Source<'a> {
    pub(super) const fn new(text: Cow<'a, str>, raw: RawSpan, edits: Edits) -> Self {
        Self { text, raw, edits }
    }

    /// The way back of what was made from `start..end` of this text by `edits`.
    pub(super) fn trace(&self, start: usize, end: usize, edits: Edits) -> Trace {
        let ((from, to), within) = self.edits.within(start, end);
        let raw = RawSpan::new(self.raw.start + from, self.raw.start + to);
        if within.is_identity() {
            return Trace { raw, edits };
        }
        Trace { raw, edits: within.then(&edits) }
    }

    /// A part of this text, rewritten by `edits` into `text`.
    pub(super) fn part<'b>(&self, text: Cow<'b, str>, start: usize, end: usize, edits: Edits) -> Source<'b> {
        let trace = self.trace(start, end, edits);
        Source { text, raw: trace.raw, edits: trace.edits }
    }

    /// A stretch as it is.
    pub(super) fn piece(&self, start: usize, end: usize) -> Piece {
        let text = self.text.get(start..end).unwrap_or_default().to_owned();
        Piece { trace: Some(self.trace(start, end, Edits::default())), text }
    }

    /// The text without the white space around it, as a piece.
    pub(super) fn trimmed(&self) -> Piece {
        let start = self.text.len() - self.text.trim_start().len();
        let end = self.text.trim_end().len();
        self.piece(start, end.max(start))
    }
}

/// A piece that grows while a source is read from left to right.
#[derive(Debug, Default)]
pub(super) struct Growing {
    pub text: String,
    edits: EditsBuilder,
    start: usize,
    /// Where in the source the last piece ended.
    end: usize,
}

impl Growing {
    /// Appends `text`, which stands at `at..end` of the source; what was skipped
    /// before it counts as dropped.
    pub(super) fn push(&mut self, text: &str, at: usize, end: usize) {
        if self.text.is_empty() {
            (self.start, self.end) = (at, at);
        }
        if at > self.end {
            self.edits.replace(at - self.end, 0);
        }
        // The tokenizer's positions are monotone; a text without width of its own is inserted.
        let width = end.saturating_sub(at.max(self.end));
        if width == text.len() {
            self.edits.keep(width);
        } else {
            self.edits.replace(width, text.len());
        }
        self.text.push_str(text);
        self.end = end.max(self.end);
    }

    /// Appends `text` in place of all that lies before `at`.
    pub(super) fn bridge(&mut self, text: &str, at: usize) {
        let at = at.max(self.end);
        self.edits.replace(at - self.end, text.len());
        self.text.push_str(text);
        self.end = at;
    }

    /// Another piece of the same source, further on, with a separator between.
    pub(super) fn append(&mut self, separator: &str, next: Self) {
        self.bridge(separator, next.start);
        self.edits.append(next.edits);
        self.text.push_str(&next.text);
        self.end = self.end.max(next.end);
    }

    /// Takes what has grown; the next piece starts anew.
    pub(super) fn take(&mut self, source: &Source<'_>) -> Piece {
        let grown = std::mem::take(self);
        let trace = source.trace(grown.start, grown.end, grown.edits.build());
        Piece { text: grown.text, trace: Some(trace) }
    }
}
