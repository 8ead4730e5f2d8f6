//! Tags and characters to blocks, with a stack of open elements.

use rustc_hash::FxHashMap;

use super::Caps;
use super::drafts::{self, Draft};
use super::head::Head;
use super::regions::{self, MAX_META, Region};
use super::tags::{BLOCK, FRAGILE, LOOK, REGION, SCOPE, Tag, UNSEEN, VOID};
use super::tokens::{Attributes, Handler};
use super::{hints, images};
use crate::decode::reject;
use crate::decode::source::Source;
use crate::record::{Article, Reason, Reject, SourceBlock, SourceKind};

/// A longer text of an element marked as the author tells about one, in code points.
const MAX_AUTHOR: usize = 60;
/// A longer heading is no time of day or date, whatever its name, in code points.
const MAX_TIME: usize = 40;
/// An open element and what it hands down.
#[derive(Debug, Clone, Copy)]
struct Open {
    tag: Tag,
    /// Its end tag was read while blocks inside it were open.
    ended: bool,
    unseen: bool,
    link: bool,
    meta: bool,
    /// Elements around it that are named as a byline, and not asked inside of it.
    metas: usize,
    headline: bool,
    author: bool,
    /// Named as a picture; how many images were read before it.
    picture: Option<usize>,
    kind: SourceKind,
    region: usize,
    /// Index of its language, `None` for the page's own.
    language: Option<usize>,
    /// Blocks that were there before it.
    blocks: usize,
}

const OUTSIDE: Open = Open {
    tag: Tag::Html,
    ended: false,
    unseen: false,
    link: false,
    meta: false,
    metas: 0,
    headline: false,
    author: false,
    picture: None,
    kind: SourceKind::Paragraph,
    region: 0,
    language: None,
    blocks: 0,
};

#[derive(Debug)]
pub(super) struct Page<'a> {
    text: &'a str,
    caps: Caps,
    nodes: usize,
    stack: Vec<Open>,
    /// How many elements of a kind are open: an end tag of none costs nothing.
    open: FxHashMap<Tag, usize>,
    unseen: usize,
    links: usize,
    metas: usize,
    fragile: usize,
    cells: usize,
    images: usize,
    languages: Vec<String>,
    regions: Vec<Region>,
    drafts: Vec<Draft>,
    current: Option<Draft>,
    /// White space was read since the last word.
    blank: bool,
    /// An element began or ended since the last word.
    seam: bool,
    head: Head,
    too_complex: Option<String>,
}

impl<'a> Page<'a> {
    pub(super) fn new(text: &'a str, caps: Caps) -> Self {
        Self {
            text,
            caps,
            nodes: 0,
            stack: Vec::new(),
            open: FxHashMap::default(),
            unseen: 0,
            links: 0,
            metas: 0,
            fragile: 0,
            cells: 0,
            images: 0,
            languages: Vec::new(),
            regions: vec![Region::root()],
            drafts: Vec::new(),
            current: None,
            blank: false,
            seam: false,
            head: Head::default(),
            too_complex: None,
        }
    }

    pub(super) fn finish(mut self, source: &Source<'_>) -> Result<Article, Reject> {
        if let Some(message) = self.too_complex {
            return Err(reject(Reason::HtmlTooComplex, message));
        }
        self.close_from(0);
        self.flush();
        drafts::mark_headline(&mut self.drafts);
        let ld = self.head.json_ld();
        let body = ld.as_ref().and_then(|ld| ld.body.as_deref());
        let title = ld.as_ref().and_then(|ld| ld.headline.as_deref()).or(self.head.title()).map(str::to_owned);
        let title = title.or_else(|| self.head.shown_title(&self.drafts));
        let weights = regions::weigh(&mut self.regions, &mut self.drafts, title.as_deref(), body);
        let crumbs = regions::breadcrumbs(&self.regions, &self.drafts);
        let (page_language, languages) = (self.head.language.clone(), self.languages);
        let mut blocks = Vec::with_capacity(self.drafts.len());
        for (draft, weight) in self.drafts.into_iter().zip(weights) {
            let language = draft.language.and_then(|index| languages.get(index)).cloned();
            blocks.push(SourceBlock {
                kind: draft.kind,
                link_density: draft.link_density(),
                weight,
                language: language.filter(|language| Some(language) != page_language.as_ref()),
                piece: draft.piece(source),
            });
        }
        Ok(self.head.into_article(ld, blocks, crumbs, source))
    }

