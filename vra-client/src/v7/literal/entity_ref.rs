//! Reference to an object of a service.

use crate::lenient::model;

model! {
    /// Reference to an object of a service.
    ///
    /// ```
    /// use vra_client::v7::EntityRef;
    ///
    /// let network = EntityRef::new("Network", "7").with_label("VM Network");
    /// assert_eq!(network.label.as_deref(), Some("VM Network"));
    /// ```
    pub struct EntityRef {
        /// Type of the literal, `entityRef`.
        literal_type: String = "type";
        /// Id of the component; usually `null`.
        component_id: String = "componentId";
        /// Id of the class, such as `ComputeResource`, `Network` or `Storage`.
        class_id: String = "classId";
        /// Id of the object.
        id: String = "id";
        /// Display name of the object.
        label: String = "label";
    }
}

impl EntityRef {
    /// Makes a reference without component and label, which is enough for the server.
    #[must_use]
    pub fn new(class_id: impl Into<String>, id: impl Into<String>) -> Self {
        let mut new = Self { literal_type: Some("entityRef".into()), ..Self::default() };
        new.extra.set_null("componentId");
        new.class_id = Some(class_id.into());
        new.id = Some(id.into());
        new
    }

    /// Sets the display name.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}
