//! `user`

pub(crate) mod model;

use http::Method;
use secrecy::SecretString;

use self::model::User;
use crate::client::Client;
use crate::error::Result;
use crate::request::{ApiRequest, Call, Path};
use crate::session::{self, Login};

/// The user behind the token; see [`Client::user`].
///
/// A client with [`Auth::user`](crate::Auth::user) logs in by itself: none of these calls is needed for that.
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

    /// Whether the credentials work, by reading the sections. Works for tokens and app codes alike, on every version.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn check(&self) -> Result<()> {
        self.client.sections().list().await.map(drop)
    }

    /// Logs in once, with these credentials, without touching the client's own session. While a token of this user is
    /// valid the server returns that one.
    ///
    /// # Errors
    /// [`Error`](crate::Error). Do not repeat a failed login: the server blocks the whole host after eleven.
    pub async fn login(&self, name: &str, password: &SecretString) -> Result<Login> {
        session::login_response(self.client.transport(), name, password).await?.decode()
    }

    /// When the token ends, on the server's clock. Does not extend it.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn token(&self) -> Result<Login> {
        self.client.one(&ApiRequest::get(Call::One, path())?).await
    }

    /// Extends the token by hand. Every call does that anyway, once a minute at most.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn refresh(&self) -> Result<Login> {
        self.client.one(&ApiRequest::new(Method::PATCH, Call::One, path())?).await
    }

    /// Deletes the token: logs out **every client of this user**, on every app.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn logout_everywhere(&self) -> Result<()> {
        let result = self.client.call(&ApiRequest::new(Method::DELETE, Call::Write, path())?).await;
        self.client.forget_login();
        result.map(drop)
    }

    /// All users, with password hashes and tokens. Only for apps of the admin level.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list(&self) -> Result<Vec<User>> {
        self.client.list(&ApiRequest::get(Call::List, path().word("all"))?, None).await
    }

    /// The administrators, likewise.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn list_admins(&self) -> Result<Vec<User>> {
        self.client.list(&ApiRequest::get(Call::List, path().word("admins"))?, None).await
    }
}
