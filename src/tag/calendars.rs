//! Calendars, their month names, and their days as Gregorian dates.
//!
//! Hijri follows Umm al-Qura, the calendar that Saudi Arabia prints: elsewhere
//! a month may begin a day earlier or later, which no text says.

use icu_calendar::Date as IcuDate;
use icu_calendar::cal::{Hijri, Iso, Persian, hijri::UmmAlQura};
use jiff::civil::Date;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Calendar {
    Gregorian,
    Hijri,
    /// Solar Hijri, of Iran and Afghanistan.
    Persian,
}

impl Calendar {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Gregorian => "gregorian",
            Self::Hijri => "hijri",
            Self::Persian => "persian",
        }
    }

    /// The Gregorian date of a day of this calendar; `None` where there is no
    /// such day.
    pub(super) fn date(self, year: i32, month: u8, day: u8) -> Option<Date> {
        let iso = match self {
            Self::Gregorian => {
                return Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok();
            }
            Self::Hijri => IcuDate::try_new_hijri_with_calendar(year, month, day, HIJRI).ok()?.to_calendar(Iso),
            Self::Persian => IcuDate::try_new_persian(year, month, day).ok()?.to_calendar(Iso),
        };
        let year = i16::try_from(iso.year().extended_year()).ok()?;
        Date::new(year, i8::try_from(iso.month().ordinal).ok()?, i8::try_from(iso.day_of_month().0).ok()?).ok()
    }

    /// Year, month and day of a Gregorian date in this calendar.
    pub(super) fn fields(self, date: Date) -> Option<(i32, u8, u8)> {
        let (year, month, day) =
            (i32::from(date.year()), u8::try_from(date.month()).ok()?, u8::try_from(date.day()).ok()?);
        if self == Self::Gregorian {
            return Some((year, month, day));
        }
        let iso = IcuDate::try_new_iso(year, month, day).ok()?;
        Some(match self {
            Self::Hijri => {
                let date = iso.to_calendar(HIJRI);
                (date.year().extended_year(), date.month().ordinal, date.day_of_month().0)
            }
            _ => {
                let date = iso.to_calendar(Persian);
                (date.year().extended_year(), date.month().ordinal, date.day_of_month().0)
            }
        })
    }

    /// First and last day of a month, as Gregorian dates.
    pub(super) fn month(self, year: i32, month: u8) -> Option<(Date, Date)> {
        let first = self.date(year, month, 1)?;
        let next = if month >= 12 { self.date(year + 1, 1, 1) } else { self.date(year, month + 1, 1) }?;
        Some((first, next.yesterday().ok()?))
    }

    /// First and last day of a year, as Gregorian dates.
    pub(super) fn year(self, year: i32) -> Option<(Date, Date)> {
        Some((self.date(year, 1, 1)?, self.date(year + 1, 1, 1)?.yesterday().ok()?))
    }
}

const HIJRI: Hijri<UmmAlQura> = Hijri::new_umm_al_qura();

/// When a month's name stands for the month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Always.
    Sure,
    /// Beside a day, a year or the word month: the name is a word as well (مارس).
    Beside,
    /// Beside a day only if `من`, شهر or a year is there, too: صفر is a zero, may a verb.
    Dated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Month {
    pub calendar: Calendar,
    /// 1 to 12.
    pub number: u8,
    pub standing: Standing,
}

use Calendar::{Gregorian, Hijri as H, Persian as P};
use Standing::{Beside, Dated, Sure};

