//! What the commands share that do text work: the pipeline that a configuration
//! asks for, and standard output that may close at any time.

use std::io;

use anyhow::{Context, Result, anyhow};

use crate::config::Config;
use crate::decode::Decoder;
use crate::encode::Encoder;
use crate::normalize::Normalizer;
use crate::pipeline::{Parts, Pipeline};
use crate::record::Provenance;
use crate::tag::{Gazetteer, Tagger, UserGazetteer};

/// Names known beforehand, compiled; part of the binary, so that it runs alone.
const GAZETTEER: &[u8] = include_bytes!("../../models/gazetteer.bin");

/// The pipeline that a configuration asks for: the same for every command, so
/// that `enrich` writes what `run` would.
pub(super) fn pipeline(config: &Config) -> Result<Pipeline> {
    let (tagger, model) = tagger(config)?;
    let provenance = Provenance { version: env!("CARGO_PKG_VERSION").to_owned(), model, config: config.hash() };
    Ok(Pipeline::new(Parts {
        decoder: Decoder::new(&config.decode),
        normalizer: Normalizer::new(&config.normalize),
        tagger,
        encoder: Encoder::new(&config.encode, provenance),
    }))
}

/// The tagger, and a short hash of all that it was built from.
pub(super) fn tagger(config: &Config) -> Result<(Tagger, String)> {
    let gazetteer = Gazetteer::new(GAZETTEER).context("the built-in gazetteer cannot be used")?;
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    hash.update(&gazetteer.hash().to_le_bytes());
    let mut lists = Vec::with_capacity(config.tag.gazetteer_files.len());
    for path in &config.tag.gazetteer_files {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("tag.gazetteer_files: {}: cannot be read", path.display()))?;
        hash.update(text.as_bytes());
        lists.push(UserGazetteer::parse(&path.display().to_string(), &text).map_err(|errors| told(&errors))?);
    }
    let tagger = Tagger::new(&config.tag, gazetteer, &lists).map_err(|errors| told(&errors))?;
    Ok((tagger, format!("{:016x}", hash.digest())))
}

/// Several errors as one, a line each.
fn told<E: ToString>(errors: &[E]) -> anyhow::Error {
    anyhow!(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

/// Who reads our output may stop whenever it likes: that is no failure of ours.
pub(super) fn unless_closed(result: Result<()>) -> Result<()> {
    match result {
        Err(error) if is_closed(&error) => Ok(()),
        other => other,
    }
}

fn is_closed(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
