//! URL of a provider.

use std::fmt;
use std::time::Duration;

use super::flag::parse_flag;
use crate::{Error, ErrorKind, Operation, Result};

/// URL of a provider, in its parts: `SCHEME:REST?OPTION=VALUE&…`.
///
/// A rest that starts with `//` has a host, and may have a user, a port and a path. Any other rest is taken as it is,
/// such as the path of a file. The URL contains no secret: a password in it, or an option with the name of a secret, is
/// refused.
///
/// ```
/// use ipam_core::registry::ProviderUrl;
///
/// let url = ProviderUrl::parse("example://svc@ipam.example:8443/base/app?space=1")?;
/// assert_eq!((url.scheme(), url.user(), url.host()), ("example", Some("svc"), Some("ipam.example")));
/// assert_eq!((url.port(), url.path(), url.option("space")), (Some(8443), "/base/app", Some("1")));
///
/// let file = ProviderUrl::parse("embedded:./ipam.db")?;
/// assert_eq!((file.rest(), file.host()), ("./ipam.db", None));
///
/// assert!(ProviderUrl::parse("example://svc:s3cret@ipam.example/app").is_err(), "a password");
/// # Ok::<(), ipam_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderUrl {
    scheme: String,
    rest: String,
    server: Option<Server>,
    // A list and not a map: messages name an option by its position, because the name itself may be a secret by
    // mistake.
    options: Vec<(String, String)>,
}

#[derive(Clone, PartialEq, Eq)]
struct Server {
    user: Option<String>,
    host: String,
    port: Option<u16>,
    path: String,
}

impl ProviderUrl {
    /// Splits a URL into its parts.
    ///
    /// # Errors
    /// `Config` if it has no scheme, a password, an option with the name of a secret, an option twice, or a host that
    /// cannot be read. The message never contains the URL, because the part that is wrong may be a password.
    pub fn parse(text: &str) -> Result<Self> {
        // Trimmed, because a URL that comes from a file ends with a line break.
        let (scheme, rest) = text.trim().split_once(':').filter(|(scheme, _)| is_scheme(scheme)).ok_or_else(|| {
            config("the provider's URL has no scheme; write memory: or, for a file, embedded:PATH".to_owned())
        })?;
        let scheme = scheme.to_ascii_lowercase();
        if has_misplaced_password(&scheme, rest) {
            return Err(password(&scheme));
        }
        // By hand and not by the `url` crate: the path of a file is no path of a URL, and must not be decoded.
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let server = rest.strip_prefix("//").map(|rest| parse_server(&scheme, rest)).transpose()?;
        let options = parse_options(query)?;
        Ok(Self { scheme, rest: rest.to_owned(), server, options })
    }

