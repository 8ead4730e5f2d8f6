//! Names that are meant in texts of one language alone.

/// A language besides Arabic with names of its own in the lists. What it calls a
/// thing may be an ordinary word elsewhere, so its names are looked for in its
/// texts only: their words stand in the file with its code before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::tag) enum Language {
    English,
    French,
    Persian,
    Kurdish,
}

impl Language {
    const ALL: [Self; 4] = [Self::English, Self::French, Self::Persian, Self::Kurdish];

    /// The language of a tag, whatever its region: `en`, `fr-MA`, `fa`, `ckb`.
    pub(in crate::tag) fn of(tag: &str) -> Option<Self> {
        let code = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
            Self::Persian => "fa",
            Self::Kurdish => "ckb",
        }
    }

    /// Names begin with capital letters.
    pub(in crate::tag) const fn has_capitals(self) -> bool {
        matches!(self, Self::English | Self::French)
    }

    /// The word as the file has it, the same for no other language.
    pub(in crate::tag) fn marked(self, word: &str) -> String {
        format!("{}:{word}", self.code())
    }
}
