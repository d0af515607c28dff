//! Requests of the relay: token first, then size, then content.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use phpipam_client::scan::{RelayReport, Status, SubnetReport};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::current::Current;
use super::reply::{Refusal, respond};
use crate::agent::tables;
use crate::output::print_line;
use crate::progress::note;

/// Longest time for a body.
const BODY: Duration = Duration::from_secs(60);
/// Reports that are in memory and applied at once.
const REPORTS: usize = 4;
/// Longest wait for one of these places.
const WAIT: Duration = Duration::from_secs(30);
/// Longest time, and most bytes, of the rest of a refused body. It is read, because a connection that is closed with unread
/// data loses the response.
const REST: (Duration, usize) = (Duration::from_secs(2), 32 << 20);

/// State that the requests share.
pub(super) struct Site {
    relay: Current,
    token: SecretString,
    max_body: usize,
    reports: Semaphore,
    as_json: bool,
    /// True once a report could not be printed.
    lost_output: AtomicBool,
}

impl Site {
    pub(super) fn new(relay: Current, token: SecretString, max_body: usize, as_json: bool) -> Self {
        Self { relay, token, max_body, reports: Semaphore::new(REPORTS), as_json, lost_output: AtomicBool::new(false) }
    }

    /// Returns true if a report was applied that could not be printed.
    pub(super) fn lost_output(&self) -> bool {
        self.lost_output.load(Ordering::Relaxed)
    }

    /// Responds to a request, and logs it. `at_work` becomes true when the request has the right token.
    pub(super) async fn respond(
        &self,
        peer: SocketAddr,
        request: Request<Incoming>,
        at_work: &AtomicBool,
    ) -> Response<Full<Bytes>> {
        match self.receive(request, at_work).await {
            Ok(report) => {
                self.log(peer, &report);
                // A scanner sends the report again then, and what is written already is left as it is.
                let status = if report.status == Status::Failed { StatusCode::BAD_GATEWAY } else { StatusCode::OK };
                respond(status, &report)
            }
            Err(refusal) => {
                note(format_args!("{peer}: refused ({}): {}", refusal.status().as_u16(), refusal.message(false)));
                refusal.response()
            }
        }
    }

    async fn receive(&self, request: Request<Incoming>, at_work: &AtomicBool) -> Result<SubnetReport, Refusal> {
        let (head, mut body) = request.into_parts();
        let refusal = if !self.is_authorised(&head.headers) {
            Some(Refusal::Token)
        } else if head.uri.path() != "/" {
            Some(Refusal::Path)
        } else if head.method != Method::POST {
            Some(Refusal::Method)
        } else if body.size_hint().lower() > self.max_body as u64 {
            Some(Refusal::TooLarge(self.max_body))
        } else {
            None
        };
        if let Some(refusal) = refusal {
            discard(&mut body).await;
            return Err(refusal);
        }
        at_work.store(true, Ordering::Relaxed);
        let place = timeout(WAIT, self.reports.acquire()).await;
        let Ok(Ok(_place)) = place else { return Err(Refusal::Busy) };
        let read = timeout(BODY, Limited::new(&mut body, self.max_body).collect()).await;
        let bytes = match read {
            Ok(Ok(collected)) => collected.to_bytes(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                discard(&mut body).await;
                return Err(Refusal::TooLarge(self.max_body));
            }
            Ok(Err(error)) => return Err(Refusal::Body(error.to_string())),
            Err(_) => return Err(Refusal::Body(format!("it took longer than {} s", BODY.as_secs()))),
        };
        let report = RelayReport::parse(&bytes).map_err(Refusal::Report)?;
        // Its text may be sixteen times a /16 in memory.
        drop(bytes);
        self.relay.relay().await.receive(&report).await.map_err(Refusal::Report)
    }

    /// Compares the token in a time that does not depend on where the first difference is.
    fn is_authorised(&self, headers: &HeaderMap) -> bool {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (given.next(), given.next()) else { return false };
        let Some((scheme, token)) = value.as_bytes().split_at_checked(7) else { return false };
        scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(token.ct_eq(self.token.expose_secret().as_bytes()))
    }

    fn log(&self, peer: SocketAddr, report: &SubnetReport) {
        if self.as_json {
            let printed = serde_json::to_string(report).map_err(Into::into).and_then(|json| print_line(&json));
            if let Err(error) = printed {
                // The scanner gets its response in any case; the relay's end tells it.
                self.lost_output.store(true, Ordering::Relaxed);
                crate::progress::print(format_args!("a report cannot be written: {error}"));
            }
            return;
        }
        note(format_args!("{peer}: {}", tables::line(report)));
        for reason in report.withheld.iter().chain(&report.error).chain(&report.failures) {
            note(format_args!("{}: {reason}", report.net));
        }
    }
}

/// Reads the rest of a body, within limits.
async fn discard(body: &mut Incoming) {
    let (time, most) = REST;
    let rest = async {
        let mut seen = 0;
        while let Some(Ok(frame)) = body.frame().await {
            seen += frame.data_ref().map_or(0, Bytes::len);
            if seen > most {
                break;
            }
        }
    };
    let _ = timeout(time, rest).await;
}
