//! XML report of nmap (`nmap -oX`).

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipam_core::MacAddr;
use ipnet::IpNet;
use roxmltree::{Document, Node, ParsingOptions};

use crate::scan::{Coverage, Evidence, Host, Observation};

/// Largest report in bytes: 64 MiB. That of a /16 whose hosts all reply has 30 MiB.
const MAX_BYTES: usize = 64 << 20;
/// Largest number of XML nodes, which bounds the memory of the parsed report.
const MAX_NODES: u32 = 4_000_000;

/// Error for a text that is not a report of nmap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NmapError {
    /// The text is too large.
    #[error("the report of nmap has {0} bytes, more than 64 MiB; scan smaller subnets")]
    TooLarge(usize),
    /// The text is not XML, or not a report of nmap.
    #[error("this is not a report of nmap ({0}); run nmap with -oX -")]
    Invalid(String),
}

/// Reads a report of nmap on a prefix.
///
/// The observation is [incomplete](Coverage::Incomplete) if nmap did not finish successfully: a killed nmap leaves a report
/// that looks whole but for its end. Hosts that a truncated report lists are not read, because the text is no XML then.
///
/// `now` is the time of the report, for hosts without a time of their own.
///
/// ```
/// use std::time::SystemTime;
///
/// use phpipam_client::scan::{Coverage, Evidence, read_nmap_xml};
///
/// let xml = r#"<nmaprun scanner="nmap"><host endtime="1795848306"><status state="up" reason="arp-response"/>
///     <address addr="10.0.0.5" addrtype="ipv4"/><address addr="02:00:00:00:00:05" addrtype="mac"/></host>
///     <runstats><finished time="1795848307" exit="success"/></runstats></nmaprun>"#;
/// let observation = read_nmap_xml(xml, "10.0.0.0/24".parse()?, SystemTime::now())?;
/// assert_eq!(observation.coverage, Coverage::Whole);
/// assert!(observation.hosts[0].evidence.contains(&Evidence::Neighbour));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`NmapError::TooLarge`] for more than 64 MiB, [`NmapError::Invalid`] if the text is not an XML document of nmap.
pub fn read_nmap_xml(xml: &str, net: IpNet, now: SystemTime) -> Result<Observation, NmapError> {
    if xml.len() > MAX_BYTES {
        return Err(NmapError::TooLarge(xml.len()));
    }
    // nmap writes a document type declaration without entities; roxmltree limits the expansion of entities by itself.
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(xml, options).map_err(|error| NmapError::Invalid(error.to_string()))?;
    let root = document.root_element();
    if !root.has_tag_name("nmaprun") {
        let name: String = root.tag_name().name().chars().take(40).collect();
        return Err(NmapError::Invalid(format!("the root element is {name:?}")));
    }
    let hosts = root.children().filter(|node| node.has_tag_name("host")).filter_map(|node| host(node, now));
    Ok(Observation::new(net, coverage(root), hosts))
}

/// Returns whether nmap finished by itself. Without this element nmap was killed, or ran out of memory.
fn coverage(root: Node<'_, '_>) -> Coverage {
    // Only where nmap writes it: the output of a script within a host may have an element of the same name.
    let stats = root.children().find(|node| node.has_tag_name("runstats"));
    let finished = stats.and_then(|stats| stats.children().find(|node| node.has_tag_name("finished")));
    match finished.map(|node| (node.attribute("exit"), node.attribute("errormsg"))) {
        Some((Some("success"), _)) => Coverage::Whole,
        Some((_, Some(message))) => {
            Coverage::Incomplete(format!("nmap: {}", message.chars().take(200).collect::<String>()))
        }
        Some((exit, None)) => Coverage::Incomplete(format!("nmap ended with {:?}", exit.unwrap_or("no exit status"))),
        None => Coverage::Incomplete("nmap was ended before it finished".to_owned()),
    }
}

/// Returns a host that is up.
fn host(node: Node<'_, '_>, now: SystemTime) -> Option<Host> {
    let status = node.children().find(|child| child.has_tag_name("status"))?;
    if status.attribute("state") != Some("up") {
        return None;
    }
    let evidence = evidence(status.attribute("reason").unwrap_or_default())?;
    let addresses = || node.children().filter(|child| child.has_tag_name("address"));
    let of_type = |kind: &str| addresses().find(|child| child.attribute("addrtype") == Some(kind));
    let address: IpAddr = of_type("ipv4").or_else(|| of_type("ipv6"))?.attribute("addr")?.parse().ok()?;
    // The end of this host's probing: the start of the whole run may be hours before the reply.
    let seen = node.attribute("endtime").and_then(|time| time.parse().ok()).and_then(at).unwrap_or(now);
    let mut host = Host::new(address, evidence, seen.min(now));
    host.mac = of_type("mac").and_then(|child| child.attribute("addr")).and_then(|mac| mac.parse::<MacAddr>().ok());
    Some(host)
}

/// Returns the evidence of a reason; `None` for one that is no reply of the host itself.
fn evidence(reason: &str) -> Option<Evidence> {
    match reason {
        "arp-response" | "nd-response" => Some(Evidence::Neighbour),
        "echo-reply" => Some(Evidence::Echo),
        "syn-ack" | "reset" | "conn-refused" => Some(Evidence::Tcp),
        // nmap was told to count every address as up (-Pn).
        "user-set" => None,
        // A router says that the host cannot be reached.
        reason if reason.contains("unreach") || reason.contains("prohibited") || reason.contains("exceeded") => None,
        _ => Some(Evidence::Other),
    }
}

