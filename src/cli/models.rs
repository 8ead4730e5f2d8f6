//! Transformers, each of them in memory once, whoever tags with it.

use anyhow::Result;
use xxhash_rust::xxh3::Xxh3;

use crate::tag::{Model, Tagger};

/// The tagger with the model that is asked for, whose content enters the hash.
#[cfg(feature = "neural")]
pub(super) fn add(tagger: Tagger, model: &Model, hash: &mut Xxh3) -> Result<Tagger> {
    match model {
        Model::Fast => Ok(tagger),
        Model::Accurate => {
            let neural = accurate()?;
            hash.update(&neural.hash().to_le_bytes());
            Ok(tagger.with_neural(neural))
        }
    }
}

/// A configuration that asks for one was refused before.
#[cfg(not(feature = "neural"))]
pub(super) fn add(tagger: Tagger, model: &Model, _: &mut Xxh3) -> Result<Tagger> {
    anyhow::ensure!(*model == Model::Fast, "tag.model: this build is without the feature neural");
    Ok(tagger)
}

#[cfg(feature = "neural")]
use held::accurate;

#[cfg(feature = "neural")]
mod held {
    use std::sync::{Arc, Mutex, PoisonError, Weak};

    use anyhow::{Context as _, Result};

    use crate::tag::Neural;

    /// The accurate tagger; part of the binary, so that it runs alone.
    const ACCURATE: &[u8] = include_bytes!("../../models/accurate.bin");

    /// Lists that change make a new tagger, and a shadow has one too: they share
    /// what is in memory already.
    static HELD: Mutex<Weak<Neural>> = Mutex::new(Weak::new());

    pub(super) fn accurate() -> Result<Arc<Neural>> {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(neural) = held.upgrade() {
            return Ok(neural);
        }
        let neural = Arc::new(Neural::accurate(ACCURATE).context("the built-in accurate tagger cannot be used")?);
        *held = Arc::downgrade(&neural);
        Ok(neural)
    }
}
