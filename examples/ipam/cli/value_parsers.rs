//! Parsers of single values. Each error says what to write instead.

use std::net::IpAddr;

use ipam_core::{Family, Tag, Vlan};
use ipnet::IpNet;

pub(super) fn family(text: &str) -> Result<Family, String> {
    match text {
        "v4" | "4" | "ipv4" => Ok(Family::V4),
        "v6" | "6" | "ipv6" => Ok(Family::V6),
        _ => Err("write v4 or v6".to_owned()),
    }
}

pub(crate) fn ip(text: &str) -> Result<IpAddr, String> {
    text.trim().parse().map_err(|_| "write an address such as 10.0.0.7 or 2001:db8::7".to_owned())
}

pub(super) fn net(text: &str) -> Result<IpNet, String> {
    text.trim().parse().map_err(|_| "write a prefix such as 10.0.0.0/24 or 2001:db8::/64".to_owned())
}

pub(super) fn tag(text: &str) -> Result<Tag, String> {
    Ok(text.split_once('=').map_or_else(|| Tag::new(text, ""), |(key, value)| Tag::new(key, value)))
}

pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

pub(super) fn vlan(text: &str) -> Result<Vlan, String> {
    let (number, name) = text.split_once('=').map_or((text, None), |(number, name)| (number, Some(name)));
    let number = number.parse().ok().filter(|number| (1..=4094).contains(number));
    let vlan = Vlan::new(number.ok_or("write a number from 1 to 4094, and its name after =")?);
    Ok(match name {
        Some(name) => vlan.with_name(name),
        None => vlan,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_or_refused_with_a_remedy() {
        assert_eq!(vlan("12=dmz"), Ok(Vlan::new(12).with_name("dmz")));
        assert!(vlan("0").is_err() && vlan("4095").is_err() && vlan("x").is_err());
        assert_eq!(family("v6"), Ok(Family::V6));
        assert!(pair("x").is_err());
        assert!(net("10.0.0.0/33").is_err_and(|remedy| remedy.contains("10.0.0.0/24")));
        assert!(ip("10.0.0").is_err_and(|remedy| remedy.contains("10.0.0.7")));
    }
}
