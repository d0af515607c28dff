//! Connections that the kernel tracks: the end of those that a removed rule let in.

mod wire;

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use nix::errno::Errno;
use tokio::time::timeout;

use super::{FirewallError, Rule};
use crate::netfilter::{Netfilter, is_loss};
use wire::Part;

/// Longest time of one round. A full table of 262 144 connections is read in a fraction of it.
const LIMIT: Duration = Duration::from_secs(10);
/// Connections that one round keeps in memory and ends. Further rounds follow.
const AT_ONCE: usize = 10_000;
/// A table that changes all the time is read again at most this often.
const ROUNDS: usize = 20;

/// Ends the connections that came in by these rules. Returns how many there were.
///
/// The next packet of such a connection belongs to none: at the gateway the kernel refuses it with a reset.
pub(super) async fn end(rules: &[Rule]) -> Result<usize, FirewallError> {
    let rules: BTreeSet<Rule> = rules.iter().copied().collect();
    if rules.is_empty() {
        return Ok(0);
    }
    let mut ended = 0;
    for _ in 0..ROUNDS {
        let round = timeout(LIMIT, round(&rules)).await;
        let round =
            round.map_err(|_| FirewallError::Unknown(format!("connections were not ended within {LIMIT:?}")))?;
        match round {
            Ok(round) => {
                ended += round.ended;
                if round.complete {
                    return Ok(ended);
                }
            }
            // The table was larger than the buffer; what was read is a part.
            Err(error) if is_loss(&error) || error.raw_os_error() == Some(Errno::EINTR as i32) => {}
            Err(error) => return Err(fault(&error, &rules)),
        }
    }
    Err(FirewallError::Unknown(format!("after {ROUNDS} rounds there were still connections to end")))
}

/// Checks that connections can be read. Changes nothing.
pub(super) async fn check() -> Result<(), FirewallError> {
    let nothing = BTreeSet::from([Rule::new(0, std::net::SocketAddrV4::new(std::net::Ipv4Addr::UNSPECIFIED, 0))]);
    let round = timeout(LIMIT, round(&nothing)).await;
    match round.map_err(|_| FirewallError::Unavailable(format!("connections were not listed within {LIMIT:?}")))? {
        Err(error) if !is_loss(&error) => Err(fault(&error, &BTreeSet::new())),
        _ => Ok(()),
    }
}

struct Round {
    ended: usize,
    complete: bool,
}

/// Lists all connections, then ends those of the rules.
async fn round(rules: &BTreeSet<Rule>) -> io::Result<Round> {
    let mut socket = Netfilter::open()?;
    socket.set_receive_buffer(4 << 20);
    let number = socket.send(wire::list()).await?;
    let (mut found, mut complete) = (Vec::new(), true);
    'dump: loop {
        for message in socket.receive().await? {
            if message.header.sequence_number != number {
                continue;
            }
            match wire::part(&message)? {
                Part::Connection(connection) if rules.contains(&connection.rule) => {
                    if found.len() == AT_ONCE {
                        complete = false;
                    } else {
                        found.push(connection);
                    }
                }
                Part::Connection(_) | Part::Other => {}
                Part::End => break 'dump,
            }
        }
    }
    let mut ended = 0;
    for connection in found {
        match socket.request(wire::delete(&connection)).await {
            Ok(()) => ended += 1,
            // It ended by itself.
            Err(error) if error.raw_os_error() == Some(Errno::ENOENT as i32) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Round { ended, complete })
}

fn fault(error: &io::Error, rules: &BTreeSet<Rule>) -> FirewallError {
    // The same by hand, for an operator who cannot wait.
    let by_hand: Vec<String> =
        rules.iter().take(3).map(|rule| format!("conntrack -D -p tcp --orig-port-dst {}", rule.conn_port)).collect();
    let by_hand = if by_hand.is_empty() { String::new() } else { format!("; by hand: {}", by_hand.join("; ")) };
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EPERM | Errno::EACCES) => {
            FirewallError::Unavailable(format!("ending connections needs CAP_NET_ADMIN ({error}){by_hand}"))
        }
        Some(Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT | Errno::EINVAL | Errno::ENOENT) => {
            FirewallError::Unavailable(format!(
                "the kernel does not list connections ({error}); modprobe nf_conntrack_netlink{by_hand}"
            ))
        }
        _ => FirewallError::Unknown(format!("connections: {error}{by_hand}")),
    }
}
