//! The room as a whole, on sentences written for it.

use proptest::prelude::*;

use super::fixture::{JUDGED, TAGGER, entities, linear, mentions, names, text};
use super::labels::{LABELS, OUTSIDE, begin, inside};
use super::linear::Convention;
use super::model::Heard;
use super::{Gazetteer, Hints, Options, Tagger, UserGazetteer};
use crate::record::{EntityType, How, Mention, Tagged, Text};
use EntityType::{Event, Organization, Other, Person, Place};

/// One of the entities has the type and the name.
#[track_caller]
fn has(line: &str, kind: EntityType, name: &str) {
    let found = names(line);
    assert!(found.contains(&(kind, name.to_owned())), "{name} is missing in {found:?}");
}

#[track_caller]
fn has_none(line: &str) {
    assert_eq!(names(line), []);
}

#[test]
fn ordinary_words_that_lists_hold_are_no_names() {
    has_none("أرسل رسول الخير كتابا أبيض من الصلب يوم الخميس");
    has_none("قال إنه عمل صالح وإن المنتج بلدي");
    has_none("هذا الأمر مبارك وسعيد");
    has_none("اطلع على التقرير ووافق علي القرار");
}

#[test]
fn a_conjunction_and_a_preposition_stay_outside_the_span() {
    let found = mentions(&["وصل إلى سوريا والعراق ثم عاد لمصر وبلبنان"]);
    assert_eq!(found, [["سوريا"], ["العراق"], ["مصر"], ["لبنان"]]);
}

#[test]
fn a_swallowed_article_stays_in_the_span_and_the_name_is_whole() {
    let found = entities(&["سلم الوفد رسالة للعراق"]);
    assert_eq!(found[0].name, "العراق");
    assert_eq!(mentions(&["سلم الوفد رسالة للعراق"]), [["للعراق"]]);
}

#[test]
fn a_letter_of_the_word_is_no_clitic() {
    assert_eq!(mentions(&["زار كندا وفرنسا ولبنان"]), [["كندا"], ["فرنسا"], ["لبنان"]]);
}

#[test]
fn a_title_announces_a_name_and_is_no_part_of_it() {
    has("التقى وزير النقل السيد هيثم القرعاوي عددا من العمال", Person, "هيثم القرعاوي");
    has("أكد اللواء طلال الشمري أن الوضع هادئ", Person, "طلال الشمري");
    has("وصرح وزير الصحة اللبناني، فادي مرهج، بأن اللقاح متوفر", Person, "فادي مرهج");
}

#[test]
fn a_full_name_needs_no_title() {
    has("حضرت الحفل سعاد المرزوقي وغنت", Person, "سعاد المرزوقي");
    has("تحدث مروان عبد الرحمن عن الكتاب", Person, "مروان عبد الرحمن");
}

#[test]
fn the_next_word_with_a_conjunction_begins_another_name() {
    let found = names("شارك في الندوة كريم حداد وطارق السعيد");
    assert_eq!(found, [(Person, "كريم حداد".to_owned()), (Person, "طارق السعيد".to_owned())]);
}

#[test]
fn a_last_name_alone_is_the_person_named_before() {
    let found =
        mentions(&["تحدث السفير مروان القرعاوي طويلا", "وأضاف القرعاوي أن الأمر انتهى", "رد على القرعاوي كثيرون"]);
    assert_eq!(found[0], ["مروان القرعاوي", "القرعاوي", "القرعاوي"]);
}

#[test]
fn a_unit_of_two_words_stays_whole() {
    let found = mentions(&["تحدث اللواء كريم عبد الجليل طويلا", "وقال عبد الجليل إن الأمر انتهى"]);
    assert_eq!(found, [["كريم عبد الجليل", "عبد الجليل"]]);
}

#[test]
fn an_ordinary_last_name_needs_a_cue() {
    let lines = ["قال اللواء يوسف رسول إن الوضع هادئ", "ووصف رسول ما جرى", "كل رسول يحمل رسالة"];
    assert_eq!(mentions(&lines), [["يوسف رسول", "رسول"]]);
}

