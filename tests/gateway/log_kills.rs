//! The program is killed while it reads, keeps and sends the log.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use ipam_tests::lab::{self, block_on};
use lab_gateway::log::{CollectorKey, Entry};

use crate::client::Main;
use crate::outside::{Manner, Outside};
use crate::program::Files;
use crate::site::{CLIENT, Site};

/// Kills of the test.
const KILLS: u64 = 12;
/// Records that are written between two of them.
const RECORDS: u32 = 2000;

/// Address of a record: each has its own.
fn source(number: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 0, 0, 0)) + number)
}

#[test]
#[ignore = "needs network namespaces, nft, named and conntrack; .ci/gateway.sh runs it"]
fn every_record_of_a_file_arrives_over_kills() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        let main = Main::new();
        // Slow, and some of its responses are lost: the batch is there, and comes again.
        let manner = Manner { delay: Duration::from_millis(20), lost: Some(7) };
        let outside = block_on(Outside::start(CLIENT, &main.pem(), manner));
        let (secret, public) = CollectorKey::generate();
        let dir = lab.dir().display().to_string();
        let log = std::path::Path::new(&dir).join("kern.log");
        let mut file = std::fs::File::create(&log).unwrap();
        let sections = format!(
            "[reachability]\nenabled = false\n[log]\ncollector = \"{}logs/\"\ncollector_key = \"{public}\"\nca_file = \
             \"{dir}/outside.pem\"\nspool = \"{dir}/spool\"\nfile = \"{}\"\ntime_zone = \"UTC\"\n",
            outside.url,
            log.display(),
        );
        let files = Files::new(lab, main, &outside, &sections);
        // The end of the file is known, and saved, before the first record.
        let program = files.start(lab, &site);
        let deadline = Instant::now() + Duration::from_secs(20);
        while !files.path("spool/state.json").exists() {
            assert!(Instant::now() < deadline, "{:?}", program.said());
            std::thread::sleep(Duration::from_millis(10));
        }
        program.kill();
        let (mut written, mut in_between) = (0, 0);
        let mut opened: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        // Each batch is decrypted once, and counts once.
        let mut arrived = || {
            for sealed in outside.batches().0 {
                opened.entry(sealed.id.clone()).or_insert_with(|| sealed.open(&secret).unwrap().entries);
            }
            opened.values().flatten().cloned().collect::<Vec<Entry>>()
        };
        for round in 0..KILLS {
            let program = files.start(lab, &site);
            for number in written..written + RECORDS {
                let (source, prefix) = (source(number), "2026-11-29T12:00:00Z gw kernel: lab-gateway forward: ");
                writeln!(file, "{prefix}IN=far OUT=eth0 SRC={source} DST=192.0.2.1 PROTO=TCP").unwrap();
            }
            written += RECORDS;
            std::thread::sleep(Duration::from_millis(40 + round * 97 % 400));
            program.kill();
            let count = arrived().len();
            in_between += u32::from(0 < count && count < usize::try_from(written).unwrap());
        }
        let program = files.start(lab, &site);
        let deadline = Instant::now() + Duration::from_secs(60);
        while arrived().len() < usize::try_from(written).unwrap() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(100));
        }
        program.stop();
        let mut counts: BTreeMap<Ipv4Addr, u32> = BTreeMap::new();
        for entry in arrived() {
            match entry {
                Entry::Record(record) => match record.source {
                    std::net::IpAddr::V4(source) => *counts.entry(source).or_default() += 1,
                    source => panic!("{source}"),
                },
                Entry::Notice(notice) => panic!("{notice:?}"),
            }
        }
        let missing: Vec<Ipv4Addr> = (0..written).map(source).filter(|source| !counts.contains_key(source)).collect();
        assert!(missing.is_empty(), "{} of {written} are missing, such as {}", missing.len(), missing[0]);
        // Without the repeats of batches there is each record once.
        assert!(counts.values().all(|count| *count == 1) && counts.len() == usize::try_from(written).unwrap());
        let (batches, repeats) = outside.batches();
        println!(
            "{KILLS} kills, {in_between} of them between two batches, {written} records, {} batches, {repeats} repeats",
            batches.len()
        );
        assert!(repeats > 0 && u64::from(in_between) > KILLS / 2, "{repeats} {in_between}");
    });
}