    /// Returns the scheme, in lower case.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Returns the part between the scheme and the options, as it was written.
    #[must_use]
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// Returns the user, percent-decoded.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.server.as_ref()?.user.as_deref()
    }

    /// Returns the host; an IPv6 address has its brackets.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.server.as_ref().map(|server| server.host.as_str())
    }

    /// Returns the port, if it is written.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.server.as_ref()?.port
    }

    /// Returns the path after the host, percent-encoded as it was written, such as `/base/app`; empty if there is none.
    #[must_use]
    pub fn path(&self) -> &str {
        self.server.as_ref().map_or("", |server| server.path.as_str())
    }

    /// Returns all options as name and value, decoded, in the order of the URL.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.options.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the value of an option.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options().find(|(option, _)| *option == name).map(|(_, value)| value)
    }

    /// Returns the value of an option that is a duration: a whole number and one unit of `ms`, `s`, `m`, `h` and `d`.
    ///
    /// Zero is valid, combinations such as `1h30m` are not.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ipam_core::registry::ProviderUrl;
    ///
    /// let url = ProviderUrl::parse("embedded:ipam.db?busy_timeout=250ms")?;
    /// assert_eq!(url.duration("busy_timeout")?, Some(Duration::from_millis(250)));
    /// # Ok::<(), ipam_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Config` if the value is anything else.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>> {
        let Some(text) = self.option(name) else { return Ok(None) };
        let duration = parse_duration(text)
            .ok_or_else(|| Self::unreadable_option(name, "write a time such as 250ms, 5s, 10m, 1h or 7d"))?;
        Ok(Some(duration))
    }

    /// Returns the value of an option that is a boolean, as [`parse_flag`] reads it.
    ///
    /// ```
    /// use ipam_core::registry::ProviderUrl;
    ///
    /// let url = ProviderUrl::parse("embedded:ipam.db?read_only=yes")?;
    /// assert_eq!((url.flag("read_only")?, url.flag("create")?), (Some(true), None));
    /// # Ok::<(), ipam_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Config` if the value is anything else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>> {
        let Some(text) = self.option(name) else { return Ok(None) };
        let flag = parse_flag(text)
            .ok_or_else(|| Self::unreadable_option(name, "write 1, true, yes or on, or 0, false, no or off"))?;
        Ok(Some(flag))
    }

    /// Adds an option, unless the URL has it.
    ///
    /// # Errors
    /// `Config` if the name is that of a secret, such as `password` or `token`: a secret is never an option.
    pub fn with_default_option(mut self, name: &str, value: impl Into<String>) -> Result<Self> {
        if names_a_secret(name) {
            let nth = self.options.len() + 1;
            return Err(secret_option(nth));
        }
        if self.option(name).is_none() {
            self.options.push((name.to_owned(), value.into()));
        }
        Ok(self)
    }

    /// Makes the `Config` error for a value of the option `name` that cannot be read. It does not show the value, which
    /// may be a secret by mistake.
    pub fn unreadable_option(name: &str, remedy: impl fmt::Display) -> Error {
        config(format!("the value of the option {name} cannot be read; {remedy}"))
    }

    /// Makes the `Config` error for the option `name` that the provider does not have. It shows the number of the
    /// option and the `known` ones, and not the name, which may be a secret by mistake.
    pub fn unknown_option(&self, name: &str, known: &[&str]) -> Error {
        let nth = self.options.iter().position(|(option, _)| option == name).map_or(1, |index| index + 1);
        let has = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        config(format!("option {nth} of the URL means nothing to {}:; {has}", self.scheme))
    }

    /// Checks that the URL has no options but the `known` ones, so that a misspelt one is not ignored.
    ///
    /// ```
    /// use ipam_core::registry::ProviderUrl;
    ///
    /// let url = ProviderUrl::parse("memory:?actr=me")?;
    /// let error = url.only_options(&["actor"]).unwrap_err();
    /// assert_eq!(error.message(), "option 1 of the URL means nothing to memory:; it has actor");
    /// # Ok::<(), ipam_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Config` for the first unknown option, with its number in the URL and the known ones.
    pub fn only_options(&self, known: &[&str]) -> Result<()> {
        match self.options().find(|(name, _)| !known.contains(name)) {
            None => Ok(()),
            Some((name, _)) => Err(self.unknown_option(name, known)),
        }
    }
}

impl fmt::Display for ProviderUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without options: their values may be secrets by mistake.
        write!(f, "{}:{}", self.scheme, self.rest)
    }
}

impl fmt::Debug for ProviderUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn config(message: String) -> Error {
    Error::new(ErrorKind::Config, Operation::Open, message)
}

pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Returns true if `rest` looks like `USER:PASSWORD@HOST` without the `//` before it.
// Options are looked through as well, because a password may have a `?` in it. The path of a store may have the same
// characters, and is always a path.
fn has_misplaced_password(scheme: &str, rest: &str) -> bool {
    let before_options = rest.split('?').next().unwrap_or_default();
    scheme != "embedded"
        && !rest.starts_with("//")
        && before_options.find(':').is_some_and(|colon| rest[colon..].contains('@'))
}

fn password(scheme: &str) -> Error {
    config(format!(
        "the {scheme}: URL has a password in it, where logs and process lists show it; leave it out and give it by \
         environment, file or callback"
    ))
}

fn parse_server(scheme: &str, rest: &str) -> Result<Server> {
    // Looked for before parsing, whose errors could show the password. A password may contain `@`, hence the last one.
    let authority = rest.split(['/', '#']).next().unwrap_or_default();
    if authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
        return Err(password(scheme));
    }
    // A `#` begins a fragment, which means nothing here. It is most likely a character of a path that was not encoded,
    // and everything after it would be dropped.
    let parsed = url::Url::parse(&format!("{scheme}://{rest}")).ok().filter(|url| url.fragment().is_none());
    let unreadable = || config(format!("the {scheme}: URL cannot be read; write {scheme}://[USER@]HOST[:PORT][/PATH]"));
    let parsed = parsed.ok_or_else(unreadable)?;
    let host = parsed.host_str().filter(|host| !host.is_empty()).ok_or_else(unreadable)?.to_owned();
    let user = match parsed.username() {
        "" => None,
        user => Some(decode(user).ok_or_else(unreadable)?),
    };
    Ok(Server { user, host, port: parsed.port(), path: parsed.path().to_owned() })
}

