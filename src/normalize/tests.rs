//! Whole pages, written for these tests: each line says what it is to become.

use proptest::prelude::*;

use super::*;
use crate::record::{Edits, Language, Piece, RawSpan, SourceBlock, SourceKind, Trace};

fn block(kind: SourceKind, text: &str) -> SourceBlock {
    SourceBlock {
        kind,
        piece: Piece { text: text.to_owned(), trace: None },
        link_density: 0.0,
        weight: SourceBlock::NEUTRAL,
        language: None,
    }
}

fn article(lines: &[&str]) -> Article {
    Article { blocks: lines.iter().map(|line| block(SourceKind::Line, line)).collect(), ..Article::default() }
}

fn normalize(article: &Article) -> Text {
    Normalizer::new(&Options::default()).normalize(article).unwrap().0
}

/// Reads `what | line` rows, builds the page of the lines, and compares what
/// became of each; `-kind` rows must be cut as that kind.
fn check(page: &str, change: impl FnOnce(&mut Article)) -> Text {
    let rows: Vec<(&str, &str)> = page
        .lines()
        .filter_map(|row| row.trim().split_once('|'))
        .map(|(what, line)| (what.trim(), line.trim()))
        .collect();
    let mut article = article(&rows.iter().map(|(_, line)| *line).collect::<Vec<_>>());
    change(&mut article);
    let text = normalize(&article);
    let got: Vec<String> =
        text.blocks.iter().map(|block| format!("{} | {}", name(block.kind), text.shown(block.span))).collect();
    let expected: Vec<String> =
        rows.iter().filter(|(what, _)| !what.starts_with('-')).map(|(what, line)| format!("{what} | {line}")).collect();
    assert_eq!(got.join("\n"), expected.join("\n"));
    for (kind, mark) in [
        (RemovedKind::CommentForm, "-comment"),
        (RemovedKind::ShareBar, "-share"),
        (RemovedKind::Related, "-related"),
        (RemovedKind::Boilerplate, "-furniture"),
    ] {
        let expected: usize = rows
            .iter()
            .filter(|(what, _)| *what == mark)
            .map(|(_, line)| unicode::display(line, true).0.chars().count())
            .sum();
        let got = text.removed.iter().find(|removed| removed.kind == kind).map_or(0, |removed| removed.chars);
        assert_eq!(got, expected, "{mark}");
    }
    holds(&article, &text);
    text
}

/// Short for the pages below.
fn name(kind: BlockKind) -> &'static str {
    if kind == BlockKind::Paragraph { "p" } else { kind.as_str() }
}

/// What must hold of any text.
fn holds(article: &Article, text: &Text) {
    let shown: Vec<&str> = text.blocks.iter().map(|block| text.shown(block.span)).collect();
    assert_eq!(text.display, shown.join("\n"));
    assert!(shown.iter().all(|block| !block.is_empty() && !block.contains('\n')));
    assert_eq!(text.matched, crate::letters::fold(&text.display));
    assert_eq!(text.matched.matches('\n').count(), text.display.matches('\n').count());
    for block in &text.blocks {
        let mut last = block.span.start;
        for sentence in &block.sentences {
            assert!(text.shown(DisplaySpan::new(last, sentence.start)).trim().is_empty());
            assert!(!sentence.is_empty());
            last = sentence.end;
        }
        assert_eq!(last, block.span.end);
    }
    for block in &text.blocks {
        for word in words(text, block.span) {
            let matched = text.to_match(word);
            let folded = text.matched.get(matched.start..matched.end).unwrap();
            assert_eq!(folded, crate::letters::fold(text.shown(word)));
            if !folded.is_empty() {
                assert!(word.contains(text.to_display(matched)));
            }
        }
    }
    // Cleaning what is clean changes nothing. A title that is a part of a longer one was cleaned
    // with the rest of it, whose script decides which quotation marks are turned around.
    let whole = article.title.as_ref().map(|title| unicode::display(&title.text, true).0);
    let cut = text.title.as_deref().filter(|title| whole.is_some_and(|whole| whole != *title && whole.contains(title)));
    for line in shown.into_iter().filter(|line| Some(*line) != cut) {
        assert_eq!(unicode::display(line, true).0, line);
    }
    if text.display.is_empty() && article.blocks.iter().any(|block| !block.piece.text.trim().is_empty()) {
        assert!(!text.removed.is_empty());
    }
}

/// Spans of what stands between blanks.
fn words(text: &Text, span: DisplaySpan) -> Vec<DisplaySpan> {
    let mut at = span.start;
    let words = text.shown(span).split(' ').map(|word| {
        let start = at;
        at += word.len() + 1;
        DisplaySpan::new(start, start + word.len())
    });
    words.collect()
}

/// The text as a page again.
fn again(text: &Text) -> Text {
    normalize(&article(&text.display.split('\n').collect::<Vec<_>>()))
}

#[test]
fn a_levantine_page() {
    let text = check(
        "
        section | آخر الأخبار
        title | مجلس البلدية يقر خطة لترميم السوق القديم
        credit | 12 كانون الثاني 2024 - 10:30
        -share | شارك
        -share | فيسبوك تويتر واتساب
        p | أقر مجلس البلدية أمس خطة لترميم السوق القديم، بعد اجتماع دام ثلاث ساعات في مبنى المحافظة.
        p | وقال رئيس المجلس، سامر الحلاق، إن “الأعمال ستبدأ الشهر المقبل”، وإن السوق سيبقى مفتوحًا.
        -related | اقرأ أيضًا: إغلاق شارع النهر أمام السيارات
        subhead | خلاف على الكلفة
        p | واعترض أصحاب المحال على الكلفة، التي تبلغ مليوني دولار، وطالبوا البلدية بتقسيطها على أعوام.
        credit | المصدر: جريدة الضفة
        -comment | اترك تعليقاً
        -comment | لن يتم نشر عنوان بريدك الإلكتروني. الحقول الإلزامية مشار إليها بـ *
        -comment | الاسم
        -comment | البريد الإلكتروني",
        |_| (),
    );
    assert_eq!(text.section.as_deref(), Some("آخر الأخبار"));
    assert_eq!(text.title.as_deref(), Some("مجلس البلدية يقر خطة لترميم السوق القديم"));
    assert_eq!(text.credit.as_deref(), Some("جريدة الضفة"));
    assert_eq!((text.lead.as_deref(), text.byline.as_deref()), (None, None));
    assert_eq!((text.language.tag.as_str(), text.language.right_to_left), ("ar", true));
    assert_eq!(again(&text).display, text.display);
}

