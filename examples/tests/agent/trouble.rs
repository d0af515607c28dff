//! Trouble that `ipam agent` has to live with: full disks, changed passwords, hostile peers and odd files.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use phpipam_client::testing::{Fault, When};

use crate::relay::{Relay, TOKEN, community};
use crate::stage::{NET, PASSWORD, Running, Stage, json};
use crate::support::ran;

/// Waits until something is true.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn report_of(host: &str) -> String {
    community("building7", NET, host).replace(r#""subnetId": "1", "#, "")
}

fn full() -> Stdio {
    Stdio::from(File::options().write(true).open("/dev/full").unwrap())
}

/// Runs a command that must end by itself within a minute.
fn ended(command: &mut Command) -> crate::support::Ran {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    ran(child.wait_with_output().unwrap())
}

#[test]
fn a_delivered_report_tells_what_the_relay_did() {
    let stage = Stage::new();
    let relay = Relay::start(&stage, "offline_after: 1h\n");
    let port = relay.address().rsplit(':').next().unwrap().to_owned();
    let settings = stage.settings(&format!("auth_token: {TOKEN}\nhttp_server: http://127.0.0.1\nhttp_port: {port}\n"));
    let once = |arguments: &[&str]| stage.run_with(&settings, arguments);
    stage.nmap(&["127.77.0.2"]);
    let dry = once(&["once", "--dry-run"]);
    assert!(dry.code == 0 && dry.out.contains("nothing was sent") && dry.out.contains("not known"), "{dry:?}");
    assert_eq!(stage.writes(), Vec::<String>::new());

    let first = once(&["once", "--json"]);
    let report = json(&first.out);
    assert_eq!((first.code, &report["totals"]["created"], &report["totals"]["found"]), (0, &1.into(), &1.into()));
    assert_eq!(report["delivered"], true);
    assert!(once(&["once"]).err.contains("0 new, 0 updated, 1 unchanged"), "the line of progress knows it, too");

    // A change that phpIPAM refuses is the relay's failure, and so the scanner's.
    stage.nmap(&["127.77.0.2", "127.77.0.3"]);
    let refused = When::any().method("POST").path("/addresses/").always();
    stage.server.fault(Fault::Status(400, "Broken by the test".to_owned()), refused);
    let ran = once(&["once"]);
    assert!(ran.code == 1 && ran.out.contains("failed") && ran.out.contains("127.77.0.3"), "{ran:?}");
    stage.server.clear_faults();
}

#[test]
fn passing_trouble_after_a_good_run_does_not_end_it() {
    let stage = Stage::new();
    stage.nmap(&["127.77.0.2"]);
    let settings = stage.settings("");
    let arguments = ["run", "--interval", "1s", "--subnet", NET];
    // In the first run, it is taken for a wrong setting.
    stage.assign_to(0);
    let first = ended(&mut stage.command(&settings, &arguments));
    assert!(first.code == 2 && first.err.contains(NET), "{first:?}");
    stage.assign_to(stage.agent);
    let mut child = Running::start(&mut stage.command(&settings, &arguments));
    let runs = || stage.server.count("PATCH", "/tools/scanagents/");
    until("a good run", || runs() >= 1);
    stage.assign_to(0);
    let reads = || stage.server.count("GET", "/tools/scanagents/");
    let before = reads();
    until("runs without the subnet", || reads() >= before + 3);
    stage.assign_to(stage.agent);
    let before = runs();
    until("a good run again", || runs() > before);
    assert!(child.is_running());
    stage.signal(child.id(), "TERM");
    let ended = child.end();
    assert!(ended.code == 0 && ended.err.contains("no subnet in this network"), "{ended:?}");
}