    /// An empty block where the page is read now.
    fn draft(&self) -> Draft {
        let Open { kind, region, language, headline, .. } = self.top();
        Draft { kind, region, language, headline, cell: self.cells, ..Draft::default() }
    }

    fn top(&self) -> Open {
        self.stack.last().copied().unwrap_or(OUTSIDE)
    }

    fn is_open(&self, tag: Tag) -> bool {
        self.open.get(&tag).is_some_and(|count| *count > 0)
    }

    /// Ends the block that is being read.
    fn flush(&mut self) {
        self.blank = false;
        let Some(mut draft) = self.current.take() else { return };
        if draft.text().trim().is_empty() {
            return;
        }
        // A heading named as a time may hold more than that: «11.04 Uhr: …».
        let most = if matches!(draft.kind, SourceKind::Heading(_)) { MAX_TIME } else { MAX_META };
        if draft.meta_chars * 5 >= draft.chars * 4 && draft.chars <= most {
            draft.kind = SourceKind::Meta;
        }
        self.drafts.push(draft);
    }

    fn start_element(&mut self, tag: Tag, attributes: &Attributes) {
        if matches!(tag, Tag::Html | Tag::Body) {
            self.head.page_element(attributes);
            return;
        }
        if tag.is(BLOCK) && self.fragile > 0 {
            self.close_fragile();
        }
        self.imply_ends(tag);
        if tag.is(BLOCK) && !matches!(tag, Tag::Td | Tag::Th) || tag == Tag::Br {
            self.flush();
        }
        if self.unseen == 0 {
            self.head.element(tag, attributes);
        }
        if tag == Tag::Img && self.unseen == 0 {
            self.images += 1;
            self.image(attributes);
        }
        if tag.is(VOID | LOOK) {
            return;
        }
        if matches!(tag, Tag::Td | Tag::Th) {
            self.flush();
            self.cells += 1;
        }
        let opened = self.opened(tag, attributes);
        if self.stack.len() >= self.caps.depth {
            self.too_complex = Some(format!("elements nested deeper than decode.max_html_depth = {}", self.caps.depth));
        }
        self.enter(opened);
        self.part_from_list(tag);
        // Bylines and dates stand apart by the style sheet alone.
        self.blank |= opened.meta;
    }

    /// An item with a heading of its own is a card or an article, and what
    /// follows in it running text.
    fn part_from_list(&mut self, tag: Tag) {
        if tag.heading().is_none() || !self.is_open(Tag::Li) {
            return;
        }
        for open in self.stack.iter_mut().rev() {
            if open.kind == SourceKind::ListItem {
                open.kind = SourceKind::Paragraph;
            }
            if open.tag == Tag::Li {
                return;
            }
        }
    }

    /// A caption in the image's attributes, before the block that it stands in.
    fn image(&mut self, attributes: &Attributes) {
        let Some(text) = images::caption(attributes) else { return };
        self.drafts.push(Draft::caption(self.draft(), text));
    }

    /// The element with what it inherits and what its attributes say.
    fn opened(&mut self, tag: Tag, attributes: &Attributes) -> Open {
        let above = self.top();
        let hint = hints::hint(tag, attributes);
        let meta = tag == Tag::Address || hint >= 0 && hints::is_meta(attributes);
        let region = if tag.is(REGION) || hint != 0 || meta && tag.is(BLOCK) {
            let mut region = Region::new(above.region, hint, tag, meta, self.drafts.len());
            region.crumbs = hint < 0 && hints::is_crumbs(attributes)
                || self.regions.get(above.region).is_some_and(|above| above.crumbs);
            self.regions.push(region);
            self.regions.len() - 1
        } else {
            above.region
        };
        let kind = match tag {
            _ if tag.heading().is_some() => SourceKind::Heading(tag.heading().unwrap_or(6)),
            Tag::Blockquote => SourceKind::Quote,
            // What a picture's frame holds besides is its credit or its number.
            Tag::Figure | Tag::Figcaption | Tag::Caption => SourceKind::Caption,
            Tag::Li | Tag::Dd | Tag::Dt => SourceKind::ListItem,
            Tag::Article | Tag::Main | Tag::Td | Tag::Th => SourceKind::Paragraph,
            _ if hints::is_caption(attributes) => SourceKind::Caption,
            _ => above.kind,
        };
        let language = attributes.get("lang").or_else(|| attributes.get("xml:lang")).map(str::trim);
        let language = match language.filter(|language| !language.is_empty() && language.len() < 40) {
            Some(language) => {
                self.languages.push(language.to_owned());
                Some(self.languages.len() - 1)
            }
            None => above.language,
        };
        Open {
            tag,
            ended: false,
            unseen: tag.is(UNSEEN)
                || hints::is_hidden(tag, attributes)
                || !tag.is(BLOCK) && hints::is_hover_box(attributes),
            link: tag == Tag::A && attributes.get("href").is_some(),
            meta: tag == Tag::Time || meta && !tag.is(BLOCK),
            metas: 0,
            headline: above.headline || tag.heading().is_some() && hints::has_property(attributes, "headline"),
            author: meta && hints::has_property(attributes, "author"),
            picture: (tag.is(REGION) && hints::is_picture(attributes)).then_some(self.images),
            kind,
            region,
            language,
            blocks: self.drafts.len(),
        }
    }

