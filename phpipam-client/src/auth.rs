//! Credentials of a client.

use std::fmt;

use secrecy::SecretString;

/// Credentials of a client.
///
/// The security of the app decides which form works. An app is an API key of phpIPAM, made in its web interface under
/// Administration, API; see [`Client::builder`](crate::Client::builder).
///
/// | app security | use |
/// | --- | --- |
/// | `ssl_token` (1.3: `ssl`) | [`Auth::user`] |
/// | `none` | [`Auth::user`] |
/// | `ssl_code` | [`Auth::app_code`] |
/// | `crypt` | `Auth::crypt` (feature `crypt`) |
///
/// An app with the security `none` needs a login too; it only allows plain HTTP. [`Auth::none`] is not for it.
///
/// The app's permission decides what calls may do: none, read, write, or admin (user lists). The rights of the user do
/// not matter, with one exception: the server drops fields of modules (VLAN, VRF, devices, locations, customers) that
/// the user has no rights for, without an error; see the `update_verified` methods.
///
/// ```
/// use phpipam_client::Auth;
///
/// let auth = Auth::user("svc", "s3cret");
/// assert_eq!(format!("{auth:?}"), r#"User { name: "svc", .. }"#);
/// ```
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
    /// Returns credentials without a token, for a client that only checks users with
    /// [`UserSession::login`](crate::controllers::UserSession::login).
    ///
    /// The server refuses every other call with kind [`Unauthorized`](crate::RefusalKind::Unauthorized). An app with the
    /// security `none` needs [`Auth::user`].
    pub fn none() -> Self {
        Self(Mode::None)
    }

    /// Returns credentials of a user name and a password.
    ///
    /// The client logs in when it needs a token, and again when the server rejects it. It never repeats a failed login,
    /// and never logs out, because the server has one token per user for all clients.
    pub fn user(name: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self(Mode::User { name: name.into(), password: password.into() })
    }

    /// Returns credentials of an app code, 32 characters. There is no login.
    pub fn app_code(code: impl Into<SecretString>) -> Self {
        Self(Mode::AppCode(code.into()))
    }

    /// Returns credentials that encrypt each request under the app code, 32 characters. There is no login. Needs the
    /// feature `crypt`.
    ///
    /// For servers from 1.4 on with their default cipher, AES with 128 bits. Prefer TLS with another security:
    /// **responses are neither encrypted nor authenticated**, and a request that is overheard can be sent again. The
    /// whole call goes into the URL, which web servers limit to some 8000 characters.
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
