//! State of the server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use super::actions::IpamCall;
use super::config::User;
use super::rows::{CatalogItem, Deployment, IpRange, Job, Outcome, Purpose, Request, Tracker, Upload};
use super::token::Token;
use crate::testing::id::uuid;
use crate::testing::table::Table;

/// State of the server. Requests change it, and tests do so through [`Server::seed`](super::Server::seed).
///
/// ```
/// use vra_client::testing::v8::Server;
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::start().await?;
/// let free = server.seed(|store| {
///     let network = store.add_fabric_network("lab-net", "10.10.20.0/24");
///     let range = store.add_ip_range("lab", &network, [10, 10, 20, 10].into(), [10, 10, 20, 99].into())?;
///     store.allocate(&range, [10, 10, 20, 10].into(), "printer")?;
///     Ok::<_, String>(store.allocated(&range))
/// })?;
/// assert_eq!(free, [std::net::IpAddr::from([10, 10, 20, 10])]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Store {
    last: u64,
    pub(super) settings: Settings,
    pub(super) users: Vec<User>,
    /// User names of logins with a wrong password.
    pub(super) failed_logins: Vec<String>,
    pub(super) refresh_tokens: Vec<Token>,
    pub(super) tokens: Vec<Token>,
    pub(super) projects: Table,
    pub(super) zones: Table,
    pub(super) regions: Table,
    /// Rows with all members of vSphere.
    pub(super) networks: Table,
    pub(super) profiles: Table,
    pub(super) integrations: Table,
    /// Form of each integration, with its secrets, by id.
    pub(super) forms: BTreeMap<String, Map<String, Value>>,
    /// Time of the last collection, by the id of the integration.
    pub(super) collected: BTreeMap<String, SystemTime>,
    pub(super) external_ranges: Table,
    pub(super) external_blocks: Table,
    pub(super) ranges: Vec<IpRange>,
    pub(super) trackers: Vec<Tracker>,
    pub(super) uploads: Vec<Upload>,
    pub(super) packages: Vec<Package>,
    pub(super) items: Vec<CatalogItem>,
    pub(super) deployments: Vec<Deployment>,
    pub(super) requests: Vec<Request>,
    pub(super) jobs: Vec<Job>,
    /// Number of addresses that DHCP assigned.
    pub(super) dhcp: u8,
}

/// Settings of the server that a builder sets.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// Number of polls that find a request or a tracker in progress.
    pub(super) polls: u32,
    pub(super) token_lifetime: Duration,
    pub(super) refresh_lifetime: Duration,
    /// Time after which a released address is available again.
    pub(super) release_wait: Duration,
    /// Time after which a tracker is gone.
    pub(super) tracker_lifetime: Duration,
    /// True if a call that names a taken address is refused itself, rather than its tracker.
    pub(super) refuses_at_once: bool,
    /// Longest description of an address that is kept, in bytes; a longer one is dropped.
    pub(super) longest_description: Option<usize>,
}

/// Imported IPAM package.
#[derive(Debug, Clone)]
pub(super) struct Package {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) bytes: Arc<[u8]>,
}

impl Store {
    pub(super) fn new(settings: Settings) -> Self {
        let table = || Table::new("id");
        Self {
            last: 0,
            settings,
            users: Vec::new(),
            failed_logins: Vec::new(),
            refresh_tokens: Vec::new(),
            tokens: Vec::new(),
            projects: table(),
            zones: table(),
            regions: table(),
            networks: table(),
            profiles: table(),
            integrations: table(),
            forms: BTreeMap::new(),
            collected: BTreeMap::new(),
            external_ranges: table(),
            external_blocks: table(),
            ranges: Vec::new(),
            trackers: Vec::new(),
            uploads: Vec::new(),
            packages: Vec::new(),
            items: Vec::new(),
            deployments: Vec::new(),
            requests: Vec::new(),
            jobs: Vec::new(),
            dhcp: 0,
        }
    }

    /// Returns a number that was not used before.
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Returns an id that was not used before.
    pub(super) fn id(&mut self) -> String {
        // From a counter and not from a random source: a test that failed gets the same ids when it is run again. Above
        // the numbers of the first server's tables, so that no id of the one is found in the other by chance.
        let number = self.number();
        uuid(number.wrapping_add(1 << 40))
    }

    /// Returns a range by its id.
    pub(super) fn range(&self, id: &str) -> Option<&IpRange> {
        self.ranges.iter().find(|range| range.id == id)
    }

    /// Returns a range by its id, to be changed.
    pub(super) fn range_mut(&mut self, id: &str) -> Option<&mut IpRange> {
        self.ranges.iter_mut().find(|range| range.id == id)
    }

    /// Returns a deployment by its id.
    pub(super) fn deployment(&self, id: &str) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.id == id)
    }

    /// Returns a deployment by its id, to be changed.
    pub(super) fn deployment_mut(&mut self, id: &str) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|deployment| deployment.id == id)
    }

    /// Returns a request by its id.
    pub(super) fn request(&self, id: &str) -> Option<&Request> {
        self.requests.iter().find(|request| request.id == id)
    }

    /// Returns a request by its id, to be changed.
    pub(super) fn request_mut(&mut self, id: &str) -> Option<&mut Request> {
        self.requests.iter_mut().find(|request| request.id == id)
    }

    /// Returns the latest request for a deployment.
    pub(super) fn last_request(&self, deployment: &str) -> Option<&Request> {
        self.requests.iter().rfind(|request| request.deployment == deployment)
    }

    /// Adds a tracker and returns its id.
    pub(super) fn track(&mut self, name: &str, outcome: Outcome, now: SystemTime) -> String {
        let id = self.id();
        let polls_left = self.settings.polls;
        self.trackers.push(Tracker { id: id.clone(), name: name.to_owned(), outcome, polls_left, created: now });
        id
    }

    /// Removes trackers and released addresses whose time is over.
    pub(super) fn clean(&mut self, now: SystemTime) {
        let lifetime = self.settings.tracker_lifetime;
        self.trackers.retain(|tracker| now.duration_since(tracker.created).unwrap_or(Duration::ZERO) < lifetime);
        let wait = self.settings.release_wait;
        for range in &mut self.ranges {
            range.reclaim(wait, now);
        }
    }

    /// Adds a call of an action of an imported package. It runs after the current request.
    pub(super) fn enqueue(&mut self, purpose: Purpose, provider: &str, action: &str, inputs: Value) {
        let package = self.packages.iter().find(|package| package.id == provider);
        let package = package.map_or_else(|| Arc::from(Vec::new()), |package| Arc::clone(&package.bytes));
        let call = IpamCall { provider: provider.to_owned(), package, action: action.to_owned(), inputs };
        let id = self.number();
        self.jobs.push(Job { id, purpose, call, running: false });
    }

    /// Returns the next call that is due, and marks it as running.
    pub(super) fn next_job(&mut self) -> Option<Job> {
        let job = self.jobs.iter_mut().find(|job| !job.running)?;
        job.running = true;
        Some(job.clone())
    }

    /// Marks a call as due again, if it did not end.
    pub(super) fn requeue(&mut self, id: u64) {
        if let Some(job) = self.jobs.iter_mut().find(|job| job.id == id) {
            job.running = false;
        }
    }
}
