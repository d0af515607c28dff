//! The network itself: what the other tests rely on.

use std::io::ErrorKind;
use std::net::{TcpStream, UdpSocket};
use std::time::Duration;

use ipam_tests::lab;

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn hosts_listen_refuse_stop_and_come_back() {
    lab::inside(|lab| {
        lab.scanner_address("10.77.0.1/24");
        lab.scanner_address("fd77::1/64");
        let web = lab.add_host("web", &["10.77.0.5/24", "fd77::5/64"]);
        let listener = lab.listen(&web, 8080);
        let connect = |to: &str| TcpStream::connect_timeout(&to.parse().unwrap(), Duration::from_secs(3));
        let kind = |to: &str| connect(to).map(|_| ()).map_err(|error| error.kind());
        for to in ["10.77.0.5:8080", "[fd77::5]:8080"] {
            assert_eq!(kind(to), Ok(()), "{to}");
        }
        assert_eq!(kind("10.77.0.5:22"), Err(ErrorKind::ConnectionRefused));
        assert_eq!(kind("198.51.100.1:22"), Err(ErrorKind::NetworkUnreachable), "no way out");
        lab.block_all(&web);
        assert_eq!(kind("10.77.0.5:8080"), Err(ErrorKind::TimedOut));
        lab.unblock(&web);
        lab.stop_host(&web);
        assert!(kind("10.77.0.5:8080").is_err());
        lab.start_host(&web);
        assert_eq!(kind("[fd77::5]:8080"), Ok(()));
        assert_eq!(listener.local_addr().unwrap().port(), 8080);
    });
}

#[test]
#[ignore = "needs network namespaces, nmap, named and nft; .ci/agent.sh runs it"]
fn a_router_forwards_and_a_name_server_responds() {
    lab::inside(|lab| {
        lab.scanner_address("10.77.0.1/24");
        let router = lab.add_router("router", "10.77.0.254/24", "10.88.0.1/24");
        let far = lab.add_host_behind(&router, "far", "10.88.0.5/24", "10.88.0.1".parse().unwrap());
        lab.serve_dns(&far, &[("10.77.0.5", "web1.example.test"), ("fd77::5", "web6.example.test")]);
        let ask = |name: &str| {
            let output = lab.command("dig").args(["+short", "+time=2", "@10.88.0.5", "-x", name]).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        assert_eq!(ask("10.77.0.5"), "web1.example.test.");
        assert_eq!(ask("fd77::5"), "web6.example.test.");
        lab.stop_dns(&far);
        lab.serve_dns(&far, &[("10.77.0.5", "web2.example.test")]);
        let bound =
            lab.in_host(&far, || UdpSocket::bind("10.88.0.5:0").map(|socket| socket.local_addr().unwrap().ip()));
        assert_eq!(bound.unwrap(), far_address());
        assert!(UdpSocket::bind("10.88.0.5:0").is_err(), "the scanner does not have the address");
    });
}

fn far_address() -> std::net::IpAddr {
    "10.88.0.5".parse().unwrap()
}
