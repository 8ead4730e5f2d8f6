//! Pages of every kind, written for these tests.

use std::borrow::Cow;

use super::*;
use crate::record::{Edits, Evidence, RawSpan, SourceKind};

const CAPS: Caps = Caps { nodes: 10_000, depth: 100 };
pub(super) const LONG: &str = "قال مدير الميناء إن الرصيف الجديد سيستقبل السفن الكبيرة ابتداء من الصيف المقبل، وإن العمل فيه يسير وفق الخطة الموضوعة.";

fn try_read(page: &str) -> Result<Article, Reject> {
    article(&Source::new(Cow::Borrowed(page), RawSpan::new(0, page.len()), Edits::default()), CAPS)
}

pub(super) fn read(page: &str) -> Article {
    try_read(page).unwrap()
}

pub(super) fn blocks(page: &str) -> Vec<(SourceKind, String)> {
    read(page).blocks.into_iter().map(|block| (block.kind, block.piece.text)).collect()
}

fn texts(page: &str) -> Vec<String> {
    blocks(page).into_iter().map(|(_, text)| text).collect()
}

/// Texts of the blocks that are article, and of those that are furniture.
pub(super) fn parted(page: &str) -> (Vec<String>, Vec<String>) {
    let of = |wanted: fn(i8) -> bool| {
        let blocks = read(page).blocks.into_iter().filter(move |block| wanted(block.weight));
        blocks.map(|block| block.piece.text).collect()
    };
    (of(|weight| weight > 0), of(|weight| weight < 0))
}

#[test]
fn every_kind_of_block() {
    use SourceKind::{Caption, Heading, ListItem, Meta, Paragraph, Quote, TableRow};
    let page =
        "<h1>عنوان</h1><p class=byline>كتب فلان<p>سطر<br>آخر<blockquote><p>قول</blockquote><ul><li>أول<li>ثان</ul>
        <figure><img><figcaption>صورة</figcaption></figure><h3>فرع</h3>
        <table><tr><th>بلد<th>عدد<tr><td>مصر</td><td>3</td></tr></table><time datetime=2024>أمس</time><pre>a\nb</pre>";
    let expected = [
        (Heading(1), "عنوان"),
        (Meta, "كتب فلان"),
        (Paragraph, "سطر"),
        (Paragraph, "آخر"),
        (Quote, "قول"),
        (ListItem, "أول"),
        (ListItem, "ثان"),
        (Caption, "صورة"),
        (Heading(3), "فرع"),
        (TableRow, "بلد | عدد"),
        (TableRow, "مصر | 3"),
        (Meta, "أمس"),
        (Paragraph, "a"),
        (Paragraph, "b"),
    ];
    assert_eq!(blocks(page), expected.map(|(kind, text)| (kind, text.to_owned())));
}

#[test]
fn white_space_and_entities() {
    assert_eq!(texts("<p>  أ\n\t<b>ب</b>ج <i> د</i> &amp;&nbsp;&#1607; </p><p>&nbsp;</p>"), ["أ بج د &\u{A0}ه"]);
}

#[test]
fn what_is_not_shown_is_left_out() {
    let page = "<style>a</style><script>b</script><noscript>c</noscript><template>d</template><svg><text>e</text></svg>
        <div hidden>f<div>g</div></div><p style='display: none'>h</p><select><option>i</select><button>j</button>k<!-- l -->";
    assert_eq!(texts(page), ["k"]);
}

#[test]
fn a_forgotten_end_tag_hides_nothing() {
    assert_eq!(texts("<svg><path><p>أ<select><option>x<p>ب"), ["أ", "ب"]);
    assert_eq!(texts("<p>أ</div></p></b><div>ب</span></p>ج"), ["أ", "ب", "ج"]);
}

#[test]
fn links_end_where_the_next_begins_and_where_they_are_ended() {
    let density = |page: &str| read(page).blocks.iter().map(|block| block.link_density).collect::<Vec<_>>();
    assert_eq!(density("<a href=x>ab<p>cd</a>ef"), [1.0, 0.5]);
    assert_eq!(density("<a href=x>ab<a href=y>cd</a>ef gh"), [4.0 / 9.0]);
    assert_eq!(density("<a name=x>ab"), [0.0]);
}

