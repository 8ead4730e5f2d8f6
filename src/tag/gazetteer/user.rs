//! Lists of a newsroom's own: they beat the built-in gazetteer.

use super::compile::{Builder, spellings, split};
use super::layout::Class;
use super::lists::ThingRow;
use super::{Gazetteer, GazetteerError};
use crate::record::EntityType;

/// A parsed list.
///
/// Tab-separated: `name`, `type` (person, organization, place, event, other),
/// `id`, `aliases` separated by `|`; the last two may be left out. The type
/// `never` forbids what just these words name. Lines that begin with `#` and
/// empty lines say nothing, nor does a first line `name⇥type…`.
#[derive(Debug, Clone)]
pub struct UserGazetteer {
    rows: Vec<Row>,
}

/// The type of a row whose names are no mentions.
const NEVER: &str = "never";

#[derive(Debug, Clone)]
struct Row {
    /// `None` where the names are never a mention.
    kind: Option<EntityType>,
    id: Option<String>,
    /// The name, then its aliases.
    names: Vec<String>,
}

/// What is wrong with a list, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{list}, line {line}, column {column}: {message}")]
pub struct UserListError {
    pub list: String,
    /// From 1.
    pub line: usize,
    /// 1 name, 2 type, 3 id, 4 aliases.
    pub column: usize,
    pub message: String,
}

impl UserGazetteer {
    /// Reads a list; `list` is what errors call it. All errors at once.
    pub fn parse(list: &str, text: &str) -> Result<Self, Vec<UserListError>> {
        let (mut rows, mut errors) = (Vec::new(), Vec::new());
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        for (index, line) in text.lines().enumerate() {
            let head = index == 0 && line.starts_with("name\ttype");
            if head || line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            match Row::parse(line) {
                Ok(row) => rows.push(row),
                Err((column, message)) => {
                    errors.push(UserListError { list: list.to_owned(), line: index + 1, column, message });
                }
            }
        }
        if errors.is_empty() { Ok(Self { rows }) } else { Err(errors) }
    }

    /// Number of things named.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All lists as one gazetteer; of two that share a name the first wins.
    pub(crate) fn compile(lists: &[Self]) -> Result<Gazetteer, GazetteerError> {
        let mut builder = Builder::default();
        for row in lists.iter().flat_map(|list| &list.rows) {
            let thing = builder.thing(ThingRow {
                kind: row.kind.unwrap_or(EntityType::Other),
                class: if row.kind.is_some() { Class::User } else { Class::Never },
                country: [0; 2],
                qid: qid(row.id.as_deref()),
                geonames: 0,
                weight: 0,
                name: row.names.first().cloned(),
                user_id: row.id.clone(),
            });
            for name in row.names.iter().flat_map(|name| spellings(name)) {
                builder.name(&split(&name), thing, 1.0);
            }
        }
        Gazetteer::new(builder.finish())
    }
}

impl Row {
    /// Or the column and what is wrong there.
    fn parse(line: &str) -> Result<Self, (usize, String)> {
        let fields: Vec<&str> = line.trim_end_matches('\r').split('\t').map(str::trim).collect();
        if fields.len() > 4 {
            return Err((5, format!("{} columns where 4 are read: name, type, id, aliases", fields.len())));
        }
        let field = |column: usize| fields.get(column).copied().unwrap_or_default();
        let kind = EntityType::ALL.into_iter().find(|kind| kind.as_str() == field(1));
        if kind.is_none() && field(1) != NEVER {
            let message = format!("type {:?} is none of person, organization, place, event, other, never", field(1));
            return Err((2, message));
        }
        let aliases = field(3).split('|').map(str::trim).filter(|alias| !alias.is_empty());
        let names: Vec<String> = std::iter::once(field(0)).chain(aliases).map(str::to_owned).collect();
        for (index, name) in names.iter().enumerate() {
            if split(&crate::letters::fold(name)).is_empty() {
                let column = if index == 0 { 1 } else { 4 };
                return Err((column, format!("name {name:?} holds no letter and no digit")));
            }
        }
        Ok(Self { kind, id: Some(field(2)).filter(|id| !id.is_empty()).map(str::to_owned), names })
    }
}

/// An identifier that is one of Wikidata's also goes into `qid`.
fn qid(id: Option<&str>) -> u32 {
    id.and_then(|id| id.strip_prefix('Q')).and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_have_a_head_comments_and_blank_lines() {
        let list = "\u{FEFF}name\ttype\tid\taliases\r\n# ours\r\n\nواحة النخل\tplace\tdesk-1\tالواحة|واحة نخل\r\nزيد\tperson\n";
        let parsed = UserGazetteer::parse("desk.tsv", list).unwrap();
        assert_eq!(parsed.len(), 2);
        assert_eq!(parsed.rows[0].names, ["واحة النخل", "الواحة", "واحة نخل"]);
        assert_eq!(parsed.rows[0].id.as_deref(), Some("desk-1"));
        assert_eq!((parsed.rows[1].id.as_deref(), parsed.rows[1].kind), (None, Some(EntityType::Person)));
    }

    #[test]
    fn every_error_names_list_line_and_column() {
        let list = "زيد\tpeople\n\nواحة\tplace\tx\ty\tz\n\tplace\nزيد\tperson\t\tأ|--\nزيد\n";
        let errors = UserGazetteer::parse("desk.tsv", list).unwrap_err();
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "desk.tsv, line 1, column 2: type \"people\" is none of person, organization, place, event, other, never",
                "desk.tsv, line 3, column 5: 5 columns where 4 are read: name, type, id, aliases",
                "desk.tsv, line 4, column 1: name \"\" holds no letter and no digit",
                "desk.tsv, line 5, column 4: name \"--\" holds no letter and no digit",
                "desk.tsv, line 6, column 2: type \"\" is none of person, organization, place, event, other, never",
            ]
        );
    }

    #[test]
    fn of_two_lists_the_first_wins() {
        let list = |id: &str| UserGazetteer::parse("x", &format!("واحة النخل\tplace\t{id}")).unwrap();
        let gazetteer = UserGazetteer::compile(&[list("a"), list("b")]).unwrap();
        let node = gazetteer.first(gazetteer.word("واحه").unwrap()).unwrap();
        let node = gazetteer.next(node, gazetteer.word("النخل").unwrap()).unwrap();
        let first = gazetteer.entries(node).next().unwrap();
        assert_eq!(gazetteer.thing(first.thing).user_id, Some(b"a".as_slice()));
    }
}
