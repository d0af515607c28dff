//! Filters and orders of lists: the query parameters `$filter` and `$orderby`.
//!
//! ```
//! use vra_client::odata::{Filter, OrderBy};
//!
//! let filter = Filter::eq("organization/subTenant/id", "a1").and(Filter::starts_with("name", "O'Neill"));
//! assert_eq!(filter.to_string(), "organization/subTenant/id eq 'a1' and startswith(name,'O''Neill')");
//! assert_eq!(OrderBy::desc("dateCreated").then_asc("name").to_string(), "dateCreated desc,name asc");
//! ```
//!
//! Names in a filter are those of the server's entities, which differ from the JSON member names in places: the JSON
//! member `resourceTypeRef.id` is `resourceType/id` in a filter. Texts are quoted and escaped here. Values of
//! enumerations are written without quotes: use [`Operand::word`].

use std::fmt;

use crate::lenient::Timestamp;

/// Value that a field is compared with. Text, numbers, flags and [`Timestamp`]s convert into one.
///
/// ```
/// use vra_client::{lenient::Timestamp, odata::{Filter, Operand}};
///
/// let day = Timestamp::new("2019-02-27T00:00:00.000Z");
/// assert_eq!(Filter::gt("dateCreated", &day).to_string(), "dateCreated gt '2019-02-27T00:00:00.000Z'");
/// assert_eq!(Filter::eq("enabled", true).to_string(), "enabled eq true");
/// assert_eq!(Filter::eq("state", Operand::word("FAILED")).to_string(), "state eq FAILED");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operand {
    text: String,
    problem: bool,
}

impl Operand {
    /// Makes a value of an enumeration, which is written without quotes: `profileType eq EXTERNAL`.
    ///
    /// A value with other characters than a name has makes the list fail with `InvalidInput` before anything is sent.
    #[must_use]
    pub fn word(word: impl Into<String>) -> Self {
        let text = word.into();
        let problem = !is_name(&text);
        Self { text, problem }
    }
}

impl From<&str> for Operand {
    fn from(text: &str) -> Self {
        // OData doubles a quote within a text.
        Self { text: format!("'{}'", text.replace('\'', "''")), problem: false }
    }
}

impl From<String> for Operand {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&String> for Operand {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<i64> for Operand {
    fn from(number: i64) -> Self {
        Self { text: number.to_string(), problem: false }
    }
}

impl From<i32> for Operand {
    fn from(number: i32) -> Self {
        Self::from(i64::from(number))
    }
}

impl From<bool> for Operand {
    fn from(flag: bool) -> Self {
        Self { text: flag.to_string(), problem: false }
    }
}

impl From<&Timestamp> for Operand {
    fn from(time: &Timestamp) -> Self {
        Self::from(time.as_str())
    }
}

/// Outermost operator of a condition; decides on parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Atom,
    And,
    Or,
}

/// Condition on the rows of a list, sent as `$filter`.
///
/// [`and`](Self::and) and [`or`](Self::or) set parentheses as needed. A field that is not a name makes the list fail
/// with `InvalidInput` before anything is sent.
///
/// ```
/// use vra_client::odata::Filter;
///
/// let big = Filter::gt("requestNumber", 100).or(Filter::eq("requestedBy", "tony@example.com"));
/// let filter = big.and(Filter::contains("name", "web"));
/// assert_eq!(
///     filter.to_string(),
///     "((requestNumber gt 100) or (requestedBy eq 'tony@example.com')) and substringof('web',name)",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    text: String,
    shape: Shape,
    problem: Option<(String, String)>,
}

impl Filter {
    fn compare(field: &str, operator: &str, operand: impl Into<Operand>) -> Self {
        let operand = operand.into();
        Self::atom(format!("{field} {operator} {}", operand.text), field, &operand)
    }

    fn call(name: &str, field: &str, operand: impl Into<Operand>, operand_first: bool) -> Self {
        let operand = operand.into();
        let text = if operand_first {
            // `substringof` takes the text first, all other functions the field.
            format!("{name}({},{field})", operand.text)
        } else {
            format!("{name}({field},{})", operand.text)
        };
        Self::atom(text, field, &operand)
    }

    fn atom(text: String, field: &str, operand: &Operand) -> Self {
        let problem = if !is_name(field) {
            Some(("$filter field".to_owned(), field.to_owned()))
        } else if operand.problem {
            Some(("$filter word".to_owned(), operand.text.clone()))
        } else {
            None
        };
        Self { text, shape: Shape::Atom, problem }
    }

