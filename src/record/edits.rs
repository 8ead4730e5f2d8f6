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
    const fn end_of_source(self) -> usize {
        self.from as usize + self.from_unit as usize * self.count as usize
    }

    const fn end_of_output(self) -> usize {
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

    /// The stretch of the source that `start..end` of the output was made of, and
    /// the edits within it alone, positions relative to both starts.
    #[must_use]
    pub fn within(&self, start: usize, end: usize) -> ((usize, usize), Self) {
        let (from, to) = self.source(start, end);
        if self.is_identity() || start >= end {
            return ((from, to), Self::default());
        }
        let mut builder = EditsBuilder::new();
        let first = self.edits.partition_point(|edit| edit.end_of_output() <= start);
        for edit in self.edits.get(first..).unwrap_or_default() {
            let (edit_to, units) = (edit.to as usize, edit.to_unit as usize);
            if edit_to >= end {
                break;
            }
            if units == 0 && edit_to <= start {
                continue;
            }
            let gap = edit_to.saturating_sub(start + builder.to);
            builder.keep(gap);
            if units == 0 {
                builder.repeat(edit.from_unit, 0, edit.count);
                continue;
            }
            // Units that a border cuts through give only what lies inside.
            let (low, high) = (start.max(edit_to), end.min(edit.end_of_output()));
            let (mut unit, last) = ((low - edit_to) / units, (high - edit_to).div_ceil(units));
            while unit < last {
                let (from, to) = (edit_to + unit * units, edit_to + (unit + 1) * units);
                if from >= low && to <= high {
                    let whole = (high - from) / units;
                    builder.repeat(edit.from_unit, edit.to_unit, clamp(whole));
                    unit += whole;
                } else {
                    builder.replace(edit.from_unit as usize, to.min(high) - from.max(low));
                    unit += 1;
                }
            }
        }
        ((from, to), builder.build())
    }

    /// The way from this one's source to the output of `next`, whose source is
    /// this one's output.
    #[must_use]
    pub fn then(&self, next: &Self) -> Self {
        if self.is_identity() {
            return next.clone();
        }
        if next.is_identity() {
            return self.clone();
        }
        let (mut first, mut second) = (Steps::new(&self.edits), Steps::new(&next.edits));
        let mut builder = EditsBuilder::new();
        while first.pending() || second.pending() {
            if first.vanishes() {
                builder.replace(first.take(), 0);
            } else if second.appears() {
                builder.replace(0, second.take());
            } else if let Some(bytes) = first.kept().zip(second.kept()).map(|(a, b)| a.min(b)) {
                builder.keep(bytes);
                first.advance(bytes);
                second.advance(bytes);
            } else {
                // Grow both sides until they meet at a border in the middle form.
                let (mut from, mut made) = if first.kept().is_none() { first.over() } else { (0, 0) };
                let (mut used, mut to) = (0, 0);
                while made != used || made == 0 {
                    if made < used {
                        let (source, middle) = first.step(used - made);
                        (from, made) = (from + source, made + middle);
                    } else {
                        let (middle, output) = second.step(made - used);
                        (used, to) = (used + middle, to + output);
                    }
                }
                builder.replace(from, to);
            }
        }
        builder.build()
    }
}

/// A walk over edits, unit by unit; what lies between them is kept.
struct Steps<'a> {
    edits: &'a [Edit],
    from: usize,
    to: usize,
    /// Units of the first edit that were walked.
    units: u32,
}

impl<'a> Steps<'a> {
    const fn new(edits: &'a [Edit]) -> Self {
        Self { edits, from: 0, to: 0, units: 0 }
    }

    const fn pending(&self) -> bool {
        !self.edits.is_empty()
    }

    /// Bytes kept from here; `None` right before an edit's unit.
    fn kept(&self) -> Option<usize> {
        let Some(edit) = self.edits.first() else { return Some(usize::MAX) };
        let gap = (edit.from as usize).saturating_sub(self.from);
        (gap > 0).then_some(gap)
    }

    fn unit(&self) -> Option<Edit> {
        if self.kept().is_none() { self.edits.first().copied() } else { None }
    }

    fn vanishes(&self) -> bool {
        self.unit().is_some_and(|edit| edit.to_unit == 0)
    }

    fn appears(&self) -> bool {
        self.unit().is_some_and(|edit| edit.from_unit == 0)
    }

    const fn advance(&mut self, bytes: usize) {
        self.from += bytes;
        self.to += bytes;
    }

    /// Walks over one unit: bytes of the source, bytes of the output.
    fn over(&mut self) -> (usize, usize) {
        let Some(edit) = self.edits.first().copied() else { return (0, 0) };
        self.units += 1;
        if self.units == edit.count {
            self.units = 0;
            self.edits = self.edits.get(1..).unwrap_or_default();
        }
        self.from += edit.from_unit as usize;
        self.to += edit.to_unit as usize;
        (edit.from_unit as usize, edit.to_unit as usize)
    }

    fn take(&mut self) -> usize {
        let (from, to) = self.over();
        from.max(to)
    }

    /// One unit, or at most `most` kept bytes.
    fn step(&mut self, most: usize) -> (usize, usize) {
        let Some(kept) = self.kept() else { return self.over() };
        let bytes = kept.min(most.max(1));
        self.advance(bytes);
        (bytes, bytes)
    }
}

