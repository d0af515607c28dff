//! From the file of one host to a PostgreSQL server, as people run it: a dry run, a migration that is killed and
//! repeated, and the comparison.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../ipam-core/tests/postgres_support/mod.rs"]
mod postgres_support;
mod support;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use ipam_core::{Allocate, DefineRange, EmbeddedProvider, IpamProvider};
use postgres_support::{Server, Setup, USER, runtime};
use support::{Ran, ran};
use tokio_postgres::Row;

/// Name and password of the user of the program.
const SITE: &str = "site";
const PASSWORD: &str = "pa55 word'\"%";

/// Number of addresses of the file: four batches.
const ADDRESSES: u32 = 4_000;

/// Server that wants a password of its user, and the settings of the program.
struct Stage {
    server: Server,
    directory: tempfile::TempDir,
}

impl Stage {
    fn start() -> Option<Self> {
        let server = Server::start(Setup::default())?;
        runtime().block_on(async {
            let client = server.client().await;
            let password = PASSWORD.replace('\'', "''");
            let sql = format!("CREATE ROLE {SITE} LOGIN PASSWORD '{password}'; CREATE DATABASE ipam OWNER {SITE}");
            for statement in sql.split("; ") {
                client.batch_execute(statement).await.unwrap();
            }
            let rules = format!("local all {USER} trust\nlocal ipam {SITE} scram-sha-256\n");
            std::fs::write(server.directory().join("data/pg_hba.conf"), rules).unwrap();
            client.batch_execute("SELECT pg_reload_conf()").await.unwrap();
        });
        Some(Self { server, directory: tempfile::tempdir().unwrap() })
    }

    fn from(&self) -> String {
        format!("embedded:{}", self.directory.path().join("ipam.db").display())
    }

    fn to(&self) -> String {
        let host = self.server.directory().display().to_string().replace('/', "%2F");
        format!("postgres://{SITE}@{host}/ipam")
    }

