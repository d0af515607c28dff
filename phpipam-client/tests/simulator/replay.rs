//! Replay of the recorded sessions against the simulator, in their order.
//!
//! A script names exchanges and the steps between them:
//!
//! * `name`: a recorded exchange; status, headers and body must be equal except for times and tokens,
//! * `~ name`: the same, but inside `data` only members and types are compared,
//! * `name 12=7`: the same, with id 12 in the path replaced by id 7, which this server has,
//! * `+ METHOD PATH BODY`: a step of the session that was not recorded; it must succeed. `$LAB` is the id of the section
//!   that `sections-post` created,
//! * `! …`: a change of the server itself,
//! * `#`: a remark.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use phpipam_client::testing::{App, Clock, Lock, LockGuard, Object, Permission, Server, UserAccount};

use crate::recording::{Recording, Tokens, names};
use crate::wire::{exchange, login};

/// Name of the server whose recordings the scripts here replay.
const SERVER: &str = "1.8.2";

const MAIN: &str = include_str!("main-session.txt");
const SECOND: &str = include_str!("second-session.txt");
const NOT_COVERED: &str = include_str!("not-covered.txt");

/// Start of the recorded session: 2026-11-22 09:04:21 UTC.
fn session_start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_338_261)
}

pub(crate) struct Session {
    recorded: &'static str,
    server: Server,
    clock: Clock,
    tokens: Tokens,
    guard: Option<LockGuard>,
    lab: String,
    /// Names of exchanges and steps with their differences.
    pub(crate) failures: Vec<(String, String)>,
    pub(crate) replayed: usize,
}

impl Session {
    pub(crate) fn new(recorded: &'static str, server: Server, clock: Clock) -> Self {
        let (tokens, lab) = (Tokens::default(), String::new());
        Self { recorded, server, clock, tokens, guard: None, lab, failures: Vec::new(), replayed: 0 }
    }

