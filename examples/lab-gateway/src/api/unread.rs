//! Requests whose head cannot be read. The HTTP library responds to them itself, with a bare status: there is no request that
//! it could hand on. This stream puts the envelope of the API in the place of that response.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::refusal::Refusal;
use super::reply;

/// Stream of one connection, which has one request.
#[derive(Debug)]
pub(super) struct Unread<S> {
    stream: S,
    /// Set when a request is handed on: what is written from then on is its response.
    handed_on: Arc<AtomicBool>,
    /// Response in the place of the library's, and how much of it is written.
    response: Option<(Vec<u8>, usize)>,
}

impl<S> Unread<S> {
    pub(super) fn new(stream: S, handed_on: Arc<AtomicBool>) -> Self {
        Self { stream, handed_on, response: None }
    }

    /// Returns the stream, if a response was put in the place of the library's.
    pub(super) fn replaced(self) -> Option<S> {
        self.response.is_some().then_some(self.stream)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Unread<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unread<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.handed_on.load(Ordering::Acquire) {
            return Pin::new(&mut this.stream).poll_write(cx, bytes);
        }
        let (response, written) = this.response.get_or_insert_with(|| (reply::text(&refusal(bytes)), 0));
        while let Some(rest @ [_, ..]) = response.get(*written..) {
            match ready!(Pin::new(&mut this.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                length => *written += length,
            }
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Reads the status of a bare response.
fn refusal(response: &[u8]) -> Refusal {
    let status = response.split(|byte| *byte == b' ').nth(1).and_then(|status| StatusCode::from_bytes(status).ok());
    match status {
        Some(status @ StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE) => {
            Refusal::new(status, "head_too_large", "the head of the request has more than 16 KiB, or 100 fields")
        }
        Some(status @ StatusCode::URI_TOO_LONG) => {
            Refusal::new(status, "uri_too_long", "the path and the arguments of the request are too long")
        }
        _ => Refusal::bad_request("no_http", "the head of the request is not HTTP/1.1, or a field of it is malformed"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn only_what_is_written_before_a_request_is_replaced() {
        // A pipe with little room, so that a response takes many writes.
        let (near, mut far) = duplex(7);
        let mut stream = Unread::new(near, Arc::default());
        let writing = async {
            stream.write_all(b"HTTP/1.1 431 Request Header Fields Too Large\r\n\r\n").await.unwrap();
            stream.write_all(b"more").await.unwrap();
            drop(stream.replaced().unwrap());
        };
        let mut text = String::new();
        let (read, ()) = tokio::join!(far.read_to_string(&mut text), writing);
        read.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 431 ") && head.contains(&format!("content-length: {}", body.len())),
            "{head}"
        );
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["content"]["type"], "head_too_large");

        let (near, mut far) = duplex(64);
        let mut stream = Unread::new(near, Arc::new(AtomicBool::new(true)));
        stream.write_all(b"HTTP/1.1 200 OK").await.unwrap();
        assert!(stream.replaced().is_none());
        let mut text = String::new();
        far.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "HTTP/1.1 200 OK");
    }
}
