//! A change to one field: leave it, empty it, or set it.

/// What an update does to one field. What is not named stays as it is.
///
/// ```
/// use ipam_core::Patch;
///
/// assert_eq!(Patch::Keep.apply(Some(1)), Some(1));
/// assert_eq!(Patch::Clear.apply(Some(1)), None);
/// assert_eq!(Patch::Set(2).apply(Some(1)), Some(2));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Patch<T> {
    /// Leave the field as it is.
    #[default]
    Keep,
    /// Empty the field.
    Clear,
    /// Give the field this value.
    Set(T),
}

impl<T> Patch<T> {
    /// The field's value after the change.
    #[must_use]
    pub fn apply(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(new) => Some(new),
        }
    }

    /// The same change by reference.
    #[must_use]
    pub const fn as_ref(&self) -> Patch<&T> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(value),
        }
    }

    /// The same change with its value converted.
    #[must_use]
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(convert(value)),
        }
    }

    /// Whether the field stays as it is.
    #[must_use]
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T: Default> Patch<T> {
    /// The value after the change of a field that is never absent, such as a list: clearing gives its default.
    #[must_use]
    pub fn apply_or_default(self, old: T) -> T {
        match self {
            Self::Keep => old,
            Self::Clear => T::default(),
            Self::Set(new) => new,
        }
    }
}

impl<T> From<Option<T>> for Patch<T> {
    /// `Some` sets, `None` keeps.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Keep, Self::Set)
    }
}
