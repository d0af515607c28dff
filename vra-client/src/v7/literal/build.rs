//! Construction of literals, structured values and lists.

use secrecy::SecretString;

use super::entity_ref::EntityRef;
use super::value::{Complex, Literal, LiteralMap, Multiple};
use crate::lenient::Timestamp;

impl Complex {
    /// Makes a structured value of a class of a component type.
    #[must_use]
    pub fn new(component_type_id: impl Into<String>, class_id: impl Into<String>, values: LiteralMap) -> Self {
        let mut new = Self { literal_type: Some("complex".into()), ..Self::default() };
        new.component_type_id = Some(component_type_id.into());
        // Every published request has the two members as `null`; whether they may be left out is not known.
        new.extra.set_null("componentId");
        new.class_id = Some(class_id.into());
        new.extra.set_null("typeFilter");
        new.values = Some(values);
        new
    }

    /// Makes a structured value whose class the server determines, as clients of 6.2 and early 7.x send it.
    #[must_use]
    pub fn untyped(values: LiteralMap) -> Self {
        let mut new = Self { literal_type: Some("complex".into()), values: Some(values), ..Self::default() };
        // All four as `null`, as the published bodies have them.
        for member in ["componentTypeId", "componentId", "classId", "typeFilter"] {
            new.extra.set_null(member);
        }
        new
    }
}

impl Multiple {
    /// Makes a list of values of one element type.
    #[must_use]
    pub fn new(element_type_id: impl Into<String>, items: impl IntoIterator<Item = Literal>) -> Self {
        Self {
            literal_type: Some("multiple".into()),
            element_type_id: Some(element_type_id.into()),
            items: Some(items.into_iter().collect()),
            ..Self::default()
        }
    }

    /// Makes a list of structured values.
    #[must_use]
    pub fn complex(items: impl IntoIterator<Item = Complex>) -> Self {
        Self::new("COMPLEX", items.into_iter().map(Literal::Complex))
    }

    /// Makes a list of references.
    #[must_use]
    pub fn references(items: impl IntoIterator<Item = EntityRef>) -> Self {
        Self::new("ENTITY_REFERENCE", items.into_iter().map(Literal::EntityRef))
    }
}

macro_rules! from {
    ($($ty:ty => $make:expr),* $(,)?) => {$(
        impl From<$ty> for Literal {
            fn from(value: $ty) -> Self {
                $make(value)
            }
        }
    )*};
}

from! {
    String => Self::String,
    &str => |text: &str| Self::String(text.to_owned()),
    i64 => Self::Integer,
    i32 => |number: i32| Self::Integer(i64::from(number)),
    u32 => |number: u32| Self::Integer(i64::from(number)),
    bool => Self::Boolean,
    Timestamp => Self::DateTime,
    SecretString => Self::SecureString,
    EntityRef => Self::EntityRef,
    Complex => Self::Complex,
    Multiple => Self::Multiple,
}
