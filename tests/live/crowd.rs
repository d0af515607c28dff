//! Eight clients that allocate from one subnet at the same time.

use std::collections::BTreeSet;
use std::time::Instant;

use ipam_core::{Allocate, Deallocate, IpamProvider};
use phpipam_client::models::SubnetFields;
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};

use ipam_tests::live::{Made, app, client, runtime};

const CLIENTS: usize = 8;

/// Default number of addresses that each client allocates; `IPAM_LIVE_PHPIPAM_EACH` changes it.
fn each() -> usize {
    std::env::var("IPAM_LIVE_PHPIPAM_EACH").ok().and_then(|text| text.parse().ok()).unwrap_or(500)
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn eight_clients_get_each_address_once() {
    runtime().block_on(async {
        let client = client();
        let made = Made::new(client.clone());
        let section = made.section().await.unwrap();
        let net = "10.71.0.0/19".parse().unwrap();
        let subnet = client.subnets().create(section, net, &SubnetFields::new()).await.unwrap().id;
        let each = each();
        let start = Instant::now();
        let tasks: Vec<_> = (0..CLIENTS)
            .map(|number| {
                tokio::spawn(async move {
                    // A client of its own, as if it were another process.
                    let config = PhpIpamConfig::new().with_section_id(section);
                    let provider = PhpIpamProvider::connect(ipam_tests::live::client(), config).await.unwrap();
                    let (mut taken, mut failed, mut longest) = (Vec::new(), Vec::new(), std::time::Duration::ZERO);
                    for n in 0..each {
                        let key = format!("live-{number}-{n}");
                        let request = Allocate::one(format!("vm-{number}-{n}"), subnet.to_string()).with_key(key);
                        let began = Instant::now();
                        match provider.allocate(&request).await {
                            Ok(response) => taken.extend(response.iter().map(|one| (one.address, response.key.clone()))),
                            Err(error) => failed.push(error.to_string()),
                        }
                        longest = longest.max(began.elapsed());
                    }
                    (taken, failed, longest)
                })
            })
            .collect();
        let (mut taken, mut failed, mut longest) = (Vec::new(), Vec::new(), std::time::Duration::ZERO);
        for task in tasks {
            let (some, errors, long) = task.await.unwrap();
            taken.extend(some);
            failed.extend(errors);
            longest = longest.max(long);
        }
        let seconds = start.elapsed().as_secs_f64();
        let distinct: BTreeSet<_> = taken.iter().map(|(ip, _)| *ip).collect();
        let rows = client.subnets().addresses(subnet).await.unwrap();
        let leaked = rows.iter().filter(|row| row.ip.is_none_or(|ip| !distinct.contains(&ip))).count();
        println!(
            "app {}: {CLIENTS} clients x {each}: {} taken, {} duplicates, {} failures, {leaked} leaked, {seconds:.1} s, longest {:.2} s",
            app(),
            taken.len(),
            taken.len() - distinct.len(),
            failed.len(),
            longest.as_secs_f64(),
        );
        assert_eq!(failed, [""; 0]);
        assert_eq!(distinct.len(), CLIENTS * each, "no address twice");
        assert_eq!((rows.len(), leaked), (CLIENTS * each, 0), "none left over");

        // And back again: each by its key.
        let config = PhpIpamConfig::new().with_section_id(section);
        let provider = PhpIpamProvider::connect(client.clone(), config).await.unwrap();
        for (ip, key) in taken.iter().take(50) {
            let response = provider.deallocate(&Deallocate::key(key.clone())).await.unwrap();
            assert_eq!(response.freed().map(|one| one.address).collect::<Vec<_>>(), [*ip]);
        }
    });
}
