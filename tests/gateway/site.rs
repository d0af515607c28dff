//! The network: outside is the process of the test.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

use ipam_tests::lab::{Host, Lab};
use lab_gateway::firewall::{NftFirewall, NftLayout};

/// Address of the gateway outside.
pub(crate) const GATEWAY: &str = "10.77.0.254";
/// Address of the machine in the lab.
pub(crate) const INNER: &str = "10.88.0.5";
/// Address of the process of the test, outside.
pub(crate) const CLIENT: &str = "10.77.0.1";
/// Group of the kernel's log.
pub(crate) const GROUP: u16 = 5;

/// A gateway with a lab of one machine.
pub(crate) struct Site {
    pub(crate) gateway: Host,
    pub(crate) inner: Host,
}

impl Site {
    pub(crate) fn new(lab: &mut Lab) -> Self {
        lab.scanner_address(&format!("{CLIENT}/24"));
        let gateway = lab.add_router("gateway", &format!("{GATEWAY}/24"), "10.88.0.1/24");
        let inner = lab.add_host_behind(&gateway, "inner", &format!("{INNER}/24"), "10.88.0.1".parse().unwrap());
        Self { gateway, inner }
    }
}

pub(crate) fn layout() -> NftLayout {
    NftLayout::new("lab_gateway", "eth0").unwrap().with_masquerade(true).with_log_group(Some(GROUP))
}

pub(crate) fn firewall() -> NftFirewall {
    NftFirewall::new("nft", layout())
}

/// Runs a future in the namespace of a host: its sockets and its children stay there.
pub(crate) fn at<T: Send>(lab: &Lab, host: &Host, future: impl Future<Output = T> + Send) -> T {
    lab.in_host(host, || {
        // Threads of this runtime are made by this one, and stay in its namespace.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(future)
    })
}

pub(crate) fn connect(to: &str) -> io::Result<TcpStream> {
    let to: SocketAddr = to.parse().unwrap();
    let stream = TcpStream::connect_timeout(&to, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_write_timeout(Some(Duration::from_secs(5)))?;
    Ok(stream)
}

/// Sends back what arrives, on a thread for each connection.
pub(crate) fn echo(listener: TcpListener) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            std::thread::spawn(move || {
                let mut bytes = [0; 64];
                while let Ok(length @ 1..) = stream.read(&mut bytes) {
                    if stream.write_all(&bytes[..length]).is_err() {
                        return;
                    }
                }
            });
        }
    });
}

/// Sends a word, and expects it back.
pub(crate) fn speak(mut stream: &TcpStream, word: &str) -> io::Result<()> {
    stream.write_all(word.as_bytes())?;
    let mut back = vec![0; word.len()];
    stream.read_exact(&mut back)?;
    assert_eq!(back, word.as_bytes());
    Ok(())
}

/// Runs a program to its end, and returns what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
