//! Private PostgreSQL server for tests: started from the programs of this host, and ended with the test program.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

pub(crate) mod relay;

use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ipam_core::PostgresConfig;
use tokio::runtime::{Builder, Runtime};

/// Id of the user without rights: the server refuses to run as root.
const UNPRIVILEGED: u32 = 65_534;

/// Name of the superuser of the test servers.
pub(crate) const USER: &str = "ipam";

/// Settings of a server.
#[derive(Debug, Clone, Default)]
pub(crate) struct Setup {
    /// True to sync to the disk, as real servers do.
    pub(crate) sync: bool,
    /// Further settings, such as `max_connections=20`.
    pub(crate) settings: Vec<String>,
}

/// Server in a temporary directory, on a Unix socket.
pub(crate) struct Server {
    directory: PathBuf,
    bin: PathBuf,
    setup: Setup,
    shell: Option<Child>,
}

/// Returns the directory with the server's programs: that of `IPAM_POSTGRES_BIN`, of the path, or the newest installed.
fn programs() -> Option<PathBuf> {
    let has = |directory: &Path| ["initdb", "postgres"].iter().all(|name| directory.join(name).is_file());
    if let Some(named) = std::env::var_os("IPAM_POSTGRES_BIN") {
        return Some(PathBuf::from(named)).filter(|directory| has(directory));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(found) = std::env::split_paths(&path).find(|directory| has(directory)) {
        return Some(found);
    }
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, directory)| has(directory))
        .collect();
    versions.sort();
    versions.pop().map(|(_, directory)| directory)
}

/// Returns the reason why there is no server. Fails if one is required.
pub(crate) fn no_server() -> Option<&'static str> {
    static REASON: OnceLock<Option<&'static str>> = OnceLock::new();
    *REASON.get_or_init(|| {
        let reason = match programs() {
            Some(_) => None,
            None => {
                Some("no PostgreSQL server is installed (initdb and postgres); IPAM_POSTGRES_BIN names its directory")
            }
        };
        let required = std::env::var_os("IPAM_REQUIRE_POSTGRES").is_some_and(|value| value == "1");
        assert!(reason.is_none() || !required, "IPAM_REQUIRE_POSTGRES is 1, and {}", reason.unwrap_or_default());
        reason
    })
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Gives a file to the user that runs the servers.
pub(crate) fn give_away(path: &Path) {
    if is_root() {
        std::os::unix::fs::chown(path, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).expect("it can be given away");
    }
}

/// Makes a directory for a server.
fn directory() -> PathBuf {
    let directory = tempfile::Builder::new().prefix("ipam-pg-").tempdir().expect("a directory").keep();
    give_away(&directory);
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o755)).expect("the socket can be reached");
    directory
}

/// Returns the ids of the processes that a process has started.
fn children(parent: u32) -> Vec<u32> {
    let ids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|id| status(*id).is_some_and(|(_, of)| of == parent))
        .collect()
}

/// Returns the state of a process, and the id of the one that has started it.
fn status(id: u32) -> Option<(char, u32)> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name is in brackets, and may have any characters.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

fn is_running(id: u32) -> bool {
    status(id).is_some_and(|(state, _)| state != 'Z')
}

fn as_user(program: &Path) -> Command {
    let mut command = Command::new(program);
    if is_root() {
        command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
    }
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").current_dir("/");
    command
}

impl Server {
    /// Starts a server, or says why not and returns `None`.
    pub(crate) fn start(setup: Setup) -> Option<Self> {
        if let Some(reason) = no_server() {
            eprintln!("not run: {reason}");
            return None;
        }
        let bin = programs().expect("no_server has looked");
        let directory = directory();
        let made = as_user(&bin.join("initdb"))
            .args(["--username", USER, "--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C"])
            .arg("--pgdata")
            .arg(directory.join("data"))
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let mut server = Self { directory, bin, setup, shell: None };
        server.resume();
        Some(server)
    }

    /// Adds settings for the next start.
    pub(crate) fn set_up(&mut self, settings: impl IntoIterator<Item = String>) {
        self.setup.settings.extend(settings);
    }

