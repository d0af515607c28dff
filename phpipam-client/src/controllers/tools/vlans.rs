//! Sub-controllers `tools/vlans` and `tools/vrfs`.

use crate::controllers::subnets::model::Subnet;
use crate::controllers::vlans::model::Vlan;
use crate::controllers::vrfs::model::Vrf;
use crate::wire::{VlanId, VrfId};

// Without `writes!`: the server refuses changes here, 400 "Please use vlans controller". Ids are `vlanId` and `vrfId`,
// as in the singular controllers (Q30).
table! {
    /// VLANs, read-only; see [`Tools::vlans`](super::Tools::vlans).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::VlanFields;
    ///
    /// let id = client.vlans().create("users", 12, &VlanFields::new()).await?.id;
    /// assert_eq!(client.tools().vlans().get(id).await?.number, Some(12));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Vlans, "vlans", "VLAN" ("VLAN", "VLANs"), VlanId, Vlan
}
below! {
    Vlans, VlanId;
    /// Lists the subnets in a VLAN.
    subnets = "subnets": Subnet;
}

table! {
    /// VRFs, read-only; see [`Tools::vrfs`](super::Tools::vrfs).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::VrfFields;
    ///
    /// let id = client.vrfs().create("blue", &VrfFields::new()).await?.id;
    /// assert_eq!(client.tools().vrfs().get(id).await?.name.as_deref(), Some("blue"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Vrfs, "vrfs", "VRF" ("VRF", "VRFs"), VrfId, Vrf
}
below! {
    Vrfs, VrfId;
    /// Lists the subnets in a VRF.
    subnets = "subnets": Subnet;
}
