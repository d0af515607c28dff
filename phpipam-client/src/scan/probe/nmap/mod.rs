//! nmap as a probe.

mod output;
mod process;
mod rights;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ipnet::IpNet;
use tokio::process::Command;

use self::process::{End, run};
use super::{Probe, ProbeTarget, neighbours, route};
use crate::scan::{Coverage, Observation};

/// Longest run by default.
const TIME_LIMIT: Duration = Duration::from_secs(30 * 60);
/// Largest report. That of a /16 whose hosts all reply has 30 MiB.
const MAX_OUTPUT: usize = 64 << 20;

/// Kind of sockets that nmap uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NmapSockets {
    /// Raw sockets if the process may hand them on (root, or the ambient capability `CAP_NET_RAW`), else TCP connections.
    #[default]
    Auto,
    /// Raw sockets: ARP and neighbour discovery with MAC addresses, echo and TCP. A run fails where they are not permitted.
    Raw,
    /// TCP connections only, to ports 80 and 443. There are no MAC addresses then.
    Connect,
}

/// Probe that runs `nmap -sn`.
///
/// nmap never resolves names here (`-n`): see [`ReverseLookup`](crate::scan::ReverseLookup). It is given the prefix, or the
/// listed addresses, and nothing else. The run, with all that it started, ends with the future, and at the time limit.
///
/// Without raw sockets, only an address that did not reply to ARP or neighbour discovery is covered.
///
/// An observation is incomplete, and gives the reason, if nmap is missing, fails, is killed, reaches the time limit, has no
/// route to an address, or reports on fewer addresses than it was given; what was found until then counts.
///
/// ```
/// use std::time::Duration;
///
/// use phpipam_client::scan::{Coverage, NmapProbe, Probe, ProbeTarget};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let probe = NmapProbe::new().with_program("/nonexistent/nmap").with_time_limit(Duration::from_secs(60));
/// assert!(probe.check().await.is_err());
/// let observation = probe.probe(&ProbeTarget::whole("127.0.0.1/32".parse()?)).await;
/// assert!(matches!(observation.coverage, Coverage::Incomplete(reason) if reason.contains("install nmap")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct NmapProbe {
    program: OsString,
    sockets: NmapSockets,
    time_limit: Duration,
    host_timeout: Option<Duration>,
    max_retries: Option<u8>,
    rates: [Option<u32>; 2],
}

/// Error for an nmap that cannot be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{program} cannot be started ({reason}); install nmap, name its path, or choose the probe of sockets")]
#[non_exhaustive]
pub struct NmapMissing {
    /// Program.
    pub program: String,
    /// Reason of the operating system.
    pub reason: String,
}

impl Default for NmapProbe {
    fn default() -> Self {
        Self::new()
    }
}

impl NmapProbe {
    /// Probe with the `nmap` of the search path, and nmap's own pace.
    #[must_use]
    pub fn new() -> Self {
        Self {
            program: OsString::from("nmap"),
            sockets: NmapSockets::Auto,
            time_limit: TIME_LIMIT,
            host_timeout: None,
            max_retries: None,
            rates: [None; 2],
        }
    }

    /// Sets the program; `nmap` by default.
    #[must_use]
    pub fn with_program(mut self, program: impl Into<OsString>) -> Self {
        self.program = program.into();
        self
    }

    /// Sets the kind of sockets.
    #[must_use]
    pub const fn with_sockets(mut self, sockets: NmapSockets) -> Self {
        self.sockets = sockets;
        self
    }

