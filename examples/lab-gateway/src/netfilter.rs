//! Netlink socket of the kernel's netfilter: requests, acknowledgements, and messages as they come.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::time::Duration;

use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_netfilter::NetfilterMessage;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recvfrom, send, setsockopt, socket,
    sockopt,
};
use tokio::io::unix::AsyncFd;
use tokio::time::timeout;

/// Room for one datagram of the kernel, which fills at most 32 KiB in a dump and 64 KiB of a group.
const DATAGRAM: usize = 128 * 1024;
/// Longest wait for the acknowledgement of a request.
const WAIT: Duration = Duration::from_secs(5);

/// Socket of one kind of messages. It belongs to one task.
#[derive(Debug)]
pub(crate) struct Netfilter {
    socket: AsyncFd<OwnedFd>,
    buffer: Vec<u8>,
    sequence: u32,
}

impl Netfilter {
    /// Opens a socket. Needs a tokio runtime with I/O.
    ///
    /// # Errors
    /// The system's error, such as `EPROTONOSUPPORT` on a kernel without netfilter.
    pub(crate) fn open() -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let fd = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkNetFilter)?;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        #[allow(deprecated, reason = "its successor is unsafe; this descriptor is owned and stays the same")]
        let socket = AsyncFd::new(fd)?;
        Ok(Self { socket, buffer: vec![0; DATAGRAM], sequence: 0 })
    }

    /// Asks for a receive buffer of this size. The kernel gives less to a process without CAP_NET_ADMIN.
    pub(crate) fn set_receive_buffer(&self, bytes: usize) {
        let fd = self.socket.get_ref().as_fd();
        if setsockopt(&fd, sockopt::RcvBufForce, &bytes).is_err() {
            // A smaller buffer only loses messages earlier, which is counted.
            let _ = setsockopt(&fd, sockopt::RcvBuf, &bytes);
        }
    }

    /// Sends a request. Returns its number.
    pub(crate) async fn send(&mut self, mut message: NetlinkMessage<NetfilterMessage>) -> io::Result<u32> {
        self.sequence = self.sequence.wrapping_add(1);
        message.header.sequence_number = self.sequence;
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        loop {
            let mut ready = self.socket.writable().await?;
            let sent = ready.try_io(|fd| Ok(send(fd.as_raw_fd(), &bytes, MsgFlags::empty())?));
            if let Ok(sent) = sent {
                return sent.map(|_| self.sequence);
            }
        }
    }

    /// Sends a request, and waits until the kernel has carried it out. Other messages that come first are lost.
    ///
    /// # Errors
    /// The kernel's error, or `TimedOut`.
    pub(crate) async fn request(&mut self, message: NetlinkMessage<NetfilterMessage>) -> io::Result<()> {
        let number = self.send(message).await?;
        let acknowledged = async {
            loop {
                for message in self.receive().await? {
                    if let NetlinkPayload::Error(error) = message.payload
                        && message.header.sequence_number == number
                    {
                        return error.code.map_or(Ok(()), |_| Err(error.to_io()));
                    }
                }
            }
        };
        timeout(WAIT, acknowledged).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// Returns the messages of the next datagram. Dropping the future loses none.
    ///
    /// # Errors
    /// `ENOBUFS` if messages were lost, since the receive buffer was full: the socket can be read on. `InvalidData` if a
    /// message cannot be understood.
    pub(crate) async fn receive(&mut self) -> io::Result<Vec<NetlinkMessage<NetfilterMessage>>> {
        loop {
            let mut ready = self.socket.readable().await?;
            let received = ready.try_io(|fd| Ok(recvfrom::<NetlinkAddr>(fd.as_raw_fd(), &mut self.buffer)?));
            let Ok(received) = received else { continue };
            let (length, sender) = received?;
            // Only the kernel has the number 0.
            if sender.is_none_or(|sender| sender.pid() == 0) {
                return messages(self.buffer.get(..length).unwrap_or_default());
            }
        }
    }
}

/// `true` if the error says that messages were lost.
pub(crate) fn is_loss(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::ENOBUFS as i32)
}

/// Reads the messages of a datagram.
fn messages(mut datagram: &[u8]) -> io::Result<Vec<NetlinkMessage<NetfilterMessage>>> {
    let invalid = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
    let mut messages = Vec::new();
    while !datagram.is_empty() {
        let message = NetlinkMessage::deserialize(datagram).map_err(|error| invalid(error.to_string()))?;
        let length = usize::try_from(message.header.length).unwrap_or(usize::MAX);
        // Each message starts at a multiple of four.
        let next = length.checked_next_multiple_of(4).filter(|next| *next > 0);
        let next = next.ok_or_else(|| invalid("a message without length".to_owned()))?;
        messages.push(message);
        datagram = datagram.get(next..).unwrap_or_default();
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use netlink_packet_netfilter::NetfilterProtoFamily;
    use netlink_packet_netfilter::nflog::{ConfigCmd, config_request};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_datagram_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = messages(&bytes);
        }

        #[test]
        fn every_message_of_a_datagram_is_read(groups in prop::collection::vec(any::<u16>(), 0..8), cut in 0usize..4) {
            let mut datagram = Vec::new();
            for group in &groups {
                let message = config_request(NetfilterProtoFamily::Unspec, *group, vec![ConfigCmd::Bind.into()]);
                let mut bytes = vec![0; message.buffer_len()];
                message.serialize(&mut bytes);
                datagram.extend(bytes);
            }
            let read = messages(&datagram).unwrap();
            prop_assert_eq!(read.len(), groups.len());
            if cut > 0 && !datagram.is_empty() {
                datagram.truncate(datagram.len() - cut);
                prop_assert!(messages(&datagram).is_err());
            }
        }
    }
}
