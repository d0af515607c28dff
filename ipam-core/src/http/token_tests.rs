#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{0}")]
struct Refusal(&'static str);

type Cache = TokenCache<u32, Refusal>;

/// Server that returns the tokens 1, 2, 3 …, after a second each, or fails as set.
#[derive(Default)]
struct Server {
    begun: AtomicU32,
    ended: AtomicU32,
    fail: Mutex<Option<LoginPause>>,
    lifetime: Option<Duration>,
}

impl Server {
    fn failing(pause: LoginPause) -> Self {
        Self { fail: Mutex::new(Some(pause)), ..Self::default() }
    }

    async fn login(&self) -> Result<FreshToken<u32>, LoginFailure<Refusal>> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(SECOND).await;
        let number = self.ended.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(pause) = *self.fail.lock().unwrap() {
            return Err(LoginFailure::new(Refusal("wrong password"), pause));
        }
        let fresh = FreshToken::new(number);
        Ok(match self.lifetime {
            Some(lifetime) => fresh.with_lifetime(lifetime),
            None => fresh,
        })
    }

    fn logins(&self) -> u32 {
        self.begun.load(Ordering::SeqCst)
    }
}

fn cache() -> Cache {
    TokenCache::new(TokenPolicy::new().with_max_logins(100, 60 * SECOND))
}

async fn get(cache: &Cache, server: &Server) -> Result<u32, TokenError<Refusal>> {
    cache.get(|| server.login()).await.map(|token| *token.value())
}

#[tokio::test(start_paused = true)]
async fn many_callers_share_one_login() {
    let (cache, server) = (Arc::new(cache()), Arc::new(Server::default()));
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (cache, server) = (Arc::clone(&cache), Arc::clone(&server));
            tokio::spawn(async move { get(&cache, &server).await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), 1);
    }
    assert_eq!(server.logins(), 1);
}

