//! Network between one process and the server: delays, lost requests and responses, requests that arrive late, lists in
//! another order, and a clock of the process that differs from those of others.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// Random numbers that threads share.
pub(crate) struct Dice(AtomicU64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// Returns a number below `bound`.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        let mut mix = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        mix = (mix ^ (mix >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mix = (mix ^ (mix >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mix ^ (mix >> 31)) % bound
    }
}

struct Shared {
    server: SocketAddr,
    /// Seconds by which the clock of the process is ahead.
    skew: i64,
    dice: Dice,
    ended: AtomicBool,
}

/// Network of one process. It ends when it is dropped.
pub(crate) struct Wire {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Wire {
    pub(crate) fn start(server: SocketAddr, skew: i64, seed: u64) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { server, skew, dice: Dice::new(seed), ended: AtomicBool::new(false) });
        let of_thread = Arc::clone(&shared);
        spawn(move || {
            for stream in listener.incoming() {
                if of_thread.ended.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&of_thread);
                // A connection that is cut is what this is for.
                spawn(move || stream.ok().and_then(|stream| serve(&shared, stream)));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(self.address));
    }
}

/// Reads a message: its head and its body. [`None`] at the end of the connection.
fn message(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end + 4]).into_owned();
            let length = head.lines().filter_map(|line| line.split_once(':'));
            let mut length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length: usize = length.next_back().map_or(0, |(_, value)| value.trim().parse().unwrap());
            while bytes.len() < end + 4 + length {
                match stream.read(&mut chunk).ok()? {
                    0 => return None,
                    read => bytes.extend_from_slice(&chunk[..read]),
                }
            }
            return Some((head, bytes.split_off(end + 4)));
        }
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            read => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

fn serve(shared: &Shared, mut client: TcpStream) -> Option<()> {
    loop {
        let (head, mut body) = message(&mut client)?;
        move_times(&mut body, shared.skew);
        sleep(Duration::from_micros(shared.dice.below(12_000)));
        let is_login = head.contains("/login");
        let mut late = false;
        match shared.dice.below(1000) {
            0..8 if !is_login => return None,
            8..14 if !is_login => {
                // The client believes it lost, and it is carried out later.
                client.shutdown(Shutdown::Both).ok()?;
                sleep(Duration::from_millis(shared.dice.below(250)));
                late = true;
            }
            14..18 if head.starts_with("GET") && head.contains("/request-tracker/") => {
                client.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").ok()?;
                continue;
            }
            _ => {}
        }
        let lost = shared.dice.below(1000) < 8 && !is_login;
        let mut server = TcpStream::connect(shared.server).ok()?;
        server.write_all(head.as_bytes()).ok()?;
        server.write_all(&body).ok()?;
        let (response, mut rows) = message(&mut server)?;
        if lost || late {
            return None;
        }
        sleep(Duration::from_micros(shared.dice.below(6_000)));
        move_times(&mut rows, -shared.skew);
        if head.starts_with("GET") && head.contains("/ip-addresses") {
            shuffle(&shared.dice, &mut rows);
        }
        client.write_all(response.as_bytes()).ok()?;
        client.write_all(&rows).ok()?;
    }
}

/// Moves the times in marks, so that the process writes and reads them as if its clock were ahead.
fn move_times(body: &mut [u8], skew: i64) {
    const NAME: &[u8] = br#"\"at\":"#;
    let places: Vec<usize> =
        body.windows(NAME.len()).enumerate().filter(|(_, part)| *part == NAME).map(|(at, _)| at + NAME.len()).collect();
    for place in places {
        let digits = &mut body[place..place + 10];
        let time: i64 = std::str::from_utf8(digits).unwrap().parse().unwrap();
        digits.copy_from_slice((time + skew).to_string().as_bytes());
    }
}

/// Changes the order of the rows of a page. Its length stays.
fn shuffle(dice: &Dice, body: &mut Vec<u8>) {
    let Ok(mut page) = serde_json::from_slice::<serde_json::Value>(body) else { return };
    let Some(rows) = page["content"].as_array_mut() else { return };
    for last in (1..rows.len()).rev() {
        rows.swap(last, usize::try_from(dice.below(last as u64 + 1)).unwrap());
    }
    let text = page.to_string().into_bytes();
    // The same members in another order; another length would be a mistake of this function.
    assert_eq!(text.len(), body.len(), "{}", String::from_utf8_lossy(body));
    *body = text;
}
