//! Echo requests and TCP connections from this process.

mod echo;
mod kind;
mod pace;
mod tcp;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use ipnet::IpNet;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use self::echo::{Asked, EchoPort};
pub use self::kind::EchoSocket;
use self::pace::Pace;
use self::tcp::Connections;
use super::neighbours::{self, State};
use super::{Probe, ProbeTarget, route};
use crate::scan::{Coverage, Evidence, Host, Observation};

/// Packets a second by default. The kernel's neighbour table has 1 024 places, and each silent address of a local network
/// holds one for three seconds.
const RATE: u32 = 300;
/// Wait for replies after the last request of a round.
const WAIT: Duration = Duration::from_secs(1);
/// Wait for a connection. The kernel repeats its request after one second.
const CONNECT_WAIT: Duration = Duration::from_secs(2);
/// Longest run by default.
const TIME_LIMIT: Duration = Duration::from_secs(30 * 60);
/// Ports by default: SSH, the web, and Windows.
const PORTS: [u16; 4] = [22, 80, 443, 445];

/// Probe that sends echo requests, and opens TCP connections to the addresses that do not reply to them. It needs no program.
///
/// - A silent address is asked twice by each way before it counts as silent. On the scanner's own network, an address that
///   did not even reply to ARP or neighbour discovery is not asked by TCP.
/// - A port that refuses a connection is evidence. An ICMP message of a router on the way, such as "destination unreachable",
///   is none (on Linux; elsewhere a refusal may be the router's).
/// - The notes of the observation say which kind of socket sent the echo requests.
/// - An address is covered only if something was sent to it; if nothing was, the observation is incomplete. Without echo
///   requests, an address is covered only if it did not reply to ARP or neighbour discovery either: many hosts reply to
///   echo requests and drop connections.
/// - The addresses of the network and of broadcasts are not asked, unless they are listed. An IPv6 prefix is never swept.
///
/// Clones share the pace and the bound of open sockets, so that one probe serves several subnets at once.
///
/// ```
/// use phpipam_client::scan::{Evidence, Probe, ProbeTarget, SocketProbe};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let observation = SocketProbe::new().probe(&ProbeTarget::whole("127.0.0.1/32".parse()?)).await;
/// assert!(observation.host("127.0.0.1".parse()?).is_some(), "this machine replies to itself");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct SocketProbe {
    echo: EchoSocket,
    ports: Vec<u16>,
    wait: Duration,
    time_limit: Duration,
    pace: Arc<Pace>,
    sockets: Arc<Semaphore>,
    most: usize,
}

impl Default for SocketProbe {
    fn default() -> Self {
        Self::new()
    }
}

impl SocketProbe {
    /// Probe with any permitted kind of socket, ports 22, 80, 443 and 445, and 300 packets a second.
    #[must_use]
    pub fn new() -> Self {
        let most = pace::sockets();
        Self {
            echo: EchoSocket::Auto,
            ports: PORTS.to_vec(),
            wait: WAIT,
            time_limit: TIME_LIMIT,
            pace: Arc::new(Pace::new(RATE)),
            sockets: Arc::new(Semaphore::new(most)),
            most,
        }
    }

    /// Sets the kind of socket for echo requests.
    #[must_use]
    pub const fn with_echo(mut self, echo: EchoSocket) -> Self {
        self.echo = echo;
        self
    }

    /// Sets the TCP ports; none for echo requests only.
    #[must_use]
    pub fn with_ports(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        let ports: BTreeSet<u16> = ports.into_iter().filter(|port| *port != 0).collect();
        self.ports = ports.into_iter().collect();
        self
    }

    /// Sets the packets a second, 300 by default. A faster pace may overflow the kernel's neighbour table
    /// (`net.ipv4.neigh.default.gc_thresh3`), which drops requests without a word.
    #[must_use]
    pub fn with_rate(mut self, packets_a_second: u32) -> Self {
        self.pace = Arc::new(Pace::new(packets_a_second));
        self
    }

