//! Completeness of a list that is read in pages.

use std::collections::HashSet;

use crate::error::Error;

/// Facts of one page that decide on the next.
#[derive(Debug, Default)]
pub(crate) struct PageFacts {
    /// Ids of the rows.
    pub(crate) ids: Vec<Option<String>>,
    /// Number of rows in all pages, as the server counts.
    pub(crate) total: Option<u64>,
    /// True if this is the last page by the server's count of pages.
    pub(crate) last: Option<bool>,
    /// True if there is a link to a next page.
    pub(crate) has_next: Option<bool>,
    /// True if the page may be cut off whatever it says, so that one more is requested unless it is counted.
    pub(crate) cut: bool,
}

/// Decision on another page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    More,
    End,
}

/// Completeness check of one list: notices missing and repeated rows.
///
/// Rows are repeated when the list has no order, or changes between two pages. A repeated row is harmless in itself,
/// since it is returned once. But for each repeated row another one may have been missed. So the number of distinct
/// rows is compared with the server's own count.
#[derive(Debug)]
pub(crate) struct PageGuard {
    operation: String,
    // Ids of all rows so far. The limit of rows bounds it.
    seen: HashSet<String>,
    distinct: u64,
    repeated: u64,
    /// True if earlier pages were not requested, so that the count cannot be checked.
    resumed: bool,
    incomplete_allowed: bool,
}

impl PageGuard {
    pub(crate) fn new(operation: String, resumed: bool, incomplete_allowed: bool) -> Self {
        Self { operation, seen: HashSet::new(), distinct: 0, repeated: 0, resumed, incomplete_allowed }
    }

    /// Records a page. Returns for each row whether it is new, and whether there are more pages. An error means that
    /// the list ended too early; it is reported after the rows of the page.
    pub(crate) fn accept(&mut self, facts: PageFacts) -> (Vec<bool>, Result<Next, Error>) {
        let rows = facts.ids.len();
        // Rows with the same id on one page are two rows: only a row of an earlier page is a repetition.
        let fresh: Vec<bool> =
            facts.ids.iter().map(|id| id.as_ref().is_none_or(|id| !self.seen.contains(id))).collect();
        self.seen.extend(facts.ids.into_iter().flatten());
        let new = fresh.iter().filter(|fresh| **fresh).count();
        self.distinct = self.distinct.saturating_add(new as u64);
        self.repeated = self.repeated.saturating_add((rows - new) as u64);
        // A server that ignores the page number returns the first page for ever; a page without a new row ends the
        // list.
        let stuck = new == 0;
        // `metadata.size` is not looked at: servers write 0 or 19 for pages of two rows. A link to a next page, or a
        // page number below the count of pages, is enough to go on.
        let over = stuck || facts.has_next != Some(true) && facts.last != Some(false);
        // Some lists have a count of rows and neither links nor page numbers, so that nothing but the count, or a page
        // without a new row, ends them.
        let counted_only = !stuck && facts.has_next.is_none() && facts.last.is_none() && facts.total.is_some();
        let over = over && !counted_only;
        let next = match facts.total {
            Some(total) if !self.resumed => {
                // The count decides against links and page numbers, which some releases get wrong on the last page.
                if self.distinct >= total || over && self.incomplete_allowed {
                    Ok(Next::End)
                } else if over {
                    Err(self.truncated(total))
                } else {
                    Ok(Next::More)
                }
            }
            // The server promises more and sends only what was there: rows are missing, although there is no count to
            // prove it.
            _ if stuck && rows > 0 && facts.has_next == Some(true) && !self.incomplete_allowed && !self.resumed => {
                Err(self.truncated(self.distinct.saturating_add(1)))
            }
            // Without a count a page may be cut off, so one more is requested.
            _ if facts.cut && facts.last.is_none() && !stuck => Ok(Next::More),
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
        PageFacts { ids, total, last, has_next, cut: false }
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
    fn a_count_alone_is_read_to_its_end() {
        let mut guard = guard();
        assert_eq!(guard.accept(page(&["a"], Some(3), None, None)).1.unwrap(), Next::More);
        assert_eq!(guard.accept(page(&["b", "c"], Some(3), None, None)).1.unwrap(), Next::End);
        // A server that ignores `$skip` sends the same rows again.
        let mut ignoring = self::guard();
        let _ = ignoring.accept(page(&["a"], Some(3), None, None));
        let (_, next) = ignoring.accept(page(&["a"], Some(3), None, None));
        assert!(matches!(next, Err(Error::Truncated { expected: 3, received: 1, repeated: 1, .. })), "{next:?}");
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
    fn repeated_rows_are_marked_and_cost_completeness() {
        let mut guard = guard();
        let _ = guard.accept(page(&["a", "b"], Some(4), Some(false), Some(true)));
        let (fresh, next) = guard.accept(page(&["b", "c"], Some(4), Some(true), Some(false)));
        assert_eq!(fresh, [false, true]);
        assert!(matches!(next, Err(Error::Truncated { expected: 4, received: 3, repeated: 1, .. })), "{next:?}");
    }

    #[test]
    fn a_server_that_ignores_the_page_number_ends_the_list() {
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
    fn without_counts_a_page_that_may_be_cut_off_is_followed_by_a_request() {
        let cut = |ids: &[&str]| PageFacts { cut: true, ..page(ids, None, None, Some(false)) };
        let mut guard = guard();
        assert_eq!(guard.accept(cut(&["a", "b"])).1.unwrap(), Next::More);
        assert_eq!(guard.accept(cut(&["c", "d"])).1.unwrap(), Next::More);
        // The server gives the first page for every number: it had no more.
        let (fresh, next) = guard.accept(cut(&["a", "b"]));
        assert_eq!((fresh, next.unwrap()), (vec![false, false], Next::End));
    }

    #[test]
    fn rows_of_one_page_with_the_same_id_are_two() {
        let mut guard = guard();
        let (fresh, next) = guard.accept(page(&["a", "a"], Some(2), Some(true), None));
        assert_eq!((fresh, next.unwrap()), (vec![true, true], Next::End));
    }

    #[test]
    fn a_resumed_list_goes_by_pages_since_the_count_covers_earlier_ones() {
        let mut guard = PageGuard::new(String::new(), true, false);
        assert_eq!(guard.accept(page(&["x"], Some(9), Some(false), None)).1.unwrap(), Next::More);
        assert_eq!(guard.accept(page(&["y"], Some(9), Some(true), None)).1.unwrap(), Next::End);
    }
}