#[test]
fn a_last_name_that_is_a_nationality_or_a_title_may_be_just_that() {
    let lines = ["تحدث السفير مروان المصري طويلا", "وأضاف المصري أن الأمر انتهى", "ووصل الرئيس المصري إلى تونس"];
    assert_eq!(judged(&lines)[0], ["مروان المصري", "المصري"]);
    let lines = ["تحدث السفير مروان الشيخ طويلا", "وأضاف الشيخ أن الأمر انتهى", "ورد الشيخ كريم القرعاوي عليه"];
    assert_eq!(judged(&lines), [vec!["مروان الشيخ", "الشيخ"], vec!["كريم القرعاوي"]]);
}

#[test]
fn a_name_in_brackets_in_other_letters_is_the_same() {
    let lines = ["انضم إليه رجل الأعمال إيلون ماسك (Elon Musk) أمس، ورد Musk لاحقا"];
    assert_eq!(judged(&lines), [["إيلون ماسك", "Elon Musk", "Musk"]]);
    let lines = ["قالت منظمة أطباء بلا حدود (Médecins Sans Frontières) إن الوضع خطير"];
    assert_eq!(judged(&lines), [["منظمة أطباء بلا حدود", "Médecins Sans Frontières"]]);
    let lines = ["التقى الرئيس محمد صلاح (Getty Images) في دمشق (AFP)"];
    assert_eq!(judged(&lines), [["محمد صلاح"], ["Getty Images"], ["دمشق"], ["AFP"]]);
}

#[test]
fn half_a_first_name_is_no_last_name() {
    let lines = ["تحدث السفير نجم الدين القرعاوي طويلا", "وأضاف القرعاوي أن الدين لله"];
    assert_eq!(judged(&lines), [["نجم الدين القرعاوي", "القرعاوي"]]);
}

#[test]
fn a_head_word_opens_an_organization() {
    has("أعلنت وزارة الزراعة التونسية عن خطة", Organization, "وزارة الزراعة التونسية");
    has("اجتمعت وزارة التربية والتعليم مع المعلمين", Organization, "وزارة التربية والتعليم");
    has("قرر المجلس الأعلى للآثار إغلاق الموقع", Organization, "المجلس الأعلى للآثار");
    has("يدرس في جامعة الموصل منذ عام", Organization, "جامعة الموصل");
    has_none("اجتمع مجلس الإدارة أمس");
    has_none("قالت الوزارة إن اللجنة المشتركة ستجتمع");
}

#[test]
fn a_name_in_quotation_marks_is_what_its_head_says() {
    has("نقلت صحيفة “الضحى الجديد” عن مصدر", Organization, "الضحى الجديد");
    has("أطلق الجيش عملية “سيف الرمال” فجرا", Event, "سيف الرمال");
    has("قصف طال قاعدة “تل الرمان” الجوية", Place, "تل الرمان");
    has("احتجزت ناقلة النفط “نسيم 7” في الميناء", Other, "نسيم 7");
}

#[test]
fn a_nationality_is_no_place() {
    has_none("قال مسؤول أمريكي إن الوفد السوري غادر");
}

#[test]
fn a_site_is_a_place_with_its_head() {
    has("تجمع الناس في ساحة الأمل", Place, "ساحة الأمل");
    has("هبطت الطائرة في مطار بغداد الدولي", Place, "مطار بغداد الدولي");
}

#[test]
fn an_agency_is_meant_by_its_short_name_all_over() {
    let lines = ["عمان - بترا - بدأت الأعمال أمس", "وقال الوزير لوكالة الأنباء الأردنية (بترا) إن الأعمال مستمرة"];
    let found = mentions(&lines);
    assert!(found.contains(&["بترا", "وكالة الأنباء الأردنية", "بترا"].map(str::to_owned).to_vec()), "{found:?}");
}

