//! Lists that are whole although the server cuts them into pages.
//!
//! One page is a consistent view, and several are not: a row that vanishes after its page was read moves the later ones
//! forward, and the next page begins behind one that was never shown. The lists of ranges and addresses accept no order
//! and name no version, so such a gap cannot be seen in the pages themselves. It can be seen in a second reading: the row
//! that vanished was in the first one and is not in the second. So a list of several pages is read until all rows of a
//! reading are still there in the next one. Then the earlier reading had no gap, and the later one has all its rows.

use std::collections::HashSet;
use std::pin::pin;

use futures_util::StreamExt;
use ipam_core::{Error, ErrorKind, Operation, Retry};
use serde::de::DeserializeOwned;

use crate::list::{List, Row};

/// Number of times that a list of several pages is read at most.
const READINGS: usize = 6;

/// Number of rows below which a first page is whole if the second one is empty.
// Without a count, the client looks for a second page. No server is known that cuts its pages so short.
const SHORT: usize = 100;

/// Reads a list that has each row which was there when the call began. [`None`] if it changed during all readings.
///
/// `name` tells a row from all others.
///
/// # Errors
/// `Transport` if the server cannot be reached, `Server` if it refuses a page, and the others of a [`List`].
pub(super) async fn whole<T, N>(list: List<T>, name: impl Fn(&T) -> N) -> Result<Option<Vec<T>>, crate::Error>
where
    T: Row + DeserializeOwned + Send + 'static,
    N: Eq + std::hash::Hash,
{
    let mut before: Option<HashSet<N>> = None;
    let mut truncated = None;
    for _ in 0..READINGS {
        let (rows, single) = match reading(list.clone()).await {
            Ok(read) => read,
            // Fewer rows than were counted: one moved between two pages.
            Err(error @ crate::Error::Truncated { .. }) => {
                (before, truncated) = (None, Some(error));
                continue;
            }
            Err(error) => return Err(error),
        };
        if single {
            return Ok(Some(rows));
        }
        let names: HashSet<N> = rows.iter().map(&name).collect();
        if before.is_some_and(|before| before.is_subset(&names)) {
            return Ok(Some(rows));
        }
        before = Some(names);
    }
    truncated.map_or(Ok(None), Err)
}

/// Reads all pages once. The flag is true if all rows were in one.
async fn reading<T: Row + DeserializeOwned + Send + 'static>(list: List<T>) -> Result<(Vec<T>, bool), crate::Error> {
    let mut pages = pin!(list.pages());
    let (mut rows, mut first, mut number, mut counted) = (Vec::new(), 0, 0_usize, false);
    while let Some(page) = pages.next().await {
        let mut page = page?;
        counted |= page.total().is_some();
        rows.append(&mut page.content);
        number += 1;
        if number == 1 {
            first = rows.len();
        }
    }
    // With a count, a second page is read only if there were more rows, which may have vanished since.
    let single = number <= 1 || !counted && rows.len() == first && first < SHORT;
    Ok((rows, single))
}

/// Returns the error for a list that changed during all readings.
pub(super) fn unsteady(operation: Operation, list: &str) -> Error {
    let message =
        format!("{list} changed each time they were read, in {READINGS} readings of several pages; try again");
    Error::new(ErrorKind::Busy, operation, message).with_retry(Retry::Safe)
}
