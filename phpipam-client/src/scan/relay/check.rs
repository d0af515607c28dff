//! Checks of a report, and its conversion into an observation.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use ipam_core::MacAddr;
use ipnet::IpNet;

use super::error::RelayError;
use super::message::{RelayHost, RelayReport};
use crate::models::{ServerTime, SubnetId};
use crate::scan::zone::{UtcOffset, offset_minutes};
use crate::scan::{Coverage, Evidence, Host, Observation, host_name};

/// Returns the observation of a report about a subnet. `now` is the server's time.
///
/// # Errors
/// [`RelayError::Invalid`] if the report names an address outside the subnet or another subnet, or has a time or an offset
/// that cannot be read.
pub(super) fn observation(
    report: &RelayReport,
    subnet: SubnetId,
    net: IpNet,
    now: SystemTime,
) -> Result<Observation, RelayError> {
    let scan = &report.scan;
    let offset = offset_minutes(&scan.tz)
        .and_then(UtcOffset::from_minutes)
        .ok_or_else(|| RelayError::invalid("tz", &scan.tz, "give the offset of the times from UTC, such as +0100"))?;
    let outside = |address| RelayError::invalid("ip", address, format!("it is not in {net}"));
    if let Some(address) = scan.asked.iter().find(|address| !net.contains(*address)) {
        return Err(outside(address));
    }
    let mut hosts = Vec::with_capacity(scan.results.len());
    for host in &scan.results {
        if !net.contains(&host.ip) {
            return Err(outside(&host.ip));
        }
        if host.subnet_id.is_some_and(|id| id != subnet.get()) {
            let remedy = format!("the subnet {net} of this agent has the id {subnet}");
            return Err(RelayError::invalid("subnetId", host.subnet_id.unwrap_or_default(), remedy));
        }
        hosts.push(checked(host, offset, now)?);
    }
    // That of the community agent is not older than its newest reply.
    let ended = match &scan.ended {
        Some(text) => Some(moment("ended", text, offset)?.min(now)),
        None => hosts.iter().map(|host| host.seen).max(),
    };
    let Some(ended) = ended else {
        // Silence proves nothing if it may be that of last year.
        return Ok(Observation::new(net, Coverage::Addresses(BTreeSet::new()), hosts));
    };
    let coverage = if scan.whole {
        Coverage::Whole
    } else {
        // Silence of an address counts only if the scanner says that it asked it.
        let found = hosts.iter().map(|host| host.address);
        Coverage::Addresses(scan.asked.iter().copied().chain(found).collect())
    };
    Ok(Observation::new(net, coverage, hosts).with_ended(ended))
}

/// Returns the moment of a time in the scanner's zone.
fn moment(field: &'static str, text: &str, offset: UtcOffset) -> Result<SystemTime, RelayError> {
    let wrong = || RelayError::invalid(field, text, "give it like 2026-01-01 10:00:00, not before 1970");
    let time = text.parse::<ServerTime>().map_err(|_| wrong())?;
    let moment = offset.moment(time).filter(|moment| *moment >= SystemTime::UNIX_EPOCH + Duration::from_secs(1));
    moment.ok_or_else(wrong)
}

