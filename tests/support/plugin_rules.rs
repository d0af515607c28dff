//! Rules of vRA's IPAM plug-in contract for the responses of the eight actions, field by field.
//!
//! Written from the contract, on plain JSON, without the types that produce the responses: a mistake in those cannot hide
//! here.

use std::net::IpAddr;

use serde_json::{Map, Value};

/// Returns the violations of the contract in the response of an action; none if it is valid.
///
/// `action` is the name in vRA's package, such as `GetIPRanges`.
#[must_use]
pub fn violations(action: &str, inputs: &Value, outputs: &Value) -> Vec<String> {
    let mut rules = Rules::default();
    match action {
        "ValidateEndpoint" => rules.validate_endpoint(outputs),
        "GetIPRanges" => rules.listing(inputs, outputs, "ipRanges", Rules::ip_range),
        "GetIPBlocks" => rules.listing(inputs, outputs, "ipBlocks", Rules::ip_block),
        "AllocateIP" => rules.allocate_ip(inputs, outputs),
        "DeallocateIP" => rules.deallocate_ip(inputs, outputs),
        "Update" => rules.update(outputs),
        "AllocateIPRange" => rules.allocate_ip_range(inputs, outputs),
        "DeallocateIPRange" => rules.text(outputs, "message"),
        other => rules.broken(format!("the contract has no action {other}")),
    }
    rules.0
}

#[derive(Default)]
struct Rules(Vec<String>);

impl Rules {
    fn broken(&mut self, rule: impl Into<String>) {
        self.0.push(rule.into());
    }

    fn check(&mut self, holds: bool, rule: impl FnOnce() -> String) {
        if !holds {
            self.broken(rule());
        }
    }

    fn text(&mut self, object: &Value, name: &str) {
        self.check(object[name].as_str().is_some_and(|text| !text.is_empty()), || {
            format!("{name} has to be a text that is not empty, and is {}", object[name])
        });
    }

    fn optional_text(&mut self, object: &Value, name: &str) {
        if let Some(value) = object.get(name) {
            self.check(value.is_string(), || format!("{name} has to be a text or absent, and is {value}"));
        }
    }

