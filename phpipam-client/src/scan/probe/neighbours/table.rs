//! Neighbour table of the kernel.

use std::io::{self, Read, Write};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::netlink::{self, Neighbour, Part};

/// Number of the address family (`AF_NETLINK`).
const NETLINK: i32 = 16;
/// Number of the protocol (`NETLINK_ROUTE`).
const ROUTE: i32 = 0;
/// Size of a buffer that holds any datagram of the kernel.
const BUFFER: usize = 1 << 16;
/// Largest number of entries; the kernel's own limit is 1 024 by default.
const MAX_ENTRIES: usize = 1 << 20;
/// Times to read the table if it changes meanwhile.
const TRIES: u32 = 3;

/// Returns the entries of both address families. Any user may read them.
///
/// An entry that changes meanwhile may be missing.
///
/// # Errors
/// The error of the socket, such as `EAFNOSUPPORT` where a sandbox permits no sockets of netlink.
pub(super) fn read() -> io::Result<Vec<Neighbour>> {
    let mut table = Vec::new();
    for sequence in 1..=TRIES {
        table.clear();
        if !dump(sequence, &mut table)? {
            break;
        }
    }
    Ok(table)
}

/// Reads the table once. Returns true if it changed meanwhile.
fn dump(sequence: u32, table: &mut Vec<Neighbour>) -> io::Result<bool> {
    let mut socket = Socket::new(Domain::from(NETLINK), Type::RAW, Some(Protocol::from(ROUTE)))?;
    socket.set_read_timeout(Some(Duration::from_secs(5)))?;
    // Without a destination, a datagram goes to the kernel; and only the kernel may send to a port of another process.
    socket.write_all(&netlink::request(sequence))?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let length = socket.read(&mut buffer)?;
        match netlink::read(buffer.get(..length).unwrap_or_default(), sequence, table) {
            Part::More if length == 0 || table.len() > MAX_ENTRIES => {
                return Err(io::Error::other("the neighbour table has no end"));
            }
            Part::More => {}
            Part::Done(interrupted) => return Ok(interrupted),
            Part::Refused(code) => return Err(io::Error::from_raw_os_error(code)),
        }
    }
}
