//! Receiving of reports: checks, and changes through the API.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::check::observation;
use super::error::RelayError;
use super::message::RelayReport;
use crate::client::Client;
use crate::models::{JsonObject, ScanAgentFields, ScanAgentId, Subnet};
use crate::scan::Policy;
use crate::scan::apply::{Refused, Work};
use crate::scan::error::ScanError;
use crate::scan::plan::{PlannedSubnet, find_agent};
use crate::scan::progress::Event;
use crate::scan::records::Records;
use crate::scan::report::SubnetReport;
use crate::scan::zone::{ServerZone, Zone};

/// Age from which the zone of the server is found out anew, because daylight saving time may have begun or ended.
const ZONE_AGE: Duration = Duration::from_secs(900);

/// Receiver of reports of scanners that have no way to phpIPAM.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let server = phpipam_client::testing::Server::start().await?;
/// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
/// # let auth = phpipam_client::Auth::user("admin", "correct horse");
/// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
/// use phpipam_client::scan::{Relay, RelayReport};
///
/// let relay = Relay::builder(client).build();
/// let body = br#"{"code": "none", "scan": {"subnet": "10.0.0.0/24", "results": [], "tz": "+0000"}}"#;
/// let refused = relay.receive(&RelayReport::parse(body)?).await.unwrap_err();
/// assert_eq!(refused.status(), 403, "phpIPAM has no agent with this code");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Relay {
    client: Client,
    policy: Policy,
    zone: ServerZone,
    custom: JsonObject,
    changes_at_once: usize,
    permits: Semaphore,
    found: Mutex<Option<(Instant, Zone)>>,
}

/// Builder of a [`Relay`].
///
/// ```
/// use phpipam_client::scan::{Policy, Relay};
/// use phpipam_client::{Auth, Client};
///
/// let client = Client::builder("https://ipam.example", "relay", Auth::app_code("c0de")).build()?;
/// let relay = Relay::builder(client).with_policy(Policy::default().with_check(false)).with_zone("+01:00".parse()?).build();
/// assert!(format!("{relay:?}").contains("Relay"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct RelayBuilder {
    client: Client,
    policy: Policy,
    zone: ServerZone,
    custom: JsonObject,
    changes_at_once: usize,
}

impl RelayBuilder {
    /// Sets the rules. Default: [`Policy::default`].
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets the time zone of the server. Default: that of a login's response.
    pub fn with_zone(mut self, zone: ServerZone) -> Self {
        self.zone = zone;
        self
    }

    /// Sets the number of changes at once, of all reports together; 0 is 1. Default: 4.
    pub fn with_changes_at_once(mut self, changes: usize) -> Self {
        self.changes_at_once = changes.max(1);
        self
    }

    /// Sets a custom field of addresses that are created.
    pub fn with_custom_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.custom.insert(name.into(), value.into());
        self
    }

    /// Returns the relay. Nothing is sent yet.
    #[must_use]
    pub fn build(self) -> Relay {
        Relay {
            client: self.client,
            policy: self.policy,
            zone: self.zone,
            custom: self.custom,
            changes_at_once: self.changes_at_once,
            permits: Semaphore::new(self.changes_at_once),
            found: Mutex::default(),
        }
    }
}

impl Relay {
    /// Returns a builder of a relay to this phpIPAM.
    pub fn builder(client: Client) -> RelayBuilder {
        RelayBuilder {
            client,
            policy: Policy::default(),
            zone: ServerZone::from_login(),
            custom: JsonObject::new(),
            changes_at_once: 4,
        }
    }

    /// Checks a report and applies it.
    ///
    /// A host that the report does not name is left as it is, unless the report says that its address was asked.
    /// Receiving the same report twice changes nothing the second time.
    ///
    /// # Errors
    /// [`RelayError::UnknownAgent`], [`RelayError::NotAssigned`] or [`RelayError::Invalid`] if the report is refused as a
    /// whole, and [`RelayError::Scan`] if phpIPAM cannot be read. Changes that fail are in the report that is returned.
    pub async fn receive(&self, report: &RelayReport) -> Result<SubnetReport, RelayError> {
        let agent = find_agent(&self.client, &report.code).await?.id;
        let subnet = self.subnet(report, agent).await?;
        let zone = self.zone().await?;
        let mut records = Records::new(zone, &report.code, self.custom.clone());
        if self.policy.remove_after.is_some() {
            let schema = self.client.addresses().custom_fields().await;
            records = records.with_schema(schema.map_err(ScanError::request("reading the custom fields"))?);
        }
        let quiet = |_: &Event<'_>| {};
        let work = Work {
            client: &self.client,
            records: &records,
            agent,
            subnet: &subnet,
            policy: &self.policy,
            permits: &self.permits,
            at_once: self.changes_at_once,
            progress: &quiet,
        };
        let started = Instant::now();
        let observation = observation(report, subnet.id, subnet.net, work.now())?;
        let mut done = SubnetReport::new(&subnet, "relay");
        done.observed(&observation, Duration::ZERO);
        match work.read().await {
            Ok(fresh) => work.settle(fresh, observation, false, &mut done).await,
            Err(Refused::NotOurs(_)) => return Err(RelayError::NotAssigned(subnet.net.to_string())),
            Err(refused) => refused.note(&mut done),
        }
        let access = ScanAgentFields::new().with_last_access(records.zone.local(work.now()));
        if let Err(error) = self.client.tools().scan_agents().update(agent, &access).await {
            done.failure(format!("the time of the agent's last access: {error}"));
        }
        done.seconds = started.elapsed().as_secs_f64();
        Ok(done)
    }

    /// Returns the subnet of a report.
    async fn subnet(&self, report: &RelayReport, agent: ScanAgentId) -> Result<PlannedSubnet, RelayError> {
        let net = report.scan.subnet;
        let rows = self.client.subnets().find_by_cidr(net).await;
        let rows = rows.map_err(ScanError::request("looking for the subnet"))?;
        let named = report.scan.results.iter().find_map(|host| host.subnet_id);
        let ours = |row: &Subnet| {
            row.scan_agent == Some(agent)
                && row.network() == Some(net)
                && (row.discover_subnet || row.ping_subnet)
                // The same network may be there several times, in sections and VRFs.
                && named.is_none_or(|id| row.id.get() == id)
        };
        let mut rows = rows.into_iter().filter(ours);
        let Some(row) = rows.next() else { return Err(RelayError::NotAssigned(net.to_string())) };
        if rows.next().is_some() {
            let remedy = "the agent has several subnets with this network; name one by subnetId";
            return Err(RelayError::invalid("subnet", net, remedy));
        }
        let children = self.client.subnets().slaves(row.id).await;
        let children = children.map_err(ScanError::request("looking for child subnets"))?;
        Ok(PlannedSubnet {
            id: row.id,
            net,
            description: row.description,
            discover: row.discover_subnet,
            check: row.ping_subnet,
            resolve_dns: false,
            nameservers: Vec::new(),
            children: children.iter().filter_map(Subnet::network).collect(),
        })
    }

    /// Returns the zone of the server, found out a few minutes ago or now.
    async fn zone(&self) -> Result<Zone, ScanError> {
        let mut found = self.found.lock().await;
        if let Some((when, zone)) = &*found
            && when.elapsed() < ZONE_AGE
        {
            return Ok(zone.clone());
        }
        let zone = Zone::find(&self.client, &self.zone).await?;
        *found = Some((Instant::now(), zone.clone()));
        Ok(zone)
    }
}
