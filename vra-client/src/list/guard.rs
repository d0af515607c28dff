//! Completeness of a list that comes in pages.

use std::collections::HashSet;

use crate::error::Error;

/// What is known of one page.
#[derive(Debug, Default)]
pub(crate) struct PageFacts {
    /// The rows' ids.
    pub(crate) ids: Vec<Option<String>>,
    /// How many rows the server counts in all pages.
    pub(crate) total: Option<u64>,
    /// Whether this is the last page by the server's count of pages.
    pub(crate) last: Option<bool>,
    /// Whether there is a link to a next page.
    pub(crate) has_next: Option<bool>,
    /// Whether the page has as many rows as were asked for, so that there may be more whatever it says.
    pub(crate) full: bool,
}

/// Whether to ask for another page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    More,
    End,
}

/// Follows the pages of one list and notices when rows are missing or come again.
///
/// Rows come again when the list has no order, or changes between two pages. That alone does no harm, the row is passed
/// on once; but for each row that came again, another may have been missed. So what counts is the number of distinct
/// rows against the server's own count.
#[derive(Debug)]
pub(crate) struct PageGuard {
    operation: String,
    seen: HashSet<String>,
    distinct: u64,
    repeated: u64,
    /// The count cannot be checked if earlier pages were not asked for.
    resumed: bool,
    incomplete_allowed: bool,
}

impl PageGuard {
    pub(crate) fn new(operation: String, resumed: bool, incomplete_allowed: bool) -> Self {
        Self { operation, seen: HashSet::new(), distinct: 0, repeated: 0, resumed, incomplete_allowed }
    }

    /// Takes note of a page. Says for each row whether it is new, and whether there are more pages; an error means that
    /// the list ended too early, and comes after the page's rows were passed on.
    pub(crate) fn accept(&mut self, facts: PageFacts) -> (Vec<bool>, Result<Next, Error>) {
        let rows = facts.ids.len();
        // Rows with the same id on one page are two rows: only what an earlier page had came again.
        let fresh: Vec<bool> =
            facts.ids.iter().map(|id| id.as_ref().is_none_or(|id| !self.seen.contains(id))).collect();
        self.seen.extend(facts.ids.into_iter().flatten());
        let new = fresh.iter().filter(|fresh| **fresh).count();
        self.distinct = self.distinct.saturating_add(new as u64);
        self.repeated = self.repeated.saturating_add((rows - new) as u64);
        // A server that ignores the page number would be asked for ever.
        let stuck = new == 0;
        let over = stuck || facts.has_next != Some(true) && facts.last != Some(false);
        let next = match facts.total {
            Some(total) if !self.resumed => {
                if self.distinct >= total || over && self.incomplete_allowed {
                    Ok(Next::End)
                } else if over {
                    Err(self.truncated(total))
                } else {
                    Ok(Next::More)
                }
            }
            _ if stuck && rows > 0 && facts.has_next == Some(true) && !self.incomplete_allowed && !self.resumed => {
                Err(self.truncated(self.distinct.saturating_add(1)))
            }
            // Without a count a full page may be cut off, so one more is asked for.
            _ if facts.full && facts.last.is_none() && !stuck => Ok(Next::More),
            _ => Ok(if over { Next::End } else { Next::More }),
        };
        (fresh, next)
    }