    /// Holds if the field has this value.
    pub fn eq(field: &str, operand: impl Into<Operand>) -> Self {
        Self::compare(field, "eq", operand)
    }

    /// Holds if the field has another value.
    pub fn ne(field: &str, operand: impl Into<Operand>) -> Self {
        Self::compare(field, "ne", operand)
    }

    /// Holds if the field is greater than the value.
    pub fn gt(field: &str, operand: impl Into<Operand>) -> Self {
        Self::compare(field, "gt", operand)
    }

    /// Holds if the field is greater or equal. No published client of version 7 uses it, so servers may refuse it.
    pub fn ge(field: &str, operand: impl Into<Operand>) -> Self {
        Self::compare(field, "ge", operand)
    }

    /// Holds if the field is less than the value.
    pub fn lt(field: &str, operand: impl Into<Operand>) -> Self {
        Self::compare(field, "lt", operand)
    }

    /// Holds if the field is less or equal. No published client of version 7 uses it, so servers may refuse it.
    pub fn le(field: &str, operand: impl Into<Operand>) -> Self {
        Self::compare(field, "le", operand)
    }

    /// Holds if the field is this text in any letter case.
    #[must_use]
    pub fn eq_ignore_case(field: &str, text: &str) -> Self {
        // The server lowers the field only, so the text is lowered here.
        let operand = Operand::from(text.to_lowercase());
        Self::atom(format!("tolower({field}) eq {}", operand.text), field, &operand)
    }

    /// Holds if the field begins with this text.
    #[must_use]
    pub fn starts_with(field: &str, text: &str) -> Self {
        Self::call("startswith", field, text, false)
    }

    /// Holds if the field ends with this text.
    #[must_use]
    pub fn ends_with(field: &str, text: &str) -> Self {
        Self::call("endswith", field, text, false)
    }

    /// Holds if the field contains this text.
    #[must_use]
    pub fn contains(field: &str, text: &str) -> Self {
        Self::call("substringof", field, text, true)
    }

    /// Holds if the field has one of these values. Returns [`None`] if there are no values.
    ///
    /// Do not read the list then: without a filter it would have all rows.
    ///
    /// ```
    /// use vra_client::odata::Filter;
    ///
    /// let either = Filter::any_of("id", ["a", "b"]).expect("two values");
    /// assert_eq!(either.to_string(), "(id eq 'a') or (id eq 'b')");
    /// assert_eq!(Filter::any_of::<&str>("id", []), None);
    /// ```
    pub fn any_of<T: Into<Operand>>(field: &str, operands: impl IntoIterator<Item = T>) -> Option<Self> {
        operands.into_iter().map(|operand| Self::eq(field, operand)).reduce(Self::or)
    }

    /// Makes a condition from a text in the server's own language. It is not checked.
    pub fn raw(text: impl Into<String>) -> Self {
        // Taken for an alternative, the weakest operator, so that a conjunction sets parentheses around it.
        Self { text: text.into(), shape: Shape::Or, problem: None }
    }

    /// Holds if both conditions hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.join(other, "and", Shape::And)
    }

    /// Holds if at least one of the conditions holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.join(other, "or", Shape::Or)
    }

    fn join(self, other: Self, word: &str, shape: Shape) -> Self {
        // Alternatives are parenthesised one by one, as the manual prints them: the server's precedence of `and` and
        // `or` is not documented.
        let side = |filter: &Self| {
            let bare = match shape {
                Shape::Or => filter.shape == Shape::Or && filter.text.starts_with('('),
                _ => filter.shape != Shape::Or,
            };
            if bare { filter.text.clone() } else { format!("({})", filter.text) }
        };
        let text = format!("{} {word} {}", side(&self), side(&other));
        Self { text, shape, problem: self.problem.or(other.problem) }
    }

    pub(crate) fn problem(&self) -> Option<(String, String, String)> {
        self.problem.clone().map(|(field, value)| (field, value, NAME.to_owned()))
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Order of a list, sent as `$orderby`.
///
/// ```
/// use vra_client::odata::OrderBy;
///
/// assert_eq!(OrderBy::desc("dateCreated").then_asc("name").to_string(), "dateCreated desc,name asc");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    fields: Vec<(String, bool)>,
}

