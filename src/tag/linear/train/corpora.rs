//! Labelled corpora as their files hold them: `token<TAB>tag`, a blank line
//! between sentences, `-DOCSTART-` between articles.

use std::collections::BTreeMap;

use super::super::{CONVENTIONS, Convention};
use crate::record::EntityType;
use crate::tag::labels::{OUTSIDE, begin, inside, may_follow};

/// Sentences that are read as one article where a corpus marks none.
const TOGETHER: usize = 24;
const DOCUMENT: &str = "-DOCSTART-";
/// Words that a corpus writes apart from the one that they belong to.
const BEFORE: [&str; 6] = ["و", "ف", "ب", "ك", "ل", "س"];
const AFTER: [&str; 8] = ["ه", "ها", "هم", "هما", "نا", "ي", "كم", "هن"];

pub(super) type Sentence = Vec<(String, usize)>;
pub(super) type Article = Vec<Sentence>;

/// All that a model learns from.
#[derive(Debug, Default)]
pub struct Corpora {
    pub(super) corpora: Vec<Corpus>,
}

/// One convention and its articles.
#[derive(Debug)]
pub(super) struct Corpus {
    pub name: String,
    pub weight: f32,
    pub articles: Vec<Article>,
}

/// What is wrong with a corpus, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {message}")]
pub struct CorpusError {
    pub file: String,
    pub line: usize,
    pub message: String,
}

impl Corpora {
    /// Reads what the table `corpora.tsv` names. Its columns: `file`,
    /// `convention` (files that share one are one corpus), `spelling` (`joined`,
    /// or `split` where clitics are words of their own), `weight`.
    pub fn parse(table: &str, files: &BTreeMap<String, String>) -> Result<Self, CorpusError> {
        let known = [Convention::News, Convention::Newswire].map(name).map(|name| Corpus::new(name.to_owned(), 1.0));
        let mut corpora = Self { corpora: Vec::from(known) };
        debug_assert_eq!(corpora.corpora.len(), CONVENTIONS);
        for (index, line) in table.lines().enumerate().skip(1) {
            let error = |message: String| CorpusError { file: "corpora.tsv".to_owned(), line: index + 1, message };
            let fields: Vec<&str> = line.split('\t').collect();
            let [file, convention, spelling, weight] = fields.as_slice() else {
                return Err(error(format!("{} columns where 4 are read", fields.len())));
            };
            let weight = weight.parse().map_err(|_| error(format!("weight {weight:?} is no number")))?;
            let split = match *spelling {
                "joined" => false,
                "split" => true,
                other => return Err(error(format!("spelling {other:?} is neither joined nor split"))),
            };
            let text = files.get(*file).ok_or_else(|| error(format!("file {file:?} is not there")))?;
            corpora.corpus(convention, weight).articles.extend(articles(file, text, split)?);
        }
        Ok(corpora)
    }

    fn corpus(&mut self, convention: &str, weight: f32) -> &mut Corpus {
        let at = self.corpora.iter().position(|corpus| corpus.name == convention).unwrap_or_else(|| {
            self.corpora.push(Corpus::new(convention.to_owned(), weight));
            self.corpora.len() - 1
        });
        let corpus = &mut self.corpora[at];
        corpus.weight = weight;
        corpus
    }
}

impl Corpus {
    const fn new(name: String, weight: f32) -> Self {
        Self { name, weight, articles: Vec::new() }
    }
}

const fn name(convention: Convention) -> &'static str {
    match convention {
        Convention::News => "news",
        Convention::Newswire => "newswire",
    }
}

fn articles(file: &str, text: &str, split: bool) -> Result<Vec<Article>, CorpusError> {
    let mut articles: Vec<Article> = vec![vec![Sentence::new()]];
    let marked = text.lines().any(|line| line.starts_with(DOCUMENT));
    for (index, line) in text.lines().enumerate() {
        let Some(article) = articles.last_mut() else { break };
        let Some(sentence) = article.last_mut() else { break };
        if line.starts_with(DOCUMENT) {
            articles.push(vec![Sentence::new()]);
        } else if line.trim().is_empty() {
            if !sentence.is_empty() {
                article.push(Sentence::new());
            }
            if !marked && article.len() > TOGETHER {
                articles.push(vec![Sentence::new()]);
            }
        } else {
            let error = |message: String| CorpusError { file: file.to_owned(), line: index + 1, message };
            let (token, tag) = line.split_once('\t').ok_or_else(|| error(format!("{line:?} has no tab")))?;
            let label = label(tag).ok_or_else(|| error(format!("tag {tag:?} is none that is known")))?;
            sentence.push((token.to_owned(), label));
        }
    }
    for article in &mut articles {
        article.retain(|sentence| !sentence.is_empty());
        article.iter_mut().for_each(|sentence| {
            if split {
                *sentence = joined(sentence);
            }
            repair(sentence);
        });
    }
    articles.retain(|article| !article.is_empty());
    Ok(articles)
}

/// A name that does not begin anywhere begins where it is first read.
fn repair(sentence: &mut Sentence) {
    let mut before = OUTSIDE;
    for (_, label) in sentence {
        if !may_follow(before, *label) {
            *label -= 1;
        }
        before = *label;
    }
}

fn label(tag: &str) -> Option<usize> {
    if tag == "O" {
        return Some(OUTSIDE);
    }
    let (place, class) = tag.split_once('-')?;
    let Some(kind) = kind(class)? else { return Some(OUTSIDE) };
    match place {
        "B" => Some(begin(kind)),
        "I" => Some(inside(kind)),
        _ => None,
    }
}

