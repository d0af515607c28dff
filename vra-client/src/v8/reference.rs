//! References to objects of other services.

use crate::lenient::model;

model! {
    /// Reference to an object of another service, such as a project.
    pub struct ResourceReference {
        // `link` is in captured responses only, `version` and `description` in the description only.
        /// Id.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Version of the object.
        version: String = "version";
        /// Path of the object.
        link: String = "link";
    }
}
