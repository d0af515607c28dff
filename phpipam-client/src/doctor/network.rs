//! Name resolution and TCP connections, without HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::check::Check;
use super::report::{Finding, Report};
use super::url::Place;

/// Largest number of addresses that are tried.
const MAX_ADDRESSES: usize = 8;
/// Longest time of one connection.
const CONNECT: Duration = Duration::from_secs(5);

/// Problems of the network, which are errors only if HTTP does not work either: a proxy may know another way.
pub(super) type Problems = Vec<Finding>;

/// Resolves the host name.
pub(super) async fn resolve(place: &Place, report: &mut Report) -> Problems {
    let Place { host, port, .. } = place;
    let reason = match lookup_host((host.as_str(), *port)).await {
        Ok(addresses) => {
            for address in addresses {
                if !report.facts.addresses.contains(&address) {
                    report.facts.addresses.push(address);
                }
            }
            if !report.facts.addresses.is_empty() {
                return Vec::new();
            }
            "it has no address".to_owned()
        }
        Err(error) => error.to_string(),
    };
    let message = format!("the host name does not resolve on this host: {reason}");
    let remedy = "correct the name in the URL, or this host's name servers (/etc/resolv.conf, /etc/hosts)";
    vec![Finding::new(Check::DnsFailed, host, message, remedy)]
}

/// Connects to each address.
pub(super) async fn connect(report: &mut Report) -> Problems {
    let addresses: Vec<SocketAddr> = report.facts.addresses.iter().copied().take(MAX_ADDRESSES).collect();
    let tries = addresses.iter().map(|address| async move {
        match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some((*address, error.to_string())),
            Err(_) => Some((*address, format!("no response within {} s", CONNECT.as_secs()))),
        }
    });
    let failed: Vec<_> = futures_util::future::join_all(tries).await.into_iter().flatten().collect();
    let all = failed.len() == addresses.len();
    let mut problems = Vec::new();
    for (address, reason) in failed {
        let message = format!("no TCP connection: {reason}");
        if all {
            let remedy = "see that the web server runs and listens on this port, and that no firewall is in between";
            problems.push(Finding::new(Check::Unreachable, address, message, remedy));
        } else {
            let remedy = "correct the address of the host name, or the server behind it: connections may wait for it";
            report.add(Finding::new(Check::AddressUnreachable, address, message, remedy));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_address_that_does_not_respond_is_a_warning_beside_one_that_does() {
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut report = Report::new();
        report.facts.addresses = vec![open.local_addr().unwrap(), closed];
        assert_eq!(connect(&mut report).await, []);
        let [finding] = report.findings.as_slice() else { unreachable!("{report:?}") };
        assert_eq!((finding.check, finding.what.clone()), (Check::AddressUnreachable, closed.to_string()));
        report.facts.addresses = vec![closed];
        let problems = connect(&mut report).await;
        assert_eq!(problems.first().map(|problem| problem.check), Some(Check::Unreachable));
    }
}