/// Names of one word, as people write them; the dates' lexicon folds them.
pub(super) static MONTHS: &[(Calendar, u8, Standing, &str)] = &[
    // Levant and Iraq.
    (Gregorian, 2, Sure, "شباط"),
    (Gregorian, 3, Sure, "آذار"),
    (Gregorian, 4, Beside, "نيسان"),
    (Gregorian, 5, Beside, "أيار مايس"),
    (Gregorian, 6, Sure, "حزيران"),
    (Gregorian, 7, Beside, "تموز"),
    (Gregorian, 8, Beside, "آب"),
    (Gregorian, 9, Sure, "أيلول"),
    // Egypt, the Gulf, Sudan, Libya.
    (Gregorian, 1, Sure, "يناير"),
    (Gregorian, 2, Sure, "فبراير"),
    (Gregorian, 3, Beside, "مارس"),
    (Gregorian, 4, Sure, "أبريل إبريل"),
    (Gregorian, 5, Sure, "مايو"),
    (Gregorian, 6, Sure, "يونيو يونيه"),
    (Gregorian, 7, Sure, "يوليو يوليه"),
    (Gregorian, 8, Sure, "أغسطس"),
    (Gregorian, 9, Sure, "سبتمبر"),
    (Gregorian, 10, Sure, "أكتوبر أوكتوبر"),
    (Gregorian, 11, Sure, "نوفمبر"),
    (Gregorian, 12, Sure, "ديسمبر"),
    // Tunisia and Algeria.
    (Gregorian, 1, Sure, "جانفي"),
    (Gregorian, 2, Sure, "فيفري"),
    (Gregorian, 4, Sure, "أفريل"),
    (Gregorian, 5, Beside, "ماي"),
    (Gregorian, 6, Beside, "جوان"),
    (Gregorian, 7, Sure, "جويلية"),
    (Gregorian, 8, Beside, "أوت"),
    // Morocco.
    (Gregorian, 7, Sure, "يوليوز"),
    (Gregorian, 8, Sure, "غشت"),
    (Gregorian, 9, Sure, "شتنبر"),
    (Gregorian, 11, Sure, "نونبر"),
    (Gregorian, 12, Sure, "دجنبر"),
    // Hijri.
    (H, 1, Beside, "محرم المحرم"),
    (H, 2, Dated, "صفر"),
    (H, 7, Beside, "رجب"),
    (H, 8, Beside, "شعبان"),
    (H, 9, Beside, "رمضان"),
    (H, 10, Beside, "شوال"),
    (H, 11, Sure, "ذوالقعدة"),
    (H, 12, Sure, "ذوالحجة"),
    // Persian.
    (P, 1, Beside, "فروردین"),
    (P, 2, Beside, "اردیبهشت"),
    (P, 3, Beside, "خرداد"),
    (P, 4, Beside, "تیر"),
    (P, 5, Beside, "مرداد"),
    (P, 6, Beside, "شهریور"),
    (P, 7, Beside, "مهر"),
    (P, 8, Beside, "آبان"),
    (P, 9, Beside, "آذر"),
    (P, 10, Beside, "دی"),
    (P, 11, Beside, "بهمن"),
    (P, 12, Beside, "اسفند"),
    // Gregorian months as Iran writes them.
    (Gregorian, 1, Beside, "ژانویه"),
    (Gregorian, 2, Beside, "فوریه"),
    (Gregorian, 4, Beside, "آوریل"),
    (Gregorian, 5, Beside, "مه"),
    (Gregorian, 6, Beside, "ژوئن"),
    (Gregorian, 7, Beside, "ژوئیه جولای"),
    (Gregorian, 8, Beside, "اوت"),
    (Gregorian, 9, Beside, "سپتامبر"),
    (Gregorian, 10, Beside, "اکتبر"),
    (Gregorian, 11, Beside, "نوامبر"),
    (Gregorian, 12, Beside, "دسامبر"),
    // Sorani, with the ending that joins what follows.
    (Gregorian, 2, Sure, "شوبات شوباتی"),
    (Gregorian, 3, Sure, "ئازار ئازاری"),
    (Gregorian, 4, Beside, "نیسانی"),
    (Gregorian, 5, Sure, "ئایار ئایاری"),
    (Gregorian, 6, Sure, "حوزەیران حوزەیرانی"),
    (Gregorian, 7, Sure, "تەمموز تەممووز تەممووزی تەمموزی"),
    (Gregorian, 8, Beside, "ئاب ئابی"),
    (Gregorian, 9, Sure, "ئەیلوول ئەیلول ئەیلوولی ئەیلولی"),
    // Urdu.
    (Gregorian, 1, Beside, "جنوری"),
    (Gregorian, 2, Beside, "فروری"),
    (Gregorian, 3, Beside, "مارچ"),
    (Gregorian, 4, Beside, "اپریل"),
    (Gregorian, 5, Beside, "مئی"),
    (Gregorian, 6, Beside, "جون"),
    (Gregorian, 7, Beside, "جولائی"),
    (Gregorian, 8, Beside, "اگست"),
    (Gregorian, 9, Beside, "ستمبر"),
    (Gregorian, 10, Beside, "اکتوبر"),
    (Gregorian, 11, Beside, "نومبر"),
    (Gregorian, 12, Beside, "دسمبر"),
    // Pashto.
    (Gregorian, 1, Beside, "جنوري"),
    (Gregorian, 2, Beside, "فبروري"),
    (Gregorian, 5, Beside, "مې"),
    (Gregorian, 9, Beside, "سپتمبر"),
    // English.
    (Gregorian, 1, Beside, "january jan"),
    (Gregorian, 2, Beside, "february feb"),
    (Gregorian, 3, Beside, "march mar"),
    (Gregorian, 4, Beside, "april apr"),
    (Gregorian, 5, Dated, "may"),
    (Gregorian, 6, Beside, "june jun"),
    (Gregorian, 7, Beside, "july jul"),
    (Gregorian, 8, Beside, "august aug"),
    (Gregorian, 9, Beside, "september sept sep"),
    (Gregorian, 10, Beside, "october oct"),
    (Gregorian, 11, Beside, "november nov"),
    (Gregorian, 12, Beside, "december dec"),
    // French.
    (Gregorian, 1, Beside, "janvier janv"),
    (Gregorian, 2, Beside, "février févr fevrier"),
    (Gregorian, 3, Beside, "mars"),
    (Gregorian, 4, Beside, "avril"),
    (Gregorian, 5, Beside, "mai"),
    (Gregorian, 6, Beside, "juin"),
    (Gregorian, 7, Beside, "juillet juil"),
    (Gregorian, 8, Beside, "août aout"),
    (Gregorian, 9, Beside, "septembre"),
    (Gregorian, 10, Beside, "octobre"),
    (Gregorian, 11, Beside, "novembre"),
    (Gregorian, 12, Beside, "décembre déc decembre"),
];

