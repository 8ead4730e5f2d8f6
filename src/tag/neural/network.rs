//! The accurate tagger: a small transformer, its matrices in int8.
//!
//! All sentences of a run stand below each other in one matrix, so every
//! product of matrices is one call and nothing is padded; only attention goes
//! sentence by sentence. Rows are quantized one by one, so what a sentence gives
//! does not depend on its neighbours.

use std::borrow::Cow;

use rayon::{ThreadPool, ThreadPoolBuilder};
use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_tensor::NdTensorView;

use super::attention::{Attention, Heads, attend};
use super::file::{File, Header, NetworkError};
use super::math::{self, Columns, Norm, Quantized, Sums};
use super::pieces::{Pieces, Scratch};
use crate::tag::linear::CONVENTIONS;

/// Rows that go through the network together: enough to use the matrices well,
/// few enough to stay in the cache.
const ROWS: usize = 128;

type Gemm = GemmExecutor<u8, i8, i32>;
/// For networks that are not quantized.
pub(super) type Floats = GemmExecutor<f32, f32, f32>;

/// The network and its vocabulary; built once, shared by all threads.
pub(super) struct Network {
    pieces: Pieces,
    labels: [Vec<String>; CONVENTIONS],
    begin: u32,
    end: u32,
    width: usize,
    heads: Heads,
    vectors: Vec<i8>,
    vector_steps: Vec<f32>,
    /// A row for each position, the one segment already added.
    positions: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer<Matrix>>,
    /// A row of labels for each column.
    head: Vec<f32>,
    head_bias: Vec<f32>,
}

/// Attention and what follows it, with matrices of either kind.
pub(super) struct Layer<M> {
    pub attention: M,
    pub output: M,
    pub attention_norm: Norm,
    pub inner: M,
    pub outer: M,
    pub outer_norm: Norm,
}

/// A matrix laid out for this processor.
struct Matrix {
    packed: PackedBMatrix<i8>,
    columns: Columns,
}

/// One sentence as pieces: what the network reads, and the row of each word.
#[derive(Debug, Default)]
pub(super) struct Sentence {
    pub pieces: Vec<u32>,
    pub words: Vec<usize>,
}

impl Network {
    pub(super) fn new(bytes: Cow<'static, [u8]>) -> Result<Self, NetworkError> {
        let mut file = File::open(bytes)?;
        let (width, count) = (file.header.width, file.header.pieces.len());
        let epsilon = file.header.epsilon;
        let vector_steps = file.floats(count);
        let vectors = file.rows(count * width);
        let mut positions = file.floats(file.header.positions * width);
        let segment = file.floats(width);
        for row in positions.chunks_exact_mut(width) {
            row.iter_mut().zip(&segment).for_each(|(number, more)| *number += more);
        }
        let norm = file.norm(width, epsilon);
        let layers = alone(|gemm, _| (0..file.header.layers).map(|_| file.layer(gemm)).collect());
        let head = file.floats(width * file.header.answers());
        let head_bias = file.floats(file.header.answers());
        let Header { labels, heads, begin, end, unknown, unknown_score, letters, pieces, .. } = file.header;
        let marks = 1 + begin.max(end).max(unknown) as usize;
        let pieces = Pieces::new(pieces, marks, letters, unknown, unknown_score);
        let heads = Heads { count: heads, width: width / heads };
        Ok(Self {
            pieces,
            labels,
            begin,
            end,
            width,
            heads,
            vectors,
            vector_steps,
            positions,
            norm,
            layers,
            head,
            head_bias,
        })
    }

    /// Of each convention, side by side in what the network answers.
    pub(super) const fn labels(&self) -> &[Vec<String>; CONVENTIONS] {
        &self.labels
    }

    /// Numbers that it answers for a word.
    pub(super) fn columns(&self) -> usize {
        self.head_bias.len()
    }

    /// Pieces of a sentence that the network can read at once, marks included.
    pub(super) fn longest(&self) -> usize {
        self.positions.len() / self.width
    }

    /// The pieces of one word, at least one.
    pub(super) fn cut(&self, word: &str, scratch: &mut Scratch, into: &mut Vec<u32>) {
        self.pieces.push(word, scratch, into);
    }

    pub(super) const fn marks(&self) -> (u32, u32) {
        (self.begin, self.end)
    }

    /// One number for each label and word of each sentence, before softmax.
    /// Nothing where it became late.
    pub(super) fn logits(&self, sentences: &[Sentence], late: &mut dyn FnMut() -> bool) -> Option<Vec<Vec<f32>>> {
        let mut found = Vec::with_capacity(sentences.len());
        let mut run = Run::default();
        in_runs(sentences, (ROWS, usize::MAX), late, |together| {
            alone(|gemm, _| self.run(gemm, together, &mut run, &mut found));
        })?;
        Some(found)
    }

