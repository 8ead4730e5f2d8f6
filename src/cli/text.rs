//! What the commands share that do text work: the pipeline that a configuration
//! asks for, and standard output that may close at any time.

use std::io;

use anyhow::{Context, Result, anyhow};

use super::models;
use crate::config::Config;
use crate::decode::Decoder;
use crate::encode::Encoder;
use crate::metrics::Reloaded;
use crate::normalize::Normalizer;
use crate::pipeline::{Parts, Pipeline};
use crate::record::Provenance;
use crate::tag::linear::Linear;
use crate::tag::{Gazetteer, Tagger, UserGazetteer};
use crate::worker::{self, Built, Gazetteers, TextFile};

/// Names known beforehand, compiled; part of the binary, so that it runs alone.
const GAZETTEER: &[u8] = include_bytes!("../../models/gazetteer.bin");
/// What judges them.
const FAST: &[u8] = include_bytes!("../../models/fast.bin");

/// The pipeline that a configuration asks for: the same for every command, so
/// that `enrich` writes what `run` would.
pub(super) fn pipeline(config: &Config) -> Result<Pipeline> {
    pipeline_of(config, &lists(config)?)
}

/// The same, of lists that were read before.
pub(super) fn pipeline_of(config: &Config, lists: &[TextFile]) -> Result<Pipeline> {
    Ok(built(config, lists)?.0)
}

/// The user's lists, as they are now.
pub(super) fn lists(config: &Config) -> Result<Vec<TextFile>> {
    worker::read_files(&config.tag.gazetteer_files).context("tag.gazetteer_files")
}

/// What a worker makes again of lists that change while it runs.
pub(super) fn gazetteers(what: Reloaded, config: &Config, in_force: Vec<TextFile>) -> Gazetteers {
    let (paths, interval) = (config.tag.gazetteer_files.clone(), config.reload.interval);
    let config = config.clone();
    let build = move |lists: &[TextFile]| built(&config, lists).map_err(|error| format!("{error:#}"));
    Gazetteers { what, paths, in_force, interval, build: Box::new(build) }
}

fn built(config: &Config, lists: &[TextFile]) -> Result<Built> {
    let (lists, text) = (parsed(lists)?, lists);
    let names = lists.iter().map(UserGazetteer::len).sum();
    let (tagger, model) = tagger_of(config, &lists, text)?;
    let provenance = Provenance { version: env!("CARGO_PKG_VERSION").to_owned(), model, config: config.hash() };
    let pipeline = Pipeline::new(Parts {
        decoder: Decoder::new(&config.decode),
        normalizer: Normalizer::new(&config.normalize),
        tagger,
        encoder: Encoder::new(&config.encode, provenance),
    });
    Ok((pipeline, names))
}

/// The tagger that a configuration asks for.
pub(super) fn tagger(config: &Config) -> Result<Tagger> {
    let lists = lists(config)?;
    Ok(tagger_of(config, &parsed(&lists)?, &lists)?.0)
}

/// The same without a model: what one learns from.
#[cfg(feature = "train")]
pub(super) fn lists_and_rules(config: &Config) -> Result<Tagger> {
    let gazetteer = Gazetteer::new(GAZETTEER).context("the built-in gazetteer cannot be used")?;
    Tagger::new(&config.tag, gazetteer, &[]).map_err(|errors| told(&errors))
}

/// The tagger, and a short hash of all that it was built from.
fn tagger_of(config: &Config, lists: &[UserGazetteer], texts: &[TextFile]) -> Result<(Tagger, String)> {
    let gazetteer = Gazetteer::new(GAZETTEER).context("the built-in gazetteer cannot be used")?;
    let model = Linear::new(FAST).context("the built-in model cannot be used")?;
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    hash.update(&gazetteer.hash().to_le_bytes());
    hash.update(&model.hash().to_le_bytes());
    for TextFile { text, .. } in texts {
        // With its length, so that a line may not move from one file to the next unseen.
        hash.update(&(text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    let tagger = Tagger::new(&config.tag, gazetteer, lists).map_err(|errors| told(&errors))?;
    let tagger = models::add(tagger.with_linear(model), &config.tag, &mut hash)?;
    Ok((tagger, format!("{:016x}", hash.digest())))
}

/// All lists, or everything that is wrong with any of them.
fn parsed(lists: &[TextFile]) -> Result<Vec<UserGazetteer>> {
    let (mut parsed, mut wrong) = (Vec::with_capacity(lists.len()), Vec::new());
    for TextFile { name, text } in lists {
        match UserGazetteer::parse(name, text) {
            Ok(list) => parsed.push(list),
            Err(errors) => wrong.extend(errors),
        }
    }
    if wrong.is_empty() { Ok(parsed) } else { Err(told(&wrong)) }
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
