//! Deployment or machine, with its placement.

use std::time::{Duration, SystemTime};

use crate::testing::v7::config::Component;

/// Deployment or machine.
#[derive(Debug, Clone)]
pub(in crate::testing::v7) struct Resource {
    pub(in crate::testing::v7) id: String,
    pub(in crate::testing::v7) name: String,
    pub(in crate::testing::v7) description: Option<String>,
    pub(in crate::testing::v7) request: String,
    /// Item that it was made from: id and name.
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

/// Kind of a resource.
#[derive(Debug, Clone)]
pub(in crate::testing::v7) enum Kind {
    Deployment,
    Machine(Machine),
}

/// Machine, with its state of power.
#[derive(Debug, Clone)]
pub(in crate::testing::v7) struct Machine {
    pub(in crate::testing::v7) component: Component,
    pub(in crate::testing::v7) status: &'static str,
    pub(in crate::testing::v7) mac: String,
    /// Placement; `None` until the work of the request is done.
    pub(in crate::testing::v7) place: Option<NetworkPlacement>,
}

impl Machine {
    /// Creates a machine that is on and not placed yet.
    pub(in crate::testing::v7) fn new(component: Component, number: u64) -> Self {
        // 00:50:56 is VMware's prefix; the number makes the rest unique.
        let [.., a, b, c] = number.to_be_bytes();
        Self { component, status: "On", mac: format!("00:50:56:{a:02x}:{b:02x}:{c:02x}"), place: None }
    }
}

impl Resource {
    /// Returns true for a machine.
    pub(in crate::testing::v7) fn is_machine(&self) -> bool {
        matches!(self.kind, Kind::Machine(_))
    }

    /// Returns the id and the name of the resource type.
    pub(in crate::testing::v7) fn kind_id(&self) -> (&'static str, &'static str) {
        match self.kind {
            Kind::Deployment => ("composition.resource.type.deployment", "Deployment"),
            Kind::Machine(_) => ("Infrastructure.Virtual", "Virtual Machine"),
        }
    }

    /// Returns true if the resource is of this type, or of a type below it.
    pub(in crate::testing::v7) fn is_a(&self, kind: &str) -> bool {
        kind == self.kind_id().0 || kind == "Infrastructure.Machine" && self.is_machine()
    }
}

/// Placement of a machine: reservation, network and address.
#[derive(Debug, Clone)]
pub(in crate::testing::v7) struct NetworkPlacement {
    pub(in crate::testing::v7) reservation: String,
    pub(in crate::testing::v7) network: String,
    /// Name of the network profile, if the address is from one.
    pub(in crate::testing::v7) profile: Option<String>,
    pub(in crate::testing::v7) address: String,
}

/// Returns the time that is this number of days later; `None` if the number is negative or too large.
pub(in crate::testing::v7) fn days_after(time: SystemTime, days: i64) -> Option<SystemTime> {
    let seconds = u64::try_from(days).ok()?.checked_mul(86_400)?;
    time.checked_add(Duration::from_secs(seconds))
}