#[test]
fn a_short_form_is_bound_in_both_directions() {
    let lines = ["قالت حركة الشباب الحر (حشح) إنها باقية", "ونفت حشح الخبر"];
    assert_eq!(mentions(&lines), [vec!["حركة الشباب الحر", "حشح", "حشح"]]);
    let lines = ["قالت “حشح” (حركة الشباب الحر) إنها باقية", "ونفت حشح الخبر"];
    assert_eq!(mentions(&lines), [vec!["حشح", "حركة الشباب الحر", "حشح"]]);
    let found = entities(&lines);
    assert_eq!(found[0].name, "حركة الشباب الحر");
    assert_eq!(found[0].mentions[2].how, How::Acronym);
}

/// What the tagger as it is shipped finds: the mentions of each entity.
fn judged(lines: &[&str]) -> Vec<Vec<String>> {
    let text = text(lines);
    let (tags, _) = JUDGED.tag(&text, Hints::default());
    let shown = |mention: &Mention| text.shown(mention.span).to_owned();
    tags.entities.iter().map(|entity| entity.mentions.iter().map(shown).collect()).collect()
}

#[test]
fn phrases_that_look_like_names_are_none() {
    let nothing: [Vec<String>; 0] = [];
    for line in [
        "عاد الرئيس إلى مسقط رأسه بعد غياب",
        "تسببت الأمطار في سيول جارفة وجرفت سيول أخرى المنازل",
        "تأثرت حركة التجارة وحركة المرور بالعاصفة",
        "لم يتحدث أي حزب سياسي في الجلسة",
    ] {
        assert_eq!(judged(&[line]), nothing, "{line}");
    }
    let seoul = judged(&["جرت المحادثات في سيول بين وفدي كوريا الجنوبية واليابان"]);
    assert_eq!(seoul, [["سيول"], ["كوريا الجنوبية"], ["اليابان"]]);
    assert_eq!(judged(&["وصل الوفد إلى مسقط أمس"]), [["مسقط"]]);
}

#[test]
fn a_name_does_not_take_the_next_word_with_it() {
    let found = judged(&["قال المدير سالم للموظفين إن الوقت حان"]);
    assert_eq!(found, [["سالم"]]);
    let found = judged(&["دعا زعيم الحزب في تونس حمة الهمامي أنصاره إلى الهدوء"]);
    assert!(found.contains(&vec!["تونس".to_owned()]), "{found:?}");
}

#[test]
fn a_preposition_is_followed_by_no_other() {
    for (line, name) in [
        ("درس الطب في بروسيا سنة 1850", "بروسيا"),
        ("عقد الاجتماع في بكركي", "بكركي"),
        ("اجتمعوا في بيونس ايرس", "بيونس ايرس"),
        ("عاش الكاتب طويلا في بوينس آيرس", "بوينس آيرس"),
        ("أقامت الشركة معرضا في لاس فيغاس", "لاس فيغاس"),
    ] {
        assert_eq!(judged(&[line]), [[name]], "{line}");
    }
    assert_eq!(judged(&["رحب الوزير بروسيا في المجلس"]), [["روسيا"]]);
}

#[test]
fn a_ruler_keeps_the_number() {
    for (line, name) in [
        ("قال البابا ليو الرابع عشر إن السلام ممكن", "ليو الرابع عشر"),
        ("ترأس البابا تواضروس الثاني قداس العيد", "تواضروس الثاني"),
        ("التقى البطريرك يوحنا العاشر وفدا كبيرا", "يوحنا العاشر"),
        ("أعدم الملك لويس السادس عشر بعد الثورة", "لويس السادس عشر"),
    ] {
        assert_eq!(judged(&[line]), [[name]], "{line}");
    }
    assert_eq!(judged(&["افتتح الملك سلمان المؤتمر الثاني"]), [["سلمان"]]);
    assert_eq!(judged(&["سجل ميسي الأول ثم الثاني"]), [["ميسي"]]);
    assert_eq!(judged(&["قضى الملك سلمان عشر سنوات هناك"]), [["سلمان"]]);
    let again = ["زار البابا ليو الرابع عشر المدينة", "وأضاف البابا ليو أن الثاني من الشهر يوم صلاة"];
    assert_eq!(judged(&again), [["ليو الرابع عشر", "ليو"]]);
}

