//! One update: connects, sends and reads the response, within a time limit.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{DdnsConfig, DdnsError, message};

/// Sends updates of one record.
///
/// ```no_run
/// # async fn example(config: lab_gateway::ddns::DdnsConfig) -> Result<(), lab_gateway::ddns::DdnsError> {
/// use lab_gateway::ddns::DdnsClient;
///
/// DdnsClient::new(config).update("192.0.2.7".parse().unwrap()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct DdnsClient {
    config: DdnsConfig,
}

impl DdnsClient {
    /// Uses this configuration.
    pub fn new(config: DdnsConfig) -> Self {
        Self { config }
    }

    /// The configuration.
    pub fn config(&self) -> &DdnsConfig {
        &self.config
    }

    /// Lets the name have this address and no other. It may be repeated; a dropped future may have been applied.
    ///
    /// # Errors
    /// [`DdnsError::Unusable`] if the address is no host's; [`Unreachable`](DdnsError::Unreachable) or
    /// [`Timeout`](DdnsError::Timeout) without a response; otherwise what the server said, such as
    /// [`BadKey`](DdnsError::BadKey) or [`Refused`](DdnsError::Refused), or
    /// [`Response`](DdnsError::Response) if its response is not signed with the key.
    pub async fn update(&self, address: Ipv4Addr) -> Result<(), DdnsError> {
        if address.is_unspecified() || address.is_multicast() || address.is_broadcast() {
            return Err(DdnsError::Unusable { address });
        }
        let limit = self.config.limit();
        let server = || self.config.server().to_owned();
        let exchange = async {
            // The time is looked at after connecting, which may take a while.
            let mut stream = connect(self.config.server()).await?;
            let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            let request = message::request(&self.config, address, time).map_err(Fault::Update)?;
            let response = exchange(&mut stream, &request.bytes).await?;
            message::check(&self.config, request, &response).map_err(Fault::Update)
        };
        match timeout(limit, exchange).await {
            Err(_) => Err(DdnsError::Timeout { server: server(), limit }),
            Ok(Err(Fault::Io(error))) => Err(DdnsError::Unreachable { server: server(), reason: error.to_string() }),
            Ok(Err(Fault::Update(error))) => Err(error),
            Ok(Ok(())) => Ok(()),
        }
    }
}

enum Fault {
    Io(io::Error),
    Update(DdnsError),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Connects to the first address of the server that accepts.
async fn connect(server: &str) -> io::Result<TcpStream> {
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host(server).await?.collect();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name of the server has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Sends one message and reads one; over TCP each has its length in front, so that a response has at most 65 535 bytes.
async fn exchange(stream: &mut TcpStream, request: &[u8]) -> io::Result<Vec<u8>> {
    let length = u16::try_from(request.len()).map_err(|_| io::Error::other("the request is too long"))?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(request);
    stream.write_all(&framed).await?;
    let length = stream.read_u16().await?;
    let mut response = vec![0; usize::from(length)];
    stream.read_exact(&mut response).await?;
    Ok(response)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;
    use crate::ddns::{TsigAlgorithm, TsigKey};

    async fn against(server: SocketAddr, limit: Duration) -> DdnsError {
        let key = TsigKey::from_base64("k", TsigAlgorithm::HmacSha256, "c2VjcmV0LXNlY3JldC1zZWNyZXQ=".into()).unwrap();
        let config =
            DdnsConfig::new(&server.to_string(), "lab.test", "a.lab.test", key).unwrap().with_time_limit(limit);
        DdnsClient::new(config).update(Ipv4Addr::new(192, 0, 2, 1)).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_silent_a_closing_and_an_absent_server_are_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let limit = Duration::from_millis(200);
        assert!(matches!(against(address, limit).await, DdnsError::Timeout { .. }));
        let closing = tokio::spawn(async move {
            // The connection of the first call waits in the queue.
            for _ in 0..2 {
                drop(listener.accept().await.unwrap());
            }
        });
        assert!(matches!(against(address, Duration::from_secs(5)).await, DdnsError::Unreachable { .. }));
        closing.await.unwrap();
        let fault = against(address, Duration::from_secs(5)).await;
        assert!(fault.to_string().contains(&address.to_string()), "{fault}");
    }

    #[tokio::test]
    async fn addresses_of_no_host_are_refused_before_anything_is_sent() {
        let key = TsigKey::from_base64("k", TsigAlgorithm::HmacSha256, "c2VjcmV0LXNlY3JldC1zZWNyZXQ=".into()).unwrap();
        let client = DdnsClient::new(DdnsConfig::new("127.0.0.1:1", "lab.test", "a.lab.test", key).unwrap());
        for address in [Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST, Ipv4Addr::new(224, 0, 0, 1)] {
            assert_eq!(client.update(address).await, Err(DdnsError::Unusable { address }));
        }
    }
}
