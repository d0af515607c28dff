//! Agent and its builder: a run over all subnets.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use ipnet::IpNet;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::setup::Setup;
use super::subnet::Run;
use crate::client::Client;
use crate::models::{JsonObject, ScanAgentFields};
use crate::scan::error::ScanError;
use crate::scan::plan::{Cached, Plan, PlanCache};
use crate::scan::progress::{Event, Progress};
use crate::scan::records::Records;
use crate::scan::relay::Delivery;
use crate::scan::report::Report;
use crate::scan::zone::{ServerZone, Zone};
use crate::scan::{NoNames, Policy, Probe, ReverseLookup};
use crate::wire::checked_text;

/// Scan agent of a phpIPAM server.
///
/// It needs an app with read and write permission, and nothing else: no access to the database, no second service. A user's
/// login makes an entry in the server's changelog for each change; an app code makes none, but needs
/// [`with_zone`](AgentBuilder::with_zone).
///
/// A run can be cancelled by dropping its future. What was written until then stays, and the next run does the rest.
///
/// ```
/// # #[cfg(feature = "testing")]
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// use std::sync::Arc;
/// use std::time::SystemTime;
///
/// use async_trait::async_trait;
/// use phpipam_client::models::{ScanAgentFields, ScanAgentType, SectionFields, SubnetFields};
/// use phpipam_client::scan::{Agent, Coverage, Event, Evidence, Host, Observation, Probe, ProbeTarget};
///
/// /// Probe that finds one host.
/// #[derive(Debug)]
/// struct One;
///
/// #[async_trait]
/// impl Probe for One {
///     fn name(&self) -> &str {
///         "one"
///     }
///
///     async fn probe(&self, target: &ProbeTarget) -> Observation {
///         let host = target.net.hosts().next();
///         let host = host.map(|address| Host::new(address, Evidence::Echo, SystemTime::now()));
///         Observation::new(target.net, Coverage::Whole, host)
///     }
/// }
///
/// # let server = phpipam_client::testing::Server::start().await?;
/// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
/// # let auth = phpipam_client::Auth::user("admin", "correct horse");
/// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
/// let fields = ScanAgentFields::new().with_code("building7");
/// let id = client.tools().scan_agents().create("Building 7", ScanAgentType::Api, &fields).await?.id;
/// let section = client.sections().create("Lab", &SectionFields::new()).await?.id;
/// let fields = SubnetFields::new().with_scan_agent(id).with_discover_subnet(true);
/// let subnet = client.subnets().create(section, "10.0.0.0/24".parse()?, &fields).await?.id;
///
/// let agent = Agent::builder(client.clone(), "building7").with_probe(Arc::new(One)).build()?;
/// let dry = agent.dry_run(&|_: &Event<'_>| {}).await?;
/// assert_eq!(dry.subnets[0].changes.len(), 1, "it would create 10.0.0.1");
/// let report = agent.run_once(&|_: &Event<'_>| {}).await?;
/// assert_eq!(report.totals.created, 1);
/// assert_eq!(client.subnets().addresses(subnet).await?[0].ip, Some("10.0.0.1".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Agent(Setup);

impl Agent {
    /// Returns a builder of the agent with this code.
    pub fn builder(client: Client, code: impl Into<String>) -> AgentBuilder {
        AgentBuilder::new(client, code.into())
    }

    /// Reads the plan from the server, without regard to the cache.
    ///
    /// Three requests at most, whatever the number of subnets.
    ///
    /// # Errors
    /// [`ScanError::UnknownAgent`] if no agent has the code; [`ScanError::Request`] if a list cannot be read.
    pub async fn plan(&self) -> Result<Plan, ScanError> {
        Plan::read(&self.0.client, &self.0.code).await
    }

    /// Scans all subnets and lists the changes that a run would make. Nothing is written.
    ///
    /// # Errors
    /// As [`run_once`](Self::run_once), but a missing permission to write is not noticed.
    pub async fn dry_run(&self, progress: &dyn Progress) -> Result<Report, ScanError> {
        self.run(progress, true).await
    }

    /// Scans all subnets once and applies the changes.
    ///
    /// A subnet that fails does not stop the others; its error is in the report.
    ///
    /// # Errors
    /// [`ScanError::UnknownAgent`] if no agent has the code; [`ScanError::Setting`] if there is no probe;
    /// [`ScanError::Zone`] if the server's time zone is not known; [`ScanError::Request`] if the plan cannot be read or the
    /// agent's last access cannot be written, such as by an app with read permission. No network was probed then.
    pub async fn run_once(&self, progress: &dyn Progress) -> Result<Report, ScanError> {
        self.run(progress, false).await
    }