    /// Sets the wait for echo replies after the last request, one second by default.
    #[must_use]
    pub const fn with_wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Sets the longest run, half an hour by default.
    #[must_use]
    pub const fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Opens the socket for echo requests; `None` if TCP has to do. The note says which.
    fn open(&self, six: bool) -> Result<(Option<EchoPort>, String), String> {
        let kinds: &[EchoSocket] = match &self.echo {
            EchoSocket::Auto => &[EchoSocket::Datagram, EchoSocket::Raw],
            EchoSocket::Off if self.ports.is_empty() => {
                return Err("neither echo requests nor ports are chosen; set with_echo or with_ports".to_owned());
            }
            EchoSocket::Off => return Ok((None, "no echo requests, as configured: TCP connections only".to_owned())),
            one => std::slice::from_ref(one),
        };
        match EchoPort::open(six, kinds) {
            Ok(port) => {
                let note = format!("echo requests by {}", port.kind());
                Ok((Some(port), note))
            }
            Err(reasons) if self.echo == EchoSocket::Auto && !self.ports.is_empty() => Ok((
                None,
                format!(
                    "no echo requests ({reasons}): TCP connections only, so that a host beyond a router is never marked \
                     offline; run the scanner with CAP_NET_RAW, or set net.ipv4.ping_group_range"
                ),
            )),
            Err(reasons) => Err(format!(
                "no socket for echo requests ({reasons}); run the scanner with CAP_NET_RAW, or set net.ipv4.ping_group_range"
            )),
        }
    }

    async fn ask(&self, addresses: &[IpAddr], echo: Option<&EchoPort>, progress: &mut [Asked; 2]) {
        let [by_echo, by_tcp] = progress;
        if let Some(echo) = echo {
            // One repeat, because a packet may be lost, most of all while ARP resolves the address.
            for _ in 0..2 {
                if by_echo.count() < addresses.len() {
                    echo.round(addresses, by_echo, &self.pace, self.wait).await;
                }
            }
        }
        if self.ports.is_empty() {
            return;
        }
        let mut silent: BTreeSet<IpAddr> = addresses.iter().copied().filter(|address| !by_echo.has(address)).collect();
        if echo.is_some() && !silent.is_empty() {
            // Without a MAC address no connection can be made either. A table that cannot be read saves no time.
            for neighbour in neighbours::read().await.unwrap_or_default() {
                if matches!(neighbour.state, State::Silent) && by_echo.sent.contains(&neighbour.address) {
                    silent.remove(&neighbour.address);
                }
            }
        }
        let connections = Connections {
            ports: &self.ports,
            wait: CONNECT_WAIT,
            pace: &self.pace,
            sockets: &self.sockets,
            addresses: self.most / self.ports.len(),
        };
        connections.ask(&silent, by_tcp).await;
    }
}

#[async_trait]
impl Probe for SocketProbe {
    fn name(&self) -> &str {
        "sockets"
    }

    async fn probe(&self, target: &ProbeTarget) -> Observation {
        let net = target.net;
        let addresses = match target.asked() {
            Ok(addresses) => addresses,
            Err(error) => return Observation::incomplete(net, error.to_string()),
        };
        if addresses.is_empty() {
            return Observation::new(net, Coverage::Addresses(BTreeSet::new()), []);
        }
        let (echo, note) = match self.open(matches!(net, IpNet::V6(_))) {
            Ok(opened) => opened,
            Err(reason) => return Observation::incomplete(net, reason),
        };
        if let Err(reason) = route::check(addresses.first().into_iter().chain(addresses.last()).copied()) {
            return Observation::incomplete(net, reason);
        }
        let mut progress = [Asked::default(), Asked::default()];
        let ended = timeout(self.time_limit, self.ask(&addresses, echo.as_ref(), &mut progress)).await;
        let late = ended.is_err().then(|| {
            format!("the probe took longer than its time limit of {} s; divide the subnet", self.time_limit.as_secs())
        });
        let mut observation = observation(net, progress, late).with_note(note);
        if echo.is_none() {
            observation.limit_to(&neighbours::silent(net).await);
        }
        observation
    }
}