#[test]
fn a_layout_of_tables_keeps_its_paragraphs() {
    let page = format!(
        "<table><tr><td><a href=1>قائمة</a></td><td><h1>عنوان</h1>{LONG}<br><br>{LONG}<br>{LONG}</td></tr></table>"
    );
    assert_eq!(texts(&page), ["قائمة", "عنوان", LONG, LONG, LONG]);
    assert_eq!(parted(&page).0, ["عنوان", LONG, LONG, LONG]);
}

#[test]
fn the_article_is_told_from_what_surrounds_it() {
    let card = "<div class=item><a href=x><h4>خبر آخر من هنا</h4></a><div><p>مقتطف قصير من خبر آخر لا صلة له بما سبق ولا بما يلي من الأخبار.</p></div></div>";
    let page = format!(
        "<div class=top><a href=/>الرئيسية</a></div><div class=wrap><h1>عنوان</h1><div class=x><a href=v>صور</a><p>مقدمة</p><p>{LONG} قبل</p></div>
        <div class=y><p>{LONG}</p><p>{LONG}</p><h2>فرع</h2><p>{LONG}</p></div></div>
        <div class=list>{}</div><footer>حقوق</footer>",
        card.repeat(25)
    );
    let (article, furniture) = parted(&page);
    assert_eq!(article, ["عنوان", "مقدمة", &format!("{LONG} قبل"), LONG, LONG, "فرع", LONG]);
    assert!(!furniture.contains(&"عنوان".to_owned()) && !furniture.contains(&"مقدمة".to_owned()));
    // The link to the pictures stands within the article: neither.
    assert_eq!(furniture.len(), 1 + 25 * 2 + 1);
}

#[test]
fn a_page_inside_a_form_or_a_badly_named_wrapper_is_no_furniture() {
    for wrapper in ["<form>", "<div class='with-sidebar'>", "<aside>", "<div id=comments>"] {
        let page = format!("{wrapper}<div><p>{LONG}</p><p>{LONG}</p><p>{LONG}</p></div>");
        assert_eq!(parted(&page).0.len(), 3, "{wrapper}");
    }
}

#[test]
fn an_article_cut_in_two_is_kept_whole() {
    let page = format!(
        "<div><div class=a><p>{LONG}</p><p>{LONG}</p><p>{LONG}</p><p>{LONG}</p></div><div class=ad>إعلان</div>
        <div class=b><p>{LONG}</p></div></div><div class=comments><p>{LONG}</p></div>"
    );
    let (article, furniture) = parted(&page);
    assert_eq!((article.len(), furniture.len()), (5, 2));
}

#[test]
fn cards_inside_the_article_are_furniture() {
    let card = "<div class=i><a href=x><h4>خبر آخر من هنا</h4></a><p>مقتطف قصير من خبر آخر لا صلة له بما سبق ولا بما يلي من الأخبار.</p></div>";
    let text = format!("<div class=s><p>{LONG} {LONG}</p></div>").repeat(5);
    let page = format!("<form>{text}<div class=r>{}</div></form>", card.repeat(4));
    let (article, furniture) = parted(&page);
    assert_eq!((article.len(), furniture.len()), (5, 8));
}

#[test]
fn one_container_a_paragraph_is_an_article_too() {
    let page: String = (0..6).map(|_| format!("<div class=s><p>{LONG} {LONG} {LONG}</p></div>")).collect();
    assert_eq!(parted(&format!("<main>{page}</main>")).0.len(), 6);
}

