//! Apps, accounts and rows of the real server whose responses were recorded with 1.8.2.

use std::time::Duration;

use super::config::{App, Lock, Permission, Security, UserAccount};
use super::custom_column::CustomColumn;
use super::schema::Object;
use super::store::Store;

/// Returns the apps of that server. Their codes belong to a server that is gone.
pub(super) fn apps() -> Vec<App> {
    let admin = |id: &str| App::new(id).with_permission(Permission::Admin);
    let second = Duration::from_secs(1);
    let long = Duration::from_secs(30);
    vec![
        admin("full"),
        App::new("rw"),
        App::new("ro").with_permission(Permission::Read),
        App::new("off").with_permission(Permission::Disabled),
        admin("nested").with_nested_custom_fields(true),
        admin("links").with_links(true),
        admin("ssltok").with_security(Security::SslToken),
        admin("sslcode").with_security(Security::SslCode).with_code("c0deC0deC0deC0deC0deC0deC0deC0de"),
        App::new("sslcodero")
            .with_permission(Permission::Read)
            .with_security(Security::SslCode)
            .with_code("r0deC0deC0deC0deC0deC0deC0deC0de"),
        admin("usersec").with_security(Security::User),
        App::new("nolock").with_lock(Lock::Disabled),
        App::new("dblock").with_lock(Lock::MySql(long)),
        App::new("filelock").with_lock(Lock::File(long)),
        App::new("filewait1").with_lock(Lock::File(second)),
        App::new("dbwait1").with_lock(Lock::MySql(second)),
    ]
}

/// Returns the user accounts of that server.
pub(super) fn users() -> Vec<UserAccount> {
    vec![
        UserAccount::new("Admin", "ipamadmin-Pass1").with_real_name("phpIPAM Admin"),
        UserAccount::new("vra", "vra-Pass1").with_real_name("vRA service").with_groups([2]),
        UserAccount::new("viewer", "vra-Pass1").with_real_name("Read only person").with_groups([3]),
        UserAccount::new("gone", "vra-Pass1").with_real_name("Disabled person").with_groups([3]).with_disabled(true),
    ]
}

/// Adds the example data of phpIPAM. The order gives the rows the ids that they have on a real server.
pub(super) fn example(store: &mut Store) {
    let rights = r#"{"3":"1","2":"2"}"#;
    for (name, text) in [("Customers", "Section for customers"), ("IPv6", "Section for IPv6 addresses")] {
        store.seed(
            Object::Section,
            &[("name", name), ("description", text), ("permissions", rights), ("strictMode", "1")],
        );
    }
    for (subnet, mask, section, master, text, requests, vlan) in [
        ("fd13:6d20:29dc:cf27::", "64", "2", "0", "Private subnet 1", "1", "1"),
        ("10.10.0.0", "16", "1", "0", "Business customers", "1", "0"),
        ("10.10.1.0", "24", "1", "2", "Customer 1", "1", "0"),
        ("10.10.2.0", "24", "1", "2", "Customer 2", "1", "0"),
        ("0.0.0.0", "", "1", "0", "My folder", "0", "0"),
        ("10.65.22.0", "24", "1", "5", "DHCP range", "0", "0"),
    ] {
        let folder = if mask.is_empty() { "1" } else { "0" };
        let id = store.seed(
            Object::Subnet,
            &[
                ("subnet", subnet),
                ("sectionId", section),
                ("masterSubnetId", master),
                ("description", text),
                ("allowRequests", requests),
                ("vlanId", vlan),
                ("vrfId", "0"),
                ("showName", if folder == "1" { "0" } else { "1" }),
                ("isFolder", folder),
                ("permissions", rights),
            ],
        );
        // Set without checks: a folder holds an empty text here, which an insert would turn into NULL.
        store.set(Object::Subnet, id, "mask", super::table::Cell::text(mask));
    }
    for (subnet, ip, tag, text, host) in [
        ("3", "10.10.1.3", "2", "Server1", "server1.cust1.local"),
        ("3", "10.10.1.4", "2", "Server2", "server2.cust1.local"),
        ("3", "10.10.1.5", "3", "Server3", "server3.cust1.local"),
        ("3", "10.10.1.6", "3", "Server4", "server4.cust1.local"),
        ("3", "10.10.1.245", "2", "Gateway", ""),
        ("4", "10.10.2.254", "2", "Gateway", ""),
        ("4", "10.10.2.10", "2", "Server1", "ser1.client2.local"),
        ("6", "10.65.22.4", "4", "DHCP range", ""),
        ("6", "10.65.22.5", "4", "DHCP range", ""),
        ("6", "10.65.22.6", "4", "DHCP range", ""),
    ] {
        store.seed(
            Object::Address,
            &[("subnetId", subnet), ("ip_addr", ip), ("state", tag), ("description", text), ("hostname", host)],
        );
    }
    for (name, number, text) in
        [("IPv6 private 1", "2001", "IPv6 private 1 subnets"), ("Servers DMZ", "4001", "DMZ public")]
    {
        store.seed(Object::Vlan, &[("name", name), ("number", number), ("description", text)]);
    }
    store.seed(
        Object::Nameservers,
        &[
            ("name", "Google NS"),
            ("namesrv1", "8.8.8.8;8.8.4.4"),
            ("description", "Google public nameservers"),
            ("permissions", "1;2"),
        ],
    );
}

/// Adds the custom fields and the second scan agent of that server.
pub(super) fn extras(store: &mut Store) {
    for field in [
        CustomColumn::text("custom_owner_team", 64).with_comment("owning team"),
        CustomColumn::number("custom_cost_centre"),
        CustomColumn::flag("custom_is_prod", false).with_comment("production?"),
        CustomColumn::one_of("custom_env", &["dev", "test", "prod"]),
        CustomColumn::date("custom_reviewed"),
        CustomColumn::text("custom_customer_type", 32),
        CustomColumn::text("custom_customer_address_type", 32),
        CustomColumn::text("csid", 32),
    ] {
        store.add_custom_field(Object::Subnet, field);
    }
    for field in [
        CustomColumn::text("custom_ticket", 32).with_comment("ticket number"),
        CustomColumn::number("custom_lease_hours").with_default(24),
        CustomColumn::flag("custom_managed", true),
        CustomColumn::text("csid", 32),
    ] {
        store.add_custom_field(Object::Address, field);
    }
    store.add_custom_field(Object::Vlan, CustomColumn::text("custom_zone", 16));
    store.add_custom_field(Object::Vrf, CustomColumn::text("custom_rt", 32));
    store.add_custom_field(Object::Device, CustomColumn::text("custom_serial", 32));
    store.add_custom_field(Object::Location, CustomColumn::text("custom_floor", 8));
    store.seed(
        Object::ScanAgent,
        &[("name", "remote1"), ("description", "remote agent"), ("type", "mysql"), ("code", "agentcode1")],
    );
}
