//! Access of a test to the store, without requests.

use std::net::Ipv4Addr;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::Server;
use super::config::{Item, User};
use super::literal::{complex, entity_ref, entries, integer, multiple};
use super::rows::{CatalogItem, Compute, Profile, Stage};
use super::store::Store;
use crate::testing::clock::millis;
use crate::testing::id::uuid_of;

/// Id of the IPAM endpoint in the example data.
const ENDPOINT: &str = "c5c5a0f1-0000-4000-8000-000000000001";

impl Store {
    /// Id of the IPAM endpoint that [`example_data`](super::ServerBuilder::example_data) adds.
    pub const IPAM_ENDPOINT: &'static str = ENDPOINT;

    /// Adds a user who may log in and is found by searches for principals.
    pub fn add_user(&mut self, user: User) {
        let (name, domain) = user.name.split_once('@').unwrap_or((&user.name, ""));
        let row = json!({
            "@type": "User", "firstName": name, "lastName": "Example", "emailAddress": user.name, "locked": false,
            "disabled": false, "principalId": {"domain": domain, "name": name}, "tenantName": user.tenant,
            "name": format!("{name} Example"),
        });
        // A login is checked against `users`, a search against `principals`: groups are principals without a login.
        self.principals.push((user.tenant.clone(), row));
        self.users.push(user);
    }

    /// Adds a tenant: its id, which is its name in URLs, and its name for display.
    pub fn add_tenant(&mut self, id: &str, name: &str) {
        let row = json!({
            "@type": "Tenant", "id": id, "urlName": id, "name": name, "description": null, "contactEmail": null,
            "password": null, "defaultTenant": id == "vsphere.local",
        });
        self.tenants.put(id, row);
    }

