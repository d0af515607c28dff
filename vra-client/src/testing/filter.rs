//! Parser and evaluation of `$filter`: the part of OData that the servers understand.
//!
//! The client's own builder is not used here: a filter that both sides misread the same way would pass every test.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

/// Condition on rows.
#[derive(Debug, PartialEq)]
pub(super) enum Filter {
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Compare { field: String, lower: bool, operator: Operator, value: Operand },
    Contains { field: String, text: String },
    Starts { field: String, text: String },
    Ends { field: String, text: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

#[derive(Debug, PartialEq)]
pub(super) enum Operand {
    Text(String),
    /// Word without quotes: a number, `true`, `null`, or a member of an enumeration.
    Word(String),
}

impl Filter {
    /// Returns true if the condition holds for a row.
    pub(super) fn holds(&self, row: &Value) -> bool {
        match self {
            Self::And(a, b) => a.holds(row) && b.holds(row),
            Self::Or(a, b) => a.holds(row) || b.holds(row),
            Self::Not(condition) => !condition.holds(row),
            Self::Contains { field, text } => texts(row, field).any(|value| value.contains(text.as_str())),
            Self::Starts { field, text } => texts(row, field).any(|value| value.starts_with(text.as_str())),
            Self::Ends { field, text } => texts(row, field).any(|value| value.ends_with(text.as_str())),
            Self::Compare { field, lower, operator, value } => {
                // A field below a list, such as `owners/ref`, has several values; one that fits is enough.
                let values = values(row, field);
                let equal = values.iter().any(|found| compare(found, *lower, value) == Some(Ordering::Equal));
                match operator {
                    // An absent member is equal to null; the server leaves out members that have no value.
                    Operator::Eq if matches!(value, Operand::Word(word) if word == "null") => {
                        values.is_empty() || equal
                    }
                    Operator::Eq => equal,
                    Operator::Ne => !equal,
                    Operator::Gt => values.iter().any(|v| compare(v, *lower, value) == Some(Ordering::Greater)),
                    Operator::Ge => {
                        equal || values.iter().any(|v| compare(v, *lower, value) == Some(Ordering::Greater))
                    }
                    Operator::Lt => values.iter().any(|v| compare(v, *lower, value) == Some(Ordering::Less)),
                    Operator::Le => equal || values.iter().any(|v| compare(v, *lower, value) == Some(Ordering::Less)),
                }
            }
        }
    }

    /// Returns the first field of the condition that is not among these.
    pub(super) fn unknown_field(&self, known: &[&str]) -> Option<&str> {
        match self {
            Self::And(a, b) | Self::Or(a, b) => a.unknown_field(known).or_else(|| b.unknown_field(known)),
            Self::Not(condition) => condition.unknown_field(known),
            Self::Compare { field, .. }
            | Self::Contains { field, .. }
            | Self::Starts { field, .. }
            | Self::Ends { field, .. } => (!known.contains(&field.as_str())).then_some(field.as_str()),
        }
    }

    /// Returns the condition as the IaaS service of version 8 reads it: dots separate the names of a path, and a `*` at an
    /// end of a text stands for anything. [`None`] if it has a part that the service does not know.
    pub(super) fn of_iaas(self) -> Option<Self> {
        let both = |a: Box<Self>, b: Box<Self>| Some((Box::new(a.of_iaas()?), Box::new(b.of_iaas()?)));
        match self {
            Self::And(a, b) => both(a, b).map(|(a, b)| Self::And(a, b)),
            Self::Or(a, b) => both(a, b).map(|(a, b)| Self::Or(a, b)),
            Self::Compare { field, lower: false, operator: operator @ (Operator::Eq | Operator::Ne), value } => {
                let field = field.replace('.', "/");
                let inner = match &value {
                    Operand::Text(text) => match (text.strip_prefix('*'), text.strip_suffix('*')) {
                        // A text of one `*` matches both ways; its middle is empty.
                        (Some(rest), Some(_)) => {
                            let text = rest.strip_suffix('*').unwrap_or_default().to_owned();
                            Some(Self::Contains { field: field.clone(), text })
                        }
                        (Some(end), None) => Some(Self::Ends { field: field.clone(), text: end.to_owned() }),
                        (None, Some(start)) => Some(Self::Starts { field: field.clone(), text: start.to_owned() }),
                        (None, None) => None,
                    },
                    Operand::Word(_) => None,
                };
                Some(match (inner, operator) {
                    (Some(inner), Operator::Ne) => Self::Not(Box::new(inner)),
                    (Some(inner), _) => inner,
                    (None, operator) => Self::Compare { field, lower: false, operator, value },
                })
            }
            // Functions, and comparisons of size, belong to other services.
            _ => None,
        }
    }
}

/// Returns the texts that a row has under a name.
fn texts<'a>(row: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    values(row, field).into_iter().filter_map(Value::as_str)
}

/// Returns the values that a row has under a name of the filter language.
///
/// The names are those of the server's entities, not of the JSON: `organization/subTenant/id` is
/// `organization.subtenantRef`, `resourceType/id` is `resourceTypeRef.id`, `catalogItem/name` is `catalogItem.name` or
/// `catalogItem.label`.
pub(super) fn values<'a>(row: &'a Value, field: &str) -> Vec<&'a Value> {
    let mut found = Vec::new();
    // A row of the entitled items wraps the item, and clients filter by the item's own names (`name eq 'x'`).
    for top in [Some(row), row.get("catalogItem")].into_iter().flatten() {
        follow(top, field, &mut found);
        if !found.is_empty() {
            break;
        }
    }
    found
}

