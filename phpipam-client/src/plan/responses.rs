//! Saved responses of one phpIPAM server, as input of a plan.

use ipam_core::plan::{AddressPlan, PlanError, Problems};
use serde_json::Value;

use super::builder::{Builder, Lists};
use super::response;
use super::typed_rows::{address_rows, named_rows, subnet_rows};
use crate::models::{Nameserver, Vlan};

/// Saved responses of one phpIPAM server as JSON text: whole responses, or only their member `data`.
///
/// ```
/// use phpipam_client::plan::Responses;
///
/// let subnets = r#"[{"id": 9, "subnet": "10.20.1.0", "mask": 24, "sectionId": 3, "vlanId": 5}]"#;
/// let vlans = r#"{"code": 200, "success": true, "data": [{"id": 5, "number": 100, "name": "servers"}]}"#;
/// let plan = Responses::new(subnets).with_vlans(vlans).to_plan()?;
/// assert_eq!(plan.ranges[0].item.network.vlan.as_ref().unwrap().number, 100);
/// # Ok::<(), ipam_core::plan::PlanError>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Responses<'a> {
    subnets: &'a str,
    addresses: Option<&'a str>,
    nameservers: Option<&'a str>,
    vlans: Option<&'a str>,
}

impl<'a> Responses<'a> {
    /// Creates the set of responses from the response to `GET subnets/all/`, `GET subnets/` or `GET
    /// sections/ID/subnets/`. Responses for other lists are optional.
    pub fn new(subnets: &'a str) -> Self {
        Self { subnets, addresses: None, nameservers: None, vlans: None }
    }

    /// Adds the response to `GET addresses/all/`. Without it, the plan has no allocations.
    ///
    /// ```
    /// use phpipam_client::plan::Responses;
    ///
    /// let subnets = r#"[{"id": 9, "subnet": "10.20.1.0", "mask": 24, "sectionId": 3}]"#;
    /// let addresses = r#"[{"id": 1, "subnetId": 9, "ip": "10.20.1.7",
    ///     "hostname": "web1", "owner": "team-a", "note": "rack 7"}]"#;
    /// let plan = Responses::new(subnets).with_addresses(addresses).to_plan()?;
    /// let web1 = &plan.allocations[0].item;
    /// assert_eq!((web1.owner.as_str(), web1.labels.hostname.as_deref()), ("team-a", Some("web1")));
    /// assert_eq!(web1.labels.tags.first().unwrap().to_string(), "note=rack 7");
    /// # Ok::<(), ipam_core::plan::PlanError>(())
    /// ```
    pub fn with_addresses(mut self, addresses: &'a str) -> Self {
        self.addresses = Some(addresses);
        self
    }

    /// Adds the response to `GET tools/nameservers/`. Without it, DNS servers are those in the subnets' rows, which
    /// some versions cut.
    pub fn with_nameservers(mut self, nameservers: &'a str) -> Self {
        self.nameservers = Some(nameservers);
        self
    }

    /// Adds the response to `GET vlans/`. Without it, ranges have no VLAN.
    pub fn with_vlans(mut self, vlans: &'a str) -> Self {
        self.vlans = Some(vlans);
        self
    }

    /// Returns true if a text looks like a response of phpIPAM: an object with `code` and `success`, or a list in which
    /// a row has a subnet and a mask.
    ///
    /// ```
    /// use phpipam_client::plan::Responses;
    ///
    /// assert!(Responses::is_response(r#"{"code": 404, "success": false, "message": "No subnets found"}"#));
    /// assert!(!Responses::is_response(r#"{"ranges": []}"#));
    /// ```
    #[must_use]
    pub fn is_response(text: &str) -> bool {
        // Editors and shells of Windows save a byte order mark before UTF-8, which JSON does not allow.
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if !text.starts_with(['{', '[']) || text.len() > AddressPlan::MAX_BYTES {
            return false;
        }
        let Ok(value) = serde_json::from_str::<Value>(text) else { return false };
        let is_subnet = |row: &&Value| row.get("mask").is_some() && row.get("subnet").is_some();
        value.as_object().is_some_and(response::is_envelope)
            || response::rows(&value).is_ok_and(|rows| rows.iter().any(is_subnet))
    }

    /// Reads the responses as a plan. What could not be kept as it is becomes a [note](super#notes).
    ///
    /// ```
    /// use phpipam_client::plan::Responses;
    ///
    /// let subnets = r#"[{"id": 9, "subnet": "10.20.1.5", "mask": 24, "sectionId": 3}]"#;
    /// let error = Responses::new(subnets).to_plan().unwrap_err();
    /// assert!(error.to_string().contains("with mask 24 the network is 10.20.1.0"), "{error}");
    /// ```
    ///
    /// # Errors
    /// All problems of all lists, each with its place, such as `subnets data[3]`: a response that is no list of rows or
    /// a refusal of the server, a missing or invalid value, and more than the [limits](ipam_core::plan#limits) of a
    /// plan.
    pub fn to_plan(&self) -> Result<AddressPlan, PlanError> {
        let mut problems = Problems::new();
        let subnets = subnet_rows(self.subnets, &mut problems);
        let addresses = self.addresses.map(|text| address_rows(text, &mut problems));
        let nameservers = self.nameservers.map(|text| named_rows::<Nameserver>("nameservers", text, &mut problems));
        let vlans = self.vlans.map(|text| named_rows::<Vlan>("vlans", text, &mut problems));
        // No plan from the rows that could be read: an address would be reported only because the row of its subnet is
        // bad.
        if !problems.is_empty() {
            return problems.into_result(AddressPlan::new());
        }
        let lists = Lists { subnets, addresses, nameservers, vlans };
        problems.into_result(Builder::new(lists).build())
    }
}
