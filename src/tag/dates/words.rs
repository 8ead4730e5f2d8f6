//! The lexicon: what a folded word can be in a date.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::letters::fold;
use crate::tag::calendars::{Calendar, MONTHS, Month, PAIRS, Standing};

/// Which of the periods a word such as الماضي points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Last,
    This,
    Next,
    /// So many before this one: قبل ثلاثة أشهر.
    Back(u8),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    Month(Month),
    /// First of a month's two words: index into [`PAIRS`].
    MonthHead(u8),
    /// 1 is Monday, 7 Sunday.
    Weekday(u8),
    /// An abbreviation, or a form without article: only before a date.
    WeekdayShort(u8),
    /// الخامس and its like, 1 to 10; `true` for the forms of eleven and on (الحادي).
    Ordinal(u8, bool),
    /// عشر after an ordinal.
    Teen,
    /// 20 or 30.
    Tens(u8),
    /// أول before a month's name.
    First,
    /// Days from the publication: أمس is -1.
    Offset(i8),
    /// The same of a word that is a name as well: الغد is a newspaper.
    OffsetWeak(i8),
    /// بعد before غد: one day further off.
    Further,
    /// قبل before a counted period.
    Ago,
    /// ثمانينيات: its first year within the century.
    Decade(u8),
    Turn(Turn),
    /// هذا, هذه.
    This,
    Day,
    Week,
    Month0,
    MonthThe,
    Year,
    YearThe,
    /// عامي: two years follow.
    YearTwo,
    /// Between a day and its month: من, of.
    Of,
    /// Before a time: في, منذ.
    In,
    To,
    Between,
    And,
    Christian,
    HijriEra,
    /// First letter of ق.م.
    Before,
    /// Between a weekday and its date: الموافق.
    Same,
    /// A proclitic right before a numeral (بـ25).
    Clitic,
    /// After a numeral: 1st, 27ی.
    Suffix,
    /// Counted things: the number before is no year.
    Unit,
    /// ثورة 25 يناير is a name.
    Name,
    /// The same, and a bare year after it is a date: حرب 2006.
    Yearly,
    /// الجمعة العظيمة is a name.
    NamedDay,
    /// صلاة الجمعة is a prayer.
    Friday,
    /// After اليوم: it is not today.
    NotToday,
    /// Before اليوم: المصري اليوم is a newspaper.
    Today,
    /// الأمين العام الحالي: العام is no year.
    General,
    /// الساعة, at.
    Clock,
    Morning,
    Evening,
    Utc,
    /// Words that say that a date is the publication's.
    Publish,
    /// Words that say that a date is of a later change.
    Update,
}

