//! Change to one field of an update.

/// Change to one field of an update: keep it, clear it, or set it.
///
/// The setters of updates take a value, an `Option` or a `Patch`:
///
/// | argument | effect |
/// | --- | --- |
/// | `value` or `Some(value)` | sets the field |
/// | `None` or [`Patch::Keep`] | **keeps** the field; it does not clear it |
/// | [`Patch::Clear`] | clears the field |
///
/// ```
/// use ipam_core::{Patch, Update};
///
/// let update = Update::new("7").with_hostname("web1").with_description(Patch::Clear);
/// assert_eq!(update.hostname, Patch::Set("web1".to_owned()));
/// assert_eq!(update.mac, Patch::Keep);
///
/// // An optional value of which `None` means that there is none:
/// let description: Option<String> = None;
/// let update = update.with_description(description.map_or(Patch::Clear, Patch::Set));
/// assert_eq!(update.description, Patch::Clear);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Patch<T> {
    /// Keeps the field as it is.
    #[default]
    Keep,
    /// Clears the field: it has no value afterwards, or its default.
    Clear,
    /// Sets the field to this value.
    Set(T),
}

impl<T> Patch<T> {
    /// Returns the value of an optional field after the change.
    ///
    /// ```
    /// use ipam_core::Patch;
    ///
    /// assert_eq!(Patch::Keep.apply(Some(1)), Some(1));
    /// assert_eq!(Patch::Clear.apply(Some(1)), None);
    /// assert_eq!(Patch::Set(2).apply(Some(1)), Some(2));
    /// ```
    #[must_use]
    pub fn apply(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(new) => Some(new),
        }
    }

    /// Converts a reference to a change into a change with a reference.
    #[must_use]
    pub const fn as_ref(&self) -> Patch<&T> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(value),
        }
    }

    /// Converts the value, if there is one.
    ///
    /// ```
    /// use ipam_core::Patch;
    ///
    /// let minute = std::time::Duration::from_secs(60);
    /// assert_eq!(Patch::Set(60).map(std::time::Duration::from_secs), Patch::Set(minute));
    /// ```
    #[must_use]
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(convert(value)),
        }
    }

    /// Returns true if the field stays as it is.
    #[must_use]
    pub const fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T: Default> Patch<T> {
    /// Returns the value after the change of a field that is never absent, such as a list: clearing sets its default.
    ///
    /// ```
    /// use ipam_core::Patch;
    ///
    /// assert_eq!(Patch::Clear.apply_or_default(vec![1, 2]), Vec::<i32>::new());
    /// ```
    #[must_use]
    pub fn apply_or_default(self, old: T) -> T {
        match self {
            Self::Keep => old,
            Self::Clear => T::default(),
            Self::Set(new) => new,
        }
    }
}

impl<T> From<T> for Patch<T> {
    /// Sets the field to the value.
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

impl From<&str> for Patch<String> {
    /// Sets the field to the text.
    fn from(text: &str) -> Self {
        Self::Set(text.to_owned())
    }
}

impl<T> From<Option<T>> for Patch<T> {
    /// Sets the field to the value, or keeps it if there is none. `None` does not clear it: see [`Patch`].
    fn from(value: Option<T>) -> Self {
        // `None` keeps: in arguments of a program and in forms it means that nothing was entered. Clearing has to be
        // asked for.
        value.map_or(Self::Keep, Self::Set)
    }
}
