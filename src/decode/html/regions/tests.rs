//! What of a page is its article, by marks and names that mislead.

use crate::decode::html::tests::{LONG, blocks, parted, read};
use crate::record::SourceKind;

fn paragraphs(count: usize) -> String {
    format!("<p>{LONG}</p>").repeat(count)
}

#[test]
fn entries_of_a_live_page_are_no_cards_though_each_has_a_link() {
    let entry = |heading: &str, number: usize| {
        format!(
            "<div class=e><h3>{heading}</h3><p>خبر {number}: قال مدير الميناء إن الرصيف الجديد سيستقبل السفن.</p><p><a href=x>رابط هذا الخبر</a></p></div>"
        )
    };
    let page = |heading: &str| {
        let entries: String = (0..4).map(|number| entry(heading, number)).collect();
        format!("<h1>عنوان</h1><div itemprop=articleBody>{}<div>{entries}</div></div>", paragraphs(4))
    };
    let shown = |heading: &str| parted(&page(heading)).0.iter().filter(|text| text.starts_with("خبر")).count();
    assert_eq!(shown("ما جرى في الساعة الأخيرة"), 4);
    assert_eq!(shown("<a href=x>ما جرى في الساعة الأخيرة</a>"), 0, "headings that lead elsewhere");
}

#[test]
fn what_has_the_page_s_title_heads_the_article_whatever_its_name() {
    let page = |title: &str| {
        let head = format!("<div class=page-widget><h1>{title}</h1><div><p>مقدمة {LONG}</p></div></div>");
        format!(
            "<meta property=og:title content='عنوان الخبر'><article>{head}<div class=b>{}</div></article>",
            paragraphs(4)
        )
    };
    let shown = |title: &str| parted(&page(title)).0.contains(&format!("مقدمة {LONG}"));
    assert!(shown("عنوان الخبر"));
    assert!(!shown("كتّابنا"), "another heading of the first rank");
}

#[test]
fn a_heading_with_the_class_of_widgets_is_the_articles_within_it() {
    let heading = "<h2 class=widget-title>فرع</h2>";
    let article = format!("<article><h1>عنوان</h1>{}{heading}{}</article>", paragraphs(2), paragraphs(2));
    assert!(parted(&article).0.contains(&"فرع".to_owned()));
    let beside = format!("<article><h1>عنوان</h1>{}</article><div>{heading}</div>", paragraphs(4));
    assert!(parted(&beside).1.contains(&"فرع".to_owned()));
}

#[test]
fn the_lead_stands_below_a_smaller_heading_and_below_a_kicker_that_the_text_has_too() {
    let ld = format!(
        r#"<script type="application/ld+json">{{"@type":"NewsArticle","headline":"عنوان آخر","articleBody":"عن أعمال الميناء الجديد. {LONG}"}}</script>"#
    );
    let page = format!(
        "{ld}<div><div><p>عن أعمال الميناء الجديد</p><h2>عنوان من كلمات</h2></div><div class=l><span>مقدمة {LONG}</span></div><div class=c><div class=b><div class=a>{}</div></div></div></div>",
        paragraphs(6)
    );
    let (article, furniture) = parted(&page);
    assert!(article.contains(&format!("مقدمة {LONG}")), "{article:?}\n{furniture:?}");
}

#[test]
fn a_part_deep_in_wrappers_goes_on_in_the_next() {
    let wrapped = |inner: &str| format!("<div><div><div><div><div>{inner}</div></div></div></div></div>");
    let part = |count: usize| format!("<div><p>{LONG}</p></div>").repeat(count);
    let teasers = "<div><a href=x><h4>خبر آخر من هنا</h4></a> <a href=x>قال مدير الميناء إن الرصيف الجديد سيستقبل السفن</a></div>".repeat(12);
    let page = format!("<h1>عنوان</h1><main>{}<div>{teasers}</div>{}</main>", wrapped(&part(9)), wrapped(&part(6)));
    assert_eq!(parted(&page).0.iter().filter(|text| *text == LONG).count(), 15);
}

#[test]
fn sub_heads_between_the_parts_of_an_article_part_it_not() {
    let part = |inner: &str| format!("<div class=article-body>{inner}</div>");
    let page = format!(
        "<div><h1>عنوان</h1><section>{}</section><section>{}</section><section>{}</section></div>",
        part(&paragraphs(5)),
        part(&format!("<h2>فرع</h2>{}", paragraphs(1))),
        part(&format!("<p>آخر {LONG}</p>"))
    );
    assert!(parted(&page).0.contains(&format!("آخر {LONG}")), "{:?}", parted(&page));
}

#[test]
fn an_aside_of_paragraphs_without_a_link_is_the_article_s() {
    let page = |box_: &str| {
        format!("<article><h1>عنوان</h1>{}<aside>{box_}</aside>{}</article>", paragraphs(4), paragraphs(4))
    };
    let told = format!("<h3>ما هو الرصيف؟</h3>{}", format!("<p>عن الرصيف: {LONG} {LONG}</p>").repeat(2));
    let shown = |box_: &str| parted(&page(box_)).0.iter().any(|text| text.starts_with("عن الرصيف"));
    assert!(shown(&told));
    assert!(!shown(&format!("{told}<p><a href=x>المزيد عن الرصيف</a></p>")));
}