/// A first word, and the months that its second words name.
type Pair = (&'static str, Calendar, &'static [(u8, &'static str)]);

/// Names of two words: the first, and what its second says. ربيع alone is
/// spring, كانون a stove, تشرين a newspaper.
pub(super) static PAIRS: &[Pair] = &[
    ("كانون", Gregorian, &[(1, "الثاني ثاني ثان"), (12, "الأول أول")]),
    ("تشرين", Gregorian, &[(11, "الثاني ثاني ثان"), (10, "الأول أول")]),
    ("کانوونی", Gregorian, &[(1, "دووەم دووەمی"), (12, "یەکەم یەکەمی")]),
    ("تشرینی", Gregorian, &[(11, "دووەم دووەمی"), (10, "یەکەم یەکەمی")]),
    ("ربيع", H, &[(3, "الأول أول"), (4, "الآخر الثاني ثاني آخر ثان")]),
    ("جمادى", H, &[(5, "الأولى الأول أولى أول"), (6, "الآخرة الثانية الآخر الثاني آخرة ثانية آخر ثاني")]),
    ("جماد", H, &[(5, "الأول أول"), (6, "الثاني الآخر ثاني")]),
    ("ذو", H, &[(11, "القعدة"), (12, "الحجة")]),
    ("ذي", H, &[(11, "القعدة"), (12, "الحجة")]),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_days() {
        let day = |y, m, d| Date::new(y, m, d).ok();
        // 1 Ramadan 1445 and 1 Muharram 1446 as the Umm al-Qura calendar prints them.
        assert_eq!(Calendar::Hijri.date(1445, 9, 1), day(2024, 3, 11));
        assert_eq!(Calendar::Hijri.date(1446, 1, 1), day(2024, 7, 7));
        assert_eq!(Calendar::Persian.date(1402, 11, 5), day(2024, 1, 25));
        assert_eq!(Calendar::Gregorian.date(2024, 2, 30), None);
        assert_eq!(Calendar::Hijri.date(1445, 13, 1), None);
        assert_eq!(Calendar::Hijri.month(1445, 9), day(2024, 3, 11).zip(day(2024, 4, 9)));
        assert_eq!(Calendar::Hijri.year(1445), day(2023, 7, 19).zip(day(2024, 7, 6)));
    }

    proptest! {
        #[test]
        fn fields_of_a_date_give_the_date(days in 0i64..200_000, which in 0usize..3) {
            let calendar = [Calendar::Gregorian, Calendar::Hijri, Calendar::Persian][which];
            let date = Date::new(1600, 1, 1).unwrap().checked_add(jiff::Span::new().days(days)).unwrap();
            let (year, month, day) = calendar.fields(date).unwrap();
            prop_assert_eq!(calendar.date(year, month, day), Some(date));
            let (first, last) = calendar.month(year, month).unwrap();
            prop_assert!(first <= date && date <= last);
        }
    }
}
