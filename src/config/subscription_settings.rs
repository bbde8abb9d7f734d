//! The bounds of sockets and event streams, as flags and `POLLS_…` variables.

use clap::{Args, value_parser};

/// Bounds on sockets and event streams.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Subscriptions")]
pub struct SubscriptionSettings {
    /// How many sockets and event streams one tenant may have open at once
    #[arg(long, env = "POLLS_MAX_SOCKET_CONNECTIONS_PER_TENANT", value_name = "COUNT",
        default_value_t = 2_000, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub max_socket_connections_per_tenant: u32,

    /// How many operations may run at once on one socket
    #[arg(long, env = "POLLS_MAX_OPERATIONS_PER_SOCKET", value_name = "COUNT",
        default_value_t = 100, value_parser = value_parser!(u32).range(1..=10_000))]
    pub max_operations_per_socket: u32,

    /// The largest message that a client may send over a socket, in bytes
    #[arg(long, env = "POLLS_MAX_SOCKET_MESSAGE_BYTES", value_name = "BYTES",
        default_value_t = 2 * 1024 * 1024,
        value_parser = value_parser!(u32).range(1024..=64 * 1024 * 1024))]
    pub max_socket_message_bytes: u32,

    /// How long a client may be silent on a socket, in seconds; it is asked for a sign of life
    /// twice in that time
    #[arg(long, env = "POLLS_SOCKET_IDLE_SECONDS", value_name = "SECONDS", default_value_t = 60,
        value_parser = value_parser!(u32).range(2..=3600))]
    pub socket_idle_seconds: u32,

    /// How long a client may take to send `connection_init`, in seconds
    #[arg(long, env = "POLLS_SOCKET_INIT_SECONDS", value_name = "SECONDS", default_value_t = 3,
        value_parser = value_parser!(u32).range(1..=5))]
    pub socket_init_seconds: u32,
}