    /// Adds a business group of a tenant and returns its id.
    ///
    /// ```
    /// use vra_client::testing::v7::Server;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::start().await?;
    /// let added = server.seed(|store| store.add_subtenant(Server::TENANT, "Operations"));
    /// assert_eq!(server.seed(|store| store.subtenant("Operations")), Some(added));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_subtenant(&mut self, tenant: &str, name: &str) -> String {
        let id = self.id();
        let row = json!({
            "@type": "Subtenant", "id": id, "name": name, "description": "created by a test", "subtenantRoles": [],
            "tenant": tenant, "extensionData": entries(vec![(
                "iaas-manager-emails".to_owned(), json!({"type": "string", "value": "managers@example.com"}),
            )]),
        });
        self.subtenants.put(&id, row);
        id
    }

    /// Returns the id of the business group with this name, of any tenant.
    #[must_use]
    pub fn subtenant(&self, name: &str) -> Option<String> {
        let row = self.subtenants.rows.iter().find(|row| row["name"].as_str() == Some(name))?;
        row["id"].as_str().map(str::to_owned)
    }

    /// Adds an item to the catalog of [`Server::TENANT`] and returns its id. [`Item`] has an example.
    pub fn add_item(&mut self, item: Item) -> String {
        let id = self.id();
        // 7.3 documents links of the flat form with another id than the row's; older captures have the same id.
        let link_id = if item.separate_link_id { self.id() } else { id.clone() };
        let subtenant = item.subtenant.clone().or_else(|| self.subtenant(Server::SUBTENANT)).unwrap_or_default();
        self.items.push(CatalogItem {
            id: id.clone(),
            link_id,
            // From the name, so that items of one service share its id.
            service_id: uuid_of(&item.service),
            tenant: Server::TENANT.to_owned(),
            subtenant,
            created: SystemTime::now(),
            item,
        });
        id
    }

    /// Adds an external network profile with one range, from `begin` to `end`, and returns its id.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    /// use vra_client::testing::v7::Server;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::start().await?;
    /// let (begin, end) = (Ipv4Addr::new(10, 0, 0, 10), Ipv4Addr::new(10, 0, 0, 19));
    /// server.seed(|store| {
    ///     let profile = store.add_profile("Lab", begin, end)?;
    ///     let group = store.subtenant(Server::SUBTENANT).unwrap_or_default();
    ///     store.add_reservation("Lab", &group, Some(&profile));
    ///     assert!(store.addresses_in_use(&profile).is_empty());
    ///     assert!(store.add_profile("Reversed", end, begin).is_err());
    ///     Ok::<(), String>(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The JSON of the server's error, if the range has no address or more than 65 536.
    pub fn add_profile(&mut self, name: &str, begin: Ipv4Addr, end: Ipv4Addr) -> Result<String, String> {
        let body = json!({
            "name": name, "profileType": "EXTERNAL", "subnetMask": "255.255.255.0", "dnsSuffix": "example.com",
            // The members of a minimal body; the reader adds the others as a real server does.
            "definedRanges": [{
                "name": format!("{name} range"), "beginIPv4Address": begin.to_string(), "endIPv4Address": end.to_string(),
            }],
        });
        let id = self.id();
        let body = body.as_object().cloned().unwrap_or_default();
        // Through the reader of requests, so that a test cannot add what a client could not.
        let profile = Profile::read(self, id.clone(), &body, SystemTime::now());
        self.profiles.push(profile.map_err(|refusal| refusal.body().to_string())?);
        Ok(id)
    }

    /// Adds a vSphere reservation for a business group and returns its id.
    ///
    /// It has the first network of the compute resource, with the network profile `profile_id` if one is given. Machines get
    /// addresses of 198.51.100.0/24 without a profile.
    pub fn add_reservation(&mut self, name: &str, subtenant_id: &str, profile_id: Option<&str>) -> String {
        let id = self.id();
        let component = "com.vmware.csp.iaas.blueprint.service";
        let mut values = Vec::new();
        let mut resource = Value::Null;
        if let Some(compute) = self.compute.first() {
            resource = entity_ref("ComputeResource", &compute.id, &format!("{} (vCenter)", compute.name));
            if let Some((id, name)) = compute.networks.first() {
                values.push(("networkPath".to_owned(), entity_ref("Network", id, name)));
            }
        }
        if let Some(profile) = self.profiles.iter().find(|profile| Some(profile.id.as_str()) == profile_id) {
            values.push(("networkProfile".to_owned(), entity_ref("NetworkProfile", &profile.id, profile.name())));
        }
        let network = complex(component, "Infrastructure.Reservation.Network", values);
        let memory = vec![("memoryReservedSizeMb".to_owned(), integer(8192))];
        let data = entries(vec![
            ("reservationMemory".to_owned(), complex(component, "Infrastructure.Reservation.Memory", memory)),
            // 0 is no limit.
            ("machineQuota".to_owned(), integer(0)),
            ("computeResource".to_owned(), resource),
            ("reservationNetworks".to_owned(), multiple("COMPLEX", vec![network])),
        ]);
        let now = millis(SystemTime::now());
        let row = json!({
            "@type": "Reservation", "createdDate": now, "lastUpdated": now, "version": 0, "id": id, "name": name,
            "reservationTypeId": "Infrastructure.Reservation.Virtual.vSphere", "tenantId": Server::TENANT,
            "subTenantId": subtenant_id, "enabled": true, "priority": 1, "reservationPolicyId": null,
            "alertPolicy": {
                "enabled": false, "frequencyReminder": 0, "emailBgMgr": true, "recipients": [],
                // Levels are kept while the policy is off, as published clients send them.
                "alerts": [{"alertPercentLevel": 80, "referenceResourceId": "storage"}],
            },
            "extensionData": data,
        });
        self.reservations.put(&id, row);
        id
    }

    /// Adds a range of an IPAM endpoint. `external_id` is its id at the endpoint.
    pub fn add_ipam_range(&mut self, endpoint: &str, external_id: &str, begin: Ipv4Addr, end: Ipv4Addr) {
        let space = json!({"externalId": "default", "name": "default", "description": null});
        // The first range of an endpoint makes the endpoint known, with one address space.
        if self.ipam_spaces.iter().all(|(of, _)| of != endpoint) {
            self.ipam_spaces.push((endpoint.to_owned(), space));
        }
        let row = json!({
            "externalId": external_id, "name": external_id.rsplit(':').next().unwrap_or(external_id), "description": null,
            "addressSpaceExternalId": "default", "subnetMask": "255.255.255.0",
            "beginIPv4Address": begin.to_string(), "endIPv4Address": end.to_string(),
        });
        self.ipam_ranges.push((endpoint.to_owned(), row));
    }

    /// Adds a service to the component registry. A service whose name ends with `-starting` is not ready.
    pub fn add_service(&mut self, name: &str) {
        let (id, now) = (self.id(), millis(SystemTime::now()));
        let end_point = json!({
            "id": uuid_of(&format!("{id} end point")), "createdDate": now, "lastUpdated": now,
            "url": format!("https://vra.example/{name}/api"),
            "endPointType": {"typeId": "com.vmware.vcac.iaas.default.endpoint", "protocol": "REST"},
            "endPointAttributes": {"entries": []}, "serviceInfoId": id, "sslTrusts": [],
        });
        let row = json!({
            "@type": "ServiceInfo", "id": id, "createdDate": now, "lastUpdated": now, "name": name, "nameMsgKey": null,
            "ownerId": "vcac@vsphere.local",
            "serviceType": {
                "id": uuid_of(name), "createdDate": now, "lastUpdated": now, "typeId": format!("com.vmware.csp.{name}"),
                "name": name,
            },
            "serviceVersion": "7.3.0", "serviceAttributes": {"entries": []}, "endPoints": [end_point],
        });
        self.services.put(&id, row);
    }

    /// Returns the addresses of a network profile that machines have.
    #[must_use]
    pub fn addresses_in_use(&self, profile_id: &str) -> Vec<Ipv4Addr> {
        let profile = self.profiles.iter().find(|profile| profile.id == profile_id);
        profile.map(|profile| profile.in_use().collect()).unwrap_or_default()
    }

    /// Returns the number of requests, for items and for actions.
    #[must_use]
    pub fn request_count(&self) -> usize {
        self.requests.len()
    }

    /// Returns the ids of the requests, in the order of their submission.
    #[must_use]
    pub fn request_ids(&self) -> Vec<String> {
        self.requests.iter().map(|request| request.id.clone()).collect()
    }

    /// Sets the state and the phase of a request to this text, which need not be a known state. Polls change it no more.
    ///
    #[cfg_attr(feature = "v7", doc = "```")]
    #[cfg_attr(not(feature = "v7"), doc = "```text")]
    /// use vra_client::testing::v7::Server;
    /// use vra_client::v7::RequestState;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::builder().example_data().start().await?;
    /// # let client = vra_client::v7::Client::builder(server.url())
    /// #     .with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(vra_client::HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// let catalog = client.catalog();
    /// let item = catalog.item_named("CentOS").await?;
    /// let template = catalog.template_of(&item)?.await?;
    /// let id = catalog.submit_to(&item, template)?.await?.id;
    /// server.seed(|store| store.force_state(&id, "ON_FIRE"));
    /// assert_eq!(catalog.request(&id).await?.state, Some(RequestState::Unknown("ON_FIRE".to_owned())));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn force_state(&mut self, request_id: &str, state: &str) {
        if let Some(request) = self.request_mut(request_id) {
            request.forced = Some(state.to_owned());
        }
    }

    /// Lets a request fail now, with these details.
    ///
    #[cfg_attr(feature = "v7", doc = "```")]
    #[cfg_attr(not(feature = "v7"), doc = "```text")]
    /// use vra_client::testing::v7::Server;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// let server = Server::builder().example_data().start().await?;
    /// # let client = vra_client::v7::Client::builder(server.url())
    /// #     .with_password(Server::USER, Server::PASSWORD, Server::TENANT)
    /// #     .with_http_options(vra_client::HttpOptions::new().with_allow_http(true))
    /// #     .build()?;
    /// let catalog = client.catalog();
    /// let item = catalog.item_named("CentOS").await?;
    /// let template = catalog.template_of(&item)?.await?;
    /// let id = catalog.submit_to(&item, template)?.await?.id;
    /// server.seed(|store| store.fail_request(&id, "no capacity"));
    /// assert_eq!(catalog.request(&id).await?.outcome(), Some(false));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fail_request(&mut self, request_id: &str, details: &str) {
        if let Some(request) = self.request_mut(request_id) {
            request.stage = Stage::Failed;
            request.details = Some(details.to_owned());
        }
    }

    /// Returns the number of resources: deployments and machines.
    #[must_use]
    pub fn resource_count(&self) -> usize {
        self.resources.len()
    }

    /// Adds the data that every server has after its installation.
    pub(super) fn set_up(&mut self, users: Vec<User>) {
        self.add_tenant("vsphere.local", "vsphere.local");
        self.add_tenant(Server::TENANT, "QETenant");
        for user in users {
            self.add_user(user);
        }
        self.add_subtenant(Server::TENANT, Server::SUBTENANT);
        let named = |name: &str| (uuid_of(name), name.to_owned());
        self.compute.push(Compute {
            id: uuid_of(Server::COMPUTE),
            name: Server::COMPUTE.to_owned(),
            networks: vec![named("VM Network"), named("Management")],
            storages: vec![named("ds-site-a-nfs01")],
            pools: vec![named("Resources")],
        });
        for service in ["iaas-service", "catalog-service", "identity", "reservation-service"] {
            self.add_service(service);
        }
    }

    /// Adds the example data.
    pub(super) fn example(&mut self) {
        let (first, last) = (Ipv4Addr::new(10, 60, 1, 10), Ipv4Addr::new(10, 60, 1, 19));
        // The range is valid, so this cannot fail; an empty id would show as a reservation without a profile.
        let profile = self.add_profile("Servers", first, last).unwrap_or_default();
        let group = self.subtenant(Server::SUBTENANT).unwrap_or_default();
        self.add_reservation("Dev", &group, Some(&profile));
        self.add_item(Item::new("CentOS"));
        self.add_item(Item::new("CentOS with approval").with_approval(Server::USER));
        self.add_subtenant(Server::TENANT, "Quality Engineering");
        let store = json!({
            "@type": "IdentityStore", "domain": "example.com", "name": "openLDAPDemo", "description": null,
            "alias": "example", "type": "LDAP", "userNameDn": "cn=demoadmin,ou=demo,dc=example,dc=com", "password": null,
            "url": "ldap://ldap.example.com:389", "groupBaseSearchDn": "ou=demo,dc=example,dc=com",
            "userBaseSearchDn": "ou=demo,dc=example,dc=com",
        });
        self.directories.push((Server::TENANT.to_owned(), store));
        let key = self.number();
        let row = json!({
            "@type": "KeyPair", "id": key, "name": "TestKeyPair", "computeResourceId": uuid_of(Server::COMPUTE),
            "secretKey": "",
        });
        self.key_pairs.put(&key.to_string(), row);
        for (name, kind) in [("Production", "ComputeResource"), ("Fast", "Storage")] {
            let id = self.id();
            let row = json!({
                "@type": "ReservationPolicy", "id": id, "name": name, "description": null,
                "reservationPolicyTypeId": format!("Infrastructure.Reservation.Policy.{kind}"),
            });
            self.policies.put(&id, row);
        }
        let (first, last) = (Ipv4Addr::new(10, 118, 183, 1), Ipv4Addr::new(10, 118, 183, 254));
        self.add_ipam_range(ENDPOINT, "network/ZG5z:10.118.183.0/24/default", first, last);
    }
}