    fn list<'a>(&mut self, object: &'a Value, name: &str) -> &'a [Value] {
        if let Some(list) = object[name].as_array() {
            return list;
        }
        self.broken(format!("{name} has to be a list, and is {}", object[name]));
        &[]
    }

    fn address(&mut self, value: &Value, name: &str) -> Option<IpAddr> {
        let address = value.as_str().and_then(|text| text.parse().ok());
        self.check(address.is_some(), || format!("{name} has to be an IP address, and is {value}"));
        address
    }

    fn version(&mut self, object: &Value, of: Option<IpAddr>) {
        let expected = match of {
            Some(IpAddr::V4(_)) => "IPv4",
            Some(IpAddr::V6(_)) => "IPv6",
            None => return,
        };
        self.check(object["ipVersion"] == expected, || {
            format!("ipVersion has to be {expected}, and is {}", object["ipVersion"])
        });
    }

    fn validate_endpoint(&mut self, outputs: &Value) {
        if outputs.get("error").is_none() {
            self.check(outputs["message"] == "Validated successfully", || format!("message is {}", outputs["message"]));
            self.check(outputs["statusCode"] == "200", || format!("statusCode is {}", outputs["statusCode"]));
            return;
        }
        self.check(outputs["error"]["errorCode"] == "3002", || "the only error that may be a response is 3002".into());
        self.text(&outputs["error"], "errorMessage");
        let pem = outputs["certificateInfo"]["certificate"].as_str().unwrap_or_default();
        self.check(pem.starts_with("-----BEGIN CERTIFICATE-----"), || "certificate has to be PEM".into());
    }

    fn listing(&mut self, inputs: &Value, outputs: &Value, name: &str, item: fn(&mut Self, &Value)) {
        let items = self.list(outputs, name);
        let most = inputs["pagingAndSorting"]["maxResults"].as_u64().unwrap_or(u64::MAX);
        self.check(items.len() as u64 <= most, || format!("{} items, though maxResults is {most}", items.len()));
        items.iter().for_each(|one| item(self, one));
        if let Some(token) = outputs.get("nextPageToken") {
            self.check(token.as_str().is_some_and(|token| !token.is_empty()), || {
                format!("nextPageToken has to be a text or absent, and is {token}")
            });
        }
    }

    fn network(&mut self, object: &Value) {
        self.text(object, "id");
        self.text(object, "name");
        for name in ["description", "domain", "addressSpaceId"] {
            self.optional_text(object, name);
        }
        if let Some(gateway) = object.get("gatewayAddress") {
            self.address(gateway, "gatewayAddress");
        }
        for server in self.list(object, "dnsServerAddresses") {
            self.address(server, "dnsServerAddresses");
        }
        for domain in self.list(object, "dnsSearchDomains") {
            self.check(domain.as_str().is_some_and(|text| !text.is_empty()), || format!("a search domain is {domain}"));
        }
        for tag in self.list(object, "tags") {
            self.check(tag["key"].is_string() && tag["value"].is_string(), || format!("a tag is {tag}"));
        }
        let properties = object["properties"].as_object();
        self.check(properties.is_some_and(|all| all.values().all(Value::is_string)), || {
            format!("properties have to be an object of texts, and are {}", object["properties"])
        });
    }

    fn ip_range(&mut self, range: &Value) {
        self.network(range);
        let start = self.address(&range["startIPAddress"], "startIPAddress");
        let end = self.address(&range["endIPAddress"], "endIPAddress");
        self.version(range, start);
        self.version(range, end);
        self.check(start <= end, || format!("{start:?} is after {end:?}"));
        let bits = if start.is_some_and(|start| start.is_ipv6()) { 128 } else { 32 };
        let length = number(&range["subnetPrefixLength"]);
        self.check(length.is_some_and(|length| length <= bits), || {
            format!("subnetPrefixLength has to be a prefix length, and is {}", range["subnetPrefixLength"])
        });
    }

    fn ip_block(&mut self, block: &Value) {
        self.network(block);
        let cidr = block["ipBlockCIDR"].as_str().and_then(|cidr| cidr.split_once('/'));
        let Some((address, length)) = cidr else {
            return self.broken(format!("ipBlockCIDR has to be a prefix, and is {}", block["ipBlockCIDR"]));
        };
        let address = self.address(&address.into(), "ipBlockCIDR");
        self.version(block, address);
        self.check(length.parse::<u8>().is_ok(), || format!("ipBlockCIDR has the length {length}"));
    }

    fn allocate_ip(&mut self, inputs: &Value, outputs: &Value) {
        let wanted = self.list(inputs, "ipAllocations");
        let got = self.list(outputs, "ipAllocations");
        self.check(wanted.len() == got.len(), || format!("{} results for {} requests", got.len(), wanted.len()));
        for request in wanted {
            let id = &request["id"];
            let mut results = got.iter().filter(|result| result["ipAllocationId"] == *id);
            let Some(result) = results.next() else {
                self.broken(format!("no result for {id}"));
                continue;
            };
            self.check(results.next().is_none(), || format!("two results for {id}"));
            self.allocation(request, result);
        }
    }

    fn allocation(&mut self, request: &Value, result: &Value) {
        let ranges = self.list(request, "ipRangeIds");
        self.check(ranges.contains(&result["ipRangeId"]), || format!("{} was not asked for", result["ipRangeId"]));
        let mut addresses = Vec::new();
        for address in self.list(result, "ipAddresses") {
            addresses.extend(self.address(address, "ipAddresses"));
        }
        let size = number(&request["size"]).unwrap_or(1);
        self.check(addresses.len() as u64 == size, || format!("{} addresses for size {size}", addresses.len()));
        self.version(result, addresses.first().copied());
        self.check(addresses.windows(2).all(|pair| follows(pair[0], pair[1])), || {
            format!("{addresses:?} do not follow one another")
        });
        // An unspecified start is none.
        let start = request["start"].as_str().map(str::trim).filter(|start| !matches!(*start, "" | "0.0.0.0" | "::"));
        if let Some(start) = start {
            let start = start.parse().ok();
            self.check(addresses.first().copied() == start, || format!("{addresses:?} do not start at {start:?}"));
        }
    }

    fn deallocate_ip(&mut self, inputs: &Value, outputs: &Value) {
        let wanted = self.list(inputs, "ipDeallocations");
        let got = self.list(outputs, "ipDeallocations");
        self.check(wanted.len() == got.len(), || format!("{} results for {} requests", got.len(), wanted.len()));
        for request in wanted {
            let results = got.iter().filter(|result| result["ipDeallocationId"] == request["id"]).count();
            self.check(results == 1, || format!("{results} results for {}", request["id"]));
        }
        got.iter().for_each(|result| self.text(result, "message"));
    }

    fn update(&mut self, outputs: &Value) {
        let results = self.list(outputs, "updateResults");
        self.check(!results.is_empty(), || "updateResults has to hold at least one".into());
        self.check(results.iter().all(Value::is_string), || "updateResults has to hold texts".into());
    }

    fn allocate_ip_range(&mut self, inputs: &Value, outputs: &Value) {
        let (wanted, range) = (&inputs["ipRangeAllocation"], &outputs["ipRange"]);
        self.check(range.is_object(), || format!("ipRange has to be an object, and is {range}"));
        self.ip_range(range);
        let length = number(&range["subnetPrefixLength"]);
        if let Some(cidr) = wanted["subnetCidr"].as_str() {
            let wanted = cidr.split_once('/').and_then(|(_, length)| length.parse().ok());
            self.check(wanted == length, || format!("{cidr} was asked for, and {length:?} given"));
        } else {
            let wanted = number(&wanted["subnetPrefixLength"]);
            self.check(wanted == length, || format!("a /{wanted:?} was asked for, and {length:?} given"));
        }
    }
}

/// Reads a number, or a string with one.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn follows(first: IpAddr, second: IpAddr) -> bool {
    match (first, second) {
        (IpAddr::V4(first), IpAddr::V4(second)) => u32::from(first).checked_add(1) == Some(second.into()),
        (IpAddr::V6(first), IpAddr::V6(second)) => u128::from(first).checked_add(1) == Some(second.into()),
        _ => false,
    }
}

/// Returns an object without one member, to prove that the rules can fail.
#[must_use]
pub fn without(object: &Value, member: &str) -> Value {
    let mut object: Map<String, Value> = object.as_object().cloned().unwrap_or_default();
    object.remove(member);
    Value::Object(object)
}