impl Word {
    /// Whether a proclitic may be split off before the word.
    const fn takes_clitic(self, clitic: Proclitic) -> bool {
        match self {
            Self::Month(month) => matches!(month.standing, Standing::Sure) || matches!(clitic, Proclitic::And),
            Self::And | Self::Clitic | Self::Suffix | Self::Christian | Self::HijriEra => false,
            Self::Unit | Self::General | Self::Before | Self::Teen | Self::Turn(_) => false,
            Self::Of | Self::In | Self::To | Self::Between => matches!(clitic, Proclitic::And),
            _ => true,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proclitic {
    And,
    Other,
}

/// No word of the lexicon is longer, proclitic included.
const LONGEST: usize = 40;

/// The word, and how many bytes of proclitic stand before it.
pub(super) fn word(folded: &str) -> Option<(Word, u8)> {
    if folded.len() > LONGEST {
        return None;
    }
    let lexicon = &*LEXICON;
    if !lexicon.may_end(folded) {
        return None;
    }
    let lexicon = &lexicon.words;
    if let Some(word) = lexicon.get(folded) {
        return Some((*word, 0));
    }
    let mut rest = folded;
    for stripped in [2, 4] {
        let (clitic, after) = split_clitic(rest)?;
        rest = after;
        if let Some(word) = lexicon.get(rest).filter(|word| word.takes_clitic(clitic)) {
            return Some((*word, stripped));
        }
    }
    None
}

fn split_clitic(word: &str) -> Option<(Proclitic, &str)> {
    for (letter, clitic) in [("و", Proclitic::And), ("ف", Proclitic::And)] {
        if let Some(rest) = word.strip_prefix(letter) {
            return Some((clitic, rest));
        }
    }
    ["ب", "ل", "ك"].iter().find_map(|letter| word.strip_prefix(letter)).map(|rest| (Proclitic::Other, rest))
}

/// The month that a head and the word after it name.
pub(super) fn pair(head: u8, second: &str) -> Option<Month> {
    let (_, calendar, seconds) = PAIRS.get(usize::from(head))?;
    let number = *SECONDS.get(usize::from(head))?.get(second)?;
    debug_assert!(seconds.iter().any(|(listed, _)| *listed == number));
    Some(Month { calendar: *calendar, number, standing: Standing::Sure })
}

static SECONDS: LazyLock<Vec<FxHashMap<String, u8>>> = LazyLock::new(|| {
    let table = |seconds: &[(u8, &str)]| {
        let words = seconds.iter().flat_map(|(number, words)| words.split(' ').map(|word| (fold(word), *number)));
        words.collect()
    };
    PAIRS.iter().map(|(_, _, seconds)| table(seconds)).collect()
});

/// The words, and how they end: that tells most other words from them without a
/// look-up, whatever is split off before.
struct Lexicon {
    words: FxHashMap<String, Word>,
    endings: [u64; 64],
}

impl Lexicon {
    fn add(&mut self, written: &str, word: Word) {
        let folded = fold(written);
        self.words.entry(folded.clone()).or_insert(word);
        // What is split off is part of the ending of a short word.
        let clitics = ["", "و", "ف", "ب", "ل", "ك"];
        let clitics = clitics.iter().take(if folded.len() < ENDING { clitics.len() } else { 1 });
        for clitic in clitics.clone().flat_map(|one| clitics.clone().map(move |other| [*one, other])) {
            let (at, bit) = ending(&(clitic.concat() + &folded));
            self.endings[at] |= bit;
        }
    }

    fn may_end(&self, folded: &str) -> bool {
        let (at, bit) = ending(folded);
        self.endings[at] & bit != 0
    }
}

/// Bytes by which endings are told apart.
const ENDING: usize = 6;

/// A bit among 4,096 for the last bytes of a word.
#[allow(clippy::cast_possible_truncation)] // twelve bits are left
fn ending(word: &str) -> (usize, u64) {
    let last = word.as_bytes().iter().rev().take(ENDING).fold(0_u64, |last, byte| last << 8 | u64::from(*byte));
    let bit = last.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52;
    ((bit >> 6) as usize, 1 << (bit & 63))
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon { words: FxHashMap::default(), endings: [0; 64] };
    for (word, written) in WORDS {
        written.split(' ').for_each(|form| lexicon.add(form, *word));
    }
    for &(calendar, number, standing, written) in MONTHS {
        let month = Word::Month(Month { calendar, number, standing });
        written.split(' ').for_each(|form| lexicon.add(form, month));
    }
    for (index, (head, _, _)) in (0..).zip(PAIRS) {
        lexicon.add(head, Word::MonthHead(index));
    }
    lexicon
});

/// Whether names of this calendar's months are read in a text of the language.
pub(super) fn reads(calendar: Calendar, language: &str) -> bool {
    calendar != Calendar::Persian || language.starts_with("fa")
}

use Word::{
    Ago, And, Before, Between, Christian, Clitic, Clock, Day, Decade, Evening, First, Friday, Further, General,
    HijriEra, In, Month0, MonthThe, Morning, Name, NamedDay, NotToday, Of, Offset, OffsetWeak, Ordinal, Publish, Same,
    Suffix, Teen, Tens, This, To, Today, Unit, Update, Utc, Week, Weekday, WeekdayShort, Year, YearThe, YearTwo,
    Yearly,
};

static WORDS: &[(Word, &str)] = &[
    (Weekday(1), "الاثنين الإثنين الأثنين monday lundi دوشنبه دووشەممە دووشەممەی"),
    (Weekday(2), "الثلاثاء الثلثاء tuesday mardi سه‌شنبه سێشەممە سێشەممەی"),
    (Weekday(3), "الأربعاء wednesday mercredi چهارشنبه چوارشەممە چوارشەممەی"),
    (Weekday(4), "الخميس thursday jeudi پنج‌شنبه پنجشنبه پێنجشەممە پێنجشەممەی"),
    (Weekday(5), "الجمعة friday vendredi هەینی"),
    (Weekday(6), "السبت saturday samedi شەممە شەممەی"),
    (Weekday(7), "الأحد sunday dimanche یکشنبه یک‌شنبه یەکشەممە یەکشەممەی"),
    (WeekdayShort(1), "اثنين إثنين mon lun"),
    (WeekdayShort(2), "ثلاثاء tue tues"),
    (WeekdayShort(3), "أربعاء wed mer"),
    (WeekdayShort(4), "خميس thu thur thurs jeu"),
    (WeekdayShort(5), "جمعة جمعه fri ven"),
    (WeekdayShort(6), "سبت شنبه sat sam"),
    (WeekdayShort(7), "أحد sun dim"),
    (Ordinal(1, false), "الأول"),
    (Ordinal(1, true), "الحادي الحادية"),
    (Ordinal(2, false), "الثاني"),
    (Ordinal(3, false), "الثالث"),
    (Ordinal(4, false), "الرابع"),
    (Ordinal(5, false), "الخامس"),
    (Ordinal(6, false), "السادس"),
    (Ordinal(7, false), "السابع"),
    (Ordinal(8, false), "الثامن"),
    (Ordinal(9, false), "التاسع"),
    (Ordinal(10, false), "العاشر"),
    (Teen, "عشر"),
    (Tens(20), "العشرين العشرون"),
    (Tens(30), "الثلاثين الثلاثون"),
    (First, "أول فاتح غرة"),
    (Offset(-1), "أمس البارحة yesterday hier دیروز دوێنێ"),
    (Offset(0), "اليوم today امروز ئەمڕۆ"),
    (Offset(1), "غدا tomorrow demain فردا سبەی سبەینێ"),
    (OffsetWeak(-1), "الأمس"),
    (OffsetWeak(1), "الغد غد"),
    (Further, "بعد"),
    (Ago, "قبل"),
    (Decade(20), "عشرينيات عشرينات"),
    (Decade(30), "ثلاثينيات ثلاثينات"),
    (Decade(40), "أربعينيات أربعينات"),
    (Decade(50), "خمسينيات خمسينات"),
    (Decade(60), "ستينيات ستينات"),
    (Decade(70), "سبعينيات سبعينات"),
    (Decade(80), "ثمانينيات ثمانينات"),
    (Decade(90), "تسعينيات تسعينات"),
    (Word::Turn(Turn::Last), "الماضي الماضية المنصرم المنصرمة الفائت الفائتة الفارط الفارطة المنقضي المنقضية"),
    (Word::Turn(Turn::This), "الحالي الحالية الجاري الجارية"),
    (Word::Turn(Turn::Next), "المقبل المقبلة القادم القادمة الآتي"),
    (This, "هذا هذه"),
    (Day, "يوم يومي"),
    (Week, "الأسبوع"),
    (Month0, "شهر"),
    (MonthThe, "الشهر للشهر"),
    (Year, "عام سنة سال ساڵی"),
    (YearThe, "العام السنة للعام للسنة"),
    (YearTwo, "عامي سنتي العامين الأعوام أعوام سنوات"),
    (Of, "من of de du"),
    (
        In,
        "في منذ خلال بحلول مطلع بداية أوائل منتصف أواسط أواخر نهاية صيف شتاء خريف بتاريخ تاريخ in since en \
         depuis by during",
    ),
    (To, "إلى حتى لغاية to until au تا"),
    (Between, "بين between"),
    (And, "و and et"),
    (Christian, "م ميلادي ميلادية للميلاد الميلادي الميلادية"),
    (HijriEra, "ه هجري هجرية للهجرة الهجري الهجرية ھ"),
    (Before, "ق"),
    (Same, "الموافق المصادف الموافقة المصادفة"),
    (Clitic, "ب ل ك ف ال وال بال فال لل ول وب"),
    (Suffix, "st nd rd th er ی"),
    (
        Unit,
        "شخص شخصا دولار دولارا متر مترا كيلومتر كيلومترا كلم كم جنيه جنيها ريال ريالا درهم درهما دينار دينارا يورو \
         ليرة قتيل قتيلا جريح جريحا جندي جنديا عنصر عنصرا مقاتل مقاتلا موظف موظفا عامل عاملا طالب طالبا طالبة مدرسة \
         قرية منزل منزلا وحدة طن طنا برميل برميلا ميغاواط ميجاوات مليون مليار ألف نسخة لاجئ لاجئا نازح نازحا أسرة \
         عائلة فدان فدانا هكتار هكتارا حالة إصابة نقطة ساعة يوما سيارة صاروخ صاروخا قدم قدما سهم سهما كتاب كتابا \
         لاعب لاعبا شركة شهيد شهيدا مواطن مواطنا مريض مريضا صوت صوتا مقعد مقعدا مشروع مشروعا سنتيمتر غرام كغ كيلوغرام \
         لتر لترا طائرة دبابة مسلح مسلحا متظاهر متظاهرا زائر زائرا مشارك مشاركا سرير سريرا شاحنة جهاز جهازا فلسطيني \
         فلسطينيا سوري سوريا people dollars euros km meters metres kg mw",
    ),
    (
        Name,
        "حركة حزب قوى تحالف كوبري ميدان جسر شارع ساحة حي مدينة ملعب مستشفى مجزرة هجوم هجمات أحداث عملية جماعة فوج كتيبة ملحمة صحيفة \
         جامعة نصر",
    ),
    (
        Yearly,
        "حرب ثورة انتفاضة انقلاب اتفاق اتفاقية دستور انتخابات موازنة ميزانية مونديال أولمبياد موسم أزمة عدوان نكسة نكبة \
         حدود هزيمة صفقة مواليد",
    ),
    (NamedDay, "العظيمة السوداء البيضاء الأسود الأبيض الحزينة الدامي الدامية"),
    (Friday, "صلاة خطبة خطبتي سوق دعاء صلوات جمعة"),
    (
        NotToday,
        "التالي العالمي الدولي الوطني السابق الواحد الأخير نفسه ذاته المذكور الموعود الدراسي الذي الختامي الافتتاحي \
         الموالي عينه",
    ),
    (Today, "المصري روسيا طوال طيلة ذلك نفس أخبار"),
    (
        General,
        "الأمين أمين المدير مدير النائب المدعي المفتش القائد المراقب الرأي المفوض المشرف المنسق الوضع المعدل السكرتير \
         المستشار القنصل الاتحاد الإطار الاتجاه المشهد الاحتياطي الدين القطاع",
    ),
    (Clock, "الساعة at à t عند"),
    (Morning, "ص صباحا am فجرا"),
    (Evening, "مساء pm ظهرا عصرا ليلا"),
    (Utc, "z gmt utc غرينتش جرينتش"),
    (Publish, "نشر نشرت النشر published posted publié الإصدار بتأريخ"),
    (Update, "تحديث التحديث حدث updated modified التعديل عدل"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proclitics_are_split_off_only_where_the_rest_is_known() {
        assert_eq!(word("الخميس"), Some((Weekday(4), 0)));
        assert_eq!(word("والخميس"), Some((Weekday(4), 2)));
        assert_eq!(word("وبالامس"), Some((OffsetWeak(-1), 4)));
        assert_eq!(word("باب"), None, "a door is no month");
        assert_eq!(word("كانون"), Some((Word::MonthHead(0), 0)));
        assert_eq!(word("بيروت"), None);
        assert!(matches!(word("ليناير"), Some((Word::Month(month), 2)) if month.number == 1));
    }

    #[test]
    fn no_form_is_longer_than_the_longest() {
        assert!(LEXICON.words.keys().all(|form| form.len() + 4 <= LONGEST));
        assert!(LEXICON.words.keys().all(|form| !form.is_empty()));
    }

    #[test]
    fn endings_are_those_of_all_words_whatever_is_split_off() {
        for form in LEXICON.words.keys() {
            for clitics in ["", "و", "ب", "وب", "فل", "كو"] {
                assert!(LEXICON.may_end(&format!("{clitics}{form}")), "{clitics}{form}");
            }
        }
        let others = ["بيروت", "الحكومه", "مسوولون", "المفاوضات", "دمشق"];
        assert!(others.iter().filter(|word| LEXICON.may_end(word)).count() < 3);
    }

    #[test]
    fn pairs_name_months() {
        assert_eq!(pair(0, "الثاني").map(|month| month.number), Some(1));
        assert_eq!(pair(1, "الاول").map(|month| month.number), Some(10));
        assert_eq!(pair(4, "القعده"), None);
    }
}
