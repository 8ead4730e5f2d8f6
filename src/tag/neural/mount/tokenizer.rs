//! Words → pieces as the model's own tokenizer cuts them, each word by itself:
//! as transformers does with `is_split_into_words`.

use serde::Deserialize;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use xxhash_rust::xxh3::Xxh3;

use super::config::{Config, Kind};
use super::{Folder, MountError, read};

const WHOLE: &str = "tokenizer.json";
const VOCABULARY: &str = "vocab.txt";
const SETTINGS: &str = "tokenizer_config.json";
/// Letters of one word that are looked at; what is longer is no word.
const LONGEST_WORD: usize = 100;

pub(super) struct Tokenizer {
    inner: tokenizers::Tokenizer,
    /// Words are told from parts of words by the blank before them.
    blank: bool,
    pub begin: u32,
    pub end: u32,
    unknown: u32,
}

/// What `vocab.txt` leaves open; the defaults are transformers'.
#[derive(Deserialize)]
#[serde(default)]
struct Settings {
    do_lower_case: bool,
    strip_accents: Option<bool>,
    tokenize_chinese_chars: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { do_lower_case: true, strip_accents: None, tokenize_chinese_chars: true }
    }
}

impl Tokenizer {
    pub(super) fn read(folder: &dyn Folder, config: &Config, hash: &mut Xxh3) -> Result<Self, MountError> {
        let (file, mut inner) = if folder.has(WHOLE) {
            let bytes = read(folder, WHOLE, hash)?;
            let inner = tokenizers::Tokenizer::from_bytes(&bytes)
                .map_err(|error| MountError::new(WHOLE, format!("is no tokenizer: {error}")))?;
            (WHOLE, inner)
        } else if config.kind != Kind::Roberta && folder.has(VOCABULARY) {
            (VOCABULARY, of_vocabulary(folder, hash)?)
        } else {
            let message = "is missing: save it with AutoTokenizer.from_pretrained(…).save_pretrained(…); \
                           vocab.txt alone does for bert and electra";
            return Err(MountError::new(WHOLE, message.to_owned()));
        };
        inner.with_padding(None);
        inner
            .with_truncation(None)
            .map_err(|error| MountError::new(file, format!("cannot be used without truncation: {error}")))?;
        let most = inner.get_vocab(true).into_values().max().unwrap_or_default() as usize;
        if most >= config.pieces {
            let message = format!(
                "has pieces up to number {most}, config.json says vocab_size = {}: they are not of one model",
                config.pieces
            );
            return Err(MountError::new(file, message));
        }
        let (begin, end) = marks(&inner)
            .ok_or_else(|| MountError::new(file, "has neither [CLS] and [SEP] nor <s> and </s>".to_owned()))?;
        let unknown = ["[UNK]", "<unk>"].iter().find_map(|mark| inner.token_to_id(mark)).unwrap_or(begin);
        Ok(Self { blank: needs_blank(&inner), inner, begin, end, unknown })
    }

    /// Adds the word's pieces to `into`: at least one. A word that the tokenizer
    /// leaves nothing of is unknown.
    pub(super) fn push(&self, word: &str, into: &mut Vec<u32>) {
        let blank = if self.blank { " " } else { "" };
        let word: String = blank.chars().chain(word.chars().take(LONGEST_WORD)).collect();
        let before = into.len();
        if let Ok(cut) = self.inner.encode_fast(word, false) {
            into.extend_from_slice(cut.get_ids());
        }
        if into.len() == before {
            into.push(self.unknown);
        }
    }
}

/// What the tokenizer puts around a sentence, else the usual names.
fn marks(tokenizer: &tokenizers::Tokenizer) -> Option<(u32, u32)> {
    if let Ok(around) = tokenizer.encode_fast("", true)
        && let [begin, end] = around.get_ids()
    {
        return Some((*begin, *end));
    }
    [("[CLS]", "[SEP]"), ("<s>", "</s>")]
        .iter()
        .find_map(|(begin, end)| Some((tokenizer.token_to_id(begin)?, tokenizer.token_to_id(end)?)))
}

/// Vocabularies over bytes know a word by the blank before it, which is missing
/// where words come one by one; transformers demands `add_prefix_space` for them.
fn needs_blank(tokenizer: &tokenizers::Tokenizer) -> bool {
    fn any(value: &serde_json::Value) -> bool {
        let bytes = value.get("type").is_some_and(|kind| kind == "ByteLevel");
        let own = value.get("add_prefix_space").is_some_and(|own| own == true);
        let parts = value.get("pretokenizers").and_then(serde_json::Value::as_array);
        bytes && !own || parts.is_some_and(|parts| parts.iter().any(any))
    }
    tokenizer.get_pre_tokenizer().and_then(|one| serde_json::to_value(one).ok()).is_some_and(|value| any(&value))
}

/// The tokenizer that BERT began with: a piece a line.
fn of_vocabulary(folder: &dyn Folder, hash: &mut Xxh3) -> Result<tokenizers::Tokenizer, MountError> {
    let wrong = |message: String| MountError::new(VOCABULARY, message);
    let bytes = read(folder, VOCABULARY, hash)?;
    let settings = if folder.has(SETTINGS) {
        serde_json::from_slice(&read(folder, SETTINGS, hash)?)
            .map_err(|error| MountError::new(SETTINGS, format!("cannot be understood: {error}")))?
    } else {
        Settings::default()
    };
    let vocabulary = WordPiece::read_bytes(&bytes).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if !vocabulary.contains_key("[UNK]") {
        return Err(wrong("has no line [UNK]: it is no vocabulary of BERT's kind".to_owned()));
    }
    let model = WordPiece::builder().vocab(vocabulary).build().map_err(|error| wrong(error.to_string()))?;
    let mut tokenizer = tokenizers::Tokenizer::new(model);
    let normalizer =
        BertNormalizer::new(true, settings.tokenize_chinese_chars, settings.strip_accents, settings.do_lower_case);
    tokenizer.with_normalizer(Some(normalizer)).map_err(|error| wrong(error.to_string()))?;
    tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
    Ok(tokenizer)
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokenizer").field("begin", &self.begin).field("end", &self.end).finish_non_exhaustive()
    }
}
