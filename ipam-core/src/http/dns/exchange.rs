//! One query to one server.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use super::message::{Query, Response};

/// Largest response over UDP without extensions.
const UDP_BYTES: usize = 512;

/// Asks a server, over TCP if the response over UDP was truncated or `tcp_only` is set. The caller limits the time.
pub(super) async fn ask(server: SocketAddr, query: &Query, tcp_only: bool) -> io::Result<Response> {
    if !tcp_only {
        let response = over_udp(server, query).await?;
        if !response.truncated {
            return Ok(response);
        }
    }
    over_tcp(server, query).await
}

async fn over_udp(server: SocketAddr, query: &Query) -> io::Result<Response> {
    let any = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    // A socket of its own for each query: a new port makes a forged response harder.
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).await?;
    // Connected, so that datagrams of other senders are dropped and a closed port is an error at once.
    socket.connect(server).await?;
    socket.send(&query.to_bytes()).await?;
    let mut buffer = [0; UDP_BYTES];
    loop {
        let length = socket.recv(&mut buffer).await?;
        if let Some(response) = query.read(buffer.get(..length).unwrap_or_default()) {
            return Ok(response);
        }
    }
}

async fn over_tcp(server: SocketAddr, query: &Query) -> io::Result<Response> {
    let mut stream = TcpStream::connect(server).await?;
    let message = query.to_bytes();
    // A name has at most 253 characters, so the length fits.
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    // In one write, because some servers read both at once.
    stream.write_all(&[&length.to_be_bytes(), message.as_slice()].concat()).await?;
    let mut response = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut response).await?;
    query.read(&response).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a response to the query"))
}