/// Source position of the unit that begins at, or holds, an output position.
fn source_start(edits: &[Edit], position: usize) -> usize {
    // Edits that drop something right before the position lie before it, too.
    let after = edits.partition_point(|edit| edit.to as usize <= position);
    let Some(edit) = edits[..after].last() else { return position };
    if position >= edit.end_of_output() {
        return edit.end_of_source() + (position - edit.end_of_output());
    }
    let unit = (position - edit.to as usize) / (edit.to_unit as usize).max(1);
    edit.from as usize + unit * edit.from_unit as usize
}

/// Source position where the unit ends that ends at, or holds, an output position.
fn source_end(edits: &[Edit], position: usize) -> usize {
    // An edit that begins at the position contributes nothing before it.
    let after = edits.partition_point(|edit| (edit.to as usize) < position);
    let Some(edit) = edits[..after].last() else { return position };
    if position > edit.end_of_output() {
        return edit.end_of_source() + (position - edit.end_of_output());
    }
    let unit = (position - edit.to as usize).div_ceil((edit.to_unit as usize).max(1));
    edit.from as usize + unit * edit.from_unit as usize
}

fn output_start(edits: &[Edit], position: usize) -> usize {
    let after = edits.partition_point(|edit| edit.from as usize <= position);
    let Some(edit) = edits[..after].last() else { return position };
    if position >= edit.end_of_source() {
        return edit.end_of_output() + (position - edit.end_of_source());
    }
    let unit = (position - edit.from as usize) / (edit.from_unit as usize).max(1);
    edit.to as usize + unit * edit.to_unit as usize
}

fn output_end(edits: &[Edit], position: usize) -> usize {
    let after = edits.partition_point(|edit| (edit.from as usize) < position);
    let Some(edit) = edits[..after].last() else { return position };
    if position > edit.end_of_source() {
        return edit.end_of_output() + (position - edit.end_of_source());
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
                if last.end_of_source() == self.from
                    && last.end_of_output() == self.to
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

    /// The same replacement `count` times in a row, as one entry.
    fn repeat(&mut self, from_unit: u32, to_unit: u32, count: u32) {
        self.edits.push(Edit { from: clamp(self.from), to: clamp(self.to), from_unit, to_unit, count });
        self.from += from_unit as usize * count as usize;
        self.to += to_unit as usize * count as usize;
    }

    /// What `next` walked follows what was walked so far.
    pub fn append(&mut self, next: Self) {
        let (from, to) = (clamp(self.from), clamp(self.to));
        self.edits.extend(next.edits.into_iter().map(|edit| Edit { from: edit.from + from, to: edit.to + to, ..edit }));
        self.from += next.from;
        self.to += next.to;
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

    /// The edits of random steps over a source of so many bytes.
    fn build(steps: &[(usize, usize, bool)], length: usize) -> Edits {
        let mut builder = EditsBuilder::new();
        for &(from, to, keep) in steps {
            let from = from.min(length - builder.source_position());
            if keep { builder.keep(from) } else { builder.replace(from, to) }
        }
        builder.keep(length - builder.source_position());
        builder.build()
    }

    proptest! {
        /// A stretch alone answers as the whole does, for every span inside it.
        #[test]
        fn a_stretch_alone_maps_as_the_whole(steps in steps(), a in 0usize..200, b in 0usize..200) {
            let edits = build(&steps, 80);
            let length = edits.output(0, 80).1;
            let (start, end) = (a.min(b).min(length), a.max(b).min(length));
            let ((from, to), inner) = edits.within(start, end);
            prop_assert_eq!((from, to), edits.source(start, end));
            for low in start..end {
                for high in low + 1..=end {
                    let (f, t) = inner.source(low - start, high - start);
                    prop_assert_eq!((from + f, from + t), edits.source(low, high), "{}..{}", low, high);
                }
            }
        }
    }

    #[test]
    fn two_edit_lists_in_a_row_are_one() {
        // "a&amp;b" -> "a&b" -> "a b"; then "  a" -> "a" after "xx" was dropped.
        let mut first = EditsBuilder::new();
        first.keep(1);
        first.replace(5, 1);
        let mut second = EditsBuilder::new();
        second.replace(1, 0);
        second.replace(1, 3);
        let both = first.build().then(&second.build());
        assert_eq!(both.source(0, 3), (1, 6));
        assert_eq!(both.source(3, 4), (6, 7));
        assert_eq!(both.output(0, 1), (0, 0));
    }

    /// A step of a random rewriting, with the text it takes and gives.
    fn steps() -> impl Strategy<Value = Vec<(usize, usize, bool)>> {
        proptest::collection::vec((0usize..4, 0usize..4, any::<bool>()), 0..60)
    }

    proptest! {
        /// The way in one step covers the way in two, and loses no byte.
        #[test]
        fn a_composition_goes_where_its_parts_go(a in steps(), b in steps(), source in 40usize..90) {
            let first = build(&a, source);
            let middle = first.output(0, source).1;
            let second = build(&b, middle);
            let output = second.output(0, middle).1;
            let both = first.then(&second);
            for start in 0..output {
                for end in start + 1..=output {
                    let (m0, m1) = second.source(start, end);
                    let (s0, s1) = first.source(m0, m1);
                    let (b0, b1) = both.source(start, end);
                    prop_assert!(b0 <= s0 && s1 <= b1, "{start}..{end}: {s0}..{s1} is not in {b0}..{b1}");
                    prop_assert!(b1 <= source);
                }
            }
            prop_assert_eq!(Edits::default().then(&second), second);
            prop_assert_eq!(both.output(0, source).1, output);
        }

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
