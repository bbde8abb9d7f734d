//! Which columns of an entity are read.

use std::{borrow::Cow, cell::RefCell, collections::HashMap};

use foldhash::fast::RandomState;

/// Some of an entity's columns, told by their places, of which there are fewer than 32; always
/// among them is the first, which is its key. What is not read of a row is in its model as if it
/// were empty: nobody may look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Columns(u32);

impl Columns {
    /// All of them.
    pub const ALL: Self = Self(u32::MAX);
    /// The key alone.
    pub const KEY: Self = Self(1);

    /// These and one more.
    #[must_use]
    pub const fn with(self, place: usize) -> Self {
        Self(self.0 | 1 << place)
    }

    /// Whether one of them is read.
    #[must_use]
    pub const fn has(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }

    /// How many of the first so many columns there are.
    pub(super) const fn among(self, places: usize) -> usize {
        (self.0 & ((1 << places) - 1)).count_ones() as usize
    }

    /// Where a column is in a row that has only these; nothing if it is not in it.
    pub(super) const fn place(self, column: usize) -> Option<usize> {
        if self.has(column) { Some(self.among(column)) } else { None }
    }
}

/// A query's text that reads only these columns of the two entities that it is over, and the
/// columns. It has to begin with all columns of all entities, `width` of the first and `total` in
/// all; if it does not, or all are wanted, it is read as it is. Columns lose their other names:
/// they are found by their places, and a kept statement is found by its text, the shorter the
/// sooner.
pub(super) fn narrow<'t>(
    sql: Cow<'t, str>,
    [first, second]: [Columns; 2],
    width: usize,
    total: usize,
) -> (Cow<'t, str>, [Columns; 2]) {
    let whole = [Columns::ALL; 2];
    if [first, second] == whole {
        return (sql, whole);
    }
    let is_read = |place| {
        if place < width { first.has(place) } else { second.has(place - width) }
    };
    let narrow = || narrowed(&sql, total, is_read);
    match MADE.with_borrow_mut(|made| made.get(&sql, [first, second], narrow)) {
        Some(narrow) => (Cow::Owned(narrow), [first, second]),
        None => (sql, whole),
    }
}

thread_local! {
    /// A text that was made is found in a fifteenth of the time that it takes to make.
    static MADE: RefCell<Made> = RefCell::default();
}

/// The texts that were made of others, by columns. A text names its entities, so what they have of
/// columns in all goes with it.
#[derive(Default)]
struct Made {
    texts: HashMap<[Columns; 2], HashMap<Box<str>, String, RandomState>, RandomState>,
    count: usize,
}

/// So many are kept, of half a kilobyte each. There are more: clients choose the columns.
const MAX_MADE: usize = 256;

impl Made {
    fn get(
        &mut self,
        sql: &str,
        columns: [Columns; 2],
        make: impl FnOnce() -> Option<String>,
    ) -> Option<String> {
        if let Some(text) = self.texts.get(&columns).and_then(|texts| texts.get(sql)) {
            return Some(text.clone());
        }
        let text = make()?;
        if self.count == MAX_MADE {
            *self = Self::default();
        }
        self.count += 1;
        self.texts.entry(columns).or_default().insert(sql.into(), text.clone());
        Some(text)
    }
}

fn narrowed(sql: &str, total: usize, is_read: impl Fn(usize) -> bool) -> Option<String> {
    let (list, rest) = sql.split_at(end_of_list(sql)?);
    let mut narrow = String::with_capacity(sql.len());
    narrow.push_str(SELECT);
    let mut found = 0;
    for (place, column) in list.strip_prefix(SELECT)?.split(',').enumerate() {
        found += 1;
        if is_read(place) {
            // The first one is always read, and those that follow have a space before them.
            if place > 0 {
                narrow.push(',');
            }
            narrow.push_str(without_alias(column));
        }
    }
    narrow.push_str(rest);
    (found == total).then_some(narrow)
}

