//! Machines and their network cards.

use super::common::{Tag, iaas_object};
use super::request_tracker::RequestTracker;
use crate::call::Call;
use crate::error::Error;
use crate::lenient::{JsonObject, open_enum, request_body};
use crate::list::{List, rows};
use crate::request::ApiRequest;
use crate::v8::Client;

open_enum! {
    /// Power state of a machine.
    pub enum PowerState {
        /// Running.
        On = "ON",
        /// Switched off.
        Off = "OFF",
        /// The guest was shut down.
        GuestOff = "GUEST_OFF",
        /// Suspended.
        Suspended = "SUSPEND",
        /// The server does not know the state.
        Undetermined = "UNKNOWN",
    }
}

open_enum! {
    /// Operation on a machine, as it is in the path of its call.
    pub enum MachineOperation {
        /// Switches the machine on.
        PowerOn = "power-on",
        /// Switches the machine off.
        PowerOff = "power-off",
        /// Restarts the guest.
        Reboot = "reboot",
        /// Restarts the machine without its guest.
        Reset = "reset",
        /// Restarts the machine.
        Restart = "restart",
        /// Shuts the guest down.
        Shutdown = "shutdown",
        /// Suspends the machine.
        Suspend = "suspend",
    }
}

iaas_object! {
    /// Machine.
    pub struct Machine {
        /// Id.
        id: String = "id";
        /// Name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Main address.
        address: String = "address";
        /// Host name.
        hostname: String = "hostname";
        /// Power state.
        power_state: PowerState = "powerState";
        /// State, such as `READY`.
        provisioning_status: String = "provisioningStatus";
        /// Id of the machine at its cloud account.
        external_id: String = "externalId";
        /// Id of the region at its cloud account.
        external_region_id: String = "externalRegionId";
        /// Id of the zone at its cloud account.
        external_zone_id: String = "externalZoneId";
        /// Ids of the cloud accounts.
        cloud_account_ids: Vec<String> = "cloudAccountIds";
        /// Id of the deployment.
        deployment_id: String = "deploymentId";
        /// Id of the project.
        project_id: String = "projectId";
        /// Configuration at the first start.
        boot_config: JsonObject = "bootConfig";
        /// Configuration of Salt.
        salt_configuration: JsonObject = "saltConfiguration";
        /// Tags.
        tags: Vec<Tag> = "tags";
        /// Properties.
        custom_properties: JsonObject = "customProperties";
    }
}

impl Machine {
    /// Returns the ids of the network cards, which are in the links only.
    #[must_use]
    pub fn network_interface_ids(&self) -> Vec<String> {
        self.links.as_ref().map(|links| links.ids("network-interfaces").collect()).unwrap_or_default()
    }
}

iaas_object! {
    /// Network card of a machine.
    pub struct NetworkInterface {
        /// Id.
        id: String = "id";
        /// Name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Addresses.
        addresses: Vec<String> = "addresses";
        /// Number of the card in its machine, from 0.
        device_index: i64 = "deviceIndex";
        /// Hardware address. Not in the description of 8.10.
        mac_address: String = "macAddress";
        /// Ids of the security groups.
        security_group_ids: Vec<String> = "securityGroupIds";
        /// Id of the card at its cloud account.
        external_id: String = "externalId";
        /// Id of the region at its cloud account.
        external_region_id: String = "externalRegionId";
        /// Ids of the cloud accounts.
        cloud_account_ids: Vec<String> = "cloudAccountIds";
        /// Tags.
        tags: Vec<Tag> = "tags";
        /// Properties.
        custom_properties: JsonObject = "customProperties";
    }
}