    fn run(&self, gemm: &Gemm, sentences: &[Sentence], run: &mut Run, found: &mut Vec<Vec<f32>>) {
        self.embed(sentences, &mut run.rows);
        for layer in &self.layers {
            self.layer(gemm, layer, sentences, run);
        }
        let mut start = 0;
        for sentence in sentences {
            let rows = sentence.words.iter().map(|word| start + word);
            found.push(rows.flat_map(|row| self.answer(run.rows.chunks_exact(self.width).nth(row))).collect());
            start += sentence.pieces.len();
        }
    }

    fn embed(&self, sentences: &[Sentence], rows: &mut Vec<f32>) {
        rows.clear();
        for sentence in sentences {
            for (piece, position) in sentence.pieces.iter().zip(self.positions.chunks_exact(self.width)) {
                let step = self.vector_steps.get(*piece as usize).copied().unwrap_or_default();
                let vector = self.vectors.chunks_exact(self.width).nth(*piece as usize).unwrap_or_default();
                rows.extend(vector.iter().zip(position).map(|(number, more)| f32::from(*number) * step + more));
            }
        }
        for row in rows.chunks_exact_mut(self.width) {
            math::normalize(row, &self.norm);
        }
    }

    fn layer(&self, gemm: &Gemm, layer: &Layer<Matrix>, sentences: &[Sentence], run: &mut Run) {
        let Run { rows, bytes, inner, sums, wide, mixed, attention, buffer } = run;
        math::quantize(rows, self.width, bytes);
        layer.attention.multiply(gemm, bytes, sums);
        wide.resize(3 * rows.len(), 0.0);
        math::dequantize(Sums { sums, of: bytes }, &layer.attention.columns, wide);
        mixed.resize(rows.len(), 0.0);
        attend_each(sentences, wide, self.heads, attention, mixed);
        math::quantize(mixed, self.width, bytes);
        layer.output.multiply(gemm, bytes, sums);
        math::add(Sums { sums, of: bytes }, &layer.output.columns, &layer.attention_norm, buffer, rows);
        math::quantize(rows, self.width, bytes);
        layer.inner.multiply(gemm, bytes, sums);
        math::activate(Sums { sums, of: bytes }, &layer.inner.columns, buffer, inner);
        layer.outer.multiply(gemm, inner, sums);
        math::add(Sums { sums, of: inner }, &layer.outer.columns, &layer.outer_norm, buffer, rows);
    }

    /// What the labels' heads say of a row.
    fn answer(&self, row: Option<&[f32]>) -> Vec<f32> {
        let mut answer = self.head_bias.clone();
        for (number, weights) in row.unwrap_or_default().iter().zip(self.head.chunks_exact(self.columns())) {
            answer.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += number * weight);
        }
        answer
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network")
            .field("layers", &self.layers.len())
            .field("width", &self.width)
            .finish_non_exhaustive()
    }
}

/// Buffers that one run of rows leaves to the next.
#[derive(Default)]
struct Run {
    rows: Vec<f32>,
    bytes: Quantized,
    inner: Quantized,
    sums: Vec<i32>,
    wide: Vec<f32>,
    mixed: Vec<f32>,
    attention: Attention,
    buffer: Vec<f32>,
}

impl File {
    fn norm(&mut self, width: usize, epsilon: f32) -> Norm {
        Norm { weight: self.floats(width), bias: self.floats(width), epsilon }
    }

    fn layer(&mut self, gemm: &Gemm) -> Layer<Matrix> {
        let Header { width, inner, epsilon, .. } = self.header;
        let attention = self.matrix(gemm, 3, width, width);
        let output = self.matrix(gemm, 1, width, width);
        let inner_matrix = self.matrix(gemm, 1, inner, width);
        let outer = self.matrix(gemm, 1, width, inner);
        let attention_norm = self.norm(width, epsilon);
        let outer_norm = self.norm(width, epsilon);
        Layer { attention, output, attention_norm, inner: inner_matrix, outer, outer_norm }
    }

    /// Matrices with the same input, side by side.
    fn matrix(&mut self, gemm: &Gemm, count: usize, rows: usize, columns: usize) -> Matrix {
        let (mut numbers, mut steps, mut bias) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..count {
            steps.extend(self.floats(rows));
            numbers.extend(self.rows(rows * columns));
            bias.extend(self.floats(rows));
        }
        let totals = numbers.chunks_exact(columns).map(|row| row.iter().map(|number| i32::from(*number)).sum());
        let columns_of = Columns { steps, totals: totals.collect(), bias };
        let view = NdTensorView::from_data([count * rows, columns], numbers.as_slice());
        Matrix { packed: gemm.prepack_b(view.transposed()), columns: columns_of }
    }
}

