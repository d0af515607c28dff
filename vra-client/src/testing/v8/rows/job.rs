//! Call of an IPAM package that is due.

use crate::testing::v8::actions::IpamCall;

/// Purpose of a call: what its result changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::testing::v8) enum Purpose {
    /// Check of an integration before it is saved.
    Validate { integration: String, tracker: String },
    /// Collection of the ranges of an integration.
    Collect { integration: String },
    /// Address of a network card of a machine.
    Allocate { deployment: String, machine: String, nic: usize },
    /// Return of that address.
    Deallocate { deployment: String },
}

/// Call of an IPAM package that is due or running.
#[derive(Debug, Clone)]
pub(in crate::testing::v8) struct Job {
    pub(in crate::testing::v8) id: u64,
    pub(in crate::testing::v8) purpose: Purpose,
    pub(in crate::testing::v8) call: IpamCall,
    pub(in crate::testing::v8) running: bool,
}