#[test]
fn a_password_that_is_changed_in_its_file_is_used() {
    let stage = Stage::new();
    stage.nmap(&["127.77.0.2"]);
    let password = stage.file("password", "wrong");
    let with_file =
        |text: String| text.replace(&format!("password: {PASSWORD}\n"), &format!("password_file: {password}\n"));
    let text = with_file(std::fs::read_to_string(stage.settings("")).unwrap());
    let settings = stage.file("file.yaml", &text);
    let child = Running::start(&mut stage.command(&settings, &["run", "--interval", "1s"]));
    let logins = || stage.server.count("POST", "/user/");
    until("a login", || logins() >= 1);
    // Failed logins are not repeated at once: the server would block this address.
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(logins(), 1);
    std::fs::write(&password, PASSWORD).unwrap();
    until("a good run", || !stage.hosts().is_empty());
    stage.signal(child.id(), "TERM");
    assert_eq!(child.end().code, 0);

    std::fs::write(&password, "wrong").unwrap();
    let mut relay = stage.command(
        &stage.file("relay.yaml", &format!("{text}auth_token: {TOKEN}\nrelay_listen: 127.0.0.1:0\n")),
        &["relay"],
    );
    let mut child = relay.stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    let address = loop {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ended before it listened");
        if let Some(address) = line.trim().strip_prefix("listening on http://") {
            break address.trim_end_matches('/').to_owned();
        }
    };
    let post = || post_from([127, 0, 0, 1], &address, &report_of("127.77.0.3"));
    assert!(post().starts_with("HTTP/1.1 502"));
    std::fs::write(&password, PASSWORD).unwrap();
    until("the relay logs in again", || post().starts_with("HTTP/1.1 200"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(stage.hosts(), ["127.77.0.2", "127.77.0.3"]);
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_ends_no_work() {
    let stage = Stage::new();
    stage.nmap(&["127.77.0.2"]);
    let settings = stage.settings("");
    let mut command = stage.command(&settings, &["once"]);
    assert_eq!(command.stdout(Stdio::null()).stderr(full()).status().unwrap().code(), Some(0));
    assert_eq!(stage.hosts(), ["127.77.0.2"]);
    stage.nmap(&["127.77.0.2", "127.77.0.3"]);
    let output = stage.command(&settings, &["once", "--json"]).stdout(full()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stage.hosts(), ["127.77.0.2", "127.77.0.3"], "the work is done first");
    // Wrong use is told by the code alone.
    let code = |arguments: &[&str]| stage.command("/nowhere", arguments).stderr(full()).status().unwrap().code();
    assert_eq!((code(&["once"]), code(&["once", "--json"]), code(&["--json", "twice"])), (Some(2), Some(2), Some(2)));

    let relay = Relay::start_with(&stage, "", &["relay", "--json"], full());
    for _ in 0..2 {
        assert_eq!(relay.report(&stage, report_of("127.77.0.4")).status, 200, "the response is sent");
    }
    let (code, log) = relay.end(&stage);
    assert!(code == 1 && log.contains("cannot be written") && !log.contains("panicked"), "{code}: {log}");
    assert_eq!(stage.hosts(), ["127.77.0.2", "127.77.0.3", "127.77.0.4"]);
}

/// Sends a report from an address of this machine. Returns the response, or the error as text.
fn post_from(from: [u8; 4], to: &str, body: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from((from, 0))).unwrap();
        socket.connect(to.parse().unwrap()).await.and_then(tokio::net::TcpStream::into_std)
    });
    let exchange = |mut stream: TcpStream| {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let length = body.len();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        Ok(response)
    };
    stream.and_then(exchange).unwrap_or_else(|error: std::io::Error| error.to_string())
}