#[test]
fn an_egyptian_page_with_its_masthead_twice() {
    let text = check(
        "
        -furniture | بوابة المرسى أخبار المرسى رياضة المرسى فيديو المرسى Al Marsa english
        -furniture | English EN
        -furniture | رئيس مجلس الإدارة
        -furniture | منى عبد الظاهر
        -furniture | رئيس التحرير
        -furniture | حازم البنا
        -furniture | رئيس التحرير
        -furniture | حازم البنا
        title | افتتاح محطة مياه جديدة تخدم قرى المركز
        caption | محطة المياه
        -furniture | محطة المياه
        credit | كتبت سلوى فهمي
        p | افتتح محافظ الإقليم صباح اليوم محطة مياه جديدة تخدم سبع قرى، بتكلفة 40 مليون جنيه.
        p | وأضاف المحافظ أن المحطة ستضخ 12 ألف متر مكعب يوميا، وأن العمل فيها استغرق عامين كاملين.
        -related | موضوعات متعلقة
        -related | تحصيل فواتير المياه إلكترونيا
        -related | قطع المياه عن المدينة ست ساعات
        -furniture | جميع الحقوق محفوظة لبوابة المرسى 2024",
        |_| (),
    );
    assert_eq!(text.byline.as_deref(), Some("سلوى فهمي"));
    assert_eq!(text.section, None);
}

#[test]
fn a_gulf_page_with_a_ticker() {
    check(
        "
        -furniture | القبض على عصابة سرقت متاجر الذهب في العاصمة ارتفاع مؤشر الأسهم في ختام التداولات رياح مثيرة للأتربة على الطريق الساحلي افتتاح معرض الكتاب الدولي بمشاركة مئة دار نشر وفد تجاري يزور المنطقة الحرة
        p | دشن أمير المنطقة أمس الأحد حديقة الواحة، وهي أكبر متنزه عام في المدينة، وتضم 3,000 شجرة ومسارات للمشي بطول 7 كيلومترات.
        p | وتجول الأمير في أرجاء الحديقة، واستمع من أمين المدينة إلى شرح عن نظام الري الذي يعيد استخدام المياه المعالجة.
        -furniture | الحديقة,الواحة,أمانة المدينة,المتنزهات",
        |_| (),
    );
}

#[test]
fn a_maghrebi_page() {
    let text = check(
        "
        section | اقتصاد
        title | المكتب الوطني يعلن عن استثمار جديد في ميناء الشمال
        credit | الضفاف | و.م.ع نشر في: 3 نونبر 2023
        p | أعلن المكتب الوطني للموانئ عن استثمار بقيمة 900 مليون درهم لتوسيع ميناء الشمال.وأوضح المكتب أن الأشغال ستنطلق في دجنبر.
        quote | “هذا المشروع سيوفر ألفي منصب شغل لشباب الجهة”.
        p | وأضاف المصدر ذاته أن الميناء سيستقبل بواخر أكبر ابتداء من سنة 2026، حسب بلاغ صدر أول أمس.
        -comment | أضف تعليقك
        -comment | تعليقات الزوار لا تعبر عن رأي الموقع",
        |_| (),
    );
    assert_eq!(text.credit.as_deref(), Some("الضفاف | و.م.ع"));
    assert_eq!(text.blocks[3].sentences.len(), 2, "glued sentences are two");
}

#[test]
fn a_persian_page() {
    let text = check(
        "
        title | شهرداری سه خط تازهٔ اتوبوس راه می‌اندازد
        credit | تاریخ انتشار: ۱۲ دی ۱۴۰۲ - ۱۰:۳۰
        p | شهردار گفت که سه خط تازهٔ اتوبوس از هفتهٔ آینده در شهر راه می‌افتد و کرایهٔ آن‌ها تغییری نمی‌کند.
        p | او افزود این خط‌ها روزانه برای بیست هزار مسافر در نظر گرفته شده است و تا پایان سال کامل می‌شود.
        -related | بیشتر بخوانید: کرایهٔ تاکسی گران شد
        credit | منبع: روزنامهٔ کرانه
        -comment | ارسال نظر
        -comment | نشانی ایمیل شما منتشر نخواهد شد",
        |_| (),
    );
    assert_eq!(text.language.tag, "fa");
    assert_eq!(text.credit.as_deref(), Some("روزنامهٔ کرانه"));
    assert!(text.display.contains('\u{200C}') && !text.matched.contains('\u{200C}'));
}

#[test]
fn a_kurdish_page() {
    let text = check(
        "
        title | پارێزگار پڕۆژەیەکی نوێی ئاو دەکاتەوە
        credit | رووداو
        p | پارێزگاری شارەکە ئەمڕۆ پڕۆژەیەکی نوێی ئاوی کردەوە کە دەیان گوند لە ناوچەکە سوودی لێ دەبینن.
        p | بەڕێوەبەری ئاو گوتی: \"کارەکان لە ماوەی دوو ساڵدا تەواو بوون و تێچووی پڕۆژەکە ملیۆنێک دۆلارە\".
        -related | بابەتی پەیوەندیدار
        -related | نرخی کارەبا بەرز دەبێتەوە",
        |_| (),
    );
    assert_eq!(text.language.tag, "ckb");
    assert_eq!(text.credit.as_deref(), Some("رووداو"));
}

#[test]
fn an_english_page() {
    let text = check(
        "
        -furniture | Skip to main content
        -furniture | Home / News / Business
        title | Harbour authority reopens eastern pier after storm
        credit | By Dana Whitlock
        credit | Published 12 January 2024, 10:30 GMT
        -share | Share on Facebook
        p | The harbour authority reopened its eastern pier on Friday, three days after a storm tore away part of the quay.
        p | \"We worked day and night,\" said Mr. Salim, the director. Losses are put at $2.5 million.
        subhead | Fishermen ask for help
        p | Fishermen whose boats sank in the old basin have asked the government for compensation this week.
        -related | Read more: Storm closes schools along the coast
        -furniture | Tags: harbour, storm, coast
        -comment | Leave a Reply
        -comment | Your email address will not be published. Required fields are marked *",
        |_| (),
    );
    assert_eq!(text.byline.as_deref(), Some("Dana Whitlock"));
    assert_eq!(text.section.as_deref(), Some("Business"));
    assert_eq!((text.language.tag.as_str(), text.language.right_to_left), ("en", false));
}

#[test]
fn a_french_page() {
    let text = check(
        "
        section | Économie
        title | Le port de la côte rouvre son quai après la tempête
        credit | Publié le 12 janvier 2024 à 10h30
        p | Le port a rouvert vendredi son quai oriental, trois jours après une tempête qui en avait emporté une partie.
        p | Les pertes sont estimées à deux millions de dollars, selon la direction, qui a saisi ses assureurs.
        -related | À lire aussi : Les écoles fermées sur tout le littoral
        credit | Source : La Gazette du littoral
        -comment | Laisser un commentaire
        -comment | Votre adresse e-mail ne sera pas publiée.",
        |_| (),
    );
    assert_eq!(text.credit.as_deref(), Some("La Gazette du littoral"));
    assert_eq!(text.language.tag, "fr");
}

#[test]
fn a_turkish_page() {
    let text = check(
        "
        title | Belediye eski çarşının onarımına gelecek ay başlıyor
        credit | Yayınlanma: 12 Ocak 2024 - 10:30
        p | Belediye meclisi dün akşam eski çarşının onarımı için hazırlanan planı oy birliğiyle kabul etti.
        p | Başkan, çalışmaların gelecek ay başlayacağını ve çarşının bu süre içinde açık kalacağını söyledi.
        -related | İlgili haberler
        -related | Nehir caddesi trafiğe kapatıldı
        -comment | Yorum yaz",
        |_| (),
    );
    assert_eq!(text.language.tag, "tr");
}

