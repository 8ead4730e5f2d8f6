//! Transformers, each of them in memory once, whoever tags with it.

use anyhow::Result;
use xxhash_rust::xxh3::Xxh3;

use crate::tag::{Options, Tagger};

/// The tagger with the model that is asked for, whose content enters the hash.
#[cfg(feature = "neural")]
pub(super) fn add(tagger: Tagger, options: &Options, hash: &mut Xxh3) -> Result<Tagger> {
    match held::model(options)? {
        None => Ok(tagger),
        Some(neural) => {
            hash.update(&neural.hash().to_le_bytes());
            Ok(tagger.with_neural(neural))
        }
    }
}

/// A configuration that asks for one was refused before.
#[cfg(not(feature = "neural"))]
pub(super) fn add(tagger: Tagger, options: &Options, _: &mut Xxh3) -> Result<Tagger> {
    let fast = options.model == crate::tag::Model::Fast;
    anyhow::ensure!(fast, "tag.model: this build is without the feature neural");
    Ok(tagger)
}

/// What was read for the configuration, in a line.
#[cfg(feature = "neural")]
pub(super) fn told(options: &Options) -> Result<Option<String>> {
    Ok(held::model(options)?.map(|neural| neural.told()))
}

#[cfg(not(feature = "neural"))]
pub(super) fn told(_: &Options) -> Result<Option<String>> {
    Ok(None)
}

#[cfg(feature = "neural")]
mod held {
    use std::sync::{Arc, Mutex, PoisonError, Weak};

    use anyhow::{Context as _, Result};

    use crate::tag::{Model, Neural, Options};

    /// The accurate tagger; part of the binary, so that it runs alone.
    const ACCURATE: &[u8] = include_bytes!("../../models/accurate.bin");

    /// What a model is made of besides its files. One directory with other labels
    /// is another model.
    type Key = (Model, Vec<(String, crate::tag::Meaning)>, usize);

    /// Lists that change make a new tagger, and a shadow has one too: they share
    /// what is in memory already.
    static HELD: Mutex<Vec<(Key, Weak<Neural>)>> = Mutex::new(Vec::new());

    pub(super) fn model(options: &Options) -> Result<Option<Arc<Neural>>> {
        if options.model == Model::Fast {
            return Ok(None);
        }
        let labels = options.labels.iter().map(|(label, meaning)| (label.clone(), *meaning)).collect();
        let key = match options.model {
            Model::Mounted(_) => (options.model.clone(), labels, options.batch),
            Model::Fast | Model::Accurate => (options.model.clone(), Vec::new(), 0),
        };
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(_, neural)| neural.strong_count() > 0);
        if let Some(neural) = held.iter().find(|(other, _)| *other == key).and_then(|(_, neural)| neural.upgrade()) {
            return Ok(Some(neural));
        }
        let neural = Arc::new(open(options)?);
        held.push((key, Arc::downgrade(&neural)));
        Ok(Some(neural))
    }

    fn open(options: &Options) -> Result<Neural> {
        match &options.model {
            #[cfg(feature = "mount")]
            Model::Mounted(path) => super::mounted::open(path, options),
            _ => Neural::accurate(ACCURATE).context("the built-in accurate tagger cannot be used"),
        }
    }
}

#[cfg(feature = "mount")]
mod mounted {
    use std::path::Path;

    use anyhow::{Context as _, Result, ensure};

    use crate::tag::{Folder, Neural, Options};

    struct Directory<'a>(&'a Path);

    impl Folder for Directory<'_> {
        fn has(&self, name: &str) -> bool {
            self.0.join(name).exists()
        }

        fn read(&self, name: &str) -> Result<Vec<u8>, String> {
            std::fs::read(self.0.join(name)).map_err(|error| error.to_string())
        }
    }

    pub(super) fn open(path: &Path, options: &Options) -> Result<Neural> {
        let at = || format!("tag.model = {:?}", path.display().to_string());
        ensure!(path.exists(), "{}: there is no such directory", at());
        ensure!(path.is_dir(), "{}: is no directory; name the one that config.json lies in", at());
        Neural::mounted(&Directory(path), &options.labels, options.batch).with_context(at)
    }
}

#[cfg(test)]
#[cfg(feature = "mount")]
mod tests {
    use super::*;
    use crate::tag::{Gazetteer, Model};

    fn add_to(options: &Options, hash: &mut Xxh3) -> Result<Tagger> {
        add(Tagger::new(options, Gazetteer::empty(), &[]).unwrap(), options, hash)
    }

    fn of(path: &std::path::Path) -> Options {
        Options { model: Model::Mounted(path.to_owned()), ..Options::default() }
    }

    #[test]
    fn what_is_no_directory_of_a_model_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        for (path, part) in [
            (folder.path().join("gone"), "there is no such directory"),
            (file, "is no directory; name the one that config.json lies in"),
            (folder.path().to_owned(), "config.json: is missing"),
        ] {
            let told = format!("{:#}", add_to(&of(&path), &mut Xxh3::new()).unwrap_err());
            assert_eq!(told.find("tag.model = "), Some(0), "{told}");
            assert!(told.contains(part) && told.contains(&path.display().to_string()), "{told}");
        }
    }

    #[test]
    fn a_model_is_in_memory_once_and_its_content_enters_the_hash() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mounted/bert");
        let digest = |options: &Options| {
            let mut hash = Xxh3::new();
            add_to(options, &mut hash).unwrap();
            hash.digest()
        };
        assert_ne!(digest(&of(&path)), digest(&of(&path.with_file_name("electra"))));
        assert_ne!(digest(&of(&path)), digest(&Options::default()));
        let (one, other) = (held::model(&of(&path)).unwrap().unwrap(), held::model(&of(&path)).unwrap().unwrap());
        assert!(std::sync::Arc::ptr_eq(&one, &other));
        let fewer = held::model(&Options { batch: 1, ..of(&path) }).unwrap().unwrap();
        assert!(!std::sync::Arc::ptr_eq(&one, &fewer));
        assert!(told(&of(&path)).unwrap().is_some_and(|told| told.starts_with("bert, 2 layers of 32, ")));
        assert_eq!(told(&Options::default()).unwrap(), None);
    }
}
