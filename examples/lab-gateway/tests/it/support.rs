//! Parts of the gateway that fail on demand, over those that do not.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use ipam_core::{
    Allocate, Allocated, Allocation, Capabilities, Deallocate, Deallocated, DefineRange, Error, ErrorKind, Find,
    Health, IpamProvider, ListRanges, Operation, Outcome, Page, Range,
};
use lab_gateway::addresses::Addresses;
use lab_gateway::firewall::{Firewall, FirewallError, FirewallState, MemoryFirewall, Rule, Transaction};
use lab_gateway::portmaps::PortMaps;
use lab_gateway::store::{Lease, MapState, PortMap, Records, SqliteStore, Store, StoreError};

/// Fate of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The process dies before the step.
    DieBefore,
    /// The process dies when the step is done, and its result is lost.
    DieAfter,
    /// The step is refused, once.
    Refuse,
    /// The step is cut off before it did anything, once, and the caller cannot know.
    CutBefore,
    /// The step is cut off when it is done, once, and the caller cannot know.
    CutAfter,
}

/// Number of the steps so far, and the fate of one of them.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    steps: AtomicUsize,
    fate: Mutex<Option<(usize, Fate)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Do,
    Refuse,
    Cut,
    DoThenCut,
}

impl Gate {
    pub(crate) fn new(fate: Option<(usize, Fate)>) -> Arc<Self> {
        Arc::new(Self { steps: AtomicUsize::new(0), fate: Mutex::new(fate) })
    }

    pub(crate) fn steps(&self) -> usize {
        self.steps.load(Ordering::SeqCst)
    }

    pub(crate) fn is_dead(&self) -> bool {
        let fate = *self.fate.lock().unwrap();
        fate.is_some_and(|(at, fate)| matches!(fate, Fate::DieBefore | Fate::DieAfter) && self.steps() > at)
    }

    fn step(&self) -> Act {
        let now = self.steps.fetch_add(1, Ordering::SeqCst);
        match *self.fate.lock().unwrap() {
            Some((at, fate)) if now == at => match fate {
                Fate::DieBefore | Fate::CutBefore => Act::Cut,
                Fate::DieAfter | Fate::CutAfter => Act::DoThenCut,
                Fate::Refuse => Act::Refuse,
            },
            // A dead process does nothing any more.
            Some((at, Fate::DieBefore | Fate::DieAfter)) if now > at => Act::Cut,
            _ => Act::Do,
        }
    }
}

/// Part that asks the gate before each step.
#[derive(Debug)]
pub(crate) struct Gated<T: ?Sized> {
    pub(crate) gate: Arc<Gate>,
    pub(crate) inner: Arc<T>,
}

fn store_error() -> StoreError {
    StoreError::Unusable { path: "test".to_owned(), problem: "disk full".to_owned() }
}

impl Gated<SqliteStore> {
    fn run<T>(&self, work: impl FnOnce(&SqliteStore) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match self.gate.step() {
            Act::Do => work(&self.inner),
            Act::Refuse | Act::Cut => Err(store_error()),
            Act::DoThenCut => work(&self.inner).and(Err(store_error())),
        }
    }
}

impl Store for Gated<SqliteStore> {
    fn read(&self) -> Result<Records, StoreError> {
        self.run(Store::read)
    }
    fn begin(&self, map: &PortMap, lease: Option<&Lease>) -> Result<(), StoreError> {
        self.run(|store| store.begin(map, lease))
    }
    fn complete(&self, conn_port: u16) -> Result<(), StoreError> {
        self.run(|store| store.complete(conn_port))
    }
    fn begin_removal(&self, conn_port: u16) -> Result<(), StoreError> {
        self.run(|store| store.begin_removal(conn_port))
    }
    fn remove(&self, conn_port: u16) -> Result<(), StoreError> {
        self.run(|store| store.remove(conn_port))
    }
    fn returned(&self, address: Ipv4Addr) -> Result<(), StoreError> {
        self.run(|store| store.returned(address))
    }
    fn seen(&self) -> Result<BTreeMap<Ipv4Addr, SystemTime>, StoreError> {
        self.run(Store::seen)
    }
    fn set_seen(&self, seen: &BTreeMap<Ipv4Addr, SystemTime>) -> Result<(), StoreError> {
        self.run(|store| store.set_seen(seen))
    }
}

impl<T: ?Sized + Send + Sync> Gated<T> {
    async fn firewall<V>(
        &self,
        work: impl Future<Output = Result<V, FirewallError>> + Send,
    ) -> Result<V, FirewallError> {
        match self.gate.step() {
            Act::Do => work.await,
            Act::Refuse => Err(FirewallError::Refused("Operation not permitted".to_owned())),
            Act::Cut => Err(FirewallError::Unknown("timeout".to_owned())),
            Act::DoThenCut => {
                work.await?;
                Err(FirewallError::Unknown("timeout".to_owned()))
            }
        }
    }

