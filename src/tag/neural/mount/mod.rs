//! A token classifier of the user's own: a directory as Hugging Face's
//! transformers saves it.
//!
//! Read are `config.json`, the weights in safetensors (one file, or several with
//! their index) and `tokenizer.json` or, for BERT and ELECTRA, `vocab.txt`.
//! Nothing else is opened; above all no pickle, which can run code. The files
//! come through a [`Folder`]: this room opens none itself.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::Xxh3;

use super::labels::{Labels, usual};
use super::network::Sentence;
use crate::tag::Meaning;
use config::Config;
use network::Network;
use tokenizer::Tokenizer;

mod config;
mod math;
mod network;
#[cfg(test)]
mod tests;
mod tokenizer;
mod weights;

const CONFIG: &str = "config.json";

/// A directory that is handed in.
pub trait Folder {
    /// Whether there is a file of that name.
    fn has(&self, name: &str) -> bool;
    /// Its bytes, or why it cannot be read.
    fn read(&self, name: &str) -> Result<Vec<u8>, String>;
}

/// Why a directory cannot be mounted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {message}")]
pub struct MountError {
    /// The file that is wrong, in the directory.
    file: String,
    message: String,
}

impl MountError {
    pub(super) fn new(file: &str, message: String) -> Self {
        Self { file: file.to_owned(), message }
    }
}

/// A network with its tokenizer.
pub(super) struct Mounted {
    network: Network,
    tokenizer: Tokenizer,
    config: Config,
    /// Sentences that are read at once.
    together: usize,
}

impl Mounted {
    /// The model, and the hash of all files that it was read from.
    pub(super) fn open(folder: &dyn Folder, together: usize) -> Result<(Self, u64), MountError> {
        if !folder.has(CONFIG) {
            let message = "is missing: a model's directory is what save_pretrained writes";
            return Err(MountError::new(CONFIG, message.to_owned()));
        }
        let mut hash = Xxh3::new();
        let config = Config::read(&read(folder, CONFIG, &mut hash)?)?;
        let tokenizer = Tokenizer::read(folder, &config, &mut hash)?;
        let weights = weights::Weights::read(folder, &mut hash)?;
        let network = Network::new(&config, &weights.open()?)?;
        Ok((Self { network, tokenizer, config, together }, hash.digest()))
    }

    pub(super) fn labels(&self) -> &[String] {
        &self.config.labels
    }

    pub(super) const fn longest(&self) -> usize {
        self.config.longest()
    }

    pub(super) const fn marks(&self) -> (u32, u32) {
        (self.tokenizer.begin, self.tokenizer.end)
    }

    pub(super) fn cut(&self, word: &str, into: &mut Vec<u32>) {
        self.tokenizer.push(word, into);
    }

    pub(super) fn logits(&self, sentences: &[Sentence], late: &mut dyn FnMut() -> bool) -> Option<Vec<Vec<f32>>> {
        self.network.logits(sentences, self.together, late)
    }

    /// What it is, in a line.
    pub(super) fn told(&self) -> String {
        let Config { name, layers, width, pieces, labels, .. } = &self.config;
        let (longest, labels) = (self.longest(), labels.join(" "));
        format!("{name}, {layers} layers of {width}, {pieces} pieces, {longest} at once, labels {labels}")
    }
}

impl std::fmt::Debug for Mounted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mounted").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A file whose content enters the hash, with its length.
fn read(folder: &dyn Folder, name: &str, hash: &mut Xxh3) -> Result<Vec<u8>, MountError> {
    if !folder.has(name) {
        return Err(MountError::new(name, "is missing".to_owned()));
    }
    let bytes = folder.read(name).map_err(|why| MountError::new(name, format!("cannot be read: {why}")))?;
    hash.update(&(bytes.len() as u64).to_le_bytes());
    hash.update(&bytes);
    Ok(bytes)
}

/// What the labels mean: as the user says, else as they are usually meant.
pub(super) fn labels(names: &[String], said: &BTreeMap<String, Meaning>) -> Result<Labels, MountError> {
    let is_of = |name: &String, key: &str| name == key || name.split_once('-').is_some_and(|(_, rest)| rest == key);
    if let Some(key) = said.keys().find(|key| !names.iter().any(|name| is_of(name, key))) {
        let message = format!("has no label {key:?}, which tag.labels maps: its labels are {}", names.join(", "));
        return Err(MountError::new(CONFIG, message));
    }
    let kind = |name: &str| said.get(name).map(|meaning| meaning.kind()).or_else(|| usual(name));
    Labels::taken(names, kind).map_err(|label| {
        let message = format!(
            "id2label has {label:?}, which could mean anything: say so in tag.labels, as in \"{label}\" = \"person\" \
             (organization, place, event, other, none)"
        );
        MountError::new(CONFIG, message)
    })
}
