use super::*;
use crate::letters::fold_display;
use crate::record::{Block, BlockKind, DisplaySpan, EditsBuilder, Evidence, Language, Precision};

/// The words of a text, as a page reads them.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, usize, Option<Said>)> + '_ {
    let bounds = text.split_inclusive(|letter: char| !letter.is_alphanumeric()).scan(0, |at, part| {
        let start = *at;
        *at += part.len();
        let word = part.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        Some((start, start + word.len(), if word.is_empty() { None } else { said(word) }))
    });
    bounds.filter(|(start, end, _)| end > start)
}

fn dates(text: &Text, hints: Hints<'_>) -> Dates {
    super::dates(text, words(&text.matched), hints)
}

/// A text of these blocks in display form.
pub(super) fn text_of(blocks: &[(BlockKind, &str)], language: &str) -> Text {
    let mut text = Text { language: Language { tag: language.to_owned(), ..Language::default() }, ..Text::default() };
    for (kind, line) in blocks {
        if !text.display.is_empty() {
            text.display.push('\n');
        }
        let start = text.display.len();
        // The display form has no tatweel.
        text.display.push_str(&line.replace('ـ', ""));
        let span = DisplaySpan::new(start, text.display.len());
        text.blocks.push(Block { kind: *kind, span, ..Block::default() });
    }
    let mut builder = EditsBuilder::new();
    fold_display(&text.display, &mut text.matched, |kept, from, to| {
        builder.keep(kept);
        builder.replace(from, to);
    });
    text.edits = builder.build();
    text
}

fn day(date: &str) -> Published {
    Published { date: date.to_owned(), precision: Precision::Day, evidence: Evidence::Field }
}

/// Mentions of one paragraph, as "span = value".
fn read(line: &str, published: Option<&str>, language: &str) -> Vec<String> {
    let text = text_of(&[(BlockKind::Paragraph, line)], language);
    let published = published.map(day);
    let hints = Hints { published: published.as_ref(), ..Hints::default() };
    let dates = dates(&text, hints);
    dates.mentions.iter().map(|mention| format!("{} = {}", text.shown(mention.span), mention.value)).collect()
}

/// Line number, text, publication, language, expected mentions.
type Case<'a> = (usize, &'a str, Option<&'a str>, &'a str, Vec<String>);

