//! Door to a server outside: its address on the loopback interface leads there from inside, too.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;

/// Opens the door: what connects to the socket at this path talks to the server. Called outside.
pub(super) fn open(path: &Path, server: SocketAddr) {
    let listener = UnixListener::bind(path).expect("a socket for the door");
    // The thread ends with the process of the test.
    thread::spawn(move || {
        for inside in listener.incoming() {
            let both = inside.and_then(|inside| Ok((TcpStream::connect(server)?, inside)));
            // A server that is away shows inside as a connection that ends.
            if let Ok((outside, inside)) = both {
                pass(outside, inside);
            }
        }
    });
}

/// Lets the server's address lead through the door. Called inside, where that address is free.
pub(super) fn enter(path: &Path, server: SocketAddr) {
    let listener = TcpListener::bind(server).expect("the server's address, inside");
    let path = path.to_owned();
    thread::spawn(move || {
        for client in listener.incoming() {
            let both = client.and_then(|client| Ok((client, UnixStream::connect(&path)?)));
            if let Ok((client, door)) = both {
                pass(client, door);
            }
        }
    });
}

/// Copies both ways until each side has ended.
fn pass(tcp: TcpStream, unix: UnixStream) {
    let (from_tcp, from_unix) = (tcp.try_clone().expect("a socket"), unix.try_clone().expect("a socket"));
    thread::spawn(move || {
        let _ = io::copy(&mut &from_tcp, &mut &unix);
        let _ = unix.shutdown(Shutdown::Write);
    });
    thread::spawn(move || {
        let _ = io::copy(&mut &from_unix, &mut &tcp);
        let _ = tcp.shutdown(Shutdown::Write);
    });
}
