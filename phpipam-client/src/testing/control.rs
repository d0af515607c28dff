//! Clock, tokens and write lock of a running server, as a test controls them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::config::Lock;
use super::server::Server;
use super::state::expire;

impl Server {
    /// Moves the clock of the server forward: tokens expire after six hours, a block after five minutes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use phpipam_client::testing::Server;
    /// # use phpipam_client::{Auth, Client, HttpOptions};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::start().await?;
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// client.sections().list().await?;
    /// server.advance(Duration::from_secs(6 * 3600));
    ///
    /// // The token is refused with 401; the client logs in again and repeats the call.
    /// client.sections().list().await?;
    /// let status: Vec<_> = server.requests().iter().map(|request| request.status).collect();
    /// assert_eq!(status, [Some(200), Some(200), Some(401), Some(200), Some(200)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn advance(&self, by: Duration) {
        self.host.site().clock.advance(by);
    }

    /// Sets the time zone of the server, in minutes east of UTC, as daylight saving time does. See
    /// [`ServerBuilder::utc_offset_minutes`](super::ServerBuilder::utc_offset_minutes).
    ///
    /// ```
    /// use phpipam_client::testing::{Clock, Server};
    /// # use std::time::{Duration, SystemTime};
    /// # use phpipam_client::{Auth, Client, HttpOptions};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// // 2027-01-15 08:00:00 UTC
    /// let clock = Clock::fixed(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    /// let server = Server::builder().clock(clock).utc_offset_minutes(60).start().await?;
    /// server.set_utc_offset_minutes(120);
    /// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// let token = client.user().token().await?;
    /// assert_eq!(token.expires.map(|time| time.to_string()).as_deref(), Some("2027-01-15 16:00:00"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_utc_offset_minutes(&self, minutes: i32) {
        self.host.site().setup.offset.store(minutes, std::sync::atomic::Ordering::Relaxed);
    }

    /// Makes all tokens of users expire now. App codes are not affected.
    pub fn expire_tokens(&self) {
        let site = self.host.site();
        expire(&mut site.store(), None, site.clock.now());
    }

    /// Holds the write lock of all apps with this kind of lock until the guard is dropped.
    ///
    /// Writes of those apps wait, each for the time of its own app, and then fail. The wait inside `lock` is not used.
    /// [`Lock::Disabled`] holds the same lock as [`Lock::File`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use phpipam_client::RefusalKind;
    /// use phpipam_client::models::SectionFields;
    /// use phpipam_client::testing::{App, Lock, Server};
    /// # use phpipam_client::RetryConfig;
    /// # use phpipam_client::{Auth, Client, HttpOptions};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let lock = Lock::File(Duration::from_millis(20));
    /// let server = Server::builder().app(App::new("lab").with_lock(lock)).start().await?;
    /// # let client = Client::builder(server.url(), "lab", Auth::user(Server::USER, Server::PASSWORD))
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true))
    /// #     .with_retry(RetryConfig::new(0, Duration::from_secs(5)))
    /// #     .build()?;
    /// client.user().check().await?; // Logging in is a write, too.
    ///
    /// let guard = server.hold_lock(lock).await;
    /// let refused = client.sections().create("Lab", &SectionFields::new()).await.unwrap_err();
    /// assert_eq!(refused.refusal_kind(), Some(RefusalKind::Busy));
    /// drop(guard);
    /// client.sections().create("Lab", &SectionFields::new()).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn hold_lock(&self, lock: Lock) -> LockGuard {
        let lock = match lock {
            Lock::MySql(_) => &self.host.site().mysql_lock,
            // An app without lock never waits, so there is nothing better to hold for it.
            Lock::File(_) | Lock::Disabled => &self.host.site().file_lock,
        };
        LockGuard { _guard: Arc::clone(lock).lock_owned().await }
    }
}

/// Write lock of a server, held by a test. Dropping it frees the lock.
///
/// Returned by [`Server::hold_lock`].
#[derive(Debug)]
#[must_use = "the lock is free again when this is dropped"]
pub struct LockGuard {
    _guard: OwnedMutexGuard<()>,
}