/// The type of a class; none of a class that is no name here; nothing of one
/// that is not known.
fn kind(class: &str) -> Option<Option<EntityType>> {
    let kind = match class {
        "PER" | "PERS" | "Politician" | "Artist" | "Other_PER" | "Athlete" | "Scientist" | "Religious_PER"
        | "Police" | "Businessperson" | "Engineer" | "Lawyer" => EntityType::Person,
        "ORG" | "Non-Governmental" | "Commercial" | "Sports" | "Government" | "Media" | "Educational"
        | "Medical-Science" | "Religious_ORG" | "Entertainment" => EntityType::Organization,
        "LOC"
        | "Nation"
        | "Population-Center"
        | "Water-Body"
        | "State-or-Province"
        | "Continent"
        | "Land-Region-Natural"
        | "GPE-Cluster"
        | "Path"
        | "County-or-District"
        | "Building-Grounds"
        | "Airport"
        | "Plant"
        | "Subarea-Facility" => EntityType::Place,
        "EVENT" => EntityType::Event,
        "MISC" | "OTHER" | "Celestial" | "Air" | "Water" | "Land" | "Software" | "Hardware" | "Book" | "Movie"
        | "Sound" | "Food" | "Drug" | "Projectile" | "Blunt" | "Shooting" | "Nuclear" | "Exploding" | "Sharp"
        | "Chemical" => EntityType::Other,
        // Peoples: الصينيون.
        "Group" => return Some(None),
        _ => return None,
    };
    Some(Some(kind))
}

/// Clitics that stand alone, joined to their word as print has them.
fn joined(sentence: &Sentence) -> Sentence {
    let mut joined: Sentence = Vec::with_capacity(sentence.len());
    let mut prefix = String::new();
    for (token, label) in sentence {
        let outside = *label == OUTSIDE;
        if outside && BEFORE.contains(&token.as_str()) {
            prefix.push_str(token);
            continue;
        }
        if outside
            && prefix.is_empty()
            && AFTER.contains(&token.as_str())
            && let Some((word, OUTSIDE)) = joined.last_mut()
            && word.chars().all(char::is_alphabetic)
        {
            if word.ends_with('ة') {
                word.pop();
                word.push('ت');
            }
            word.push_str(token);
            continue;
        }
        joined.push((with_prefix(&std::mem::take(&mut prefix), token), *label));
    }
    joined
}

fn with_prefix(prefix: &str, word: &str) -> String {
    let joined = format!("{prefix}{word}");
    // The article loses its alef after ل.
    let at = if prefix.is_empty() { 0 } else { prefix.len() - "ل".len() };
    match joined.get(at..).and_then(|rest| rest.strip_prefix("لال")) {
        Some(rest) => format!("{}لل{rest}", joined.get(..at).unwrap_or_default()),
        None => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str, split: bool) -> Vec<Article> {
        articles("x.conll", text, split).unwrap()
    }

    fn words(sentence: &Sentence) -> String {
        let words: Vec<String> = sentence.iter().map(|(word, label)| format!("{word}/{label}")).collect();
        words.join(" ")
    }

    #[test]
    fn sentences_articles_and_stray_labels() {
        let found = one("في\tO\nدمشق\tI-LOC\n\nقال\tO\n\n-DOCSTART-\tO\n\nزيد\tB-PERS\nعلي\tI-PERS\n", false);
        let shown: Vec<Vec<String>> = found.iter().map(|article| article.iter().map(words).collect()).collect();
        assert_eq!(shown, [vec!["في/0 دمشق/5", "قال/0"], vec!["زيد/1 علي/2"]]);
    }

    #[test]
    fn sentences_without_articles_are_read_together() {
        let text = "قال\tO\n\n".repeat(50);
        assert_eq!(one(&text, false).iter().map(Vec::len).collect::<Vec<_>>(), [24, 24, 2]);
    }

    #[test]
    fn clitics_are_joined_as_print_has_them() {
        let text = "و\tO\nب\tO\nدمشق\tB-Population-Center\nو\tO\nل\tO\nالعراق\tB-Nation\nعاصمة\tO\nها\tO\n\
            لالاتحاد\tO\nالعرب\tB-Group\nد\tB-Media\nب\tI-Media\nا\tI-Media\n";
        let found = one(text, true);
        assert_eq!(words(&found[0][0]), "وبدمشق/5 وللعراق/5 عاصمتها/0 للاتحاد/0 العرب/0 د/3 ب/4 ا/4");
    }

    #[test]
    fn errors_name_file_and_line() {
        let error = |text: &str| articles("x.conll", text, false).unwrap_err().to_string();
        assert_eq!(error("قال O\n"), "x.conll, line 1: \"قال O\" has no tab");
        assert_eq!(error("قال\tO\nزيد\tB-WHO\n"), "x.conll, line 2: tag \"B-WHO\" is none that is known");
        let files = BTreeMap::from([("a.conll".to_owned(), "زيد\tB-PER\n".to_owned())]);
        let table = |row: &str| Corpora::parse(&format!("file\tconvention\tspelling\tweight\n{row}\n"), &files);
        assert_eq!(table("a.conll\tnews\tjoined\t1").unwrap().corpora[0].articles.len(), 1);
        let error = |row: &str| table(row).unwrap_err().to_string();
        assert_eq!(error("b.conll\tnews\tjoined\t1"), "corpora.tsv, line 2: file \"b.conll\" is not there");
        assert_eq!(
            error("a.conll\tnews\tapart\t1"),
            "corpora.tsv, line 2: spelling \"apart\" is neither joined nor split"
        );
        assert_eq!(error("a.conll\tnews\tjoined\tx"), "corpora.tsv, line 2: weight \"x\" is no number");
        assert_eq!(error("a.conll"), "corpora.tsv, line 2: 1 columns where 4 are read");
    }
}
