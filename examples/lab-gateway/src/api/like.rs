//! Patterns of SQL.

/// Pattern as SQL's `LIKE` has it: `%` is any text, `_` any character, and `\` takes the next character as it is. Case counts.
///
/// ```
/// use lab_gateway::api::Like;
///
/// assert!(Like::new("web%").matches("web1") && Like::new("w_b1").matches("web1"));
/// assert!(!Like::new("web").matches("web1") && !Like::new(r"w\_b1").matches("web1"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Like(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Any,
    One,
    Exactly(char),
}

impl Like {
    /// Reads a pattern. Every text is one; a `\` at its end is itself.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        let mut parts = Vec::new();
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            parts.push(match character {
                '%' => Part::Any,
                '_' => Part::One,
                '\\' => Part::Exactly(characters.next().unwrap_or('\\')),
                character => Part::Exactly(character),
            });
        }
        Self(parts)
    }

    /// Returns true if the whole text fits. It takes at most the product of both lengths.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut part, mut at) = (0, 0);
        // Where the last `%` was, and how much of the text it took: one more on each way back.
        let mut back: Option<(usize, usize)> = None;
        while let Some(character) = text.get(at) {
            let fits = match self.0.get(part) {
                Some(Part::Any) => {
                    back = Some((part, at));
                    part += 1;
                    continue;
                }
                Some(Part::One) => true,
                Some(Part::Exactly(expected)) => expected == character,
                None => false,
            };
            match (fits, back) {
                (true, _) => (part, at) = (part + 1, at + 1),
                (false, Some((any, taken))) => {
                    back = Some((any, taken + 1));
                    (part, at) = (any + 1, taken + 1);
                }
                (false, None) => return false,
            }
        }
        self.0.get(part..).is_some_and(|rest| rest.iter().all(|part| *part == Part::Any))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_those_of_sql_do() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("", "a", false),
            ("%", "", true),
            ("%", "anything", true),
            ("a%c", "abbbc", true),
            ("a%c", "abbbcd", false),
            ("%a%b%", "xxaxxbxx", true),
            ("%ab", "aab", true),
            ("%_b", "b", false),
            ("a__", "abc", true),
            ("a__", "ab", false),
            (r"100\%", "100%", true),
            (r"100\%", "1000", false),
            (r"a\\b", r"a\b", true),
            ("a\\", "a\\", true),
            ("WEB%", "web1", false),
            ("gr_n", "grün", true),
            ("web1%", "web1", true),
        ] {
            assert_eq!(Like::new(pattern).matches(text), fits, "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn a_malicious_pattern_takes_no_exponential_time() {
        let pattern = "%a".repeat(100);
        assert!(!Like::new(&pattern).matches(&"a".repeat(99)));
        assert!(Like::new(&pattern).matches(&"ab".repeat(100).replace('b', "ba")));
    }
}