#[test]
fn what_stands_in_brackets_and_describes_is_no_other_name() {
    let found = judged(&["اتهم نائب رئيس مجلس النواب (شيعي) الحكومة بالتقصير"]);
    assert_eq!(found, [["مجلس النواب"]]);
    let found = judged(&["وحضر حزب الوئام (المعارضة المعتدلة) الجلسة"]);
    assert_eq!(found, [["حزب الوئام"]]);
}

#[test]
fn a_shorter_form_of_one_name_is_the_same_entity() {
    for line in [
        "سجل محمود حسن تريزيجيه هدفا، وقال محمود حسن بعد المباراة إنه سعيد",
        "خسر المنتخب العراقي المباراة أمس، ويلعب منتخب العراق غدا",
        "أعلن مصرف ليبيا المركزي القرار، وقال محافظ المصرف المركزي إنه نافذ",
    ] {
        assert_eq!(judged(&[line]).iter().map(Vec::len).max(), Some(2), "{line}: {:?}", judged(&[line]));
    }
    let two = judged(&["خسر المنتخب العراقي المباراة أمس، ويلعب منتخب النيجر غدا"]);
    assert_eq!(two, [["المنتخب العراقي"], ["منتخب النيجر"]]);
}

#[test]
fn half_a_name_is_that_of_an_organization_whose_country_is_spoken_of() {
    let name = |line: &str| {
        let (tags, _) = JUDGED.tag(&text(&[line]), Hints::default());
        tags.entities.into_iter().find(|entity| entity.kind == Organization).map(|entity| entity.name)
    };
    assert_eq!(name("دعت الجبهة الشعبية في تونس إلى التظاهر").as_deref(), Some("الجبهة الشعبية"));
    let whole = "الجبهة الشعبية لتحرير فلسطين";
    assert_eq!(name("دعت الجبهة الشعبية في فلسطين إلى التظاهر").as_deref(), Some(whole));
}

#[test]
fn other_names_of_one_thing_are_one_entity() {
    let found = entities(&[
        "نفت وزارة الدفاع الأمريكية الخبر",
        "وقال البنتاغون إن واشنطن ملتزمة",
        "والولايات المتحدة وأمريكا واحدة",
    ]);
    let ministry = found.iter().find(|entity| entity.kind == Organization).unwrap();
    assert_eq!((ministry.qid.as_deref(), ministry.mentions.len()), (Some("Q11209"), 2));
    let country = found.iter().find(|entity| entity.qid.as_deref() == Some("Q30")).unwrap();
    assert_eq!(
        (country.name.as_str(), country.country.as_deref(), country.mentions.len()),
        ("الولايات المتحدة", Some("US"), 2)
    );
}

#[test]
fn an_organization_is_one_with_and_without_the_word_before_its_name() {
    let judged = |lines: &[&str]| JUDGED.tag(&text(lines), Hints::default()).0.entities;
    let found = judged(&["قالت وزارة الخارجية الروسية إنها تتابع الأمر", "وذكرت الخارجية الروسية أن الزيارة قريبة"]);
    let ministries: Vec<_> = found.iter().filter(|one| one.kind == Organization).collect();
    assert_eq!(ministries.len(), 1, "{found:?}");
    assert_eq!((ministries[0].name.as_str(), ministries[0].mentions.len()), ("وزارة الخارجية الروسية", 2));
    // Who is known by an identifier keeps it.
    let found = judged(&["قالت حركة حماس إنها باقية", "ونفت حماس الخبر"]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].qid.is_some(), "{found:?}");
}

#[test]
fn a_city_of_two_countries_is_told_by_the_country_or_left_open() {
    let tripoli = |line: &str| entities(&[line]).into_iter().find(|entity| entity.name == "طرابلس").unwrap().country;
    assert_eq!(tripoli("عاد من طرابلس إلى مدن ليبيا").as_deref(), Some("LY"));
    assert_eq!(tripoli("عاد من طرابلس إلى قرى لبنان").as_deref(), Some("LB"));
}