    fn enter(&mut self, mut opened: Open) {
        // What holds paragraphs and headings is no byline, whatever its name.
        if opened.tag == Tag::P || opened.tag.heading().is_some() {
            opened.metas = std::mem::take(&mut self.metas);
        }
        self.seam = true;
        *self.open.entry(opened.tag).or_default() += 1;
        self.unseen += usize::from(opened.unseen);
        self.links += usize::from(opened.link);
        self.metas += usize::from(opened.meta);
        self.fragile += usize::from(opened.tag.is(FRAGILE));
        self.stack.push(opened);
    }

    /// Takes back what the element added to the counters.
    fn leave(&mut self, left: Open) {
        if left.ended {
            return;
        }
        if let Some(count) = self.open.get_mut(&left.tag) {
            *count = count.saturating_sub(1);
        }
        self.unseen = self.unseen.saturating_sub(usize::from(left.unseen));
        self.links = self.links.saturating_sub(usize::from(left.link));
        self.metas = self.metas.saturating_sub(usize::from(left.meta)) + left.metas;
        self.blank |= left.meta;
        self.seam = true;
        self.fragile = self.fragile.saturating_sub(usize::from(left.tag.is(FRAGILE)));
    }

    /// Closes every element from that place on.
    fn close_from(&mut self, place: usize) {
        while self.stack.len() > place {
            let Some(left) = self.stack.pop() else { return };
            if left.tag.is(BLOCK) {
                self.flush();
            }
            if left.tag == Tag::Tr {
                drafts::join_row(&mut self.drafts, left.blocks);
            }
            if left.unseen && left.tag == Tag::Title || left.tag == Tag::Script {
                self.head.end_capture();
            }
            if left.tag == Tag::Figure {
                drafts::drop_second_caption(&mut self.drafts, left.blocks);
            }
            if left.author {
                self.name_author(left.blocks);
            }
            if left.picture.is_some_and(|before| self.images > before) {
                drafts::mark_caption(&mut self.drafts, left.blocks);
            }
            self.leave(left);
        }
    }

    /// The text of an element that microdata calls the author.
    fn name_author(&mut self, first: usize) {
        let blocks = self.drafts.get(first..).unwrap_or_default().iter().chain(&self.current);
        let names: Vec<&str> = blocks.map(|draft| draft.text().trim()).filter(|text| !text.is_empty()).collect();
        if let [name] = names.as_slice()
            && name.chars().count() <= MAX_AUTHOR
        {
            self.head.author(name);
        }
    }

    /// Elements whose end tag is left out where this one begins.
    fn imply_ends(&mut self, tag: Tag) {
        const MAY_END: &[Tag] = &[
            Tag::P,
            Tag::Li,
            Tag::Dd,
            Tag::Dt,
            Tag::Option,
            Tag::Td,
            Tag::Th,
            Tag::Tr,
            Tag::Tbody,
            Tag::Thead,
            Tag::Tfoot,
            Tag::Button,
            Tag::H1,
            Tag::H2,
            Tag::H3,
            Tag::H4,
            Tag::H5,
            Tag::H6,
            Tag::A,
        ];
        for &other in MAY_END.iter().filter(|other| tag.ends(**other)) {
            if !self.is_open(other) {
                continue;
            }
            let found =
                self.stack.iter().rposition(|open| open.tag == other && !open.ended || open.tag.shelters(other));
            let Some(place) = found.filter(|place| self.stack.get(*place).is_some_and(|open| open.tag == other)) else {
                continue;
            };
            if other == Tag::A { self.end_inline(place) } else { self.close_from(place) }
        }
    }

