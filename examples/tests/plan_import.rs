//! Imports plans as people and servers write them: each file is small, and what becomes of it is compared.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

struct Store(TempDir);

impl Store {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let url = format!("embedded:{}", self.0.path().join("ipam.db").display());
        let program = env!("CARGO_BIN_EXE_ipam");
        Command::new(program).env("IPAM_PROVIDER", url).env_remove("RUST_BACKTRACE").args(arguments).output().unwrap()
    }

    fn ok(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--json"]].concat());
        assert!(ran.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
        serde_json::from_slice(&ran.stdout).unwrap()
    }

    /// The error, and the exit code.
    fn fails(&self, arguments: &[&str]) -> (String, i32) {
        let ran = self.run(arguments);
        (String::from_utf8(ran.stderr).unwrap(), ran.status.code().unwrap())
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// The files of the store's directory, with their sizes.
    fn files(&self) -> BTreeSet<(String, u64)> {
        let entries = std::fs::read_dir(self.0.path()).unwrap().map(Result::unwrap);
        entries
            .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.metadata().unwrap().len()))
            .collect()
    }
}

fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plan").join(name).display().to_string()
}

/// The only range after an import.
fn imported(arguments: &[&str]) -> (Value, Value) {
    let store = Store::new();
    let done = store.ok(&[&["plan", "import"], arguments].concat());
    assert_eq!(done["imported"], true, "{done:#}");
    let ranges = store.ok(&["ranges", "list"]);
    (ranges[0].clone(), done)
}

#[test]
fn a_single_object_is_a_list_of_one() {
    let (range, done) = imported(&["--format", "phpipam", &fixture("one_subnet_alone.json")]);
    assert_eq!((&range["net"], &done["added"]), (&json!("192.168.1.0/24"), &json!(1)));
    // It is also recognised without being told.
    let (range, _) = imported(&[&fixture("one_subnet_alone.json")]);
    assert_eq!(range["net"], "192.168.1.0/24");
}

#[test]
fn a_single_address_is_the_gateway_and_never_handed_out() {
    let store = Store::new();
    let (subnets, addresses) = (fixture("one_subnet.json"), fixture("one_gateway_alone.json"));
    store.ok(&["plan", "import", &subnets, "--addresses", &addresses]);
    assert_eq!(store.ok(&["ranges", "list"])[0]["network"]["gateway"], "10.0.0.1");
    assert_eq!(store.ok(&["allocate", "1", "--owner", "vm"])["lines"][0][0]["address"], "10.0.0.2");
}

