//! html5gum's tokens as text with exact positions and tags with the few
//! attributes that matter.

use html5gum::{Emitter, Error, State, Tokenizer};

#[cfg(test)]
mod html5lib;

/// What reads a page.
pub(super) trait Handler {
    /// Characters that stand at `start..end` of the page, entities decoded.
    fn text(&mut self, text: &str, start: usize, end: usize);
    /// A start tag that stands at `start..end`. `false` ends the reading.
    fn open(&mut self, name: &[u8], attributes: &Attributes) -> bool;
    fn close(&mut self, name: &[u8]) -> bool;
}

/// Attributes of a tag as read; of equal names the first counts.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    names: String,
    values: String,
    /// Ends of each name and value.
    ends: Vec<(usize, usize)>,
    /// Bytes of a character that is not yet whole.
    part: Vec<u8>,
}

/// More attributes are no page's but an attack's.
const MAX_ATTRIBUTES: usize = 64;

impl Attributes {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut starts = (0, 0);
        for &ends in &self.ends {
            if self.names.get(starts.0..ends.0) == Some(name) {
                return self.values.get(starts.1..ends.1);
            }
            starts = ends;
        }
        None
    }

    fn clear(&mut self) {
        self.names.clear();
        self.values.clear();
        self.ends.clear();
        self.part.clear();
    }

    fn push_name(&mut self, bytes: &[u8]) {
        if self.ends.len() < MAX_ATTRIBUTES {
            push_whole(&mut self.names, &mut self.part, bytes);
        }
    }

    fn push_value(&mut self, bytes: &[u8]) {
        if self.ends.len() < MAX_ATTRIBUTES {
            push_whole(&mut self.values, &mut self.part, bytes);
        }
    }

    fn close(&mut self) {
        if self.ends.len() < MAX_ATTRIBUTES {
            self.ends.push((self.names.len(), self.values.len()));
        }
    }
}

/// The tokenizer gives the first byte of a name or of a value without quotes
/// alone, which may be the first of a longer character.
fn push_whole(text: &mut String, part: &mut Vec<u8>, bytes: &[u8]) {
    match std::str::from_utf8(bytes) {
        Ok(whole) if part.is_empty() => text.push_str(whole),
        _ => {
            part.extend_from_slice(bytes);
            if let Ok(whole) = std::str::from_utf8(part) {
                text.push_str(whole);
                part.clear();
            }
        }
    }
}

#[cfg(test)]
impl Attributes {
    pub(super) fn of(pairs: &[(&str, &str)]) -> Self {
        let mut attributes = Self::default();
        for (name, value) in pairs {
            attributes.names.push_str(name);
            attributes.values.push_str(value);
            attributes.close();
        }
        attributes
    }
}

/// Reads the page to its end or to where the handler has had enough.
pub(super) fn read(page: &str, handler: impl Handler) {
    // Nothing comes out but the one token that says "enough".
    Tokenizer::new_with_emitter(page, Tokens::new(page, handler)).next();
}

/// The one token that comes out: stop.
#[derive(Debug)]
struct Enough;

struct Tokens<'a, H> {
    page: &'a str,
    handler: H,
    position: usize,
    /// Where the last characters ended.
    text_end: usize,
    /// Bytes of a character that is not yet whole, and where it starts.
    part: Vec<u8>,
    part_start: usize,
    name: Vec<u8>,
    last_start: Vec<u8>,
    is_end: bool,
    in_attribute: bool,
    attributes: Attributes,
    enough: bool,
}

impl<'a, H> Tokens<'a, H> {
    fn new(page: &'a str, handler: H) -> Self {
        Self {
            page,
            handler,
            position: 0,
            text_end: 0,
            part: Vec::new(),
            part_start: 0,
            name: Vec::new(),
            last_start: Vec::new(),
            is_end: false,
            in_attribute: false,
            attributes: Attributes::default(),
            enough: false,
        }
    }

    fn begin_tag(&mut self, is_end: bool) {
        self.name.clear();
        self.attributes.clear();
        self.is_end = is_end;
        self.in_attribute = false;
    }

    fn end_attribute(&mut self) {
        if std::mem::take(&mut self.in_attribute) {
            self.attributes.close();
        }
    }
}