    /// Starts the server again, after `kill` or `stop`.
    pub(crate) fn resume(&mut self) {
        assert!(self.shell.is_none(), "it runs already");
        let data = self.directory.join("data");
        // A file of a killed server would look like that of the new one.
        let _ = std::fs::remove_file(data.join("postmaster.pid"));
        let mut arguments = vec![
            "listen_addresses=".to_owned(),
            format!("unix_socket_directories={}", self.directory.display()),
            "max_connections=300".to_owned(),
            "log_min_messages=warning".to_owned(),
        ];
        if !self.setup.sync {
            arguments.extend(["fsync=off", "full_page_writes=off"].map(str::to_owned));
        }
        arguments.extend(self.setup.settings.iter().cloned());
        // The shell ends the server when its input ends, which it does with this process, however that ends. The group
        // keeps signals of the terminal away.
        let script = "bin=$1; dir=$2; shift 2; \"$bin\" -D \"$dir/data\" \"$@\" </dev/null >>\"$dir/log\" 2>&1 & \
                      pid=$!; cat >/dev/null; kill -INT $pid 2>/dev/null; wait $pid; [ -e \"$dir/keep\" ] || rm -rf \"$dir\"";
        let mut command = as_user(Path::new("/bin/sh"));
        command.args(["-c", script, "sh"]).arg(self.bin.join("postgres")).arg(&self.directory);
        for argument in &arguments {
            command.arg("-c").arg(argument);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        self.keep(true);
        self.shell = Some(command.spawn().expect("a shell"));
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let status = std::fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            if status.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
                break;
            }
            assert!(Instant::now() < until, "the server does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        self.keep(false);
    }

    /// Keeps the directory after the end of the server, or not.
    fn keep(&self, keep: bool) {
        let mark = self.directory.join("keep");
        if keep {
            std::fs::write(mark, "").expect("the mark can be written");
        } else {
            let _ = std::fs::remove_file(mark);
        }
    }

    fn signal(&mut self, signal: &str) {
        self.keep(true);
        let pid = self.pid();
        let children = children(pid);
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(pid.to_string()).status().expect("kill runs");
        assert!(sent.success());
        let mut shell = self.shell.take().expect("it runs");
        drop(shell.stdin.take());
        shell.wait().expect("the shell ends");
        // The processes of a killed server notice that it is gone after a while. A new one beside them would damage the
        // data, because it does not know of them: `resume` removes the file that names their shared memory.
        if children.is_empty() {
            // A system without `/proc`.
            std::thread::sleep(Duration::from_millis(300));
        }
        let until = Instant::now() + Duration::from_secs(60);
        while children.iter().any(|child| is_running(*child)) {
            assert!(Instant::now() < until, "processes of the server go on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends the server at once, without a checkpoint, as a crash does.
    pub(crate) fn kill(&mut self) {
        self.signal("KILL");
    }

    /// Ends the server and its connections.
    pub(crate) fn stop(&mut self) {
        self.signal("INT");
    }

    /// Returns a standby with the data of this server, which has to be stopped. The standby follows no primary.
    pub(crate) fn standby(&self) -> Self {
        assert!(self.shell.is_none(), "the data would be that of no moment");
        let directory = directory();
        let copied = Command::new("cp").arg("-a").arg(self.directory.join("data")).arg(&directory).status();
        assert!(copied.expect("cp runs").success());
        let signal = directory.join("data/standby.signal");
        std::fs::write(&signal, "").expect("the data can be written");
        give_away(&signal);
        let mut server = Self { directory, bin: self.bin.clone(), setup: self.setup.clone(), shell: None };
        server.resume();
        server
    }

    /// Returns the process id of the server.
    pub(crate) fn pid(&self) -> u32 {
        let file = std::fs::read_to_string(self.directory.join("data/postmaster.pid")).expect("the server runs");
        file.lines().next().and_then(|line| line.parse().ok()).expect("a number")
    }

    /// Returns the log of the server.
    pub(crate) fn log(&self) -> String {
        let mut text = String::new();
        if let Ok(mut file) = std::fs::File::open(self.directory.join("log")) {
            let _ = file.read_to_string(&mut text);
        }
        text
    }

    /// Returns the directory with the socket, the data and the log.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the settings for a schema of the server.
    pub(crate) fn config(&self, schema: &str) -> PostgresConfig {
        PostgresConfig::new(self.directory.display().to_string(), "postgres").with_user(USER).with_schema(schema)
    }

    /// Returns the settings for a schema that no other test uses.
    pub(crate) fn fresh(&self) -> PostgresConfig {
        self.config(&unused("s"))
    }

    /// Returns a connection beside the provider's.
    pub(crate) async fn client(&self) -> tokio_postgres::Client {
        self.client_at(5432).await
    }

    /// Returns such a connection to a server on another port.
    pub(crate) async fn client_at(&self, port: u16) -> tokio_postgres::Client {
        let mut config = tokio_postgres::Config::new();
        config.host_path(&self.directory).port(port).user(USER).dbname("postgres");
        let (client, connection) = config.connect(tokio_postgres::NoTls).await.expect("a connection");
        tokio::spawn(connection);
        client
    }
}

/// PgBouncer before a server, which gives each transaction any of its connections.
pub(crate) struct Proxy {
    directory: PathBuf,
    shell: Child,
}

impl Proxy {
    /// Starts the proxy, or says why not and returns `None`. Fails if a server is required.
    pub(crate) fn start(server: &Server) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"].iter().map(Path::new);
        let Some(program) = program.into_iter().find(|program| program.is_file()) else {
            let required = std::env::var_os("IPAM_REQUIRE_POSTGRES").is_some_and(|value| value == "1");
            assert!(!required, "IPAM_REQUIRE_POSTGRES is 1, and pgbouncer is not installed");
            eprintln!("not run: pgbouncer is not installed");
            return None;
        };
        let directory = server.directory().join(unused("proxy"));
        std::fs::create_dir(&directory).expect("a directory");
        let dir = directory.display();
        let settings = format!(
            "[databases]\npostgres = host={} port=5432 dbname=postgres user={USER}\n[pgbouncer]\nlisten_addr =\n\
             listen_port = 5432\nunix_socket_dir = {dir}\nauth_type = any\npool_mode = transaction\n\
             max_client_conn = 1000\ndefault_pool_size = 20\nlogfile = {dir}/log\npidfile = {dir}/pid\n",
            server.directory().display()
        );
        std::fs::write(directory.join("settings"), settings).expect("the settings can be written");
        give_away(&directory);
        let script = "\"$1\" -q \"$2/settings\" </dev/null & pid=$!; cat >/dev/null; kill -KILL $pid 2>/dev/null";
        let mut command = as_user(Path::new("/bin/sh"));
        command.args(["-c", script, "sh"]).arg(program).arg(&directory);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let shell = command.spawn().expect("a shell");
        let until = Instant::now() + Duration::from_secs(30);
        while !directory.join(".s.PGSQL.5432").exists() {
            assert!(Instant::now() < until, "pgbouncer does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { directory, shell })
    }

    /// Returns the settings for a schema of the server that no other test uses, through the proxy.
    pub(crate) fn fresh(&self) -> PostgresConfig {
        let schema = unused("s");
        PostgresConfig::new(self.directory.display().to_string(), "postgres").with_user(USER).with_schema(schema)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

/// Returns the proxy that all tests of this program share, if there is one.
pub(crate) fn shared_proxy() -> Option<&'static Proxy> {
    static PROXY: OnceLock<Option<Proxy>> = OnceLock::new();
    PROXY.get_or_init(|| shared().and_then(Proxy::start)).as_ref()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.keep(false);
        if let Some(mut shell) = self.shell.take() {
            drop(shell.stdin.take());
            let _ = shell.wait();
        } else {
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

/// Returns a name that was not used before in this program.
pub(crate) fn unused(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{prefix}{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Returns the server that all tests of this program share, if there is one.
pub(crate) fn shared() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(Setup::default())).as_ref()
}

/// Returns the runtime that all tests of this program share.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime"))
}
