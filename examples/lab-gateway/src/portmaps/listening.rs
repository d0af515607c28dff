//! Ports on which programs of the gateway itself listen. A map of such a port would hide the program.

use std::collections::BTreeSet;
use std::fs;

/// Tables of TCP sockets.
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];
/// State of a listening socket.
const LISTEN: &str = "0A";

/// Returns the TCP ports that programs listen on. Where the system does not tell, there are none.
pub(super) fn ports() -> BTreeSet<u16> {
    let table = |path: &&str| fs::read_to_string(path).ok();
    TABLES.iter().filter_map(table).flat_map(|table| table.lines().filter_map(port).collect::<Vec<_>>()).collect()
}

/// Reads a line such as `0: 0100007F:1F90 00000000:0000 0A …`.
fn port(line: &str) -> Option<u16> {
    let mut fields = line.split_whitespace().skip(1);
    let (local, _, state) = (fields.next()?, fields.next()?, fields.next()?);
    let (_, port) = local.rsplit_once(':')?;
    if state == LISTEN { u16::from_str_radix(port, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_listening_port_is_found_and_a_connected_one_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(ports().contains(&listener.local_addr().unwrap().port()));
        assert_eq!(port("   0: 0100007F:C351 00000000:0000 0A 00000000:00000000"), Some(50_001));
        assert_eq!(port("   0: 0100007F:C351 0100007F:1F90 01 00000000:00000000"), None);
        assert_eq!(port("  sl  local_address rem_address   st tx_queue"), None);
    }
}
