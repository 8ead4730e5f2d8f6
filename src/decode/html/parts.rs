//! Whether a link leads to another part of the same article.
//!
//! `rel=next` says so of a long read cut into pages, and many sites say it of
//! the next article, too: the address decides.

/// Words of addresses that number a page.
const PAGE_WORDS: &[&str] = &["p", "page", "paged", "pagenum", "part", "pg", "sayfa", "seite", "start"];
/// No article has more parts.
const MOST_PARTS: u32 = 99;

/// Whether `href` differs from the page's own address by the number of a part.
pub(super) fn is_other_part(href: &str, own: Option<&str>) -> bool {
    let href = href.trim();
    if href.len() > 2048 {
        return false;
    }
    if href.starts_with('?') {
        return is_part_number(href);
    }
    let Some(own) = own.map(|own| without_ending(path(own))).filter(|own| own.len() > 1) else { return false };
    let href = path(href);
    // Its own address may have a number already.
    [Some(own), first_part(own)].into_iter().flatten().any(|own| {
        let rest = href.strip_prefix(own).filter(|rest| rest.starts_with(['/', '?', '-', '_', '.']));
        rest.is_some_and(is_part_number)
    })
}

/// An address without scheme and host.
fn path(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("//").filter(|(scheme, _)| scheme.len() <= 6) else { return url };
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default()
}

fn without_ending(path: &str) -> &str {
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    path.strip_suffix(".html").or_else(|| path.strip_suffix(".htm")).unwrap_or(path)
}

/// The address of the first part, if this is a later one's: what stands before
/// the number is an article's name and no section's.
fn first_part(path: &str) -> Option<&str> {
    let (before, last) = path.rsplit_once('/')?;
    let before = before.strip_suffix("/page").unwrap_or(before);
    let number = last.len() <= 2 && last.parse::<u32>().is_ok();
    let name = before.rsplit('/').next().unwrap_or_default();
    (number && (name.len() >= 12 || name.contains('-'))).then_some(before)
}

/// One small number, and of words only those that say page.
fn is_part_number(rest: &str) -> bool {
    let mut numbers = 0;
    for part in rest.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
        let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = part.get(word.len()..).unwrap_or_default();
        let known = word.is_empty() || PAGE_WORDS.contains(&word) || matches!(part, "html" | "htm");
        if !known || !number.is_empty() && !number.parse().is_ok_and(|number: u32| number <= MOST_PARTS) {
            return false;
        }
        numbers += usize::from(!number.is_empty());
    }
    numbers == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_behind_the_own_address_is_another_part() {
        let own = Some("https://a.example/news/long-read/");
        for href in
            ["?page=2", "/news/long-read/2", "https://a.example/news/long-read?page=3", "/news/long-read/page/2/"]
        {
            assert!(is_other_part(href, own), "{href}");
        }
        assert!(is_other_part("/n/7-2.html", Some("https://a.example/n/7.html")));
        assert!(is_other_part("/news/long-read/3", Some("https://a.example/news/long-read/2")), "from part to part");
        assert!(!is_other_part("/news/long-read", own), "itself");
    }

    #[test]
    fn another_article_is_none() {
        let own = Some("https://a.example/news/long-read/");
        for href in
            ["/news/another", "/news/long-read-of-1984", "/news/long-read/comments?page=2", "?replytocom=17", ""]
        {
            assert!(!is_other_part(href, own), "{href}");
        }
        assert!(!is_other_part("/2", Some("https://a.example/")), "the site's second page");
        assert!(!is_other_part("/news/8", Some("https://a.example/news/7")), "articles that have numbers for names");
        assert!(!is_other_part("/2024/11/another", None));
    }
}
