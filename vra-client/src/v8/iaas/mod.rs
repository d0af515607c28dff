//! IaaS service, `/iaas/api`: infrastructure, networks and addresses.

mod about;
mod common;
mod configuration;
mod external_ip_ranges;
mod fabric_networks;
mod integrations;
mod machines;
mod network_ip_ranges;
mod network_profiles;
mod networks;
mod package_import;
mod profiles;
mod projects;
mod regions;
mod request_tracker;
mod zones;

pub use about::{About, ApiDescription, DeprecationPolicy};
pub use common::{IpVersion, Tag};
pub use configuration::{ConfigurationProperty, RELEASE_PERIOD_MINUTES};
pub use external_ip_ranges::{ExternalIpBlocks, ExternalIpRange, ExternalIpRanges};
pub use fabric_networks::{FabricNetwork, FabricNetworkBody, FabricNetworks};
pub use integrations::{Integration, IntegrationBody, Integrations};
pub use machines::{Machine, MachineOperation, Machines, NetworkInterface, NetworkInterfaceBody, PowerState};
pub use network_ip_ranges::{
    AllocateAddressesBody, AllocationType, IpAddressStatus, NetworkIpAddress, NetworkIpRange, NetworkIpRangeBody,
    NetworkIpRanges, ReleaseAddressesBody,
};
pub use network_profiles::{IsolationType, NetworkProfile, NetworkProfileBody, NetworkProfiles};
pub use networks::{Network, NetworkBody, NetworkDomain, Networks};
pub use package_import::{ExistingPackage, ImportedPackage, PackageImport};
pub use profiles::{FlavorMappings, FlavorProfile, FlavorsAndImages, ImageMapping};
pub use projects::{Project, ProjectBody, ProjectUser, Projects, ZoneAssignment};
pub use regions::{Region, Regions};
pub use request_tracker::{RequestStatus, RequestTracker, RequestTrackers};
pub use zones::{Zone, ZoneBody, Zones};
