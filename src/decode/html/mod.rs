//! A page to blocks and metadata.
//!
//! One pass of a WHATWG tokenizer over the page builds blocks of text with a
//! small stack of open elements, no tree. Each block belongs to a region (a
//! container element); when the page has been read, the regions are scored and
//! every block is given a weight: article or furniture. Nothing that is shown
//! is dropped here, so that the line classifier has the last word and can say
//! what it removed.
//!
//! Time is linear in the page: every element is pushed and popped once, the
//! stack is at most `decode.max_html_depth` deep, and regions are summed in one
//! walk from the last to the first.

mod drafts;
mod head;
mod hints;
mod images;
mod json_ld;
mod page;
mod parts;
mod regions;
mod tags;
mod tokens;

use super::source::Source;
use crate::record::{Article, Reject};

/// What a page may have at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caps {
    pub nodes: usize,
    pub depth: usize,
}

/// # Errors
/// [`crate::record::Reason::HtmlTooComplex`] where a cap is reached.
pub(super) fn article(source: &Source<'_>, caps: Caps) -> Result<Article, Reject> {
    let mut page = page::Page::new(&source.text, caps);
    tokens::read(&source.text, &mut page);
    page.finish(source)
}

/// The characters of a string that may hold entities and tags.
fn plain_text(html: &str) -> String {
    struct Plain(String);
    impl tokens::Handler for &mut Plain {
        fn text(&mut self, text: &str, _: usize, _: usize) {
            self.0.push_str(text);
        }

        fn open(&mut self, _: &[u8], _: &tokens::Attributes) -> bool {
            self.0.push(' ');
            true
        }

        fn close(&mut self, _: &[u8]) -> bool {
            self.0.push(' ');
            true
        }
    }
    let mut plain = Plain(String::with_capacity(html.len()));
    if html.contains(['&', '<']) {
        tokens::read(html, &mut plain);
    } else {
        plain.0.push_str(html);
    }
    plain.0.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