fn without_alias(column: &str) -> &str {
    match column.rsplit_once(' ') {
        // What a cast makes of a column stands behind an AS too.
        Some((before, name)) if name.ends_with(QUOTES) => before.strip_suffix(AS).unwrap_or(column),
        _ => column,
    }
}

/// Where the list of columns ends. To search for all of it takes the standard library longer than
/// all else that is done here.
fn end_of_list(sql: &str) -> Option<usize> {
    let mut spaces = sql.match_indices('F').filter_map(|(at, _)| at.checked_sub(1));
    spaces.find(|&at| sql.get(at..).is_some_and(|end| end.starts_with(FROM)))
}

const SELECT: &str = "SELECT ";
const FROM: &str = " FROM ";
const AS: &str = " AS";
/// Around names: MySQL has the second one.
const QUOTES: [char; 2] = ['"', '`'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_as_the_row_has_them() {
        let columns = Columns::KEY.with(2).with(5);
        assert_eq!(
            [0, 1, 2, 5].map(|place| columns.place(place)),
            [Some(0), None, Some(1), Some(2)]
        );
        assert_eq!((columns.among(6), Columns::ALL.among(6)), (3, 6));
    }

    #[test]
    fn a_text_keeps_what_is_read_and_all_that_follows() {
        let sql = r#"SELECT "a"."x", "a"."y", "b"."x" AS "z", "b"."F" FROM "a" JOIN "b" ON 1 WHERE "y" IN (SELECT 2 FROM "c")"#;
        let of_second = Columns::KEY.with(1);
        let (text, columns) = narrow(sql.into(), [Columns::KEY, of_second], 2, 4);
        assert_eq!(text, sql.replace(r#", "a"."y""#, "").replace(r#" AS "z""#, ""));
        assert_eq!(columns, [Columns::KEY, of_second]);
    }

    #[test]
    fn texts_are_kept_by_all_that_they_are_made_of_and_not_without_end() {
        let mut made = Made::default();
        let (one, other) = ([Columns::KEY; 2], [Columns::KEY, Columns::ALL]);
        let mut get = |sql, columns, text: &str| made.get(sql, columns, || Some(text.to_owned()));
        assert_eq!(get("a", one, "1").as_deref(), Some("1"));
        assert_eq!(get("a", other, "2").as_deref(), Some("2"));
        assert_eq!(get("b", one, "3").as_deref(), Some("3"));
        assert_eq!(get("a", one, "-").as_deref(), Some("1"));
        assert_eq!(made.get("c", one, || None), None);
        for number in 0..3 * MAX_MADE {
            made.get(&number.to_string(), one, || Some(String::new()));
            let kept: usize = made.texts.values().map(HashMap::len).sum();
            assert!(kept == made.count && kept <= MAX_MADE);
        }
    }

    #[test]
    fn a_column_loses_its_other_name_alone() {
        for (column, bare) in [
            (r#""a"."x" AS "y""#, r#""a"."x""#),
            (r#" "a"."x" AS "y""#, r#" "a"."x""#),
            (" `a`.`x` AS `y`", " `a`.`x`"),
            (r#" CAST("a"."x" AS "text") AS "y""#, r#" CAST("a"."x" AS "text")"#),
            (r#" CAST("a"."x" AS "text")"#, r#" CAST("a"."x" AS "text")"#),
            (r#" "a"."x""#, r#" "a"."x""#),
            ("x", "x"),
        ] {
            assert_eq!(without_alias(column), bare);
        }
    }

    #[test]
    fn what_is_not_as_expected_is_read_as_it_is() {
        let nested = "SELECT a FROM d WHERE a IN (SELECT b, c FROM d)";
        let odd = ["FROM", "éFROM ", ""];
        let others =
            ["SELECT a, b", "UPDATE a", "SELECT a, b, c FROM d", "SELECT a FROM d", nested];
        for sql in others.into_iter().chain(odd) {
            let (text, columns) = narrow(sql.into(), [Columns::KEY; 2], 2, 2);
            assert_eq!((text.as_ref(), columns), (sql, [Columns::ALL; 2]));
        }
    }
}
