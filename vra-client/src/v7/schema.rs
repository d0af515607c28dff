//! Forms and schemas: what the server says about the fields of a request, a reservation or a work item.

use crate::lenient::{IntoJson, JsonObject, model, request_body};
use crate::v7::{EntityRef, Literal, LiteralMap, Row};

model! {
    /// The fields of a form.
    pub struct Schema {
        /// The fields.
        fields: Vec<SchemaField> = "fields";
    }
}

impl Schema {
    /// The field of this id.
    #[must_use]
    pub fn field(&self, id: &str) -> Option<&SchemaField> {
        self.fields.as_ref()?.iter().find(|field| field.id.as_deref() == Some(id))
    }
}

model! {
    /// A field of a form, or a column of a list.
    pub struct SchemaField {
        /// The id, which is the key of its value.
        id: String = "id";
        /// The name for display.
        label: String = "label";
        /// Free text.
        description: String = "description";
        /// What its value is.
        data_type: DataType = "dataType";
        /// How to show it: `DATA_TABLE` …
        display_advice: String = "displayAdvice";
        /// Which values are possible.
        permissible_values: PermissibleValues = "permissibleValues";
        /// What else holds for it.
        state: FieldState = "state";
        /// Whether it takes several values.
        is_multi_valued: bool = "isMultiValued";
        /// Whether a list may be filtered by it.
        filterable: bool = "filterable";
        /// Whether a list may be ordered by it.
        sortable: bool = "sortable";
    }
}

impl SchemaField {
    /// Whether a value must be given: there is a facet `mandatory` that is constantly true.
    #[must_use]
    pub fn is_mandatory(&self) -> bool {
        self.facet("mandatory").and_then(Literal::as_bool) == Some(true)
    }

    /// The constant value of a facet, such as `defaultValue`.
    #[must_use]
    pub fn facet(&self, facet_type: &str) -> Option<&Literal> {
        let facets = self.state.as_ref()?.facets.as_ref()?;
        let facet = facets.iter().find(|facet| facet.facet_type.as_deref() == Some(facet_type))?;
        facet.value.as_ref()?.value.as_ref()
    }

    /// The ids of the fields that its possible values depend on.
    #[must_use]
    pub fn depends_on(&self) -> &[String] {
        let dependencies = self.permissible_values.as_ref().and_then(|values| values.dependencies.as_deref());
        dependencies.unwrap_or_default()
    }
}

model! {
    /// What a field's value is.
    pub struct DataType {
        /// `primitive`, `ref` or `complex`.
        kind: String = "type";
        /// Of a primitive: `STRING`, `INTEGER`, `DECIMAL`, `BOOLEAN`, `DATE_TIME` …
        type_id: String = "typeId";
        /// The component type.
        component_type_id: String = "componentTypeId";
        /// The component.
        component_id: String = "componentId";
        /// The class.
        class_id: String = "classId";
        /// A narrower type.
        type_filter: String = "typeFilter";
        /// The name for display.
        label: String = "label";
    }
}

model! {
    /// Which values a field can have.
    pub struct PermissibleValues {
        /// `dynamic`: to be asked for; `static`: listed.
        kind: String = "type";
        /// Whether others may be given.
        custom_allowed: bool = "customAllowed";
        /// The fields that they depend on.
        dependencies: Vec<String> = "dependencies";
        /// The values, where they are listed.
        values: Vec<PermissibleValue> = "values";
    }
}

model! {
    /// A value that a field can have.
    pub struct PermissibleValue {
        /// The value, to be sent as it is.
        underlying_value: Literal = "underlyingValue";
        /// The name for display. From 7.x on, a compute resource's has the endpoint in parentheses.
        label: String = "label";
    }
}

impl PermissibleValue {
    /// The value, if it is a reference, as that of `computeResource` is.
    #[must_use]
    pub fn as_entity_ref(&self) -> Option<&EntityRef> {
        self.underlying_value.as_ref()?.as_entity_ref()
    }
}

model! {
    /// What holds for a field.
    pub struct FieldState {
        /// The fields that it depends on.
        dependencies: Vec<String> = "dependencies";
        /// What holds.
        facets: Vec<Facet> = "facets";
    }
}

model! {
    /// Something that holds for a field.
    pub struct Facet {
        /// `mandatory`, `defaultValue`, `readOnly`, `visible` …
        facet_type: String = "type";
        /// The value.
        value: FacetValue = "value";
    }
}

model! {
    /// A facet's value.
    pub struct FacetValue {
        /// `constant`, `constantClause`, or a clause of the server's own.
        kind: String = "type";
        /// The constant.
        value: Literal = "value";
    }
}

model! {
    /// Where a form comes from.
    pub struct FormReference {
        /// `external` or `extension`.
        kind: String = "type";
        /// The form, if it is external.
        form_id: String = "formId";
        /// The extension, if it is one.
        extension_id: String = "extensionId";
        /// Where the extension belongs.
        extension_point_id: String = "extensionPointId";
    }
}

impl Row for PermissibleValue {
    /// None: a value is told from others by the whole of it.
    fn row_id(&self) -> Option<std::borrow::Cow<'_, str>> {
        None
    }
}

request_body! {
    /// A question for the values that a field can have.
    ///
    /// ```
    /// use vra_client::v7::{EntityRef, ValuesRequest};
    ///
    /// let body = ValuesRequest::depending_on("computeResource", EntityRef::new("ComputeResource", "1"));
    /// assert_eq!(body.as_json()["text"], "");
    /// ```
    pub struct ValuesRequest {
        /// Only values that contain this text.
        with_text: String = "text";
        /// The values of the fields that they depend on.
        with_dependencies: LiteralMap = "dependencyValues";
    }
}

impl ValuesRequest {
    /// A question for all values of a field that depends on no other.
    #[must_use]
    pub fn new() -> Self {
        Self { body: JsonObject::new() }
    }

    /// A question for the values of a field that depends on another, as all of a reservation's fields depend on
    /// `computeResource`.
    #[must_use]
    pub fn depending_on(field_id: impl Into<String>, value: EntityRef) -> Self {
        let values = LiteralMap::new().with(field_id, value);
        Self::new().with_text("").with_member("dependencyValues", values.into_json())
    }
}

impl Default for ValuesRequest {
    fn default() -> Self {
        Self::new()
    }
}
