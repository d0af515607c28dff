//! Listing of two thousand subnets with gateways and DNS servers, compared with a loop that requests each gateway.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures_util::{StreamExt, TryStreamExt, stream};
use http::Method;
use ipam_core::{IpamProvider, ListRanges, PageRequest};
use phpipam_client::models::{AddressFields, NameserverId, SubnetFields};
use phpipam_client::provider::{PhpIpamConfig, PhpIpamProvider};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use ipam_tests::live::{Made, auth, base, client, client_at, runtime};

const SUBNETS: u32 = 2_000;

/// Forwards to the server and counts requests. Only for plain HTTP, as encrypted requests cannot be counted.
async fn counted() -> Option<(String, Arc<AtomicUsize>)> {
    let base = base();
    let rest = base.strip_prefix("http://")?.to_owned();
    let (host, path) = rest.split_once('/').unwrap_or((&rest, ""));
    let target = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let listener = TcpListener::bind("127.0.0.1:0").await.ok()?;
    let url = format!("http://{}/{path}", listener.local_addr().ok()?);
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let (target, counter) = (target.clone(), Arc::clone(&counter));
            tokio::spawn(async move {
                let Ok(far) = TcpStream::connect(target).await else { return };
                let ((mut near_in, mut near_out), (mut far_in, mut far_out)) = (near.into_split(), far.into_split());
                let back = tokio::spawn(async move {
                    let _ = tokio::io::copy(&mut far_in, &mut near_out).await;
                });
                let (mut buffer, mut line) = ([0_u8; 8_192], Vec::new());
                while let Ok(read @ 1..) = near_in.read(&mut buffer).await {
                    let part = buffer.get(..read).unwrap_or_default();
                    line.extend_from_slice(part);
                    let ends = line.windows(11).filter(|bytes| *bytes == b" HTTP/1.1\r\n").count();
                    counter.fetch_add(ends, Ordering::Relaxed);
                    // What may be the start of the next one.
                    line = line.split_off(line.len().saturating_sub(10));
                    if far_out.write_all(part).await.is_err() {
                        break;
                    }
                }
                let _ = far_out.shutdown().await;
                let _ = back.await;
            });
        }
    });
    Some((url.trim_end_matches('/').to_owned(), count))
}

#[test]
#[ignore = "needs a phpIPAM: set IPAM_LIVE_PHPIPAM_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn a_listing_is_a_fixed_number_of_requests() {
    runtime().block_on(async {
        let maker = client();
        let made = Made::new(maker.clone());
        let section = made.section().await.unwrap();
        let body = serde_json::json!({"name": "ipam-live", "namesrv1": "10.255.0.53;10.255.1.53"});
        let set = maker.raw(Method::POST, "tools/nameservers/", Some(body)).await.unwrap().id.unwrap();
        made.nameservers.lock().unwrap().push(set);
        let fields = SubnetFields::new().with_nameserver(NameserverId::new(set));
        stream::iter(0..SUBNETS)
            .map(Ok::<u32, phpipam_client::Error>)
            .try_for_each_concurrent(4, |n| {
                let (maker, fields) = (&maker, &fields);
                async move {
                    let first = 0x0a80_0000 + n * 256;
                    let net = ipnet::Ipv4Net::new(first.into(), 24).unwrap();
                    let subnet = maker.subnets().create(section, net.into(), fields).await?.id;
                    let gateway = AddressFields::new().with_is_gateway(true);
                    maker.addresses().create(subnet, IpAddr::V4((first + 1).into()), &gateway).await?;
                    Ok(())
                }
            })
            .await
            .unwrap();

        let counted = counted().await;
        let client = match &counted {
            Some((url, _)) => client_at(url, auth()),
            None => client(),
        };
        let requests = || counted.as_ref().map(|(_, count)| count.load(Ordering::Relaxed));
        let config = PhpIpamConfig::new().with_section_id(section);
        let provider = PhpIpamProvider::connect(client.clone(), config).await.unwrap();

        let (before, start) = (requests(), Instant::now());
        let page = ListRanges::all().with_page(PageRequest::of(10_000));
        let ranges = provider.list_ranges(&page).await.unwrap().items;
        let (ours, ours_requests) = (start.elapsed().as_secs_f64(), requests().zip(before).map(|(now, then)| now - then));
        assert_eq!(u32::try_from(ranges.len()), Ok(SUBNETS));
        for range in &ranges {
            assert_eq!(range.network.gateway, range.net.hosts().next(), "{range:?}");
            assert_eq!(range.network.dns_servers.len(), 2, "{range:?}");
        }

        let (before, start) = (requests(), Instant::now());
        let filter = phpipam_client::Filter::equals("sectionId", section);
        let rows = client.subnets().list_filtered(&filter).await.unwrap();
        let mut gateways = 0;
        for row in &rows {
            gateways += usize::from(client.subnets().get(row.id).await.unwrap().gateway_ip().is_some());
        }
        let (loops, loop_requests) = (start.elapsed().as_secs_f64(), requests().zip(before).map(|(now, then)| now - then));
        assert_eq!(u32::try_from(gateways), Ok(SUBNETS));
        println!(
            "{SUBNETS} subnets: {ours_requests:?} requests, {ours:.2} s; one request per gateway: {loop_requests:?} requests, {loops:.2} s ({:.0} times as long)",
            loops / ours
        );
        assert!(ours_requests.is_none_or(|count| count <= 4), "{ours_requests:?}");
        assert!(ours < loops);
    });
}
