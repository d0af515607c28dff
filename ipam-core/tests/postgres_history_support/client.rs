//! Client process: the test binary itself, which does random requests and reports each before and after it.

use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ipam_core::{
    AllocateRange, Allocation, Deallocate, DeallocateRange, Error, ErrorKind, IpamProvider, Patch, PostgresConfig,
    PostgresProvider, Retry, Sweep, Update,
};

use super::{Asked, BLOCK, CHILD, Noise, RANGES};

/// Environment variables of a client: directory of the socket, schema, and its name.
pub(crate) const HOST: &str = "IPAM_TEST_HISTORY_HOST";
pub(crate) const SCHEMA: &str = "IPAM_TEST_HISTORY_SCHEMA";
pub(crate) const NAME: &str = "IPAM_TEST_HISTORY_NAME";

/// Name of the program in the server's views.
pub(crate) const APPLICATION: &str = "history";

/// Number of callers in a process.
const CALLERS: u64 = 4;

/// Number of requests that a caller holds at most.
const HELD: usize = 30;

/// Body of the test named `client`: does nothing unless the binary was started as one.
pub(crate) fn work() {
    let Ok(host) = std::env::var(HOST) else { return };
    let name = std::env::var(NAME).unwrap();
    let config = PostgresConfig::new(host, "postgres")
        .with_user(crate::postgres_support::USER)
        .with_schema(std::env::var(SCHEMA).unwrap())
        .with_application_name(APPLICATION)
        .with_actor(name.as_str())
        .with_connections(4)
        .with_connect_timeout(Duration::from_secs(2));
    // The harness has begun a line.
    report("");
    let ends = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&ends);
    // Its input ends when it should, and also when the test program dies.
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        told.store(true, Ordering::SeqCst);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut noise = Noise(name.bytes().fold(7, |seed, byte| seed * 31 + u64::from(byte)));
        let ipam = Arc::new(again(&mut noise, async || PostgresProvider::open(config.clone()).await).await.unwrap());
        let callers = (0..CALLERS).map(|number| {
            let name = format!("{name}.{number}");
            let noise = Noise(noise.0 ^ number << 40);
            let caller = Caller { ipam: Arc::clone(&ipam), name, noise, number: 0, held: Vec::new(), nets: Vec::new() };
            caller.run(Arc::clone(&ends))
        });
        futures_util::future::join_all(callers).await;
        if let Err(error) = ipam.close().await {
            report(&format!("ERROR close: {error}"));
        }
    });
}

