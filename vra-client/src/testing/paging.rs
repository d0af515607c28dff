//! Page of a list, with the faults of paging.

use serde_json::Value;

use super::faults::Fault;

/// Returns the rows of a page, and the number of all rows as the server counts them.
pub(super) fn cut(rows: &[Value], offset: usize, limit: usize, fault: Option<&Fault>) -> (Vec<Value>, usize) {
    // The counts and the rows are changed apart from one another: a client must not trust one without the other.
    let counted = match fault {
        Some(Fault::CountOff(by)) => rows.len().saturating_add_signed(isize::try_from(*by).unwrap_or(0)),
        _ => rows.len(),
    };
    let mut content: Vec<Value> = rows.iter().skip(offset).take(limit).cloned().collect();
    match fault {
        Some(Fault::TruncatePage) => {
            content.pop();
        }
        // Without an order, rows of a real server move between pages while the list is read.
        Some(Fault::RepeatRow) => {
            let before = offset.checked_sub(1).and_then(|last| rows.get(last));
            if let (Some(first), Some(before)) = (content.first_mut(), before) {
                *first = before.clone();
            }
        }
        _ => {}
    }
    (content, counted)
}