#[test]
fn metadata_in_order_of_trust() {
    let head = "<html lang=ar><title>عنوان - الموقع</title><meta property=og:title content='عنوان'>
        <meta property=og:site_name content='الموقع'><link rel=canonical href='https://a.example/1'>
        <meta property=article:published_time content='2024-01-02T10:00:00+02:00'><meta name=author content='ليلى'>";
    let page = format!("{head}<h1>عنوان</h1><time datetime=2024-01-03>x</time><p>{LONG}</p>");
    let article = read(&page);
    let title = article.title.unwrap();
    assert_eq!((title.text.as_str(), title.trace.is_some()), ("عنوان", true), "the heading, with its place");
    assert_eq!((article.site.as_deref(), article.byline.as_deref()), (Some("الموقع"), Some("ليلى")));
    assert_eq!(
        (article.language.as_deref(), article.canonical_url.as_deref()),
        (Some("ar"), Some("https://a.example/1"))
    );
    let published = article.published.unwrap();
    assert_eq!((published.date.as_str(), published.evidence), ("2024-01-02T10:00:00+02:00", Evidence::Meta));
    let ld = "<script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"datePublished\":\"2024-01-01\"}</script>";
    assert_eq!(read(&format!("{ld}{page}")).published.unwrap().evidence, Evidence::JsonLd);
    let bare = format!("<title>وحده</title><p>{LONG}</p><time datetime=2024-01-03>x</time>");
    assert_eq!(read(&bare).published.unwrap().evidence, Evidence::TimeElement);
    assert_eq!(read(&bare).title.unwrap().text, "وحده");
}

#[test]
fn a_shown_date_is_kept_as_written() {
    let page = format!(
        "<h1>عنوان</h1><div class='post date'>الجمعة 8 فيفري 2019</div><div><p>{LONG}</p><p>{LONG}</p><p>{LONG}</p></div>"
    );
    assert_eq!(read(&page).published_text.as_deref(), Some("الجمعة 8 فيفري 2019"));
}

#[test]
fn a_page_that_a_script_fills_gives_the_body_of_its_json_ld() {
    let body = format!("{LONG}\\n{LONG} {LONG}");
    let ld = format!("<script type=application/ld+json>{{\"@type\":\"Article\",\"articleBody\":\"{body}\"}}</script>");
    let article = read(&format!("{ld}<div id=app>جار التحميل</div>"));
    assert!(article.blocks.iter().any(|block| block.weight > 0 && block.piece.text.starts_with(LONG)));
}

#[test]
fn what_only_the_style_sheet_sets_apart() {
    let page = format!(
        "<div><span class=author>سامر خليل</span><span class=date>12 مايو 2024</span></div>
        <ul><li><h2>عنوان الخبر الأول</h2><p>{LONG}</p></li><li><p>بند</p></li></ul><p><b>كت</b><b>اب</b></p>"
    );
    let blocks = blocks(&page);
    let kind = |text: &str| blocks.iter().find(|(_, shown)| shown == text).map(|(kind, _)| *kind);
    assert_eq!(kind("سامر خليل 12 مايو 2024"), Some(SourceKind::Meta));
    assert_eq!((kind(LONG), kind("بند")), (Some(SourceKind::Paragraph), Some(SourceKind::ListItem)));
    assert!(kind("كتاب").is_some());
}

#[test]
fn names_and_dates_without_a_mark_of_their_own() {
    let page = format!(
        "<title>عنوان الخبر | المرفأ</title>
        <nav class=breadcrumb><h2>Breadcrumb</h2><a href=/>الرئيسية</a> / <a href=/l>محليات</a></nav>
        <div><a href=/>المرفأ</a></div><article><h1>عنوان الخبر</h1><p>{LONG}</p><p>{LONG}</p>
        <abbr itemprop=datePublished title=2019-11-14T21:37:00+03:00>9:37 م</abbr></article>"
    );
    let article = read(&page);
    assert_eq!(article.site.as_deref(), Some("المرفأ"));
    assert_eq!(article.breadcrumbs, ["الرئيسية", "محليات"]);
    assert_eq!(article.published.map(|told| told.date).as_deref(), Some("2019-11-14T21:37:00+03:00"));
    assert_eq!(read(&page.replace("<div><a href=/>المرفأ</a></div>", "")).site, None);
}

