//! `ipam vra package` with a ready program: the package, refusals, and an existing file that stays as it was.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use serde_json::{Value, json};
use support::{Ran, Shell, run};
use vra_client::package::{Form, Package};

/// Returns an ELF file of this type and machine whose only segment has this type.
fn elf(file_type: u8, machine: u8, segment: u8) -> Vec<u8> {
    let mut program = vec![0_u8; 120];
    let header = [0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, file_type, 0, machine, 0];
    program[..20].copy_from_slice(&header);
    for (at, value) in [(20, 1), (24, 1), (32, 64), (52, 64), (54, 56), (56, 1), (58, 64), (64, segment)] {
        program[at] = value;
    }
    program
}

/// A directory with a program, and the command on them.
struct Site(Shell);

impl Site {
    fn new() -> Self {
        let shell = Shell::new();
        std::fs::write(shell.path("program"), elf(2, 62, 1)).unwrap();
        Self(shell)
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        std::fs::write(self.0.path(name), content).unwrap();
        self.path(name)
    }

    fn path(&self, name: &str) -> String {
        self.0.path(name).display().to_string()
    }

    fn package(&self, out: &str, arguments: &[&str]) -> Ran {
        let (out, program) = (self.path(out), self.path("program"));
        run(None, &[&["vra", "package", "--out", &out, "--program", &program], arguments].concat())
    }

