//! Small models of each kind, against PyTorch's transformers
//! (`tests/support/mounted_models.py`), and directories that are broken.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::Deserialize;
use serde_json::Value;

use super::super::{Neural, Passages, Reader, Sentence, pieces};
use super::*;
use crate::record::{EntityType, How, Text};
use crate::tag::fixture::{SHIPPED, linear, text};
use crate::tag::linear::Convention;
use crate::tag::{Gazetteer, Hints, Options, Tagger, UserGazetteer};

const KINDS: [&str; 4] = ["bert", "roberta", "xlm-roberta", "electra"];

/// A directory in memory.
#[derive(Debug, Clone, Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Folder for Files {
    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        assert!(!name.contains(".bin"), "{name} was opened");
        Ok(self.0[name].clone())
    }
}

fn files(kind: &str) -> Files {
    let folder = format!("{}/tests/fixtures/mounted/{kind}", env!("CARGO_MANIFEST_DIR"));
    let file =
        |entry: std::fs::DirEntry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap());
    Files(std::fs::read_dir(folder).unwrap().map(|entry| file(entry.unwrap())).collect())
}

fn mounted(files: &Files) -> Neural {
    Neural::mounted(files, &BTreeMap::new(), 8).unwrap()
}

/// What transformers answers.
#[derive(Deserialize)]
struct Expected {
    sentences: Vec<Sentences>,
    long: Long,
}