/// Collects the values at a path below `value`.
fn follow<'a>(value: &'a Value, path: &str, found: &mut Vec<&'a Value>) {
    if let Value::Array(items) = value {
        items.iter().for_each(|item| follow(item, path, found));
        return;
    }
    let (first, rest) = match path.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let Some(members) = value.as_object() else { return };
    // `subTenant` in filters is `subtenant` in JSON, so letter case does not count.
    let member = |name: &str| members.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    match rest {
        None => {
            let value = member(first)
                .or_else(|| if first == "name" { member("label") } else { None })
                .or_else(|| if first == "id" { member("ref") } else { None })
                .or_else(|| member(&format!("{first}Id")))
                .or_else(|| member(&format!("{first}Ref"))?.get("id"));
            found.extend(value.filter(|value| !value.is_null()));
        }
        Some(rest) => {
            let reference: Cow<'_, str> = format!("{first}Ref").into();
            if let Some(inner) = member(first) {
                match (inner, rest) {
                    // The flat forms have the id alone, as in `"resourceType": "Infrastructure.Virtual"`.
                    (Value::String(_), "id") => found.push(inner),
                    _ => follow(inner, rest, found),
                }
            } else if let Some(inner) = member(&reference) {
                match (inner, rest) {
                    // `tenantRef` and `subtenantRef` are the id itself; other members with `Ref` are objects.
                    (Value::String(_), "id") => found.push(inner),
                    _ => follow(inner, rest, found),
                }
            } else if rest == "id" {
                found.extend(member(&format!("{first}Id")).filter(|value| !value.is_null()));
            }
        }
    }
}

/// Compares a value with an operand; `None` if their types cannot be compared.
fn compare(found: &Value, lower: bool, operand: &Operand) -> Option<Ordering> {
    match (found, operand) {
        (Value::String(text), Operand::Text(wanted)) if lower => Some(text.to_lowercase().as_str().cmp(wanted)),
        (Value::String(text), Operand::Text(wanted) | Operand::Word(wanted)) => Some(text.as_str().cmp(wanted)),
        (Value::Bool(value), Operand::Word(wanted) | Operand::Text(wanted)) => {
            Some(value.to_string().as_str().cmp(wanted))
        }
        (Value::Number(number), Operand::Word(wanted) | Operand::Text(wanted)) => {
            number.as_f64()?.partial_cmp(&wanted.parse().ok()?)
        }
        _ => None,
    }
}

/// Parses a condition; [`None`] if the text is none. `and` binds more strongly than `or`.
pub(super) fn parse(text: &str) -> Option<Filter> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, at: 0 };
    parser.any().filter(|_| parser.at == parser.tokens.len())
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
}

