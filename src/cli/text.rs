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
use crate::tag::{Gazetteer, Tagger};

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

/// The tagger, and a short hash of what it was built from.
pub(super) fn tagger(config: &Config) -> Result<(Tagger, String)> {
    let gazetteer = Gazetteer::new(GAZETTEER).context("the built-in gazetteer cannot be used")?;
    let model = format!("{:016x}", gazetteer.hash());
    let tagger = Tagger::new(&config.tag, gazetteer, &[]).map_err(|invalid| {
        let told: Vec<String> = invalid.iter().map(ToString::to_string).collect();
        anyhow!(told.join("\n"))
    })?;
    Ok((tagger, model))
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