#[test]
fn a_lead_given_three_times_stays_once() {
    let text = check(
        "
        -furniture | أخبار / اقتصاد / آسيا / شبكة المنارة
        title | المصرف المركزي يثبت سعر الفائدة للمرة الثالثة
        credit | شبكة المنارة
        credit | 2023-02-22T14:00:09+02:00
        p | المصرف المركزي يبقي سعر الفائدة على حاله، ويتوقع أن يتراجع التضخم في النصف الثاني من العام.
        -furniture | المصرف المركزي يبقي سعر الفائدة على حاله، ويتوقع أن يتراجع التضخم في النصف الثاني من العام.
        p | أبقى المصرف المركزي سعر الفائدة على 5.25 في المئة، وقال إنه يراقب أسعار الغذاء عن قرب.
        -furniture | المصرف المركزي يبقي سعر الفائدة على حاله، ويتوقع أن يتراجع التضخم في النصف الثاني من العام.
        -furniture | المصرف المركزي,سعر الفائدة,التضخم",
        |_| (),
    );
    assert_eq!(text.section.as_deref(), Some("اقتصاد"));
    assert_eq!(text.credit.as_deref(), Some("شبكة المنارة"));
    assert!(text.lead.is_some_and(|lead| lead.starts_with("المصرف المركزي يبقي")));
}

#[test]
fn an_interview_keeps_its_dashes_and_questions() {
    check(
        "
        title | مخرجة الفيلم: صورنا كل شيء في شهر واحد
        p | التقينا المخرجة في بيتها، وسألناها عن فيلمها الجديد وعن الصعوبات التي واجهت فريقها.
        p | * كيف بدأت الفكرة؟
        p | - بدأت من حكاية سمعتها من جدتي، ثم كتبت عنها قصة قصيرة، ولم أفكر يومها في السينما أبدا.
        p | * وكم استغرق التصوير؟
        p | - شهرا واحدا، فقد كنا فريقا صغيرا ولم نملك إلا آلة تصوير واحدة.",
        |_| (),
    );
}

#[test]
fn a_title_of_the_metadata_is_one_block() {
    let lines = "
        title | مجلس البلدية يقر خطة لترميم السوق القديم
        p | أقر مجلس البلدية أمس خطة لترميم السوق القديم، بعد اجتماع دام ثلاث ساعات.
        p | وقال رئيس المجلس إن الأعمال ستبدأ الشهر المقبل، وإن السوق سيبقى مفتوحا.";
    for title in [
        "مجلس البلدية يقر خطة لترميم السوق القديم",
        "مجلس البلدية يقر خطة لترميم السوق القديم | جريدة الضفة",
        "جريدة الضفة - مجلس البلدية يقر خطة لترميم السوق القديم",
    ] {
        let text = check(lines, |article| {
            article.title = Some(Piece { text: title.to_owned(), trace: None });
            article.site = Some("جريدة الضفة".to_owned());
        });
        assert_eq!(text.title.as_deref(), Some("مجلس البلدية يقر خطة لترميم السوق القديم"));
    }
}

