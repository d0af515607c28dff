//! Custom fields that must not be empty: phpIPAM's "Required field", which is `NOT NULL` in its database.

use std::net::IpAddr;
use std::sync::Arc;

use http::Method;
use ipam_core::{
    Allocate, AllocateLine, AllocateRange, Deallocate, DeallocateRange, ErrorKind, Find, IpamProvider, Update,
};
use phpipam_client::Client;
use phpipam_client::models::{AddressFields, SectionId, SubnetFields, SubnetId};
use serde_json::Value;

use ipam_tests::live::{Made, addresses_of, auth, base_for, client_at, open_at, runtime, section_option};

/// Value that the tests give to each field.
const VALUE: &str = "live";

/// Required text field.
struct Field {
    name: String,
    /// True if the database uses '' for a field that is not sent, instead of refusing the row.
    has_default: bool,
}

/// Returns the required text fields of a controller's objects, from the server's schema.
async fn required(client: &Client, controller: &str) -> Vec<Field> {
    let told = client.raw(Method::GET, &format!("{controller}/custom_fields/"), None).await.unwrap().data;
    let told = told.as_object().unwrap().values();
    let is_text = |field: &&Value| field["type"].as_str().unwrap().contains("char");
    let is_empty = |field: &&Value| field["Default"].as_str().unwrap_or_default().is_empty();
    let required = told.filter(|field| field["Null"] == "NO").filter(is_text).filter(is_empty);
    let fields = required.map(|field| Field {
        name: field["name"].as_str().unwrap().to_owned(),
        has_default: !field["Default"].is_null(),
    });
    let fields: Vec<Field> = fields.collect();
    for has_default in [true, false] {
        let is_there = fields.iter().any(|field| field.has_default == has_default);
        assert!(is_there, "{controller}: one with the default '' is needed, and one without any");
    }
    fields
}

struct Site {
    base: String,
    client: Client,
    made: Made,
    section: SectionId,
    block: SubnetId,
    range: SubnetId,
    /// Required fields of addresses and of subnets.
    of_addresses: Vec<Field>,
    of_subnets: Vec<Field>,
}

impl Site {
    async fn new() -> Self {
        let base = base_for("REQUIRED_URL");
        let client = client_at(&base, auth());
        let made = Made::at(&base, client.clone());
        let of_addresses = required(&client, "addresses").await;
        let of_subnets = required(&client, "subnets").await;
        let section = made.section().await.unwrap();
        let fields = || {
            of_subnets.iter().fold(SubnetFields::new(), |fields, field| fields.with_custom_field(&field.name, VALUE))
        };
        let block = fields().with_allow_requests(true);
        let block = client.subnets().create(section, "10.108.0.0/16".parse().unwrap(), &block).await.unwrap().id;
        let range = fields().with_master_subnet(block);
        let range = client.subnets().create(section, "10.108.0.0/24".parse().unwrap(), &range).await.unwrap().id;
        Self { base, client, made, section, block, range, of_addresses, of_subnets }
    }

    async fn open(&self, options: &str) -> ipam_core::Result<Arc<dyn IpamProvider>> {
        let section = section_option(self.section);
        open_at(&self.base, &format!("{section}&block.allowRequests=1{options}")).await
    }

    /// Returns the options that give each required field a value.
    fn options(&self) -> String {
        let set = self.of_addresses.iter().map(|field| format!("&set.{}={VALUE}", field.name));
        let range_set = self.of_subnets.iter().map(|field| format!("&range_set.{}={VALUE}", field.name));
        set.chain(range_set).collect()
    }

    fn next(&self, count: u32) -> Allocate {
        Allocate::new("vm").with_line(AllocateLine::next(self.range.to_string(), count))
    }

    /// Asserts that each of the subnet's addresses has the value in each required field.
    async fn assert_addresses_have_it(&self) {
        for row in self.client.subnets().addresses(self.range).await.unwrap() {
            for field in &self.of_addresses {
                let value = row.extra.get(&field.name).and_then(|value| value.as_str().map(str::to_owned));
                assert_eq!(value.as_deref(), Some(VALUE), "{} of {:?}", field.name, row.ip);
            }
        }
    }
}