    fn close_fragile(&mut self) {
        while let Some(place) = self.stack.iter().rposition(|open| open.tag.is(FRAGILE | BLOCK)) {
            if !self.stack.get(place).is_some_and(|open| open.tag.is(FRAGILE)) {
                return;
            }
            self.close_from(place);
        }
    }

    /// Ends an element; blocks inside it stay open, as in `<a><p></a>`.
    fn end_inline(&mut self, place: usize) {
        let inside = self.stack.get(place + 1..).unwrap_or_default();
        if !inside.iter().any(|open| open.tag.is(BLOCK)) {
            return self.close_from(place);
        }
        let Some(open) = self.stack.get(place).copied() else { return };
        self.leave(open);
        if let Some(open) = self.stack.get_mut(place) {
            open.ended = true;
        }
    }

    fn end_element(&mut self, tag: Tag) {
        if matches!(tag, Tag::Html | Tag::Body) || tag.is(LOOK) {
            return;
        }
        if tag.is(BLOCK) || tag == Tag::Br {
            self.flush();
        }
        if !self.is_open(tag) {
            return;
        }
        let in_table = matches!(tag, Tag::Table | Tag::Tr | Tag::Td | Tag::Th | Tag::Tbody | Tag::Thead | Tag::Tfoot);
        let found = self.stack.iter().rposition(|open| {
            let border = if in_table { open.tag == Tag::Table } else { open.tag.is(SCOPE) };
            open.tag == tag && !open.ended || border
        });
        let Some(place) = found.filter(|place| self.stack.get(*place).is_some_and(|open| open.tag == tag)) else {
            return;
        };
        if tag.is(BLOCK | UNSEEN) { self.close_from(place) } else { self.end_inline(place) }
    }

    fn word(&mut self, word: &str, start: usize, end: usize) {
        let (mut blank, seam) = (std::mem::take(&mut self.blank), std::mem::take(&mut self.seam));
        if self.current.is_none() {
            self.current = Some(self.draft());
        }
        let Some(draft) = &mut self.current else { return };
        blank |= seam && draft.ends_kicker(word);
        if blank && !draft.text().is_empty() {
            draft.growing.bridge(" ", start);
            draft.chars += 1;
            draft.link_chars += usize::from(self.links > 0);
            draft.meta_chars += usize::from(self.metas > 0);
        }
        draft.growing.push(word, start, end);
        let chars = word.chars().count();
        draft.chars += chars;
        draft.link_chars += if self.links > 0 { chars } else { 0 };
        draft.meta_chars += if self.metas > 0 { chars } else { 0 };
    }
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0C)
}

impl Handler for &mut Page<'_> {
    fn text(&mut self, text: &str, start: usize, end: usize) {
        if self.unseen > 0 {
            self.head.capture(text);
            return;
        }
        let as_is = self.text.get(start..end) == Some(text);
        let lines = self.is_open(Tag::Pre);
        let mut at = 0;
        while let Some(first) = text.as_bytes().get(at).copied() {
            if is_space(first) {
                if lines && first == b'\n' {
                    self.flush();
                }
                self.blank = true;
                at += 1;
                continue;
            }
            let rest = text.get(at..).unwrap_or_default();
            let length = rest.bytes().position(is_space).unwrap_or(rest.len());
            let word = rest.get(..length).unwrap_or_default();
            let (from, to) = if as_is { (start + at, start + at + length) } else { (start, end) };
            self.word(word, from, to);
            at += length;
        }
    }

    fn open(&mut self, name: &[u8], attributes: &Attributes) -> bool {
        self.nodes += 1;
        if self.nodes > self.caps.nodes {
            self.too_complex = Some(format!("more elements than decode.max_html_nodes = {}", self.caps.nodes));
        } else {
            self.start_element(Tag::of(name), attributes);
        }
        self.too_complex.is_none()
    }

    fn close(&mut self, name: &[u8]) -> bool {
        self.end_element(Tag::of(name));
        true
    }
}