    /// Makes the file, with a range and its addresses.
    fn fill(&self) {
        runtime().block_on(async {
            let source = EmbeddedProvider::open(self.directory.path().join("ipam.db")).await.unwrap();
            source.define_range(&DefineRange::new("lan", "10.0.0.0/16".parse().unwrap())).await.unwrap();
            let requests = (0..ADDRESSES).map(|number| {
                let name = format!("vm-{number}");
                Allocate::one(name.clone(), "lan").with_key(name)
            });
            let taken = stream::iter(requests).map(|request| {
                let source = source.clone();
                async move { source.allocate(&request).await }
            });
            taken.buffer_unordered(128).try_collect::<Vec<_>>().await.unwrap();
            source.close().await.unwrap();
        });
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = support::command(None, arguments);
        command.env_remove("IPAM_PASSWORD").env("IPAM_TO_PASSWORD", PASSWORD);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments).output().unwrap())
    }

    /// Returns the rows of a statement in the database.
    fn sql(&self, text: &str) -> Result<Vec<Row>, tokio_postgres::Error> {
        runtime().block_on(async {
            let mut config = tokio_postgres::Config::new();
            config.host_path(self.server.directory()).user(USER).dbname("ipam");
            let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
            let connection = tokio::spawn(connection);
            let rows = client.query(text, &[]).await;
            drop(client);
            connection.await.unwrap().unwrap();
            rows
        })
    }

    /// Returns the number of addresses in the database, or 0 if it has no tables.
    fn addresses(&self) -> i64 {
        self.sql("SELECT count(*) FROM ipam.allocation").map_or(0, |rows| rows[0].get(0))
    }

    /// Kills a migration when more than `after` addresses have arrived. Returns false if it ended before.
    fn kill_after(&self, after: i64) -> bool {
        let mut child: Child = self
            .command(&["migrate", &self.from(), &self.to()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let until = Instant::now() + Duration::from_secs(120);
        while self.addresses() <= after {
            if let Some(ended) = child.try_wait().unwrap() {
                assert!(ended.success());
                return false;
            }
            assert!(Instant::now() < until, "the migration does not go on");
            std::thread::sleep(Duration::from_millis(5));
        }
        // SIGKILL.
        child.kill().unwrap();
        !child.wait().unwrap().success()
    }
}

fn password_file(directory: &Path, text: &str) -> String {
    let path = directory.join("password");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn a_file_moves_to_postgresql_although_the_program_is_killed() {
    let Some(stage) = Stage::start() else { return };
    stage.fill();
    let (from, to) = (stage.from(), stage.to());

    // Nothing is there yet, and a dry run makes nothing.
    let dry = stage.run(&["migrate", &from, &to, "--dry-run"]);
    assert_eq!(dry.code, 0, "{dry:?}");
    assert!(dry.out.contains("dry run: 0 blocks, 1 ranges and 4000 addresses to write, 0 are there"), "{dry:?}");
    let diff = stage.run(&["diff", &from, &to]);
    assert!(diff.code == 2 && diff.err.contains("no schema"), "{diff:?}");

    // Two of them die when a part has arrived.
    let mut killed = 0;
    for after in [0, 1_500] {
        killed += i32::from(stage.kill_after(after));
    }
    let arrived = stage.addresses();
    assert!(killed > 0 && arrived > 0 && arrived < ADDRESSES.into(), "{killed} killed, {arrived} addresses");
    let dry = stage.run(&["migrate", &from, &to, "--dry-run"]);
    let left = i64::from(ADDRESSES) - arrived;
    assert!(dry.out.contains(&format!("{left} addresses to write, {arrived} are there")), "{dry:?}");

    let moved = stage.run(&["migrate", &from, &to]);
    assert_eq!(moved.code, 0, "{moved:?}");
    assert!(moved.out.contains(&format!("{left} addresses; {arrived} addresses were there")), "{moved:?}");
    let same = stage.run(&["diff", &from, &to]);
    assert_eq!((same.code, same.out.trim()), (0, "0 differences in 0 blocks, 1 ranges and 4000 addresses"), "{same:?}");
    // A caller that repeats its request gets the address that it had; a new one another.
    let allocate = |name: &str| {
        let arguments = ["--provider", &to, "allocate", "lan", "--owner", name, "--key", name, "--json"];
        let taken = ran(stage.command(&arguments).env("IPAM_PASSWORD", PASSWORD).output().unwrap());
        assert_eq!(taken.code, 0, "{taken:?}");
        serde_json::from_str::<serde_json::Value>(&taken.out).unwrap()
    };
    assert_eq!(allocate("vm-17")["repeated"], true);
    assert_eq!(allocate("vm-new")["repeated"], false);
}

#[test]
fn the_password_comes_from_the_environment_or_a_file() {
    let Some(stage) = Stage::start() else { return };
    let (from, to) = (stage.from(), stage.to());
    assert_eq!(stage.run(&["--provider", &from, "ranges", "add", "lan", "192.0.2.0/24"]).code, 0);
    let migrate = |set: &[(&str, &str)]| {
        let mut command = stage.command(&["migrate", &from, &to]);
        command.env_remove("IPAM_TO_PASSWORD").envs(set.iter().copied());
        let ran = ran(command.output().unwrap());
        assert!(!ran.out.contains(PASSWORD) && !ran.err.contains(PASSWORD), "{ran:?}");
        ran
    };
    for set in [&[][..], &[("IPAM_TO_PASSWORD", "another one")]] {
        let refused = migrate(set);
        assert!(refused.code == 1 && refused.err.contains("password"), "{refused:?}");
        assert!(!refused.err.contains("another one"), "{refused:?}");
    }
    let file = password_file(stage.directory.path(), &format!("{PASSWORD}\n"));
    assert_eq!(migrate(&[("IPAM_TO_PASSWORD_FILE", &file)]).code, 0);
    assert_eq!(migrate(&[("IPAM_TO_PASSWORD", PASSWORD)]).code, 0);
    assert_eq!(migrate(&[("IPAM_PASSWORD", PASSWORD)]).code, 0);
    let same = stage.run(&["diff", &from, &to]);
    assert_eq!((same.code, same.out.trim()), (0, "0 differences in 0 blocks, 1 ranges and 0 addresses"), "{same:?}");
}

#[test]
fn a_store_on_a_server_is_checked() {
    let Some(stage) = Stage::start() else { return };
    let url = stage.to();
    let run = |arguments: &[&str]| {
        let ran = ran(stage.command(arguments).env("IPAM_PASSWORD", PASSWORD).output().unwrap());
        assert!(!ran.out.contains(PASSWORD) && !ran.err.contains(PASSWORD), "{ran:?}");
        ran
    };
    let missing = run(&["store", "check", &url]);
    assert!(missing.code == 2 && missing.err.contains("no schema"), "{missing:?}");

    assert_eq!(run(&["--provider", &url, "ranges", "add", "lan", "192.0.2.0/24"]).code, 0);
    assert_eq!(run(&["--provider", &url, "allocate", "lan", "--owner", "vm", "--key", "one"]).code, 0);
    let sound = run(&["store", "check", &url]);
    assert!(sound.code == 0 && sound.out.contains("consistent: 1 ranges, 1 allocations, 0 quarantined"), "{sound:?}");
    let json = run(&["--provider", &url, "store", "check", "--json"]);
    assert!(json.code == 0 && json.out.contains("\"allocations\": 1"), "{json:?}");

    stage.sql("UPDATE ipam.request SET live = 2").unwrap();
    let damaged = run(&["store", "check", &url]);
    assert_eq!(damaged.code, 1, "{damaged:?}");
    assert!(damaged.err.contains("a request counts its allocations wrongly: one"), "{damaged:?}");
    let backup = run(&["--provider", &url, "store", "backup", "copy.db"]);
    assert!(backup.code == 2 && backup.err.contains("embedded:PATH"), "{backup:?}");
}