#[tokio::test(start_paused = true)]
async fn many_callers_share_one_failure() {
    for pause in [LoginPause::None, LoginPause::Backoff, LoginPause::Forever] {
        let (cache, server) = (Arc::new(cache()), Arc::new(Server::failing(pause)));
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let (cache, server) = (Arc::clone(&cache), Arc::clone(&server));
                tokio::spawn(async move { get(&cache, &server).await.unwrap_err() })
            })
            .collect();
        for task in tasks {
            assert!(matches!(task.await.unwrap(), TokenError::Refused(_)));
        }
        assert_eq!(server.logins(), 1, "{pause:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_caller_logs_in_when_the_first_is_dropped() {
    let (cache, server) = (Arc::new(cache()), Arc::new(Server::default()));
    let spawn = || {
        let (cache, server) = (Arc::clone(&cache), Arc::clone(&server));
        tokio::spawn(async move { get(&cache, &server).await })
    };
    let first = spawn();
    tokio::task::yield_now().await;
    let second = spawn();
    tokio::task::yield_now().await;
    assert_eq!(server.logins(), 1);
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(second.await.unwrap().unwrap(), 1);
    assert_eq!(server.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn dropped_logins_count_in_the_limit() {
    let cache: Cache = TokenCache::new(TokenPolicy::new().with_max_logins(2, 60 * SECOND));
    let server = Server::default();
    for _ in 0..20 {
        let _ = tokio::time::timeout(SECOND / 2, get(&cache, &server)).await;
    }
    assert_eq!(server.logins(), 2);
    let error = get(&cache, &server).await.unwrap_err();
    assert!(matches!(error, TokenError::TooManyLogins { wait } if wait <= 60 * SECOND), "{error:?}");
    tokio::time::advance(61 * SECOND).await;
    assert_eq!(get(&cache, &server).await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_replaced_before_it_expires() {
    let cache = cache();
    let server = Server { lifetime: Some(100 * SECOND), ..Server::default() };
    assert_eq!(get(&cache, &server).await.unwrap(), 1);
    tokio::time::advance(69 * SECOND).await;
    assert_eq!(get(&cache, &server).await.unwrap(), 1);
    tokio::time::advance(2 * SECOND).await;
    assert_eq!(get(&cache, &server).await.unwrap(), 2, "less than 30 s left");
}

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_early_leaves_the_old_token_until_it_expires() {
    let cache = cache();
    let server = Server { lifetime: Some(100 * SECOND), ..Server::default() };
    assert_eq!(get(&cache, &server).await.unwrap(), 1);
    *server.fail.lock().unwrap() = Some(LoginPause::Forever);
    tokio::time::advance(80 * SECOND).await;
    assert_eq!(get(&cache, &server).await.unwrap(), 1);
    assert_eq!(get(&cache, &server).await.unwrap(), 1);
    assert_eq!(server.logins(), 2, "it failed once, and is not tried again");
    tokio::time::advance(30 * SECOND).await;
    assert!(matches!(get(&cache, &server).await, Err(TokenError::Paused { wait: None, .. })));
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_are_tried_once() {
    let (cache, server) = (cache(), Server::failing(LoginPause::Forever));
    for _ in 0..20 {
        assert!(get(&cache, &server).await.is_err());
        tokio::time::advance(3600 * SECOND).await;
    }
    assert_eq!(server.logins(), 1);
    *server.fail.lock().unwrap() = None;
    cache.clear();
    assert_eq!(get(&cache, &server).await.unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_with_repeated_failures() {
    let (cache, server) = (cache(), Server::failing(LoginPause::Backoff));
    let start = Instant::now();
    let mut at = Vec::new();
    while at.len() < 4 {
        let before = server.logins();
        let _ = get(&cache, &server).await;
        if server.logins() > before {
            at.push(start.elapsed().as_secs());
        }
        tokio::time::advance(SECOND).await;
    }
    let pauses: Vec<u64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses[0] >= 30 && pauses[1] >= 60 && pauses[2] >= 120, "{pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn a_login_that_was_not_sent_has_no_pause() {
    let cache: Cache = TokenCache::new(TokenPolicy::new().with_max_logins(1, 60 * SECOND));
    let server = Server::failing(LoginPause::None);
    for _ in 0..5 {
        assert!(matches!(get(&cache, &server).await, Err(TokenError::Refused(_))));
    }
    assert_eq!(server.logins(), 5);
}

#[tokio::test(start_paused = true)]
async fn only_the_token_that_was_rejected_is_dropped() {
    let (cache, server) = (cache(), Server::default());
    let first = cache.get(|| server.login()).await.unwrap();
    cache.reject(&first);
    let second = cache.get(|| server.login()).await.unwrap();
    cache.reject(&first);
    assert_eq!(get(&cache, &server).await.unwrap(), *second.value());
    assert_eq!(server.logins(), 2);
}

#[derive(Debug, PartialEq)]
enum CallError {
    Rejected,
    NoToken,
}

impl From<TokenError<Refusal>> for CallError {
    fn from(_: TokenError<Refusal>) -> Self {
        Self::NoToken
    }
}

#[tokio::test(start_paused = true)]
async fn a_rejected_request_is_repeated_once() {
    let (cache, server) = (cache(), Server::default());
    let call = |good: u32| {
        let (cache, server) = (&cache, &server);
        async move {
            let mut used = Vec::new();
            let result = cache
                .call(
                    || server.login(),
                    |token| {
                        used.push(*token.value());
                        let accepted = *token.value() == good;
                        async move { if accepted { Ok(*token.value()) } else { Err(CallError::Rejected) } }
                    },
                    |result| *result == Err(CallError::Rejected),
                )
                .await;
            (result, used)
        }
    };
    assert_eq!(call(2).await, (Ok(2), vec![1, 2]));
    assert_eq!(call(9).await, (Err(CallError::Rejected), vec![2, 3]));
    assert_eq!(call(4).await, (Ok(4), vec![4]), "the last rejected token is not used again");
}

#[test]
fn debug_hides_the_token() {
    let cache: TokenCache<&str, Refusal> = TokenCache::new(TokenPolicy::new());
    cache.put(FreshToken::new("s3cret"));
    let token =
        futures_executor::block_on(cache.get(|| async { Err(LoginFailure::new(Refusal("no"), LoginPause::None)) }));
    let shown = format!("{cache:?} {token:?} {:?}", FreshToken::new("s3cret"));
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn the_pause_of_a_server_is_limited() {
    let cache: TokenCache<u32, &str> = TokenCache::new(TokenPolicy::new());
    let years = || async { Err(LoginFailure::new("busy", LoginPause::For(Duration::from_secs(999_999_999)))) };
    let good = || async { Ok(FreshToken::new(7)) };
    assert!(cache.get(years).await.is_err());
    let Err(TokenError::Paused { wait: Some(wait), .. }) = cache.get(good).await else { panic!("it did not pause") };
    assert!(wait <= Duration::from_secs(600), "{wait:?}");
    cache.retry_login(Duration::ZERO);
    assert!(cache.get(good).await.is_err(), "the server asked for this pause");
    tokio::time::advance(Duration::from_secs(601)).await;
    assert_eq!(*cache.get(good).await.unwrap().value(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_pause_without_end_ends_by_retry_login() {
    let cache: TokenCache<u32, &str> = TokenCache::new(TokenPolicy::new());
    let wrong = || async { Err(LoginFailure::new("wrong", LoginPause::Forever)) };
    let good = || async { Ok(FreshToken::new(7)) };
    assert!(cache.get(wrong).await.is_err());
    cache.retry_login(Duration::from_secs(60));
    assert!(matches!(cache.get(good).await, Err(TokenError::Paused { wait: None, .. })), "too soon");
    tokio::time::advance(Duration::from_secs(61)).await;
    cache.retry_login(Duration::from_secs(60));
    assert_eq!(*cache.get(good).await.unwrap().value(), 7);
}
