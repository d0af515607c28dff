//! Tokens, and the version of the server.

use http::Method;
use secrecy::{ExposeSecret, SecretString};

use super::super::model::About;
use super::super::service::Identity;
use crate::call::Call;
use crate::error::Error;
use crate::lenient::JsonObject;
use crate::request::ApiRequest;
use crate::v7::login::{IssuedToken, end_token, token_request};

impl Identity<'_> {
    /// Reads version and build of the server. It needs no token. Evidence: members (7.x).
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// let about = client.identity().about().await?;
    /// assert!(about.product_version.is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn about(self) -> Call<About> {
        self.json(ApiRequest::get("/identity/api/about", &[]).anonymously())
    }

    /// Requests a token for a program that passes it on. Evidence: captured (7.x), documented (6.2, 7.3).
    ///
    /// The client logs in on its own and does not use this token. The user is `user@domain`; the tenant is its URL
    /// name.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v7::Server, v7::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// use secrecy::ExposeSecret;
    ///
    /// let issued = client.identity().issue_token(Server::USER, Server::PASSWORD, Server::TENANT).await?;
    /// let token = issued.id.ok_or("no token")?;
    /// assert!(client.identity().token_is_valid(&token).await?);
    /// client.identity().delete_token(&token).await?;
    /// assert!(!client.identity().token_is_valid(&token).await?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn issue_token(self, username: &str, password: impl Into<SecretString>, tenant: &str) -> Call<IssuedToken> {
        self.json(token_request(username, &password.into(), tenant))
    }

    /// Checks with the server that a token is valid. Evidence: documented (6.2, 7.3).
    ///
    /// The token authenticates this call itself, in place of the client's login. So it has to be a token of this
    /// server.
    ///
    /// # Errors
    /// An error of the call that says neither yes nor no, such as [`Error::Transport`] or a [`Error::Server`] of status
    /// 500. The statuses 401, 403 and 404 mean that the token is not valid, and are no error.
    pub async fn token_is_valid(self, token: &SecretString) -> Result<bool, Error> {
        let request = ApiRequest::new(Method::HEAD, "/identity/api/tokens/{token}", &[token.expose_secret()]);
        match self.client.session.transport.send(&request, Some(token)).await {
            Ok(_) => Ok(true),
            // 204 is documented for a valid token. For an invalid one releases differ between these three.
            Err(error) if matches!(error.status(), Some(401 | 403 | 404)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Ends a token. Evidence: documented (6.2, 7.3).
    ///
    /// The token authenticates this call itself. A token that has expired or was deleted before is no error.
    ///
    /// # Errors
    /// The [errors of a call](Call#errors) other than the statuses 401 and 404.
    pub async fn delete_token(self, token: &SecretString) -> Result<(), Error> {
        end_token(&self.client.session.transport, token).await
    }

    /// Ends all tokens of a principal, given as `user@domain`. Evidence: listed (7.x).
    pub fn delete_tokens_of(self, principal: &str) -> Call<()> {
        self.done(ApiRequest::delete("/identity/api/tokens/principals/{principal}", &[principal]))
    }

    /// Reads the user and the rights that a token has. Evidence: listed (7.x); the shape is not published.
    pub fn security_context(self, token: &SecretString) -> Call<JsonObject> {
        // The token is a path segment. `ApiRequest` knows such paths and keeps them out of errors.
        let request = ApiRequest::get("/identity/api/tokens/{token}/securityContext", &[token.expose_secret()]);
        self.json(request)
    }
}