#[test]
fn languages_of_blocks() {
    let page = "<html lang=ar><p>نص<p lang=fr>texte<div lang=en><p>text</div><p>نص";
    let languages: Vec<_> = read(page).blocks.into_iter().map(|block| block.language).collect();
    assert_eq!(languages, [None, Some("fr".to_owned()), Some("en".to_owned()), None]);
}

#[test]
fn the_caps_are_exact() {
    let nested = |depth: usize| "<div>".repeat(depth) + "نص";
    assert!(try_read(&nested(100)).is_ok());
    assert_eq!(try_read(&nested(101)).unwrap_err().reason, crate::record::Reason::HtmlTooComplex);
    let flat = |nodes: usize| "<br>".repeat(nodes) + "نص";
    assert!(try_read(&flat(10_000)).is_ok());
    assert_eq!(try_read(&flat(10_001)).unwrap_err().reason, crate::record::Reason::HtmlTooComplex);
}

#[test]
fn comments_longer_than_the_article_are_still_comments() {
    let comment = format!("<div class=c1><div class=date>أمس</div><div class=content><p>{LONG} {LONG}</p></div></div>");
    let page = format!(
        "<h1>عنوان</h1><div class=a>{LONG} {LONG} {LONG}<br><br>{LONG} {LONG} {LONG}</div><div id=comments>{}</div>",
        comment.repeat(9)
    );
    let (article, furniture) = parted(&page);
    assert_eq!((article.len(), furniture.len()), (2, 18));
}

#[test]
fn a_post_that_the_article_embeds_is_its_own() {
    let post = format!("<div class='side-widget article-tweet'><blockquote><p>{LONG}</p></blockquote></div>");
    let page = format!("<h1>عنوان</h1><div class=article-body><p>{LONG}</p>{post}<p>{LONG}</p><p>{LONG}</p></div>");
    assert_eq!(parted(&page).0.len(), 4);
    let widget = post.replace(" article-tweet", "");
    assert_eq!(parted(&page.replace(&post, &widget)).0.len(), 3);
}

#[test]
fn what_screen_readers_alone_read_is_not_shown_but_for_the_title() {
    let page = "<h1 class=sr-only>عنوان</h1><p>نص <span class='a visually-hidden'>خفي</span> آخر</p>";
    assert_eq!(texts(page), ["عنوان", "نص آخر"]);
}

#[test]
fn a_heading_of_the_first_rank_in_furniture_is_a_title_only_above_the_article() {
    let body = format!("<div><p>{LONG}</p><p>{LONG}</p><p>{LONG}</p></div>");
    let page = format!("<div class=sidebar><h1>أعلى</h1></div>{body}<div class=sidebar><h1>أسفل</h1></div>");
    let weights: Vec<_> = read(&page).blocks.into_iter().map(|block| block.weight).collect();
    assert_eq!((weights.first(), weights.last()), (Some(&0), Some(&-2)));
}

#[test]
fn captions_that_only_the_image_has() {
    use SourceKind::{Caption, Paragraph};
    let page = format!(
        "<p>أول <img data-src=a.jpg data-caption='العبّارة في حوض الإصلاح'> بعده<figure><img alt='متطوعون في حي المرفأ (رويترز)'>
        <figcaption>متطوعون</figcaption></figure><figure><img alt='متطوعون في حي المرفأ (رويترز)'></figure><img alt='عنوان الخبر كما هو في الأعلى'><p>{LONG}"
    );
    let found = blocks(&page);
    let kinds: Vec<_> = found.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
    let expected = [
        (Caption, "العبّارة في حوض الإصلاح"),
        (Paragraph, "أول بعده"),
        (Caption, "متطوعون"),
        (Caption, "متطوعون في حي المرفأ (رويترز)"),
        (Paragraph, LONG),
    ];
    assert_eq!(kinds, expected);
    assert!(read(&page).blocks[0].piece.trace.is_none(), "an attribute has no place");
}