#[derive(Deserialize)]
struct Sentences {
    words: Vec<String>,
    ids: Vec<u32>,
    logits: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct Long {
    words: Vec<String>,
    logits: Vec<Vec<f32>>,
}

fn expected(kind: &str) -> Expected {
    serde_json::from_slice(&files(kind).0["expected.json"]).unwrap()
}

/// What the network reads of a sentence, and the words of each part that count.
fn parts(neural: &Neural, words: &[String]) -> (Vec<Sentence>, Vec<Range<usize>>) {
    let mut passages = Passages::new(&neural.network);
    assert!(passages.push(words, usize::MAX));
    passages.windows()
}

/// Numbers of the words of sentences that are read in one run.
fn logits(neural: &Neural, sentences: &[&[String]]) -> Vec<Vec<Vec<f32>>> {
    let mut passages = Passages::new(&neural.network);
    assert!(sentences.iter().all(|words| passages.push(words, usize::MAX)));
    let (parts, kept) = passages.windows();
    let logits = neural.network.logits(&parts, &mut || false).unwrap();
    let words = |(logits, keep): (&Vec<f32>, &Range<usize>)| {
        let words = logits.chunks(neural.network.columns()).skip(keep.start).take(keep.len());
        words.map(<[f32]>::to_vec).collect::<Vec<_>>()
    };
    let mut words = logits.iter().zip(&kept).flat_map(words);
    sentences.iter().map(|sentence| words.by_ref().take(sentence.len()).collect()).collect()
}

#[track_caller]
fn assert_near(found: &[Vec<f32>], expected: &[Vec<f32>], what: &str) -> f32 {
    assert_eq!(found.len(), expected.len(), "{what}");
    let pairs = found.iter().flatten().zip(expected.iter().flatten());
    let most = pairs.map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
    assert!(most < 1e-4, "{what}: off by {most}\n{found:?}\n{expected:?}");
    most
}

#[test]
fn words_are_cut_as_the_models_own_tokenizer_cuts_them() {
    for kind in KINDS {
        let neural = mounted(&files(kind));
        for one in expected(kind).sentences {
            let found: Vec<_> = parts(&neural, &one.words).0.into_iter().map(|part| part.pieces).collect();
            assert_eq!(found, [one.ids], "{kind}: {:?}", one.words);
        }
    }
}

#[test]
fn logits_are_those_of_transformers() {
    for kind in KINDS {
        let (neural, expected) = (mounted(&files(kind)), expected(kind));
        let sentences: Vec<&[String]> = expected.sentences.iter().map(|one| one.words.as_slice()).collect();
        let mut most = 0.0_f32;
        for (found, one) in logits(&neural, &sentences).iter().zip(&expected.sentences) {
            most = most.max(assert_near(found, &one.logits, kind));
        }
        println!("{kind}: at most {most} off");
    }
}

#[test]
fn a_text_beyond_the_positions_is_read_in_windows() {
    for kind in KINDS {
        let (neural, long) = (mounted(&files(kind)), expected(kind).long);
        let parts = parts(&neural, &long.words).0;
        assert!(parts.iter().all(|part| part.pieces.len() <= 60), "{kind}");
        assert!(parts.len() > 3, "{kind}: {} windows", parts.len());
        assert_near(&logits(&neural, &[&long.words])[0], &long.logits, kind);
    }
}

#[test]
fn a_vocabulary_alone_is_as_good_as_the_tokenizer() {
    for kind in ["bert", "electra"] {
        let mut files = files(kind);
        files.0.remove("tokenizer.json");
        let (neural, expected) = (mounted(&files), expected(kind));
        for one in &expected.sentences {
            let found: Vec<_> = parts(&neural, &one.words).0.into_iter().map(|part| part.pieces).collect();
            assert_eq!(found, std::slice::from_ref(&one.ids), "{kind}: {:?}", one.words);
        }
        // Without the settings letters are lowered, as transformers does.
        files.0.remove("tokenizer_config.json");
        let lowered = mounted(&files);
        let cut = |neural: &Neural, word: &str| {
            let mut found = Vec::new();
            neural.network.cut(word, &mut pieces::Scratch::default(), &mut found);
            found
        };
        assert_ne!(cut(&lowered, "TheThe"), cut(&neural, "TheThe"));
        assert_eq!(cut(&lowered, "THE"), cut(&lowered, "the"));
    }
}

/// The same tensors, each with its numbers rewritten, in files of so many.
fn rewritten(bytes: &[u8], each: usize, kind: Dtype, number: fn(f32) -> Vec<u8>) -> Vec<(Vec<String>, Vec<u8>)> {
    let all = SafeTensors::deserialize(bytes).unwrap();
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = all
        .iter()
        .map(|(name, tensor)| {
            let numbers = tensor.data().as_chunks().0.iter().flat_map(|bytes| number(f32::from_le_bytes(*bytes)));
            (name.to_owned(), tensor.shape().to_vec(), numbers.collect())
        })
        .collect();
    tensors.sort();
    let file = |tensors: &[(String, Vec<usize>, Vec<u8>)]| {
        let views =
            tensors.iter().map(|(name, shape, bytes)| (name, TensorView::new(kind, shape.clone(), bytes).unwrap()));
        let names = tensors.iter().map(|(name, ..)| name.clone()).collect();
        (names, safetensors::serialize(views, None).unwrap())
    };
    tensors.chunks(each).map(file).collect()
}

fn whole(number: f32) -> Vec<u8> {
    number.to_le_bytes().to_vec()
}

fn in_parts(kind: &str) -> Files {
    let mut files = files(kind);
    let bytes = files.0.remove("model.safetensors").unwrap();
    let mut map = serde_json::Map::new();
    for (at, (names, bytes)) in rewritten(&bytes, 15, Dtype::F32, whole).into_iter().enumerate() {
        let file = format!("model-{at:05}.safetensors");
        map.extend(names.into_iter().map(|name| (name, Value::from(file.as_str()))));
        files.0.insert(file, bytes);
    }
    let index = serde_json::json!({"metadata": {"total_size": 1}, "weight_map": map});
    files.0.insert("model.safetensors.index.json".to_owned(), serde_json::to_vec(&index).unwrap());
    files
}

#[test]
fn weights_may_lie_in_several_files() {
    let files = in_parts("bert");
    assert_eq!(files.0.keys().filter(|name| name.ends_with(".safetensors")).count(), 3);
    let (neural, expected) = (mounted(&files), expected("bert"));
    let one = &expected.sentences[0];
    assert_near(&logits(&neural, &[&one.words])[0], &one.logits, "bert in parts");
}

#[test]
fn numbers_of_16_bits_are_taken_for_what_they_are() {
    let upper = |number: f32| number.to_le_bytes()[2..].to_vec();
    let cut = |number: f32| [&[0, 0], &number.to_le_bytes()[2..]].concat();
    let with = |kind: Dtype, number: fn(f32) -> Vec<u8>| {
        let mut files = files("roberta");
        let bytes = rewritten(&files.0["model.safetensors"], 1000, kind, number).remove(0).1;
        files.0.insert("model.safetensors".to_owned(), bytes);
        let words = &expected("roberta").sentences[1].words;
        logits(&mounted(&files), &[words])
    };
    assert_eq!(with(Dtype::BF16, upper), with(Dtype::F32, cut));
    assert_ne!(with(Dtype::BF16, upper), with(Dtype::F32, whole));
}

#[test]
fn threads_change_no_bit_and_neighbours_none_that_counts() {
    let (neural, expected) = (mounted(&files("xlm-roberta")), expected("xlm-roberta"));
    let sentences: Vec<&[String]> = expected.sentences.iter().map(|one| one.words.as_slice()).collect();
    let together = logits(&neural, &sentences);
    std::thread::scope(|scope| {
        let run = || logits(&neural, &sentences);
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap() == together));
    });
    for (words, found) in sentences.iter().zip(&together) {
        assert_near(&logits(&neural, &[words])[0], found, "alone");
    }
}

