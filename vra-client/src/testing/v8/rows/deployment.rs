//! Deployment with its machines, and the requests for it.

use std::net::IpAddr;
use std::time::SystemTime;

use serde_json::Value;

/// Source of the address of a network card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::testing::v8) enum Source {
    /// Range of the internal IPAM, by its id.
    Internal(String),
    /// Range of an imported IPAM package, by its id in this server.
    External(String),
    /// DHCP.
    Dynamic,
}

/// Network card of a machine.
#[derive(Debug, Clone)]
pub(in crate::testing::v8) struct Nic {
    pub(in crate::testing::v8) id: String,
    /// Id and name of the fabric network.
    pub(in crate::testing::v8) network: (String, String),
    pub(in crate::testing::v8) source: Source,
    pub(in crate::testing::v8) address: Option<IpAddr>,
}

/// Machine of a deployment.
#[derive(Debug, Clone)]
pub(in crate::testing::v8) struct Machine {
    pub(in crate::testing::v8) id: String,
    /// Name in the template.
    pub(in crate::testing::v8) component: String,
    /// Name in the cloud.
    pub(in crate::testing::v8) name: String,
    pub(in crate::testing::v8) on: bool,
    pub(in crate::testing::v8) cpu: i64,
    pub(in crate::testing::v8) memory: i64,
    pub(in crate::testing::v8) nics: Vec<Nic>,
    pub(in crate::testing::v8) created: SystemTime,
}

/// Deployment.
#[derive(Debug, Clone)]
pub(in crate::testing::v8) struct Deployment {
    pub(in crate::testing::v8) id: String,
    pub(in crate::testing::v8) name: String,
    pub(in crate::testing::v8) description: Option<String>,
    pub(in crate::testing::v8) item: String,
    pub(in crate::testing::v8) version: String,
    pub(in crate::testing::v8) project: String,
    pub(in crate::testing::v8) owner: String,
    pub(in crate::testing::v8) inputs: Value,
    pub(in crate::testing::v8) status: String,
    pub(in crate::testing::v8) created: SystemTime,
    pub(in crate::testing::v8) updated: SystemTime,
    pub(in crate::testing::v8) lease: Option<String>,
    pub(in crate::testing::v8) deleted: bool,
    pub(in crate::testing::v8) machines: Vec<Machine>,
}

impl Deployment {
    /// Returns true if a request is in progress.
    pub(in crate::testing::v8) fn is_busy(&self) -> bool {
        self.status.ends_with("_INPROGRESS")
    }
}

/// Change that a request makes at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::testing::v8) enum Effect {
    Create,
    Delete,
    DeleteMachine(String),
    /// Switches a machine, or all of them, on or off.
    Power {
        machine: Option<String>,
        on: bool,
    },
    Resize {
        machine: String,
        cpu: Option<i64>,
        memory: Option<i64>,
    },
    Lease(String),
    Nothing,
}

/// Request for a deployment.
#[derive(Debug, Clone)]
pub(in crate::testing::v8) struct Request {
    pub(in crate::testing::v8) id: String,
    pub(in crate::testing::v8) deployment: String,
    pub(in crate::testing::v8) name: String,
    pub(in crate::testing::v8) action: Option<String>,
    pub(in crate::testing::v8) by: String,
    pub(in crate::testing::v8) inputs: Value,
    pub(in crate::testing::v8) status: String,
    pub(in crate::testing::v8) details: String,
    pub(in crate::testing::v8) effect: Effect,
    pub(in crate::testing::v8) resources: Vec<String>,
    /// Failure that the request ends with.
    pub(in crate::testing::v8) failure: Option<String>,
    /// Number of polls that still find it in progress.
    pub(in crate::testing::v8) polls_left: u32,
    pub(in crate::testing::v8) dismissed: bool,
    pub(in crate::testing::v8) created: SystemTime,
    pub(in crate::testing::v8) updated: SystemTime,
}

impl Request {
    /// Returns true if the request has ended.
    pub(in crate::testing::v8) fn is_final(&self) -> bool {
        matches!(self.status.as_str(), "APPROVAL_REJECTED" | "ABORTED" | "SUCCESSFUL" | "FAILED")
    }
}
