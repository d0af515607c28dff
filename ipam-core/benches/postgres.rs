//! Provider on PostgreSQL against one-row inserts by the same number of clients: bars Q2, Q3 and Q5, and Q1 as a rate;
//! and against a query for the first gap under an advisory lock: Q4. It connects directly, with prepared statements.
//!
//! `cargo bench -p ipam-core --features postgres --bench postgres`
//!
//! Starts a private server that syncs, in the temporary directory. Without `initdb` and `postgres` nothing is measured.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

#[path = "../tests/postgres_support/mod.rs"]
mod postgres_support;
mod support;

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use ipam_core::{
    Allocate, AllocateLine, Deallocate, DefineRange, Find, IpamProvider, IpamProviderExt, PostgresProvider, Target,
};
use postgres_support::{Server, Setup, runtime};
use support::{Numbers, Reach, against, heading, per_call, rounds, wanted};
use tokio_postgres::Client;

/// Number of calls of a round, by all clients together.
const CALLS: usize = 1_600;

/// Provider with a range that is filled as a case wants it.
struct Case {
    providers: Vec<Arc<PostgresProvider>>,
    keys: AtomicU64,
}

impl Case {
    async fn new(server: &Server, clients: usize, net: &str, prepared: bool) -> Self {
        let config = server.fresh().with_prepared_statements(prepared);
        let open = || async { Arc::new(PostgresProvider::open(config.clone()).await.unwrap()) };
        let first = open().await;
        first.define_range(&DefineRange::new("pool", net.parse().unwrap())).await.unwrap();
        let mut providers = vec![first];
        while providers.len() < clients {
            providers.push(open().await);
        }
        Self { providers, keys: AtomicU64::new(0) }
    }

    /// Takes `count` addresses in order; and gives every second one of them back, if `holes`.
    async fn fill(&self, count: usize, holes: bool) {
        let mut left = count;
        while left > 0 {
            let part = left.min(4_096);
            let line = AllocateLine::next("pool", u32::try_from(part).unwrap());
            self.providers[0].allocate(&Allocate::new("filler").with_line(line)).await.unwrap();
            left -= part;
        }
        if holes {
            let mut numbers = Numbers::new(7);
            let mut taken: Vec<_> = self.providers[0].find_all(Find::default()).try_collect().await.unwrap();
            numbers.shuffle(&mut taken);
            self.give_back(taken[..taken.len() / 2].iter().map(|one| Target::Id(one.id.clone())).collect()).await;
        }
    }

    /// Makes `calls` allocations by `tasks` tasks for each provider, and gives them back untimed. Returns the nanoseconds
    /// of one.
    fn allocate(&self, tasks: usize, calls: usize) -> f64 {
        let all = tasks * self.providers.len();
        let each = calls / all;
        let mut taken: Vec<(String, IpAddr)> = Vec::new();
        let time = per_call(each * all, || {
            let callers = (0..all).map(|task| {
                let provider = Arc::clone(&self.providers[task % self.providers.len()]);
                let first = self.keys.fetch_add(each as u64, Ordering::Relaxed);
                runtime().spawn(async move {
                    let mut taken = Vec::with_capacity(each);
                    for key in first..first + each as u64 {
                        let key = format!("key-{key}");
                        let request = Allocate::one("owner", "pool").with_key(key.as_str());
                        let allocated = provider.allocate(&request).await.unwrap();
                        taken.push((key, allocated.lines[0][0].address));
                    }
                    taken
                })
            });
            let callers: Vec<_> = callers.collect();
            for result in runtime().block_on(join_all(callers)) {
                taken.extend(result.unwrap());
            }
        });
        let different: HashSet<IpAddr> = taken.iter().map(|(_, address)| *address).collect();
        assert_eq!(different.len(), taken.len(), "no address twice");
        runtime().block_on(self.give_back(taken.iter().map(|(key, _)| Target::Key(key.as_str().into())).collect()));
        time
    }

