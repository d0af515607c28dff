//! Parts of the package: its scripts, and one static program that needs nothing around it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use vra_client::package::{Package, Replay};
use vra_client::plugin::Action;

use crate::package;
use crate::site::simulated;

/// Returns the bytes of the program, which is the same for all actions, and checks the files of each.
fn program() -> Vec<u8> {
    let package = package();
    let bundle = Package::from_bytes(package.read("bundle.zip").unwrap());
    let mut programs = Vec::new();
    for action in Action::ALL {
        let id = format!("_{}.zip", action.name());
        let entries = bundle.entries().unwrap();
        let name = entries.iter().find(|entry| entry.ends_with(&id)).unwrap_or_else(|| panic!("{id} in {entries:?}"));
        let mut files = Package::from_bytes(bundle.read(name).unwrap()).entries().unwrap();
        files.sort();
        assert_eq!(files, ["ipam-plugin", "source.py"], "{name}");
        programs.push(bundle.read(&format!("{name}!ipam-plugin")).unwrap());
    }
    programs.dedup();
    assert_eq!(programs.len(), 1, "the actions have different programs");
    println!("package: {} bytes, program: {} bytes", package.as_bytes().len(), programs[0].len());
    programs.remove(0)
}

#[test]
#[ignore = "needs IPAM_VRA_PACKAGE, a package written by `ipam vra package`"]
fn each_action_has_its_script_and_a_static_program() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("program");
    fs::write(&path, program()).unwrap();
    match Command::new("ldd").arg(&path).env("LC_ALL", "C").output() {
        Ok(Output { stdout, stderr, .. }) => {
            let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
            assert!(text.contains("statically linked") || text.contains("not a dynamic executable"), "{text}");
        }
        Err(error) => println!("not run: ldd: {error}"),
    }
    let start = Replay::new(package(), Action::GetIpRanges).measure_program_start().unwrap().unwrap();
    println!("the program starts and ends within {:.1} ms", 1000.0 * start.as_secs_f64());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs IPAM_VRA_PACKAGE, a package written by `ipam vra package`"]
async fn the_program_runs_in_an_empty_root() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("program");
    fs::write(&path, program()).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    // Root may change its root; others may in a user namespace, where the system allows one.
    let ways: [&[&str]; 2] = [&["chroot"], &["unshare", "--user", "--map-root-user", "chroot"]];
    let command = |way: &[&str], action: &str| {
        let mut command = Command::new(way[0]);
        command.args(&way[1..]).arg(directory.path()).args(["/program", action]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let reports = |output: &Output| String::from_utf8_lossy(&output.stderr).contains("there is no action");
    let possible = ways.iter().find(|way| command(way, "nothing").output().is_ok_and(|output| reports(&output)));
    let Some(way) = possible else {
        let why = command(ways[0], "nothing").output();
        println!("not run: the root cannot be changed: {why:?}");
        return;
    };
    let simulated = simulated().await;
    let credentials = json!({"privateKeyId": "admin", "privateKey": "correct horse"});
    let call = json!({"inputs": simulated.site.sample("validate_endpoint"), "credentials": credentials});
    // No libc, no /dev, no certificates: what is left is the connection, whose certificate is the outcome.
    let output = tokio::task::block_in_place(|| {
        let mut child = command(way, "validate-endpoint").spawn().unwrap();
        child.stdin.take().unwrap().write_all(call.to_string().as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{output:?}");
    let outputs: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(outputs["error"]["errorCode"], "3002", "{outputs}");
}
