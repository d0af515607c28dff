//! Losses of a migration: what the target cannot hold.

use std::fmt;

/// Reason for which something is lost in a migration, with the number of cases and a few of them.
///
/// ```
/// use ipam_core::plan::Migration;
/// use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
///
/// # futures_executor::block_on(async {
/// let (old, new) = (MemoryProvider::new(), MemoryProvider::new());
/// old.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?)).await?;
/// new.define_range(&DefineRange::new("lan", "192.0.2.0/24".parse()?).with_name("Office")).await?;
/// let checked = Migration::new(&old, &new).check().await?;
/// let loss = &checked.losses()[0];
/// assert_eq!((loss.field, loss.count), ("range", 1));
/// assert!(loss.to_string().starts_with("range: 1 "), "{loss}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loss {
    /// Name of the field or the item, such as `created` or `block`.
    pub field: &'static str,
    /// Consequence, as words for people that follow the number.
    pub reason: &'static str,
    /// Number of items.
    pub count: u64,
    /// First few of the items.
    pub examples: Vec<String>,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.field, self.count, self.reason)?;
        let more = if self.count > self.examples.len() as u64 { ", …" } else { "" };
        write!(f, " ({}{more})", self.examples.join(", "))
    }
}

/// Number of examples of a loss.
const EXAMPLES: usize = 3;

/// Losses by field and reason, in the order in which they were found.
#[derive(Debug, Clone, Default)]
pub(super) struct Losses(Vec<Loss>);

impl Losses {
    /// Counts one case. The text of the example is only made for the first few.
    pub(super) fn add(&mut self, field: &'static str, reason: &'static str, example: impl FnOnce() -> String) {
        let known = self.0.iter_mut().find(|loss| loss.field == field && loss.reason == reason);
        let loss = match known {
            Some(loss) => loss,
            None => {
                self.0.push(Loss { field, reason, count: 0, examples: Vec::new() });
                let Some(loss) = self.0.last_mut() else { return };
                loss
            }
        };
        loss.count += 1;
        if loss.examples.len() < EXAMPLES {
            loss.examples.push(example());
        }
    }

    pub(super) fn all(&self) -> &[Loss] {
        &self.0
    }
}
