//! The rows of one sentence look at each other.
//!
//! In vectors written by hand, through `rten-simd`: with plain loops it is luck
//! whether the compiler makes vectors of this, and between two builds of the same
//! lines the whole tagger became half as fast.

use rten_simd::ops::{BitOps, NumOps};
use rten_simd::{Isa, SimdOp};

use super::file::LANES;
use super::math::softmax;

/// Columns of a head, and how many heads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Heads {
    pub count: usize,
    pub width: usize,
}

/// Rows that look at all rows together, so that each key and value is fetched once
/// for them and their sums do not wait for each other.
const TOGETHER: usize = 4;

/// Buffers of [`attend`], of one head.
#[derive(Debug, Default)]
pub(super) struct Attention {
    /// [`LANES`] rows side by side, column by column, then the next ones.
    keys: Vec<[f32; LANES]>,
    /// [`LANES`] columns of all rows, then the next ones.
    values: Vec<[f32; LANES]>,
    /// Those that look together side by side, column by column.
    queries: Vec<[f32; TOGETHER]>,
    /// What each of those makes of each row,
    weights: [Vec<f32>; TOGETHER],
    /// and the same side by side.
    beside: Vec<[f32; TOGETHER]>,
}

/// Each row of one sentence looks at all its rows. `rows` hold query, key and
/// value side by side.
pub(super) fn attend(rows: &[f32], heads: Heads, buffers: &mut Attention, into: &mut [f32]) {
    Attend { rows, heads, buffers, into }.dispatch();
}

struct Attend<'a> {
    rows: &'a [f32],
    heads: Heads,
    buffers: &'a mut Attention,
    into: &'a mut [f32],
}

impl SimdOp for Attend<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        for head in 0..self.heads.count {
            attend_head(isa, self.rows, self.heads, head * self.heads.width, self.buffers, self.into);
        }
    }
}

/// The head whose columns begin `at`.
#[inline(always)]
#[allow(clippy::cast_precision_loss)] // a head has few columns
fn attend_head(
    isa: impl Isa,
    rows: &[f32],
    heads: Heads,
    at: usize,
    Attention { keys, values, queries, weights, beside }: &mut Attention,
    into: &mut [f32],
) {
    let head = heads.width;
    let width = heads.count * head;
    let count = rows.len() / (3 * width);
    let scale = 1.0 / (head as f32).sqrt();
    transpose_keys(rows, head, width, at, keys);
    gather_values(rows, head, width, at, values);
    for weights in weights.iter_mut() {
        weights.clear();
        weights.resize(count.next_multiple_of(LANES), 0.0);
    }
    for (rows, into) in rows.chunks(3 * width * TOGETHER).zip(into.chunks_mut(width * TOGETHER)) {
        // Where fewer are left the last one looks again, and nobody asks what it saw.
        let last = rows.len() / (3 * width) - 1;
        put_beside(std::array::from_fn(|row| &rows[3 * width * row.min(last) + at..][..head]), queries);
        for (index, keys) in keys.chunks_exact(head).enumerate() {
            for (weights, sums) in weights.iter_mut().zip(weigh(isa, keys, queries)) {
                weights.as_chunks_mut::<LANES>().0[index] = sums.map(|sum| sum * scale);
            }
        }
        for weights in weights.iter_mut() {
            softmax(weights, count);
        }
        put_beside(weights.each_ref().map(|weights| &weights[..count]), beside);
        for (lane, values) in values.chunks_exact(count).enumerate() {
            for (into, sums) in into.chunks_exact_mut(width).zip(weigh(isa, values, beside)) {
                into[at..at + head].as_chunks_mut::<LANES>().0[lane] = sums;
            }
        }
    }
}

/// The sum of the rows, each times its weight, for each of the weights that stand
/// side by side. Products are rounded before they are added, on every processor.
#[inline(always)]
fn weigh(isa: impl Isa, rows: &[[f32; LANES]], weights: &[[f32; TOGETHER]]) -> [[f32; LANES]; TOGETHER] {
    let ops = isa.f32();
    let mut into = [[0.0; LANES]; TOGETHER];
    for part in (0..LANES).step_by(ops.len()) {
        let mut sums = [ops.zero(); TOGETHER];
        for (row, weights) in rows.iter().zip(weights) {
            let numbers = ops.load(&row[part..]);
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum = ops.add(*sum, ops.mul(numbers, ops.splat(*weight)));
            }
        }
        for (into, sum) in into.iter_mut().zip(sums) {
            ops.store(sum, &mut into[part..]);
        }
    }
    into
}

/// Numbers that stand one after the other, side by side.
#[inline(always)]
fn put_beside(rows: [&[f32]; TOGETHER], into: &mut Vec<[f32; TOGETHER]>) {
    into.clear();
    into.resize(rows[0].len(), [0.0; TOGETHER]);
    for (place, row) in rows.into_iter().enumerate() {
        for (into, number) in into.iter_mut().zip(row) {
            into[place] = *number;
        }
    }
}

/// The values of a head, out of rows that lie far apart.
#[inline(always)]
fn gather_values(rows: &[f32], head: usize, width: usize, at: usize, values: &mut Vec<[f32; LANES]>) {
    values.clear();
    for lane in 0..head / LANES {
        let columns = rows.chunks_exact(3 * width).map(|row| &row[2 * width + at..]);
        values.extend(columns.map(|columns| columns.as_chunks::<LANES>().0[lane]));
    }
}

/// Keys of [`LANES`] rows side by side, column by column; zeros past the end.
#[inline(always)]
fn transpose_keys(rows: &[f32], head: usize, width: usize, at: usize, keys: &mut Vec<[f32; LANES]>) {
    keys.clear();
    for rows in rows.chunks(3 * width * LANES) {
        let start = keys.len();
        keys.resize(start + head, [0.0; LANES]);
        for (lane, row) in rows.chunks_exact(3 * width).enumerate() {
            for (into, key) in keys[start..].iter_mut().zip(&row[width + at..]) {
                into[lane] = *key;
            }
        }
    }
}
