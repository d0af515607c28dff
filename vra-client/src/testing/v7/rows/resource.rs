//! Deployment or machine, and where it is.

use std::time::{Duration, SystemTime};

use crate::testing::v7::config::Component;

/// A deployment or a machine.
#[derive(Debug, Clone)]
pub(in crate::testing::v7) struct Resource {
    pub(in crate::testing::v7) id: String,
    pub(in crate::testing::v7) name: String,
    pub(in crate::testing::v7) request: String,
    /// The item it came from: id and name.
    pub(in crate::testing::v7) item: (String, String),
    pub(in crate::testing::v7) tenant: String,
    pub(in crate::testing::v7) subtenant: String,
    pub(in crate::testing::v7) owner: String,
    pub(in crate::testing::v7) created: SystemTime,
    pub(in crate::testing::v7) updated: SystemTime,
    pub(in crate::testing::v7) lease_end: Option<SystemTime>,
    pub(in crate::testing::v7) lease_days: Option<i64>,
    pub(in crate::testing::v7) parent: Option<String>,
    pub(in crate::testing::v7) kind: Kind,
}

#[derive(Debug, Clone)]
pub(in crate::testing::v7) enum Kind {
    Deployment,
    Machine(Machine),
}

#[derive(Debug, Clone)]
pub(in crate::testing::v7) struct Machine {
    pub(in crate::testing::v7) component: Component,
    pub(in crate::testing::v7) status: &'static str,
    pub(in crate::testing::v7) mac: String,
    /// Where it is, once it has been placed.
    pub(in crate::testing::v7) place: Option<NetworkPlacement>,
}

impl Machine {
    pub(in crate::testing::v7) fn new(component: Component, number: u64) -> Self {
        let [.., a, b, c] = number.to_be_bytes();
        Self { component, status: "On", mac: format!("00:50:56:{a:02x}:{b:02x}:{c:02x}"), place: None }
    }
}

impl Resource {
    pub(in crate::testing::v7) fn is_machine(&self) -> bool {
        matches!(self.kind, Kind::Machine(_))
    }

    pub(in crate::testing::v7) fn kind_id(&self) -> (&'static str, &'static str) {
        match self.kind {
            Kind::Deployment => ("composition.resource.type.deployment", "Deployment"),
            Kind::Machine(_) => ("Infrastructure.Virtual", "Virtual Machine"),
        }
    }

    /// Whether it is of this type, or of one below it.
    pub(in crate::testing::v7) fn is_a(&self, kind: &str) -> bool {
        kind == self.kind_id().0 || kind == "Infrastructure.Machine" && self.is_machine()
    }
}

/// Where a machine is.
#[derive(Debug, Clone)]
pub(in crate::testing::v7) struct NetworkPlacement {
    pub(in crate::testing::v7) reservation: String,
    pub(in crate::testing::v7) network: String,
    /// The name of the network profile, if the address is from one.
    pub(in crate::testing::v7) profile: Option<String>,
    pub(in crate::testing::v7) address: String,
}

/// So many days after a time.
pub(in crate::testing::v7) fn days_after(time: SystemTime, days: i64) -> Option<SystemTime> {
    let seconds = u64::try_from(days).ok()?.checked_mul(86_400)?;
    time.checked_add(Duration::from_secs(seconds))
}
