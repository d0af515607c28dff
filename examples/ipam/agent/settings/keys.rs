//! Names of the settings.

/// Form of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One text, number or flag.
    One,
    /// Same, but never shown.
    Secret,
    /// List, or a text with commas.
    List,
    /// Names and values, each one text.
    Map,
}

use Form::{List, Map, One, Secret};

/// Settings, those of the community agent first.
pub(super) const KEYS: &[(&str, Form)] = &[
    ("api_url", One),
    ("http_server", One),
    ("http_port", One),
    ("auth_token", Secret),
    ("cache_expire_time", One),
    ("epoch_time_offset", One),
    ("client_token", Secret),
    ("client_name", One),
    ("scanagent_code", One),
    ("auth_token_file", One),
    ("client_token_file", One),
    ("user", One),
    ("password", Secret),
    ("password_file", One),
    ("allow_http", One),
    ("tls_ca", One),
    ("tls_pin", One),
    ("http_server_ca", One),
    ("http_server_pin", One),
    ("utc_offset", One),
    ("cache_file", One),
    ("offline_after", One),
    ("remove_after", One),
    ("last_seen_interval", One),
    ("hostnames", One),
    ("discover", One),
    ("check", One),
    ("accept_all_silent", One),
    ("custom_fields", Map),
    ("probe", One),
    ("raw_sockets", One),
    ("nmap_program", One),
    ("nmap_max_rate", One),
    ("ports", List),
    ("packets_per_second", One),
    ("neighbours", One),
    ("time_limit", One),
    ("interval", One),
    ("subnets_at_once", One),
    ("changes_at_once", One),
    ("names_at_once", One),
    ("relay_listen", One),
    ("relay_cert", One),
    ("relay_key", One),
    ("relay_max_body", One),
    ("relay_connections", One),
];

/// Returns the form of a setting; `None` if there is no such setting.
pub(super) fn form(name: &str) -> Option<Form> {
    KEYS.iter().find(|(key, _)| *key == name).map(|(_, form)| *form)
}

/// Returns what to do about a name that is no setting.
pub(super) fn remedy(name: &str) -> String {
    let close = KEYS.iter().map(|(key, _)| (distance(name, key), *key)).min();
    match close {
        Some((distance, key)) if distance <= 3 && distance < name.len() => format!("did you mean {key}?"),
        _ => "remove it; the README lists the settings under \"Scan agent\"".to_owned(),
    }
}

/// Returns the number of characters to insert, delete or replace between two names.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, a) in one.chars().enumerate() {
        let mut next = vec![index + 1];
        for (column, b) in other.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&row, column) + usize::from(a != *b);
            next.push(replaced.min(at(&row, column + 1) + 1).min(at(&next, column) + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_is_recognised() {
        assert_eq!(remedy("api_ulr"), "did you mean api_url?");
        assert_eq!(remedy("ofline_after"), "did you mean offline_after?");
        assert!(remedy("mysql_password").starts_with("remove it"));
        assert_eq!((distance("abc", "abc"), distance("abc", "abd"), distance("", "ab")), (0, 1, 2));
    }
}
