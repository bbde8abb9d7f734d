//! Where connections are accepted.

use std::{io, net::SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// How much of what nobody has read yet the system takes for one connection, in bytes (twice that
/// on Linux, for its own needs). By itself it takes ever more from whoever sends much, up to
/// megabytes for each connection; to move them at one go holds up everybody else, whatever the
/// server then does with them.
const UNREAD: u32 = 256 * 1024;
/// How many connections wait to be accepted.
const BACKLOG: u32 = 1024;

/// Listens at an address.
///
/// # Errors
/// When the system refuses: somebody else listens there, or it is no address of this machine.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A server that is begun anew shall not wait until the connections of the one before are
    // forgotten. On Windows the same name means that two may listen at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    // Before it listens: how much a client may send ahead is agreed on with its first packet.
    socket.set_recv_buffer_size(UNREAD)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