    async fn run(&self, progress: &dyn Progress, dry_run: bool) -> Result<Report, ScanError> {
        let Some(probe) = &self.0.probe else {
            return Err(ScanError::setting("probe", "none", "choose one, such as nmap"));
        };
        let (started, began) = (SystemTime::now(), Instant::now());
        let (plan, cache_miss) = self.cached_plan(progress, started, dry_run).await?;
        let plan = self.limited(plan)?;
        progress.event(&Event::Planned { plan: &plan, cache_miss: cache_miss.as_deref() });
        // A scan that only delivers reports writes no times, so it needs no zone.
        let records = match &self.0.delivery {
            Some(_) => None,
            None => Some(self.records().await?),
        };
        if let Some(records) = records.as_ref().filter(|_| !dry_run) {
            // Written first: an app that may not write is noticed before networks are probed for half an hour.
            let now = self.0.client.on_server_clock(SystemTime::now()).unwrap_or(started);
            let access = ScanAgentFields::new().with_last_access(records.zone.local(now));
            let written = self.0.client.tools().scan_agents().update(plan.agent, &access).await;
            written.map_err(ScanError::request("writing the agent's last access"))?;
        }
        let run =
            Run { agent: &self.0, plan: &plan, probe: probe.as_ref(), records: records.as_ref(), dry_run, progress };
        let mut report = Report::new(&plan, dry_run, self.0.delivery.is_some(), started);
        let mut subnets = futures_util::stream::iter(0..plan.subnets.len())
            .map(|index| run.subnet_at(index))
            .buffer_unordered(self.0.subnets_at_once);
        let mut reports = Vec::with_capacity(plan.subnets.len());
        while let Some(subnet) = subnets.next().await {
            reports.extend(subnet);
        }
        drop(subnets);
        reports.sort_by_key(|(index, _)| *index);
        for (_, subnet) in reports {
            report.add(subnet);
        }
        report.seconds = began.elapsed().as_secs_f64();
        Ok(report)
    }

    /// Returns the plan without the subnets that [`AgentBuilder::with_only`] leaves out.
    fn limited(&self, mut plan: Plan) -> Result<Plan, ScanError> {
        if self.0.only.is_empty() {
            return Ok(plan);
        }
        let wanted = |net: &IpNet| self.0.only.iter().any(|only| only.contains(net));
        plan.subnets.retain(|subnet| wanted(&subnet.net));
        // A network that nothing is assigned in is a mistake, and a report without subnets would look like success.
        let missing = self.0.only.iter().find(|only| !plan.subnets.iter().any(|subnet| only.contains(&subnet.net)));
        match missing {
            None => Ok(plan),
            Some(net) => Err(ScanError::setting(
                "subnet",
                net,
                "the agent has no subnet in this network; compare it with its plan",
            )),
        }
    }

    /// Returns the plan of the cache, or reads it and keeps it there. Then the reason why the cache was not used comes with it.
    async fn cached_plan(
        &self,
        progress: &dyn Progress,
        now: SystemTime,
        dry_run: bool,
    ) -> Result<(Plan, Option<String>), ScanError> {
        let Some(cache) = &self.0.cache else { return Ok((self.plan().await?, None)) };
        let site = self.0.client.site();
        let reason = match cache.load(&site, &self.0.code, now) {
            Cached::Plan(plan) => return Ok((plan, None)),
            Cached::Missing(reason) => reason,
        };
        let plan = self.plan().await?;
        // The next run reads the plan again, which costs time and breaks nothing.
        if !dry_run && let Err(error) = cache.store(&site, &plan, now) {
            let text = format!("the plan could not be kept in {}: {error}", cache.path().display());
            progress.event(&Event::Warning { text: &text });
        }
        Ok((plan, Some(reason)))
    }

    async fn records(&self) -> Result<Records, ScanError> {
        let zone = Zone::find(&self.0.client, &self.0.zone).await?;
        let records = Records::new(zone, &self.0.code, self.0.custom.clone());
        if self.0.policy.remove_after.is_none() {
            return Ok(records);
        }
        // Only deletions depend on it: an address whose custom fields a person filled in is kept.
        let schema = self.0.client.addresses().custom_fields().await;
        Ok(records.with_schema(schema.map_err(ScanError::request("reading the custom fields of addresses"))?))
    }
}

/// Builder of an [`Agent`]; see [`Agent::builder`].
///
/// ```
/// use std::time::Duration;
///
/// use phpipam_client::scan::{Agent, Policy};
/// use phpipam_client::{Auth, Client};
///
/// let client = Client::builder("https://ipam.example", "agent", Auth::app_code("c0de")).build()?;
/// let agent = Agent::builder(client, "building7")
///     .with_policy(Policy::default().with_offline_after(Duration::from_secs(86_400)))
///     .with_zone("Europe/Berlin".parse().or_else(|_| "+01:00".parse())?)
///     .with_subnets_at_once(8)
///     .build()?;
/// assert!(format!("{agent:?}").contains("building7"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct AgentBuilder {
    client: Client,
    code: String,
    probe: Option<Arc<dyn Probe>>,
    names: Arc<dyn ReverseLookup>,
    policy: Policy,
    zone: ServerZone,
    cache: Option<PlanCache>,
    delivery: Option<Arc<dyn Delivery>>,
    custom: JsonObject,
    only: Vec<IpNet>,
    subnets_at_once: usize,
    changes_at_once: usize,
    names_at_once: usize,
    time_limit: Duration,
}