#[test]
fn what_is_no_list_is_refused_with_what_it_is() {
    let store = Store::new();
    for (text, said) in [
        (r#"{"code":200,"success":true,"data":"Subnet updated"}"#, "found the text \"Subnet updated\""),
        (r#"{"code":200,"success":true,"data":7}"#, "found the number 7"),
        (r#"{"code":200,"success":true}"#, "found no data"),
        (r#"{"code":401,"success":false,"message":"Unauthorized"}"#, "the server said \"Unauthorized\", code 401"),
        (r#"{"code":200,"success":true,"data":{"token":"x"}}"#, "found an object without an id"),
    ] {
        let file = store.file("response.json", text);
        let (error, code) = store.fails(&["plan", "import", "--format", "phpipam", &file]);
        assert!(code == 2 && error.contains(said), "{text}: {code} {error}");
        let list = fixture("one_subnet.json");
        for other in ["--addresses", "--vlans", "--nameservers"] {
            let (error, code) = store.fails(&["plan", "import", &list, other, &file]);
            assert!(code == 2 && error.contains(said), "{other} {text}: {code} {error}");
        }
    }
    let file = store.file("response.json", r#"{"code":404,"success":false,"message":"No subnets found"}"#);
    assert_eq!(store.ok(&["plan", "import", &file])["added"], 0, "the server says that there is none");
}

#[test]
fn custom_fields_need_no_prefix() {
    let (range, _) = imported(&[&fixture("custom_fields_without_prefix.json")]);
    let expected = json!({
        "sectionId": "4", "customer_type": "res", "csid": "C-1001", "Reverse DNS": "Unverified",
    });
    assert_eq!(range["properties"], expected);
}

#[test]
fn a_vlan_number_that_is_none_of_802_1q_is_kept_as_a_property_and_noted() {
    for (vlans, number) in [("vlans_5000.json", "5000"), ("vlans_70000.json", "70000")] {
        let (range, done) = imported(&[&fixture("subnets_with_vlan.json"), "--vlans", &fixture(vlans)]);
        assert_eq!(done["added"], 2);
        assert_eq!((&range["network"]["vlan"], &range["properties"]["vlan_number"]), (&Value::Null, &json!(number)));
        let note = done["notes"][0].as_str().unwrap();
        assert!(note.contains(number) && note.contains("1 to 4094"), "{note}");
    }
}

#[test]
fn a_gateway_named_in_the_row_is_never_handed_out() {
    let store = Store::new();
    store.ok(&["plan", "import", &fixture("gateway_in_row.json")]);
    assert_eq!(store.ok(&["ranges", "list"])[0]["network"]["gateway"], "192.168.1.1");
    assert_eq!(store.ok(&["allocate", "22", "--owner", "vm"])["lines"][0][0]["address"], "192.168.1.2");
}

#[test]
fn tables_of_every_spreadsheet_are_read() {
    for file in ["semicolons.csv", "tabs.tsv", "trailing_columns.csv", "netmask.csv"] {
        let (range, _) = imported(&[&fixture(file)]);
        assert_eq!((&range["id"], &range["net"]), (&json!("lan"), &json!("10.0.0.0/24")), "{file}");
    }
    let store = Store::new();
    store.ok(&["plan", "import", &fixture("semicolons.csv")]);
    assert_eq!(store.ok(&["find", "10.0.0.5"])[0]["owner"], "Doe, Jane");
    let pipes = store.file("pipes.csv", "kind|id|net\nrange|lan|10.0.0.0/24\n");
    let (error, code) = store.fails(&["plan", "import", &pipes]);
    assert!(code == 2 && error.contains("between commas, semicolons or tabs"), "{error}");
}

#[test]
fn a_dry_run_creates_no_store_and_changes_none() {
    let store = Store::new();
    let plan = fixture("netmask.csv");
    let before = store.files();
    let done = store.ok(&["plan", "import", "--dry-run", &plan]);
    assert_eq!((&done["added"], &done["imported"]), (&json!(1), &json!(false)));
    assert_eq!(store.files(), before, "the dry run left something");
    store.ok(&["plan", "import", &plan]);
    let written = std::fs::read(store.0.path().join("ipam.db")).unwrap();
    let done = store.ok(&["plan", "import", "--dry-run", &plan]);
    assert_eq!((&done["added"], &done["unchanged"]), (&json!(0), &json!(1)));
    assert_eq!(std::fs::read(store.0.path().join("ipam.db")).unwrap(), written);
    // A file that is no store is refused, and left as it is.
    let store = Store::new();
    store.file("ipam.db", "this is no store, and long enough to be looked at as one would be");
    let before = store.files();
    let (error, code) = store.fails(&["plan", "import", "--dry-run", &plan]);
    assert!(code != 0, "{error}");
    assert_eq!(store.files(), before);
}

#[test]
fn a_store_with_the_names_of_earlier_versions_is_not_filled_a_second_time() {
    let store = Store::new();
    store.ok(&["ranges", "add", "subnet-22", "192.168.1.0/24", "--space", "section-1"]);
    let (error, code) = store.fails(&["plan", "import", &fixture("gateway_in_row.json")]);
    assert!(code == 1, "{error}");
    let done: Value = {
        let ran = store.run(&["plan", "import", "--json", &fixture("gateway_in_row.json")]);
        serde_json::from_slice(&ran.stdout).unwrap()
    };
    let reason = done["rows"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("the store has it as subnet-22 in the space section-1"), "{reason}");
    assert_eq!(store.ok(&["ranges", "list"]).as_array().unwrap().len(), 1, "nothing was added");
    store.ok(&["ranges", "remove", "subnet-22"]);
    assert_eq!(store.ok(&["plan", "import", &fixture("gateway_in_row.json")])["added"], 1);
}