/// Decodes percent-encoding as in a form, except that a plus stays a plus: in a user name it is no space.
pub(super) fn decode(text: &str) -> Option<String> {
    let escaped = format!("v={}", text.replace('+', "%2B"));
    let (_, value) = url::form_urlencoded::parse(escaped.as_bytes()).next()?;
    Some(value.into_owned())
}

fn parse_options(query: &str) -> Result<Vec<(String, String)>> {
    let mut options: Vec<(String, String)> = Vec::new();
    for (index, (name, value)) in url::form_urlencoded::parse(query.as_bytes()).enumerate() {
        let nth = index + 1;
        if names_a_secret(&name) {
            return Err(secret_option(nth));
        }
        // Twice is refused rather than the last one taken: which one was meant cannot be known.
        if let Some(first) = options.iter().position(|(seen, _)| *seen == name) {
            return Err(config(format!("options {} and {nth} of the URL are the same; write it once", first + 1)));
        }
        options.push((name.into_owned(), value.into_owned()));
    }
    Ok(options)
}

fn secret_option(nth: usize) -> Error {
    config(format!(
        "option {nth} of the URL is a secret by its name, and a URL is seen in logs and process lists; leave it out \
         and give it by environment, file or callback"
    ))
}

fn names_a_secret(name: &str) -> bool {
    // Without separators, so that `App-Code`, `app_code` and `appcode` are one name.
    let name: String = name.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    ["password", "passwd", "passphrase", "secret", "token", "apikey", "appcode", "privatekey"]
        .iter()
        .any(|word| name.contains(word))
        // These as whole names only: `zipcode` or `keyboard` are no secrets.
        || ["pass", "pwd", "pw", "code", "key"].contains(&name.as_str())
}

