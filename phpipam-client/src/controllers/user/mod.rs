//! Controller `user`.

pub(crate) mod model;

use http::Method;
use secrecy::SecretString;

use self::model::User;
use crate::client::Client;
use crate::error::Result;
use crate::request::{ApiRequest, Call, Path};
use crate::session::{self, Login};

/// User and token of this client; see [`Client::user`].
///
/// A client with [`Auth::user`](crate::Auth::user) logs in by itself; none of these calls is needed for that.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = phpipam_client::testing::Server::start().await?;
/// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
/// # let auth = phpipam_client::Auth::user("admin", "correct horse");
/// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
/// client.user().check().await?;
/// // Local time of the server, without its offset.
/// assert!(client.user().token().await?.expires.is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct UserSession<'a> {
    client: &'a Client,
}

fn path() -> Path {
    Path::new("user")
}

impl<'a> UserSession<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Reads the sections, which succeeds if the credentials are valid. Works for tokens and app codes alike, on every
    /// version.
    ///
    /// # Errors
    /// Those of a failed login or a wrong app code: [`BadCredentials`](crate::RefusalKind::BadCredentials) in
    /// [`Error::LoginFailed`](crate::Error::LoginFailed), or [`Unauthorized`](crate::RefusalKind::Unauthorized);
    /// otherwise the [common errors](crate::Error#common-errors).
    pub async fn check(&self) -> Result<()> {
        // Not `GET user/`: with an app code that is 200 up to 1.7 and 409 on 1.8 (Q56).
        self.client.sections().list().await.map(drop)
    }

    /// Logs in once with these credentials, without changing the client's own session. While a token of this user is
    /// valid, the server returns that token.
    ///
    /// # Errors
    /// A refusal of kind [`BadCredentials`](crate::RefusalKind::BadCredentials) if name or password is wrong or the
    /// user is disabled (1.3 knows no disabled users), or [`LockedOut`](crate::RefusalKind::LockedOut) after eleven
    /// failures; otherwise the [common errors](crate::Error#common-errors). Do not repeat a failed login: the server
    /// blocks the address of this host for five minutes, for valid tokens too.
    pub async fn login(&self, name: &str, password: &SecretString) -> Result<Login> {
        // Past the session: the token of another user must not replace the one of this client.
        session::login_response(self.client.transport(), name, password).await?.decode()
    }

    /// Returns the expiry of the token, on the server's clock, without extending it.
    ///
    /// # Errors
    /// A refusal of kind [`Config`](crate::RefusalKind::Config) with [`Auth::app_code`](crate::Auth::app_code) on 1.8
    /// ("Authentication not needed"; 1.4 to 1.7 return no expiry), or
    /// [`Unauthorized`](crate::RefusalKind::Unauthorized) without a token; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn token(&self) -> Result<Login> {
        // Reads of this controller do not extend the token, unlike every call of another one (Q54).
        self.client.one(&ApiRequest::get(Call::One, path())?).await
    }

    /// Extends the token to six hours from now.
    ///
    /// Rarely needed: the server does the same for every call to another controller, at most once a minute.
    ///
    /// # Errors
    /// With [`Auth::app_code`](crate::Auth::app_code) a refusal of kind [`Config`](crate::RefusalKind::Config) on 1.4
    /// to 1.7, or [`Server`](crate::RefusalKind::Server) on 1.8; otherwise the [common
    /// errors](crate::Error#common-errors).
    pub async fn refresh(&self) -> Result<Login> {
        self.client.one(&ApiRequest::new(Method::PATCH, Call::One, path())?).await
    }

    /// Deletes the token, which logs out **every client of this user**, on every app.
    ///
    /// # Errors
    /// With [`Auth::app_code`](crate::Auth::app_code) a refusal of kind [`Config`](crate::RefusalKind::Config) on 1.4
    /// to 1.7, or [`Server`](crate::RefusalKind::Server) on 1.8; otherwise the [common
    /// errors](crate::Error#common-errors). The client forgets its token in either case.
    pub async fn logout_everywhere(&self) -> Result<()> {
        let result = self.client.call(&ApiRequest::new(Method::DELETE, Call::Write, path())?).await;
        // Also after a failure: if only the response was lost, the token is gone, and the next call would be rejected
        // first.
        self.client.forget_login();
        result.map(drop)
    }

    /// Lists all users, with password hashes and tokens.
    ///
    /// # Errors
    /// A refusal of kind [`Forbidden`](crate::RefusalKind::Forbidden) for an app without admin permission; otherwise
    /// the [common errors](crate::Error#common-errors).
    pub async fn list(&self) -> Result<Vec<User>> {
        // The rows hold password hashes and tokens. Errors of calls below `user/` therefore show no excerpt of the
        // body.
        self.client.list(&ApiRequest::get(Call::List, path().word("all"))?, None).await
    }

    /// Lists the administrators, with password hashes and tokens.
    ///
    /// # Errors
    /// A refusal of kind [`Forbidden`](crate::RefusalKind::Forbidden) for an app without admin permission; otherwise
    /// the [common errors](crate::Error#common-errors).
    pub async fn list_admins(&self) -> Result<Vec<User>> {
        self.client.list(&ApiRequest::get(Call::List, path().word("admins"))?, None).await
    }
}
