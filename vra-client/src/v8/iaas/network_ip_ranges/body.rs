//! Bodies of the calls that change ranges and addresses.

use std::net::IpAddr;

use crate::error::Error;
use crate::lenient::{JsonObject, request_body};
use crate::v8::iaas::common::{IpVersion, Tag};

/// Largest number of addresses of one call.
const MOST: usize = 100;

request_body! {
    /// Body of the calls that create and change a range. Only the members that were set are sent.
    ///
    /// ```
    /// use vra_client::v8::NetworkIpRangeBody;
    ///
    /// let body = NetworkIpRangeBody::new("lab", "2001:db8::10".parse()?, "2001:db8::ff".parse()?)?;
    /// assert_eq!(body.as_json().get("ipVersion"), Some(&"IPv6".into()));
    /// assert!(NetworkIpRangeBody::new("lab", "10.0.0.9".parse()?, "10.0.0.1".parse()?).is_err());
    /// assert!(NetworkIpRangeBody::new(" ", "10.0.0.1".parse()?, "10.0.0.9".parse()?).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct NetworkIpRangeBody {
        /// Sets the description.
        with_description: String = "description";
        /// Sets the fabric networks that the range belongs to, by their ids.
        with_fabric_network_ids: Vec<String> = "fabricNetworkIds";
        /// Sets the tags.
        with_tags: Vec<Tag> = "tags";
    }
}

impl NetworkIpRangeBody {
    /// Makes a body with the name, the first and the last address, which every call requires.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the name is blank, the addresses are of different versions, or the last is before the
    /// first.
    pub fn new(name: impl Into<String>, first: IpAddr, last: IpAddr) -> Result<Self, Error> {
        let name = name.into();
        if name.trim().is_empty() {
            return Err(Error::invalid("name", name, "a name of the range"));
        }
        // Checked here: the server would return a message that does not name both.
        let range = || format!("{first} - {last}");
        if first.is_ipv4() != last.is_ipv4() {
            return Err(Error::invalid("range", range(), "two addresses of one version"));
        }
        if last < first {
            return Err(Error::invalid("range", range(), "a last address that is not before the first"));
        }
        let mut body = JsonObject::new();
        body.insert("name".to_owned(), name.into());
        body.insert("startIPAddress".to_owned(), first.to_string().into());
        body.insert("endIPAddress".to_owned(), last.to_string().into());
        body.insert("ipVersion".to_owned(), version(first).as_str().into());
        Ok(Self { body })
    }
}

request_body! {
    /// Body of the call that allocates addresses: named ones, or a number of free ones.
    ///
    /// ```
    /// use vra_client::v8::AllocateAddressesBody;
    ///
    /// let body = AllocateAddressesBody::addresses(["10.10.20.50".parse()?])?.with_description("printer");
    /// assert_eq!(
    ///     serde_json::to_value(&body)?,
    ///     serde_json::json!({"ipAddresses": ["10.10.20.50"], "description": "printer"}),
    /// );
    /// assert!(AllocateAddressesBody::count(101).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct AllocateAddressesBody {
        /// Sets the description of the addresses.
        with_description: String = "description";
    }
}

impl AllocateAddressesBody {
    /// Makes a body with the addresses to allocate.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if there are none, more than 100, or some of each version.
    pub fn addresses(addresses: impl IntoIterator<Item = IpAddr>) -> Result<Self, Error> {
        Ok(Self { body: listed(addresses)? })
    }

    /// Makes a body with the number of addresses to allocate; the server chooses them.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the number is 0 or above 100.
    pub fn count(number: u32) -> Result<Self, Error> {
        if number == 0 || usize::try_from(number).is_ok_and(|number| number > MOST) {
            return Err(Error::invalid("number of addresses", number.to_string(), "1 to 100"));
        }
        let mut body = JsonObject::new();
        body.insert("numberOfIps".to_owned(), number.into());
        Ok(Self { body })
    }
}

request_body! {
    /// Body of the calls that release addresses.
    ///
    /// ```
    /// use vra_client::v8::ReleaseAddressesBody;
    ///
    /// let body = ReleaseAddressesBody::new(["10.10.20.50".parse()?])?;
    /// assert_eq!(serde_json::to_value(&body)?, serde_json::json!({"ipAddresses": ["10.10.20.50"]}));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct ReleaseAddressesBody {}
}

impl ReleaseAddressesBody {
    /// Makes a body with the addresses to release.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if there are none, more than 100, or some of each version.
    pub fn new(addresses: impl IntoIterator<Item = IpAddr>) -> Result<Self, Error> {
        Ok(Self { body: listed(addresses)? })
    }
}

fn listed(addresses: impl IntoIterator<Item = IpAddr>) -> Result<JsonObject, Error> {
    // One more than is allowed is enough to refuse, however many there are.
    let addresses: Vec<IpAddr> = addresses.into_iter().take(MOST + 1).collect();
    if addresses.is_empty() || addresses.len() > MOST {
        let number = if addresses.is_empty() { "0" } else { "more than 100" };
        return Err(Error::invalid("number of addresses", number, "1 to 100; send several calls for more"));
    }
    if let Some(other) = addresses.iter().find(|address| address.is_ipv4() != addresses.iter().any(IpAddr::is_ipv4)) {
        return Err(Error::invalid("addresses", other.to_string(), "addresses of one version; send one call for each"));
    }
    let texts: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
    let mut body = JsonObject::new();
    body.insert("ipAddresses".to_owned(), texts.into());
    Ok(body)
}

fn version(address: IpAddr) -> IpVersion {
    if address.is_ipv4() { IpVersion::V4 } else { IpVersion::V6 }
}
