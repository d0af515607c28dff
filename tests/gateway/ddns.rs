//! DNS updates against a real name server.

use std::net::Ipv4Addr;
use std::time::Duration;

use ipam_tests::lab::{self, Host, Lab, block_on};
use lab_gateway::ddns::{AddressSource, DdnsClient, DdnsConfig, DdnsError, TsigKey, Updater};

use crate::site::run;

pub(crate) const SERVER: &str = "10.77.0.53";
pub(crate) const ZONE: &str = "labs.example.test";
const NAME: &str = "alice.labs.example.test";

pub(crate) const KEYS: &str = "key \"lab\" { algorithm hmac-sha512; secret \"c2VjcmV0LW9mLXRoZS1sYWItZ2F0ZXdheS0x\"; };\n\
    key \"small\" { algorithm hmac-sha256; secret \"c2VjcmV0LW9mLXRoZS1sYWItZ2F0ZXdheS0y\"; };";
pub(crate) const POLICY: &str = "grant lab name alice.labs.example.test A; grant lab name alias.labs.example.test A; \
    grant small name bob.labs.example.test A;";

fn key(name: &str, algorithm: &str, last: char) -> TsigKey {
    let secret = format!("c2VjcmV0LW9mLXRoZS1sYWItZ2F0ZXdheS0{last}");
    TsigKey::from_bind(&format!("key \"{name}\" {{ algorithm {algorithm}; secret \"{secret}\"; }};")).unwrap()
}

fn client(zone: &str, name: &str, key: TsigKey) -> DdnsClient {
    DdnsClient::new(DdnsConfig::new(SERVER, zone, name, key).unwrap().with_time_limit(Duration::from_secs(3)))
}

