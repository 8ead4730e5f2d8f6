//! Which punctuation stands in a line, told while its key is made: most lines
//! have none of what a search looks for, and need not be searched.

/// A set of marks. Those of ASCII have a bit each; of the others all characters
/// of a range share one, letters among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks(u64);

impl Marks {
    /// Not a mark: something may change on the way to the display form.
    pub(super) const CHANGES: Self = Self(1 << 63);

    pub(super) const fn of(marks: &[char]) -> Self {
        let (mut set, mut index) = (0, 0);
        while index < marks.len() {
            set |= Self::of_one(marks[index]).0;
            index += 1;
        }
        Self(set)
    }

    pub(super) const fn of_one(mark: char) -> Self {
        Self(1 << Self::place(mark))
    }

    /// The place of a mark in the set; 0 is for what is none: letters of ASCII and
    /// what nobody sees.
    const fn place(mark: char) -> u8 {
        match mark {
            '!'..='@' => mark as u8 - 0x20,
            '['..='`' => mark as u8 - 0x5B + 0x21,
            '{'..='~' => mark as u8 - 0x7B + 0x27,
            '\0'..='\u{7F}' => 0,
            // What may end a sentence, apart from what else stands in most of them.
            '؟' | '۔' => 0x2E,
            '…' | '。' => 0x2F,
            '\u{600}'..='\u{6FF}' => 0x2B,
            '\u{80}'..='\u{7FF}' => 0x2C,
            _ => 0x2D,
        }
    }

    pub(super) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether one of the others may be among them; if not, none is.
    pub(super) const fn may_have(self, others: Self) -> bool {
        self.0 & others.0 & !1 != 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::key;
    use super::super::phrases::tests::TABLES;
    use super::*;

    #[test]
    fn marks_of_ascii_have_a_bit_each() {
        let marks: Vec<char> = ('!'..='~').filter(|mark| !mark.is_ascii_alphabetic()).collect();
        for mark in &marks {
            let of_one = Marks::of_one(*mark);
            assert_eq!(marks.iter().filter(|other| Marks::of_one(**other).may_have(of_one)).count(), 1, "{mark}");
        }
        assert!(!Marks::of(&['/', '|']).may_have(Marks::of(&['-', '–', '،'])));
        assert!(!Marks::of_one('a').may_have(Marks::of_one('b')));
    }

    proptest! {
        #[test]
        fn no_mark_of_a_line_is_missed(text in "\\PC{0,20}|[ء-ي a-z،؛.:/|»›–—°0-9]{0,20}") {
            let marks = key::Reader::new(0, 1, &TABLES).read(&text).marks;
            for mark in text.chars().filter(|letter| !letter.is_alphanumeric() && *letter != ' ') {
                // A vowel mark, and what the key drops, is no punctuation.
                let dropped = key::of_display(&format!("a{mark}b")) == "ab";
                prop_assert!(dropped || marks.may_have(Marks::of_one(mark)), "{:?}", mark);
            }
        }
    }
}