fn at(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_795_848_400;

    fn read(hosts: &str, end: &str) -> Result<Observation, NmapError> {
        let xml = format!(
            "<?xml version=\"1.0\"?><!DOCTYPE nmaprun><nmaprun scanner=\"nmap\">{hosts}<runstats>{end}</runstats></nmaprun>"
        );
        read_nmap_xml(&xml, "10.0.0.0/24".parse().unwrap(), at(NOW).unwrap())
    }

    fn host(address: &str, state: &str, reason: &str) -> String {
        format!(
            "<host endtime=\"1795848306\"><status state=\"{state}\" reason=\"{reason}\" reason_ttl=\"64\"/>\
             <address addr=\"{address}\" addrtype=\"ipv4\"/></host>"
        )
    }

    const SUCCESS: &str = "<finished time=\"1795848307\" exit=\"success\"/>";

    #[test]
    fn a_reply_of_the_host_is_evidence_and_one_of_a_router_is_not() {
        for (reason, evidence) in [
            ("arp-response", Some(Evidence::Neighbour)),
            ("echo-reply", Some(Evidence::Echo)),
            ("conn-refused", Some(Evidence::Tcp)),
            ("localhost-response", Some(Evidence::Other)),
            ("host-unreach", None),
            ("net-prohibited", None),
            ("user-set", None),
        ] {
            let observation = read(&host("10.0.0.5", "up", reason), SUCCESS).unwrap();
            let found = observation.host("10.0.0.5".parse().unwrap()).map(|host| host.evidence.first().copied());
            assert_eq!(found, evidence.map(Some), "{reason}");
        }
        assert!(read(&host("10.0.0.5", "down", "no-response"), SUCCESS).unwrap().hosts.is_empty());
    }

    #[test]
    fn a_run_that_did_not_finish_covers_nothing() {
        for (end, reason) in [
            ("", "before it finished"),
            ("<finished exit=\"error\" errormsg=\"no route\"/>", "no route"),
            ("<finished/>", "no exit status"),
        ] {
            let observation = read(&host("10.0.0.5", "up", "echo-reply"), end).unwrap();
            assert_eq!(observation.hosts.len(), 1, "what was found counts");
            assert!(!observation.covers("10.0.0.9".parse().unwrap()));
            assert!(
                matches!(&observation.coverage, Coverage::Incomplete(text) if text.contains(reason)),
                "{observation:?}"
            );
        }
        // The element counts in its own place only.
        let elsewhere = host("10.0.0.5", "up", "echo-reply").replace("</host>", &format!("{SUCCESS}</host>"));
        assert!(matches!(read(&elsewhere, "").unwrap().coverage, Coverage::Incomplete(_)));
        // A killed nmap leaves the elements open.
        let cut = "<?xml version=\"1.0\"?><nmaprun><host><status state=\"up\" reason=\"echo-reply\"/>";
        let error = read_nmap_xml(cut, "10.0.0.0/24".parse().unwrap(), at(NOW).unwrap()).unwrap_err();
        assert!(matches!(error, NmapError::Invalid(_)), "{error}");
    }

    #[test]
    fn a_host_has_the_time_of_its_own_reply_which_is_never_in_the_future() {
        let observation = read(&host("10.0.0.5", "up", "echo-reply"), SUCCESS).unwrap();
        assert_eq!(observation.hosts[0].seen, at(1_795_848_306).unwrap());
        let later = host("10.0.0.5", "up", "echo-reply").replace("1795848306", "9999999999");
        assert_eq!(read(&later, SUCCESS).unwrap().hosts[0].seen, at(NOW).unwrap());
        let never = host("10.0.0.5", "up", "echo-reply").replace("1795848306", "18446744073709551615");
        assert_eq!(read(&never, SUCCESS).unwrap().hosts[0].seen, at(NOW).unwrap());
    }

    #[test]
    fn other_documents_and_entity_bombs_are_refused() {
        let net = "10.0.0.0/24".parse().unwrap();
        let read = |xml: &str| read_nmap_xml(xml, net, at(NOW).unwrap());
        assert!(read("<html/>").unwrap_err().to_string().contains("html"));
        assert!(read("").is_err());
        let mut bomb = String::from("<!DOCTYPE nmaprun [<!ENTITY a0 \"aaaaaaaaaa\">");
        for level in 1..12 {
            bomb.push_str(&format!("<!ENTITY a{level} \"{}\">", format!("&a{};", level - 1).repeat(10)));
        }
        bomb.push_str("]><nmaprun>&a11;</nmaprun>");
        assert!(read(&bomb).is_err());
        assert!(matches!(read(&" ".repeat(MAX_BYTES + 1)), Err(NmapError::TooLarge(_))));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,400}") {
            let _ = read_nmap_xml(&text, "10.0.0.0/24".parse().unwrap(), at(NOW).unwrap());
        }

        #[test]
        fn no_change_of_a_report_makes_the_reader_panic(
            at_byte in 0_usize..600, length in 0_usize..40, insert in "[<>/\"&a-z0-9 ]{0,12}",
        ) {
            let hosts = format!("{}{}", host("10.0.0.5", "up", "echo-reply"), host("10.0.0.6", "up", "arp-response"));
            let whole = format!("<nmaprun>{hosts}<runstats>{SUCCESS}</runstats></nmaprun>");
            let start = at_byte.min(whole.len());
            let end = (start + length).min(whole.len());
            let mutated = format!("{}{insert}{}", &whole[..start], &whole[end..]);
            if let Ok(observation) = read_nmap_xml(&mutated, "10.0.0.0/24".parse().unwrap(), at(NOW).unwrap()) {
                prop_assert!(observation.hosts.iter().all(|host| observation.net.contains(&host.address)));
            }
        }
    }
}
