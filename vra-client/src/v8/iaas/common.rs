//! Shapes that several objects share.

use crate::lenient::model;

model! {
    /// Tag of an object. The value can be empty.
    pub struct Tag {
        /// Key.
        key: String = "key";
        /// Value.
        value: String = "value";
    }
}

impl Tag {
    /// Makes a tag.
    ///
    /// ```
    /// use vra_client::v8::Tag;
    ///
    /// let tag = Tag::new("net", "lab-20");
    /// assert_eq!(serde_json::to_value(&tag)?, serde_json::json!({"key": "net", "value": "lab-20"}));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { key: Some(key.into()), value: Some(value.into()), ..Self::default() }
    }
}