    async fn give_back(&self, targets: Vec<Target>) {
        for part in targets.chunks(100) {
            let mut part = part.iter().cloned();
            let first = Deallocate::new(part.next().unwrap());
            self.providers[0].deallocate(&part.fold(first, Deallocate::and)).await.unwrap();
        }
    }

    /// Makes one call for `count` addresses. Returns the nanoseconds of an address.
    fn together(&self, count: usize) -> f64 {
        let mut key = None;
        let time = per_call(count, || {
            let line = AllocateLine::next("pool", u32::try_from(count).unwrap());
            let request = Allocate::new("owner").with_line(line);
            key = Some(runtime().block_on(self.providers[0].allocate(&request)).unwrap().key);
        });
        runtime().block_on(self.providers[0].deallocate(&Deallocate::key(key.unwrap()))).unwrap();
        time
    }
}

/// One-row inserts, each a transaction, by as many clients as there are connections. Returns the nanoseconds of one.
fn inserts(clients: &[Arc<Client>], calls: usize) -> f64 {
    let each = calls / clients.len();
    per_call(each * clients.len(), || {
        let callers: Vec<_> = clients
            .iter()
            .map(|client| {
                let client = Arc::clone(client);
                runtime().spawn(async move {
                    let statement = client.prepare("INSERT INTO floor (address, owner) VALUES ($1, $2)").await.unwrap();
                    for _ in 0..each {
                        client.execute(&statement, &[&IpAddr::from([10, 0, 0, 1]), &"owner"]).await.unwrap();
                    }
                })
            })
            .collect();
        for result in runtime().block_on(join_all(callers)) {
            result.unwrap();
        }
    })
}

/// Address that a client of the peer takes: the first gap behind a taken one, under a lock of the whole table.
async fn take_gap(client: &Client) {
    const GAP: &str = "INSERT INTO gap (address) SELECT a.address + 1 FROM gap a WHERE NOT EXISTS \
                       (SELECT 1 FROM gap b WHERE b.address = a.address + 1) ORDER BY a.address LIMIT 1";
    client.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock(1); {GAP}; COMMIT")).await.unwrap();
}

/// Allocations of the peer by all clients. Returns the nanoseconds of one.
fn gaps(clients: &[Arc<Client>], each: usize) -> f64 {
    per_call(each * clients.len(), || {
        let callers: Vec<_> = clients
            .iter()
            .map(|client| {
                let client = Arc::clone(client);
                runtime().spawn(async move {
                    for _ in 0..each {
                        take_gap(&client).await;
                    }
                })
            })
            .collect();
        for result in runtime().block_on(join_all(callers)) {
            result.unwrap();
        }
    })
}

/// Fills the table of the peer with `count` addresses in order, from which every second one is then removed, if `holes`.
async fn fill_gaps(client: &Client, first: &str, count: usize, holes: bool) {
    let fill = format!(
        "DROP TABLE IF EXISTS gap; CREATE TABLE gap (address inet PRIMARY KEY); \
         INSERT INTO gap SELECT '{first}'::inet + n FROM generate_series(0, {}) AS n; \
         DELETE FROM gap WHERE {holes} AND address <> '{first}' AND random() < 0.5; ANALYZE gap",
        count - 1
    );
    client.batch_execute(&fill).await.unwrap();
}