#[test]
fn a_country_comes_before_its_capital_of_the_same_name() {
    let found = entities(&["عاد الوفد من الكويت والجزائر وتونس"]);
    let ids: Vec<_> = found.iter().map(|one| (one.name.as_str(), one.qid.as_deref())).collect();
    assert_eq!(ids, [("الكويت", Some("Q817")), ("الجزائر", Some("Q262")), ("تونس", Some("Q948"))]);
}

#[test]
fn amman_is_told_from_oman_by_the_countries_spoken_of() {
    let amman = |text: &str| {
        let found = entities(&[text]);
        found.iter().find(|one| one.name.contains("عمان")).and_then(|one| one.qid.clone())
    };
    assert_eq!(amman("عقد وزراء الأردن ومصر اجتماعهم في عمان أمس").as_deref(), Some("Q3805"));
    assert_eq!(amman("زار الوفد سلطنة عمان والكويت أمس").as_deref(), Some("Q842"));
}

#[test]
fn a_name_in_the_title_matters_more() {
    let found = entities(&["مصر تفوز", "فازت مصر على تونس"]);
    assert!(found[0].salience > found[1].salience, "{found:?}");
    assert!(
        found.iter().all(|entity| (0.0..=1.0).contains(&entity.salience) && (0.0..=1.0).contains(&entity.confidence))
    );
}

#[test]
fn vowel_marks_belong_to_the_mention() {
    assert_eq!(mentions(&["وصلنا إلى دمشقَ ليلا"]), [["دمشقَ"]]);
}

#[test]
fn names_do_not_reach_over_a_line_or_a_sentence() {
    let found = mentions(&["جاء كريم", "حداد يعمل. الولايات", "المتحدة"]);
    assert!(found.iter().flatten().all(|mention| !mention.contains(['\n', '.'])), "{found:?}");
}

#[test]
fn users_lists_win_and_keep_their_identifiers() {
    let list = "name\ttype\tid\taliases\nنهر الورد\tplace\tdesk-7\tالورد الكبير\nدمشق\torganization\tQ42\n";
    let users = UserGazetteer::parse("desk.tsv", list).unwrap();
    let tagger =
        Tagger::new(&Options::default(), Gazetteer::new(super::fixture::SHIPPED.as_slice()).unwrap(), &[users])
            .unwrap();
    let (tags, _) = tagger.tag(&text(&["فاض بالورد الكبير قرب دمشق"]), Hints::default());
    let found: Vec<_> = tags.entities.iter().map(|one| (one.kind, one.name.as_str(), one.user_id.as_deref())).collect();
    assert_eq!(found, [(Place, "نهر الورد", Some("desk-7")), (Organization, "دمشق", Some("Q42"))]);
    assert_eq!(tags.entities[1].qid.as_deref(), Some("Q42"));
}

/// The names that are found with these lists of a user's.
fn names_with(lists: &[&str], lines: &[&str]) -> Vec<(EntityType, String)> {
    let lists: Vec<_> = lists.iter().map(|list| UserGazetteer::parse("desk.tsv", list).unwrap()).collect();
    let shipped = Gazetteer::new(super::fixture::SHIPPED.as_slice()).unwrap();
    let tagger = Tagger::new(&Options::default(), shipped, &lists).unwrap();
    let (tags, _) = tagger.tag(&text(lines), Hints::default());
    tags.entities.into_iter().map(|entity| (entity.kind, entity.name)).collect()
}