/// Writes a line at once, so that a kill may cut it off, and mixes none.
fn report(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{line} .\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Calls until it succeeds or is refused for good. Each call that returns counts.
async fn again<T>(noise: &mut Noise, call: impl AsyncFn() -> Result<T, Error>) -> Result<T, Error> {
    let mut attempts = 0;
    loop {
        let error = match call().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        attempts += 1;
        if error.retry() == Retry::Never || attempts > 2000 {
            return Err(error);
        }
        report("AGAIN");
        tokio::time::sleep(Duration::from_millis(u64::try_from(5 + noise.below(40)).unwrap())).await;
    }
}

/// Request whose addresses a caller holds.
struct Held {
    key: String,
    asked: Asked,
    allocations: Vec<Allocation>,
    /// True once some of its addresses were given back.
    parted: bool,
}

struct Caller {
    ipam: Arc<PostgresProvider>,
    name: String,
    noise: Noise,
    number: u64,
    held: Vec<Held>,
    /// Keys of child prefixes.
    nets: Vec<String>,
}

impl Caller {
    async fn run(mut self, ends: Arc<AtomicBool>) {
        while !ends.load(Ordering::SeqCst) {
            let full = self.held.len() >= HELD;
            match self.noise.below(100) {
                0..60 if !full => self.allocate().await,
                0..80 => self.deallocate().await,
                80..86 => self.part().await,
                86..90 => self.repeat().await,
                90..95 => self.update().await,
                95..99 => self.child_prefix().await,
                _ => self.sweep().await,
            }
        }
    }

    fn key(&mut self) -> String {
        self.number += 1;
        format!("{}/{}", self.name, self.number)
    }

    async fn allocate(&mut self) {
        let key = self.key();
        let count = 2 + self.noise.below(6);
        let range = RANGES[self.noise.below(3)].0;
        let asked = match self.noise.below(100) {
            0..60 => format!("{range}=1"),
            60..68 => format!("{range}={count}"),
            68..74 => format!("{range}={count}c"),
            74..80 => format!("{range}={count}!"),
            80..92 => format!("tiny@10.9.0.{}", 1 + self.noise.below(30)),
            _ => format!("tiny={}", 1 + count / 4),
        };
        let asked = Asked(asked);
        report(&format!("ASKS {key} {}", asked.0));
        let request = asked.request(&key);
        match again(&mut self.noise, async || self.ipam.allocate(&request).await).await {
            Ok(allocated) => {
                let allocations: Vec<Allocation> = allocated.iter().cloned().collect();
                let taken: Vec<String> = allocations.iter().map(|one| one.address.to_string()).collect();
                report(&format!("TOOK {key} {}", taken.join(",")));
                if !asked.is_lease() {
                    self.held.push(Held { key, asked, allocations, parted: false });
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Exhausted) => {
                report(&format!("REFUSED {key}"));
            }
            Err(error) => report(&format!("ERROR allocate {key}: {error}")),
        }
    }

    async fn deallocate(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let place = self.noise.below(self.held.len());
        let Held { key, .. } = self.held.swap_remove(place);
        report(&format!("LEAVES {key}"));
        let request = Deallocate::key(key.as_str());
        match again(&mut self.noise, async || self.ipam.deallocate(&request).await).await {
            Ok(_) => report(&format!("LEFT {key}")),
            Err(error) => report(&format!("ERROR deallocate {key}: {error}")),
        }
    }

    /// Gives one address of several back.
    async fn part(&mut self) {
        let Some(place) = self.held.iter().position(|held| held.allocations.len() > 1) else { return };
        let held = &mut self.held[place];
        held.parted = true;
        let one = held.allocations.remove(self.noise.below(held.allocations.len()));
        report(&format!("PARTS {} {}", held.key, one.address));
        let request = Deallocate::id(one.id.clone());
        match again(&mut self.noise, async || self.ipam.deallocate(&request).await).await {
            Ok(_) => report(&format!("PARTED {} {}", held.key, one.address)),
            Err(error) => report(&format!("ERROR part {}: {error}", held.key)),
        }
    }

    /// Repeats an allocation, which must return the same addresses.
    async fn repeat(&mut self) {
        let whole: Vec<&Held> = self.held.iter().filter(|held| !held.parted).collect();
        if whole.is_empty() {
            return;
        }
        let held = whole[self.noise.below(whole.len())];
        let request = held.asked.request(&held.key);
        match again(&mut self.noise, async || self.ipam.allocate(&request).await).await {
            Ok(same) => {
                let ids = same.iter().map(|one| &one.id);
                if same.repeated && ids.eq(held.allocations.iter().map(|one| &one.id)) {
                    report("SAME");
                } else {
                    report(&format!("ERROR repeat {}: {same:?}", held.key));
                }
            }
            Err(error) => report(&format!("ERROR repeat {}: {error}", held.key)),
        }
    }

    async fn update(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let number = self.key().replace(['/', '.'], "-");
        let place = self.noise.below(self.held.len());
        let held = &self.held[place];
        let Some(one) = held.allocations.first() else { return };
        report(&format!("NAMES {} {} {number}", held.key, one.address));
        let request = Update::new(one.id.clone()).with_hostname(Patch::Set(number.clone()));
        match again(&mut self.noise, async || self.ipam.update(&request).await).await {
            Ok(updated) if updated.labels.hostname.as_deref() == Some(&number) => {
                report(&format!("NAMED {} {} {number}", held.key, one.address));
            }
            Ok(updated) => report(&format!("ERROR update {}: {updated:?}", held.key)),
            Err(error) => report(&format!("ERROR update {}: {error}", held.key)),
        }
    }

    async fn child_prefix(&mut self) {
        if self.nets.len() < 3 {
            let key = self.key();
            report(&format!("ASKSNET {key}"));
            let request = AllocateRange::prefix_len(self.name.as_str(), BLOCK, CHILD).with_key(key.as_str());
            match again(&mut self.noise, async || self.ipam.allocate_range(&request).await).await {
                Ok(taken) => {
                    report(&format!("GOTNET {key} {}", taken.range.net));
                    self.nets.push(key);
                }
                Err(error) => report(&format!("ERROR allocate_range {key}: {error}")),
            }
        } else {
            let key = self.nets.remove(0);
            report(&format!("DROPS {key}"));
            let request = DeallocateRange::key(key.as_str());
            match again(&mut self.noise, async || self.ipam.deallocate_range(&request).await).await {
                Ok(_) => report(&format!("DROPPED {key}")),
                Err(error) => report(&format!("ERROR deallocate_range {key}: {error}")),
            }
        }
    }

    async fn sweep(&mut self) {
        match again(&mut self.noise, async || self.ipam.sweep(&Sweep::new()).await).await {
            Ok(swept) if swept.claims.is_empty() => report("SWEPT"),
            Ok(swept) => report(&format!("ERROR sweep: {swept:?}")),
            Err(error) => report(&format!("ERROR sweep: {error}")),
        }
    }
}
