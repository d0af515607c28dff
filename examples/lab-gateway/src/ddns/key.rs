//! Key of TSIG, from a file.

use std::fmt;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hickory_proto::rr::TSigner;
use hickory_proto::rr::rdata::tsig;
use secrecy::{ExposeSecret as _, SecretBox, SecretString};

use super::{DdnsError, config};

/// A file of more bytes is no key file.
const MAX_FILE: u64 = 16 * 1024;
/// A shorter secret can be guessed; `tsig-keygen` makes 32 or 64 bytes.
const MIN_SECRET: usize = 16;
/// Difference of the clocks that a server accepts, in seconds (RFC 8945, 10).
const FUDGE: u16 = 300;

/// Algorithm of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TsigAlgorithm {
    /// `hmac-sha256`
    HmacSha256,
    /// `hmac-sha512`
    HmacSha512,
}

impl TsigAlgorithm {
    /// Returns the algorithm of a name such as `hmac-sha512`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.trim_end_matches('.').to_ascii_lowercase().as_str() {
            "hmac-sha256" => Some(Self::HmacSha256),
            "hmac-sha512" => Some(Self::HmacSha512),
            _ => None,
        }
    }

    /// Name of the algorithm, as in a key file of bind.
    pub fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha256",
            Self::HmacSha512 => "hmac-sha512",
        }
    }
}

/// Key with which updates are signed. Its secret is never printed.
///
/// ```
/// use lab_gateway::ddns::TsigKey;
///
/// // What `tsig-keygen -a hmac-sha512 lab-key` prints.
/// let text = r#"key "lab-key" { algorithm hmac-sha512; secret "c2VjcmV0LW9mLXRoaXMtZXhhbXBsZQ=="; };"#;
/// let key = TsigKey::from_bind(text)?;
/// assert_eq!((key.name(), key.algorithm().name()), ("lab-key.".to_owned(), "hmac-sha512"));
/// assert!(!format!("{key:?}").contains("c2Vj"));
/// # Ok::<(), lab_gateway::ddns::DdnsError>(())
/// ```
#[derive(Clone)]
pub struct TsigKey {
    name: hickory_proto::rr::Name,
    algorithm: TsigAlgorithm,
    secret: std::sync::Arc<SecretBox<Vec<u8>>>,
}

impl fmt::Debug for TsigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TsigKey")
            .field("name", &self.name.to_string())
            .field("algorithm", &self.algorithm)
            .field("secret", &"[hidden]")
            .finish()
    }
}

impl TsigKey {
    /// Makes a key of its name, its algorithm and the base64 text of its secret.
    ///
    /// # Errors
    /// [`DdnsError::Config`] if the name is no domain name, or the secret is not base64 or shorter than 16 bytes.
    pub fn from_base64(name: &str, algorithm: TsigAlgorithm, secret: SecretString) -> Result<Self, DdnsError> {
        let name = config::parse("key name", name)?;
        // The text of the secret is left out of the error.
        let fault = |reason: String| DdnsError::Config { field: "key", value: name.to_string(), reason };
        let text: String = secret.expose_secret().split_whitespace().collect();
        let bytes =
            STANDARD.decode(text).map_err(|_| fault("its secret is not base64; copy it from the server".into()))?;
        if bytes.len() < MIN_SECRET {
            let length = bytes.len();
            return Err(fault(format!(
                "its secret has {length} bytes, less than {MIN_SECRET}; make one with tsig-keygen"
            )));
        }
        Ok(Self { name, algorithm, secret: std::sync::Arc::new(SecretBox::new(Box::new(bytes))) })
    }

    /// Reads the text of a key file of bind, as `tsig-keygen` prints it. The first key counts.
    ///
    /// # Errors
    /// [`DdnsError::Config`] if the text has no key, or the key is not usable.
    pub fn from_bind(text: &str) -> Result<Self, DdnsError> {
        let fault = |reason: &str| DdnsError::Config { field: "key", value: String::new(), reason: reason.to_owned() };
        let words = words(text);
        let at = words
            .iter()
            .position(|word| word == "key")
            .ok_or_else(|| fault("there is no statement 'key \"NAME\" { … };'; write the file with tsig-keygen"))?;
        let name = words.get(at + 1).ok_or_else(|| fault("the statement 'key' has no name"))?;
        let body = words.get(at + 2..).unwrap_or_default();
        let body = body.split(|word| word == "}").next().unwrap_or_default();
        let value = |field: &str| {
            let at = body.iter().position(|word| word == field)?;
            body.get(at + 1).cloned()
        };
        let algorithm = value("algorithm").ok_or_else(|| fault("the key has no algorithm"))?;
        let algorithm = TsigAlgorithm::from_name(&algorithm).ok_or_else(|| DdnsError::Config {
            field: "key algorithm",
            value: algorithm,
            reason: "is not one of hmac-sha256, hmac-sha512; make a key with one of these".to_owned(),
        })?;
        let secret = value("secret").ok_or_else(|| fault("the key has no secret"))?;
        Self::from_base64(name, algorithm, secret.into())
    }

