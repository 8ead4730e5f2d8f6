//! Folders of texts that something is built from, plain or gzipped.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::read::GzDecoder;

/// The texts of a folder by file name, where that without `.gz` has the ending.
pub(super) fn read(folder: &Path, ending: &str) -> Result<BTreeMap<String, String>> {
    let mut texts = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{}: cannot be listed", folder.display()))? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_file()) else { continue };
        if !plain(name).ends_with(ending) {
            continue;
        }
        let mut text = String::new();
        let read = File::open(&path).and_then(|mut file| {
            if plain(name) == name {
                file.read_to_string(&mut text)
            } else {
                GzDecoder::new(file).read_to_string(&mut text)
            }
        });
        read.with_context(|| format!("{}: cannot be read", path.display()))?;
        texts.insert(name.to_owned(), text);
    }
    Ok(texts)
}

/// The name without `.gz`.
pub(super) fn plain(name: &str) -> &str {
    name.strip_suffix(".gz").unwrap_or(name)
}
