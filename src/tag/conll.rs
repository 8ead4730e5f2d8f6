//! Tagging of tokens that somebody else cut, for scoring on foreign sets.

use super::Tagger;
use super::linear::Convention;
use super::mentions::Candidate;
use super::model::Heard;
use super::page::Page;
use super::tokens::Tokens;
use crate::letters;
use crate::record::{EntityType, MatchSpan};

/// Sentences read as one article: neighbours in a corpus mostly are.
const TOGETHER: usize = 24;

impl Tagger {
    /// One IOB2 tag a token (`O`, `B-PER`, `I-LOC` …; PER ORG LOC MISC), as
    /// many as there are tokens, in the same order.
    #[must_use]
    pub fn conll(&self, sentences: &[Vec<&str>], convention: Convention) -> Vec<Vec<&'static str>> {
        sentences.chunks(TOGETHER).flat_map(|chunk| self.conll_article(chunk, convention)).collect()
    }

    fn conll_article(&self, sentences: &[Vec<&str>], convention: Convention) -> Vec<Vec<&'static str>> {
        self.on_page(sentences, |page, shown| {
            let heard = self.read_given(page, shown, convention);
            let mentions = self.mentions(page, convention, heard.as_ref());
            let mut tags = tags(&mentions, page.len()).into_iter();
            let of_sentence = |sentence: &Vec<&str>| {
                let tags_of = tags.by_ref().take(sentence.len()).collect();
                tags.next();
                tags_of
            };
            sentences.iter().map(of_sentence).collect()
        })
    }

    /// The sentences as a page on which each token stands as it was given, and
    /// a break after each sentence.
    pub(super) fn on_page<T>(&self, sentences: &[Vec<&str>], then: impl FnOnce(&Page<'_>, &[&str]) -> T) -> T {
        let mut text = String::new();
        let mut spans = Vec::new();
        let mut shown: Vec<&str> = Vec::new();
        for sentence in sentences {
            for token in sentence {
                let folded = letters::fold(token);
                spans.push(core(&folded, text.len()));
                shown.push(token);
                text.push_str(&folded);
                text.push(' ');
            }
            spans.push(MatchSpan::new(text.len(), text.len() + 1));
            shown.push("");
            text.push('\n');
        }
        let tokens = Tokens::given(&text, &spans);
        let page =
            Page::new(tokens, &self.gazetteer, |index, _| shown.get(index).is_some_and(|token| token.ends_with('ي')));
        then(&page, &shown)
    }
}

impl Tagger {
    #[cfg(feature = "neural")]
    fn read_given(&self, page: &Page<'_>, shown: &[&str], convention: Convention) -> Option<Heard> {
        let words = super::neural::Words::given(shown);
        self.neural.as_ref().and_then(|neural| neural.read_words(page, &words, convention, usize::MAX, &mut || false))
    }

    #[cfg(not(feature = "neural"))]
    fn read_given(&self, _: &Page<'_>, _: &[&str], _: Convention) -> Option<Heard> {
        None
    }
}

/// The token without the marks that cling to it.
fn core(token: &str, at: usize) -> MatchSpan {
    let inner = token.trim_matches(|letter: char| !letter.is_alphanumeric());
    if inner.is_empty() {
        return MatchSpan::new(at, at + token.len());
    }
    let start = at + token.find(inner).unwrap_or_default();
    MatchSpan::new(start, start + inner.len())
}

fn tags(mentions: &[Candidate], tokens: usize) -> Vec<&'static str> {
    let mut tags = vec!["O"; tokens];
    for mention in mentions {
        let (begin, inside) = match mention.kind {
            EntityType::Person => ("B-PER", "I-PER"),
            EntityType::Organization => ("B-ORG", "I-ORG"),
            EntityType::Place => ("B-LOC", "I-LOC"),
            EntityType::Event | EntityType::Other => ("B-MISC", "I-MISC"),
        };
        for index in mention.first..=mention.last {
            if let Some(tag) = tags.get_mut(index) {
                *tag = if index == mention.first { begin } else { inside };
            }
        }
    }
    tags
}