impl Matrix {
    fn multiply(&self, gemm: &Gemm, rows: &Quantized, sums: &mut Vec<i32>) {
        let count = rows.zeros.len();
        sums.clear();
        sums.resize(count * self.packed.cols(), 0);
        let view = NdTensorView::from_data([count, self.packed.rows()], rows.bytes.as_slice());
        // The zeros of the rows are ours to take into account: with more rows
        // than one block, rten-gemm 0.27 reads those of the first block for all.
        let options = GemmOptions::default();
        let done = gemm.gemm(sums, GemmInputA::Unpacked(view), GemmInputB::Packed(&self.packed), options);
        // Sizes are checked when the file is read; the same kernel packs and multiplies.
        debug_assert!(done.is_ok(), "{done:?}");
    }
}

/// Hands on as many sentences at once as `most` allows, in rows and in sentences;
/// one that is longer goes alone. Nothing where it became late before one of them.
pub(super) fn in_runs(
    mut sentences: &[Sentence],
    most: (usize, usize),
    late: &mut dyn FnMut() -> bool,
    mut run: impl FnMut(&[Sentence]),
) -> Option<()> {
    while !sentences.is_empty() {
        if late() {
            return None;
        }
        let mut rows = 0;
        let fits = sentences.iter().take(most.1).take_while(|sentence| {
            rows += sentence.pieces.len();
            rows <= most.0
        });
        let (together, later) = sentences.split_at(fits.count().max(1));
        run(together);
        sentences = later;
    }
    Some(())
}

/// Attention within each of the sentences that stand below each other.
pub(super) fn attend_each(
    sentences: &[Sentence],
    wide: &[f32],
    heads: Heads,
    attention: &mut Attention,
    mixed: &mut [f32],
) {
    let mut start = 0;
    for sentence in sentences {
        let end = start + sentence.pieces.len() * heads.count * heads.width;
        if let (Some(wide), Some(mixed)) = (wide.get(3 * start..3 * end), mixed.get_mut(start..end)) {
            attend(wide, heads, attention, mixed);
        }
        start = end;
    }
}

thread_local! {
    static ALONE: Alone = Alone::new();
}

/// What multiplies on this thread. The pool has this thread alone: whoever calls
/// works himself, and no call waits for another's.
struct Alone {
    gemm: Gemm,
    floats: Floats,
    _pool: Option<ThreadPool>,
}

impl Alone {
    fn new() -> Self {
        // In a thread of somebody else's pool there is none to be had; then that
        // pool decides, which changes no result.
        let pool = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().ok();
        Self { gemm: Gemm::new(), floats: Floats::new(), _pool: pool }
    }
}

/// Runs `work` on this thread and no other.
pub(super) fn alone<T>(work: impl FnOnce(&Gemm, &Floats) -> T) -> T {
    ALONE.with(|alone| work(&alone.gemm, &alone.floats))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_of_whole_numbers_on_any_processor() {
        // The largest there are, too: two of them must fit where they are added.
        for (rows, outputs, width, largest) in [(1, 32, 48, false), (70, 96, 1536, false), (130, 48, 384, true)] {
            let number = |at: usize, of: usize| if largest { of - 1 } else { at * 7919 % of };
            let bytes: Vec<u8> = (0..rows * width).map(|at| number(at, 128) as u8).collect();
            let matrix: Vec<i8> =
                (0..outputs * width).map(|at| number(at * 13, 255) as i32 as i16 - 127).map(|n| n as i8).collect();
            let zeros = (0..rows).map(|at| (at * 13 % 128) as u8).collect();
            let input = Quantized { bytes, steps: vec![1.0; rows], zeros };
            let view = NdTensorView::from_data([outputs, width], matrix.as_slice());
            let columns = Columns { steps: Vec::new(), totals: Vec::new(), bias: Vec::new() };
            let mut sums = Vec::new();
            alone(|gemm, _| {
                Matrix { packed: gemm.prepack_b(view.transposed()), columns }.multiply(gemm, &input, &mut sums);
            });
            let expected = input.bytes.chunks(width).flat_map(|row| {
                let product = |(one, other): (&u8, &i8)| i32::from(*one) * i32::from(*other);
                matrix.chunks(width).map(move |column| row.iter().zip(column).map(product).sum::<i32>())
            });
            assert!(expected.eq(sums.iter().copied()), "{rows} rows of {width}");
        }
    }
}