#[test]
fn a_title_that_stands_nowhere_is_put_first_and_found_in_the_payload() {
    for raw in ["  السوق  القديم يرمم - الضفة", "الضفة | السوق  القديم يرمم "] {
        let payload = format!(r#"{{"title": "{raw}", "text": "…"}}"#);
        let at = payload.find(raw).unwrap();
        let mut article = article(&["أقر مجلس البلدية أمس خطة للترميم، بعد اجتماع دام ثلاث ساعات."]);
        article.site = Some("الضفة".to_owned());
        article.title = Some(Piece {
            text: raw.to_owned(),
            trace: Some(Trace { raw: RawSpan::new(at, at + raw.len()), edits: Edits::default() }),
        });
        let text = normalize(&article);
        let title = &text.blocks[0];
        assert_eq!((title.kind, text.shown(title.span)), (BlockKind::Title, "السوق القديم يرمم"));
        for word in words(&text, title.span) {
            let (from, to) = title.edits.source(word.start, word.end);
            let span = title.trace.as_ref().unwrap().raw(from, to);
            assert_eq!(payload.get(span.start..span.end), Some(text.shown(word)));
        }
    }
}

#[test]
fn html_blocks_go_by_the_same_rules_and_their_own_marks() {
    let mut nav = block(SourceKind::ListItem, "الرئيسية");
    (nav.weight, nav.link_density) = (-1, 1.0);
    let mut related = block(SourceKind::ListItem, "إغلاق شارع النهر أمام السيارات");
    related.link_density = 1.0;
    let paragraph = |text: &str| SourceBlock { weight: 1, ..block(SourceKind::Paragraph, text) };
    let article = Article {
        blocks: vec![
            nav,
            block(SourceKind::Heading(1), "مجلس البلدية يقر خطة لترميم السوق القديم"),
            block(SourceKind::Meta, "12 يناير 2024"),
            paragraph(
                "أقر مجلس البلدية أمس خطة لترميم السوق القديم، بعد اجتماع دام ثلاث ساعات في مبنى المحافظة وسط المدينة.",
            ),
            block(SourceKind::Caption, "السوق القديم قبل الترميم (أ ف ب)"),
            block(SourceKind::Heading(2), "خلاف على الكلفة"),
            paragraph("واعترض أصحاب المحال على الكلفة، التي تبلغ مليوني دولار، وطالبوا البلدية بتقسيطها على أعوام عدة."),
            paragraph("وقال رئيس المجلس إن الأعمال ستبدأ الشهر المقبل، وإن السوق سيبقى مفتوحا أمام الزوار والباعة."),
            paragraph("ويعود بناء السوق إلى القرن السابع عشر، وفيه نحو مئتي متجر ومسجدان وحمام عام ما زال يعمل."),
            block(SourceKind::Heading(3), "مواضيع ذات صلة"),
            related,
        ],
        ..Article::default()
    };
    let text = normalize(&article);
    let kinds: Vec<&str> = text.blocks.iter().map(|block| name(block.kind)).collect();
    assert_eq!(kinds, ["title", "credit", "p", "caption", "subhead", "p", "p", "p"]);
    holds(&article, &text);
}

#[test]
fn a_page_with_all_its_menus() {
    let text = check(
        "
        -furniture | مجلس البلدية يقر خطة لترميم السوق القديم - جريدة الضفة
        -furniture | الرئيسية
        -furniture | سياسة
        -furniture | اقتصاد
        -furniture | رياضة
        -furniture | ثقافة وفن
        -furniture | وزير النقل يفتتح جسرا جديدا في الجنوب
        -furniture | المنتخب يستعد لمباراة الأحد في غياب قائده
        -furniture | موجة حر تضرب مناطق الوسط حتى نهاية الأسبوع
        title | مجلس البلدية يقر خطة لترميم السوق القديم
        credit | نشر في: الأحد 12 مايو 2024 - 3:45 م | آخر تحديث: الأحد 12 مايو 2024 - 5:10 م
        credit | كتب/ سامر الحلاق
        -furniture | A+ A-
        p | أقر مجلس البلدية أمس خطة لترميم السوق القديم، بعد اجتماع دام ثلاث ساعات في مبنى المحافظة.
        -furniture | انضم إلى قناتنا على تلغرام
        p | وقال رئيس المجلس إن الأعمال ستبدأ الشهر المقبل، وإن السوق سيبقى مفتوحا أمام الزوار والباعة.
        p | واعترض أصحاب المحال على الكلفة، التي تبلغ مليوني دولار، وطالبوا البلدية بتقسيطها على أعوام.
        -share | 0 تعليق
        -related | سفينة شحن تجنح قبالة الساحل الغربي
        -related | ارتفاع أسعار الذهب في ختام التعاملات
        -related | افتتاح معرض الزهور في حديقة المدينة
        -furniture | من نحن
        -furniture | اتصل بنا
        -furniture | وظائف
        -furniture | أرشيف
        -furniture | خريطة الموقع
        -furniture | الأسئلة الشائعة",
        |_| (),
    );
    assert_eq!(text.byline.as_deref(), Some("سامر الحلاق"));
}

#[test]
fn a_list_that_the_text_announces_stays() {
    check(
        "
        title | أسماء الفائزين في مسابقة القصة القصيرة
        p | أعلنت اللجنة أمس أسماء الفائزين في مسابقة القصة القصيرة، التي شارك فيها ستون كاتبا.
        p | وجاءت النتائج التي وقعتها رئيسة اللجنة مساء الخميس في حفل كبير على النحو الآتي:
        list | منى الصباغ
        list | رائد كيوان
        list | سهى النجار
        list | نبيل حمدان",
        |_| (),
    );
}

#[test]
fn what_only_looks_like_furniture_stays() {
    check(
        "
        title | من نحن بلا ذاكرة
        p | شارك في الندوة عشرون مؤرخا، وتحدثوا عن ذاكرة المدن وعن أرشيف الصحف القديمة في البلاد.
        subhead | تويتر
        p | وقال أحد المشاركين إن اترك تعليقا عبارة صارت مألوفة، وإن النقاش انتقل إلى مواقع التواصل.
        subhead | صور من الماضي
        p | وعرض المنظمون صورا قديمة للسوق، منها صورة للباعة عام 1950 لم تنشر في كتاب من قبل.
        p | وقال آخر إن القراءة تتراجع، وإن من يقرأ أيضا يكتب.",
        |_| (),
    );
    check(
        "
        title | كتب جديدة في المعرض
        p | يعرض الناشرون هذا العام ألفي عنوان جديد، بينها ترجمات من اللغات الآسيوية والأفريقية.
        p | ويستمر المعرض حتى نهاية الشهر، ويتوقع منظموه أن يزوره مئة ألف شخص.",
        |_| (),
    );
    check(
        "
        title | By the sea
        p | The harbour town has lost half of its fishing boats since the storm, and few expect them to return.
        p | Those who stay have turned to tourism, which pays better but only in the summer months.",
        |_| (),
    );
}

#[test]
fn a_short_last_word_is_the_articles_too() {
    let first = "افتتح وزير النقل الخميس رصيفا جديدا في الميناء بتمويل من البنك الدولي وبحضور عدد من السفراء.";
    let last = "وقال الوزير إن العمل استمر عامين.";
    // A field's text under a title that only the metadata has.
    let mut field = article(&[first, last]);
    field.title = Some(Piece { text: "رصيف جديد في الميناء".to_owned(), trace: None });
    // A page whose paragraphs nothing marks as an article's.
    let page = Article {
        blocks: vec![
            block(SourceKind::Heading(1), "رصيف جديد في الميناء"),
            block(SourceKind::Paragraph, first),
            block(SourceKind::Paragraph, last),
        ],
        ..Article::default()
    };
    for article in [&field, &page] {
        let text = normalize(article);
        assert!(text.display.ends_with(last), "{}", text.display);
        assert_eq!(text.removed, []);
    }
}

#[test]
fn other_articles_of_an_html_page_go() {
    let text = "أقر مجلس البلدية أمس خطة لترميم السوق القديم، بعد اجتماع دام ثلاث ساعات في مبنى المحافظة وسط المدينة.";
    let teaser = "تفاصيل أخرى عن خبر مختلف تماما ينشر في القائمة الجانبية للموقع، مع مقدمة قصيرة له.";
    let paragraph = |weight, text: String| SourceBlock { weight, ..block(SourceKind::Paragraph, &text) };
    let body = |weight| (0..8).map(move |number| paragraph(weight, format!("{text} {number}")));
    for weight in [0, 1, 2, 3] {
        let mut blocks = vec![
            block(SourceKind::ListItem, "درجة الحرارة 12"),
            block(SourceKind::ListItem, "غائم جزئيا"),
            block(SourceKind::Heading(1), "مجلس البلدية يقر خطة لترميم السوق القديم"),
            block(SourceKind::Meta, "12 يناير 2024"),
        ];
        blocks.extend(body(weight));
        blocks.extend((0..5).map(|number| block(SourceKind::Heading(3), &format!("خبر آخر رقم {number} في القائمة"))));
        blocks.push(paragraph(0, teaser.to_owned()));
        blocks.extend((0..5).map(|number| block(SourceKind::ListItem, &format!("رابط رقم {number}"))));
        let text = normalize(&Article { blocks, ..Article::default() });
        let kinds: Vec<&str> = text.blocks.iter().map(|block| name(block.kind)).collect();
        assert_eq!(
            kinds,
            ["title", "credit", "p", "p", "p", "p", "p", "p", "p", "p"],
            "weight {weight}: {}",
            text.display
        );
    }
}

#[test]
fn a_page_whose_article_is_marked_as_furniture_is_kept() {
    let text = "أقر مجلس البلدية أمس خطة لترميم السوق القديم، بعد اجتماع دام ثلاث ساعات في مبنى المحافظة.";
    let mut blocks = vec![block(
        SourceKind::Paragraph,
        "تنبيه: الموقع في طور التحديث، وقد تتأخر بعض الصفحات في الظهور لقرائنا الكرام.",
    )];
    blocks.extend(
        (0..6).map(|number| SourceBlock { weight: -1, ..block(SourceKind::Paragraph, &format!("{text} {number}")) }),
    );
    let shown = normalize(&Article { blocks, ..Article::default() }).display;
    assert_eq!(shown.matches("مجلس البلدية").count(), 6, "{shown}");
}

#[test]
fn a_lead_of_the_metadata_must_be_the_articles() {
    let lead = |lead: &str| {
        let mut page = article(&[
            "مجلس البلدية يقر خطة لترميم السوق القديم",
            "أقر مجلس البلدية أمس خطة لترميم السوق القديم، بعد اجتماع دام ثلاث ساعات.",
            "وقال رئيس المجلس إن الأعمال ستبدأ الشهر المقبل، وإن السوق سيبقى مفتوحا.",
        ]);
        page.lead = Some(lead.to_owned());
        normalize(&page).lead
    };
    let other = "السوق القديم يبقى مفتوحا خلال أعمال الترميم التي أقرها المجلس";
    assert_eq!(lead(other).as_deref(), Some(other));
    assert_eq!(lead("أقر مجلس البلدية أمس خطة لترميم السوق القد…"), None, "the beginning of the first paragraph");
    assert_eq!(lead("كتب: سامر الحلاق"), None);
    assert_eq!(lead("موقع إخباري شامل يقدم آخر المستجدات على مدار الساعة"), None);
}

#[test]
fn a_date_in_a_header_of_its_own_is_kept_and_a_question_is_no_byline() {
    let marked = |kind, weight, text: &str| SourceBlock { weight, ..block(kind, text) };
    let answer = "بدأت الفكرة من حكاية سمعتها من جدتي، ثم كتبت عنها قصة قصيرة، ولم أفكر يومها في السينما أبدا.";
    let mut blocks = vec![
        marked(SourceKind::ListItem, -2, "الأولى"),
        marked(SourceKind::Meta, -2, "الجمعة 8 فيفري 2019"),
        marked(SourceKind::Meta, -2, "Tweet"),
        marked(SourceKind::Heading(1), 2, "مخرجة الفيلم: صورنا كل شيء في شهر واحد"),
    ];
    for number in 0..6 {
        blocks.push(marked(SourceKind::Meta, 2, &format!("* السؤال رقم {number}: كيف بدأت الفكرة؟")));
        blocks.push(marked(SourceKind::Paragraph, 2, &format!("- {answer} {number}")));
    }
    let text = normalize(&Article { blocks, ..Article::default() });
    let kinds: Vec<&str> = text.blocks.iter().map(|block| name(block.kind)).collect();
    assert_eq!(kinds[..3], ["credit", "title", "p"], "{}", text.display);
    assert_eq!(kinds.iter().filter(|kind| **kind == "credit").count(), 1);
    assert_eq!(kinds.len(), 14);
}

#[test]
fn boxes_addresses_and_menus_with_bullets_above_the_title() {
    let page = "
        -furniture | المرفأ
        -furniture | جريدة يومية مستقلة
        -furniture | رئيس التحرير: هالة مراد - المدير المسؤول: سمير عون
        -furniture | العنوان: شارع النهر، بناء السلام - هاتف: 021-5550144 - فاكس: 021-5550145
        -furniture | * الرئيسية
        -furniture | * محليات
        -furniture | * اقتصاد
        -furniture | * رياضة
        -furniture | مواقيت الصلاة - المرفأ
        -furniture | الفجر 04:34
        -furniture | المغرب 18:06
        -furniture | دولار: 147,750 يورو: 160,200
        -furniture | بغداد 44°
        -furniture | عاجل بدء التسجيل في الجامعات الخاصة ••• فوز الفريق الوطني على ضيفه
        title      | البلدية تعيد فتح سوق السمك القديم بعد ترميمه
        credit     | المرفأ - سامر خليل
        credit     | 12 كانون الثاني 2024
        -share     | FacebookTwitterWhatsApp
        -share     | 1,3K
        p          | أعادت البلدية أمس فتح سوق السمك القديم بعد أشغال ترميم دامت أكثر من عامين كاملين.
        p          | وقال رئيس البلدية إن السوق سيعمل كل يوم من الفجر حتى الظهر، وإن الإيجارات لم تتغير.";
    let text = check(page, |_| ());
    assert_eq!(text.authors, ["سامر خليل"]);
}

#[test]
fn comments_pages_teasers_and_what_follows_the_end_of_a_wire_story() {
    let page = "
        title      | البلدية تعيد فتح سوق السمك القديم بعد ترميمه
        p          | أعادت البلدية أمس فتح سوق السمك القديم بعد أشغال ترميم دامت أكثر من عامين كاملين.
        p          | وقال رئيس البلدية إن السوق سيعمل كل يوم من الفجر حتى الظهر، وإن الإيجارات لم تتغير.
        list       | 1. يفتح السوق عند الفجر
        list       | 2. يغلق السوق عند الظهر
        p          | والأشغال المقبلة في الشارع المجاور للسوق تبدأ في الصيف.";
    let with = |more: &str| format!("{page}\n{more}");
    let comments = "
        -comment | 2 تعليقات:
        -comment | ليلى يقول...
        -comment | هذا السوق أعرفه منذ كنت طفلة صغيرة، وكان أبي يشتري منه السمك كل جمعة قبل الصلاة ثم نعود معا.
        -comment | سمير يقول...
        -comment | الأسعار فيه ارتفعت كثيرا بعد الترميم، ولم يعد أحد يستطيع أن يشتري منه شيئا مما كان يشتريه من قبل.";
    check(&with(comments), |_| ());
    let pages = "
        -furniture | صفحة 1 من 3
        -furniture | * 1
        -furniture | * 2
        -furniture | * 3
        -furniture | * التالي
        -furniture | سمير عون
        -furniture | صحفي يكتب عن المدن القديمة.";
    assert!(check(&with(pages), |_| ()).partial);
    assert!(check(&with("-furniture | صفحة 3 من 3"), |_| ()).partial, "its beginning is on another page");
    assert!(!check(&with("-furniture | صفحة 1 من 1"), |_| ()).partial);
    let teasers = "
        -related | 11 فيفري 2023
        -related | قطع التيار الكهربائي عن أحياء الشمال
        -related | تعلن الشركة أنها ستقطع التيار عن أحياء الشمال يوم الأحد من الساعة الثامنة...
        -related | أكمل القراءة
        -related | تأجيل مباراة الفريق الوطني
        -related | قرر الاتحاد تأجيل المباراة إلى موعد يحدد في وقت لاحق بسبب الأمطار...
        -related | أكمل القراءة";
    let text = normalize(&article(
        &with(teasers).lines().filter_map(|row| Some(row.split_once('|')?.1.trim())).collect::<Vec<_>>(),
    ));
    assert!(text.display.ends_with("تبدأ في الصيف."), "{}", text.display);
    let wire = "
        -furniture | // انتهى //
        -furniture | 14:52 ت م
        -furniture | رياضي / تعادل المنتخب الأولمبي مع نظيره في مباراة ودية";
    check(&with(wire), |_| ());
}

#[test]
fn who_signs_below_the_last_paragraph_is_the_articles() {
    let mut page = article(&[
        "بيان من وزارة الصحة حول المياه",
        "تابعت وزارة الصحة الوضع في المحافظة بعد ورود نتائج المختبر، وهي تؤكد للناس أن المياه صالحة للشرب في كل الأحياء.",
        "وتطلب الوزارة من الناس أن يبلغوا عن كل حالة تظهر في الأيام المقبلة على رقمها المجاني في كل المحافظات من دون تأخير.",
        "والله ولي التوفيق",
        "د. عصام الطريفي",
        "وزير الصحة",
        "خبر آخر من القسم نفسه",
    ]);
    for (block, weight) in page.blocks.iter_mut().zip([3, 3, 3, 3, 3, 3, 0]) {
        (block.kind, block.weight) = (SourceKind::Paragraph, weight);
    }
    page.blocks[0].kind = SourceKind::Heading(1);
    assert!(normalize(&page).display.ends_with("وزير الصحة"));
}

#[test]
fn the_title_that_the_window_names_is_found_on_the_page() {
    let body = "أعادت البلدية أمس فتح سوق السمك القديم بعد أشغال ترميم دامت أكثر من عامين كاملين في المدينة.";
    let titled = |window: &str, lines: &[&str]| {
        let mut page = article(lines);
        page.title = Some(Piece { text: window.to_owned(), trace: None });
        for block in &mut page.blocks {
            block.kind = SourceKind::Paragraph;
        }
        page.blocks[1].kind = SourceKind::Heading(3);
        normalize(&page).title.unwrap()
    };
    let headline = "عام / البلدية تعيد فتح سوق السمك القديم";
    // The site's name stands behind it without a mark, and a section's name alone in the menu.
    assert_eq!(titled(&format!("{headline} وكالة المرفأ"), &["عام", headline, body, body]), headline);
    // The page of a topic that holds an article.
    let headline = "البلدية: سوق السمك القديم يفتح غدا";
    assert_eq!(titled("البلدية", &["البلدية", headline, body, body]), headline);
    assert_eq!(titled("البلدية", &["البلدية", "سوق السمك القديم يفتح غدا", body, body]), "البلدية");
    // The shorter part that stands there is the site's name.
    assert_eq!(titled("المرفأ - سوق السمك القديم يفتح", &["المرفأ", "قسم", body, body]), "سوق السمك القديم يفتح");
}

#[test]
fn copies_of_one_story_have_near_fingerprints() {
    let story = [
        "أعلنت هيئة الموانئ أن حركة السفن ستستأنف صباح الخميس، بعد توقف دام ثلاثة أيام بسبب العاصفة.",
        "وقال مدير الهيئة إن الأمواج العالية ألحقت أضرارا بالرصيف الشرقي، وإن فرق الصيانة تعمل ليلا ونهارا.",
        "وأضاف أن الخسائر الأولية تقدر بنحو مليوني دولار، وأن شركات التأمين بدأت معاينة البضائع المتضررة.",
        "وكانت عاصفة قوية ضربت الساحل مطلع الأسبوع، وأدت إلى إغلاق المدارس وقطع التيار عن آلاف المنازل.",
    ];
    let first = [&["استئناف الملاحة في الميناء غدا"][..], &story, &["المصدر: وكالات", "اترك تعليقا"]].concat();
    let second = [
        &["سياسة", "الميناء يفتح أبوابه بعد العاصفة", "شارك على فيسبوك"][..],
        &story,
        &["اقرأ أيضا", "المدارس تفتح أبوابها"],
    ]
    .concat();
    let (first, second) = (normalize(&article(&first)), normalize(&article(&second)));
    let bits = (first.fingerprint ^ second.fingerprint).count_ones();
    assert!(bits <= 3, "{bits} bits apart");
}

#[test]
fn what_cannot_be_text_is_rejected_with_a_reason() {
    for lines in [&[][..], &["", "  \u{200B}"], &["***", "—"], &["اترك تعليقا", "شارك", "جميع الحقوق محفوظة"]]
    {
        let reject = Normalizer::new(&Options::default()).normalize(&article(lines)).unwrap_err();
        assert_eq!((reject.stage, reject.reason), (Stage::Normalize, Reason::NoText), "{lines:?}");
    }
}

#[test]
fn caps_cut_and_say_so() {
    let line = "أقر مجلس البلدية أمس خطة لترميم السوق القديم بعد اجتماع دام ثلاث ساعات، ثم انصرف أعضاؤه.";
    let lines: Vec<String> = (0..30).map(|number| format!("{number} {line}")).collect();
    let page = article(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let normalizer = |max_blocks, max_text_bytes| Normalizer::new(&Options { max_blocks, max_text_bytes });
    let (text, degraded) = normalizer(7, 1 << 20).normalize(&page).unwrap();
    assert_eq!((text.blocks.len(), degraded[0].why), (7, "too_many_blocks"));
    let (text, degraded) = normalizer(100, 400).normalize(&page).unwrap();
    assert!(text.display.len() <= 400 && text.display.len() > 250);
    assert_eq!(degraded.iter().map(|degraded| degraded.why).collect::<Vec<_>>(), ["too_long"]);
    let (_, degraded) = normalizer(30, 1 << 20).normalize(&page).unwrap();
    assert!(degraded.is_empty());
}

#[test]
fn options_that_leave_nothing_are_refused() {
    assert!(Options::default().check().is_empty());
    let invalid = Options { max_blocks: 0, max_text_bytes: 0 }.check();
    assert_eq!(
        invalid.iter().map(|invalid| invalid.key.as_str()).collect::<Vec<_>>(),
        ["normalize.max_blocks", "normalize.max_text_bytes"]
    );
}

#[test]
fn text_without_letters_has_no_language() {
    assert_eq!(normalize(&article(&["2024 12 31 555"])).language, Language::default());
}

fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,40}",
        "[ء-ي\u{64B}-\u{652} A-Za-z0-9٠-٩.،؟:|/“”\"\u{200C}\u{A0}\u{640}-]{0,80}",
        proptest::sample::select(vec![
            "اترك تعليقاً",
            "شارك",
            "اقرأ أيضاً",
            "المصدر: الضفة",
            "سياسة",
            "12 يناير 2024",
            "رئيس التحرير",
            "- خبر آخر",
            "1",
            "أقر مجلس البلدية أمس خطة لترميم السوق القديم، بعد اجتماع دام ثلاث ساعات.",
            "عنوان من أربع كلمات",
            "a / b / c",
        ])
        .prop_map(str::to_owned),
    ]
}

