//! Writes of allocations as one statement.
//!
//! The server spends more time on reading and planning a statement than on the few rows that it writes, and responds to each
//! one apart. Most transactions allocate addresses of pages that are stored, and have the same four statements.

use std::sync::LazyLock;

use super::{Statement, sql};

/// Statements of an allocation that takes nothing but bits of stored pages, with the numbers of their parameters.
const PARTS: [(&str, usize); 4] =
    [(sql::FEED, 12), (sql::CHANGE_PAGES, 7), (sql::INSERT_REQUESTS, 7), (sql::INSERT_ALLOCATIONS, 14)];

/// All of them. The parts do not see what the others write: none of them reads it.
static ALLOCATE: LazyLock<String> = LazyLock::new(|| {
    let [feed, pages, requests, _] = PARTS.map(|(_, params)| params);
    format!(
        "WITH e AS ({}), u AS ({}), r AS ({}), a AS ({}) SELECT 1 / (count(*) = ${})::int FROM u",
        sql::EVENTS,
        numbered(sql::CHANGED_PAGES, feed),
        numbered(sql::INSERT_REQUESTS, feed + pages),
        numbered(sql::INSERT_ALLOCATIONS, feed + pages + requests),
        feed + pages,
    )
});

/// Returns the statement with the numbers of its parameters raised.
fn numbered(sql: &str, by: usize) -> String {
    let mut parts = sql.split('$');
    let mut raised = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = part.split_at(digits);
        raised.push('$');
        raised
            .push_str(&number.parse::<usize>().map_or_else(|_| number.to_owned(), |number| (number + by).to_string()));
        raised.push_str(rest);
    }
    raised
}

/// Joins the statements of an allocation. Others are returned as they are.
pub(super) fn together(statements: Vec<Statement>) -> Vec<Statement> {
    if !statements.iter().map(|one| one.sql).eq(PARTS.map(|(sql, _)| sql)) {
        return statements;
    }
    vec![Statement::joined(&ALLOCATE, statements)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_through() {
        assert_eq!(numbered("a $1::text[], $12 b", 7), "a $8::text[], $19 b");
        assert_eq!(numbered("none", 7), "none");
        let all: usize = PARTS.iter().map(|(_, params)| params).sum();
        for (sql, params) in PARTS {
            assert!(sql.contains(&format!("${params}")) && !sql.contains(&format!("${}", params + 1)), "{sql}");
        }
        for number in 1..=all {
            assert!(ALLOCATE.contains(&format!("${number}")), "{number}");
        }
        assert!(!ALLOCATE.contains(&format!("${}", all + 1)), "{}", *ALLOCATE);
    }
}
