//! The program: its start, its checks, and its end by signals.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::client::{Client, ISSUER, Main};

/// Directory with the settings of a gateway.
struct Setup {
    directory: tempfile::TempDir,
    main: Main,
}

impl Setup {
    fn new() -> Self {
        let (directory, main) = (tempfile::tempdir().unwrap(), Main::new());
        let path = |name: &str| directory.path().join(name).display().to_string();
        std::fs::write(path("token.pem"), main.pem()).unwrap();
        // A stand-in that refuses, as nft does without rights: the tests of the firewall use the real one.
        std::fs::write(path("nft"), "#!/bin/sh\necho 'Operation not permitted' >&2\nexit 1\n").unwrap();
        std::fs::set_permissions(path("nft"), PermissionsExt::from_mode(0o755)).unwrap();
        let text = format!(
            "name = \"alice.lab.example\"\n[api]\nlisten = \"127.0.0.1:0\"\n[token]\nkey_file = \"{}\"\nalgorithm = \
             \"EdDSA\"\nissuer = \"{ISSUER}\"\n[lab]\nprovider = \"embedded:{}\"\nnetworks = \
             [\"10.0.0.0/24\"]\n[outside]\ninterface = \"lo\"\naddress = \"192.0.2.7\"\n[store]\npath = \
             \"{}\"\n[firewall]\nnft = \"{}\"\n[reachability]\nenabled = false\n",
            path("token.pem"),
            path("ipam.db"),
            path("portmaps.db"),
            path("nft"),
        );
        std::fs::write(path("gateway.toml"), text).unwrap();
        Self { directory, main }
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lab-gateway"));
        command.arg("--config").arg(self.directory.path().join("gateway.toml")).arg(verb);
        command.stderr(Stdio::piped());
        command
    }

    /// Starts the gateway, and waits until it listens.
    fn start(&self) -> (Child, Client) {
        let mut child = self.command("run").spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find(|line| line.starts_with("listening on ")).expect("it does not listen");
        // Read to the end, so that the program is never held up.
        std::thread::spawn(move || lines.for_each(drop));
        let address = line.trim_start_matches("listening on http://").parse().unwrap();
        (child, Client { address, token: Some(self.main.token("alice")) })
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

fn end(child: &mut Child, signal: Signal) -> std::process::ExitStatus {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
    for _ in 0..300 {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let _ = child.kill();
    panic!("it does not end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_serves_and_stops_at_a_signal_with_everything_closed() {
    let setup = Setup::new();
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let (mut child, client) = setup.start();
        assert_eq!(client.get("/api/1/ipam/addr").await.status, 200);
        let refused = client.map("10.0.0.5", 22, "web1").await;
        assert_eq!(refused.status, 503, "{refused:?}");
        assert!(refused.kind().starts_with("firewall_"), "{refused:?}");
        assert!(end(&mut child, signal).success(), "{signal}");
        assert!(!setup.path().join("ipam.db-wal").exists(), "the provider was closed");
    }
}

#[test]
fn a_second_gateway_on_the_same_store_is_refused() {
    let setup = Setup::new();
    let (mut child, _) = setup.start();
    let second = setup.command("run").output().unwrap();
    let text = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{text}");
    assert!(text.contains("another process uses the store"), "{text}");
    // A killed one leaves no lock.
    end(&mut child, Signal::SIGKILL);
    let (mut third, _) = setup.start();
    assert!(end(&mut third, Signal::SIGTERM).success());
}

#[test]
fn check_says_what_is_wrong_and_makes_nothing() {
    let setup = Setup::new();
    let output = setup.command("check").output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("firewall: FAILED: ") && text.contains("token: ok: "), "{text}");
    for name in ["ipam.db", "portmaps.db"] {
        assert!(!setup.path().join(name).exists(), "{name} was made by a look");
    }
    let wrong = setup.command("check").env("LAB_GATEWAY_API_LISTEN", "0.0.0.0:80").output().unwrap();
    let text = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert_eq!(wrong.status.code(), Some(78), "{text}");
    assert!(text.contains("api.listen is \"0.0.0.0:80\""), "{text}");
    for scheme in ["nosuch:x", "phpipam+https://u:hunter2@h/app"] {
        let wrong = setup.command("run").env("LAB_GATEWAY_LAB_PROVIDER", scheme).output().unwrap();
        let text = String::from_utf8_lossy(&wrong.stderr).into_owned();
        assert_eq!(wrong.status.code(), Some(78), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
