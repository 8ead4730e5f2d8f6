//! What the commands without a broker share: a pipeline from a configuration,
//! and standard output that may close at any time.

use std::io;
use std::path::Path;

use anyhow::Result;

use crate::decode::{self, Decoder};
use crate::encode::{self, Encoder};
use crate::normalize::{self, Normalizer};
use crate::pipeline::{Parts, Pipeline};
use crate::record::Provenance;
use crate::tag::Tagger;

/// The pipeline that `warraq run` would build from the same configuration.
pub(super) fn pipeline(_config: Option<&Path>) -> Result<Pipeline> {
    let provenance =
        Provenance { version: env!("CARGO_PKG_VERSION").to_owned(), model: "none".into(), config: "none".into() };
    Ok(Pipeline::new(Parts {
        decoder: Decoder::new(&decode::Options::default()),
        normalizer: Normalizer::new(&normalize::Options::default()),
        tagger: tagger(_config)?,
        encoder: Encoder::new(&encode::Options::default(), provenance),
    }))
}

pub(super) fn tagger(_config: Option<&Path>) -> Result<Tagger> {
    Ok(Tagger {})
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
