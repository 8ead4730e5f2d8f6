//! The forward pass of BERT, RoBERTa and ELECTRA in f32.
//!
//! As in `neural/network.rs` sentences stand below each other in one matrix and
//! nothing is padded, so a sentence needs no mask.

use rten_gemm::{BiasVector, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_tensor::NdTensorView;

use super::MountError;
use super::config::{Config, Kind};
use super::math;
use super::weights::Tensors;
use crate::tag::neural::attention::{Attention, Heads};
use crate::tag::neural::math::{Norm, normalize};
use crate::tag::neural::network::{Floats, Layer, Sentence, alone, attend_each, in_runs};

/// Rows that are read together at most, however many sentences may be: buffers
/// stay small, and the deadline is asked about in between.
const ROWS: usize = 512;

pub(super) struct Network {
    width: usize,
    embedding: usize,
    heads: Heads,
    activation: super::config::Activation,
    vectors: Vec<f32>,
    /// A row for each position, the one segment already added.
    positions: Vec<f32>,
    norm: Norm,
    /// From the vectors' columns to the network's, where they are fewer.
    project: Option<Matrix>,
    layers: Vec<Layer<Matrix>>,
    /// A row for each label.
    head: Vec<f32>,
    head_bias: Vec<f32>,
}

struct Matrix {
    packed: PackedBMatrix<f32>,
    bias: Vec<f32>,
}

/// Buffers that one run of rows leaves to the next.
#[derive(Default)]
struct Run {
    rows: Vec<f32>,
    wide: Vec<f32>,
    mixed: Vec<f32>,
    more: Vec<f32>,
    attention: Attention,
}

impl Network {
    pub(super) fn new(config: &Config, tensors: &Tensors<'_>) -> Result<Self, MountError> {
        let of = Source { tensors, prefix: config.kind.prefix(), epsilon: config.epsilon };
        let (width, embedding) = (config.width, config.embedding);
        let inside = |name: &str| format!("{}.embeddings.{name}", of.prefix);
        let vectors = tensors.take(&inside("word_embeddings.weight"), &[config.pieces, embedding])?;
        let mut positions = tensors.take(&inside("position_embeddings.weight"), &[config.positions, embedding])?;
        positions.drain(..config.skipped * embedding);
        let segments = tensors.take(&inside("token_type_embeddings.weight"), &[config.segments, embedding])?;
        for row in positions.chunks_exact_mut(embedding) {
            row.iter_mut().zip(&segments).for_each(|(number, more)| *number += more);
        }
        let norm = of.norm("embeddings.LayerNorm", embedding)?;
        let project = match config.kind {
            Kind::Electra if embedding != width => Some(of.matrix(&["embeddings_project"], width, embedding)?),
            _ => None,
        };
        let layers = (0..config.layers).map(|layer| of.layer(layer, config)).collect::<Result<_, _>>()?;
        Ok(Self {
            width,
            embedding,
            heads: Heads { count: config.heads, width: width / config.heads },
            activation: config.activation,
            vectors,
            positions,
            norm,
            project,
            layers,
            head: tensors.take("classifier.weight", &[config.labels.len(), width])?,
            head_bias: tensors.take("classifier.bias", &[config.labels.len()])?,
        })
    }

    /// One number for each label and word of each sentence; `together`
    /// sentences at most are read at once. Nothing where it became late.
    pub(super) fn logits(
        &self,
        sentences: &[Sentence],
        together: usize,
        late: &mut dyn FnMut() -> bool,
    ) -> Option<Vec<Vec<f32>>> {
        let mut found = Vec::with_capacity(sentences.len());
        let mut run = Run::default();
        in_runs(sentences, (ROWS, together), late, |now| {
            alone(|_, gemm| self.run(gemm, now, &mut run, &mut found));
        })?;
        Some(found)
    }

    fn run(&self, gemm: &Floats, sentences: &[Sentence], run: &mut Run, found: &mut Vec<Vec<f32>>) {
        self.embed(gemm, sentences, run);
        for layer in &self.layers {
            self.layer(gemm, layer, sentences, run);
        }
        let mut start = 0;
        for sentence in sentences {
            let row = |word: &usize| run.rows.chunks_exact(self.width).nth(start + word).unwrap_or_default();
            found.push(sentence.words.iter().flat_map(|word| self.answer(row(word))).collect());
            start += sentence.pieces.len();
        }
    }

    fn embed(&self, gemm: &Floats, sentences: &[Sentence], run: &mut Run) {
        let Run { rows, more, .. } = run;
        rows.clear();
        for sentence in sentences {
            for (piece, position) in sentence.pieces.iter().zip(self.positions.chunks_exact(self.embedding)) {
                let at = *piece as usize * self.embedding;
                let vector = self.vectors.get(at..at + self.embedding).unwrap_or_default();
                rows.extend(vector.iter().zip(position).map(|(number, more)| number + more));
            }
        }
        for row in rows.chunks_exact_mut(self.embedding) {
            normalize(row, &self.norm);
        }
        if let Some(project) = &self.project {
            project.multiply(gemm, rows, more);
            std::mem::swap(rows, more);
        }
    }

    fn layer(&self, gemm: &Floats, layer: &Layer<Matrix>, sentences: &[Sentence], run: &mut Run) {
        let Run { rows, wide, mixed, more, attention } = run;
        layer.attention.multiply(gemm, rows, wide);
        mixed.clear();
        mixed.resize(rows.len(), 0.0);
        attend_each(sentences, wide, self.heads, attention, mixed);
        layer.output.multiply(gemm, mixed, more);
        math::add(more, &layer.attention_norm, rows);
        layer.inner.multiply(gemm, rows, wide);
        math::activate(wide, self.activation);
        layer.outer.multiply(gemm, wide, more);
        math::add(more, &layer.outer_norm, rows);
    }

    /// What the labels' head says of a row.
    fn answer(&self, row: &[f32]) -> Vec<f32> {
        let weights = self.head.chunks_exact(self.width);
        let one = |(weights, bias): (&[f32], &f32)| {
            row.iter().zip(weights).map(|(one, other)| one * other).sum::<f32>() + bias
        };
        weights.zip(&self.head_bias).map(one).collect()
    }
}

/// Tensors under the names that transformers gives them.
struct Source<'a> {
    tensors: &'a Tensors<'a>,
    prefix: &'static str,
    epsilon: f32,
}