    /// Sets the longest run, half an hour by default.
    #[must_use]
    pub const fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Sets the time after which nmap gives a host up (`--host-timeout`); none by default.
    #[must_use]
    pub const fn with_host_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.host_timeout = timeout;
        self
    }

    /// Sets the number of repetitions to a silent host (`--max-retries`); nmap's own choice by default.
    #[must_use]
    pub const fn with_max_retries(mut self, retries: Option<u8>) -> Self {
        self.max_retries = retries;
        self
    }

    /// Sets the slowest and the fastest pace in packets a second (`--min-rate`, `--max-rate`); nmap's own by default.
    #[must_use]
    pub const fn with_rates(mut self, slowest: Option<u32>, fastest: Option<u32>) -> Self {
        self.rates = [slowest, fastest];
        self
    }

    /// Starts nmap once to see that it is there. Returns its version.
    ///
    /// # Errors
    /// [`NmapMissing`] if the program cannot be started, or does not say that it is nmap.
    pub async fn check(&self) -> Result<String, NmapMissing> {
        let mut command = Command::new(&self.program);
        command.arg("--version");
        let ended =
            run(command, Vec::new(), Duration::from_secs(10), 4096).await.map_err(|error| self.missing(&error))?;
        let text = String::from_utf8_lossy(&ended.output).into_owned();
        let mut words = text.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("Nmap"), Some("version"), Some(version)) => Ok(version.to_owned()),
            _ => Err(self.missing(&io::Error::other("it does not say that it is nmap"))),
        }
    }

    fn missing(&self, error: &io::Error) -> NmapMissing {
        NmapMissing { program: self.program.to_string_lossy().into_owned(), reason: error.to_string() }
    }

    /// Returns whether raw sockets are used; `None` if nmap decides.
    fn raw(&self) -> Option<bool> {
        match self.sockets {
            NmapSockets::Auto => rights::raw_sockets(),
            NmapSockets::Raw => Some(true),
            NmapSockets::Connect => Some(false),
        }
    }

    /// Returns the arguments, and what nmap reads from its input.
    fn arguments(&self, target: &ProbeTarget, raw: Option<bool>) -> (Vec<String>, Vec<u8>) {
        let mut arguments: Vec<String> = ["-sn", "-n", "-oX", "-", "--noninteractive"].map(str::to_owned).to_vec();
        if matches!(target.net, IpNet::V6(_)) {
            arguments.push("-6".to_owned());
        }
        arguments.extend(raw.map(|raw| if raw { "--privileged" } else { "--unprivileged" }.to_owned()));
        let mut option = |name: &str, value: Option<String>| {
            arguments.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
        };
        option("--host-timeout", self.host_timeout.map(|timeout| format!("{}ms", timeout.as_millis().max(1))));
        option("--max-retries", self.max_retries.map(|retries| retries.to_string()));
        let [slowest, fastest] = self.rates;
        option("--min-rate", slowest.map(|rate| rate.to_string()));
        option("--max-rate", fastest.map(|rate| rate.to_string()));
        let mut input = String::new();
        match &target.only {
            None => arguments.push(target.net.trunc().to_string()),
            Some(only) => {
                // A list of tens of thousands is longer than arguments may be.
                arguments.extend(["-iL".to_owned(), "-".to_owned()]);
                only.iter().for_each(|address| {
                    let _ = writeln!(input, "{address}");
                });
            }
        }
        (arguments, input.into_bytes())
    }

    /// Runs nmap. `Err` has the reason why there is no report.
    async fn observe(&self, target: &ProbeTarget) -> Result<Observation, String> {
        let asked = asked(target)?;
        route::check(asked.ends)?;
        let raw = self.raw();
        let (arguments, input) = self.arguments(target, raw);
        let mut command = Command::new(&self.program);
        command.args(arguments);
        let ended =
            run(command, input, self.time_limit, MAX_OUTPUT).await.map_err(|error| self.missing(&error).to_string())?;
        let failed = match &ended.end {
            End::Exited(status) if status.success() => None,
            End::Exited(status) => Some(format!("nmap ended with {status}")),
            End::TimedOut => Some(format!(
                "nmap took longer than its time limit of {} s; raise the limit, or divide the subnet",
                self.time_limit.as_secs()
            )),
            End::TooMuch => Some(format!("nmap printed more than {} MiB; divide the subnet", MAX_OUTPUT >> 20)),
            End::Failed(error) => Some(format!("the output of nmap cannot be read: {error}")),
        };
        let mut observation = output::read(&ended, failed, target, asked.count, SystemTime::now());
        if raw == Some(false) {
            // Many hosts reply to echo requests and drop connections.
            observation.limit_to(&neighbours::silent(target.net).await);
            observation = observation.with_note(
                "nmap had no raw sockets: TCP connections to ports 80 and 443 only, no MAC addresses, and a host beyond a \
                 router is never marked offline; run the scanner as root, or with CAP_NET_RAW in its ambient capabilities",
            );
        }
        Ok(observation)
    }
}

