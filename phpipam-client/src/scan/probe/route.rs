//! Routes: whether packets to an address would leave this machine.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Checks that there is a route to each of these addresses. Nothing is sent.
///
/// A probe program may count an address without a route as one that is silent.
pub(super) fn check(addresses: impl IntoIterator<Item = IpAddr>) -> Result<(), String> {
    for address in addresses {
        to(address)
            .map_err(|error| format!("no packet can be sent to {address}: {error}; check the scanner's routes"))?;
    }
    Ok(())
}

fn to(address: IpAddr) -> io::Result<()> {
    let from = match address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    // Connecting a datagram socket looks the route up, and sends nothing. The port is the discard service's.
    match UdpSocket::bind((from, 0))?.connect((address, 9)) {
        // A broadcast address has a route, and only a permission is missing.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && address.is_ipv4() => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn this_machine_has_a_route_and_a_reserved_address_has_none() {
        assert_eq!(check(["127.0.0.1".parse().unwrap(), "127.255.255.254".parse().unwrap()]), Ok(()));
        // Addresses of class E were never assigned, and Linux accepts them; 0.0.0.0/8 is this machine. A link-local
        // address without its interface has no route anywhere.
        let reason = check(["fe80::1".parse().unwrap()]).unwrap_err();
        assert!(reason.contains("fe80::1") && reason.contains("routes"), "{reason}");
    }
}