#[test]
fn a_name_that_is_never_one_is_dropped_whoever_found_it() {
    let (damascus, karim) = ((Place, "دمشق".to_owned()), (Person, "كريم حداد".to_owned()));
    let listed = ["زار كريم حداد دمشق", "ثم عاد من دمشق"];
    assert_eq!(names_with(&[""], &listed), [karim.clone(), damascus.clone()]);
    assert_eq!(names_with(&["دمشق\tnever"], &listed), [karim]);
    assert_eq!(names_with(&["كريم حدّاد\tnever"], &listed), [damascus], "a rule's name, marks or not");
    assert_eq!(names_with(&["دمشق\tnever"], &["غادر بدمشق وبالعراق", "ودمشق"]), [(Place, "العراق".to_owned())]);
    assert_eq!(names_with(&["العراق\tnever"], &["وصلت للعراق"]), []);
    // The words of the name and no others: a part of a longer one stays.
    let ministry = ["أعلنت وزارة الزراعة التونسية عن خطة"];
    assert_eq!(names_with(&["الزراعة\tnever"], &ministry), names_with(&[""], &ministry));
    assert_eq!(
        names_with(&["وزارة الزراعة التونسية\tnever"], &ministry)
            .iter()
            .filter(|one| one.0 == Organization && one.1 == "وزارة الزراعة التونسية")
            .count(),
        0
    );
}

#[test]
fn a_short_form_may_be_forbidden_and_its_long_one_stay() {
    let lines = ["قال اللواء يوسف رسول إن الوضع هادئ", "ووصف رسول ما جرى"];
    let shipped = || Gazetteer::new(super::fixture::SHIPPED.as_slice()).unwrap();
    let list = UserGazetteer::parse("desk.tsv", "رسول\tnever").unwrap();
    let tagger = Tagger::new(&Options::default(), shipped(), &[list]).unwrap();
    let (tags, _) = tagger.tag(&text(&lines), Hints::default());
    assert_eq!(tags.entities.iter().map(|entity| entity.mentions.len()).collect::<Vec<_>>(), [1]);
    assert_eq!(mentions(&lines), [["يوسف رسول", "رسول"]]);
}

#[test]
fn of_never_and_a_name_the_first_row_holds() {
    let (never, place) = ("دمشق\tnever", "دمشق\tplace\tdesk-1");
    let lines = ["عاد من دمشق"];
    assert_eq!(names_with(&[never, place], &lines), []);
    assert_eq!(names_with(&[place, never], &lines), [(Place, "دمشق".to_owned())]);
    assert_eq!(
        names_with(&["نهر الورد\tplace", "نهر\tnever\nالورد\tnever"], &["فاض نهر الورد"]),
        [(Place, "نهر الورد".to_owned())]
    );
}

#[test]
fn tags_say_what_the_text_was_given_to() {
    let mut page = text(&["وصل الوفد إلى دمشق"]);
    for (language, tagged) in [
        ("ar", Tagged::Full),
        ("ar-EG", Tagged::Full),
        ("fa", Tagged::Gazetteer),
        ("ckb", Tagged::Gazetteer),
        ("en", Tagged::Gazetteer),
    ] {
        page.language.tag = language.to_owned();
        assert_eq!(TAGGER.tag(&page, Hints::default()).0.tagged, tagged, "{language}");
    }
}

#[test]
fn users_names_stand_above_the_model() {
    let list = "name\ttype\tid\nوزارة الدفاع\tother\tdesk-1\nالبيان الختامي\tevent\tdesk-2\n";
    let users = UserGazetteer::parse("desk.tsv", list).unwrap();
    let gazetteer = Gazetteer::new(super::fixture::SHIPPED.as_slice()).unwrap();
    let tagger = Tagger::new(&Options::default(), gazetteer, &[users]).unwrap().with_linear(linear());
    let line = "قالت وزارة الدفاع الأمريكية في البيان الختامي إن الوفد عاد إلى بغداد";
    let (tags, _) = tagger.tag(&text(&[line]), Hints::default());
    let found: Vec<_> = tags.entities.iter().map(|one| (one.kind, one.name.as_str())).collect();
    assert_eq!(found, [(Other, "وزارة الدفاع"), (Event, "البيان الختامي"), (Place, "بغداد")]);
}

