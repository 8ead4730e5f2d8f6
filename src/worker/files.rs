use std::path::{Path, PathBuf};

/// A text file as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct TextFile {
    /// Its path, as the configuration has it: what errors call it.
    pub name: String,
    pub text: String,
}

/// A file that cannot be read as text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FileError {
    #[error("{name}: cannot be read: {why}")]
    Unreadable { name: String, why: String },
    #[error("{name}, line {line}: is not UTF-8")]
    NotText {
        name: String,
        /// From 1.
        line: usize,
    },
}

/// Reads all of them, in their order; links are followed.
///
/// # Errors
/// The first that cannot be read.
pub fn read(paths: &[PathBuf]) -> Result<Vec<TextFile>, FileError> {
    paths.iter().map(|path| read_one(path)).collect()
}

fn read_one(path: &Path) -> Result<TextFile, FileError> {
    let name = path.display().to_string();
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => return Err(FileError::Unreadable { name, why: error.to_string() }),
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(TextFile { name, text }),
        Err(error) => {
            let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
            Err(FileError::NotText { name, line: memchr::memchr_iter(b'\n', good).count() + 1 })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let (good, bad) = (folder.path().join("good"), folder.path().join("bad"));
        std::fs::write(&good, "ورّاق\n").unwrap();
        std::fs::write(&bad, b"a\nb\n\xd9\n").unwrap();
        assert_eq!(read(std::slice::from_ref(&good)).unwrap()[0].text, "ورّاق\n");
        let told = read(&[good.clone(), bad.clone()]).unwrap_err().to_string();
        assert_eq!(told, format!("{}, line 3: is not UTF-8", bad.display()));
        let gone = folder.path().join("gone");
        let told = read(&[good, gone.clone()]).unwrap_err().to_string();
        assert!(told.starts_with(&format!("{}: cannot be read: ", gone.display())), "{told}");
    }
}