#[test]
fn a_page_of_several_says_so() {
    let parted = |head: &str, link: &str| {
        read(&format!("<link rel=canonical href='https://a.example/n/7'>{head}<p>{LONG}</p>{link}")).parted
    };
    assert!(parted("<link rel=next href='https://a.example/n/7?page=2'>", ""));
    assert!(parted("", "<a rel='nofollow next' href='?page=2'>التالي</a>"));
    assert!(parted("", "<a rel=prev href='/n/7/1'>السابق</a>"));
    assert!(!parted("<link rel=next href='https://a.example/n/8'>", "<a href='?page=2'>2</a>"), "the next article");
}

#[test]
fn the_declared_direction() {
    assert_eq!(read("<html dir=RTL><p>1").right_to_left, Some(true));
    assert_eq!(read("<html><body dir=ltr><p>1").right_to_left, Some(false));
    assert_eq!(read("<html dir=auto><p dir=rtl>1").right_to_left, None);
}

#[test]
fn microdata() {
    let page = format!(
        "<div itemscope itemtype='https://schema.org/NewsArticle'><h2 itemprop='headline name'>عنوان</h2>
        <span itemprop=author itemscope><a href=/l><span itemprop=name>ليلى حداد</span></a></span>
        <span itemprop=datePublished content='2024-01-02T10:00:00+02:00'>أمس</span>
        <div class=x itemprop=articleBody><p>{LONG}</p><p>{LONG}</p><p>{LONG}</p></div></div>
        <div><h3 >آخر</h3><span itemprop=author>كاتب آخر</span><p>نص قصير</p></div>"
    );
    let article = read(&page);
    assert_eq!(article.title.unwrap().text, "عنوان");
    assert_eq!(article.byline.as_deref(), Some("ليلى حداد"));
    assert_eq!(article.published.unwrap().date, "2024-01-02T10:00:00+02:00");
    assert_eq!(article.blocks.iter().filter(|block| block.weight == 2).count(), 3);
    let meta = format!("<meta itemprop=headline content='عنوان آخر'><h2>فرع</h2><p>{LONG}");
    assert_eq!(read(&meta).title.unwrap().text, "عنوان آخر");
}

#[test]
fn time_elements_of_every_kind() {
    let date = |time: &str| read(&format!("<p>{LONG}</p>{time}")).published.map(|published| published.date);
    let stamp = Some("2024-01-02T10:00:00+02:00".to_owned());
    assert_eq!(date("<time datetime='2024-01-02 10:00:00 +0200'>أمس</time>"), stamp);
    assert_eq!(date("<time data-datetime='2024-01-02T10:00:00+02:00'>أمس</time>"), stamp);
    assert_eq!(date("<time itemprop=datePublished content='2024-01-02T10:00:00+02:00'>أمس</time>"), stamp);
    assert_eq!(
        date("<time datetime=2024-03-03>a</time><time pubdate datetime='2024-01-02T10:00:00+02:00'>b</time>"),
        stamp
    );
    assert_eq!(date("<time datetime=PT3M>3 دقائق</time>"), None);
}

#[test]
fn a_heading_of_other_articles_heads_what_follows_it() {
    let other = format!("<article><p>{LONG}</p></article>");
    let text = format!("<p>{LONG} {LONG} {LONG}</p>").repeat(3);
    let page = |class: &str| {
        format!("<article><h1>عنوان</h1><div>{text}</div><h3 class={class}>المزيد</h3>{}</article>", other.repeat(3))
    };
    assert_eq!(parted(&page("relatedpoststitle")).0.len(), 3);
    assert_eq!(parted(&page("entry")).0.len(), 1 + 3 + 1 + 3, "entries of a live blog look the same");
}

#[test]
fn the_page_s_own_address_is_no_text() {
    let page = |address: &str| {
        format!(
            "<link rel=canonical href='https://a.example/n/7'><h1>عنوان</h1><div><p>{LONG}</p><p>https://a.example/n/{address}</p><p>{LONG}</p><p>{LONG}</p></div>"
        )
    };
    assert_eq!((parted(&page("7")).0.len(), parted(&page("8")).0.len()), (3, 4));
}