pub(crate) fn served(lab: &Lab, name: &str) -> String {
    // Only the record itself.
    let parts = ["comments", "question", "stats", "cmd", "authority", "additional"].map(|part| format!("+no{part}"));
    let output = run(lab.command("dig").args(parts).args(["+time=2", &format!("@{SERVER}"), name, "A"]));
    output.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn start(lab: &mut Lab) -> Host {
    lab.scanner_address("10.77.0.1/24");
    let server = lab.add_host("dns", &[&format!("{SERVER}/24")]);
    lab.serve_updates(&server, ZONE, KEYS, POLICY);
    server
}

#[test]
#[ignore = "needs network namespaces, nft, named and conntrack; .ci/gateway.sh runs it"]
fn the_server_takes_the_update_and_serves_the_name() {
    lab::inside(|lab| {
        start(lab);
        let lab_key = || key("lab", "hmac-sha512", 'x');
        block_on(client(ZONE, NAME, lab_key()).update(Ipv4Addr::new(192, 0, 2, 7))).unwrap();
        assert_eq!(served(lab, NAME), format!("{NAME}. 300 IN A 192.0.2.7"));
        // Another address takes the place of the first.
        block_on(client(ZONE, NAME, lab_key()).update(Ipv4Addr::new(192, 0, 2, 8))).unwrap();
        assert_eq!(served(lab, NAME), format!("{NAME}. 300 IN A 192.0.2.8"));
        block_on(client(ZONE, NAME, lab_key()).update(Ipv4Addr::new(192, 0, 2, 8))).unwrap();
        let bob = "bob.labs.example.test";
        let small = DdnsConfig::new(SERVER, ZONE, bob, key("small", "hmac-sha256", 'y')).unwrap().with_ttl(60);
        block_on(DdnsClient::new(small).update(Ipv4Addr::new(192, 0, 2, 9))).unwrap();
        assert_eq!(served(lab, bob), format!("{bob}. 60 IN A 192.0.2.9"));
    });
}

#[test]
#[ignore = "needs network namespaces, nft, named and conntrack; .ci/gateway.sh runs it"]
fn each_refusal_is_an_error_of_its_own_and_changes_nothing() {
    lab::inside(|lab| {
        let server = start(lab);
        let address = Ipv4Addr::new(192, 0, 2, 7);
        let fault =
            |zone: &str, name: &str, key: TsigKey| block_on(client(zone, name, key).update(address)).unwrap_err();
        let lab_key = || key("lab", "hmac-sha512", 'x');

        let wrong = fault(ZONE, NAME, key("lab", "hmac-sha512", 'z'));
        assert!(matches!(wrong, DdnsError::BadSig { .. }), "{wrong}");
        let unknown = fault(ZONE, NAME, key("other", "hmac-sha512", 'x'));
        assert!(matches!(unknown, DdnsError::BadKey { .. }), "{unknown}");
        let algorithm = fault(ZONE, NAME, key("lab", "hmac-sha256", 'x'));
        assert!(matches!(algorithm, DdnsError::BadKey { .. }), "{algorithm}");
        let refused = fault(ZONE, "carol.labs.example.test", lab_key());
        assert!(matches!(refused, DdnsError::Refused { .. }), "{refused}");
        let zone = fault("elsewhere.test", "alice.elsewhere.test", lab_key());
        assert!(matches!(zone, DdnsError::NotAuth { .. }), "{zone}");
        let alias = fault(ZONE, "alias.labs.example.test", lab_key());
        assert!(matches!(alias, DdnsError::Alias { .. }), "{alias}");
        for error in [wrong, unknown, algorithm, refused, zone, alias] {
            let text = format!("{error} {error:?}");
            assert!(text.contains(SERVER) && !text.contains("c2VjcmV0"), "{text}");
        }
        assert_eq!(served(lab, NAME), "");

        lab.stop_dns(&server);
        assert!(matches!(fault(ZONE, NAME, lab_key()), DdnsError::Unreachable { .. }));
        lab.block_all(&server);
        assert!(matches!(fault(ZONE, NAME, lab_key()), DdnsError::Timeout { .. }));
    });
}

#[test]
#[ignore = "needs network namespaces, nft, named and conntrack; .ci/gateway.sh runs it"]
fn the_cycle_follows_the_address_of_the_interface() {
    lab::inside(|lab| {
        let server = start(lab);
        let source = AddressSource::Interface("br0".to_owned());
        let updater = Updater::new(client(ZONE, NAME, key("lab", "hmac-sha512", 'x')), source)
            .with_interval(Duration::from_millis(100), Duration::from_millis(800));
        let mut state = updater.state();
        block_on(async {
            let cycle = tokio::spawn(updater.run());
            let limit = Duration::from_secs(20);
            let is =
                |address: [u8; 4]| move |state: &lab_gateway::ddns::DdnsState| state.address == Some(address.into());
            tokio::time::timeout(limit, state.wait_for(is([10, 77, 0, 1]))).await.unwrap().unwrap();
            let first = state.borrow().confirmed.unwrap();
            // Again after the interval, without a change.
            let again = |state: &lab_gateway::ddns::DdnsState| state.confirmed.is_some_and(|time| time > first);
            tokio::time::timeout(limit, state.wait_for(again)).await.unwrap().unwrap();
            run(lab.command("ip").args(["addr", "add", "10.77.0.2/24", "dev", "br0"]));
            run(lab.command("ip").args(["addr", "del", "10.77.0.1/24", "dev", "br0"]));
            let changed = |state: &lab_gateway::ddns::DdnsState| state.address != Some([10, 77, 0, 1].into());
            // The second address of a network leaves with its first one, unless the system keeps it.
            if !run(lab.command("ip").args(["-4", "addr", "show", "dev", "br0"])).contains("10.77.0.2") {
                run(lab.command("ip").args(["addr", "add", "10.77.0.2/24", "dev", "br0"]));
            }
            tokio::time::timeout(limit, state.wait_for(changed)).await.unwrap().unwrap();
            cycle.abort();
        });
        assert_eq!(served(lab, NAME), format!("{NAME}. 300 IN A 10.77.0.2"));
        lab.stop_dns(&server);
    });
}