fn observation(net: IpNet, [mut by_echo, mut by_tcp]: [Asked; 2], late: Option<String>) -> Observation {
    let failure = by_echo.failure.take().or(by_tcp.failure.take());
    let mut sent = std::mem::take(&mut by_echo.sent);
    sent.append(&mut by_tcp.sent);
    let of = |asked: Asked, evidence: Evidence| {
        asked.into_found().into_iter().map(move |(address, seen)| Host::new(address, evidence, seen))
    };
    let hosts = of(by_echo, Evidence::Echo).chain(of(by_tcp, Evidence::Tcp));
    match (late, failure) {
        (Some(late), _) => Observation::new(net, Coverage::Incomplete(late), hosts),
        (None, Some(failure)) if sent.is_empty() => {
            Observation::new(net, Coverage::Incomplete(format!("nothing could be sent: {failure}")), hosts)
        }
        (None, Some(failure)) => Observation::new(net, Coverage::Addresses(sent), hosts)
            .with_note(format!("addresses to which nothing could be sent are left out: {failure}")),
        (None, None) => Observation::new(net, Coverage::Addresses(sent), hosts),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn asked(sent: &[&str], found: &[&str], failure: Option<&str>) -> Asked {
        let mut asked = Asked::default();
        asked.sent = sent.iter().map(|address| address.parse().unwrap()).collect();
        asked.failure = failure.map(str::to_owned);
        found.iter().for_each(|address| asked.reply(address.parse().unwrap()));
        asked
    }

    fn net() -> IpNet {
        "10.0.0.0/24".parse().unwrap()
    }

    #[test]
    fn only_what_was_sent_to_is_covered() {
        let progress = [asked(&["10.0.0.5"], &["10.0.0.5"], None), asked(&["10.0.0.6"], &[], Some("no route"))];
        let observation = observation(net(), progress, None);
        assert!(observation.covers("10.0.0.6".parse().unwrap()) && !observation.covers("10.0.0.7".parse().unwrap()));
        assert!(observation.notes[0].contains("no route"), "{:?}", observation.notes);
        assert_eq!(observation.hosts.len(), 1);
    }

    #[test]
    fn a_probe_that_sent_nothing_or_ended_late_covers_nothing() {
        let nothing = observation(net(), [asked(&[], &[], Some("no route")), Asked::default()], None);
        assert!(matches!(&nothing.coverage, Coverage::Incomplete(reason) if reason.contains("no route")));
        let late =
            observation(net(), [asked(&["10.0.0.5"], &["10.0.0.5"], None), Asked::default()], Some("late".into()));
        assert_eq!((late.hosts.len(), &late.coverage), (1, &Coverage::Incomplete("late".into())));
    }

    #[tokio::test]
    async fn a_refused_target_opens_no_socket() {
        for net in ["10.0.0.0/15", "2001:db8::/64"] {
            let observation = SocketProbe::new().probe(&ProbeTarget::whole(net.parse().unwrap())).await;
            assert!(matches!(observation.coverage, Coverage::Incomplete(_)), "{observation:?}");
            assert!(observation.notes.is_empty(), "a note says which socket was opened: {:?}", observation.notes);
        }
    }

    #[tokio::test]
    async fn addresses_of_this_machine_are_found_without_any_right() {
        let probe = SocketProbe::new().with_echo(EchoSocket::Off);
        let observation = probe.probe(&ProbeTarget::whole("127.0.0.0/30".parse().unwrap())).await;
        assert_eq!(observation.hosts.len(), 2, "{observation:?}");
        assert!(observation.hosts.iter().all(|host| host.evidence == [Evidence::Tcp].into()));
        assert!(!observation.covers("127.0.0.3".parse().unwrap()), "no broadcast is asked");
    }

    #[tokio::test]
    async fn without_ports_and_echo_there_is_nothing_to_ask_with() {
        let probe = SocketProbe::new().with_echo(EchoSocket::Off).with_ports([]);
        let observation = probe.probe(&ProbeTarget::whole("127.0.0.1/32".parse().unwrap())).await;
        assert!(
            matches!(&observation.coverage, Coverage::Incomplete(reason) if reason.contains("with_ports")),
            "{observation:?}"
        );
    }
}