#[test]
fn an_article_each_part_of_which_has_containers_of_its_own_is_one() {
    let part = |number: usize| format!("<div class=a><div><div><p>{number} {LONG}</p></div></div></div>");
    let parts: String = (1..=6).map(part).collect();
    let teasers: String =
        (1..=6).map(|number| format!("<div><a href=/{number}>{number} خبر آخر من الأخبار</a></div>")).collect();
    let page = format!(
        "<body><article><h1>عنوان</h1><div><div><div><p>مقدمة {LONG}</p><p>{LONG} {LONG}</p></div></div>{parts}</div>
        </article><div>{teasers}</div>"
    );
    let (article, furniture) = parted(&page);
    for number in 1..=6 {
        assert!(article.contains(&format!("{number} {LONG}")), "{number} of {article:?}");
        assert!(furniture.contains(&format!("{number} خبر آخر من الأخبار")), "{number} of {furniture:?}");
    }
}

#[test]
fn what_asks_for_consent_is_furniture_however_long_it_is() {
    let page = format!(
        "<main><h1>عنوان</h1><div><p>مقدمة {LONG}</p><p>{LONG}</p><p>{LONG}</p></div></main>
        <div id=onetrust-consent-sdk><div class=ot-sdk-container>{}</div></div>",
        format!("<p>نستخدم ملفات الارتباط. {LONG} {LONG}</p>").repeat(8)
    );
    let (article, furniture) = parted(&page);
    assert!(article.iter().any(|text| text.starts_with("مقدمة")), "{article:?}");
    assert_eq!(furniture.iter().filter(|text| text.starts_with("نستخدم")).count(), 8);
}

#[test]
fn what_is_sent_late_for_a_script_to_place_is_shown() {
    let page =
        format!("<h1>عنوان</h1><div hidden id='S:0'><p>{LONG}</p></div><div hidden id='menu'><p>قائمة</p></div>");
    assert_eq!(texts(&page), ["عنوان", LONG]);
}

#[test]
fn parts_that_the_source_names_alike_are_one_article() {
    let part = |number: usize| {
        format!(
            "<div class=a><div><div><div class=article-body><p>{number} {LONG}</p><p>{LONG} {LONG}</p></div></div></div></div>"
        )
    };
    let page = format!("<main><h1>عنوان</h1><div class=x>{}<div class=y>إعلان</div>{}</div></main>", part(1), part(2));
    assert_eq!(parted(&page).0.iter().filter(|text| text.ends_with(LONG)).count(), 4);
    // Below a headline it is another article's.
    let page = format!("<main><h1>عنوان</h1><div>{}<h2>خبر آخر من المدينة</h2>{}</div></main>", part(1), part(2));
    let (article, furniture) = parted(&page);
    assert!(article.contains(&format!("1 {LONG}")) && furniture.contains(&format!("2 {LONG}")), "{article:?}");
}

#[test]
fn an_article_that_is_loaded_behind_the_page_s_own_is_another_however_long() {
    let article = |title: &str, paragraphs: usize| {
        format!("<article><h1>{title}</h1><div>{}</div></article>", format!("<p>{title} {LONG}</p>").repeat(paragraphs))
    };
    let page = format!("<main>{}<div class=under>{}</div></main>", article("الأول", 4), article("الثاني", 20));
    let (kept, furniture) = parted(&page);
    assert_eq!(kept.iter().filter(|text| text.starts_with("الأول ")).count(), 4);
    assert_eq!(furniture.iter().filter(|text| text.starts_with("الثاني")).count(), 21);
}

#[test]
fn the_entries_of_a_live_page_are_its_text() {
    let entry = |number: usize, head: &str| {
        let link = if number < 3 {
            "<p><a href=x>تابعوا ما كتبه مراسلنا من هناك قبل ساعة</a></p>"
        } else {
            ""
        };
        format!(
            "<div><h3>{head}</h3><div><p>{number} {LONG}</p>{link}<p>سنوافيكم هنا بكل جديد</p><p>سنوافيكم بالمزيد</p></div><div>تصوير مراسل الوكالة في المرفأ</div></div>"
        )
    };
    let page = |head: &str| {
        let entries: String = (1..=12).map(|number| entry(number, head)).collect();
        format!(
            "<main><h1>عنوان</h1><div class=intro><p>{LONG} {LONG}</p><p>{LONG} {LONG}</p><p>{LONG}</p></div>
            <div class=tools><a href=x>تحديث</a></div><div class=entries><div>{entries}</div></div></main>"
        )
    };
    let shown = |head: &str| parted(&page(head)).0.iter().filter(|text| text.ends_with(LONG)).count();
    assert_eq!(shown("ما جرى في الساعة الأخيرة"), 3 + 12);
    assert_eq!(shown("<a href=x>خبر آخر من أخبار اليوم</a>"), 3, "headings that lead elsewhere are other articles'");
}