/// Returns a host of a report. A host name or a MAC address that is none is left out.
fn checked(host: &RelayHost, offset: UtcOffset, now: SystemTime) -> Result<Host, RelayError> {
    // A scanner whose clock is ahead must not make hosts look alive tomorrow.
    let seen = moment("lastSeen", &host.last_seen, offset)?.min(now);
    let mut found = Host::new(host.ip, Evidence::Other, seen);
    found.hostname = host.hostname.as_deref().and_then(|name| host_name(host.ip, name));
    found.mac = host.mac.as_deref().and_then(|mac| mac.parse::<MacAddr>().ok());
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::time::UNIX_EPOCH;

    use super::*;

    /// 2026-01-01 10:00:00 UTC
    const TEN: u64 = 1_767_261_600;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn report(results: &str, tz: &str) -> RelayReport {
        let body = format!(r#"{{"code":"c","scan":{{"subnet":"10.0.0.0/24","results":{results},"tz":"{tz}"}}}}"#);
        RelayReport::parse(body.as_bytes()).unwrap()
    }

    fn read(results: &str, tz: &str) -> Result<Observation, RelayError> {
        observation(&report(results, tz), SubnetId::new(3), "10.0.0.0/24".parse().unwrap(), at(TEN + 3600))
    }

    #[test]
    fn times_are_brought_from_the_scanners_zone_to_utc() {
        let host = |time: &str| format!(r#"[{{"ip":"10.0.0.5","lastSeen":"{time}"}}]"#);
        for (time, tz, seconds) in [
            ("2026-01-01 10:00:00", "+0000", TEN),
            ("2026-01-01 15:45:00", "+0545", TEN),
            ("2026-01-01 05:00:00", "-0500", TEN),
            ("2026-01-01 18:00:00", "+0000", TEN + 3600),
        ] {
            assert_eq!(read(&host(time), tz).unwrap().hosts[0].seen, at(seconds), "{time} {tz}");
        }
        for (time, tz) in [("2026-01-01", "+0000"), ("2026-01-01 10:00:00", "CET"), ("1969-12-31 23:00:00", "+0000")] {
            assert!(matches!(read(&host(time), tz), Err(RelayError::Invalid { .. })), "{time} {tz}");
        }
    }

    #[test]
    fn what_does_not_belong_to_the_subnet_is_refused() {
        for results in [
            r#"[{"ip":"10.0.1.5","lastSeen":"2026-01-01 10:00:00"}]"#,
            r#"[{"ip":"2001:db8::5","lastSeen":"2026-01-01 10:00:00"}]"#,
            r#"[{"ip":"10.0.0.5","subnetId":"4","lastSeen":"2026-01-01 10:00:00"}]"#,
        ] {
            assert!(matches!(read(results, "+0000"), Err(RelayError::Invalid { .. })), "{results}");
        }
        let text = r#""[{\"ip\":\"10.0.0.5\",\"id\":12,\"subnetId\":3,\"lastSeen\":\"2026-01-01 10:00:00\"}]""#;
        assert_eq!(read(text, "+0000").unwrap().hosts.len(), 1, "a list in a text");
    }

    #[test]
    fn silence_is_known_until_the_end_of_the_scan() {
        let host = r#"[{"ip":"10.0.0.5","lastSeen":"2026-01-01 11:00:00"},{"ip":"10.0.0.6","lastSeen":"2026-01-01 10:00:00"}]"#;
        let with = |results: &str, ended: Option<&str>| {
            let mut report = report(results, "+0100");
            (report.scan.whole, report.scan.ended) = (true, ended.map(str::to_owned));
            observation(&report, SubnetId::new(3), "10.0.0.0/24".parse().unwrap(), at(TEN + 3600))
        };
        for (ended, seconds) in
            [(Some("2026-01-01 11:30:00"), TEN + 1800), (Some("2026-01-02 11:00:00"), TEN + 3600), (None, TEN)]
        {
            assert_eq!(with(host, ended).unwrap().ended, Some(at(seconds)), "{ended:?}");
        }
        let unknown = with("[]", None).unwrap();
        assert!(unknown.ended.is_none() && !unknown.covers("10.0.0.9".parse().unwrap()), "{unknown:?}");
        assert!(with("[]", Some("2026-01-01 11:00:00")).unwrap().covers("10.0.0.9".parse().unwrap()));
        let error = with(host, Some("soon")).unwrap_err().to_string();
        assert!(error.contains("ended") && error.contains("2026-01-01 10:00:00"), "{error}");
    }

    #[test]
    fn wrong_names_and_macs_are_left_out() {
        let results = r#"[{"ip":"10.0.0.5","lastSeen":"2026-01-01 10:00:00","hostname":"x'; drop table--","mac":"no"},
            {"ip":"10.0.0.6","lastSeen":"2026-01-01 10:00:00","hostname":"Web1.example.test","mac":"AA:BB:CC:00:11:22"}]"#;
        let observation = read(results, "+0000").unwrap();
        assert_eq!((observation.hosts[0].hostname.as_deref(), observation.hosts[0].mac), (None, None));
        assert_eq!(observation.hosts[1].hostname.as_deref(), Some("web1"));
        assert_eq!(observation.hosts[1].mac, "aa:bb:cc:00:11:22".parse().ok());
    }

    #[test]
    fn silence_counts_only_where_the_scanner_asked() {
        let covered = |report: &RelayReport, address: &str| {
            let net = "10.0.0.0/24".parse().unwrap();
            observation(report, SubnetId::new(3), net, at(TEN)).unwrap().covers(address.parse().unwrap())
        };
        let mut report = report(r#"[{"ip":"10.0.0.5","lastSeen":"2026-01-01 10:00:00"}]"#, "+0000");
        assert!(!covered(&report, "10.0.0.9"), "the community agent does not say what it asked");
        report.scan.asked = vec!["10.0.0.9".parse().unwrap()];
        assert!(covered(&report, "10.0.0.9") && !covered(&report, "10.0.0.10"));
        report.scan.whole = true;
        assert!(covered(&report, "10.0.0.10"));
    }

    #[test]
    fn what_is_no_report_is_refused_with_its_reason() {
        for (body, word) in [
            ("", "EOF"),
            ("[]", "length 0"),
            (r#"{"code":"c"}"#, "scan"),
            (r#"{"code":"c","scan":{"subnet":"10.0.0.0/24","results":7,"tz":"+0000"}}"#, "results"),
            (r#"{"code":"c","scan":{"subnet":"10.0.0.0","results":[],"tz":"+0000"}}"#, "subnet"),
        ] {
            let error = RelayReport::parse(body.as_bytes()).unwrap_err();
            assert!(error.status() == 400 && error.to_string().contains(word), "{body}: {error}");
        }
        let long = vec![b' '; (16 << 20) + 1];
        assert_eq!(RelayReport::parse(&long).unwrap_err().status(), 413);
        let host = r#"{"ip":"10.0.0.5","lastSeen":"2026-01-01 10:00:00"}"#;
        let many = vec![host; 65_537].join(",");
        // What follows is no JSON: it is not looked at any more.
        for (name, list) in [("results", many.clone()), ("asked", vec!["\"10.0.0.5\""; 65_537].join(","))] {
            let body = format!(r#"{{"code":"c","scan":{{"subnet":"10.0.0.0/24","{name}":[{list},%%"#);
            let error = RelayReport::parse(body.as_bytes()).unwrap_err();
            assert!(error.status() == 413 && error.to_string().contains("65536"), "{name}: {error}");
        }
        let text = serde_json::to_string(&format!("[{many}]")).unwrap();
        let body = format!(r#"{{"code":"c","scan":{{"subnet":"10.0.0.0/24","results":{text},"tz":"+0000"}}}}"#);
        let error = RelayReport::parse(body.as_bytes()).unwrap_err();
        assert!(error.status() == 413, "{error}");
    }

    #[test]
    fn the_first_wrong_item_ends_the_reading() {
        let body = |scan: &str| format!(r#"{{"code":"c","scan":{{"subnet":"10.0.0.0/24","tz":"+0000",{scan}"#);
        for (scan, word) in [
            (format!(r#""results":[{}%%"#, r#"{"":0},"#.repeat(1000)), "ip"),
            (format!(r#""results":[{{"subnetId":[{}%%"#, "0,".repeat(1000)), "subnetId"),
            (format!(r#""asked":[{}%%"#, "{},".repeat(1000)), "IP"),
        ] {
            let text = RelayReport::parse(body(&scan).as_bytes()).unwrap_err().to_string();
            let column = text.rsplit(' ').next().unwrap().parse::<usize>().unwrap();
            assert!(column < 120 && text.contains(word), "{text}");
        }
        let long = format!(r#""results":"{}""#, "x".repeat(100_000));
        assert!(RelayReport::parse(body(&long).as_bytes()).unwrap_err().to_string().len() < 400, "a value is cut");
        for (id, number) in [("7", Some(7)), ("\"7\"", Some(7)), ("null", None)] {
            let host = format!(r#"[{{"ip":"10.0.0.5","lastSeen":"2026-01-01 10:00:00","subnetId":{id}}}]"#);
            assert_eq!(report(&host, "+0000").scan.results[0].subnet_id, number, "{id}");
        }
    }
}
