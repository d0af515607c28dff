//! Forms and schemas: fields of a request, a reservation or a work item, with their types and permissible values.

use crate::lenient::{IntoJson, JsonObject, model, request_body};
use crate::v7::{EntityRef, Literal, LiteralMap, Row};

model! {
    /// Fields of a form.
    pub struct Schema {
        /// Fields of the form.
        fields: Vec<SchemaField> = "fields";
    }
}

impl Schema {
    /// Returns the field with this id.
    #[must_use]
    pub fn field(&self, id: &str) -> Option<&SchemaField> {
        self.fields.as_ref()?.iter().find(|field| field.id.as_deref() == Some(id))
    }
}

model! {
    /// Field of a form, or column of a list.
    pub struct SchemaField {
        // From the manual of 7.3, where reservations, requests and the columns of work items have the same shape.
        /// Id of the field, which is the key of its value.
        id: String = "id";
        /// Display name.
        label: String = "label";
        /// Description, free text.
        description: String = "description";
        /// Type of the value.
        data_type: DataType = "dataType";
        /// Hint for the user interface, such as `DATA_TABLE`.
        display_advice: String = "displayAdvice";
        /// Values that are allowed.
        permissible_values: PermissibleValues = "permissibleValues";
        /// Dependencies and constraints.
        state: FieldState = "state";
        /// True if the field takes several values.
        is_multi_valued: bool = "isMultiValued";
        /// True if a list can be filtered by this column.
        filterable: bool = "filterable";
        /// True if a list can be ordered by this column.
        sortable: bool = "sortable";
    }
}

impl SchemaField {
    /// Returns true if a value is required: the facet `mandatory` is constantly true.
    #[must_use]
    pub fn is_mandatory(&self) -> bool {
        self.facet("mandatory").and_then(Literal::as_bool) == Some(true)
    }

    /// Returns the constant value of a facet, such as `defaultValue`.
    #[must_use]
    pub fn facet(&self, facet_type: &str) -> Option<&Literal> {
        // Only constants: a clause has no value until the server evaluates it.
        let facets = self.state.as_ref()?.facets.as_ref()?;
        let facet = facets.iter().find(|facet| facet.facet_type.as_deref() == Some(facet_type))?;
        facet.value.as_ref()?.value.as_ref()
    }

    /// Returns the ids of the fields that its permissible values depend on.
    #[must_use]
    pub fn depends_on(&self) -> &[String] {
        // From the permissible values and not from the state: the latter lists what the facets depend on.
        let dependencies = self.permissible_values.as_ref().and_then(|values| values.dependencies.as_deref());
        dependencies.unwrap_or_default()
    }
}

model! {
    /// Type of a field's value.
    pub struct DataType {
        /// `primitive`, `ref` or `complex`.
        kind: String = "type";
        /// Type of a primitive: `STRING`, `INTEGER`, `DECIMAL`, `BOOLEAN`, `DATE_TIME` and others.
        type_id: String = "typeId";
        /// Id of the component type.
        component_type_id: String = "componentTypeId";
        /// Id of the component; usually `null`.
        component_id: String = "componentId";
        /// Id of the class, such as `ComputeResource`.
        class_id: String = "classId";
        /// Narrower type within the class.
        type_filter: String = "typeFilter";
        /// Display name.
        label: String = "label";
    }
}

model! {
    /// Values that a field allows.
    pub struct PermissibleValues {
        /// `dynamic` if the values have to be requested, `static` if they are listed here.
        kind: String = "type";
        /// True if other values are allowed too.
        custom_allowed: bool = "customAllowed";
        /// Ids of the fields that the values depend on.
        dependencies: Vec<String> = "dependencies";
        /// Values, if they are listed.
        values: Vec<PermissibleValue> = "values";
    }
}

model! {
    /// Value that a field allows.
    pub struct PermissibleValue {
        /// Value, to be sent unchanged.
        underlying_value: Literal = "underlyingValue";
        /// Display name. From 7.x on, that of a compute resource ends with the endpoint in parentheses.
        label: String = "label";
    }
}

impl PermissibleValue {
    /// Returns the value if it is a reference, as those of `computeResource` are.
    #[must_use]
    pub fn as_entity_ref(&self) -> Option<&EntityRef> {
        self.underlying_value.as_ref()?.as_entity_ref()
    }
}

model! {
    /// Dependencies and constraints of a field.
    pub struct FieldState {
        /// Ids of the fields that the facets depend on.
        dependencies: Vec<String> = "dependencies";
        /// Constraints and default of the field.
        facets: Vec<Facet> = "facets";
    }
}

model! {
    /// Constraint or default of a field.
    pub struct Facet {
        // Clauses other than constants are evaluated by the server; this crate keeps them and does not interpret them.
        /// `mandatory`, `defaultValue`, `readOnly`, `visible` and others.
        facet_type: String = "type";
        /// Value of the facet.
        value: FacetValue = "value";
    }
}

model! {
    /// Value of a facet.
    pub struct FacetValue {
        /// `constant`, `constantClause`, or another clause, which the server evaluates.
        kind: String = "type";
        /// Value, if it is constant.
        value: Literal = "value";
    }
}

model! {
    /// Reference to a form.
    pub struct FormReference {
        /// `external` or `extension`.
        kind: String = "type";
        /// Id of the form, if it is external.
        form_id: String = "formId";
        /// Id of the extension, if it is one.
        extension_id: String = "extensionId";
        /// Id of the place that the extension extends.
        extension_point_id: String = "extensionPointId";
    }
}

impl Row for PermissibleValue {
    /// Returns [`None`]: values have no id.
    fn row_id(&self) -> Option<std::borrow::Cow<'_, str>> {
        None
    }
}

request_body! {
    /// Body of the call that reads the permissible values of a field.
    ///
    /// ```
    /// use vra_client::v7::{EntityRef, ValuesRequest};
    ///
    /// let body = ValuesRequest::depending_on("computeResource", EntityRef::new("ComputeResource", "1"));
    /// assert_eq!(body.as_json()["text"], "");
    /// ```
    pub struct ValuesRequest {
        /// Returns only values that contain this text.
        with_text: String = "text";
        /// Sets the values of the fields that the wanted values depend on.
        with_dependencies: LiteralMap = "dependencyValues";
    }
}

impl ValuesRequest {
    /// Requests all values of a field that depends on no other.
    #[must_use]
    pub fn new() -> Self {
        Self { body: JsonObject::new() }
    }

    /// Requests the values of a field that depends on another, as all fields of a reservation depend on
    /// `computeResource`.
    #[must_use]
    pub fn depending_on(field_id: impl Into<String>, value: EntityRef) -> Self {
        let values = LiteralMap::new().with(field_id, value);
        // The clients that are known to work send an empty search text along.
        Self::new().with_text("").with_member("dependencyValues", values.into_json())
    }
}

impl Default for ValuesRequest {
    fn default() -> Self {
        Self::new()
    }
}