/// A BERT that says B-PERS or I-PERS of words by their first piece alone.
fn of_labels(said: &[(&str, &str)]) -> Files {
    let mut files = files("bert");
    let (neural, config) = (mounted(&files), Config::read(&files.0["config.json"]).unwrap());
    let mut zeros = BTreeMap::new();
    let bytes = files.0["model.safetensors"].clone();
    for (name, tensor) in SafeTensors::deserialize(&bytes).unwrap().iter() {
        let count = tensor.shape().iter().product::<usize>();
        let fill = if name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
        zeros.insert(name.to_owned(), (tensor.shape().to_vec(), vec![fill; count]));
    }
    // One column for each label, of which the norm leaves the order.
    let label = |name: &str| config.labels.iter().position(|label| label == name).unwrap();
    let vectors = &mut zeros.get_mut("bert.embeddings.word_embeddings.weight").unwrap().1;
    for row in vectors.chunks_mut(32) {
        row[0] = 1.0;
    }
    for (word, name) in said {
        let mut pieces = Vec::new();
        neural.network.cut(word, &mut pieces::Scratch::default(), &mut pieces);
        let row = &mut vectors[pieces[0] as usize * 32..][..32];
        (row[0], row[label(name)]) = (0.0, 1.0);
    }
    let head = &mut zeros.get_mut("classifier.weight").unwrap().1;
    for label in 0..config.labels.len() {
        head[label * 32 + label] = 2.0;
    }
    let bytes: Vec<(String, Vec<usize>, Vec<u8>)> = zeros
        .into_iter()
        .map(|(name, (shape, numbers))| (name, shape, numbers.into_iter().flat_map(f32::to_le_bytes).collect()))
        .collect();
    let views =
        bytes.iter().map(|(name, shape, bytes)| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    files.0.insert("model.safetensors".to_owned(), safetensors::serialize(views, None).unwrap());
    files
}

fn tagger(files: &Files, options: &Options, lists: &[UserGazetteer]) -> Tagger {
    let neural = Neural::mounted(files, &options.labels, options.batch).unwrap();
    let gazetteer = Gazetteer::new(SHIPPED.as_slice()).unwrap();
    Tagger::new(options, gazetteer, lists).unwrap().with_linear(linear()).with_neural(Arc::new(neural))
}

fn names(tagger: &Tagger, page: &Text) -> Vec<(EntityType, String, How)> {
    let (tags, degraded) = tagger.tag(page, Hints::default());
    assert_eq!(degraded, []);
    tags.entities.into_iter().map(|one| (one.kind, one.name, one.mentions[0].how)).collect()
}

use EntityType::{Organization, Person, Place};

#[test]
fn its_labels_are_the_names() {
    // The word list calls none of these a name, and Beirut is one that it does.
    let files = of_labels(&[("المطر", "B-PERS"), ("مغلق", "I-PERS"), ("وزير", "I-ORG"), ("طنجة", "B-LOC")]);
    let page = text(&["قال المطر مغلق إن وزير غادر بيروت إلى طنجة"]);
    let tagger = tagger(&files, &Options::default(), &[]);
    let found = names(&tagger, &page);
    let told: Vec<_> = found.iter().map(|(kind, name, how)| (*kind, name.as_str(), *how)).collect();
    assert_eq!(
        told,
        [(Person, "المطر مغلق", How::Model), (Organization, "وزير", How::Model), (Place, "طنجة", How::Gazetteer)]
    );
    let (tags, _) = tagger.tag(&page, Hints::default());
    assert_eq!(tags.entities[2].qid.as_deref(), Some("Q126148"));
    let words = vec![vec!["قال", "المطر", "مغلق", "إن"]];
    assert_eq!(tagger.conll(&words, Convention::Newswire), [["O", "B-PER", "I-PER", "O"]]);
}

#[test]
fn users_names_stand_above_it_and_forbidden_ones_are_none() {
    let files = of_labels(&[("المطر", "B-PERS"), ("طنجة", "B-LOC")]);
    let list = UserGazetteer::parse("desk.tsv", "المطر\torganization\tdesk-1\nطنجة\tnever").unwrap();
    let found = names(&tagger(&files, &Options::default(), &[list]), &text(&["قال المطر في طنجة"]));
    assert_eq!(found, [(Organization, "المطر".to_owned(), How::Gazetteer)]);
}

#[test]
fn labels_mean_what_the_user_says() {
    let files = of_labels(&[("المطر", "B-MISC"), ("مغلق", "B-PERS")]);
    let labels = BTreeMap::from([("MISC".to_owned(), Meaning::Place), ("B-PERS".to_owned(), Meaning::None)]);
    let found = names(&tagger(&files, &Options { labels, ..Options::default() }, &[]), &text(&["قال المطر إن مغلق"]));
    assert_eq!(found, [(Place, "المطر".to_owned(), How::Model)]);
}

#[test]
fn a_late_model_leaves_the_article_to_the_linear_one() {
    let files = of_labels(&[("المطر", "B-PERS")]);
    let page = text(&["قال المطر في بيروت", "ثم المطر", "ثم المطر في بيروت"]);
    let tagger = tagger(&files, &Options { batch: 1, ..Options::default() }, &[]);
    let gazetteer = Gazetteer::new(SHIPPED.as_slice()).unwrap();
    let fast = Tagger::new(&Options::default(), gazetteer, &[]).unwrap().with_linear(linear());
    // In the middle of the article.
    let mut asked = 0;
    let (tags, degraded) = tagger.tag_until(&page, Hints::default(), &mut || {
        asked += 1;
        asked == 3
    });
    assert_eq!((asked, degraded.iter().map(|one| one.why).collect::<Vec<_>>()), (3, vec!["model_deadline"]));
    assert_eq!(format!("{tags:?}"), format!("{:?}", fast.tag(&page, Hints::default()).0));
    assert_ne!(format!("{tags:?}"), format!("{:?}", tagger.tag(&page, Hints::default()).0));
}

#[test]
fn what_it_may_not_read_is_read_by_the_linear_one() {
    let files = of_labels(&[("المطر", "B-PERS")]);
    let page = text(&["قال المطر في بيروت", "ثم غادر بيروت إلى القاهرة"]);
    let tagger = tagger(&files, &Options { max_model_pieces: 16, ..Options::default() }, &[]);
    let (tags, degraded) = tagger.tag(&page, Hints::default());
    assert_eq!(degraded.iter().map(|one| one.why).collect::<Vec<_>>(), ["too_many_pieces"]);
    let names: Vec<_> = tags.entities.iter().map(|one| (one.name.as_str(), one.mentions.len())).collect();
    assert_eq!(names, [("المطر", 1), ("بيروت", 1), ("القاهرة", 1)]);
}

/// What is done to a directory.
type Change = Box<dyn FnOnce(&mut Files)>;

/// What is wrong with it then.
fn broken(kind: &str, change: impl FnOnce(&mut Files)) -> String {
    let mut files = files(kind);
    change(&mut files);
    Neural::mounted(&files, &BTreeMap::new(), 8).expect_err("it is broken").to_string()
}

fn without(name: &'static str) -> Change {
    Box::new(move |files| drop(files.0.remove(name)))
}

fn with(name: &'static str, bytes: &'static [u8]) -> Change {
    Box::new(move |files| drop(files.0.insert(name.to_owned(), bytes.to_vec())))
}

/// `config.json` with one key changed; without a value, removed.
fn config(key: &'static str, value: Option<Value>) -> Change {
    Box::new(move |files| {
        let mut config: serde_json::Map<String, Value> = serde_json::from_slice(&files.0["config.json"]).unwrap();
        match value {
            Some(value) => config.insert(key.to_owned(), value),
            None => config.remove(key),
        };
        files.0.insert("config.json".to_owned(), serde_json::to_vec(&config).unwrap());
    })
}

fn weights(change: impl Fn(Vec<u8>) -> Vec<u8> + 'static) -> Change {
    Box::new(move |files| {
        let bytes = files.0.remove("model.safetensors").unwrap();
        files.0.insert("model.safetensors".to_owned(), change(bytes));
    })
}

#[test]
fn a_broken_directory_is_refused_with_the_file_and_the_way_out() {
    let rows: Vec<(&str, Change, &str)> = vec![
        ("bert", without("config.json"), "config.json: is missing: a model's directory is what save_pretrained writes"),
        ("bert", with("config.json", b"{"), "config.json: is not JSON: EOF"),
        ("bert", with("config.json", b"[]"), "config.json: has no model_type"),
        ("bert", config("model_type", None), "config.json: has no model_type"),
        (
            "bert",
            config("model_type", Some("t5".into())),
            "config.json: model_type \"t5\" cannot be read: take a bert, roberta, xlm-roberta or electra",
        ),
        (
            "bert",
            config("hidden_size", None),
            "config.json: is no configuration of a model: missing field `hidden_size`",
        ),
        ("bert", config("hidden_size", Some("x".into())), "config.json: is no configuration of a model: invalid type"),
        ("bert", config("hidden_size", Some(0.into())), "config.json: hidden_size is 0: must be from 1 to 65536"),
        ("bert", config("num_attention_heads", Some(0.into())), "config.json: num_attention_heads is 0"),
        ("bert", config("num_attention_heads", Some(3.into())), "config.json: hidden_size 32 in 3 num_attention_heads"),
        (
            "bert",
            config("intermediate_size", Some(40.into())),
            "config.json: intermediate_size is 40: must be a multiple",
        ),
        (
            "roberta",
            config("max_position_embeddings", Some(9.into())),
            "config.json: max_position_embeddings is 9: leaves 7",
        ),
        (
            "roberta",
            config("pad_token_id", Some(u64::MAX.into())),
            "config.json: max_position_embeddings is 62: leaves 0",
        ),
        ("bert", config("hidden_act", Some("swish".into())), "config.json: hidden_act \"swish\" cannot be computed"),
        (
            "bert",
            config("position_embedding_type", Some("relative_key".into())),
            "config.json: position_embedding_type is \"relative_key\": only \"absolute\" can be read",
        ),
        ("bert", config("id2label", None), "config.json: has no id2label"),
        ("bert", config("id2label", Some(serde_json::json!({}))), "config.json: has no id2label"),
        ("bert", config("id2label", Some(serde_json::json!({"1": "O"}))), "id2label has 1 labels and none of number 0"),
        (
            "bert",
            config("id2label", Some(serde_json::json!({"0": "O", "1": "LABEL_1"}))),
            "tensor classifier.weight is [9, 32], by config.json it must be [2, 32]",
        ),
        ("bert", without("model.safetensors"), "model.safetensors: is missing, and so is model.safetensors.index.json"),
        (
            "bert",
            Box::new(|files: &mut Files| {
                let bytes = files.0.remove("model.safetensors").unwrap();
                files.0.insert("pytorch_model.bin".to_owned(), bytes);
            }),
            "model.safetensors: is missing, and pytorch_model.bin is not opened, for such a file can run code: convert it \
             to safetensors",
        ),
        ("bert", with("model.safetensors", b""), "model.safetensors: is damaged or cut short at 0 bytes"),
        ("bert", with("model.safetensors", b"\xff\xff\xff\xff\xff\xff\xff\xff{}"), "model.safetensors: is damaged"),
        (
            "bert",
            weights(|bytes| bytes[..50_000].to_vec()),
            "model.safetensors: is damaged or cut short at 50000 bytes (MetadataIncompleteBuffer): copy it again",
        ),
        (
            "bert",
            weights(|mut bytes| {
                let name = b"layer.1.output.dense.bias";
                let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
                bytes[at + 6] = b'7';
                bytes
            }),
            "tensor bert.encoder.layer.1.output.dense.bias: it is not the network that config.json tells of",
        ),
        (
            "bert",
            Box::new(|files: &mut Files| {
                let config = String::from_utf8(files.0["config.json"].clone()).unwrap();
                let other = config.replace("\"intermediate_size\": 64", "\"intermediate_size\": 128");
                files.0.insert("config.json".to_owned(), other.into_bytes());
            }),
            "tensor bert.encoder.layer.0.intermediate.dense.weight is [64, 32], by config.json it must be [128, 32]",
        ),
        (
            "bert",
            config("model_type", Some("electra".into())),
            "has no tensor electra.embeddings.word_embeddings.weight",
        ),
        (
            "bert",
            weights(|bytes| {
                rewritten(&bytes, 1000, Dtype::F64, |number| f64::from(number).to_le_bytes().to_vec()).remove(0).1
            }),
            "is of F64: save it as f32, f16 or bf16",
        ),
        (
            "bert",
            weights(|bytes| rewritten(&bytes, 1000, Dtype::F32, |_| whole(f32::NAN)).remove(0).1),
            "has numbers without a value",
        ),
        ("bert", config("vocab_size", Some(50.into())), "config.json says vocab_size = 50: they are not of one model"),
        ("roberta", without("tokenizer.json"), "tokenizer.json: is missing: save it with AutoTokenizer"),
        ("bert", with("tokenizer.json", b"{\"model\": 1}"), "tokenizer.json: is no tokenizer: "),
        (
            "bert",
            Box::new(|files: &mut Files| {
                files.0.remove("tokenizer.json");
                files.0.insert("vocab.txt".to_owned(), b"a\nb\n".to_vec());
            }),
            "vocab.txt: has no line [UNK]",
        ),
        (
            "bert",
            Box::new(|files: &mut Files| {
                files.0.remove("tokenizer.json");
                files.0.insert("vocab.txt".to_owned(), b"[UNK]\n\xff\n".to_vec());
            }),
            "vocab.txt: cannot be read: ",
        ),
        (
            "bert",
            Box::new(|files: &mut Files| {
                files.0.remove("tokenizer.json");
                files.0.insert("vocab.txt".to_owned(), b"[UNK]\na\n".to_vec());
            }),
            "vocab.txt: has neither [CLS] and [SEP] nor <s> and </s>",
        ),
        (
            "bert",
            Box::new(|files: &mut Files| {
                files.0.remove("tokenizer.json");
                files.0.insert("tokenizer_config.json".to_owned(), b"{\"do_lower_case\": 7}".to_vec());
            }),
            "tokenizer_config.json: cannot be understood: ",
        ),
    ];
    for (kind, change, part) in rows {
        let told = broken(kind, change);
        assert!(told.contains(part), "{told}\nlacks\n{part}");
    }
}

#[test]
fn broken_weights_in_several_files_are_refused() {
    let told = |change: fn(&mut Files)| {
        let mut files = in_parts("bert");
        change(&mut files);
        Neural::mounted(&files, &BTreeMap::new(), 8).unwrap_err().to_string()
    };
    let index = |files: &mut Files, text: &str| {
        files.0.insert("model.safetensors.index.json".to_owned(), text.as_bytes().to_vec());
    };
    assert_eq!(told(|files| drop(files.0.remove("model-00001.safetensors"))), "model-00001.safetensors: is missing");
    let with = |text: &'static str| {
        let mut files = in_parts("bert");
        index(&mut files, text);
        Neural::mounted(&files, &BTreeMap::new(), 8).unwrap_err().to_string()
    };
    assert!(with("{}").starts_with("model.safetensors.index.json: is no list of weights: "));
    assert!(with(r#"{"weight_map": {"a": "../x.safetensors"}}"#).contains("names \"../x.safetensors\", which is no"));
    assert!(with(r#"{"weight_map": {"a": "pytorch_model.bin"}}"#).contains("names \"pytorch_model.bin\", which is no"));
    assert!(with(r#"{"weight_map": {}}"#).starts_with("model.safetensors.index.json: names no file"));
}

#[test]
fn labels_that_nobody_knows_are_refused_with_what_to_write() {
    let files = {
        let mut files = files("bert");
        let text = String::from_utf8(files.0["config.json"].clone()).unwrap().replace("MISC", "XYZ");
        files.0.insert("config.json".to_owned(), text.into_bytes());
        files
    };
    let open = |labels: &[(&str, Meaning)]| {
        let labels = labels.iter().map(|(label, meaning)| ((*label).to_owned(), *meaning)).collect();
        Neural::mounted(&files, &labels, 8).map_err(|error| error.to_string())
    };
    let told = open(&[]).unwrap_err();
    assert!(told.starts_with("config.json: id2label has \"B-XYZ\", which could mean anything"), "{told}");
    assert!(told.contains("tag.labels, as in \"B-XYZ\" = \"person\""), "{told}");
    assert!(open(&[("XYZ", Meaning::Event)]).is_ok());
    assert!(open(&[("B-XYZ", Meaning::Event), ("I-XYZ", Meaning::None)]).is_ok());
    let told = open(&[("XYZ", Meaning::Event), ("B-ABC", Meaning::Event)]).unwrap_err();
    assert!(told.contains("has no label \"B-ABC\", which tag.labels maps: its labels are O, B-PERS"), "{told}");
}

#[test]
fn the_hash_is_of_all_files() {
    let hash = |files: &Files| mounted(files).hash();
    let all = files("bert");
    assert_eq!(hash(&all), hash(&all.clone()));
    for name in ["config.json", "tokenizer.json"] {
        let mut other = all.clone();
        other.0.get_mut(name).unwrap().push(b'\n');
        assert_ne!(hash(&all), hash(&other), "{name}");
    }
    let mut other = all.clone();
    *other.0.get_mut("model.safetensors").unwrap().last_mut().unwrap() ^= 1;
    assert_ne!(hash(&all), hash(&other));
    assert!(mounted(&all).told().starts_with("bert, 2 layers of 32, "), "{}", mounted(&all).told());
    assert!(matches!(mounted(&all).network, Reader::Mounted(_)));
}
