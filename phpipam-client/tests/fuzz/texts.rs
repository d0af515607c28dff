//! Readers of texts that people write: plans, saved responses, provider URLs, addresses.

use std::fmt::{Debug, Display};
use std::path::Path;
use std::str::FromStr;
use std::time::Instant;

use ipam_core::MacAddr;
use ipam_core::net::IpRange;
use ipam_core::plan::AddressPlan;
use ipam_core::registry::{OpenRequest, ProviderUrl};
use ipnet::IpNet;
use phpipam_client::plan::Responses;

use crate::mutate::Mutator;
use crate::{LIMIT, cases, seed};

/// Calls `read` with changed texts of a corpus, as far as they are UTF-8.
fn over(corpus: &[String], usual: usize, mut read: impl FnMut(&str, &mut Mutator)) {
    let mut mutator = Mutator::new(seed());
    for number in 0..cases(usual) {
        let (text, other) = (mutator.one(corpus).clone(), mutator.one(corpus).clone());
        let changed = mutator.changed(text.as_bytes(), other.as_bytes());
        let changed = String::from_utf8_lossy(&changed).into_owned();
        let start = Instant::now();
        read(&changed, &mut mutator);
        assert!(start.elapsed() < LIMIT, "case {number} took {:?}: {changed:?}", start.elapsed());
    }
}

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// What is read and written again is the same, and errors say where.
fn plans(text: &str) {
    for read in [AddressPlan::from_csv(text), AddressPlan::from_json(text)] {
        match read {
            Ok(plan) => {
                let from_csv =
                    AddressPlan::from_csv(&plan.to_csv()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
                assert_eq!(from_csv.to_json(), plan.to_json(), "by CSV: {text:?}");
                let from_json =
                    AddressPlan::from_json(&plan.to_json()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
                assert_eq!(from_json.to_csv(), plan.to_csv(), "by JSON: {text:?}");
            }
            Err(error) => assert!(!error.to_string().is_empty(), "{text:?}"),
        }
    }
}

const CSV: &str = "kind,id,space,net,name,description,gateway,dns_servers,vlan,vlan_name,tags,properties,reserved,range,address,owner,key,hostname,mac\n\
block,b,default,10.0.0.0/16,Campus,\"First, \"\"east\"\"\",,,,,site=prague;x,a=1,,,,,,,\n\
range,lan,default,10.0.1.0/24,Lan,,10.0.1.1,10.0.1.2;10.0.1.3,12,users,,,10.0.1.5-10.0.1.9;10.0.1.16/30,,,,,,\n\
allocation,,,,,,,,,,t=1,,,lan,10.0.1.20,web,k,web1.example,00:11:22:aa:bb:cc\n";

#[test]
fn plans_are_read_and_written_or_refused() {
    let plan = AddressPlan::from_csv(CSV).unwrap();
    over(&[CSV.to_owned(), plan.to_json()], 1_500, |text, _| plans(text));
}

#[test]
fn saved_responses_are_read_or_refused() {
    let folder = "tests/fixtures/recordings-1.8.2";
    let recorded = |name: &str| file(&format!("{folder}/{name}.json"));
    let body = |name: &str| {
        let recording: serde_json::Value = serde_json::from_str(&recorded(name)).unwrap();
        recording["response"]["body"].to_string()
    };
    let (subnets, addresses) = (body("subnets-get-with-gateway-and-ns"), body("subnets-addresses"));
    let corpus = [subnets.clone(), addresses.clone(), body("vlans-list"), body("tools-nameservers-list")];
    over(&corpus, 800, |text, _| {
        let read = [
            Responses::new(text).to_plan(),
            Responses::new(&subnets).with_addresses(text).to_plan(),
            Responses::new(&subnets).with_addresses(&addresses).with_vlans(text).with_nameservers(text).to_plan(),
        ];
        for plan in read.into_iter().flatten() {
            // A plan of a server's responses is one that can be written.
            assert!(!plan.to_json().is_empty());
        }
    });
}

#[test]
fn urls_are_read_or_refused_without_their_secrets() {
    let corpus = owned(&[
        "phpipam+https://svc@ipam.example:8443/phpipam/vra?section=Lab&set.custom_ticket=CHG-1&timeout=30s&pin=ab%20cd",
        "phpipam+http://[2001:db8::1]:80/app?allow_http=1",
        "embedded:/var/lib/ipam.db?busy_timeout=5s&actor=me",
        "postgres://svc@db.example:5432/ipam?schema=a_b",
        "memory:",
    ]);
    over(&corpus, 3_000, |text, mutator| {
        if let Ok(url) = ProviderUrl::parse(text) {
            // White space at the end may have stood before the options, and is none of the URL.
            let shown = url.to_string();
            let shown = shown.trim();
            let again = ProviderUrl::parse(shown).unwrap_or_else(|error| panic!("{text:?} as {shown:?}: {error}"));
            assert_eq!(again.to_string(), shown, "{text:?}");
        }
        // A password in a URL is refused, and not repeated in the error.
        let with_secret = text.replacen("svc@", "svc:hunter2-secret@", 1);
        if mutator.below(3) == 0
            && with_secret.contains("svc:hunter2-secret@")
            && let Err(error) = OpenRequest::parse(&with_secret)
        {
            assert!(!error.to_string().contains("hunter2"), "{with_secret:?}: {error}");
        }
    });
}

/// What a type writes it reads again as the same.
fn repeated<T: FromStr<Err: Display> + Display + PartialEq + Debug>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        let shown = value.to_string();
        match shown.parse::<T>() {
            Ok(again) => assert_eq!(again, value, "{text:?} as {shown:?}"),
            Err(error) => panic!("{text:?} as {shown:?}: {error}"),
        }
    }
}

#[test]
fn addresses_ranges_and_prefixes_are_read_or_refused() {
    let corpus = owned(&[
        "10.0.0.1-10.0.0.9",
        "10.0.0.0/24",
        "255.255.255.255-255.255.255.255",
        "2001:db8::1-2001:db8::ffff",
        "::/0",
        "::ffff:10.0.0.1/120",
        "fe80::1%eth0",
        "00:11:22:aa:bb:cc",
        "0011.22aa.bbcc",
    ]);
    over(&corpus, 20_000, |text, _| {
        repeated::<IpRange>(text);
        repeated::<IpNet>(text);
        repeated::<MacAddr>(text);
    });
}