fn any_kind() -> impl Strategy<Value = SourceKind> {
    proptest::sample::select(vec![
        SourceKind::Line,
        SourceKind::Line,
        SourceKind::Heading(1),
        SourceKind::Heading(2),
        SourceKind::Paragraph,
        SourceKind::Quote,
        SourceKind::Caption,
        SourceKind::ListItem,
        SourceKind::TableRow,
        SourceKind::Meta,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Payload, source block, display: each word stands where its edits say.
    #[test]
    fn each_word_comes_from_where_its_edits_say(
        lines in proptest::collection::vec("[ء-ي\u{64B}-\u{652}ﺍ-ﻼ a-z.،\u{200B}\u{A0}\u{640}]{1,80}", 1..6)
    ) {
        let payload = lines.join("\n");
        let mut at = 0;
        let mut page = article(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        for source in &mut page.blocks {
            let length = source.piece.text.len();
            source.piece.trace = Some(Trace { raw: RawSpan::new(at, at + length), edits: Edits::default() });
            at += length + 1;
        }
        let Ok((text, _)) = Normalizer::new(&Options::default()).normalize(&page) else { return Ok(()) };
        for block in &text.blocks {
            for word in words(&text, block.span) {
                let (from, to) = block.edits.source(word.start - block.span.start, word.end - block.span.start);
                let raw = block.trace.as_ref().unwrap().raw(from, to);
                let there = payload.get(raw.start..raw.end).unwrap();
                prop_assert_eq!(unicode::display(there, false).0, text.shown(word));
            }
        }
    }

    #[test]
    fn any_page_keeps_the_promises(
        blocks in proptest::collection::vec((any_line(), any_kind(), -1i8..2, 0.0f32..1.0), 0..14),
        title in proptest::option::of(any_line()),
        plain in any::<bool>(),
    ) {
        let blocks = blocks.into_iter().map(|(line, kind, weight, link_density)| {
            if plain { block(SourceKind::Line, &line) } else { SourceBlock { weight, link_density, ..block(kind, &line) } }
        });
        let article = Article {
            blocks: blocks.collect(),
            title: title.map(|text| Piece { text, trace: None }),
            ..Article::default()
        };
        let normalizer = Normalizer::new(&Options::default());
        match normalizer.normalize(&article) {
            Ok((text, _)) => {
                holds(&article, &text);
                // Each block comes from its source, through its own edits.
                prop_assert!(text.title.is_none() || text.blocks.iter().filter(|block| block.kind == BlockKind::Title).count() == 1);
            }
            Err(reject) => prop_assert_eq!(reject.reason, Reason::NoText),
        }
    }
}

const SAID: &str =
    "قال مدير الميناء إن الرصيف الجديد سيستقبل السفن الكبيرة ابتداء من الصيف المقبل، وإن العمل فيه يسير.";
const ADDED: &str =
    "وأضاف المدير في حديث إلى الصحفيين أن كلفة الرصيف بلغت عشرين مليون دينار، وأن السفن ستدفع الرسوم نفسها.";

const PLANNED: &str = "ومن المقرر أن يبدأ العمل في المرحلة الثانية من المشروع مطلع العام المقبل بعد موافقة المجلس.";

/// Blocks of an HTML page, each with its kind and its weight.
fn html(blocks: &[(SourceKind, i8, &str)]) -> Article {
    let block = |(kind, weight, text): &(SourceKind, i8, &str)| SourceBlock { weight: *weight, ..block(*kind, text) };
    Article { blocks: blocks.iter().map(block).collect(), ..Article::default() }
}

fn kept(article: &Article) -> Vec<String> {
    let text = normalize(article);
    text.blocks.iter().map(|block| text.shown(block.span).to_owned()).collect()
}

#[test]
fn a_marked_article_goes_on_behind_its_last_paragraph() {
    use SourceKind::{ListItem, Paragraph};
    let page = |weight: i8| {
        let mut blocks = vec![(SourceKind::Heading(1), 0, "افتتاح رصيف جديد في الميناء")];
        blocks.extend([(Paragraph, weight, SAID), (Paragraph, weight, ADDED), (Paragraph, weight, PLANNED)]);
        blocks.push((Paragraph, weight, "مواعيد السفن:"));
        let items = ["الاثنين إلى الجزيرة", "الأربعاء إلى المضيق", "الخميس إلى الرأس", "السبت إلى الخليج الغربي"];
        blocks.extend(items.map(|item| (ListItem, weight, item)));
        blocks.push((Paragraph, -2, "قسم آخر من الصفحة"));
        html(&blocks)
    };
    assert_eq!(kept(&page(2)).len(), 1 + 3 + 1 + 4);
    assert_eq!(kept(&page(1)).len(), 1 + 3, "chosen by its text alone, it ends where the text ends");
}

#[test]
fn of_a_repeated_line_the_copy_outside_the_text_goes() {
    use SourceKind::{Caption, Heading, Paragraph};
    let title = (Heading(1), 0, "افتتاح رصيف جديد في الميناء");
    let captioned = html(&[title, (Caption, 1, SAID), (Paragraph, 2, SAID), (Paragraph, 2, ADDED)]);
    assert_eq!(kept(&captioned), ["افتتاح رصيف جديد في الميناء", SAID, ADDED]);
    assert_eq!(normalize(&captioned).blocks[1].kind, BlockKind::Paragraph);
    let summary =
        html(&[title, (Paragraph, 1, PLANNED), (Paragraph, 2, SAID), (Paragraph, 2, ADDED), (Paragraph, 2, PLANNED)]);
    assert_eq!(kept(&summary), ["افتتاح رصيف جديد في الميناء", SAID, ADDED, PLANNED]);
}

#[test]
fn a_text_without_blanks_has_words() {
    let phrases = Phrases::new();
    let words = |text: &str| Line::of(text.to_owned(), crate::record::Edits::default(), &phrases).words;
    assert_eq!(words("商標権侵害と判断される場合があります"), 10);
    assert_eq!(words("وصل الوفد"), 2);
    assert_eq!(words("internationalization"), 1);
    assert_eq!(words("…"), 0);
}

#[test]
fn a_part_of_an_article_says_which_it_is() {
    let part = |line: &str| normalize(&article(&[SAID, ADDED, line])).partial;
    for line in ["Page 1 of 3", "الصفحة 2 من 4", "صفحه ۱ از ۳", "Sayfa 1 / 2"] {
        assert!(part(line), "{line}");
        assert_eq!(kept(&article(&[SAID, ADDED, line])).len(), 2, "{line}");
    }
    for line in ["Page 4 of 3", "Page 1 of 1", "صفحة 3", "الصفحة الأولى من 3"] {
        assert!(!part(line), "{line}");
    }
    let mut parted = article(&[SAID, ADDED]);
    parted.parted = true;
    assert!(normalize(&parted).partial);
}

#[test]
fn a_notice_is_not_the_last_paragraph() {
    for notice in [
        "© The Carrow Observer. Terms and conditions apply. Privacy policy.",
        "Follow the desk on Facebook, Twitter and Instagram.",
    ] {
        assert_eq!(kept(&article(&[SAID, ADDED, notice])), [SAID, ADDED], "{notice}");
    }
    let verb = "Follow the river on any map and you will find three towns that are on Facebook and nowhere else at all, residents say.";
    assert_eq!(kept(&article(&[SAID, ADDED, verb])).len(), 3);
}

#[test]
fn the_declared_direction_stands_in_where_no_language_is_told() {
    let mut numbers = article(&["1 2 3 4 5 6 7 8"]);
    assert!(!normalize(&numbers).language.right_to_left);
    numbers.right_to_left = Some(true);
    assert!(normalize(&numbers).language.right_to_left);
    let mut french = article(&["Le ministre a déclaré que les travaux commenceraient au printemps prochain."]);
    french.right_to_left = Some(true);
    assert!(!normalize(&french).language.right_to_left);
}

#[test]
fn menus_of_more_words_than_the_article_are_still_menus() {
    use SourceKind::{Heading, ListItem, Paragraph};
    let title = (Heading(1), 0, "افتتاح رصيف جديد في الميناء");
    let mut page = html(&[(Paragraph, -1, PLANNED), title, (Paragraph, 1, SAID), (ListItem, -2, "خدمات المشتركين")]);
    let link = |text: String| SourceBlock { weight: -2, link_density: 1.0, ..block(ListItem, &text) };
    page.blocks.extend((0..40).map(|number| link(format!("قسم من أقسام الموقع {number}"))));
    assert_eq!(kept(&page), ["افتتاح رصيف جديد في الميناء", SAID]);
    // What stands there in sentences may be the article itself.
    let aside = html(&[title, (Paragraph, -2, SAID), (Paragraph, -2, ADDED), (Paragraph, -2, PLANNED)]);
    assert_eq!(kept(&aside).len(), 4);
}

#[test]
fn a_plan_says_again_for_the_next_day_what_it_said_for_the_day_before() {
    use SourceKind::{Heading, Paragraph};
    let plan = ["اشرب كوب ماء", "امش نصف ساعة في الحي", "كل خضارا وتمرا مع اللبن", "نم ثماني ساعات على الأقل", SAID];
    let day = |heading: &'static str| {
        std::iter::once((Heading(2), 2, heading)).chain(plan.map(|line| (Paragraph, 2, line))).collect::<Vec<_>>()
    };
    let page = |first, second| {
        let last = [(Paragraph, 2, ADDED)];
        html(
            &[vec![(Heading(1), 2, "خطة من يومين"), (Paragraph, 2, PLANNED)], day(first), day(second), last.to_vec()]
                .concat(),
        )
    };
    let count = |lines: &[String]| lines.iter().filter(|line| *line == plan[3]).count();
    assert_eq!(count(&kept(&page("خطة اليوم الأول من الأسبوع", "خطة اليوم الثاني من الأسبوع"))), 2);
    let twice = "خطة اليوم الأول من الأسبوع";
    assert_eq!(count(&kept(&page(twice, twice))), 1, "shown twice");
}

#[test]
fn who_wrote_a_cited_post_is_a_part_of_the_quotation() {
    let said = "— مدير الميناء (@port) 12 يناير 2024";
    let kind = |kind| {
        let page = html(&[
            (SourceKind::Heading(1), 2, "عنوان"),
            (SourceKind::Paragraph, 2, SAID),
            (kind, 2, said),
            (SourceKind::Paragraph, 2, ADDED),
        ]);
        let (text, _) = Normalizer::new(&Options::default()).normalize(&page).unwrap();
        text.blocks.iter().find(|block| text.shown(block.span) == said).map(|block| block.kind)
    };
    assert_eq!(kind(SourceKind::Quote), Some(BlockKind::Quote));
    assert_eq!(kind(SourceKind::Paragraph), Some(BlockKind::Credit));
}

fn kind_below_title(line: &str) -> Option<BlockKind> {
    use SourceKind::{Heading, Paragraph};
    let page = html(&[
        (Heading(1), 2, "عنوان من أربع كلمات"),
        (Paragraph, 2, line),
        (Paragraph, 2, SAID),
        (Paragraph, 2, ADDED),
    ]);
    let text = normalize(&page);
    text.blocks.iter().find(|block| text.shown(block.span) == line).map(|block| block.kind)
}

#[test]
fn datelines_below_the_title_in_the_languages_of_many() {
    for line in [
        "Publiziert 17. Dezember 2024, 12:17",
        "12.12.2025, 05:07 Uhr",
        "06.01.2026, Lesezeit 5 Min.",
        "25/04/2026 Actualizado a las 15:10h.",
        "By Ann Doe , Bo Li on Monday, November 18th, 2019 at 11:08 a.m.",
        "Written by Ann Doe, MS, RD on November 14, 2019",
        "2024年04月24日23:52 | 来源：新华网",
        "2 hours ago",
        "Jonisayi Maromo |Published 1 day ago",
        "Текст: Анна Иванова ·24 сентября 2018",
        "von Engin Haupt, MDR",
    ] {
        assert_eq!(kind_below_title(line), Some(BlockKind::Credit), "{line}");
    }
    for line in [
        "Der Zug fuhr am 12. Dezember 2024 um 5 Uhr ab, und niemand hat ihn danach gesehen.",
        "2016年3月13日下午中国国家足球队在北京与来自欧洲的客队进行了一场友谊赛最后以二比一获胜。",
        "The match began at 11:08 a.m. and ended, as all of them had feared, at 3 p.m. on November 18, 2019.",
    ] {
        assert_eq!(kind_below_title(line), Some(BlockKind::Paragraph), "{line}");
    }
}

#[test]
fn below_the_links_of_a_list_in_the_text_the_text_goes_on() {
    use SourceKind::{Heading, Paragraph};
    let mut page = html(&[
        (Heading(1), 2, "عنوان من أربع كلمات"),
        (Paragraph, 2, SAID),
        (Paragraph, 2, "Mehr zum Thema"),
        (Paragraph, 0, "Ein anderer Artikel über den Hafen"),
        (Heading(2), 2, "ما تبقى من المشروع"),
        (Paragraph, 2, ADDED),
    ]);
    page.blocks[3].link_density = 1.0;
    assert_eq!(kept(&page), ["عنوان من أربع كلمات", SAID, "ما تبقى من المشروع", ADDED]);
    page.blocks[3].link_density = 0.0;
    assert!(!kept(&page).contains(&"Ein anderer Artikel über den Hafen".to_owned()));
}

#[test]
fn the_pages_heading_is_the_title_however_short_beside_the_sites_name() {
    let mut page = html(&[
        (SourceKind::Paragraph, -1, "Die Neue Südtiroler Tageszeitung"),
        (SourceKind::Heading(1), 2, "„Unermüdlicher Einsatz“"),
        (SourceKind::Paragraph, 2, SAID),
        (SourceKind::Paragraph, 2, ADDED),
    ]);
    page.title = Some(Piece {
        text: "„Unermüdlicher Einsatz“ - Die Neue Südtiroler Tageszeitung".to_owned(),
        trace: None,
    });
    assert_eq!(normalize(&page).title.as_deref(), Some("„Unermüdlicher Einsatz“"));
}

#[test]
fn a_lead_between_the_title_and_its_copy_is_the_articles() {
    use SourceKind::{Heading, Paragraph};
    let title = "عنوان من أربع كلمات";
    let page = |lead: &'static str, between: &'static str| {
        let head = [(Heading(1), 0, title), (Paragraph, 1, lead), (Paragraph, 0, between), (Heading(1), 2, title)];
        html(&[head.to_vec(), [SAID, ADDED, PLANNED].map(|text| (Paragraph, 2, text)).to_vec()].concat())
    };
    let lead = "افتتح مدير الميناء أمس الرصيف الجديد بعد ثلاث سنوات من العمل فيه.";
    assert!(kept(&page(lead, "بلا صورة")).contains(&lead.to_owned()));
    assert_eq!(kept(&page(lead, "بلا صورة")).iter().filter(|line| *line == title).count(), 1);
}
