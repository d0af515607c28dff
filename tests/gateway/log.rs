//! Records of forwarded connections, from the kernel to a collector.

use std::net::{TcpListener, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipam_core::http::{HttpOptions, TlsOptions};
use ipam_tests::lab::{self, Lab};
use lab_gateway::firewall::{Firewall as _, Transaction};
use lab_gateway::log::{Collector, CollectorKey, Entry, Forwarder, LogSource, LogState, Loss, Spool, SpoolLimits};

use crate::outside::{Manner, Outside};
use crate::site::{CLIENT, GROUP, INNER, Site, at, connect, firewall};

/// Waits until the kernel lists a listener of the group, in the namespace of the caller.
async fn listening() {
    let listed = || {
        let list = std::fs::read_to_string("/proc/thread-self/net/netfilter/nfnetlink_log").unwrap();
        list.lines().any(|line| line.split_whitespace().next() == Some(&GROUP.to_string()))
    };
    while !listed() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn forwarder(lab: &Lab, outside: &Outside, public: &str) -> Forwarder {
    let spool = Spool::open(&lab.dir().join("spool"), SpoolLimits::default()).unwrap();
    let tls = TlsOptions::new().with_pinned_pem(&outside.pem).unwrap();
    let collector = Collector::new(&format!("{}logs/", outside.url), HttpOptions::new().with_tls(tls)).unwrap();
    let key = CollectorKey::from_base64(public).unwrap();
    Forwarder::new(LogSource::nflog(GROUP), "alice", key, spool, collector)
        .with_batches(100, Duration::from_millis(200))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

#[test]
#[ignore = "needs network namespaces, nft, named and conntrack; .ci/gateway.sh runs it"]
fn a_forwarded_connection_arrives_at_the_collector_and_downtime_is_dated() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        let lab = &*lab;
        at(lab, &site.gateway, firewall().apply(&Transaction::Replace(vec![]))).unwrap();
        let outside = TcpListener::bind((CLIENT, 9000)).unwrap();
        let started = now();
        let (secret, public) = CollectorKey::generate();
        let connections = |count: usize| {
            for _ in 0..count {
                lab.in_host(&site.inner, || connect(&format!("{CLIENT}:9000"))).unwrap();
                // The source was translated on the way out.
                assert_eq!(outside.accept().unwrap().1.ip().to_string(), crate::site::GATEWAY);
            }
        };
        let entries = at(lab, &site.gateway, async {
            let outside = Outside::start("127.0.0.1", "", Manner::default()).await;
            // Twice, with a connection in between that is not heard.
            for round in 0..2u64 {
                let forwarder = forwarder(lab, &outside, &public);
                let mut state = forwarder.state();
                let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
                let run = tokio::spawn(forwarder.run(async { drop(stopped.await) }));
                listening().await;
                connections(3);
                let all = |state: &LogState| state.records == 3 && state.sent > 0 && state.waiting == 0;
                tokio::time::timeout(Duration::from_secs(30), state.wait_for(all)).await.expect("sent").unwrap();
                drop(stop);
                run.await.unwrap();
                if round == 0 {
                    connections(1);
                    tokio::time::sleep(Duration::from_millis(1100)).await;
                }
            }
            outside.entries(&secret)
        });
        let mut records = 0;
        let mut notices = Vec::new();
        for entry in &entries {
            match entry {
                Entry::Record(record) => {
                    records += 1;
                    assert_eq!(
                        (record.source.to_string().as_str(), record.target.to_string().as_str()),
                        (INNER, CLIENT)
                    );
                    assert!(record.user == "alice" && (started..=now()).contains(&record.time), "{record:?}");
                }
                Entry::Notice(notice) => notices.push(notice),
            }
        }
        assert_eq!(records, 6, "{entries:?}");
        let [downtime] = notices[..] else { panic!("{notices:?}") };
        assert_eq!((downtime.lost, downtime.count), (Loss::Downtime, None));
        assert!(started <= downtime.from && downtime.from < downtime.until && downtime.until <= now(), "{downtime:?}");
    });
}

#[test]
#[ignore = "needs network namespaces, nft, named and conntrack; .ci/gateway.sh runs it"]
fn what_the_kernel_drops_is_counted() {
    lab::inside(|lab| {
        let site = Site::new(lab);
        let lab = &*lab;
        at(lab, &site.gateway, firewall().apply(&Transaction::Replace(vec![]))).unwrap();
        let (secret, public) = CollectorKey::generate();
        // Takes all and sends nothing back, so that each packet is the first of its connection for the kernel.
        let silent = UdpSocket::bind((CLIENT, 9001)).unwrap();
        let send = |count: u64| {
            lab.in_host(&site.inner, || {
                let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
                (0..count).filter(|_| socket.send_to(b"x", (CLIENT, 9001)).is_ok()).count()
            })
        };
        let entries = at(lab, &site.gateway, async {
            let outside = Outside::start("127.0.0.1", "", Manner::default()).await;
            let forwarder = forwarder(lab, &outside, &public).with_batches(20_000, Duration::from_millis(200));
            let mut state = forwarder.state();
            let run = tokio::spawn(forwarder.run(std::future::pending()));
            listening().await;
            // More than the receive buffer has room for, while the only thread of the reader is busy here.
            let mut sent = send(200_000);
            let complete = |state: &LogState, sent: usize| {
                let lost = state.lost.get(&Loss::Kernel).copied().unwrap_or_default();
                lost > 0 && state.records + lost == u64::try_from(sent).unwrap() && state.waiting == 0
            };
            for _ in 0..60 {
                // The number of a later packet tells how many were lost before it.
                sent += send(1);
                tokio::time::sleep(Duration::from_secs(1)).await;
                if complete(&state.borrow_and_update(), sent) {
                    break;
                }
            }
            let last = state.borrow().clone();
            assert!(complete(&last, sent), "{sent} packets: {last:?}");
            run.abort();
            outside.entries(&secret)
        });
        drop(silent);
        let lost = entries.iter().any(|entry| matches!(entry, Entry::Notice(notice) if notice.lost == Loss::Kernel));
        assert!(lost, "{} entries", entries.len());
    });
}