impl Source<'_> {
    fn layer(&self, layer: usize, config: &Config) -> Result<Layer<Matrix>, MountError> {
        let (width, inner) = (config.width, config.inner);
        let of = |name: &str| format!("encoder.layer.{layer}.{name}");
        let looks = ["query", "key", "value"].map(|name| of(&format!("attention.self.{name}")));
        Ok(Layer {
            attention: self.matrix(&looks.each_ref().map(String::as_str), width, width)?,
            output: self.matrix(&[&of("attention.output.dense")], width, width)?,
            attention_norm: self.norm(&of("attention.output.LayerNorm"), width)?,
            inner: self.matrix(&[&of("intermediate.dense")], inner, width)?,
            outer: self.matrix(&[&of("output.dense")], width, inner)?,
            outer_norm: self.norm(&of("output.LayerNorm"), width)?,
        })
    }

    fn take(&self, name: &str, part: &str, shape: &[usize]) -> Result<Vec<f32>, MountError> {
        self.tensors.take(&format!("{}.{name}.{part}", self.prefix), shape)
    }

    fn norm(&self, name: &str, width: usize) -> Result<Norm, MountError> {
        let (weight, bias) = (self.take(name, "weight", &[width])?, self.take(name, "bias", &[width])?);
        Ok(Norm { weight, bias, epsilon: self.epsilon })
    }

    /// Matrices with the same input, side by side.
    fn matrix(&self, names: &[&str], outputs: usize, inputs: usize) -> Result<Matrix, MountError> {
        let (mut numbers, mut bias) = (Vec::new(), Vec::new());
        for name in names {
            numbers.extend(self.take(name, "weight", &[outputs, inputs])?);
            bias.extend(self.take(name, "bias", &[outputs])?);
        }
        let view = NdTensorView::from_data([names.len() * outputs, inputs], numbers.as_slice());
        Ok(Matrix { packed: alone(|_, gemm| gemm.prepack_b(view.transposed())), bias })
    }
}

impl Matrix {
    fn multiply(&self, gemm: &Floats, rows: &[f32], into: &mut Vec<f32>) {
        let count = rows.len() / self.packed.rows();
        into.clear();
        into.resize(count * self.packed.cols(), 0.0);
        let view = NdTensorView::from_data([count, self.packed.rows()], rows);
        let options = GemmOptions { bias: Some(BiasVector::Row(&self.bias)), ..GemmOptions::default() };
        let done = gemm.gemm(into, GemmInputA::Unpacked(view), GemmInputB::Packed(&self.packed), options);
        // Sizes are checked when the files are read; the same kernel packs and multiplies.
        debug_assert!(done.is_ok(), "{done:?}");
    }
}
