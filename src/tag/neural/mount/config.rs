//! `config.json`: what kind of network it is, and how large.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{CONFIG, MountError};
use crate::tag::neural::file::LANES;

/// Least positions that leave room for a word between the marks.
const FEWEST_POSITIONS: usize = 8;

/// What a model's head is put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bert,
    /// XLM-RoBERTa is the same network with another vocabulary.
    Roberta,
    Electra,
}

/// The parts of the file that matter; training's are passed over.
#[derive(Debug, Deserialize)]
struct File {
    model_type: Option<String>,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    vocab_size: usize,
    #[serde(default = "one_segment")]
    type_vocab_size: usize,
    #[serde(default = "usual_epsilon")]
    layer_norm_eps: f32,
    hidden_act: Option<String>,
    pad_token_id: Option<usize>,
    position_embedding_type: Option<String>,
    embedding_size: Option<usize>,
    id2label: Option<BTreeMap<String, String>>,
}

fn one_segment() -> usize {
    2
}

fn usual_epsilon() -> f32 {
    1e-12
}

/// What stands between the two products of a layer's second half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    /// By the normal distribution.
    Gelu,
    /// Its likeness by a hyperbolic tangent.
    GeluTanh,
    Relu,
}

/// A network's sizes, checked.
#[derive(Debug)]
pub(super) struct Config {
    pub kind: Kind,
    /// As the file calls it.
    pub name: String,
    pub width: usize,
    /// Columns of the pieces' vectors.
    pub embedding: usize,
    pub layers: usize,
    pub heads: usize,
    pub inner: usize,
    pub positions: usize,
    /// Positions before the first piece's.
    pub skipped: usize,
    pub pieces: usize,
    pub segments: usize,
    pub epsilon: f32,
    pub activation: Activation,
    pub labels: Vec<String>,
}

impl Kind {
    /// What the names of the network's own tensors begin with.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Bert => "bert",
            Self::Roberta => "roberta",
            Self::Electra => "electra",
        }
    }
}

impl Config {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, MountError> {
        let wrong = |message: String| MountError::new(CONFIG, message);
        let value: serde_json::Value =
            serde_json::from_slice(bytes).map_err(|error| wrong(format!("is not JSON: {error}")))?;
        let name = value.get("model_type").and_then(serde_json::Value::as_str).map(str::to_owned);
        // Before the sizes: other kinds of networks call theirs otherwise.
        let kind = kind(name.as_deref()).map_err(&wrong)?;
        let file: File =
            serde_json::from_value(value).map_err(|error| wrong(format!("is no configuration of a model: {error}")))?;
        let config = Self {
            kind,
            name: file.model_type.clone().unwrap_or_default(),
            width: file.hidden_size,
            embedding: file.embedding_size.filter(|_| kind == Kind::Electra).unwrap_or(file.hidden_size),
            layers: file.num_hidden_layers,
            heads: file.num_attention_heads,
            inner: file.intermediate_size,
            positions: file.max_position_embeddings,
            skipped: if kind == Kind::Roberta { file.pad_token_id.unwrap_or(1).saturating_add(1) } else { 0 },
            pieces: file.vocab_size,
            segments: file.type_vocab_size,
            epsilon: file.layer_norm_eps,
            activation: activation(file.hidden_act.as_deref()).map_err(&wrong)?,
            labels: labels(file.id2label).map_err(&wrong)?,
        };
        if let Some(other) = file.position_embedding_type.filter(|kind| kind != "absolute") {
            return Err(wrong(format!("position_embedding_type is {other:?}: only \"absolute\" can be read")));
        }
        config.check().map_err(wrong)?;
        Ok(config)
    }

    /// Pieces that are read at once, marks included.
    pub(super) const fn longest(&self) -> usize {
        self.positions.saturating_sub(self.skipped)
    }

    fn check(&self) -> Result<(), String> {
        let sizes = [
            ("hidden_size", self.width, 1 << 16),
            ("embedding_size", self.embedding, 1 << 16),
            ("intermediate_size", self.inner, 1 << 18),
            ("num_hidden_layers", self.layers, 1 << 10),
            ("num_attention_heads", self.heads, 1 << 10),
            ("max_position_embeddings", self.positions, 1 << 17),
            ("vocab_size", self.pieces, 1 << 24),
            ("type_vocab_size", self.segments, 1 << 10),
        ];
        if let Some((key, value, most)) = sizes.into_iter().find(|(_, value, most)| !(1..=*most).contains(value)) {
            return Err(format!("{key} is {value}: must be from 1 to {most}"));
        }
        let columns = [("embedding_size", self.embedding), ("intermediate_size", self.inner)];
        if let Some((key, value)) = columns.into_iter().find(|(_, value)| !value.is_multiple_of(LANES)) {
            return Err(format!("{key} is {value}: must be a multiple of {LANES}"));
        }
        if !self.width.is_multiple_of(self.heads * LANES) {
            let message = format!(
                "hidden_size {} in {} num_attention_heads: each head must have a multiple of {LANES} columns",
                self.width, self.heads
            );
            return Err(message);
        }
        if self.longest() < FEWEST_POSITIONS {
            return Err(format!(
                "max_position_embeddings is {}: leaves {} pieces, must leave {FEWEST_POSITIONS}",
                self.positions,
                self.longest()
            ));
        }
        Ok(())
    }
}

fn kind(name: Option<&str>) -> Result<Kind, String> {
    match name {
        Some("bert") => Ok(Kind::Bert),
        Some("roberta" | "xlm-roberta" | "camembert") => Ok(Kind::Roberta),
        Some("electra") => Ok(Kind::Electra),
        Some(other) => {
            Err(format!("model_type {other:?} cannot be read: take a bert, roberta, xlm-roberta or electra"))
        }
        None => Err("has no model_type: is it the configuration of a transformers model?".to_owned()),
    }
}

fn activation(name: Option<&str>) -> Result<Activation, String> {
    match name.unwrap_or("gelu") {
        "gelu" => Ok(Activation::Gelu),
        "gelu_new" | "gelu_pytorch_tanh" | "gelu_fast" => Ok(Activation::GeluTanh),
        "relu" => Ok(Activation::Relu),
        other => Err(format!("hidden_act {other:?} cannot be computed: only gelu, gelu_new and relu can")),
    }
}

/// In the order of their numbers, from 0 on.
fn labels(named: Option<BTreeMap<String, String>>) -> Result<Vec<String>, String> {
    let named = named
        .filter(|named| !named.is_empty())
        .ok_or("has no id2label: it says what each number of the head means; a model for labels of words has it")?;
    (0..named.len())
        .map(|id| {
            let label = named.get(&id.to_string()).cloned();
            label.ok_or_else(|| format!("id2label has {} labels and none of number {id}", named.len()))
        })
        .collect()
}
