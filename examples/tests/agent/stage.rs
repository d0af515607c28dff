//! Simulated phpIPAM with an agent and a subnet, settings for it, and a script in the place of nmap.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use ipnet::IpNet;
use phpipam_client::testing::{App, Object, Permission, Security, Server, Store};
use serde_json::{Map, Value};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{Ran, ran};

pub(crate) const NET: &str = "127.77.0.0/29";
pub(crate) const PASSWORD: &str = Server::PASSWORD;
pub(crate) const APP_CODE: &str = "0123456789abcdef0123456789abcdef";

/// Simulated phpIPAM, and a directory with the settings.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) agent: u64,
    section: u64,
    subnet: u64,
    directory: TempDir,
    /// Kept for the server, which runs on it.
    runtime: Runtime,
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Program that runs; it ends with the value.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(Some(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.0.as_mut().unwrap().try_wait().unwrap().is_none()
    }

    /// Waits for the end of the program, which a signal asked for.
    pub(crate) fn end(mut self) -> Ran {
        ran(self.0.take().unwrap().wait_with_output().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Stage {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let codes = App::new("codes").with_security(Security::SslCode).with_permission(Permission::Write);
        let builder = Server::builder().app(App::new(Server::APP)).app(codes.with_code(APP_CODE)).https(true);
        let server = runtime.block_on(builder.start()).unwrap();
        let (agent, section, subnet) = server.seed(|store| {
            let fields = [("name", "Building 7"), ("type", "api"), ("code", "building7")];
            let agent = store.add(Object::ScanAgent, &fields).unwrap();
            let section = store.add_section("Lab");
            (agent, section, assign(store, section, agent, NET, &[]))
        });
        let stage = Self { server, agent, section, subnet, directory: tempfile::tempdir().unwrap(), runtime };
        stage.nmap(&[]);
        stage
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Makes a named pipe.
    pub(crate) fn pipe(&self, name: &str) -> String {
        let path = self.path(name).display().to_string();
        assert!(Command::new("mkfifo").args(["-m", "600", &path]).status().unwrap().success());
        path
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Writes a file of settings with these lines in addition.
    pub(crate) fn settings(&self, more: &str) -> String {
        let text = format!(
            "api_url: {}\nclient_name: {}\nuser: {}\npassword: {PASSWORD}\nscanagent_code: building7\nneighbours: false\n{more}",
            self.server.url(),
            Server::APP,
            Server::USER,
        );
        let nmap = if more.contains("nmap_program") { String::new() } else { self.nmap_setting() };
        self.file("agent.yaml", &(text + &nmap))
    }

    fn nmap_setting(&self) -> String {
        format!("nmap_program: {}\n", self.path("nmap").display())
    }

    pub(crate) fn command(&self, settings: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipam"));
        command.env_remove("RUST_BACKTRACE").args(["agent", "--config", settings]).args(arguments);
        command
    }

    pub(crate) fn run_with(&self, settings: &str, arguments: &[&str]) -> Ran {
        ran(self.command(settings, arguments).output().unwrap())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(&self.settings(""), arguments)
    }

    /// Runs it, and wants it to be done.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.out
    }

    pub(crate) fn signal(&self, process: u32, signal: &str) {
        let sent = Command::new("kill").args(["-s", signal, &process.to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Puts a script in the place of nmap that finds these hosts.
    pub(crate) fn nmap(&self, hosts: &[&str]) {
        let mut xml =
            String::from("<?xml version=\"1.0\"?>\n<nmaprun scanner=\"nmap\" start=\"1\" version=\"7.93\">\n");
        for host in hosts {
            let _ = writeln!(
                xml,
                "<host><status state=\"up\" reason=\"echo-reply\"/><address addr=\"{host}\" addrtype=\"ipv4\"/></host>"
            );
        }
        let (up, all) = (hosts.len(), 8);
        let _ = writeln!(
            xml,
            "<runstats><finished time=\"1\" exit=\"success\"/><hosts up=\"{up}\" down=\"{}\" total=\"{all}\"/></runstats>\n</nmaprun>",
            all - up
        );
        self.script(&format!("cat <<'XML'\n{xml}XML"));
    }

    /// Puts a script in the place of nmap that is cut short.
    pub(crate) fn broken_nmap(&self) {
        self.script("echo '<?xml version=\"1.0\"?><nmaprun scanner=\"nmap\">'\nexit 1");
    }

    /// Puts a script in the place of nmap that never ends. Returns the file into which it writes its process id.
    pub(crate) fn hanging_nmap(&self) -> PathBuf {
        let started = self.path("started");
        self.script(&format!("echo $$ > {}\nexec sleep 300", started.display()));
        started
    }

    fn script(&self, text: &str) {
        let path = self.path("nmap");
        let version = "if [ \"$1\" = --version ]; then echo 'Nmap version 7.93'; exit 0; fi";
        std::fs::write(&path, format!("#!/bin/sh\n{version}\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Adds a subnet that is assigned to the agent.
    pub(crate) fn assign(&self, net: &str, fields: &[(&str, &str)]) -> u64 {
        self.server.seed(|store| assign(store, self.section, self.agent, net, fields))
    }

    /// Assigns the first subnet to an agent; 0 for none.
    pub(crate) fn assign_to(&self, agent: u64) {
        self.server.seed(|store| store.set_field(Object::Subnet, self.subnet, "scanAgent", &agent.to_string()));
    }

    pub(crate) fn address(&self, address: &str, fields: &[(&str, &str)]) -> u64 {
        self.server.seed(|store| {
            let id = store.add_address(self.subnet, address.parse().unwrap(), "");
            for (field, value) in fields {
                store.set_field(Object::Address, id, field, value);
            }
            id
        })
    }

    /// Returns a field of an address as text; empty for null.
    pub(crate) fn field(&self, id: u64, field: &str) -> String {
        let row = self.server.seed(|store| store.row(Object::Address, id).unwrap());
        match &row[field] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }

    /// Returns the addresses of the subnet.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let used = self.server.seed(|store| store.used(self.subnet));
        used.into_iter().map(|(address, _)| address.to_string()).collect()
    }

    /// Returns the rows of the subnet's addresses in order of address, without what depends on the order and the time of the
    /// requests.
    pub(crate) fn rows(&self) -> Vec<Map<String, Value>> {
        self.server.seed(|store| {
            let mut used = store.used(self.subnet);
            used.sort();
            let rows = used.into_iter().map(|(_, id)| {
                let mut row = store.row(Object::Address, id).unwrap();
                for field in ["id", "editDate", "note"] {
                    row.remove(field);
                }
                // Old or now.
                let seen = row["lastSeen"].as_str().is_some_and(|time| !time.starts_with("2020"));
                row.insert("lastSeen".to_owned(), seen.into());
                row
            });
            rows.collect()
        })
    }

    /// Returns the writes so far, without logins.
    pub(crate) fn writes(&self) -> Vec<String> {
        let log = self.server.requests();
        let writes = log.iter().filter(|entry| entry.method != "GET" && !entry.path.ends_with("/user/"));
        writes.map(|entry| format!("{} {}", entry.method, entry.path)).collect()
    }
}

fn assign(store: &mut Store, section: u64, agent: u64, net: &str, fields: &[(&str, &str)]) -> u64 {
    let subnet = store.add_subnet(section, net.parse::<IpNet>().unwrap());
    let agent = agent.to_string();
    let own = [("scanAgent", agent.as_str()), ("discoverSubnet", "1"), ("pingSubnet", "1")];
    for (field, value) in own.iter().chain(fields) {
        store.set_field(Object::Subnet, subnet, field, value);
    }
    subnet
}