#[test]
fn what_a_transformer_is_sure_of_outweighs_the_model() {
    let sure = |label: usize| {
        let mut row = [-30.0; LABELS];
        row[label] = 0.0;
        Some(row)
    };
    let words = vec!["وأكد", "المدرب", "زرنوق", "شلهوبي", "أن", "فريقه", "مستعد", "للمباراة"];
    JUDGED.on_page(&[words], |page, _| {
        let found = |heard: &Heard| {
            let mentions = JUDGED.mentions(page, Convention::News, Some(heard));
            mentions.iter().map(|name| (name.first, name.last, name.kind)).collect::<Vec<_>>()
        };
        assert_eq!(found(&Heard::default()), [(2, 3, Person)]);
        let nothing = Heard { scores: vec![sure(OUTSIDE); page.len()], cut: false, decides: false };
        assert_eq!(found(&nothing), []);
        let mut club = Heard { scores: vec![None; page.len()], cut: false, decides: false };
        club.scores[2] = sure(begin(Organization));
        club.scores[3] = sure(inside(Organization));
        assert_eq!(found(&club), [(2, 3, Organization)]);
    });
}

#[test]
fn the_order_of_pages_and_the_threads_change_nothing() {
    let pages = [
        "وصل الرئيس سامر الحداد إلى دمشق",
        "أعلنت حركة النهوض الوطني (حنو) في حمص أن حنو مستمرة",
        "فاز نادي الكرامة على الوحدة",
    ];
    let tags = |page: &str| format!("{:?}", JUDGED.tag(&text(&[page]), Hints::default()).0.entities);
    let expected = pages.map(tags);
    std::thread::scope(|scope| {
        for start in 0..4 {
            let expected = &expected;
            scope.spawn(move || {
                for index in 0..250 {
                    let at = (start + index) % pages.len();
                    assert_eq!(tags(pages[at]), expected[at]);
                }
            });
        }
    });
}

#[test]
fn a_thousand_runs_of_one_article_on_any_number_of_threads_are_the_same() {
    let article = text(&[
        "وزير الزراعة يزور دمشق",
        "دمشق 25 كانون الثاني 2024 - قال وزير الزراعة التونسي، هيثم القرعاوي، الخميس إن بلاده تبحث مع الأمم المتحدة خطة جديدة.",
        "وأضاف القرعاوي أن حركة الشباب الحر (حشح) وعلي القرعاوي وصلا إلى تونس على متن طائرة، وأن حشح باقية.",
    ]);
    let tags = || format!("{:?}", JUDGED.tag(&article, Hints::default()));
    let expected = tags();
    assert!(expected.contains("Acronym") && expected.contains("2024-01-25"), "{expected}");
    for threads in [1, 2, 3, 4, 8] {
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| (0..200_usize.div_ceil(threads)).for_each(|_| assert_eq!(tags(), expected)));
            }
        });
    }
}

#[test]
fn in_another_language_only_sure_names_count() {
    let mut page = text(&["رئیس جمهور در تهران با وزیر دفاع دیدار کرد و به العراق رفت"]);
    page.language.tag = "fa".to_owned();
    let (tags, _) = TAGGER.tag(&page, Hints::default());
    assert_eq!(tags.entities.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["طهران", "العراق"]);
}

#[test]
fn too_many_mentions_are_cut_and_said() {
    let options = Options { max_mentions: 3, ..Options::default() };
    let tagger = Tagger::new(&options, Gazetteer::new(super::fixture::SHIPPED.as_slice()).unwrap(), &[]).unwrap();
    let (tags, degraded) = tagger.tag(&text(&["مصر ثم مصر ثم مصر ثم مصر"]), Hints::default());
    assert_eq!(tags.entities[0].mentions.len(), 3);
    assert_eq!(degraded[0].why, "too_many_mentions");
}

#[test]
fn an_option_that_cannot_work_is_refused() {
    let invalid = Tagger::new(&Options { max_mentions: 0, ..Options::default() }, Gazetteer::empty(), &[]).unwrap_err();
    assert_eq!(invalid[0].key, "tag.max_mentions");
}