#[test]
fn a_heading_named_as_a_time_is_one_if_it_tells_more() {
    let page = |heading: &str| format!("<h5 class=time><span class=time__value>{heading}</span></h5>{}", paragraphs(2));
    let kind = |heading: &str| blocks(&page(heading))[0].0;
    assert_eq!(kind("11.04"), SourceKind::Meta);
    assert_eq!(kind("11.04 صباحا: مدير الميناء يعلن افتتاح الرصيف الجديد"), SourceKind::Heading(5));
}

#[test]
fn what_opens_at_a_name_is_no_part_of_the_sentence() {
    let page = "<p>قال <a href=x>مدير الميناء</a><span class=rollover-people-block><span>مدير الميناء</span> <a href=y>خبر آخر</a></span> أمس.</p>";
    assert_eq!(blocks(page)[0].1, "قال مدير الميناء أمس.");
}

#[test]
fn days_that_a_claim_s_review_and_the_window_s_title_tell() {
    let tells_day = |head: &str| {
        let article = read(&format!("{head}<h1>عنوان</h1>{}", paragraphs(4)));
        article.published.is_some() || article.published_text.is_some()
    };
    let review = |kind: &str| {
        format!(
            r#"<script type="application/ld+json">{{"@type":"{kind}","datePublished":"2026-05-13 15:44"}}</script>"#
        )
    };
    assert!(tells_day(&review("ClaimReview")));
    assert!(!tells_day(&review("Claim")));
    assert!(tells_day("<title>عنوان | أوروبا | DW | 28.04.2023</title>"));
    assert!(!tells_day("<title>عنوان | رقم 45.04.2023</title>"));
    assert!(tells_day("<meta property=article:published:time content=2024-10-23T15:48:15+00:00>"));
}

#[test]
fn a_heading_has_a_blank_behind_its_kicker() {
    let heading = |inner: &str| blocks(&format!("<h1>{inner}</h1>"))[0].1.clone();
    assert_eq!(heading("<span>Nationale Demo</span>Der 9. Juli naht"), "Nationale Demo Der 9. Juli naht");
    assert_eq!(heading("<span>Ligue:</span><span>Une fin</span>"), "Ligue: Une fin");
    assert_eq!(heading("Was e<span>Bay</span> plant"), "Was eBay plant");
    assert_eq!(heading("Der Groß<b>B</b>rand"), "Der GroßBrand");
}

#[test]
fn what_stands_alone_beside_an_image_in_what_is_named_so_is_its_caption() {
    let kinds = |inner: &str| {
        let page = format!("<div class='image top'>{inner}</div>");
        blocks(&page).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds("<img src=x><p>مدير الميناء أمام الرصيف الجديد.</p>"), [SourceKind::Caption]);
    assert_eq!(kinds("<p>مدير الميناء أمام الرصيف الجديد.</p>"), [SourceKind::Paragraph], "no image");
    assert_eq!(kinds("<img src=x><p>سطر</p><p>سطر</p>"), [SourceKind::Paragraph; 2], "text");
    assert_eq!(kinds(&format!("<img src=x><p>{}</p>", LONG.repeat(5))), [SourceKind::Paragraph], "an article");
}

#[test]
fn a_lead_below_the_first_of_two_titles_is_the_article_s() {
    let scraps = "<p>صورة من الميناء</p>".repeat(10);
    let page = |lead: &str| {
        format!(
            "<div><div class=head><h1>عنوان من كلمات</h1><p>{lead}</p>{scraps}</div><div class=article-body><h1>عنوان من كلمات</h1>{}</div></div>",
            paragraphs(4)
        )
    };
    let shown = |lead: &str| parted(&page(lead)).0.contains(&lead.to_owned());
    assert!(shown(&format!("مقدمة {LONG}")));
    assert!(!shown("اقتصاد"));
}

#[test]
fn a_section_with_a_sub_head_goes_on_though_its_sentences_have_links() {
    let part = |text: &str| format!("<div><p>{text}</p></div>");
    let linked = format!("{LONG} {LONG} <a href=x>بحسب بيان لوزارة النقل والمواصلات</a> {LONG}");
    let page = |head: &str, rest: &str| {
        let teasers = "<p><a href=x>قال مدير الميناء إن الرصيف الجديد سيستقبل السفن</a></p>".repeat(90);
        let section = format!("<div>{head}{}{}{rest}</div>", part(&linked), part(&linked));
        format!(
            "<h1>عنوان</h1><main><div>{}</div><div>{teasers}</div>{section}</main>",
            part(&LONG.repeat(3)).repeat(12)
        )
    };
    let shown =
        |head: &str, rest: &str| parted(&page(head, rest)).0.iter().filter(|text| text.contains("بحسب")).count();
    assert_eq!(shown("<h3>فرع</h3>", ""), 2);
    assert_eq!(
        shown("<h3>فرع</h3>", "<p><a href=x>خبر آخر من أخبار اليوم هنا</a></p>"),
        0,
        "with another article's link"
    );
}