fn main() {
    if !["Q2", "Q3", "Q4", "Q5"].into_iter().any(wanted) {
        return;
    }
    let Some(server) = Server::start(Setup { sync: true, settings: Vec::new() }) else { return };
    heading("PostgreSQL");
    let clients: Vec<Arc<Client>> = runtime().block_on(async {
        let first = server.client().await;
        first.batch_execute("CREATE TABLE floor (id bigserial PRIMARY KEY, address inet, owner text)").await.unwrap();
        let mut clients = vec![Arc::new(first)];
        while clients.len() < 8 {
            clients.push(Arc::new(server.client().await));
        }
        clients
    });
    let half_by = |clients: usize, holes: bool, prepared: bool| {
        runtime().block_on(async {
            let case = Case::new(&server, clients, "10.0.0.0/16", prepared).await;
            case.fill(if holes { 65_000 } else { 32_768 }, holes).await;
            case
        })
    };
    let half = |clients: usize, holes: bool| half_by(clients, holes, true);
    if wanted("Q2") {
        let (one, eight, typed) = (half(1, false), half(8, false), half_by(1, false, false));
        let [ours, floor] = rounds([&mut || one.allocate(1, CALLS / 4), &mut || inserts(&clients[..1], CALLS / 4)]);
        against("Q2", "half a /16, 1 client", &ours, "one-row insert", &floor, Reach::AtLeast(0.5));
        println!("Q1: {:.0} allocations per second", 1e9 / support::median(&ours));
        let [ours, other] = rounds([&mut || one.allocate(1, CALLS / 4), &mut || typed.allocate(1, CALLS / 4)]);
        against("-", "half a /16, 1 client", &ours, "not prepared", &other, Reach::AtLeast(1.0));
        let [ours, floor] = rounds([&mut || eight.allocate(1, CALLS), &mut || inserts(&clients, CALLS)]);
        against("Q2", "half a /16, 8 clients", &ours, "one-row insert, 8 clients", &floor, Reach::AtLeast(0.4));
        println!("Q1: {:.0} allocations per second", 1e9 / support::median(&ours));
        let [ours, floor] = rounds([&mut || one.allocate(32, CALLS * 2), &mut || inserts(&clients, CALLS)]);
        against(
            "Q2",
            "half a /16, 32 tasks of a process",
            &ours,
            "one-row insert, 8 clients",
            &floor,
            Reach::AtLeast(1.0),
        );
    }
    if wanted("Q3") {
        let (contiguous, random) = (half(1, false), half(1, true));
        let (empty, wide) = runtime().block_on(async {
            let wide = Case::new(&server, 1, "2001:db8::/64", true).await;
            wide.fill(100_000, false).await;
            (Case::new(&server, 1, "10.0.0.0/24", true).await, wide)
        });
        let calls = 200;
        let [base, first, second, third] = rounds([
            &mut || empty.allocate(1, calls),
            &mut || contiguous.allocate(1, calls),
            &mut || random.allocate(1, calls),
            &mut || wide.allocate(1, calls),
        ]);
        for (what, ours) in
            [("half a /16", &first), ("half a /16, random", &second), ("/64 with 100 000 taken", &third)]
        {
            against("Q3", what, ours, "empty /24", &base, Reach::AtLeast(0.7));
        }
    }
    if wanted("Q4") {
        let wide = runtime().block_on(async {
            let wide = Case::new(&server, 8, "2001:db8::/64", true).await;
            wide.fill(100_000, false).await;
            wide
        });
        for (what, case, first, count, holes, calls, least) in [
            ("half a /16, random", half(8, true), "10.0.0.0", 65_000, true, 25, 10.0),
            ("half a /16", half(8, false), "10.0.0.0", 32_768, false, 2, 150.0),
            ("/64 with 100 000 taken", wide, "2001:db8::1", 100_000, false, 1, 500.0),
        ] {
            runtime().block_on(fill_gaps(&clients[0], first, count, holes));
            let [ours, gap] = rounds([&mut || case.allocate(1, CALLS), &mut || gaps(&clients, calls)]);
            against("Q4", what, &ours, "gap query, 8 clients", &gap, Reach::AtLeast(least));
        }
    }
    if wanted("Q5") {
        let case = half(1, false);
        let [ours, single] = rounds([&mut || case.together(64), &mut || case.allocate(1, 64)]);
        against("Q5", "64 addresses in one call", &ours, "64 calls", &single, Reach::AtLeast(8.0));
    }
}
