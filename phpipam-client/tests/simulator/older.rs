//! Replay of the sessions recorded with older versions, each against its profile.
//!
//! A file in `differences/` lists the exchanges to which the profile does not respond as the real server did, each with
//! the reason. A test fails when an exchange differs and is not listed, and when one is listed that no longer differs:
//! the lists can only become shorter.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use phpipam_client::testing::{Clock, Profile, Server};

use crate::recording::names;
use crate::replay::Session;

const SCRIPT: &str = include_str!("older-session.txt");

/// Returns the lines of the script for a version, without the exchanges that were not recorded with it.
fn script(version: &str, recorded: &BTreeSet<String>) -> String {
    let minor = |version: &str| version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok()).unwrap();
    let mut lines = Vec::new();
    for line in SCRIPT.lines() {
        match line.strip_prefix('@').and_then(|line| line.split_once(' ')) {
            Some((since, line)) if minor(version) >= minor(since) => lines.push(line),
            Some(_) => {}
            None if line.starts_with(['+', '!', '#']) => lines.push(line),
            None if recorded.contains(line.trim_start_matches("~ ")) => lines.push(line),
            None => {}
        }
    }
    lines.join("\n")
}

async fn replayed(recorded: &'static str, profile: Profile, listed: &str) {
    let exchanges: BTreeSet<String> = names(recorded).into_iter().collect();
    // 2026-11-22 09:41:50 UTC.
    let clock = Clock::fixed(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_340_510));
    let version = profile.version;
    let server = Server::builder().recorded().profile(profile).clock(clock.clone()).start().await.unwrap();
    let mut session = Session::new(recorded, server, clock);
    session.run(&script(version, &exchanges)).await;
    assert_eq!(session.replayed, exchanges.len(), "every exchange has a line in the script, and one only");
    let mut differing: BTreeMap<_, _> = std::mem::take(&mut session.failures).into_iter().collect();
    let mut fixed = Vec::new();
    for line in listed.lines().filter(|line| !line.starts_with('#')) {
        let (name, reason) = line.split_once(": ").unwrap_or_else(|| panic!("{line} has no reason"));
        assert!(reason.len() > 10, "{line} has no reason");
        if differing.remove(name).is_none() {
            fixed.push(name);
        }
    }
    let new: Vec<String> = differing.into_iter().map(|(name, differences)| format!("{name}: {differences}")).collect();
    assert!(new.is_empty(), "{} not listed:\n{}", new.len(), new.join("\n"));
    assert!(fixed.is_empty(), "listed, but respond as recorded: {fixed:?}");
}

macro_rules! sessions {
    ($($name:ident: $recorded:literal, $profile:expr;)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            replayed($recorded, $profile, include_str!(concat!("differences/", $recorded, ".txt"))).await;
        })*
    };
}

sessions! {
    version_1_4_7: "1.4.7", Profile::V1_4_7;
    version_1_5_2: "1.5.2", Profile::V1_5_2;
    version_1_5_2_on_php_7: "1.5.2-strings", Profile::V1_5_2.on_php_7();
    version_1_7_4: "1.7.4", Profile::V1_7_4;
    version_1_7_4_on_php_7: "1.7.4-strings", Profile::V1_7_4.on_php_7();
}
