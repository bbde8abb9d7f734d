//! GraphQL over WebSocket, the subprotocol `graphql-transport-ws` (graphql-ws, PROTOCOL.md).

mod close;
mod connection;
mod init;
mod message;
mod origin;
mod upgrade;

pub(super) use upgrade::{only, upgrade, wants_socket};
