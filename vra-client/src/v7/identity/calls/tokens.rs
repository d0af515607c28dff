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
    /// Version and build of the server. Evidence: member names (7.x).
    pub fn about(self) -> Call<About> {
        self.json(ApiRequest::get("/identity/api/about", &[]).anonymously())
    }

    /// Asks for a token of one's own. The client does so by itself; this is for programs that hand tokens on.
    /// Evidence: captured (7.x), documented (6.2, 7.3).
    ///
    /// ```
    /// # let client = vra_client::v7::Client::builder("https://vra.example").build()?;
    /// let call = client.identity().issue_token("tony@example.com", "secret", "vsphere.local");
    /// assert_eq!(call.request().path(), "/identity/api/tokens");
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn issue_token(self, username: &str, password: impl Into<SecretString>, tenant: &str) -> Call<IssuedToken> {
        self.json(token_request(username, &password.into(), tenant))
    }

    /// Whether a token is good. It is sent as its own credential, so it must be one of this server.
    /// Evidence: documented (6.2, 7.3).
    ///
    /// # Errors
    /// [`Error`] if the server said neither yes nor no.
    pub async fn token_is_valid(self, token: &SecretString) -> Result<bool, Error> {
        let request = ApiRequest::new(Method::HEAD, "/identity/api/tokens/{token}", &[token.expose_secret()]);
        match self.client.session.transport.send(&request, Some(token)).await {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.status(), Some(401 | 403 | 404)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Ends a token. Evidence: documented (6.2, 7.3).
    ///
    /// # Errors
    /// [`Error`]; one for a token that has ended already is not among them.
    pub async fn delete_token(self, token: &SecretString) -> Result<(), Error> {
        end_token(&self.client.session.transport, token).await
    }

    /// Ends all tokens of a principal. Evidence: request list (7.x).
    pub fn delete_tokens_of(self, principal: &str) -> Call<()> {
        self.done(ApiRequest::delete("/identity/api/tokens/principals/{principal}", &[principal]))
    }

    /// Whom a token stands for. The answer's shape is not known. Evidence: request list (7.x).
    pub fn security_context(self, token: &SecretString) -> Call<JsonObject> {
        let request = ApiRequest::get("/identity/api/tokens/{token}/securityContext", &[token.expose_secret()]);
        self.json(request)
    }
}
