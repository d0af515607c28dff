//! Actions of the contract, one file each: inputs, outputs, and the calls of the provider between them.

mod allocate_ip;
mod allocate_ip_range;
mod deallocate_ip;
mod deallocate_ip_range;
mod display;
mod entry;
mod explained;
mod form_check;
mod get_ip_blocks;
mod get_ip_ranges;
mod gone;
mod held;
mod labels;
mod owned;
mod repeat;
mod resource;
mod static_address;
mod update_record;
mod validate_endpoint;

pub use allocate_ip::{AllocateIpInput, AllocateIpOutput, IpAllocation, IpAllocationResult};
pub use allocate_ip_range::{AllocateIpRangeInput, AllocateIpRangeOutput, IpRangeAllocation};
pub use deallocate_ip::{DeallocateIpInput, DeallocateIpOutput, IpDeallocation, IpDeallocationResult};
pub use deallocate_ip_range::{DeallocateIpRangeInput, DeallocateIpRangeOutput, IpRangeDeallocation};
pub use get_ip_blocks::{GetIpBlocksOutput, IpBlock};
pub use get_ip_ranges::{GetIpRangesInput, GetIpRangesOutput, IpRange, PagingAndSorting, RangeTag};
pub use resource::ResourceInfo;
pub use update_record::{AddressInfo, UpdateRecordInput, UpdateRecordOutput};
pub use validate_endpoint::{CertificateInfo, ErrorObject, ValidateEndpointInput, ValidateEndpointOutput};

pub(super) use allocate_ip::allocate_ip;
pub(super) use allocate_ip_range::allocate_ip_range;
pub(super) use deallocate_ip::deallocate_ip;
pub(super) use deallocate_ip_range::deallocate_ip_range;
pub(super) use get_ip_blocks::get_ip_blocks;
pub(super) use get_ip_ranges::get_ip_ranges;
pub(super) use update_record::update_record;
pub(super) use validate_endpoint::{refused, validate_endpoint};
