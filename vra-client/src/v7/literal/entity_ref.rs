//! Reference to an object of some service.

use crate::lenient::model;

model! {
    /// A reference to an object of some service.
    pub struct EntityRef {
        /// Always `entityRef`.
        literal_type: String = "type";
        /// The component; usually `null`.
        component_id: String = "componentId";
        /// The class, such as `ComputeResource`, `Network` or `Storage`.
        class_id: String = "classId";
        /// The id of the object.
        id: String = "id";
        /// Its name, for display.
        label: String = "label";
    }
}

impl EntityRef {
    /// A reference without component and label, as the values of other fields depend on it.
    #[must_use]
    pub fn new(class_id: impl Into<String>, id: impl Into<String>) -> Self {
        let mut new = Self { literal_type: Some("entityRef".into()), ..Self::default() };
        new.extra.set_null("componentId");
        new.class_id = Some(class_id.into());
        new.id = Some(id.into());
        new
    }

    /// With the name for display.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}
