//! Credentials of a client.

use std::fmt;

use secrecy::SecretString;

/// Credentials; the security of the app on the server decides which way works.
///
/// | app security | use |
/// | --- | --- |
/// | `ssl_token`, `none` (1.3: `ssl`) | [`Auth::user`] |
/// | `ssl_code` | [`Auth::app_code`] |
/// | `crypt` | `Auth::crypt` (feature `crypt`) |
///
/// The rights are those of the app, not of the user.
#[derive(Clone)]
#[must_use]
pub struct Auth(pub(crate) Mode);

#[derive(Clone)]
pub(crate) enum Mode {
    None,
    User {
        name: String,
        password: SecretString,
    },
    AppCode(SecretString),
    #[cfg(feature = "crypt")]
    Crypt(SecretString),
}

impl Auth {
    /// No token at all: only logging in and a few probes work so.
    pub fn none() -> Self {
        Self(Mode::None)
    }

    /// User name and password. The client logs in when it needs a token, and again when the server rejects it; it never
    /// repeats a login that failed, and never logs out, because the server has one token per user for all clients.
    pub fn user(name: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self(Mode::User { name: name.into(), password: password.into() })
    }

    /// The code of the app, 32 characters. There is no login.
    pub fn app_code(code: impl Into<SecretString>) -> Self {
        Self(Mode::AppCode(code.into()))
    }

    /// The code of the app, 32 characters, as the key to encrypt requests with. There is no login.
    ///
    /// For servers with their own setting for encryption, AES with 128 bits: 1.4 to 1.8. Prefer TLS with another security:
    /// **responses are neither encrypted nor authenticated**, and a request that is overheard can be sent again. A whole call goes
    /// into the URL, which web servers limit to some 8000 characters.
    #[cfg(feature = "crypt")]
    pub fn crypt(code: impl Into<SecretString>) -> Self {
        Self(Mode::Crypt(code.into()))
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Mode::None => f.write_str("None"),
            Mode::User { name, .. } => f.debug_struct("User").field("name", name).finish_non_exhaustive(),
            Mode::AppCode(_) => f.write_str("AppCode(***)"),
            #[cfg(feature = "crypt")]
            Mode::Crypt(_) => f.write_str("Crypt(***)"),
        }
    }
}
