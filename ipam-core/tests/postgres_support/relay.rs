//! Relay between a provider and a server, which cuts connections, swallows bytes, or holds a message back.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipam_core::PostgresConfig;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;

use super::{Server, USER, unused};

/// End of a message that commits.
pub(crate) const COMMIT: &str = "COMMIT\0";

/// What happens to a message of a client.
#[derive(Debug)]
pub(crate) enum Fate {
    /// The connection breaks before the server has it.
    CutBefore,
    /// The connection breaks after the server has it. The server has the time to do it.
    CutAfter,
    /// The connection breaks as soon as the server has it.
    CutAtOnce,
    /// It gets lost, and so does all that follows on the connection, which stays open.
    SilentBefore,
    /// The server does it, but its response and all that follows get lost; the connection stays open.
    SilentAfter,
    /// It waits, until it is let go.
    Held(oneshot::Sender<()>, oneshot::Receiver<()>),
}

struct State {
    /// Next message with this text, and its fate.
    trap: Mutex<Option<(String, Fate)>>,
    silent: AtomicBool,
    target: Mutex<PathBuf>,
    /// Number of reads from clients: about one for each round trip.
    trips: AtomicUsize,
    /// Number of statements of clients.
    statements: AtomicUsize,
}

/// Messages of a client, which may come in parts.
#[derive(Default)]
struct Messages {
    /// True after the first message, which has no type.
    started: bool,
    /// Bytes of a header of which the rest has not come.
    header: Vec<u8>,
    /// Bytes that are left of the message.
    left: usize,
}

impl Messages {
    /// Takes in what was sent. Returns the number of statements that began in it.
    fn statements(&mut self, mut sent: &[u8]) -> usize {
        let mut statements = 0;
        while !sent.is_empty() {
            let skipped = self.left.min(sent.len());
            self.left -= skipped;
            sent = &sent[skipped..];
            let length = if self.started { 5 } else { 4 };
            let taken = (length - self.header.len()).min(sent.len());
            self.header.extend(&sent[..taken]);
            sent = &sent[taken..];
            if self.header.len() == length {
                // A statement with parameters is bound; the others come as text.
                statements += usize::from(self.started && matches!(self.header[0], b'B' | b'Q'));
                let size = self.header[length - 4..].try_into().map_or(0, u32::from_be_bytes);
                self.left = size as usize - 4;
                self.header.clear();
                self.started = true;
            }
        }
        statements
    }
}

/// Relay on a Unix socket.
pub(crate) struct Relay {
    directory: TempDir,
    state: Arc<State>,
}

/// Message that the relay holds back.
pub(crate) struct Held {
    reached: oneshot::Receiver<()>,
    go_on: oneshot::Sender<()>,
}

impl Held {
    /// Waits until the relay has the message.
    pub(crate) async fn reached(&mut self) {
        (&mut self.reached).await.expect("the relay runs");
    }

    /// Lets the message go.
    pub(crate) fn release(self) {
        self.go_on.send(()).expect("the relay runs");
    }
}

fn socket(directory: &Path) -> PathBuf {
    directory.join(".s.PGSQL.5432")
}

impl Relay {
    /// Starts a relay to a server, inside of the runtime.
    pub(crate) fn start(server: &Server) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let listener = UnixListener::bind(socket(directory.path())).expect("a socket");
        let state = Arc::new(State {
            trap: Mutex::new(None),
            silent: AtomicBool::new(false),
            target: Mutex::new(socket(server.directory())),
            trips: AtomicUsize::new(0),
            statements: AtomicUsize::new(0),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move { pass(client, &state).await });
            }
        });
        Self { directory, state }
    }

    /// Returns the settings for a schema that no other test uses, through the relay.
    pub(crate) fn fresh(&self) -> PostgresConfig {
        let host = self.directory.path().display().to_string();
        PostgresConfig::new(host, "postgres").with_user(USER).with_schema(unused("relayed"))
    }

    /// Sets the fate of the next message with this text.
    pub(crate) fn next(&self, text: &str, fate: Fate) {
        let before = self.state.trap.lock().unwrap().replace((text.to_owned(), fate));
        assert!(before.is_none(), "the last one was met: {before:?}");
    }

    /// Returns true if the message came whose fate was set last.
    pub(crate) fn is_met(&self) -> bool {
        self.state.trap.lock().unwrap().is_none()
    }

    /// Has the next message with this text held back.
    pub(crate) fn hold(&self, text: &str) -> Held {
        let (reach, reached) = oneshot::channel();
        let (go_on, going) = oneshot::channel();
        self.next(text, Fate::Held(reach, going));
        Held { reached, go_on }
    }

    /// Returns about the number of round trips since the last call.
    pub(crate) fn trips(&self) -> usize {
        self.state.trips.swap(0, Ordering::SeqCst)
    }

    /// Returns the number of statements since the last call.
    pub(crate) fn statements(&self) -> usize {
        self.state.statements.swap(0, Ordering::SeqCst)
    }

    /// Has everything swallowed, on all connections, or lets new connections through again.
    pub(crate) fn silence(&self, silent: bool) {
        self.state.silent.store(silent, Ordering::SeqCst);
    }

    /// Has new connections lead to another server.
    pub(crate) fn lead_to(&self, server: &Server) {
        *self.state.target.lock().unwrap() = socket(server.directory());
    }
}

impl State {
    fn is_silent(&self) -> bool {
        self.silent.load(Ordering::SeqCst)
    }

    fn fate(&self, sent: &[u8]) -> Option<Fate> {
        let mut trap = self.trap.lock().unwrap();
        let (text, _) = trap.as_ref()?;
        let text = text.as_bytes();
        if sent.windows(text.len()).any(|part| part == text) { trap.take().map(|(_, fate)| fate) } else { None }
    }
}

/// Passes the bytes of a connection on, as far as they may.
async fn pass(mut client: UnixStream, state: &State) {
    let target = state.target.lock().unwrap().clone();
    let Ok(mut server) = UnixStream::connect(target).await else { return };
    let (mut from_client, mut from_server) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let mut messages = Messages::default();
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let Ok(length @ 1..) = read else { return };
                state.trips.fetch_add(1, Ordering::SeqCst);
                state.statements.fetch_add(messages.statements(&from_client[..length]), Ordering::SeqCst);
                if state.is_silent() {
                    return swallow(client).await;
                }
                let sent = &from_client[..length];
                let fate = state.fate(sent);
                match &fate {
                    Some(Fate::CutBefore) => return,
                    Some(Fate::SilentBefore) => return swallow(client).await,
                    Some(_) | None => {}
                }
                if let Some(Fate::Held(reach, going)) = fate {
                    let _ = reach.send(());
                    let _ = going.await;
                    if server.write_all(sent).await.is_err() {
                        return;
                    }
                    continue;
                }
                if server.write_all(sent).await.is_err() {
                    return;
                }
                match fate {
                    Some(Fate::CutAfter) => return tokio::time::sleep(Duration::from_millis(200)).await,
                    Some(Fate::CutAtOnce) => return,
                    Some(Fate::SilentAfter) => return swallow(client).await,
                    _ => {}
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(length @ 1..) = read else { return };
                if state.is_silent() {
                    return swallow(client).await;
                }
                if client.write_all(&from_server[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Reads what a client sends, until it closes. The connection to the server is kept by the caller meanwhile.
async fn swallow(mut client: UnixStream) {
    let mut bytes = vec![0; 1 << 12];
    while client.read(&mut bytes).await.is_ok_and(|length| length > 0) {}
}