    pub(crate) async fn run(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            match line.split_once(' ') {
                Some(("+", step)) => self.step(step),
                Some(("!", act)) => self.act(act).await,
                Some(("~", name)) => self.replay(name, true),
                _ => self.replay(line, false),
            }
        }
    }

    fn replay(&mut self, line: &str, shape: bool) {
        let (name, replace) = line.split_once(' ').unwrap_or((line, ""));
        let recording = Recording::load(self.recorded, name);
        let response = recording.send(self.server.address(), &self.tokens, replace.split_once('='));
        self.tokens.learn(&recording, &response);
        self.replayed += 1;
        if name == "sections-post" {
            recording.created().unwrap_or_default().clone_into(&mut self.lab);
        }
        let differences = recording.differences(&response, shape);
        if !differences.is_empty() {
            let shown: Vec<String> = differences.iter().take(4).map(|d| d.chars().take(200).collect()).collect();
            self.failures.push((name.to_owned(), shown.join("; ")));
        }
    }

    fn step(&mut self, step: &str) {
        let mut parts = step.splitn(3, ' ');
        let (method, path, body) = (parts.next().unwrap(), parts.next().unwrap(), parts.next());
        let body = body.map(|body| body.replace("$LAB", &self.lab));
        let headers = [("token", self.tokens.other.as_str()), ("content-type", "application/json")];
        let response = exchange(self.server.address(), method, path, &headers, body.as_deref()).unwrap();
        if response.json()["success"] != true {
            self.failures.push((format!("step {step}"), response.text));
        }
    }

    async fn act(&mut self, act: &str) {
        let words: Vec<&str> = act.split(' ').collect();
        let seed = &self.server;
        match words.as_slice() {
            ["login", credentials] => {
                let response = login(self.server.address(), "full", credentials);
                self.tokens.other = response.json()["data"]["token"].as_str().unwrap().to_owned();
            }
            ["bad-logins", count] => {
                for _ in 0..count.parse::<u32>().unwrap() {
                    login(self.server.address(), "full", "Admin:wrong");
                }
            }
            ["disable", name] => seed.seed(|s| s.set_user_disabled(name, true)),
            ["enable", name] => seed.seed(|s| s.set_user_disabled(name, false)),
            ["advance", hours] => self.clock.advance(Duration::from_secs(3600 * hours.parse::<u64>().unwrap())),
            ["unblock"] => seed.seed(|s| s.unblock()),
            ["vlan-duplicates", on] => seed.seed(|s| s.set_vlan_duplicates(*on == "on")),
            ["ping", on] => seed.seed(|s| s.set_can_ping(*on == "on")),
            ["online", ip] => seed.seed(|s| s.set_online(ip.parse::<IpAddr>().unwrap(), true)),
            ["api", on] => seed.seed(|s| s.set_api_enabled(*on == "on")),
            ["delete-agent", id] => seed.seed(|s| s.delete(Object::ScanAgent, id.parse().unwrap())),
            ["group", name] => {
                seed.seed(|s| s.add_group(name));
            }
            ["fill", subnet] => {
                seed.seed(|s| s.fill(subnet.parse().unwrap(), 1 << 16));
            }
            ["hold", "file"] => self.guard = Some(self.server.hold_lock(Lock::File(Duration::ZERO)).await),
            ["hold", "mysql"] => self.guard = Some(self.server.hold_lock(Lock::MySql(Duration::ZERO)).await),
            ["release"] => self.guard = None,
            ["clear", "subnets"] => seed.seed(|s| s.clear(Object::Subnet)),
            ["clear", "all"] => seed.seed(|s| {
                let cleared =
                    [Object::Subnet, Object::Section, Object::Vlan, Object::Vrf, Object::Nameservers, Object::Device];
                for object in cleared {
                    s.clear(object);
                }
            }),
            other => panic!("unknown act {other:?}"),
        }
    }

    fn finish(self, at_least: usize) {
        let failed = self.failures.len();
        let shown: Vec<String> =
            self.failures.iter().map(|(name, differences)| format!("{name}: {differences}")).collect();
        assert!(shown.is_empty(), "{failed} of {}:\n{}", self.replayed, shown.join("\n"));
        assert!(self.replayed >= at_least, "only {} exchanges", self.replayed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_session_gets_the_recorded_responses() {
    let clock = Clock::fixed(session_start());
    let server = Server::builder().recorded().clock(clock.clone()).start().await.unwrap();
    let mut session = Session::new(SERVER, server, clock);
    session.run(MAIN).await;
    session.finish(772);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_server_gets_the_recorded_responses() {
    let clock = Clock::fixed(session_start());
    let second = Duration::from_secs(1);
    let app = |id: &str, lock| App::new(id).with_permission(Permission::Admin).with_lock(lock);
    let server = Server::builder()
        .app(app("full", Lock::File(Duration::from_secs(30))))
        .app(app("nolock", Lock::Disabled))
        .app(app("filewait1", Lock::File(second)))
        .app(app("dbwait1", Lock::MySql(second)))
        .user(UserAccount::new("Admin", "ipamadmin-Pass1"))
        .example_data()
        .clock(clock.clone())
        .start()
        .await
        .unwrap();
    let mut session = Session::new(SERVER, server, clock);
    session.run(SECOND).await;
    session.finish(18);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_new_york_sends_its_local_time() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_338_177);
    let server =
        Server::builder().recorded().clock(Clock::fixed(start)).utc_offset_minutes(-300).start().await.unwrap();
    let response = login(server.address(), "full", "Admin:ipamadmin-Pass1");
    assert_eq!(response.json()["data"]["expires"], "2026-11-22 10:02:57");
    let recording = Recording::load(SERVER, "user-post-login-server-timezone-new-york");
    assert_eq!(recording.differences(&response, false), Vec::<String>::new());
}

/// Every exchange is replayed or listed with a reason, and the list may only shrink.
#[test]
fn every_exchange_is_replayed_or_listed_with_a_reason() {
    let scripts = [MAIN, SECOND].join("\n");
    let mut replayed: BTreeSet<String> = scripts
        .lines()
        .map(|line| line.trim().trim_start_matches("~ "))
        .filter(|line| !line.starts_with(['+', '!', '#']))
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    replayed.insert("user-post-login-server-timezone-new-york".to_owned());
    let mut listed = BTreeSet::new();
    for line in NOT_COVERED.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let (name, reason) = line.split_once(": ").unwrap_or_else(|| panic!("{line} has no reason"));
        assert!(reason.len() > 10, "{line} has no reason");
        assert!(!replayed.contains(name), "{name} is replayed, so it need not be listed");
        listed.insert(name.to_owned());
    }
    let all: BTreeSet<String> = names(SERVER).into_iter().collect();
    let missing: Vec<_> = all.iter().filter(|n| !replayed.contains(*n) && !listed.contains(*n)).collect();
    assert!(missing.is_empty(), "neither replayed nor listed: {missing:?}");
    assert!(listed.is_subset(&all), "listed but not recorded");
    assert!(listed.len() <= 86, "the list may only shrink");
}
