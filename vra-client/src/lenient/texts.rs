//! Texts that an object has in several places.

/// Returns the texts that are not empty, each once, in their order.
pub(crate) fn distinct<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    // The address of the first card is in two places, and lists are short.
    let mut found = Vec::new();
    for text in texts.into_iter().filter(|text| !text.is_empty()) {
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found
}
