//! Claims of processes that die between taking addresses and acknowledging them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::Method;
use ipam_core::{Allocate, AllocateLine, Deallocate, ErrorKind, Find, IpamProvider, IpamProviderExt, Retry, Sweep};
use phpipam_client::models::{SectionId, SubnetFields, SubnetId};

use ipam_tests::live::{Made, addresses_of, base, client, open_at, runtime, section_option};

/// Number of addresses of a claim: enough that the process can be killed in the middle.
const COUNT: u32 = 24;

/// Time after which a claim of that many addresses counts as abandoned.
const HONOURED: Duration = Duration::from_secs(40);

async fn connect(section: SectionId) -> Arc<dyn IpamProvider> {
    open_at(&base(), &format!("{}&claim_time=4s&sweep=0", section_option(section))).await.unwrap()
}

struct Site {
    made: Made,
    section: SectionId,
    range: SubnetId,
}

async fn site() -> Site {
    let made = Made::new(client());
    let section = made.section().await.unwrap();
    let net = "10.105.0.0/24".parse().unwrap();
    let range = client().subnets().create(section, net, &SubnetFields::new()).await.unwrap().id;
    Site { made, section, range }
}

fn several(range: SubnetId) -> Allocate {
    Allocate::new("killed").with_line(AllocateLine::next(range.to_string(), COUNT))
}

/// Runs a request in a runtime that is shut down as soon as some addresses are taken, as if its process were killed.
/// Returns what is registered in the range then.
async fn abandon(section: SectionId, range: SubnetId, request: Allocate) -> Vec<IpAddr> {
    for _ in 0..5 {
        kill(section, range, request.clone()).await;
        let left = addresses_of(&client(), range).await;
        // A process that was quicker than the look at it has acknowledged its claim.
        let provider = connect(section).await;
        let done = provider.find(&Find::default().with_owner("killed")).await.unwrap().items;
        if done.is_empty() {
            return left;
        }
        for one in done {
            provider.deallocate(&Deallocate::id(one.id)).await.unwrap();
        }
    }
    panic!("no process could be killed in time");
}

async fn kill(section: SectionId, range: SubnetId, request: Allocate) {
    let client = client();
    let before = addresses_of(&client, range).await.len();
    let killed = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let claim = killed.spawn(async move {
        let provider = connect(section).await;
        provider.allocate(&request).await.map(|_| ())
    });
    let deadline = Instant::now() + Duration::from_secs(20);
    while addresses_of(&client, range).await.len() < before + 2 && !claim.is_finished() {
        assert!(Instant::now() < deadline, "nothing was taken");
    }
    killed.shutdown_background();
    // What was on its way arrives.
    tokio::time::sleep(Duration::from_millis(500)).await;
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn what_a_killed_process_left_is_counted_and_swept() {
    runtime().block_on(async {
        let Site { made: _made, section, range } = site().await;
        let provider = connect(section).await;
        let kept = provider.allocate_one(range.to_string(), "kept").await.unwrap().address;
        let left: Vec<IpAddr> =
            abandon(section, range, several(range)).await.into_iter().filter(|ip| *ip != kept).collect();
        assert!(left.len() >= 2, "{left:?}");
        let found = provider.find(&Find::default()).await.unwrap().items;
        assert_eq!(found.iter().map(|one| one.address).collect::<Vec<_>>(), [kept]);
        assert!(provider.capabilities().sweep, "the app may write");

        let mine = async |sweep: Sweep| -> Vec<IpAddr> {
            let swept = provider.sweep(&sweep).await.unwrap();
            let mine = swept.claims.iter().filter(|claim| claim.range.as_str() == range.to_string());
            let mut addresses: Vec<_> = mine.filter_map(|claim| claim.address).collect();
            addresses.sort_unstable();
            addresses
        };
        assert!(mine(Sweep::new().with_older_than(Duration::ZERO)).await.is_empty(), "it may still be at work");
        let deadline = Instant::now() + HONOURED;
        let mut listed = Vec::new();
        while listed.is_empty() && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_secs(1)).await;
            listed = mine(Sweep::new().with_dry_run(true)).await;
        }
        assert_eq!(listed, left);
        let warnings = provider.check().await.unwrap().warnings.join("\n");
        assert!(warnings.contains("ipam sweep"), "{warnings}");
        assert!(warnings.contains(&format!("{} addresses", left.len())), "{warnings}");
        assert_eq!(mine(Sweep::new()).await, left);
        assert_eq!(addresses_of(&client(), range).await, [kept]);
        assert!(mine(Sweep::new()).await.is_empty(), "it is repeatable");
        let warnings = provider.check().await.unwrap().warnings.join("\n");
        assert!(!warnings.contains("ipam sweep"), "{warnings}");
    });
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn a_key_of_a_killed_process_is_busy_for_its_time_and_then_done_anew() {
    runtime().block_on(async {
        let Site { made: _made, section, range } = site().await;
        let key = format!("live-{range}");
        let request = several(range).with_key(key.clone());
        abandon(section, range, request.clone()).await;
        let provider = connect(section).await;
        for error in [
            provider.allocate(&request).await.map(|_| ()).unwrap_err(),
            provider.deallocate(&Deallocate::key(key)).await.map(|_| ()).unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.retry()), (ErrorKind::Busy, Retry::Safe), "{error}");
            assert!(error.retry_after().is_some_and(|wait| wait < HONOURED), "{error}");
        }
        let deadline = Instant::now() + HONOURED;
        let told = loop {
            match provider.allocate(&request).await {
                Ok(told) => break told,
                Err(error) => {
                    assert!(error.kind() == ErrorKind::Busy && Instant::now() < deadline, "{error}");
                    tokio::time::sleep(error.retry_after().unwrap_or_default().min(Duration::from_secs(3))).await;
                }
            }
        };
        assert!(!told.repeated);
        let mut told: Vec<IpAddr> = told.iter().map(|one| one.address).collect();
        told.sort_unstable();
        assert_eq!(u32::try_from(told.len()), Ok(COUNT));
        assert_eq!(addresses_of(&client(), range).await, told, "what was left is gone");
    });
}

/// Connecting undoes abandoned claims, unless the option switches that off or the server cannot search.
#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn connecting_sweeps() {
    runtime().block_on(async {
        let search = client().raw(Method::GET, "search/live/", None).await;
        if search.is_err_and(|error| error.to_string().contains("Invalid controller")) {
            println!("this server cannot search: connecting does not sweep");
            return;
        }
        let Site { made: _made, section, range } = site().await;
        assert!(!abandon(section, range, several(range)).await.is_empty());
        tokio::time::sleep(Duration::from_secs(20)).await;
        connect(section).await;
        assert!(!addresses_of(&client(), range).await.is_empty(), "it was told not to");
        let deadline = Instant::now() + HONOURED;
        while !addresses_of(&client(), range).await.is_empty() {
            assert!(Instant::now() < deadline, "nothing was undone");
            open_at(&base(), &format!("{}&claim_time=4s", section_option(section))).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
}
