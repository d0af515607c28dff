//! From a log file to a collector over HTTP on the loopback interface.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;

use ipam_core::http::HttpOptions;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::*;
use crate::log::{LineFormat, SealedBatch, SpoolLimits};

/// Collector that keeps what it takes. It responds with these statuses, the last one again and again.
struct Server {
    url: String,
    bodies: Arc<Mutex<Vec<SealedBatch>>>,
}

impl Server {
    async fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/lab/", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&bodies);
        tokio::spawn(async move {
            let mut requests = 0;
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                // A client that was killed leaves half a request.
                let Some(body) = body(&mut stream).await else { continue };
                let status = statuses.get(requests).or(statuses.last()).unwrap();
                requests += 1;
                if *status == 200 {
                    taken.lock().unwrap().push(serde_json::from_str(&body).unwrap());
                }
                let response = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(response.as_bytes()).await;
            }
        });
        Self { url, bodies }
    }

    fn entries(&self, secret: &SecretString) -> Vec<Entry> {
        let bodies = self.bodies.lock().unwrap();
        bodies.iter().flat_map(|sealed| sealed.open(secret).unwrap().entries).collect()
    }
}

/// Body of a request; `None` if it does not come to its end.
async fn body(stream: &mut tokio::net::TcpStream) -> Option<String> {
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.ok().filter(|length| *length > 0)?;
        request.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
        if body.len() >= length.parse().ok()? {
            return Some(body.to_owned());
        }
    }
}

fn forwarder(directory: &Path, server: &Server, public: &str) -> Forwarder {
    let spool = Spool::open(&directory.join("spool"), SpoolLimits::default()).unwrap();
    let collector = Collector::new(&server.url, HttpOptions::new().with_allow_http(true)).unwrap();
    let format = LineFormat::new("lab: ").with_time_zone("UTC").unwrap();
    let source = LogSource::file(directory.join("kern.log"), format);
    let key = CollectorKey::from_base64(public).unwrap();
    Forwarder::new(source, "alice", key, spool, collector).with_batches(10, Duration::from_millis(20))
}

fn append(directory: &Path, hosts: std::ops::Range<u8>) {
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(directory.join("kern.log")).unwrap();
    for host in hosts {
        writeln!(file, "2026-11-29T12:00:00Z gw kernel: lab: IN=a OUT=b SRC=10.0.0.{host} DST=192.0.2.1 PROTO=TCP")
            .unwrap();
        writeln!(file, "2026-11-29T12:00:00Z gw kernel: something else").unwrap();
    }
}

fn hosts(entries: &[Entry]) -> Vec<String> {
    let record = |entry: &Entry| match entry {
        Entry::Record(record) => {
            assert_eq!((record.time, record.user.as_str()), (1_795_953_600, "alice"));
            record.source.to_string()
        }
        Entry::Notice(notice) => panic!("{notice:?}"),
    };
    entries.iter().map(record).collect()
}

fn expected(range: std::ops::Range<u8>) -> Vec<String> {
    range.map(|host| format!("10.0.0.{host}")).collect()
}

/// Waits until the end of the log is known, and saved.
async fn started(directory: &Path) {
    while !directory.join("spool/state.json").exists() {
        sleep(Duration::from_millis(5)).await;
    }
}

async fn until(state: &mut watch::Receiver<LogState>, reached: impl FnMut(&LogState) -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(30), state.wait_for(reached)).await;
    assert!(waited.is_ok(), "not reached");
}

#[tokio::test]
async fn records_arrive_once_over_restarts_and_a_collector_that_is_away() {
    let directory = tempfile::tempdir().unwrap();
    let (secret, public) = CollectorKey::generate();
    append(directory.path(), 1..2);
    // Down at first.
    let server = Server::start(&[503, 200]).await;
    let forwarder = forwarder(directory.path(), &server, &public);
    let mut state = forwarder.state();
    let (stop, stopped) = oneshot::channel::<()>();
    let run = tokio::spawn(forwarder.run(async { drop(stopped.await) }));
    // What was in the file before the first start is not sent.
    started(directory.path()).await;
    append(directory.path(), 2..40);
    until(&mut state, |state| state.sending.is_some()).await;
    until(&mut state, |state| state.records == 38 && state.waiting == 0).await;
    assert_eq!(hosts(&server.entries(&secret)), expected(2..40));
    drop(stop);
    run.await.unwrap();

    // Written while the gateway is down, and killed in the middle.
    append(directory.path(), 40..60);
    let killed = self::forwarder(directory.path(), &server, &public);
    let mut state = killed.state();
    let run = tokio::spawn(killed.run(std::future::pending()));
    until(&mut state, |state| state.records > 0).await;
    run.abort();
    let _ = run.await;
    append(directory.path(), 60..80);
    let last = loop {
        // The aborted one may still write to its disk.
        match Spool::open(&directory.path().join("spool"), SpoolLimits::default()) {
            Ok(spool) => {
                drop(spool);
                break self::forwarder(directory.path(), &server, &public);
            }
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    };
    let run = tokio::spawn(last.run(std::future::pending()));
    let deadline = Instant::now() + Duration::from_secs(30);
    // A batch may arrive twice: by its id only once.
    let arrived = || {
        let mut ids = std::collections::BTreeSet::new();
        server.bodies.lock().unwrap().retain(|sealed| ids.insert(sealed.id.clone()));
        server.entries(&secret).len()
    };
    while arrived() < 78 && Instant::now() < deadline {
        sleep(Duration::from_millis(10)).await;
    }
    run.abort();
    assert_eq!(hosts(&server.entries(&secret)), expected(2..80));
}

#[tokio::test]
async fn a_batch_that_is_refused_for_good_is_counted_and_reported() {
    let directory = tempfile::tempdir().unwrap();
    let (secret, public) = CollectorKey::generate();
    append(directory.path(), 0..0);
    let server = Server::start(&[400, 200]).await;
    let forwarder = forwarder(directory.path(), &server, &public);
    let mut state = forwarder.state();
    let run = tokio::spawn(forwarder.run(std::future::pending()));
    started(directory.path()).await;
    append(directory.path(), 1..4);
    until(&mut state, |state| state.dropped == 3).await;
    append(directory.path(), 4..5);
    until(&mut state, |state| state.sent == 1).await;
    run.abort();
    let entries = server.entries(&secret);
    assert_eq!(hosts(&entries[..1]), expected(4..5));
    assert!(matches!(&entries[1], Entry::Notice(Notice { lost: Loss::Spool, count: Some(3), .. })), "{entries:?}");
}
