//! `/metrics`, `/livez`, `/readyz` and a status page for people.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// Options of the `[http]` table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Address and port of metrics, health and status page. Port 0 takes any
    /// free one; the log tells which. The default is the port that other
    /// exporters in front of no web page use, so that it collides neither with a
    /// Prometheus nor with a web server on the same machine.
    pub listen: SocketAddr,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 9464)) }
    }
}