/// Splits a condition into tokens; `None` if a text has no closing quote.
fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            ',' => tokens.push(Token::Comma),
            '\'' => {
                let mut literal = String::new();
                loop {
                    match chars.next()? {
                        // A quote inside a text is doubled, by OData's rule.
                        '\'' if chars.peek() == Some(&'\'') => {
                            chars.next();
                            literal.push('\'');
                        }
                        '\'' => break,
                        other => literal.push(other),
                    }
                }
                tokens.push(Token::Text(literal));
            }
            c if c.is_whitespace() => {}
            c => {
                let mut word = String::from(c);
                while let Some(next) = chars.next_if(|c| !c.is_whitespace() && !"(),'".contains(*c)) {
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Some(tokens)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn take(&mut self, wanted: &Token) -> Option<()> {
        (self.next()? == *wanted).then_some(())
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    /// Parses conditions joined with `or`.
    fn any(&mut self) -> Option<Filter> {
        let mut filter = self.all()?;
        while self.take_word("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.all()?));
        }
        Some(filter)
    }

    /// Parses conditions joined with `and`.
    fn all(&mut self) -> Option<Filter> {
        let mut filter = self.one()?;
        while self.take_word("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Some(filter)
    }

    /// Parses a comparison, a function, or a condition in parentheses.
    fn one(&mut self) -> Option<Filter> {
        let word = match self.next()? {
            Token::Open => {
                let filter = self.any()?;
                self.take(&Token::Close)?;
                return Some(filter);
            }
            Token::Word(word) => word,
            _ => return None,
        };
        let call = self.tokens.get(self.at) == Some(&Token::Open);
        match word.to_ascii_lowercase().as_str() {
            // Of the three functions, this one takes the text first.
            "substringof" if call => {
                let (text, field) = self.pair()?;
                Some(Filter::Contains { field: field.word()?, text: text.text()? })
            }
            "startswith" if call => {
                let (field, text) = self.pair()?;
                Some(Filter::Starts { field: field.word()?, text: text.text()? })
            }
            "endswith" if call => {
                let (field, text) = self.pair()?;
                Some(Filter::Ends { field: field.word()?, text: text.text()? })
            }
            "tolower" if call => {
                self.take(&Token::Open)?;
                let field = self.next()?.word()?;
                self.take(&Token::Close)?;
                self.comparison(field, true)
            }
            _ => self.comparison(word, false),
        }
    }

    /// Parses the two arguments of a function.
    fn pair(&mut self) -> Option<(Token, Token)> {
        self.take(&Token::Open)?;
        let first = self.next()?;
        self.take(&Token::Comma)?;
        let second = self.next()?;
        self.take(&Token::Close)?;
        Some((first, second))
    }

    /// Parses the operator and the operand of a comparison.
    fn comparison(&mut self, field: String, lower: bool) -> Option<Filter> {
        let operator = match self.next()?.word()?.to_ascii_lowercase().as_str() {
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "gt" => Operator::Gt,
            // Not seen in any client, but a part of OData like the others.
            "ge" => Operator::Ge,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            _ => return None,
        };
        let value = match self.next()? {
            Token::Text(text) => Operand::Text(text),
            Token::Word(word) => Operand::Word(word),
            _ => return None,
        };
        Some(Filter::Compare { field, lower, operator, value })
    }
}

impl Token {
    fn word(self) -> Option<String> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }

    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;
    use serde_json::json;

    fn holds(filter: &str) -> bool {
        let row = json!({
            "name": "it's", "requestNumber": 7, "enabled": true, "state": "FAILED", "description": null,
            "organization": {"tenantRef": "qe", "subtenantRef": "bg-1", "subtenantLabel": "Dev"},
            "resourceTypeRef": {"id": "Infrastructure.Virtual", "label": "Virtual Machine"},
            "owners": [{"ref": "a@b"}, {"ref": "tony@example.com"}], "requestId": "r-1",
        });
        parse(filter).unwrap().holds(&row)
    }

    #[test]
    fn conditions_hold_as_in_odata() {
        for yes in [
            "name eq 'it''s'",
            "state eq FAILED",
            "requestNumber gt 6 and requestNumber lt 8",
            "(organization/subTenant/id eq 'x') or (organization/subTenant/id eq 'bg-1')",
            "organization/tenant/id eq 'qe'",
            "resourceType/id eq 'Infrastructure.Virtual'",
            "owners/ref eq 'tony@example.com'",
            "request/id eq 'r-1'",
            "substringof('t''s',name)",
            "startswith(name,'it')",
            "endswith(name,'s')",
            "tolower(state) eq 'failed'",
            "enabled eq true",
            "description eq null",
            "name ne 'x' and (state eq NEW or state eq FAILED)",
        ] {
            assert!(holds(yes), "{yes}");
        }
        for no in ["name eq 'its'", "state eq failed", "requestNumber ge 8", "owners/ref eq 'x'", "nothing eq 'x'"] {
            assert!(!holds(no), "{no}");
        }
    }

    #[test]
    fn the_iaas_service_has_wildcards_and_dotted_paths() {
        let row = json!({"name": "d16-Workload-20", "customProperties": {"isExternal": "false"}});
        let holds = |filter: &str| parse(filter).unwrap().of_iaas().map(|filter| filter.holds(&row));
        for yes in [
            "name eq 'd16*'",
            "name eq '*-20'",
            "name eq '*Work*'",
            "name eq '*'",
            "name ne 'x*' and customProperties.isExternal eq 'false'",
        ] {
            assert_eq!(holds(yes), Some(true), "{yes}");
        }
        for no in ["name eq 'd16'", "name ne '*Work*'", "name eq 'Work*' or name eq '*d16'"] {
            assert_eq!(holds(no), Some(false), "{no}");
        }
        for unknown in ["startswith(name,'d')", "name gt 'a'", "name eq 'x' or tolower(name) eq 'x'"] {
            assert_eq!(holds(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_condition_is_refused() {
        for bad in ["", "name", "name eq", "name eq 'x", "name is 'x'", "(name eq 'x'", "name eq 'x' name", "f('x')"] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        assert_eq!(parse("a eq 1 and b eq 2").unwrap().unknown_field(&["a"]), Some("b"));
    }
}
