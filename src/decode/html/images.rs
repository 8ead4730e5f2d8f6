//! Captions that stand in an image's attributes alone.
//!
//! Galleries keep the caption they show in `data-caption`. The alternative text
//! is no caption, it is the title again, a file's name or what the picture shows
//! to those who do not see it, unless it ends in the credit that only a caption
//! has: `… (رويترز)`, `… © AFP`.

use super::plain_text;
use super::tokens::Attributes;

/// A longer one is an article of its own, in bytes.
const MAX_CAPTION: usize = 1_500;

pub(super) fn caption(attributes: &Attributes) -> Option<String> {
    let shown = ["data-caption", "data-image-caption"].into_iter().find_map(|name| attributes.get(name));
    let credited = || {
        let texts = ["alt", "title"].into_iter().filter_map(|name| attributes.get(name));
        texts.filter(|text| text.len() <= MAX_CAPTION).find(|text| is_credited(text))
    };
    let caption = shown.filter(|text| text.len() <= MAX_CAPTION).or_else(credited).map(plain_text)?;
    // A number, a file's name, a single word are none.
    (caption.split(' ').filter(|word| word.chars().any(char::is_alphabetic)).count() >= 3).then_some(caption)
}

/// At least a few words, and behind them who took the picture.
fn is_credited(text: &str) -> bool {
    let text = text.trim();
    let bracket = text.strip_suffix(')').and_then(|inner| inner.rsplit_once('('));
    let credit = bracket.or_else(|| text.rsplit_once('©'));
    credit.is_some_and(|(before, credit)| {
        let words = credit.split_whitespace().count();
        (1..=4).contains(&words)
            && !credit.chars().all(|c| !c.is_alphabetic())
            && before.split_whitespace().count() >= 4
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, value: &str) -> Option<String> {
        caption(&Attributes::of(&[("src", "x.jpg"), (name, value)]))
    }

    #[test]
    fn what_a_gallery_shows_is_a_caption() {
        assert_eq!(
            of("data-caption", "<p>العبّارة في حوض &quot;الإصلاح&quot;</p>").as_deref(),
            Some("العبّارة في حوض \"الإصلاح\"")
        );
        assert_eq!(of("data-caption", "IMG_2031.jpg"), None);
        assert_eq!(of("data-caption", ""), None);
        assert_eq!(of("data-caption", &"كلمة ".repeat(1_000)), None);
    }

    #[test]
    fn an_alternative_text_is_one_only_with_a_credit() {
        assert!(of("alt", "متطوعون يوزعون الخبز في حي المرفأ (رويترز)").is_some());
        assert!(of("title", "Volunteers hand out bread near the harbor © Jane Roe").is_some());
        for alt in ["متطوعون يوزعون الخبز في حي المرفأ", "bread.jpg", "شعار (2)", "Results of the vote so far (2024)"]
        {
            assert_eq!(of("alt", alt), None, "{alt}");
        }
    }
}