    /// Reads a key file of bind. The file must not be readable by others.
    ///
    /// # Errors
    /// [`DdnsError::KeyFile`] if the file cannot be read, is too large, is readable by every user, or holds no usable key.
    pub fn read_file(path: &Path) -> Result<Self, DdnsError> {
        let fault = |reason: String| DdnsError::KeyFile { path: path.to_owned(), reason };
        let file = std::fs::File::open(path).map_err(|error| fault(error.to_string()))?;
        let metadata = file.metadata().map_err(|error| fault(error.to_string()))?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            if metadata.permissions().mode() & 0o007 != 0 {
                return Err(fault("every user can read or write it: chmod 600, and replace the key".to_owned()));
            }
        }
        if !metadata.is_file() || metadata.len() > MAX_FILE {
            return Err(fault(format!("is not a file of at most {MAX_FILE} bytes; name the output of tsig-keygen")));
        }
        let mut text = String::new();
        file.take(MAX_FILE).read_to_string(&mut text).map_err(|error| fault(error.to_string()))?;
        Self::from_bind(&text).map_err(|error| fault(error.to_string()))
    }

    /// Name of the key, absolute.
    pub fn name(&self) -> String {
        self.name.to_string()
    }

    /// Algorithm of the key.
    pub fn algorithm(&self) -> TsigAlgorithm {
        self.algorithm
    }

    pub(super) fn signer(&self) -> Result<TSigner, DdnsError> {
        let algorithm = match self.algorithm {
            TsigAlgorithm::HmacSha256 => tsig::TsigAlgorithm::HmacSha256,
            TsigAlgorithm::HmacSha512 => tsig::TsigAlgorithm::HmacSha512,
        };
        TSigner::new(self.secret.expose_secret().clone(), algorithm, self.name.clone(), FUDGE).map_err(|error| {
            DdnsError::Config {
                field: "key algorithm",
                value: self.algorithm.name().to_owned(),
                reason: error.to_string(),
            }
        })
    }
}

/// Splits a configuration of bind into words and braces, without its comments.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let comment = match (c, chars.peek()) {
            ('#', _) | ('/', Some('/')) if word.is_empty() => Some("\n"),
            ('/', Some('*')) if word.is_empty() => Some("*/"),
            _ => None,
        };
        if let Some(end) = comment {
            let mut last = ' ';
            for c in chars.by_ref() {
                if (end == "\n" && c == '\n') || (end == "*/" && last == '*' && c == '/') {
                    break;
                }
                last = c;
            }
            continue;
        }
        match c {
            '"' => word.extend(chars.by_ref().take_while(|c| *c != '"')),
            '{' | '}' | ';' => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                if c != ';' {
                    words.push(c.to_string());
                }
            }
            c if c.is_whitespace() => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            c => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "c2VjcmV0LW9mLXRoaXMtdGVzdCE=";

    #[test]
    fn the_forms_of_bind_are_read() {
        for text in [
            format!("key \"lab\" {{\n\talgorithm hmac-sha256;\n\tsecret \"{SECRET}\";\n}};\n"),
            format!("# a comment }}\n/* key x {{ }} */ key lab{{algorithm HMAC-SHA256.;secret {SECRET};}};"),
            format!("// key none\nkey \"lab\" {{ secret \"{SECRET}\"; algorithm \"hmac-sha256\"; }};"),
        ] {
            let key = TsigKey::from_bind(&text).unwrap();
            assert_eq!((key.name().as_str(), key.algorithm()), ("lab.", TsigAlgorithm::HmacSha256), "{text}");
            assert_eq!(key.secret.expose_secret().as_slice(), b"secret-of-this-test!");
        }
    }

    #[test]
    fn a_fault_of_the_key_is_named_without_its_secret() {
        for text in [
            "".to_owned(),
            SECRET.to_owned(),
            "key".to_owned(),
            format!("key \"lab\" {{ secret \"{SECRET}\"; }};"),
            format!("key \"lab\" {{ algorithm hmac-md5; secret \"{SECRET}\"; }};"),
            "key \"lab\" { algorithm hmac-sha256; secret \"c2VjcmV0\"; };".to_owned(),
            "key \"lab\" { algorithm hmac-sha256; secret \"c2VjcmV0!!\"; };".to_owned(),
            "key \"lab\" { algorithm hmac-sha256; };".to_owned(),
            format!("key \"lab\" {{ algorithm hmac-sha256; }}; secret \"{SECRET}\";"),
        ] {
            let fault = TsigKey::from_bind(&text).unwrap_err();
            assert!(!format!("{fault} {fault:?}").contains("c2Vj"), "{fault:?}");
        }
    }

    #[test]
    fn a_file_that_every_user_reads_is_refused() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "key lab {{ algorithm hmac-sha512; secret \"{SECRET}\"; }};").unwrap();
        assert_eq!(TsigKey::read_file(file.path()).unwrap().name(), "lab.");
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).unwrap();
        let fault = TsigKey::read_file(file.path()).unwrap_err().to_string();
        assert!(fault.contains("chmod 600"), "{fault}");
        assert!(
            TsigKey::read_file(Path::new("/nonexistent/key")).unwrap_err().to_string().contains("/nonexistent/key")
        );
        let directory = tempfile::tempdir().unwrap();
        assert!(TsigKey::read_file(directory.path()).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = TsigKey::from_bind(&text);
        }

        #[test]
        fn what_a_file_says_is_what_is_used(name in "[a-z][a-z0-9-]{0,20}", secret in prop::collection::vec(any::<u8>(), 16..64)) {
            let text = format!("key \"{name}\" {{ algorithm hmac-sha512; secret \"{}\"; }};", STANDARD.encode(&secret));
            let key = TsigKey::from_bind(&text).unwrap();
            prop_assert_eq!(key.name(), format!("{name}."));
            prop_assert_eq!(key.secret.expose_secret(), &secret);
        }
    }
}