    fn truncated(&self, expected: u64) -> Error {
        Error::Truncated {
            operation: self.operation.clone(),
            expected,
            received: self.distinct,
            repeated: self.repeated,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;

    fn page(ids: &[&str], total: Option<u64>, last: Option<bool>, has_next: Option<bool>) -> PageFacts {
        let ids = ids.iter().map(|id| Some((*id).to_owned())).collect();
        PageFacts { ids, total, last, has_next, full: false }
    }

    fn guard() -> PageGuard {
        PageGuard::new("GET /rows".into(), false, false)
    }

    #[test]
    fn all_rows_end_the_list_whatever_else_the_page_says() {
        let mut guard = guard();
        let (_, next) = guard.accept(page(&["a", "b"], Some(3), Some(false), Some(true)));
        assert_eq!(next.unwrap(), Next::More);
        let (_, next) = guard.accept(page(&["c"], Some(3), Some(false), Some(true)));
        assert_eq!(next.unwrap(), Next::End);
    }

    #[test]
    fn a_list_that_ends_early_is_an_error() {
        for facts in [
            page(&["a"], Some(3), Some(true), None),
            page(&["a"], Some(3), None, Some(false)),
            page(&[], Some(3), Some(false), Some(true)),
        ] {
            let (_, next) = guard().accept(facts);
            assert!(matches!(next, Err(Error::Truncated { expected: 3, .. })), "{next:?}");
        }
        let (_, next) = PageGuard::new(String::new(), false, true).accept(page(&["a"], Some(3), Some(true), None));
        assert_eq!(next.unwrap(), Next::End);
    }

    #[test]
    fn rows_that_come_again_are_marked_and_cost_completeness() {
        let mut guard = guard();
        let _ = guard.accept(page(&["a", "b"], Some(4), Some(false), Some(true)));
        let (fresh, next) = guard.accept(page(&["b", "c"], Some(4), Some(true), Some(false)));
        assert_eq!(fresh, [false, true]);
        assert!(matches!(next, Err(Error::Truncated { expected: 4, received: 3, repeated: 1, .. })), "{next:?}");
    }

    #[test]
    fn a_server_that_ignores_the_page_number_is_not_asked_for_ever() {
        let mut counted = guard();
        let _ = counted.accept(page(&["a", "b"], Some(4), Some(false), Some(true)));
        assert!(counted.accept(page(&["a", "b"], Some(4), Some(false), Some(true))).1.is_err());
        let mut uncounted = guard();
        assert_eq!(uncounted.accept(page(&["a"], None, None, Some(true))).1.unwrap(), Next::More);
        assert!(uncounted.accept(page(&["a"], None, None, Some(true))).1.is_err());
    }

    #[test]
    fn without_counts_the_links_decide() {
        assert_eq!(guard().accept(page(&["a"], None, None, Some(false))).1.unwrap(), Next::End);
        assert_eq!(guard().accept(page(&["a"], None, None, None)).1.unwrap(), Next::End);
        assert_eq!(guard().accept(page(&[], None, None, Some(true))).1.unwrap(), Next::End);
        assert_eq!(guard().accept(page(&["a"], None, None, Some(true))).1.unwrap(), Next::More);
    }

    #[test]
    fn without_counts_a_full_page_is_followed_by_a_question() {
        let full = |ids: &[&str]| PageFacts { full: true, ..page(ids, None, None, Some(false)) };
        let mut guard = guard();
        assert_eq!(guard.accept(full(&["a", "b"])).1.unwrap(), Next::More);
        assert_eq!(guard.accept(full(&["c", "d"])).1.unwrap(), Next::More);
        // The server gives the first page for every number: it had no more.
        let (fresh, next) = guard.accept(full(&["a", "b"]));
        assert_eq!((fresh, next.unwrap()), (vec![false, false], Next::End));
    }

    #[test]
    fn rows_of_one_page_with_the_same_id_are_two() {
        let mut guard = guard();
        let (fresh, next) = guard.accept(page(&["a", "a"], Some(2), Some(true), None));
        assert_eq!((fresh, next.unwrap()), (vec![true, true], Next::End));
    }

    #[test]
    fn a_resumed_list_goes_by_pages_since_the_count_covers_what_was_left_out() {
        let mut guard = PageGuard::new(String::new(), true, false);
        assert_eq!(guard.accept(page(&["x"], Some(9), Some(false), None)).1.unwrap(), Next::More);
        assert_eq!(guard.accept(page(&["y"], Some(9), Some(true), None)).1.unwrap(), Next::End);
    }
}