/// Addresses that nmap is given.
struct Asked {
    count: usize,
    /// The first and the last one.
    ends: Vec<IpAddr>,
}

fn asked(target: &ProbeTarget) -> Result<Asked, String> {
    target.check().map_err(|error| error.to_string())?;
    Ok(match (&target.only, target.net) {
        // Those of a list may have different routes.
        (Some(only), _) => Asked { count: only.len(), ends: only.iter().copied().collect() },
        (None, net) => {
            let bits = net.max_prefix_len() - net.prefix_len();
            let hosts = net.hosts();
            Asked { count: 1 << bits, ends: hosts.clone().next().into_iter().chain(hosts.last()).collect() }
        }
    })
}

#[async_trait]
impl Probe for NmapProbe {
    fn name(&self) -> &str {
        "nmap"
    }

    async fn probe(&self, target: &ProbeTarget) -> Observation {
        if target.only.as_ref().is_some_and(std::collections::BTreeSet::is_empty) {
            return Observation::new(target.net, Coverage::Addresses(std::collections::BTreeSet::new()), []);
        }
        match self.observe(target).await {
            Ok(observation) => observation,
            Err(reason) => Observation::incomplete(target.net, reason),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn arguments(probe: &NmapProbe, target: &ProbeTarget, raw: Option<bool>) -> (String, String) {
        let (arguments, input) = probe.arguments(target, raw);
        (arguments.join(" "), String::from_utf8(input).unwrap())
    }

    #[test]
    fn a_prefix_is_an_argument_and_a_list_is_read_from_the_input() {
        let probe = NmapProbe::new();
        let whole = ProbeTarget::whole("10.0.0.7/24".parse().unwrap());
        assert_eq!(
            arguments(&probe, &whole, None),
            ("-sn -n -oX - --noninteractive 10.0.0.0/24".into(), String::new())
        );
        let net = "2001:db8::/64".parse().unwrap();
        let list = ProbeTarget::addresses(net, ["2001:db8::6".parse().unwrap(), "2001:db8::5".parse().unwrap()]);
        let (given, input) = arguments(&probe, &list, Some(true));
        assert_eq!(given, "-sn -n -oX - --noninteractive -6 --privileged -iL -");
        assert_eq!(input, "2001:db8::5\n2001:db8::6\n");
    }

    #[test]
    fn options_are_handed_on() {
        let probe = NmapProbe::new()
            .with_host_timeout(Some(Duration::from_secs(30)))
            .with_max_retries(Some(2))
            .with_rates(Some(10), Some(500));
        let (given, _) = arguments(&probe, &ProbeTarget::whole("10.0.0.0/24".parse().unwrap()), Some(false));
        assert_eq!(
            given,
            "-sn -n -oX - --noninteractive --unprivileged --host-timeout 30000ms --max-retries 2 --min-rate 10 --max-rate 500 \
             10.0.0.0/24"
        );
    }

    #[tokio::test]
    async fn a_refused_target_starts_no_program() {
        // The program does not exist: a start would give another reason.
        let probe = NmapProbe::new().with_program("/nonexistent/nmap");
        for (net, reason) in [("10.0.0.0/15", "divide the subnet"), ("2001:db8::/64", "never swept")] {
            let observation = probe.probe(&ProbeTarget::whole(net.parse().unwrap())).await;
            assert!(
                matches!(&observation.coverage, Coverage::Incomplete(text) if text.contains(reason)),
                "{observation:?}"
            );
        }
    }

    #[tokio::test]
    async fn an_empty_list_is_no_run() {
        let probe = NmapProbe::new().with_program("/nonexistent/nmap");
        let observation = probe.probe(&ProbeTarget::addresses("10.0.0.0/24".parse().unwrap(), [])).await;
        assert!(matches!(&observation.coverage, Coverage::Addresses(asked) if asked.is_empty()), "{observation:?}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn another_program_is_not_taken_for_nmap() {
        let error = NmapProbe::new().with_program("echo").check().await.unwrap_err();
        assert!(error.to_string().contains("does not say that it is nmap"), "{error}");
    }
}