fn parse_duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let number: u64 = number.parse().ok()?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::registry::OpenRequest;

    #[test]
    fn a_file_is_taken_literally_up_to_the_options() {
        let url = ProviderUrl::parse("Embedded:./my plans/50%.db?busy_timeout=5s&actor=J%C3%BCrgen+B").unwrap();
        assert_eq!((url.scheme(), url.rest()), ("embedded", "./my plans/50%.db"));
        assert_eq!(url.duration("busy_timeout").unwrap(), Some(Duration::from_secs(5)));
        assert_eq!(url.option("actor"), Some("Jürgen B"));
        assert_eq!((url.host(), url.user(), url.path()), (None, None, ""));
    }

    #[test]
    fn a_server_is_taken_apart() {
        let url = ProviderUrl::parse("phpipam+https://a%40b@[2001:db8::1]:8443/base/app?space=1").unwrap();
        assert_eq!(url.scheme(), "phpipam+https");
        assert_eq!(url.user(), Some("a@b"));
        assert_eq!((url.host(), url.port(), url.path()), (Some("[2001:db8::1]"), Some(8443), "/base/app"));
        let plain = ProviderUrl::parse("phpipam+https://ipam.example.test/app").unwrap();
        assert_eq!((plain.user(), plain.port()), (None, None));
    }

    #[test]
    fn what_carries_a_secret_is_refused_without_showing_it() {
        for url in [
            "phpipam+https://me:hunter2@h/app",
            "phpipam+https://me:hun@ter2@h/app",
            "phpipam+https://me:hunter2/x@h/app",
            "phpipam+https://me:hunter2#x@h/app",
            "phpipam+https://:hunter2@h/app",
            "embedded:x.db?password=hunter2",
            "phpipam+https://h/app?App_Code=hunter2",
            "phpipam+https://h/app?token=hunter2",
        ] {
            let error = ProviderUrl::parse(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{url}");
            assert!(!format!("{error} {error:?}").contains("ter2"), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("hun"), "{error:?}");
        }
    }

    #[test]
    fn a_password_without_slashes_before_it_is_refused_without_showing_it() {
        for rest in ["me:hunter2@h/app", "/me:hunter2@h/app", ":hunter2@h", "me:hun?ter2@h/app", "me:hunter2/x@h?a=1"] {
            let text = format!("phpipam+https:{rest}");
            for error in [ProviderUrl::parse(&text).unwrap_err(), OpenRequest::parse(&text).unwrap_err()] {
                assert!(error.message().contains("has a password in it"), "{error}");
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains("hun") && !shown.contains("ter2"), "{shown}");
            }
        }
        for path in ["me:x@h/app.db", "/srv/me:x@h.db", "a@b.db"] {
            assert_eq!(ProviderUrl::parse(&format!("embedded:{path}")).unwrap().rest(), path);
        }
        for text in ["plans:a@b", "plans:/srv/a:b", "plans:x?at=12:30&actor=a@b"] {
            assert!(ProviderUrl::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn nothing_of_a_url_that_may_be_a_secret_is_shown() {
        let shown = |error: Error| format!("{error} {error:?}");
        for text in [
            "hunter2",
            "//me:hunter2@h/app",
            "me@hunter2",
            "phpipam+https://h:hunter2/app",
            "phpipam+https://hunter2 x/app",
            "phpipam+https://%zz:hunter2@h/app",
            "embedded:x?hunter2&hunter2",
            "embedded:x?hunter2password=1",
        ] {
            let error = shown(ProviderUrl::parse(text).unwrap_err());
            assert!(!error.contains("hunter2"), "{text}: {error}");
        }
        for text in ["embedded:x?hunter2", "embedded:x?hunter2=1", "embedded:x?a=hunter2"] {
            let url = ProviderUrl::parse(text).unwrap();
            let error = shown(url.only_options(&["b"]).unwrap_err());
            assert!(!error.contains("hunter2") && error.contains("option 1"), "{text}: {error}");
            assert!(!format!("{url} {url:?}").contains("hunter2"), "{text}");
        }
        let error = shown(ProviderUrl::parse("embedded:x?t=hunter2").unwrap().duration("t").unwrap_err());
        assert!(!error.contains("hunter2") && error.contains("option t"), "{error}");
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_a_remedy() {
        for (url, remedy) in [
            ("", "embedded:PATH"),
            ("/var/lib/ipam.db", "embedded:PATH"),
            ("1x:y", "embedded:PATH"),
            ("phpipam+https:///app", "[USER@]HOST"),
            ("phpipam+https://h:99999/app", "[USER@]HOST"),
            ("embedded:x?a=1&a=2", "once"),
        ] {
            let error = ProviderUrl::parse(url).unwrap_err();
            assert!(error.message().contains(remedy), "{url}: {error}");
        }
    }

    #[test]
    fn an_option_is_added_unless_it_is_there_or_names_a_secret() {
        let url = ProviderUrl::parse("embedded:x?a=1").unwrap();
        let url = url.with_default_option("a", "2").unwrap().with_default_option("b.c", "x y&z").unwrap();
        assert_eq!((url.option("a"), url.option("b.c")), (Some("1"), Some("x y&z")));
        let error = url.with_default_option("token", "hunter2").unwrap_err();
        assert!(error.message().contains("option 3") && !error.to_string().contains("hunter2"), "{error}");
        let url = ProviderUrl::parse("embedded:x?t=hunter2").unwrap();
        let error = url.flag("t").unwrap_err();
        assert!(error.message().contains("option t") && !format!("{error:?}").contains("hunter2"), "{error}");
    }

    #[test]
    fn options_that_mean_nothing_are_refused() {
        let url = ProviderUrl::parse("embedded:x?busy_timout=5s").unwrap();
        let error = url.only_options(&["busy_timeout", "actor"]).unwrap_err();
        assert!(error.message().contains("busy_timeout, actor"), "{error}");
        assert!(ProviderUrl::parse("memory:?x=1").unwrap().only_options(&[]).is_err());
        for bad in ["5", "s", "-5s", "5y", "1.5s", "99999999999999999999s", "18446744073709551615d"] {
            let url = ProviderUrl::parse(&format!("embedded:x?t={bad}")).unwrap();
            assert!(url.duration("t").is_err(), "{bad}");
        }
    }
}
