//! Labels of a resource, in a form that every IPAM takes: they are notes for people and never stop an action.

use ipam_core::{Allocate, Allocated, ErrorKind, IpamProvider, Labels, Tag};

use super::resource::{REQUESTED_BY, ResourceInfo};
use crate::plugin::ActionError;

/// Largest length of a description in characters, which is that of phpIPAM's column.
pub(super) const MAX_DESCRIPTION: usize = 64;
/// Largest length of a host name, or of the description of a network, in characters.
pub(super) const MAX_TEXT: usize = 255;

/// Returns a text for people as one line of at most `most` characters, or `None` if nothing is left of it.
///
/// Control characters become spaces, and a `<` that begins something like a tag of HTML becomes `‹`, because servers strip
/// such tags. A longer text is cut and ends with `…`.
pub(super) fn fitted(text: &str, most: usize) -> Option<String> {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = line.trim();
    let line = if line.chars().nth(most).is_some() {
        let kept: String = line.chars().take(most.saturating_sub(1)).collect();
        format!("{}…", kept.trim_end())
    } else {
        line.to_owned()
    };
    // Cut before, so that a `<` at the new end is seen as one.
    let next = line.chars().skip(1).map(Some).chain([None]);
    let opens = |(c, next): (char, Option<char>)| match c {
        '<' if next != Some(' ') => '‹',
        other => other,
    };
    Some(line.chars().zip(next).map(opens).collect()).filter(|line: &String| !line.is_empty())
}

impl ResourceInfo {
    /// Returns the name for a host name.
    pub(super) fn hostname(&self) -> Option<String> {
        self.name.as_deref().and_then(|name| fitted(name, MAX_TEXT))
    }

    /// Returns the resource for a message, such as `machine web1 (resource vm-1)`.
    pub(super) fn machine(&self) -> Result<String, ActionError> {
        const MAX_CHARS: usize = 80;
        let owner = self.ipam_owner()?;
        Ok(match self.name.as_deref().and_then(|name| fitted(name, MAX_CHARS)) {
            Some(name) => format!("machine {name} (resource {owner})"),
            None => format!("resource {owner}"),
        })
    }

    /// Returns the labels of the resource's addresses, with `person` in the description.
    pub(super) fn labels(&self, person: Option<&str>) -> Labels {
        let description = self.description.as_deref().and_then(|text| fitted(text, MAX_DESCRIPTION));
        described(self.hostname(), description, person)
    }

    /// Returns the labels as earlier versions wrote them, if they differ from those of today.
    pub(super) fn earlier_labels(&self) -> Option<Labels> {
        let labels = described(self.name.clone(), self.description.clone(), None);
        Some(labels).filter(|labels| *labels != self.labels(None))
    }

    /// Returns the labels to try in turn until the IPAM takes some: all, without the person, without a description, none.
    ///
    /// The list depends on the inputs only, so that a repetition makes the same requests. With `tags` the person is a tag,
    /// otherwise a part of the description.
    pub(super) fn labels_in_turn(&self, tags: bool) -> Vec<Labels> {
        let plain = self.labels(None);
        let with_person = self.person().map(|person| {
            if tags { plain.clone().with_tag(Tag::new(REQUESTED_BY, person)) } else { self.labels(Some(&person)) }
        });
        let mut host_only = plain.clone();
        host_only.description = None;
        let mut all: Vec<Labels> = with_person.into_iter().chain([plain, host_only, Labels::default()]).collect();
        all.dedup();
        all
    }
}

fn described(hostname: Option<String>, description: Option<String>, person: Option<&str>) -> Labels {
    let mut labels = Labels::default();
    labels.hostname = hostname;
    labels.description = match (description, person) {
        (description, None) => description,
        (None, Some(person)) => Some(format!("requested by {person}")),
        (Some(description), Some(person)) => Some(format!("{description} (requested by {person})")),
    };
    labels
}

/// Allocates by the first of the requests whose labels the IPAM takes. A refused one has taken nothing.
///
/// # Errors
/// That of the first request that is refused for another reason than `InvalidInput`; otherwise that of the last one.
pub(super) async fn allocate_in_turn<P: IpamProvider + ?Sized>(
    provider: &P,
    requests: Vec<Allocate>,
) -> ipam_core::Result<Allocated> {
    let mut refused = None;
    for request in requests {
        match provider.allocate(&request).await {
            Err(error) if error.kind() == ErrorKind::InvalidInput => refused = Some(error),
            other => return other,
        }
    }
    Err(refused.unwrap_or_else(|| {
        ipam_core::Error::new(ErrorKind::InvalidInput, ipam_core::Operation::Allocate, "there is nothing to allocate")
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_text_fits_every_ipam() {
        let fit = |text: &str| fitted(text, 8);
        for (text, expected) in [
            (" web ", Some("web")),
            ("a\nb\0", Some("a b")),
            ("a < b", Some("a < b")),
            ("<b>x</b>", Some("‹b>x‹/b>")),
            ("a <", Some("a ‹")),
            ("12345678", Some("12345678")),
            ("123456789", Some("1234567…")),
            ("12345 < 9", Some("12345 ‹…")),
            ("žluťoučký kůň", Some("žluťouč…")),
            (" \n ", None),
            ("", None),
        ] {
            assert_eq!(fit(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn fewer_labels_follow_in_one_order() {
        let mut resource = ResourceInfo::default();
        assert_eq!(resource.labels_in_turn(true), [Labels::default()]);
        (resource.name, resource.description) = (Some("web1".into()), Some("x".repeat(65)));
        resource.owner = Some("jane".into());
        let turns = resource.labels_in_turn(true);
        let shown: Vec<_> = turns
            .iter()
            .map(|labels| (labels.hostname.is_some(), labels.description.is_some(), labels.tags.len()))
            .collect();
        assert_eq!(shown, [(true, true, 1), (true, true, 0), (true, false, 0), (false, false, 0)]);
        assert_eq!(turns[0].description.as_deref().unwrap().chars().count(), 64);
        assert_eq!(resource.earlier_labels().unwrap().description, resource.description);
    }
}