#[cfg(target_os = "linux")]
#[test]
fn peers_without_the_token_do_not_keep_out_those_with_it() {
    let stage = Stage::new();
    let relay = Relay::start(&stage, "relay_connections: 16\n");
    let address = relay.address();
    let half = || {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(b"POST / HTTP/1.1\r\nHost: re").unwrap();
        stream
    };
    let mut open: Vec<TcpStream> = (0..200).map(|_| half()).collect();
    let started = Instant::now();
    for (from, host) in [([127, 0, 0, 2], "127.77.0.2"), ([127, 0, 0, 1], "127.77.0.3")] {
        let response = post_from(from, &address, &report_of(host));
        assert!(response.starts_with("HTTP/1.1 200"), "{from:?}: {response}");
        open.extend((0..50).map(|_| half()));
    }
    assert!(started.elapsed() < Duration::from_secs(4), "no half-open connection was waited for");
    assert_eq!(stage.hosts(), ["127.77.0.2", "127.77.0.3"]);
    // Few of them are left, and these not for long.
    let left = |stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        matches!((&mut &*stream).read(&mut [0; 64]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    };
    until("all but four are closed", || open.iter().filter(|stream| left(stream)).count() <= 4);
    until("the others are closed, too", || open.iter().filter(|stream| left(stream)).count() == 0);
    assert_eq!(relay.end(&stage).0, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn the_memory_of_the_relay_is_bounded() {
    let stage = Stage::new();
    let relay = Relay::start(&stage, "");
    let body = |results: String| format!(r#"{{"code":"building7","scan":{{"subnet":"{NET}","tz":"+0000",{results}"#);
    let fill = |item: &str| item.repeat((15 << 20) / item.len());
    let ids = format!(r#""results":[{{"ip":"127.77.0.2","subnetId":[{}"#, fill("0,"));
    let bodies = [
        body(format!(r#""results":[{}"#, fill(r#"{"":0},"#))),
        body(format!(r#""results":[{}"#, fill(r#"{"ip":"127.77.0.2","lastSeen":""},"#))),
        body(format!(r#""asked":[{}"#, fill(r#""127.77.0.2","#))),
        body(ids),
    ];
    std::thread::scope(|scope| {
        for body in &bodies {
            scope.spawn(|| {
                let response = post_from([127, 0, 0, 1], &relay.address(), body);
                assert!(response.starts_with("HTTP/1.1 4"), "{response}");
            });
        }
    });
    let status = std::fs::read_to_string(format!("/proc/{}/status", relay.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim();
    let kib: u64 = peak.split(' ').next().unwrap().parse().unwrap();
    assert!(kib < 400 << 10, "{peak}");
    assert_eq!(relay.report(&stage, report_of("127.77.0.2")).status, 200);
}

#[test]
fn pipes_and_devices_in_the_place_of_files_do_not_hang_it() {
    let stage = Stage::new();
    let pipe = stage.pipe("pipe");
    for file in ["/dev/zero", &pipe] {
        let ran = ended(&mut stage.command(file, &["once"]));
        assert!(ran.code == 2 && ran.err.contains("not a regular file"), "{file}: {ran:?}");
        let settings = stage.settings(&format!("auth_token_file: {file}\n"));
        let ran = ended(&mut stage.command(&settings, &["once"]));
        assert!(ran.code == 2 && ran.err.contains("auth_token_file"), "{file}: {ran:?}");
        let tls = format!("auth_token: {TOKEN}\nrelay_cert: {file}\nrelay_key: {file}\n");
        let ran = ended(&mut stage.command(&stage.settings(&tls), &["relay"]));
        assert!(ran.code == 2 && ran.err.contains("relay_cert"), "{file}: {ran:?}");
    }
    stage.nmap(&["127.77.0.2"]);
    let ran = ended(&mut stage.command(&stage.settings(&format!("cache_file: {pipe}\n")), &["once"]));
    assert!(ran.code == 0 && ran.err.contains("it is not a file"), "{ran:?}");
}

#[test]
fn quiet_runs_print_trouble_only() {
    let stage = Stage::new();
    stage.nmap(&["127.77.0.2"]);
    // Not readable by others, which would be worth a note.
    let settings = stage.settings("");
    std::fs::set_permissions(&settings, std::fs::Permissions::from_mode(0o600)).unwrap();
    let run = |arguments: &[&str]| stage.run_with(&settings, arguments);
    let ran = run(&["once", "--quiet"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    assert!(run(&["--quiet", "once", "--dry-run"]).out.contains("dry run"));
    stage.broken_nmap();
    let ran = run(&["once", "--quiet"]);
    assert!(ran.code == 5 && ran.out.contains("incomplete") && ran.err.is_empty(), "{ran:?}");
}
