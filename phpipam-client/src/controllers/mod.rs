//! Handles to the server's controllers, from the methods of [`Client`].
//!
//! | prefix of a method | meaning |
//! | --- | --- |
//! | `get`, `get_*`, `tag`, `token`, `usage` | one object; a refusal of kind [`NotFound`](crate::RefusalKind::NotFound) if it does not exist |
//! | `find_*`, `search*`, `all` | what matches; nothing is not an error |
//! | `list`, `list_*`, plural nouns such as `subnets`, `addresses`, `vlans`, `custom_fields`, and `changelog` | a list; an empty one is not an error |
//! | `stream*` | a list, row by row |
//! | `peek_*` | something free, without allocating it |
//! | `allocate_*` | something free, allocated by the same call |
//! | `create*`, `update*`, `delete*`, `set_*`, `remove_*`, `move_to`, `resize`, `split`, `truncate`, others | a change |
//! | `check`, `ping`, `login` | see the method |
//!
//! A list below an object that does not exist fails with [`NotFound`](crate::RefusalKind::NotFound).

pub(crate) mod addresses;
pub(crate) mod changelog;
pub(crate) mod circuits;
pub(crate) mod custom_fields;
pub(crate) mod devices;
pub(crate) mod l2domains;
pub(crate) mod links;
pub(crate) mod nat;
pub(crate) mod permissions;
pub(crate) mod prefix;
mod request_body;
pub(crate) mod search;
pub(crate) mod sections;
pub(crate) mod subnets;
pub mod tools;
pub(crate) mod user;
mod verify;
pub(crate) mod vlans;
pub(crate) mod vrfs;
mod write;

pub use addresses::{Addresses, Allocated};
pub use circuits::{CircuitProviders, Circuits};
pub use devices::Devices;
pub use l2domains::L2Domains;
pub use nat::Nats;
pub use prefix::{Prefix, PrefixAddress};
pub use search::{Search, SearchKind};
pub use sections::Sections;
pub use subnets::{GroupKey, Split, Subnets};
pub use tools::Tools;
pub use user::UserSession;
pub use vlans::Vlans;
pub use vrfs::Vrfs;

use crate::client::Client;

/// Handles to the controllers, without a request of their own.
impl Client {
    /// Returns a handle to the sections.
    #[must_use]
    pub fn sections(&self) -> Sections<'_> {
        Sections::new(self)
    }

    /// Returns a handle to the subnets.
    #[must_use]
    pub fn subnets(&self) -> Subnets<'_> {
        Subnets::new(self, "subnets")
    }

    /// Returns a handle to the folders: subnets without a network, which group others.
    ///
    /// The methods are those of subnets, because the server runs the same code for both. Reading, changing, moving and
    /// deleting work. Calls about addresses and networks (`usage`, `resize`, `split`, `peek_*`, `allocate_*`) make no
    /// sense here, and the server refuses them or fails. [`Subnets::create`] creates a subnet also through this handle,
    /// unless its fields say that it is a folder; use [`Subnets::create_folder`] for a folder.
    #[must_use]
    pub fn folders(&self) -> Subnets<'_> {
        Subnets::new(self, "folders")
    }

    /// Returns a handle to the addresses.
    #[must_use]
    pub fn addresses(&self) -> Addresses<'_> {
        Addresses::new(self)
    }

    /// Returns a handle to the user of this client's token.
    #[must_use]
    pub fn user(&self) -> UserSession<'_> {
        UserSession::new(self)
    }

    /// Returns a handle to the full-text search. Since 1.6; older servers refuse with kind
    /// [`Unsupported`](crate::RefusalKind::Unsupported).
    #[must_use]
    pub fn search(&self) -> Search<'_> {
        Search::new(self)
    }

    /// Returns a handle to the VLANs.
    #[must_use]
    pub fn vlans(&self) -> Vlans<'_> {
        Vlans::new(self)
    }

    /// Returns a handle to the VRFs.
    #[must_use]
    pub fn vrfs(&self) -> Vrfs<'_> {
        Vrfs::new(self)
    }

    /// Returns a handle to the layer 2 domains.
    #[must_use]
    pub fn l2domains(&self) -> L2Domains<'_> {
        L2Domains::new(self)
    }

    /// Returns a handle to the devices.
    #[must_use]
    pub fn devices(&self) -> Devices<'_> {
        Devices::new(self)
    }

    /// Returns a handle to the NAT rules. Since 1.6; older servers refuse with kind
    /// [`Unsupported`](crate::RefusalKind::Unsupported). [`Tools::nat`] has the same rules in every version.
    #[must_use]
    pub fn nat(&self) -> Nats<'_> {
        Nats::new(self)
    }

    /// Returns a handle to the circuits. The version decides which of its calls work; see [`Circuits`].
    #[must_use]
    pub fn circuits(&self) -> Circuits<'_> {
        Circuits::new(self)
    }

    /// Returns a handle to the allocation by customer type.
    #[must_use]
    pub fn prefix(&self) -> Prefix<'_> {
        Prefix::new(self)
    }

    /// Returns handles to the objects that subnets and addresses refer to: tags, devices and their types, name servers,
    /// scan agents, locations, racks, customers, NAT rules.
    #[must_use]
    pub fn tools(&self) -> Tools<'_> {
        Tools::new(self)
    }
}
