//! The program, as it is built, in the namespace of the gateway.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ipam_tests::lab::{Lab, block_on};
use serde_json::{Value, json};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::client::{ISSUER, Main, Response, claims, exchange};
use crate::outside::{Outside, certificate};
use crate::site::{CLIENT, GATEWAY, Site};

/// Command that builds the program beside the tests.
const BUILD: &str = "cargo build --locked --workspace --all-features --bin lab-gateway";
/// Name of the gateway; its first label is the owner.
pub(crate) const NAME: &str = "alice.labs.example.test";

/// Sources of the program, below the root of the workspace.
const SOURCES: [&str; 3] = ["examples/lab-gateway/src", "ipam-core/src", "phpipam-client/src"];

/// Returns the built program, if it is not older than its sources.
fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let program = test.ancestors().nth(2).unwrap().join("lab-gateway");
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    for sources in SOURCES {
        if let Err(reason) = is_fresh(&program, &root.join(sources)) {
            panic!("not run: {reason}; build it: {BUILD}");
        }
    }
    program
}

/// Checks that the program is there, and no source in the directory is newer.
fn is_fresh(program: &Path, sources: &Path) -> Result<(), String> {
    let fault = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified());
    let built = modified(program).map_err(|error| fault(program, error))?;
    for entry in std::fs::read_dir(sources).map_err(|error| fault(sources, error))? {
        let path = entry.map_err(|error| fault(sources, error))?.path();
        // No part of the program.
        if path.file_stem().is_some_and(|stem| stem == "tests") {
            continue;
        }
        if path.is_dir() {
            is_fresh(program, &path)?;
        } else if modified(&path).map_err(|error| fault(&path, error))? > built {
            return Err(format!("{} is older than {}", program.display(), path.display()));
        }
    }
    Ok(())
}

#[test]
fn a_program_that_is_older_than_a_source_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let write = |name: &str, age: u64| {
        let file = std::fs::File::create(path(name)).unwrap();
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(age)).unwrap();
    };
    std::fs::create_dir_all(path("src/inner")).unwrap();
    write("src/inner/a.rs", 20);
    write("lab-gateway", 10);
    write("src/tests.rs", 0);
    is_fresh(&path("lab-gateway"), &path("src")).unwrap();
    write("src/inner/a.rs", 0);
    let refused = is_fresh(&path("lab-gateway"), &path("src")).unwrap_err();
    assert!(refused.contains("is older than") && refused.contains("a.rs"), "{refused}");
    assert!(is_fresh(&path("none"), &path("src")).is_err());
}

/// Files of a gateway: settings, keys and certificate.
pub(crate) struct Files {
    directory: PathBuf,
    main: Main,
    /// Certificate of the API.
    pem: String,
}

impl Files {
    /// Makes the files. `more` are further sections of the settings.
    pub(crate) fn new(lab: &Lab, main: Main, outside: &Outside, more: &str) -> Self {
        let directory = lab.dir().to_owned();
        let (pem, key, _) = certificate(GATEWAY);
        let files = Self { directory, main, pem };
        files.secret("api.key", &key);
        files.write("api.pem", &files.pem);
        files.write("outside.pem", &outside.pem);
        let path = |name: &str| files.path(name).display().to_string();
        let text = format!(
            "name = \"{NAME}\"\n[api]\nlisten = \"{GATEWAY}:8443\"\ncertificate = \"{}\"\nkey_file = \"{}\"\n[token]\n\
             key_url = \"{}\"\nca_file = \"{}\"\nissuer = \"{ISSUER}\"\n[lab]\nprovider = \"embedded:{}\"\nnetworks = \
             [\"10.88.0.0/24\"]\n[outside]\ninterface = \"eth0\"\n[store]\npath = \"{}\"\n{more}",
            path("api.pem"),
            path("api.key"),
            outside.url,
            path("outside.pem"),
            path("ipam.db"),
            path("portmaps.db"),
        );
        files.write("gateway.toml", &text);
        files
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Writes a file that only its owner can read.
    pub(crate) fn secret(&self, name: &str, text: &str) {
        self.write(name, text);
        std::fs::set_permissions(self.path(name), PermissionsExt::from_mode(0o600)).unwrap();
    }

    fn command(&self, lab: &Lab, site: &Site, verb: &str) -> std::process::Command {
        let mut command = lab.command_in(&site.gateway, "setpriv");
        // It ends with the test, however that ends.
        command.args(["--pdeathsig", "KILL"]).arg(built()).arg("--config").arg(self.path("gateway.toml")).arg(verb);
        command
    }

    /// Runs the checks of the program. Returns what it says.
    pub(crate) fn check(&self, lab: &Lab, site: &Site) -> String {
        let output = self.command(lab, site, "check").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said
    }

    /// Starts the program, and waits until it listens.
    pub(crate) fn start(&self, lab: &Lab, site: &Site) -> Program {
        let mut child = self.command(lab, site, "run").stderr(Stdio::piped()).spawn().unwrap();
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let log = Arc::clone(&said);
        std::thread::spawn(move || lines.for_each(|line| log.lock().unwrap().push(line)));
        let mut program = Program { child, said };
        program.wait_for("listening on https://");
        program
    }

    /// Sends a request of the owner from outside. The status is 0 if no response comes.
    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> Response {
        let mut claims = claims("alice");
        claims["client_ip"] = json!(CLIENT);
        self.send_with(Some(&self.main.sign(&claims)), method, path, body)
    }

    /// Sends a request with any token, or none.
    pub(crate) fn send_with(&self, token: Option<&str>, method: &str, path: &str, body: &Value) -> Response {
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let address = SocketAddr::new(GATEWAY.parse().unwrap(), 8443);
        let client = crate::client::Client { address, token: token.map(str::to_owned) };
        let text = client.text(method, path, &body.to_string());
        block_on(async {
            let none = || Response { status: 0, head: String::new(), json: Value::Null };
            let Ok(stream) = tokio::net::TcpStream::connect(address).await else { return none() };
            let connector = TlsConnector::from(Arc::new(config));
            match connector.connect(GATEWAY.try_into().unwrap(), stream).await {
                Ok(stream) => exchange(stream, text.as_bytes()).await,
                Err(_) => none(),
            }
        })
    }
}

/// Running program. It ends with the value.
pub(crate) struct Program {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl Program {
    /// Returns what it has said.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it says a line with this text.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !self.said().iter().any(|line| line.contains(text)) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "no {text:?} ({ended:?}): {:?}", self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until it has ended.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status,
                None => assert!(Instant::now() < deadline, "it does not end: {:?}", self.said()),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        assert!(std::process::Command::new("kill").arg(&id).status().unwrap().success());
        let status = self.ended();
        assert!(status.success(), "{status}: {:?}", self.said());
        self.wait_for_end_of_log();
        assert_eq!(self.said().last().map(String::as_str), Some("stopped"));
    }

    fn wait_for_end_of_log(&self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while self.said().last().is_none_or(|line| line != "stopped") && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