    fn read(&self, name: &str) -> Package {
        Package::from_bytes(std::fs::read(self.path(name)).unwrap())
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.0.directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn text(package: &Package, name: &str) -> String {
    String::from_utf8(package.read(name).unwrap()).unwrap()
}

#[test]
fn the_package_has_all_actions_and_the_form_of_phpipam() {
    let site = Site::new();
    let ran = site.package("x.zip", &["--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let said: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(said["actions"].as_array().unwrap().len(), 8);
    assert_eq!(said["bytes"], std::fs::metadata(site.path("x.zip")).unwrap().len());
    assert_eq!(said["program"], json!({ "bytes": 120, "build": "given", "sha256": said["program"]["sha256"] }));
    assert_eq!(said["sha256"].as_str().unwrap().len(), 64);

    let package = site.read("x.zip");
    let registration = text(&package, "registration.yaml");
    assert!(registration.starts_with("name: \"phpIPAM\"\n"), "{registration}");
    assert!(registration.contains(&format!("version: \"{}\"", env!("CARGO_PKG_VERSION"))), "{registration}");
    let form: Value = serde_json::from_str(&text(&package, "endpoint-schema.json")).unwrap();
    for field in ["privateKeyId", "privateKey", "hostName", "apiAppId"] {
        assert_eq!(form["schema"][field]["constraints"]["required"], true, "{field}");
    }
    assert_eq!(package.read("bundle.zip!phpIPAM_AllocateIP.zip!ipam-plugin").unwrap(), elf(2, 62, 1));

    let table = site.package("x.zip", &[]);
    assert!(table.out.starts_with("FILE") && table.out.contains("given"), "{table:?}");
}

#[test]
fn two_runs_give_the_same_bytes_in_any_place() {
    let (one, two) = (Site::new(), Site::new());
    for (site, out) in [(&one, "a.zip"), (&two, "b.zip")] {
        assert_eq!(site.package(out, &["--version", "2.1.0"]).code, 0);
    }
    assert_eq!(one.read("a.zip"), two.read("b.zip"));
}

#[test]
fn arguments_reach_the_package() {
    let site = Site::new();
    let mut form = Form::new("Other").to_json().unwrap();
    form["schema"]["hostName"]["label"] = "Appliance".into();
    let form = site.file("form.json", form.to_string().as_bytes());
    let changes = site.file("changes.md", b"# 3.0\n- all new\n");
    let ran = site.package(
        "x.zip",
        &[
            "--name",
            "Other",
            "--version",
            "3.0",
            "--description",
            "Others",
            "--form",
            &form,
            "--changelog",
            &changes,
            "--timeout",
            "120",
            "--memory",
            "1000",
            "--without-update",
            "--without-networks",
            "--without-address-spaces",
        ],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let package = site.read("x.zip");
    assert_eq!(text(&package, "CHANGELOG.md"), "# 3.0\n- all new\n");
    assert!(text(&package, "endpoint-schema.json").contains("Appliance"));
    let registration = text(&package, "registration.yaml");
    for line in ["name: \"Other\"", "description: \"Others\"", "version: \"3.0\"", "  supportsAddressSpaces: false"] {
        assert!(registration.lines().any(|found| found == line), "{line} in\n{registration}");
    }
    assert!(!registration.contains("Other_Update") && !registration.contains("IPBlocks"), "{registration}");
    let abx = text(&package, "bundle.zip!Other_GetIPRanges.abx");
    assert!(abx.contains("timeoutSeconds: 120\n") && abx.contains("memoryInMB: 1000\n"), "{abx}");
    assert!(package.read("bundle.zip!Other_Update.abx").is_err());
}

#[test]
fn the_form_has_no_fields_of_parts_that_are_left_out() {
    let site = Site::new();
    let ids = |arguments: &[&str]| {
        let ran = site.package("x.zip", arguments);
        assert_eq!(ran.code, 0, "{ran:?}");
        let form: Value = serde_json::from_str(&text(&site.read("x.zip"), "endpoint-schema.json")).unwrap();
        form["schema"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    let (all, less) = (ids(&[]), ids(&["--without-networks", "--without-address-spaces"]));
    let mut left_out: Vec<_> = all.iter().filter(|id| !less.contains(id)).map(String::as_str).collect();
    left_out.sort_unstable();
    assert_eq!(left_out, ["addressSpace", "blockField", "blockValue", "rangeFields", "rangeMarkField"]);
}

#[test]
fn what_is_refused_is_named_and_an_existing_file_stays() {
    let site = Site::new();
    std::fs::write(site.path("x.zip"), "old").unwrap();
    let script = site.file("script", b"#!/bin/sh\n");
    let arm = site.file("arm", &elf(2, 183, 1));
    let dynamic = site.file("dynamic", &elf(2, 62, 3));
    let large = site.file("large", &vec![0; (1 << 20) + 1]);
    let no_json = site.file("no.json", b"{");
    let half_form = site.file("half.json", br#"{"schema": {}, "layout": {"pages": []}}"#);
    let before = site.names();
    for (arguments, named) in [
        (vec!["--name", "my ipam"], "name \"my ipam\""),
        (vec!["--version", "one"], "version \"one\""),
        (vec!["--logo", &script], "logo"),
        (vec!["--logo", &large], "give a smaller file"),
        (vec!["--changelog", "/nowhere/changes.md"], "changelog /nowhere/changes.md"),
        (vec!["--form", &no_json], "write JSON"),
        (vec!["--form", &half_form], "schema.privateKeyId"),
        (vec!["--timeout", "5"], "timeout"),
        (vec!["--memory", "5"], "memory"),
    ] {
        // The program is wrong too: the other parts are checked before it, so before a build as well.
        let ran = site.package("x.zip", &[arguments.as_slice(), &["--json"]].concat());
        let said: Value = serde_json::from_str(&ran.err).unwrap();
        assert_eq!((ran.code, said["error"]["exit_code"].as_i64()), (2, Some(2)), "{ran:?}");
        assert!(said["error"]["message"].as_str().unwrap().contains(named), "{arguments:?}: {ran:?}");
    }
    let out = site.path("x.zip");
    for (program, named) in
        [(&script, "not an ELF file"), (&arm, "machine 183"), (&dynamic, "dynamically linked"), (&out, "not an ELF")]
    {
        let ran = run(None, &["vra", "package", "--out", &out, "--program", program]);
        assert!(ran.code == 2 && ran.err.contains(named) && ran.err.contains("--program"), "{ran:?}");
    }
    assert_eq!(std::fs::read(&out).unwrap(), b"old");
    assert_eq!(site.names(), before, "no temporary file is left");
}

#[test]
fn a_place_that_cannot_be_written_is_refused_first() {
    let site = Site::new();
    // A program that is not there shows that the place is checked before it is read or built.
    for (out, named) in [(site.path("no/x.zip"), "make it first"), (site.path(""), "is a directory")] {
        let ran = run(None, &["vra", "package", "--out", &out, "--program", "/nowhere"]);
        assert!(ran.code == 2 && ran.err.contains(named), "{ran:?}");
    }
    let ran = run(None, &["vra", "package", "--out", &site.path("x.zip"), "--program", "/nowhere"]);
    assert!(ran.code == 2 && ran.err.contains("program /nowhere"), "{ran:?}");
    assert!(!Path::new(&site.path("x.zip")).exists());
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn without_cargo_or_a_target_the_remedies_are_named() {
    use std::os::unix::fs::PermissionsExt as _;

    let site = Site::new();
    let ran = support::command(None, &["vra", "package", "--out", &site.path("x.zip")])
        .env("CARGO", "/nowhere/cargo")
        .output()
        .unwrap();
    let ran = support::ran(ran);
    assert!(ran.code == 2 && ran.err.contains("/nowhere/cargo") && ran.err.contains("--program"), "{ran:?}");

    // A compiler without any target.
    let tool = |name: &str, text: &str| {
        let path = site.file(name, format!("#!/bin/sh\n{text}\n").as_bytes());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let (cargo, rustc) = (tool("cargo", "echo cargo 1"), tool("rustc", "echo /nowhere"));
    let ran = support::command(None, &["vra", "package", "--out", &site.path("x.zip"), "--json"])
        .env("CARGO", cargo)
        .env("RUSTC", rustc)
        .output()
        .unwrap();
    let ran = support::ran(ran);
    let remedies = ["rustup target add x86_64-unknown-linux-musl", "--program"];
    assert!(ran.code == 2 && remedies.iter().all(|remedy| ran.err.contains(remedy)), "{ran:?}");
    assert!(!Path::new(&site.path("x.zip")).exists());
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn a_build_that_fails_or_is_stopped_leaves_the_file_as_it_was() {
    use std::os::unix::fs::PermissionsExt as _;

    let site = Site::new();
    std::fs::write(site.path("x.zip"), "old").unwrap();
    let cargo = |text: &str| {
        let text = format!("#!/bin/sh\n[ \"$1\" = --version ] && exit 0\n{text}\n");
        let path = site.file("cargo", text.as_bytes());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    let out = site.path("x.zip");
    let path = cargo("echo '   Compiling x v1' >&2; echo 'error: no such crate' >&2; exit 101");
    let ran =
        support::ran(support::command(None, &["vra", "package", "--out", &out]).env("CARGO", path).output().unwrap());
    assert!(ran.code == 1 && ran.err.contains("no such crate") && ran.err.contains("--program"), "{ran:?}");

    // Replaced by exec, so that the process that is stopped is the one that was started.
    let path = cargo(&format!("echo $$ > {}; exec sleep 60", site.path("pid")));
    let child = support::command(None, &["vra", "package", "--out", &out, "--json"])
        .env("CARGO", path)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let pid = loop {
        match std::fs::read_to_string(site.path("pid")) {
            Ok(pid) if pid.ends_with('\n') => break pid.trim().to_owned(),
            _ => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    };
    let kill = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let ran = support::ran(child.wait_with_output().unwrap());
    assert!(ran.code == 143 && ran.err.contains("nothing was written"), "{ran:?}");
    // A process that ended may still be listed until it is reaped, but runs no more.
    let state = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    for _ in 0..250 {
        if state().is_empty() || state().contains(") Z ") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(state().is_empty() || state().contains(") Z "), "cargo still runs: {}", state());
    assert_eq!(std::fs::read(&out).unwrap(), b"old");
}
