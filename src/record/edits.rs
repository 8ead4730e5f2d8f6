//! The sparse edit list between two forms of a text, positions both ways.
//!
//! A form is made from another by keeping most of it and replacing, dropping or
//! inserting a little. Only what changed is stored: one entry an edit, and one
//! entry for a whole run of equal edits (a windows-1256 word, where each byte
//! became two). Everything between edits maps one to one.

/// `count` times in a row, `from_unit` bytes became `to_unit` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edit {
    from: u32,
    to: u32,
    from_unit: u32,
    to_unit: u32,
    count: u32,
}

impl Edit {
    const fn from_end(self) -> usize {
        self.from as usize + self.from_unit as usize * self.count as usize
    }

    const fn to_end(self) -> usize {
        self.to as usize + self.to_unit as usize * self.count as usize
    }
}

/// The edits that lead from one form of a text (the source) to another (the
/// output). Positions are bytes. The default is the identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits {
    edits: Vec<Edit>,
}

impl Edits {
    #[must_use]
    pub const fn is_identity(&self) -> bool {
        self.edits.is_empty()
    }

    /// Number of stored entries: what the map costs.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.edits.len()
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The stretch of the source that an output span was made of: whole units,
    /// without what was dropped at its borders.
    #[must_use]
    pub fn source(&self, start: usize, end: usize) -> (usize, usize) {
        if start >= end {
            let at = source_start(&self.edits, start);
            return (at, at);
        }
        let from = source_start(&self.edits, start);
        (from, source_end(&self.edits, end).max(from))
    }

    /// The stretch of the output that a source span became: whole units.
    /// Empty where all of it was dropped.
    #[must_use]
    pub fn output(&self, start: usize, end: usize) -> (usize, usize) {
        let from = output_start(&self.edits, start);
        if start >= end {
            return (from, from);
        }
        (from, output_end(&self.edits, end).max(from))
    }
}

/// Source position of the unit that begins at, or holds, an output position.
fn source_start(edits: &[Edit], position: usize) -> usize {
    // Edits that drop something right before the position lie before it, too.
    let after = edits.partition_point(|edit| edit.to as usize <= position);
    let Some(edit) = edits[..after].last() else { return position };
    if position >= edit.to_end() {
        return edit.from_end() + (position - edit.to_end());
    }
    let unit = (position - edit.to as usize) / (edit.to_unit as usize).max(1);
    edit.from as usize + unit * edit.from_unit as usize
}

/// Source position where the unit ends that ends at, or holds, an output position.
fn source_end(edits: &[Edit], position: usize) -> usize {
    // An edit that begins at the position contributes nothing before it.
    let after = edits.partition_point(|edit| (edit.to as usize) < position);
    let Some(edit) = edits[..after].last() else { return position };
    if position > edit.to_end() {
        return edit.from_end() + (position - edit.to_end());
    }
    let unit = (position - edit.to as usize).div_ceil((edit.to_unit as usize).max(1));
    edit.from as usize + unit * edit.from_unit as usize
}

fn output_start(edits: &[Edit], position: usize) -> usize {
    let after = edits.partition_point(|edit| edit.from as usize <= position);
    let Some(edit) = edits[..after].last() else { return position };
    if position >= edit.from_end() {
        return edit.to_end() + (position - edit.from_end());
    }
    let unit = (position - edit.from as usize) / (edit.from_unit as usize).max(1);
    edit.to as usize + unit * edit.to_unit as usize
}

fn output_end(edits: &[Edit], position: usize) -> usize {
    let after = edits.partition_point(|edit| (edit.from as usize) < position);
    let Some(edit) = edits[..after].last() else { return position };
    if position > edit.from_end() {
        return edit.to_end() + (position - edit.from_end());
    }
    let unit = (position - edit.from as usize).div_ceil((edit.from_unit as usize).max(1));
    edit.to as usize + unit * edit.to_unit as usize
}

/// Builds [`Edits`] in one walk over the source.
#[derive(Debug, Default)]
pub struct EditsBuilder {
    edits: Vec<Edit>,
    from: usize,
    to: usize,
}

impl EditsBuilder {
    #[must_use]
    pub const fn new() -> Self {
        Self { edits: Vec::new(), from: 0, to: 0 }
    }

