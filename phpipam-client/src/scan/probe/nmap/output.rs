//! Judgement of what nmap printed.

use std::time::SystemTime;

use super::process::Ended;
use crate::scan::{Coverage, Observation, ProbeTarget, read_nmap_xml};

/// Beginnings and parts of messages after which silence proves nothing, although nmap ends successfully.
const UNSENT: [&str; 6] = [
    "failed to determine route",
    "sendto in ",
    "Strange error from connect",
    "Network is unreachable",
    "Operation not permitted",
    "No buffer space available",
];
/// Longest message of nmap in a reason.
const MESSAGE: usize = 200;

/// Returns the observation of a run that was given `count` addresses. `failed` is the reason why the run itself did not succeed.
pub(super) fn read(
    ended: &Ended,
    failed: Option<String>,
    target: &ProbeTarget,
    count: usize,
    now: SystemTime,
) -> Observation {
    let xml = String::from_utf8_lossy(&ended.output);
    let failed = failed.map(|reason| match last_line(&ended.errors) {
        Some(line) => format!("{reason}: {line}"),
        None => reason,
    });
    // A killed nmap leaves a report without an end. The hosts before it count.
    let whole = if failed.is_some() { repaired(&xml) } else { xml.into_owned() };
    let mut observation = match (read_nmap_xml(&whole, target.net, now), &failed) {
        (Ok(observation), _) => observation,
        (Err(_), Some(reason)) => Observation::incomplete(target.net, reason.as_str()),
        (Err(error), None) => Observation::incomplete(target.net, error.to_string()),
    };
    let unsent = || ended.errors.lines().find(|line| UNSENT.iter().any(|part| line.contains(part)));
    if let Some(reason) = failed {
        observation.coverage = Coverage::Incomplete(reason);
    } else if let Coverage::Whole = observation.coverage {
        observation.coverage = if let Some(line) = unsent() {
            Coverage::Incomplete(format!("nmap could not send to every address: {}", cut(line)))
        } else {
            match total(&whole) {
                Some(total) if total == count => target.only.clone().map_or(Coverage::Whole, Coverage::Addresses),
                total => Coverage::Incomplete(format!(
                    "nmap was given {count} addresses and reports on {}",
                    total.map_or_else(|| "an unknown number".to_owned(), |total| total.to_string())
                )),
            }
        };
    }
    if let Some(only) = &target.only {
        observation.hosts.retain(|host| only.contains(&host.address));
    }
    observation
}

/// Returns the number of addresses that the report counts.
fn total(xml: &str) -> Option<usize> {
    // The last element of the report. Names and messages in between cannot hold a literal `<`.
    let (_, end) = xml.rsplit_once("<hosts ")?;
    let (_, value) = end.split_once("total=\"")?;
    value.split_once('"')?.0.parse().ok()
}

/// Closes a report that breaks off after some hosts.
fn repaired(xml: &str) -> String {
    const HOST: &str = "</host>";
    match (xml.contains("</nmaprun>"), xml.rfind(HOST)) {
        (false, Some(at)) => format!("{}</nmaprun>", xml.get(..at + HOST.len()).unwrap_or_default()),
        _ => xml.to_owned(),
    }
}

fn last_line(errors: &str) -> Option<String> {
    errors.lines().rev().map(str::trim).find(|line| !line.is_empty() && *line != "QUITTING!").map(cut)
}

fn cut(line: &str) -> String {
    line.chars().filter(|character| !character.is_control()).take(MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
    use proptest::prelude::*;

    use super::super::process::End;
    use super::*;

    const HOST: &str =
        "<host><status state=\"up\" reason=\"arp-response\"/><address addr=\"10.0.0.5\" addrtype=\"ipv4\"/></host>";

    fn end(total: usize) -> String {
        format!(
            "<runstats><finished exit=\"success\"/><hosts up=\"1\" down=\"0\" total=\"{total}\"/></runstats></nmaprun>"
        )
    }

    fn observe(output: &str, errors: &str, failed: Option<&str>, target: &ProbeTarget, count: usize) -> Observation {
        let end = End::TimedOut;
        let ended = Ended { end, output: output.as_bytes().to_vec(), errors: errors.to_owned() };
        read(&ended, failed.map(str::to_owned), target, count, SystemTime::now())
    }

    fn whole() -> ProbeTarget {
        ProbeTarget::whole("10.0.0.0/24".parse().unwrap())
    }

    fn reason(observation: &Observation) -> &str {
        match &observation.coverage {
            Coverage::Incomplete(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_finished_run_covers_what_it_was_given() {
        let xml = format!("<nmaprun>{HOST}{}", end(256));
        let observation = observe(&xml, "RTTVAR has grown to over 2.3 seconds\n", None, &whole(), 256);
        assert_eq!(observation.coverage, Coverage::Whole);
        let list = ProbeTarget::addresses("10.0.0.0/24".parse().unwrap(), ["10.0.0.6".parse().unwrap()]);
        let observation = observe(&format!("<nmaprun>{HOST}{}", end(1)), "", None, &list, 1);
        assert_eq!(observation.coverage, Coverage::Addresses(list.only.clone().unwrap()));
        assert!(observation.hosts.is_empty(), "an address that was not asked is no finding");
    }

    #[test]
    fn a_successful_run_that_skipped_addresses_is_incomplete() {
        let xml = format!("<nmaprun>{}", end(0));
        let errors = "setup_target: failed to determine route to 10.0.0.0\n";
        assert!(reason(&observe(&xml, errors, None, &whole(), 256)).contains("failed to determine route"));
        assert!(reason(&observe(&xml, "", None, &whole(), 256)).contains("given 256 addresses and reports on 0"));
        let filtered = "sendto in send_ip_packet_sd: sendto(4, …) => Operation not permitted\n";
        let xml = format!("<nmaprun>{HOST}{}", end(256));
        assert!(reason(&observe(&xml, filtered, None, &whole(), 256)).contains("not permitted"));
        let without = "<nmaprun><runstats><finished exit=\"success\"/></runstats></nmaprun>";
        assert!(reason(&observe(without, "", None, &whole(), 256)).contains("unknown number"));
    }

    #[test]
    fn a_killed_run_keeps_the_hosts_that_it_had_reported() {
        let cut = format!("<?xml version=\"1.0\"?><nmaprun>{HOST}<host><status state=\"up\" reas");
        let observation =
            observe(&cut, "one\nthe cause\nQUITTING!\n", Some("nmap ended with signal: 9"), &whole(), 256);
        assert_eq!(observation.hosts.len(), 1);
        assert_eq!(reason(&observation), "nmap ended with signal: 9: the cause");
        let nothing = observe("", "", Some("nmap ended with signal: 9"), &whole(), 256);
        assert_eq!((nothing.hosts.len(), reason(&nothing)), (0, "nmap ended with signal: 9"));
    }

    proptest! {
        #[test]
        fn no_cut_makes_the_reader_panic_or_cover_anything(at in 0_usize..400, failed in any::<bool>()) {
            let xml = format!("<nmaprun>{HOST}<!-- ü -->{HOST}{}", end(256));
            let at = (0..=at.min(xml.len() - 1)).rev().find(|at| xml.is_char_boundary(*at)).unwrap_or(0);
            let observation = observe(&xml[..at], "", failed.then_some("killed"), &whole(), 256);
            prop_assert!(matches!(observation.coverage, Coverage::Incomplete(_)));
        }
    }
}