#[test]
fn a_header_within_the_article_is_furniture_unless_it_heads_it() {
    let text = format!("<p>{LONG}</p>").repeat(4);
    let page = format!(
        "<article><div class=top><header class=head><h1>عنوان</h1><p>مقدمة {LONG}</p></header></div>
        <section><header class=offer><div><p>اشترك لتقرأ كل ما لدينا من أخبار وتقارير في كل يوم من أيام السنة.</p></div></header></section>
        <div class=text>{text}</div></article>"
    );
    let (article, furniture) = parted(&page);
    assert!(article.contains(&format!("مقدمة {LONG}")), "{article:?}");
    assert!(furniture.iter().any(|text| text.starts_with("اشترك")), "{article:?}");
}

#[test]
fn a_list_of_headlines_with_teasers_above_the_title_is_not_the_article() {
    let item = "<li><a href=x>خبر آخر من أخبار اليوم هنا</a> <span>قال مدير الميناء إن الرصيف الجديد سيستقبل السفن الكبيرة ابتداء من الصيف المقبل إن شاء</span></li>";
    let page = format!(
        "<meta property=og:title content='عنوان الخبر'><h1>الصحيفة</h1><div><div class=news><ul>{}</ul></div>
        <div class=main><h2>عنوان الخبر</h2><div class=text>{}</div></div></div>",
        item.repeat(12),
        format!("<p>{LONG}</p>").repeat(4)
    );
    let (article, furniture) = parted(&page);
    assert_eq!(article.iter().filter(|text| *text == LONG).count(), 4);
    assert_eq!(furniture.iter().filter(|text| text.starts_with("خبر آخر")).count(), 12);
}

#[test]
fn an_aside_longer_than_the_article_before_it_is_still_one() {
    let text = format!("<p>{LONG}</p>").repeat(3);
    let page = |before: &str| format!("<div>{before}<aside>{}</aside></div>", format!("<p>جانب {LONG}</p>").repeat(9));
    assert_eq!(parted(&page(&format!("<h1>عنوان</h1><div>{text}</div>"))).0.len(), 3);
    assert_eq!(parted(&page("<h1>عنوان</h1>")).0.iter().filter(|text| text.starts_with("جانب")).count(), 9);
}

#[test]
fn paragraphs_and_headings_inside_an_inline_byline_are_none() {
    let page = format!("<div><span class=meta_field><h4>فرع</h4><p>سطر قصير</p></span></div><p>{LONG}</p>");
    let kinds: Vec<SourceKind> = blocks(&page).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [SourceKind::Heading(4), SourceKind::Paragraph, SourceKind::Paragraph]);
    let byline = "<p>نص <span class=byline>كتبه فلان</span></p><p><span class=byline>كتبه فلان</span></p>";
    assert_eq!(blocks(byline)[1].0, SourceKind::Meta);
}

#[test]
fn the_window_s_title_tells_which_heading_is_the_article_s() {
    let page = format!(
        "<title>عنوان من أربع كلمات - الصحيفة</title><h1>الصحيفة</h1><div><p>آخر ما وصل من الأخبار <a href=x>افتتاح الميناء</a> في المدينة.</p></div>
        <div class=main><h2>عنوان من أربع كلمات</h2><div class=text>{}</div></div>",
        format!("<p>{LONG}</p>").repeat(4)
    );
    let (article, furniture) = parted(&page);
    assert!(furniture.iter().any(|text| text.starts_with("آخر ما وصل")), "{article:?}");
}
