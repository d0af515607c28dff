//! Conformance suite on the profile of every version, and a part of it under each fault.
//!
//! The whole suite runs on the profile that differs most from 1.8.2, on which it runs elsewhere: 1.4.7 (strings, 200 for
//! "nothing found", no search, an app lock, deletes without a lock). On all profiles a selection of cases runs under each
//! fault alone, with every form in which a version reports it. The selection is that which claims, commits, takes back,
//! looks up and allocates child prefixes; the other cases read, or refuse before they ask the server. All of it together
//! takes some 90 s of one core in a debug build.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipam_core::conformance::{CaseOutcome, Harness, cases, run};
use phpipam_client::testing::{App, Fault, Lock, Numbers, Permission, Profile, Server, ServerBuilder, When};

use crate::harness::Simulated;

mod version_1_4 {
    ipam_core::conformance::tests!(
        crate::harness::Simulated::on(crate::profiles::v1_4).but(crate::profiles::BEFORE_1_5)
    );
}

const BEFORE_1_5: &[(&str, &str)] = &[
    // Q74.
    (
        "concurrency::deallocates_an_allocation_once",
        "before 1.8 two deletes of one address at the same time both succeed",
    ),
    // Q67.
    (
        "allocate::uses_both_addresses_of_a_point_to_point_link",
        "first_free leaves out the zero address of an IPv6 subnet",
    ),
];

const SELECTION: [&str; 11] = [
    "allocate::allocates_each_address_once_until_exhausted",
    "allocate::takes_several_exact_addresses",
    "allocate::takes_nothing_when_a_later_line_fails",
    "keys::returns_the_same_allocations_for_a_repeat",
    "keys::refuses_a_repeat_after_partial_deallocation",
    "keys::allocates_once_for_concurrent_equal_requests",
    "deallocate::deallocates_by_key",
    "deallocate::never_frees_the_next_allocation_by_an_old_id",
    "find::applies_every_condition",
    "update::changes_only_named_fields",
    "child_prefixes::allocates_the_lowest_free_prefix",
];

/// An app of this name and its settings, on the profile of a version.
fn server(profile: Profile, app: App) -> ServerBuilder {
    Server::builder().profile(profile).app(app.with_permission(Permission::Admin))
}

fn app() -> App {
    App::new(Server::APP)
}

// The settings of app and server change from version to version, so that each is met with every fault.

pub(crate) fn v1_4() -> ServerBuilder {
    server(Profile::V1_4_7, app())
}

fn v1_5() -> ServerBuilder {
    server(Profile::V1_5_2, app().with_nested_custom_fields(true).with_lock(Lock::Disabled))
}

fn v1_6() -> ServerBuilder {
    server(Profile::V1_6_1.on_php_7(), app().with_nested_custom_fields(true))
}

fn v1_7() -> ServerBuilder {
    server(Profile::V1_7_4, app().with_lock(Lock::Disabled)).numbers(Numbers::Strings)
}

fn v1_8() -> ServerBuilder {
    let lock = Lock::MySql(Duration::from_secs(30));
    server(Profile::V1_8_2, app().with_nested_custom_fields(true).with_lock(lock)).numbers(Numbers::Strings)
}

/// Runs the selection on a server whose calls meet a fault.
fn hold_under(start: fn() -> ServerBuilder, fault: fn(&Server)) {
    let harness: Arc<dyn Harness> = Arc::new(Simulated::on(start).with_faults(fault));
    for name in SELECTION {
        let case = cases().iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"));
        match run(&harness, case) {
            Ok(CaseOutcome::Passed) => {}
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// Calls of one target after which it meets its fault again.
const AGAIN: u64 = 50;

/// Adds a fault that each target (method and path) meets once, and again after many calls; logins do not, which are not
/// repeated.
///
/// So it is at every place that a case has. Not at random: of thousands of calls one would meet it in each of its
/// repetitions, and so would one beside many others that are counted together.
fn everywhere(server: &Server, fault: Fault, methods: &'static [&'static str]) {
    let calls: Mutex<HashMap<String, u64>> = Mutex::default();
    let when = When::any().always().matching(move |target| {
        if !methods.contains(&target.method) || target.path.ends_with("/user/") {
            return false;
        }
        let mut calls = calls.lock().unwrap();
        let count = calls.entry(format!("{} {}", target.method, target.path)).or_default();
        *count += 1;
        *count % AGAIN == 1
    });
    server.fault(fault, when);
}

const ALL: &[&str] = &["GET", "POST", "PATCH", "DELETE"];

fn latency(server: &Server) {
    everywhere(server, Fault::Latency(Duration::from_millis(10)), ALL);
}

fn lock_timeout(server: &Server) {
    everywhere(server, Fault::LockTimeout, &["POST", "PATCH", "DELETE"]);
}

/// A read that PHP died of. Writes of phpIPAM end so only where no call of the provider goes.
fn empty_500(server: &Server) {
    everywhere(server, Fault::EmptyError500, &["GET"]);
}

fn bad_gateway(server: &Server) {
    everywhere(server, Fault::Html(502), ALL);
}

fn unavailable(server: &Server) {
    everywhere(server, Fault::Html(503), ALL);
}

fn lost_request(server: &Server) {
    everywhere(server, Fault::DropBefore, ALL);
}

fn lost_response(server: &Server) {
    everywhere(server, Fault::DropAfter, ALL);
}

/// Once in a case: the client refuses to log in again and again.
fn expired_token(server: &Server) {
    server.fault(Fault::ExpireToken, When::any().skip(6).matching(|target| !target.path.ends_with("/user/")));
}

macro_rules! matrix {
    ($($version:ident: [$($fault:ident)*];)*) => {
        $(mod $version {
            $(#[test]
            fn $fault() {
                super::hold_under(super::$version, super::$fault);
            })*
        })*
    };
}

matrix! {
    v1_4: [latency lock_timeout empty_500 bad_gateway unavailable lost_request lost_response expired_token];
    v1_5: [latency lock_timeout empty_500 bad_gateway unavailable lost_request lost_response expired_token];
    v1_6: [latency lock_timeout empty_500 bad_gateway unavailable lost_request lost_response expired_token];
    v1_7: [latency lock_timeout empty_500 bad_gateway unavailable lost_request lost_response expired_token];
    v1_8: [latency lock_timeout empty_500 bad_gateway unavailable lost_request lost_response expired_token];
}