request_body! {
    /// Body of the call that changes a network card. Only the members that were set are sent.
    ///
    /// ```
    /// use vra_client::v8::NetworkInterfaceBody;
    /// let body = NetworkInterfaceBody::new().with_address(std::net::Ipv4Addr::new(10, 10, 20, 50));
    /// assert_eq!(body.as_json().get("address"), Some(&"10.10.20.50".into()));
    /// ```
    pub struct NetworkInterfaceBody {
        /// Sets the name. It has no effect at the cloud account once the machine exists.
        with_name: String = "name";
        /// Sets the description.
        with_description: String = "description";
        /// Sets the IPv4 address that the server shows. It has no effect at the cloud account once the machine exists.
        with_address: std::net::Ipv4Addr = "address";
        /// Sets properties. Those that begin with `__` cannot be changed.
        with_custom_properties: JsonObject = "customProperties";
    }
}

impl NetworkInterfaceBody {
    /// Makes a body that changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self { body: JsonObject::new() }
    }
}

impl Default for NetworkInterfaceBody {
    fn default() -> Self {
        Self::new()
    }
}

rows!(Machine.id, NetworkInterface.id);

impl Client {
    /// Returns the machines.
    #[must_use]
    pub fn machines(&self) -> Machines<'_> {
        Machines { client: self }
    }
}

/// Machines of the IaaS service, `/iaas/api/machines`.
///
/// ```
/// # async fn run(client: vra_client::v8::Client) -> Result<(), vra_client::Error> {
/// // Which addresses do the network cards of a machine have?
/// for card in client.machines().network_interfaces_of("51b1c53f").await? {
///     println!("{:?} {:?}", card.device_index, card.addresses);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Machines<'a> {
    client: &'a Client,
}

impl Machines<'_> {
    /// Lists the machines. Evidence: described (8.10).
    pub fn list(self) -> List<Machine> {
        self.client.counted_list(ApiRequest::get("/iaas/api/machines", &[]))
    }

    /// Reads a machine. Evidence: described (8.10).
    pub fn get(self, id: &str) -> Call<Machine> {
        self.client.json(ApiRequest::get("/iaas/api/machines/{machine}", &[id]))
    }

    /// Reads a network card of a machine. Evidence: described (8.10).
    pub fn network_interface(self, machine: &str, id: &str) -> Call<NetworkInterface> {
        let template = "/iaas/api/machines/{machine}/network-interfaces/{interface}";
        self.client.json(ApiRequest::get(template, &[machine, id]))
    }

    /// Changes what the server keeps of a network card. Evidence: described (9).
    pub fn update_network_interface(
        self,
        machine: &str,
        id: &str,
        body: NetworkInterfaceBody,
    ) -> Call<NetworkInterface> {
        let template = "/iaas/api/machines/{machine}/network-interfaces/{interface}";
        self.client.json(ApiRequest::patch(template, &[machine, id]).json(body))
    }

    /// Reads a machine and all its network cards, in the order of their numbers. Evidence: described (8.10).
    ///
    /// # Errors
    /// `NotFound` if the machine does not exist, or loses a card meanwhile; otherwise the [errors of a
    /// call](Call#errors).
    pub async fn network_interfaces_of(self, machine: &str) -> Result<Vec<NetworkInterface>, Error> {
        let mut cards = Vec::new();
        // One after the other: a machine has few cards, and there is no list of them.
        for id in self.get(machine).await?.network_interface_ids() {
            cards.push(self.network_interface(machine, &id).await?);
        }
        // Cards without a number come last.
        cards.sort_by_key(|card| card.device_index.unwrap_or(i64::MAX));
        Ok(cards)
    }

    /// Starts an operation on a machine. Evidence: described (8.10).
    pub fn operate(self, id: &str, operation: &MachineOperation) -> Call<RequestTracker> {
        let template = "/iaas/api/machines/{machine}/operations/{operation}";
        self.client.json(ApiRequest::post(template, &[id, operation.as_str()]))
    }

    /// Deletes a machine. `force` removes it also if its cloud account cannot be reached. Evidence: described (8.10).
    ///
    /// A machine of a deployment is deleted with the deployment instead.
    pub fn delete(self, id: &str, force: bool) -> Call<Option<RequestTracker>> {
        let request = ApiRequest::delete("/iaas/api/machines/{machine}", &[id]);
        self.client.maybe(if force { request.with_query("forceDelete", "true") } else { request })
    }
}
