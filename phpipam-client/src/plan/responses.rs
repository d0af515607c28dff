//! Saved responses of a phpIPAM, to be read as a plan.

use ipam_core::plan::{AddressPlan, PlanError, Problems};
use serde_json::Value;

use super::builder::{Builder, Lists};
use super::response;
use super::typed_rows::{address_rows, named_rows, subnet_rows};
use crate::models::{Nameserver, Vlan};

/// Responses of one phpIPAM as text: whole, or their `data` alone. See the [module](super) for an example.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Responses<'a> {
    subnets: &'a str,
    addresses: Option<&'a str>,
    nameservers: Option<&'a str>,
    vlans: Option<&'a str>,
}

impl<'a> Responses<'a> {
    /// The response to `GET subnets/all/` (or `subnets/`, or of a section), without any other.
    pub fn new(subnets: &'a str) -> Self {
        Self { subnets, addresses: None, nameservers: None, vlans: None }
    }

    /// Adds the response to `GET addresses/all/`.
    pub fn with_addresses(mut self, addresses: &'a str) -> Self {
        self.addresses = Some(addresses);
        self
    }

    /// Adds the response to `GET tools/nameservers/`. Without it, the name servers are those that the subnets' rows carry.
    pub fn with_nameservers(mut self, nameservers: &'a str) -> Self {
        self.nameservers = Some(nameservers);
        self
    }

    /// Adds the response to `GET vlans/`.
    pub fn with_vlans(mut self, vlans: &'a str) -> Self {
        self.vlans = Some(vlans);
        self
    }

    /// Tells whether a text looks like a phpIPAM's response: an object that says how the request went, or a list whose rows
    /// have a subnet and a mask.
    ///
    /// ```
    /// use phpipam_client::plan::Responses;
    ///
    /// assert!(Responses::is_response(r#"{"code": 404, "success": false, "message": "No subnets found"}"#));
    /// assert!(!Responses::is_response(r#"{"ranges": []}"#));
    /// ```
    #[must_use]
    pub fn is_response(text: &str) -> bool {
        let text = text.trim_start_matches('\u{feff}').trim_start();
        if !text.starts_with(['{', '[']) || text.len() > AddressPlan::MAX_BYTES {
            return false;
        }
        let Ok(value) = serde_json::from_str::<Value>(text) else { return false };
        let is_subnet = |row: &&Value| row.get("mask").is_some() && row.get("subnet").is_some();
        value.as_object().is_some_and(response::is_envelope)
            || response::rows(&value).is_ok_and(|rows| rows.iter().any(is_subnet))
    }

    /// Reads the responses as a plan. What was understood and had to be put differently is among its notes.
    ///
    /// # Errors
    /// Everything that cannot be read, each row with its place: a response that is no list of rows, what the server
    /// refused, values that make no sense, more than the [limits](ipam_core::plan#limits) of a plan.
    pub fn to_plan(&self) -> Result<AddressPlan, PlanError> {
        let mut problems = Problems::new();
        let subnets = subnet_rows(self.subnets, &mut problems);
        let addresses = self.addresses.map(|text| address_rows(text, &mut problems));
        let nameservers = self.nameservers.map(|text| named_rows::<Nameserver>("nameservers", text, &mut problems));
        let vlans = self.vlans.map(|text| named_rows::<Vlan>("vlans", text, &mut problems));
        if !problems.is_empty() {
            return problems.into_result(AddressPlan::new());
        }
        let lists = Lists { subnets, addresses, nameservers, vlans };
        problems.into_result(Builder::new(lists).build())
    }
}