    async fn provider<V>(&self, work: impl Future<Output = Result<V, Error>> + Send) -> Result<V, Error> {
        let error = |outcome| Error::new(ErrorKind::Unavailable, Operation::Allocate, "gone").with_outcome(outcome);
        match self.gate.step() {
            Act::Do => work.await,
            Act::Refuse => Err(error(Outcome::NotApplied)),
            Act::Cut => Err(error(Outcome::Unknown)),
            Act::DoThenCut => {
                work.await?;
                Err(error(Outcome::Unknown))
            }
        }
    }
}

#[async_trait]
impl Firewall for Gated<MemoryFirewall> {
    async fn check(&self) -> Result<(), FirewallError> {
        self.firewall(self.inner.check()).await
    }
    async fn apply(&self, transaction: &Transaction) -> Result<(), FirewallError> {
        self.firewall(self.inner.apply(transaction)).await
    }
    async fn read(&self) -> Result<FirewallState, FirewallError> {
        self.firewall(self.inner.read()).await
    }
    async fn end_connections(&self, rules: &[Rule]) -> Result<usize, FirewallError> {
        self.firewall(self.inner.end_connections(rules)).await
    }
}

#[async_trait]
impl IpamProvider for Gated<dyn IpamProvider> {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }
    async fn check(&self) -> Result<Health, Error> {
        self.provider(self.inner.check()).await
    }
    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>, Error> {
        // Read once for minutes; its failures are tested by themselves.
        self.inner.list_ranges(request).await
    }
    async fn allocate(&self, request: &Allocate) -> Result<Allocated, Error> {
        self.provider(self.inner.allocate(request)).await
    }
    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated, Error> {
        self.provider(self.inner.deallocate(request)).await
    }
    async fn find(&self, request: &Find) -> Result<Page<Allocation>, Error> {
        self.provider(self.inner.find(request)).await
    }
    async fn define_range(&self, request: &DefineRange) -> Result<Range, Error> {
        self.inner.define_range(request).await
    }
}

/// What outlives the process: the provider, the kernel's rules, and the file of the store.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) provider: Arc<dyn IpamProvider>,
    pub(crate) firewall: Arc<MemoryFirewall>,
    pub(crate) directory: tempfile::TempDir,
}

impl World {
    pub(crate) fn new(provider: Arc<dyn IpamProvider>) -> Self {
        Self { provider, firewall: Arc::new(MemoryFirewall::new()), directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn store_path(&self) -> std::path::PathBuf {
        self.directory.path().join("portmaps.db")
    }

    pub(crate) fn store(&self) -> Arc<SqliteStore> {
        Arc::new(SqliteStore::open(&self.store_path()).unwrap())
    }

    /// Starts a process whose steps meet this gate.
    pub(crate) fn start(&self, gate: &Arc<Gate>) -> (PortMaps, Arc<Addresses>) {
        let store = Gated { gate: Arc::clone(gate), inner: self.store() };
        let firewall = Gated { gate: Arc::clone(gate), inner: Arc::clone(&self.firewall) };
        let provider: Arc<dyn IpamProvider> =
            Arc::new(Gated { gate: Arc::clone(gate), inner: Arc::clone(&self.provider) });
        let addresses = Arc::new(Addresses::new(provider, "alice", vec!["10.0.0.0/24".parse().unwrap()], None));
        (PortMaps::new(Arc::new(store), Arc::new(firewall), Arc::clone(&addresses), 20_000..=20_100), addresses)
    }

    /// Returns what is in the store, also while a process has it open.
    pub(crate) fn records(&self) -> Records {
        let connection = rusqlite::Connection::open(self.store_path()).unwrap();
        let mut statement =
            connection.prepare("select conn_port, address, port, name, component, state from maps").unwrap();
        let maps = statement.query_map([], |row| {
            let target = format!("{}:{}", row.get::<_, String>(1)?, row.get::<_, u16>(2)?);
            let mut map =
                PortMap::new(row.get(0)?, target.parse().unwrap(), row.get::<_, String>(3)?, row.get::<_, String>(4)?);
            map.state = match row.get::<_, String>(5)?.as_str() {
                "adding" => MapState::Adding,
                "active" => MapState::Active,
                _ => MapState::Removing,
            };
            Ok(map)
        });
        Records::new(maps.unwrap().map(Result::unwrap).collect(), Vec::new())
    }

    /// Returns the allocated addresses, sorted.
    pub(crate) async fn allocated(&self) -> Vec<String> {
        let mut found: Vec<String> = self
            .provider
            .find(&Find::default())
            .await
            .unwrap()
            .items
            .iter()
            .map(|one| one.address.to_string())
            .collect();
        found.sort();
        found
    }
}

/// Returns the provider in a new embedded store in a directory.
pub(crate) async fn embedded(directory: &Path) -> Arc<dyn IpamProvider> {
    Arc::new(ipam_core::EmbeddedProvider::open(directory.join("ipam.db")).await.unwrap())
}