    /// The next `bytes` are the same in both forms.
    pub const fn keep(&mut self, bytes: usize) {
        self.from += bytes;
        self.to += bytes;
    }

    /// The next `from` bytes of the source became `to` bytes. `to` is 0 for
    /// what was dropped, `from` is 0 for what was inserted.
    pub fn replace(&mut self, from: usize, to: usize) {
        if from == to && from <= 1 {
            return self.keep(from);
        }
        let (from_unit, to_unit) = (clamp(from), clamp(to));
        match self.edits.last_mut() {
            Some(last)
                if last.from_end() == self.from
                    && last.to_end() == self.to
                    && last.from_unit == from_unit
                    && last.to_unit == to_unit =>
            {
                last.count += 1;
            }
            _ => self.edits.push(Edit { from: clamp(self.from), to: clamp(self.to), from_unit, to_unit, count: 1 }),
        }
        self.from += from;
        self.to += to;
    }

    /// Bytes of the source walked so far.
    #[must_use]
    pub const fn source_position(&self) -> usize {
        self.from
    }

    /// Bytes of the output made so far.
    #[must_use]
    pub const fn output_position(&self) -> usize {
        self.to
    }

    #[must_use]
    pub fn build(self) -> Edits {
        Edits { edits: self.edits }
    }
}

/// Texts are capped far below 4 GiB (`decode.max_value_bytes`).
fn clamp(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_dropped_at_a_border_stays_out_of_the_span() {
        // "aXb" -> "ab"
        let mut builder = EditsBuilder::new();
        builder.keep(1);
        builder.replace(1, 0);
        builder.keep(1);
        let edits = builder.build();
        assert_eq!(edits.source(0, 1), (0, 1));
        assert_eq!(edits.source(1, 2), (2, 3));
        assert_eq!(edits.source(0, 2), (0, 3));
        assert_eq!(edits.output(0, 3), (0, 2));
        assert_eq!(edits.output(1, 2), (1, 1));
    }

    #[test]
    fn a_run_of_equal_edits_is_one_entry_and_maps_unit_by_unit() {
        let mut builder = EditsBuilder::new();
        for _ in 0..5 {
            builder.replace(1, 2);
        }
        let edits = builder.build();
        assert_eq!(edits.len(), 1);
        assert_eq!(edits.source(4, 6), (2, 3));
        assert_eq!(edits.output(2, 3), (4, 6));
        assert_eq!(edits.source(5, 5 + 2), (2, 4), "a span inside units covers them whole");
    }

    /// A step of a random rewriting, with the text it takes and gives.
    fn steps() -> impl Strategy<Value = Vec<(usize, usize, bool)>> {
        proptest::collection::vec((0usize..4, 0usize..4, any::<bool>()), 0..60)
    }

    proptest! {
        /// Against a plain map with one entry a unit.
        #[test]
        fn spans_of_units_survive_both_ways(steps in steps()) {
            let mut builder = EditsBuilder::new();
            let mut units = Vec::new();
            for (from, to, keep) in steps {
                let (f, t) = (builder.source_position(), builder.output_position());
                if keep {
                    builder.keep(from);
                    units.extend((0..from).map(|i| (f + i, f + i + 1, t + i, t + i + 1)));
                } else {
                    builder.replace(from, to);
                    units.push((f, f + from, t, t + to));
                }
            }
            let edits = builder.build();
            for &(f0, f1, t0, t1) in &units {
                if f0 < f1 && t0 < t1 {
                    let (start, end) = edits.source(t0, t1);
                    prop_assert!(start <= f0 && f1 <= end || (start, end) == (f0, f1));
                    prop_assert_eq!(edits.output(f0, f1).1, t1);
                }
            }
            // Monotone, and never outside.
            let (from_len, to_len) = units.last().map_or((0, 0), |unit| (unit.1, unit.3));
            let mut last = (0, 0);
            for position in 0..=to_len {
                let at = source_start(&edits.edits, position);
                let end = source_end(&edits.edits, position);
                prop_assert!(at >= last.0 && end >= last.1 && at <= from_len && end <= from_len);
                last = (at, end);
            }
        }
    }
}
