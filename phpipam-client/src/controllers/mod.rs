//! The server's controllers, one file each, named by the server's path segment.
//!
//! `get_*` fails with a refusal of kind [`NotFound`](crate::RefusalKind::NotFound) when there is none; `find_*` and
//! `search_*` return what matches, and nothing is no error; `list_*` lists; `peek_*` changes nothing; `allocate_*`
//! takes what it returns.

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

use http::Method;

use self::links::ApiOptions;
use crate::client::Client;
use crate::error::Result;
use crate::request::{ApiRequest, Call, Path};

/// Handles to the controllers. They cost nothing to make.
impl Client {
    /// What a controller can do; an empty name asks for the app's level and its controllers.
    ///
    /// # Errors
    /// [`Error`](crate::Error)
    pub async fn options(&self, controller: &str) -> Result<ApiOptions> {
        let path = if controller.is_empty() { Path::root() } else { Path::root().text("controller", controller) };
        self.one(&ApiRequest::new(Method::OPTIONS, Call::One, path)?).await
    }

    /// Sections.
    #[must_use]
    pub fn sections(&self) -> Sections<'_> {
        Sections::new(self)
    }

    /// Subnets.
    #[must_use]
    pub fn subnets(&self) -> Subnets<'_> {
        Subnets::new(self, "subnets")
    }

    /// Folders: subnets without a network. The same calls.
    #[must_use]
    pub fn folders(&self) -> Subnets<'_> {
        Subnets::new(self, "folders")
    }

    /// Addresses.
    #[must_use]
    pub fn addresses(&self) -> Addresses<'_> {
        Addresses::new(self)
    }

    /// The user of this client's token.
    #[must_use]
    pub fn user(&self) -> UserSession<'_> {
        UserSession::new(self)
    }

    /// One text in many tables. Since 1.6.
    #[must_use]
    pub fn search(&self) -> Search<'_> {
        Search::new(self)
    }

    /// VLANs.
    #[must_use]
    pub fn vlans(&self) -> Vlans<'_> {
        Vlans::new(self)
    }

    /// VRFs.
    #[must_use]
    pub fn vrfs(&self) -> Vrfs<'_> {
        Vrfs::new(self)
    }

    /// Layer 2 domains.
    #[must_use]
    pub fn l2domains(&self) -> L2Domains<'_> {
        L2Domains::new(self)
    }

    /// Devices.
    #[must_use]
    pub fn devices(&self) -> Devices<'_> {
        Devices::new(self)
    }

    /// Translations of addresses. Since 1.6; [`Tools::nat`] has them in every version.
    #[must_use]
    pub fn nat(&self) -> Nats<'_> {
        Nats::new(self)
    }

    /// Circuits. What works of it depends on the version.
    #[must_use]
    pub fn circuits(&self) -> Circuits<'_> {
        Circuits::new(self)
    }

    /// Allocation by type of customer.
    #[must_use]
    pub fn prefix(&self) -> Prefix<'_> {
        Prefix::new(self)
    }

    /// Tags, devices and their types, name servers, scan agents, locations, racks, customers, translations.
    #[must_use]
    pub fn tools(&self) -> Tools<'_> {
        Tools::new(self)
    }
}