#[test]
#[ignore = "needs a phpIPAM with required custom fields: set IPAM_LIVE_PHPIPAM_REQUIRED_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn a_required_field_without_a_value_is_named_before_anything_is_taken() {
    runtime().block_on(async {
        let site = Site::new().await;
        let _made = &site.made;
        let provider = match site.open("").await {
            Ok(provider) => provider,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Config, "{error}");
                for field in site.of_addresses.iter().filter(|field| !field.has_default) {
                    assert!(error.to_string().contains(&field.name), "{error}");
                }
                return;
            }
        };
        // With the default '' creating works, so that only those without any must be given.
        let said = match provider.check().await {
            Ok(health) => health.warnings.join("\n"),
            Err(error) => error.to_string(),
        };
        for field in site.of_addresses.iter().filter(|field| !field.has_default) {
            assert!(said.contains(&field.name) && said.contains("set."), "{said}");
        }
        for count in [1, 3] {
            let error = provider.allocate(&site.next(count)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        }
        assert!(addresses_of(&site.client, site.range).await.is_empty());
        let child = AllocateRange::prefix_len("net", site.block.to_string(), 24);
        let error = provider.allocate_range(&child).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert_eq!(site.client.subnets().slaves(site.block).await.unwrap().len(), 1);
    });
}

#[test]
#[ignore = "needs a phpIPAM with required custom fields: set IPAM_LIVE_PHPIPAM_REQUIRED_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn options_give_required_fields_their_values() {
    runtime().block_on(async {
        let site = Site::new().await;
        let _made = &site.made;
        let provider = site.open(&site.options()).await.unwrap();
        let said = provider.check().await.unwrap().warnings.join("\n");
        for field in site.of_addresses.iter().chain(&site.of_subnets) {
            assert!(!said.contains(&field.name), "{said}");
        }
        let key = format!("live-{}", site.range);
        let one = provider.allocate(&site.next(1)).await.unwrap();
        let three = provider.allocate(&site.next(3).with_key(key.clone())).await.unwrap();
        assert!(provider.allocate(&site.next(3).with_key(key.clone())).await.unwrap().repeated);
        assert_eq!(addresses_of(&site.client, site.range).await.len(), 4);
        site.assert_addresses_have_it().await;
        let first = one.iter().next().unwrap();
        let changed = Update::new(first.id.clone()).with_hostname(Some("web1.live.example".to_owned()));
        let changed = provider.update(&changed).await.unwrap();
        assert_eq!(changed.labels.hostname.as_deref(), Some("web1.live.example"));
        site.assert_addresses_have_it().await;

        let child =
            AllocateRange::prefix_len("net", site.block.to_string(), 24).with_key(format!("live-net-{}", site.range));
        let made = provider.allocate_range(&child).await.unwrap().range;
        let row = site.client.subnets().get(made.id.as_str().parse().unwrap()).await.unwrap();
        for field in &site.of_subnets {
            let value = row.extra.get(&field.name).and_then(|value| value.as_str().map(str::to_owned));
            assert_eq!(value.as_deref(), Some(VALUE), "{}", field.name);
        }
        provider.deallocate_range(&DeallocateRange::id(made.id)).await.unwrap();

        let freed = provider.deallocate(&Deallocate::key(key)).await.unwrap();
        assert_eq!(freed.freed().count(), three.iter().count());
        assert!(!provider.deallocate(&Deallocate::id(first.id.clone())).await.unwrap().was_free());
        assert!(addresses_of(&site.client, site.range).await.is_empty());
    });
}

/// The server fills in the fields that a change leaves out, and turns '' into NULL, which a required field refuses.
#[test]
#[ignore = "needs a phpIPAM with required custom fields: set IPAM_LIVE_PHPIPAM_REQUIRED_URL, _APP, _USER and _PASSWORD or _CODE, _CA"]
fn a_row_that_has_nothing_in_a_required_field_can_be_changed() {
    runtime().block_on(async {
        let site = Site::new().await;
        let _made = &site.made;
        let address: IpAddr = "10.108.0.77".parse().unwrap();
        // Those with the default '' are left out, so that the row has ''.
        let given = site.of_addresses.iter().filter(|field| !field.has_default);
        let fields = given.fold(AddressFields::new(), |fields, field| fields.with_custom_field(&field.name, "old"));
        let id = site.client.addresses().create(site.range, address, &fields).await.unwrap().id;
        let provider = site.open(&site.options()).await.unwrap();
        let found = provider.find(&Find::default().with_address(address)).await.unwrap().items.remove(0);
        let change = Update::new(found.id).with_hostname(Some("web2.live.example".to_owned()));
        provider.update(&change).await.unwrap();
        let row = site.client.addresses().get(id).await.unwrap();
        assert_eq!(row.hostname.as_deref(), Some("web2.live.example"));
        for field in &site.of_addresses {
            let value = row.extra.get(&field.name).and_then(|value| value.as_str().map(str::to_owned));
            let expected = if !field.has_default { "old" } else { VALUE };
            assert_eq!(value.as_deref(), Some(expected), "{}: what there is stays", field.name);
        }
    });
}