impl AgentBuilder {
    fn new(client: Client, code: String) -> Self {
        Self {
            client,
            code,
            probe: None,
            names: Arc::new(NoNames),
            policy: Policy::default(),
            zone: ServerZone::from_login(),
            cache: None,
            delivery: None,
            custom: JsonObject::new(),
            only: Vec::new(),
            subnets_at_once: 4,
            changes_at_once: 4,
            names_at_once: 16,
            // Longer than the half hour of the probes by themselves, so that what they found until then counts.
            time_limit: Duration::from_secs(1800 + 120),
        }
    }

    /// Sets the probe. Without one, only [`Agent::plan`] works.
    pub fn with_probe(mut self, probe: Arc<dyn Probe>) -> Self {
        self.probe = Some(probe);
        self
    }

    /// Sets the look-up of host names, for subnets that ask for it. Default: none.
    pub fn with_names(mut self, names: Arc<dyn ReverseLookup>) -> Self {
        self.names = names;
        self
    }

    /// Sets the rules. Default: [`Policy::default`]. A subnet's own switches (`discoverSubnet`, `pingSubnet`) come on top.
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets the time zone of the server. Default: that of a login's response.
    pub fn with_zone(mut self, zone: ServerZone) -> Self {
        self.zone = zone;
        self
    }

    /// Sets a file that keeps the plan between runs. Default: the plan is read in every run.
    pub fn with_cache(mut self, cache: PlanCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Sends reports this way and changes nothing in phpIPAM, for which read permission is enough. Default: the agent
    /// changes phpIPAM itself.
    pub fn with_delivery(mut self, delivery: Arc<dyn Delivery>) -> Self {
        self.delivery = Some(delivery);
        self
    }

    /// Sets a custom field of addresses that are created, for servers that require one.
    pub fn with_custom_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.custom.insert(name.into(), value.into());
        self
    }

    /// Limits runs to the assigned subnets within these networks; none for all subnets, which is the default.
    ///
    /// A network that contains no assigned subnet is refused by the run. The plan is not limited.
    pub fn with_only(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.only = networks.into_iter().map(|net| net.trunc()).collect();
        self
    }

    /// Sets the number of subnets at once; 0 is 1. Default: 4.
    pub fn with_subnets_at_once(mut self, subnets: usize) -> Self {
        self.subnets_at_once = subnets.max(1);
        self
    }

    /// Sets the number of changes at once, of all subnets together; 0 is 1. Default: 4.
    ///
    /// The server carries out one write at a time (app setting "lock"), so more make other writers wait.
    pub fn with_changes_at_once(mut self, changes: usize) -> Self {
        self.changes_at_once = changes.max(1);
        self
    }

    /// Sets the number of name look-ups at once in one subnet; 0 is 1. Default: 16.
    pub fn with_names_at_once(mut self, names: usize) -> Self {
        self.names_at_once = names.max(1);
        self
    }

    /// Sets the time limit for probing one subnet, and again for its name look-ups. Default: 32 minutes.
    ///
    /// A probe that reaches it is incomplete: nothing that it found is used, and silence proves nothing. The probes have time
    /// limits of their own, 30 minutes each by default, at which what was found until then counts: set those as well.
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Returns the agent. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ScanError::Setting`] if the code is empty, has more than 32 characters, or has some that the server would strip.
    pub fn build(self) -> Result<Agent, ScanError> {
        let code = self.code.trim();
        // The width of the server's column. The code is in the notes of addresses, too, so it must not look like a tag.
        if code.is_empty() || code.chars().count() > 32 || checked_text("code", code).is_err() {
            let remedy = "give the code of the agent as it is listed under Administration, Scan agents";
            return Err(ScanError::setting("scanagent_code", &self.code, remedy));
        }
        Ok(Agent(Setup {
            code: code.to_owned(),
            client: self.client,
            probe: self.probe,
            names: self.names,
            policy: self.policy,
            zone: self.zone,
            cache: self.cache,
            delivery: self.delivery,
            custom: self.custom,
            only: self.only,
            subnets_at_once: self.subnets_at_once,
            permits: Semaphore::new(self.changes_at_once),
            changes_at_once: self.changes_at_once,
            names_at_once: self.names_at_once,
            time_limit: self.time_limit,
        }))
    }
}