impl<H: Handler> Emitter for Tokens<'_, H> {
    type Token = Enough;

    fn set_last_start_tag(&mut self, name: Option<&[u8]>) {
        self.last_start.clear();
        self.last_start.extend_from_slice(name.unwrap_or_default());
    }

    fn emit_eof(&mut self) {}

    fn emit_error(&mut self, _: Error) {}

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn pop_token(&mut self) -> Option<Enough> {
        std::mem::take(&mut self.enough).then_some(Enough)
    }

    fn init_string(&mut self) {
        self.text_end = self.position;
    }

    fn emit_string(&mut self, bytes: &[u8]) {
        // Of a line break of two bytes the first was given already, as all of it.
        let skipped = self.page.as_bytes().get(self.text_end) == Some(&b'\n') && bytes.first() != Some(&b'\n');
        self.text_end += usize::from(skipped);
        // After an entity or a stray `<` the tokenizer gives one byte alone, which
        // may be the first of a longer character.
        match std::str::from_utf8(bytes) {
            Ok(text) if self.part.is_empty() => self.handler.text(text, self.text_end, self.position),
            _ => {
                if self.part.is_empty() {
                    self.part_start = self.text_end;
                }
                self.part.extend_from_slice(bytes);
                if let Ok(text) = std::str::from_utf8(&self.part) {
                    self.handler.text(text, self.part_start, self.position);
                    self.part.clear();
                }
            }
        }
        self.text_end = self.position;
    }

    fn init_start_tag(&mut self) {
        self.begin_tag(false);
    }

    fn init_end_tag(&mut self) {
        self.begin_tag(true);
    }

    fn init_comment(&mut self) {}

    fn emit_current_tag(&mut self) -> Option<State> {
        self.end_attribute();
        if self.is_end {
            self.last_start.clear();
            self.enough |= !self.handler.close(&self.name);
            return None;
        }
        std::mem::swap(&mut self.last_start, &mut self.name);
        self.enough |= !self.handler.open(&self.last_start, &self.attributes);
        html5gum::naive_next_state(&self.last_start)
    }

    fn emit_current_comment(&mut self) {}

    fn emit_current_doctype(&mut self) {}

    fn set_self_closing(&mut self) {}

    fn set_force_quirks(&mut self) {}

    fn push_tag_name(&mut self, bytes: &[u8]) {
        self.name.extend_from_slice(bytes);
    }

    fn push_comment(&mut self, _: &[u8]) {}

    fn push_doctype_name(&mut self, _: &[u8]) {}

    fn init_doctype(&mut self) {}

    fn init_attribute(&mut self) {
        self.end_attribute();
        self.in_attribute = true;
    }

    fn push_attribute_name(&mut self, bytes: &[u8]) {
        self.attributes.push_name(bytes);
    }

    fn push_attribute_value(&mut self, bytes: &[u8]) {
        self.attributes.push_value(bytes);
    }

    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}

    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}

    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}

    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.is_end && !self.last_start.is_empty() && self.last_start == self.name
    }

    fn move_position(&mut self, offset: isize) {
        self.position = self.position.saturating_add_signed(offset);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Default)]
    struct Seen<'a> {
        page: &'a str,
        text: String,
        tags: Vec<String>,
        wrong: Vec<String>,
        last: usize,
    }

    impl Handler for &mut Seen<'_> {
        fn text(&mut self, text: &str, start: usize, end: usize) {
            let raw = self.page.get(start..end);
            let fits = raw.is_some_and(|raw| raw == text || raw.starts_with('&') || "\r\0".contains(raw.trim()));
            if !fits || start < self.last {
                self.wrong.push(format!("{text:?} at {start}..{end} {raw:?}"));
            }
            self.last = end;
            self.text.push_str(text);
        }

        fn open(&mut self, name: &[u8], attributes: &Attributes) -> bool {
            let name = String::from_utf8_lossy(name);
            self.tags.push(format!("{name} {:?} {:?}", attributes.get("class"), attributes.get("href")));
            name != "end"
        }

        fn close(&mut self, name: &[u8]) -> bool {
            self.tags.push(format!("/{}", String::from_utf8_lossy(name)));
            true
        }
    }

    fn seen(page: &str) -> Seen<'_> {
        let mut seen = Seen { page, ..Seen::default() };
        read(page, &mut seen);
        seen
    }

    #[test]
    fn text_and_tags_with_their_attributes() {
        let seen = seen("<P Class='a &amp; b' class=c href=\"/x\">ab&amp;c &#1593;&nbsp;&foo; &lt <!-- no -->d<br/>");
        assert_eq!(seen.text, "ab&c ع\u{A0}&foo; < d");
        assert_eq!(seen.tags, ["p Some(\"a & b\") Some(\"/x\")", "br None None"]);
        assert_eq!(seen.wrong, [""; 0]);
    }

    #[test]
    fn attributes_without_quotes_may_begin_with_any_letter() {
        let seen = seen("<p class=خبر href=/سياسة>");
        assert_eq!(seen.tags, ["p Some(\"خبر\") Some(\"/سياسة\")"]);
    }

    #[test]
    fn scripts_are_not_parsed_and_the_reader_may_stop() {
        let seen = seen("<script>a<b>c</script><end><p>never");
        assert_eq!((seen.text.as_str(), seen.tags.len()), ("a<b>c", 3));
    }

    #[test]
    fn a_line_break_of_two_bytes_moves_nothing() {
        for page in ["\r\n-->", "a\r\nb\r\n\r\nc<p>\r\nd"] {
            assert_eq!(seen(page).wrong, Vec::<String>::new(), "{page:?}");
        }
    }

    #[test]
    fn no_character_is_lost_behind_an_entity() {
        for (page, text) in [("&quot;أول&quot;ثان", "\"أول\"ثان"), ("3 <ث &x أ;ب", "3 <ث &x أ;ب")] {
            let seen = seen(page);
            assert_eq!((seen.text.as_str(), seen.wrong.len()), (text, 0));
        }
    }

    proptest! {
        #[test]
        fn all_text_comes_out(page in "([ء-ي ;#x1😀]|&[ء-يx ]|< |<[ء-ي]){0,60}") {
            prop_assert_eq!(seen(&page).text, page);
        }

        #[test]
        fn characters_stand_where_they_are_said_to(page in "([a-zء-ي<>/& ;#x1\r\n!-]|&amp;|&#1593;|<p>|</p>|&lt|<!--|-->){0,60}") {
            prop_assert_eq!(seen(&page).wrong, Vec::<String>::new());
        }
    }
}
