//! Where in a JSON object the fields of an article stand: JSON Pointers, those
//! that are configured before those of a preset.

use super::options::{Options, Preset};

/// What a pointer names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    Url,
    CanonicalUrl,
    Site,
    Title,
    Section,
    Lead,
    Byline,
    Published,
    Modified,
    Language,
    Text,
    Html,
}

impl Field {
    /// In the order of [`super::options::Fields`].
    pub(super) const ALL: [Self; 13] = [
        Self::Id,
        Self::Url,
        Self::CanonicalUrl,
        Self::Site,
        Self::Title,
        Self::Section,
        Self::Lead,
        Self::Byline,
        Self::Published,
        Self::Modified,
        Self::Language,
        Self::Text,
        Self::Html,
    ];

    /// Without these there is no article; a guess that meets the wrong type is
    /// an error, too.
    pub(super) const fn is_vital(self) -> bool {
        matches!(self, Self::Title | Self::Text | Self::Html)
    }

    pub(super) const fn takes_number(self) -> bool {
        matches!(self, Self::Id | Self::Published | Self::Modified)
    }

    pub(super) const fn takes_list(self) -> bool {
        matches!(self, Self::Byline | Self::Section)
    }
}

/// A JSON Pointer (RFC 6901).
#[derive(Debug, Clone)]
pub(super) struct Pointer {
    pub written: String,
    pub tokens: Vec<String>,
}

impl Pointer {
    /// `None` where it does not begin with `/` or holds a broken escape.
    pub(super) fn parse(written: &str) -> Option<Self> {
        let tokens = written.strip_prefix('/')?.split('/').map(|token| {
            let plain = token.replace("~1", "").replace("~0", "");
            (!plain.contains('~')).then(|| token.replace("~1", "/").replace("~0", "~"))
        });
        Some(Self { written: written.to_owned(), tokens: tokens.collect::<Option<_>>()? })
    }
}

/// A pointer in the list of one field.
#[derive(Debug)]
pub(super) struct Way {
    pub field: Field,
    pub pointer: Pointer,
    /// Nobody named it: it is only tried, and passed over if it does not fit.
    pub guess: bool,
}

/// Every way of one preset, field by field.
#[derive(Debug)]
pub(super) struct Ways {
    pub preset: Preset,
    pub ways: Vec<Way>,
}

impl Ways {
    pub(super) fn new(options: &Options, preset: Preset) -> Self {
        let mut ways: Vec<Way> = Vec::new();
        for (field, (_, written)) in Field::ALL.into_iter().zip(options.fields.lists()) {
            let of = |preset: Preset| {
                let lists = preset.pointers().iter().filter(move |(name, _)| *name == field);
                lists.flat_map(|(_, pointers)| pointers.iter().copied())
            };
            let named = written.iter().map(String::as_str).map(|pointer| (pointer, false));
            let known = of(preset).map(|pointer| (pointer, preset == Preset::Auto));
            let tried = if options.preset == Preset::Auto { Preset::Auto } else { Preset::None };
            let guesses = of(tried).map(|pointer| (pointer, true));
            for (written, guess) in named.chain(known).chain(guesses) {
                let known = ways.iter().any(|way| way.field == field && way.pointer.written == written);
                if let Some(pointer) = Pointer::parse(written).filter(|_| !known) {
                    ways.push(Way { field, pointer, guess });
                }
            }
        }
        Self { preset, ways }
    }
}