impl OrderBy {
    /// Orders by a field, smallest value first.
    #[must_use]
    pub fn asc(field: &str) -> Self {
        Self { fields: vec![(field.to_owned(), false)] }
    }

    /// Orders by a field, greatest value first.
    #[must_use]
    pub fn desc(field: &str) -> Self {
        Self { fields: vec![(field.to_owned(), true)] }
    }

    /// Orders rows that are equal so far by a further field, smallest value first.
    #[must_use]
    pub fn then_asc(mut self, field: &str) -> Self {
        self.fields.push((field.to_owned(), false));
        self
    }

    /// Orders rows that are equal so far by a further field, greatest value first.
    #[must_use]
    pub fn then_desc(mut self, field: &str) -> Self {
        self.fields.push((field.to_owned(), true));
        self
    }

    pub(crate) fn problem(&self) -> Option<(String, String, String)> {
        let bad = self.fields.iter().find(|(field, _)| !is_name(field))?;
        Some(("$orderby field".to_owned(), bad.0.clone(), NAME.to_owned()))
    }
}

impl From<&str> for OrderBy {
    fn from(field: &str) -> Self {
        Self::asc(field)
    }
}

impl fmt::Display for OrderBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (field, descending)) in self.fields.iter().enumerate() {
            // Without a blank after the comma, as the manual prints it.
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{field} {}", if *descending { "desc" } else { "asc" })?;
        }
        Ok(())
    }
}

const NAME: &str = "a name of letters, digits, `_`, `.`, `-`, with `/` between its parts";

fn is_name(text: &str) -> bool {
    // Anything else could close the condition and add another one to it.
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    first && text.chars().all(|c| c.is_ascii_alphanumeric() || "_./-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_and_enumeration_values_are_not() {
        assert_eq!(Filter::eq("name", "it's").to_string(), "name eq 'it''s'");
        assert_eq!(Filter::eq("profileType", Operand::word("EXTERNAL")).to_string(), "profileType eq EXTERNAL");
        assert_eq!(Filter::gt("requestNumber", 7).to_string(), "requestNumber gt 7");
        assert_eq!(Filter::contains("name", "x").to_string(), "substringof('x',name)");
        assert_eq!(Filter::ends_with("name", "x").to_string(), "endswith(name,'x')");
        assert_eq!(Filter::eq_ignore_case("name", "ABC").to_string(), "tolower(name) eq 'abc'");
    }

    #[test]
    fn alternatives_are_parenthesised_as_in_the_manual() {
        let any = Filter::any_of("organization/subTenant/id", ["a", "b", "c"]).map(|filter| filter.to_string());
        let expected = "(organization/subTenant/id eq 'a') or (organization/subTenant/id eq 'b')";
        assert_eq!(any.as_deref(), Some(format!("{expected} or (organization/subTenant/id eq 'c')").as_str()));
        assert_eq!(Filter::any_of::<&str>("id", []), None);
        let mixed = Filter::eq("a", 1).or(Filter::eq("b", 2)).and(Filter::eq("c", 3));
        assert_eq!(mixed.to_string(), "((a eq 1) or (b eq 2)) and c eq 3");
        let raw = Filter::raw("a eq 1 or b eq 2").and(Filter::eq("c", 3).and(Filter::eq("d", 4)));
        assert_eq!(raw.to_string(), "(a eq 1 or b eq 2) and c eq 3 and d eq 4");
        let and_in_or = Filter::eq("a", 1).and(Filter::eq("b", 2)).or(Filter::eq("c", 3));
        assert_eq!(and_in_or.to_string(), "(a eq 1 and b eq 2) or (c eq 3)");
        // A raw condition that begins with a parenthesis still needs its own in a conjunction, and keeps its meaning
        // in a disjunction.
        assert_eq!(
            Filter::raw("(a eq 1) or b eq 2").or(Filter::eq("c", 3)).to_string(),
            "(a eq 1) or b eq 2 or (c eq 3)"
        );
    }

    #[test]
    fn fields_that_are_not_names_are_reported() {
        assert!(Filter::eq("name eq 'x' or name", "y").problem().is_some());
        assert!(Filter::eq("state", Operand::word("X or 1 eq 1")).and(Filter::eq("a", 1)).problem().is_some());
        assert!(Filter::eq("owners/ref", "x").problem().is_none());
        assert!(OrderBy::asc("name,x").problem().is_some());
        assert!(OrderBy::from("name").problem().is_none());
    }
}
