//! Optional parts of the contract.

use crate::plugin::Action;

/// Optional parts of the contract that a plug-in supports; none by default.
///
/// Actions that are not supported are left out of the package, and `registration.yaml` says so.
///
/// ```
/// use vra_client::package::Support;
/// use vra_client::plugin::Action;
///
/// let support = Support::default().with_on_demand_networks(true);
/// assert!(support.has(Action::AllocateIpRange));
/// assert!(!support.has(Action::UpdateRecord));
/// assert!(support.has(Action::AllocateIp), "it is not optional");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Support {
    /// True if ranges have an address space: `supportsAddressSpaces`.
    pub address_spaces: bool,
    /// True if the plug-in has the action Update: `supportsUpdateRecord`.
    pub update_record: bool,
    /// True if the plug-in has GetIPBlocks, AllocateIPRange and DeallocateIPRange: `supportsOnDemandNetworks`.
    pub on_demand_networks: bool,
}

impl Support {
    /// Returns the support that a provider's capabilities allow.
    #[must_use]
    pub const fn of(capabilities: &ipam_core::Capabilities) -> Self {
        Self {
            address_spaces: true,
            update_record: capabilities.update,
            on_demand_networks: capabilities.blocks && capabilities.allocate_ranges,
        }
    }

    /// Sets whether ranges have an address space.
    #[must_use]
    pub const fn with_address_spaces(mut self, supported: bool) -> Self {
        self.address_spaces = supported;
        self
    }

    /// Sets whether there is the action Update.
    #[must_use]
    pub const fn with_update_record(mut self, supported: bool) -> Self {
        self.update_record = supported;
        self
    }

    /// Sets whether there are the actions for on-demand networks.
    #[must_use]
    pub const fn with_on_demand_networks(mut self, supported: bool) -> Self {
        self.on_demand_networks = supported;
        self
    }

    /// Returns true if the package has this action.
    #[must_use]
    pub const fn has(self, action: Action) -> bool {
        match action {
            Action::ValidateEndpoint | Action::GetIpRanges | Action::AllocateIp | Action::DeallocateIp => true,
            Action::UpdateRecord => self.update_record,
            Action::GetIpBlocks | Action::AllocateIpRange | Action::DeallocateIpRange => self.on_demand_networks,
        }
    }
}