#[test]
fn given_tokens_get_one_tag_each() {
    let sentences = vec![vec!["زار", "كريم", "حداد", "مدينة", "دمشق", "("], vec![], vec!["كأس", "العالم"]];
    let tags = TAGGER.conll(&sentences, Convention::Newswire);
    assert_eq!(tags, [vec!["O", "B-PER", "I-PER", "O", "B-LOC", "O"], vec![], vec!["B-MISC", "I-MISC"]]);
}

/// Words, marks and breaks that meet in pages, in any order.
fn page() -> impl Strategy<Value = Vec<String>> {
    let words = [
        "وزير",
        "الدفاع",
        "لويد",
        "أوستن",
        "والعراق",
        "للعراق",
        "بن",
        "عبد",
        "الله",
        "أبو",
        "آل",
        "“",
        "”",
        "(",
        ")",
        "،",
        ".",
        "صحيفة",
        "عملية",
        "قاعدة",
        "مجلس",
        "الأعلى",
        "للآثار",
        "-",
        "علي",
        "على",
        "دمشقَ",
        "12",
        "ﷺ",
        "كريم",
        "وحداد",
        "قال",
        "\"",
        "ل",
        "لل",
        "و",
        "\u{64b}",
        "قسد",
        "x",
        "\u{1F600}",
        "الشرقية",
        "نادي",
        "حرب",
    ];
    let line = prop::collection::vec(prop::sample::select(words.to_vec()), 1..25).prop_map(|words| words.join(" "));
    prop::collection::vec(line, 1..5)
}

/// What must hold of the tags of any page.
fn sound(lines: &[String]) -> Result<(), TestCaseError> {
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let text = text(&lines);
    sound_by(&TAGGER, &text)?;
    sound_by(&JUDGED, &text)
}

fn sound_by(tagger: &Tagger, text: &Text) -> Result<(), TestCaseError> {
    let (tags, _) = tagger.tag(text, Hints::default());
    let mut spans: Vec<_> =
        tags.entities.iter().flat_map(|entity| &entity.mentions).map(|mention| mention.span).collect();
    spans.sort();
    for pair in spans.windows(2) {
        prop_assert!(pair[0].end <= pair[1].start, "overlap: {pair:?}");
    }
    for span in spans {
        prop_assert!(text.display.get(span.start..span.end).is_some_and(|shown| !shown.trim().is_empty()));
        let block = text.block_at(span.start).map(|block| text.blocks[block].span);
        prop_assert!(block.is_some_and(|block| block.contains(span)));
    }
    prop_assert!(tags.entities.iter().all(|entity| !entity.mentions.is_empty() && !entity.name.is_empty()));
    let again = tagger.tag(text, Hints::default()).0;
    prop_assert_eq!(format!("{:?}", again.entities), format!("{:?}", tags.entities));
    Ok(())
}

#[test]
fn a_name_ends_with_its_block() {
    let lines = ["وزير وزير وزير وزير وزير وزير وزير ل قال نادي", "(", "وزير"];
    sound(&lines.map(str::to_owned)).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn mentions_of_any_page_are_sound(lines in page()) {
        sound(&lines)?;
    }

    #[test]
    fn mentions_of_any_text_are_sound(lines in prop::collection::vec("[^\n]{1,60}", 1..4)) {
        sound(&lines)?;
    }

    #[test]
    fn any_tokens_get_as_many_tags(sentences in prop::collection::vec(prop::collection::vec("[ا-ي().\u{64b}]{0,8}", 0..12), 0..4)) {
        let given: Vec<Vec<&str>> = sentences.iter().map(|words| words.iter().map(String::as_str).collect()).collect();
        let tags = JUDGED.conll(&given, Convention::Newswire);
        let lengths = |lists: Vec<usize>| lists;
        prop_assert_eq!(lengths(tags.iter().map(Vec::len).collect()), lengths(given.iter().map(Vec::len).collect()));
        for tags in tags {
            let mut before = "O";
            for tag in tags {
                if let Some(kind) = tag.strip_prefix("I-") {
                    prop_assert!(before.ends_with(kind), "{before} {tag}");
                }
                before = tag;
            }
        }
    }
}
