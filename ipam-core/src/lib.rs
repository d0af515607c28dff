#![doc = include_str!("../README.md")]
// docs.rs marks the items that need a feature; the marks need a nightly compiler, which it has.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backoff;
mod capabilities;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "serde")]
mod count;
mod engine;
mod error;
#[cfg(feature = "export")]
pub mod export;
mod family;
mod handles;
#[cfg(feature = "http")]
pub mod http;
mod id;
#[cfg(feature = "layers")]
pub mod layers;
mod mac;
mod model;
pub mod net;
mod operation;
mod patch;
#[cfg(feature = "plan")]
pub mod plan;
mod provider;
mod provider_ext;
#[cfg(feature = "registry")]
pub mod registry;
mod request;
#[cfg(any(feature = "http", feature = "layers"))]
mod retry;
#[cfg_attr(not(feature = "testing"), allow(unreachable_pub, reason = "public as a part of `testing`"))]
mod splitmix;
mod stores;
mod sweep;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "serde")]
mod text;
#[cfg(any(feature = "http", feature = "postgres"))]
mod tls;

pub use backoff::{BackoffConfig, RetryConfig};
pub use capabilities::{Capabilities, Health};
pub use error::{CertificateChain, Error, ErrorKind, Outcome, Result, Retry};
pub use family::Family;
pub use id::{AllocationId, AllocationKey, BlockId, ChangePosition, MAX_ID_LEN, Owner, PageToken, RangeId, SpaceId};
pub use mac::{MacAddr, MacAddrError};
pub use model::{
    Allocated, AllocatedRange, Allocation, AllocationState, Block, Candidate, Change, ChangeKind, ChangedItem, Changes,
    Deallocated, DeallocatedTarget, Labels, NetworkInfo, Order, Page, PortableAllocation, PortableQuarantine,
    PortableRange, PortableRecord, PortableRequest, Preview, Properties, Range, RangePolicy, RemovedRange,
    RestoredRecords, Tag, Tags, Usage, Vlan,
};
pub use operation::Operation;
pub use patch::Patch;
pub use provider::IpamProvider;
pub use provider_ext::IpamProviderExt;
pub use request::{
    Allocate, AllocateLine, AllocateRange, BlockFilter, ChildPrefix, Deallocate, DeallocateRange, DefineBlock,
    DefineRange, Find, Fingerprint, ListBlocks, ListRanges, ListRecords, MAX_ADDRESSES, MAX_LINES, MAX_PAGE_SIZE,
    MAX_TEXT_LEN, PageRequest, Placement, Precondition, RangeFilter, RangeTarget, RemoveBlock, RemoveRange,
    RestoreRecords, Selection, Target, Update, UpdateBlock, UpdateRange,
};
#[cfg(any(feature = "http", feature = "layers"))]
pub use retry::{Retrier, RetryAdvice};
#[cfg(feature = "embedded")]
pub use stores::embedded::{self, EmbeddedConfig, EmbeddedProvider};
pub use stores::memory::{MemoryProvider, MemoryProviderBuilder};
#[cfg(feature = "postgres")]
pub use stores::postgres::{self, PostgresConfig, PostgresProvider};
#[cfg(any(feature = "embedded", feature = "postgres"))]
pub use stores::report::StoreReport;
pub use sweep::{AbandonedClaim, Sweep, Swept};