/// The table: `[publication language]` holds for the cases below it, a case is
/// a line and, indented below it, its dates in order.
#[test]
fn cases() {
    let (mut published, mut language) = (None, "ar");
    let mut cases: Vec<Case<'_>> = Vec::new();
    for (number, line) in (1..).zip(include_str!("cases.txt").lines()) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let mut words = head.split(' ');
            published = words.next().filter(|word| *word != "none");
            language = words.next().unwrap_or("ar");
        } else if let Some(expected) = line.strip_prefix("    ") {
            cases.last_mut().unwrap().4.push(expected.replace('ـ', ""));
        } else {
            cases.push((number, line, published, language, Vec::new()));
        }
    }
    let mut wrong = Vec::new();
    for (number, line, published, language, expected) in &cases {
        let got = read(line, *published, language);
        if got != *expected {
            wrong.push(format!("line {number}: {line}\n  expected {expected:?}\n  got      {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(cases.len() >= 300, "{} cases", cases.len());
}

/// `tests/fixtures/dates.tsv`, written before it was read. What is known to be
/// wrong is marked there with its reason, and has to be wrong still.
#[test]
fn the_table_of_dates() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dates.tsv");
    let table = std::fs::read_to_string(path).unwrap();
    let (mut wrong, mut cases) = (Vec::new(), 0);
    for (number, line) in (1..).zip(table.lines()).filter(|(_, line)| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [published, language, sentence, expected, note] = fields[..] else { panic!("line {number}: {line}") };
        let expected: Vec<String> =
            expected.split(" | ").filter(|one| *one != "-").map(|one| one.replace('ـ', "")).collect();
        let got = read(sentence, Some(published).filter(|date| *date != "none"), language);
        cases += 1;
        if (got == expected) == note.starts_with("known:") {
            wrong.push(format!("line {number}: {sentence}\n  expected {expected:?}\n  got      {got:?}  {note}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} cases\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases >= 200, "{cases} cases");
}

fn published(blocks: &[(BlockKind, &str)], written: Option<&str>) -> Option<(String, Precision, Evidence)> {
    let text = text_of(blocks, "ar");
    let dates = dates(&text, Hints { published_text: written, ..Hints::default() });
    dates.published.map(|published| (published.date, published.precision, published.evidence))
}

#[test]
fn publication_as_people_write_it() {
    let cases = [
        ("2024-01-25", "2024-01-25"),
        ("2024-01-25 10:30:00", "2024-01-25T10:30"),
        ("2024-01-25T10:30:00Z", "2024-01-25T10:30+00:00"),
        ("2024-01-25T10:30:00.123+03:00", "2024-01-25T10:30+03:00"),
        ("Thu, 25 Jan 2024 10:30:00 GMT", "2024-01-25T10:30+00:00"),
        ("Thu, 25 Jan 2024 10:30:00 -0500", "2024-01-25T10:30-05:00"),
        ("January 25, 2024 at 10:30 pm", "2024-01-25T22:30"),
        ("25/01/2024 - 10:30", "2024-01-25T10:30"),
        ("25/01/24", "2024-01-25"),
        ("الخميس 25 يناير 2024 - 10:30 ص", "2024-01-25T10:30"),
        ("الخميس 25 يناير 2024 - 10:30 م", "2024-01-25T22:30"),
        ("الخميس ٢٥ كانون الثاني ٢٠٢٤ الساعة ١٢:٠٥ صباحاً", "2024-01-25T00:05"),
        ("10:30 | 25 كانون الثاني/ يناير 2024", "2024-01-25T10:30"),
        ("13 رجب 1445 هـ", "2024-01-25"),
        ("الخميس 25 كانون الثاني", "2024-01-25"),
        ("آخر تحديث: 26 يناير 2024، نشر في 25 يناير 2024", "2024-01-25"),
        ("نشر في 25 يناير 2024، آخر تحديث 26 يناير 2024", "2024-01-25"),
        ("كانون الثاني 2024", "2024-01"),
        ("2024", ""),
        ("عام 2024", "2024"),
        ("منذ ساعتين", ""),
        ("", ""),
    ];
    for (written, expected) in cases {
        let got = published(&[(BlockKind::Paragraph, "قال الوزير إن")], Some(written));
        let got = got.map(|(date, _, evidence)| (date, evidence));
        let expected = (!expected.is_empty()).then(|| (expected.to_owned(), Evidence::Field));
        assert_eq!(got, expected, "{written}");
    }
}

#[test]
fn a_dateline_near_head_or_foot_dates_the_text() {
    use BlockKind::{Credit, Paragraph, Title};
    let body =
        (Paragraph, "قال الوزير أمس إن الاجتماع الذي عقد في 3 أيار 2021 لم يكن كافيا لحل المسائل العالقة بين الطرفين");
    let dateline = |date: &str, precision| Some((date.to_owned(), precision, Evidence::Dateline));
    let title = (Title, "الوزير: الاجتماع لم يكن كافيا");
    for line in [
        "هالة مراد 12 يناير 2024 على الساعة 10:30",
        "الجمعة 01/12/2024 - 10:30",
        "1 رجب 1445هـ الموافق 13 يناير 2024 - 10:30",
    ] {
        let told = published(&[title, (Credit, line), body], None);
        assert!(
            told.as_ref().is_some_and(|(date, ..)| date.starts_with("2024-01-1") && date.ends_with("T10:30")),
            "{line}: {told:?}"
        );
    }
    let hour = published(&[title, (Credit, "12 يناير 2024 الساعة 01 مساءً"), body], None);
    assert_eq!(hour, dateline("2024-01-12T13:00", Precision::Minute));
    for line in
        ["12 يناير 2024 - 10:30", "تاريخ النشر: 12 يناير 2024 10:30", "الجمعة، 12 كانون الثاني/ يناير 2024 | 10:30"]
    {
        assert_eq!(
            published(&[title, (Credit, line), body], None),
            dateline("2024-01-12T10:30", Precision::Minute),
            "{line}"
        );
        // Not told to be a credit, but alone in its line.
        assert_eq!(
            published(&[title, (Paragraph, line), body], None).map(|told| told.2),
            Some(Evidence::Dateline),
            "{line}"
        );
        assert_eq!(
            published(&[title, body, (Credit, line)], None).map(|told| told.2),
            Some(Evidence::Dateline),
            "{line}"
        );
    }
    assert_eq!(published(&[title, (Credit, "12/1/24"), body], None), dateline("2024-01-12", Precision::Day));
    let opens =
        (Paragraph, "بيروت، 12 كانون الثاني 2024 – قال الوزير إن الاجتماع لم يكن كافيا لحل المسائل العالقة بين الطرفين");
    assert_eq!(published(&[title, opens, body], None), dateline("2024-01-12", Precision::Day));
    assert_eq!(published(&[title, body], None), None, "a date inside the text is no dateline");
    assert_eq!(published(&[(Title, "ماذا حدث في 3 أيار 2021"), body], None), None);
    let lines = [title, (Credit, "آخر تحديث: 13 يناير 2024"), (Credit, "نشر في 12 يناير 2024"), body];
    assert_eq!(published(&lines, None), dateline("2024-01-12", Precision::Day), "the first day, not the last change");
}

#[test]
fn what_is_handed_in_stands() {
    let text = text_of(&[(BlockKind::Credit, "12 يناير 2024"), (BlockKind::Paragraph, "وصل أمس")], "ar");
    for (date, precision, values) in [
        ("2024-01-25T22:30:00+02:00", Precision::Minute, vec!["2024-01-12", "2024-01-24"]),
        ("2024-01", Precision::Month, vec!["2024-01-12"]),
        ("nonsense", Precision::Year, vec!["2024-01-12"]),
    ] {
        let given = Published { date: date.to_owned(), precision, evidence: Evidence::Meta };
        let dates = dates(&text, Hints { published: Some(&given), ..Hints::default() });
        assert_eq!(dates.published.as_ref(), Some(&given));
        let got: Vec<_> = dates.mentions.iter().map(|mention| mention.value.as_str()).collect();
        assert_eq!(got, values, "{date}");
    }
}

#[test]
fn weekdays_of_the_text_date_it_and_the_current_month_says_so() {
    use BlockKind::Paragraph;
    let told = |lines: &[&str]| {
        let blocks: Vec<_> = lines.iter().map(|line| (Paragraph, *line)).collect();
        published(&blocks, None).map(|(date, _, evidence)| {
            assert_eq!(evidence, Evidence::Text);
            date
        })
    };
    let thursday = "قال الناطق، الخميس 25 من كانون الثاني، إن الاجتماع بدأ";
    assert_eq!(told(&[thursday]), None, "a weekday dates what it stands beside, not the article");
    assert_eq!(told(&[thursday, "وفي 24 من كانون الثاني الحالي انتهى"]), Some("2024-01".to_owned()));
    assert_eq!(told(&[thursday, "وفي 3 من شباط الحالي انتهى"]), Some("2024-02".to_owned()));
    assert_eq!(told(&[thursday, "وفي 3 من تموز الحالي انتهى"]), None, "half a year away: two articles in one");
    assert_eq!(told(&["وفي 24 من كانون الثاني الحالي انتهى"]), None);
    assert_eq!(told(&["قال اليوم الخميس 25 كانون الثاني إن"]), Some("2024-01-25".to_owned()));
    assert_eq!(told(&["قال أمس الأربعاء 24 كانون الثاني إن"]), Some("2024-01-25".to_owned()));
    assert_eq!(told(&["قال الناطق باسم الوزارة اليوم الخميس 25 كانون الثاني 2018 إن"]), Some("2018-01-25".to_owned()));
    // Alone the first would be of 2025, the second of 2026.
    let both = ["الخميس 27 شباط", "والأحد 1 آذار", "وفي 2 آذار الحالي"];
    assert_eq!(told(&both), Some("2020-03".to_owned()));
}

#[test]
fn says_what_decided_and_by_which_calendar() {
    let line = "في 25 كانون الثاني 2024 و3 أيار والخميس 25 كانون الثاني وفي 13 رجب 1445 هـ";
    let decided = |published: Option<&Published>| {
        let text = text_of(&[(BlockKind::Paragraph, line)], "ar");
        let dates = dates(&text, Hints { published, ..Hints::default() });
        dates.mentions.iter().map(|mention| (mention.resolved_by, mention.calendar)).collect::<Vec<_>>()
    };
    let given = day("2024-01-25");
    let (gregorian, hijri) = ("gregorian", "hijri");
    let expected = [("explicit", gregorian), ("publication", gregorian), ("weekday", gregorian), ("explicit", hijri)];
    assert_eq!(decided(Some(&given)), expected);
    let expected = [("explicit", gregorian), ("context", gregorian), ("weekday", gregorian), ("explicit", hijri)];
    assert_eq!(decided(None), expected);
    let text = text_of(&[(BlockKind::Paragraph, "في 3 أيار")], "ar");
    assert_eq!(dates(&text, Hints::default()).mentions[0].resolved_by, "none");
}

mod properties {
    use jiff::civil::Date;
    use proptest::prelude::*;

    use super::*;
    use crate::tag::calendars::{Calendar, MONTHS, PAIRS, Standing};

    /// Whether a value is one of the shapes that the module promises.
    fn is_value(value: &str) -> bool {
        let one = |part: &str| {
            let part = part.replace("XXXX-", "2000-");
            let (sign, digits) = part.strip_prefix('-').map_or(("", part.as_str()), |rest| ("-", rest));
            let fields: Vec<_> = digits.split('-').collect();
            let widths: Vec<_> = fields.iter().map(|field| field.len()).collect();
            let number = |at: usize| fields.get(at).map_or(Ok(1), |field| field.parse::<i16>());
            let (Ok(year), Ok(month), Ok(day)) = (number(0), number(1), number(2)) else { return false };
            let year = if sign.is_empty() { year } else { -year };
            matches!(*widths, [4] | [4, 2] | [4, 2, 2])
                && Date::new(year, month.try_into().unwrap(), day.try_into().unwrap()).is_ok()
        };
        let parts: Vec<_> = value.split('/').collect();
        parts.len() <= 2 && parts.iter().all(|part| one(part))
    }

    fn check(line: &str, published: Option<&str>, written: Option<&str>) -> Result<(), TestCaseError> {
        let blocks: Vec<_> = line.lines().map(|line| (BlockKind::Paragraph, line)).collect();
        let text = text_of(&blocks, "ar");
        let published = published.map(day);
        let hints = Hints { published: published.as_ref(), published_text: written, ..Hints::default() };
        let mut last = 0;
        for mention in dates(&text, hints).mentions {
            prop_assert!(mention.span.start >= last && !mention.span.is_empty(), "{mention:?}");
            prop_assert!(text.display.get(mention.span.start..mention.span.end).is_some(), "{mention:?}");
            prop_assert!(!text.shown(mention.span).contains('\n'));
            prop_assert!(is_value(&mention.value), "{mention:?}");
            last = mention.span.end;
        }
        Ok(())
    }

    /// Words of the lexicon, figures and signs in any order.
    fn soup() -> impl Strategy<Value = String> {
        let words = "25 من في يناير كانون الثاني الأول 2024 3 5 31 99 1445 هـ م الخميس يوم أمس اليوم غدا بعد أول \
            الماضي الحالي المقبل شهر الشهر العام عام عامي الأسبوع هذا إلى بين و و5 ،5 ( ) / - . : ، 10:30 ص ق \
            العشرين والعشرين عشر الحادي مارس صفر رمضان رجب ربيع ذو الحجة مايو/ أيار 2024-01-25 1/2/2023 30/2 \
            Jan may 25th of Thursday الموافق ثورة بـ25 ٢٥ ۱۴۰۲ بهمن سێشەممە 27ی ئابی \u{200C} \u{64B} 😀 \n";
        let words: Vec<_> = words.split(' ').map(str::to_owned).collect();
        let glue = prop_oneof![4 => Just(" "), 1 => Just(""), 1 => Just("\n")];
        proptest::collection::vec((proptest::sample::select(words), glue), 0..24)
            .prop_map(|words| words.into_iter().flat_map(|(word, glue)| [word, glue.to_owned()]).collect())
    }

    fn any_day() -> impl Strategy<Value = Date> {
        days_from_1900(0..73_000)
    }

    fn days_from_1900(days: std::ops::Range<i32>) -> impl Strategy<Value = Date> {
        days.prop_map(|days| Date::new(1900, 1, 1).unwrap().checked_add(jiff::Span::new().days(days)).unwrap())
    }

    /// Every written form of every month, with what stands for it.
    fn month_names() -> Vec<(Calendar, u8, Standing, String)> {
        let one = MONTHS.iter().flat_map(|&(calendar, number, standing, names)| {
            names.split(' ').map(move |name| (calendar, number, standing, name.to_owned()))
        });
        let two = PAIRS.iter().flat_map(|&(head, calendar, seconds)| {
            seconds.iter().flat_map(move |&(number, names)| {
                names.split(' ').map(move |name| (calendar, number, Standing::Sure, format!("{head} {name}")))
            })
        });
        one.chain(two).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn any_text_gives_sound_mentions(line in "(?s).{0,120}", written in "(?s).{0,30}") {
            check(&line, None, Some(&written))?;
        }

        #[test]
        fn any_order_of_words_gives_sound_mentions(line in soup(), written in soup(), known in any::<bool>()) {
            check(&line, known.then_some("2024-01-25"), None)?;
            check(&line, None, Some(&written))?;
        }

        #[test]
        fn a_date_in_any_month_name_reads_back(date in any_day(), name in proptest::sample::select(month_names())) {
            let (calendar, number, _, name) = name;
            // The day of this month in the year of the date.
            let (year, _, day) = calendar.fields(date).unwrap();
            let Some(date) = calendar.date(year, number, day) else { return Ok(()) };
            let language = if calendar == Calendar::Persian { "fa" } else { "ar" };
            let era = if calendar == Calendar::Hijri { " هـ" } else { "" };
            for form in [format!("{day} {name} {year}{era}"), format!("{day} من {name} عام {year}{era}")] {
                let line = format!("وقع في {form} ما وقع").replace('ـ', "");
                let expected = format!("{} = {date}", form.replace('ـ', ""));
                prop_assert_eq!(read(&line, None, language), vec![expected]);
            }
        }

        #[test]
        fn a_date_in_figures_reads_back(date in any_day(), wide in any::<bool>()) {
            let (year, month, day) = (date.year(), date.month(), date.day());
            let two = |value: i8| if wide { format!("{value:02}") } else { value.to_string() };
            let (day, month) = (two(day), two(month));
            for form in [
                format!("{day}/{month}/{year}"), format!("{day}-{month}-{year}"), format!("{year}/{month}/{day}"),
                format!("{year}-{month}-{day}"), format!("{day}.{month}.{year}"),
            ] {
                let arabic: String = form.chars().map(|letter| match letter.to_digit(10) {
                    Some(digit) => char::from_u32(0x660 + digit).unwrap(),
                    None => letter,
                }).collect();
                for form in [form, arabic] {
                    prop_assert_eq!(read(&format!("بتاريخ {form}."), None, "ar"), vec![format!("{form} = {date}")]);
                }
            }
        }

        /// Without a year, within four months before or after the publication.
        #[test]
        fn a_date_near_its_publication_needs_no_year(published in any_day(), off in -180i32..=110) {
            let date = published.checked_add(jiff::Span::new().days(off)).unwrap();
            let names = ["يناير", "شباط", "آذار", "أفريل", "ماي", "يونيو", "تموز", "غشت", "أيلول", "أكتوبر",
                "تشرين الثاني", "دجنبر"];
            let form = format!("{} {}", date.day(), names[usize::try_from(date.month()).unwrap() - 1]);
            let got = read(&format!("في {form} وقع"), Some(&published.to_string()), "ar");
            prop_assert_eq!(got, vec![format!("{form} = {date}")]);
        }

        /// A weekday alone finds the frame of a text from the newest years.
        #[test]
        fn weekdays_and_a_full_date_give_the_year(date in days_from_1900(36_524..46_386)) {
            let weekdays = ["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"];
            let weekday = weekdays[usize::try_from(date.weekday().to_monday_zero_offset()).unwrap()];
            let form = format!("{weekday} {}/{}", date.day(), date.month());
            let got = read(&format!("{form} بعد 1/7/{}", date.year()), None, "ar");
            prop_assert_eq!(&got[0], &format!("{form} = {date}"));
        }
    }
}
