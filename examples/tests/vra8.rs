//! Runs `ipam vra8` over a server in this process: each verb, both forms of output, exit codes, each login.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::net::IpAddr;

use serde_json::{Value, json};
use support::Ran;
use vra_client::testing::v8::{Item, Release, Server, ServerBuilder, User};
use vra_client::testing::{Fault, When};

const IPAM_SECRET: &str = "hunter2 of the IPAM";

/// Runs the program with the server's URL, and with this login in the environment.
async fn run_as(server: &Server, login: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command = support::command(None, &[&["vra8", "--allow-http"], arguments].concat());
    command.env("IPAM_VRA_URL", server.url()).env("IPAM_PASSWORD", IPAM_SECRET);
    command.envs(login.iter().copied());
    let ran = tokio::task::spawn_blocking(move || command.output());
    let ran = support::ran(ran.await.unwrap().unwrap());
    // All tokens of the server begin so, and no run may print one, whatever else it is about.
    for secret in ["eyJ", "refresh-", Server::PASSWORD, IPAM_SECRET] {
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{secret} is shown: {ran:?}");
    }
    ran
}

async fn run(server: &Server, arguments: &[&str]) -> Ran {
    let login = [("IPAM_VRA_USER", Server::USER), ("IPAM_VRA_PASSWORD", Server::PASSWORD)];
    run_as(server, &login, arguments).await
}

async fn ok(server: &Server, arguments: &[&str]) -> String {
    let ran = run(server, arguments).await;
    assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
    ran.out
}

async fn json(server: &Server, arguments: &[&str]) -> Value {
    let out = ok(server, &[arguments, &["--json"]].concat()).await;
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
}

fn example() -> ServerBuilder {
    Server::builder().example_data().polls_in_progress(1)
}

/// Arguments of waits that do not make the tests slow.
const QUICK: [&str; 2] = ["--pause", "10ms"];

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_requested_and_its_deployment_deleted() {
    let server = example().start().await.unwrap();
    let shop = Item::new("Shop")
        .with_machine("front", "lab-net")
        .with_machine("back", "dhcp-net")
        .with_required_input("size", json!({"type": "string", "enum": ["small", "large"]}))
        .with_input("ticket", json!({"type": "string"}))
        .with_input("cpu", json!({"type": "integer", "maximum": 8}));
    server.seed(|store| store.add_item(shop));
    let items = ok(&server, &["items", "--project", "Development"]).await;
    assert!(items.contains("Ubuntu with DHCP") && items.contains("Development"), "{items}");
    assert_eq!(json(&server, &["items", "--search", "shop"]).await.as_array().unwrap().len(), 1);

    let request = ["request", "Shop", "--project", "Development", "--name", "shop 1", "--reason", "a test"];
    let inputs = ["--set", "size=small", "--set", "ticket=42", "--set", "cpu=2"];
    let made = json(&server, &[&request[..], &inputs[..], &QUICK[..]].concat()).await;
    assert_eq!((&made["status"], made["resources"].as_array().unwrap().len()), (&json!("CREATE_SUCCESSFUL"), 2));
    let id = made["deployment"].as_str().unwrap();

    let deployments = json(&server, &["deployments", "--name", "shop 1"]).await;
    assert_eq!((&deployments[0]["id"], &deployments[0]["inputs"]["ticket"]), (&json!(id), &json!("42")));
    let shown = ok(&server, &["deployments", "--project", "Development", "--status", "create_successful"]).await;
    assert!(shown.contains("shop 1") && shown.contains(Server::USER), "{shown}");
    assert!(ok(&server, &["deployments", "--status", "CREATE_FAILED"]).await.contains("no deployments"));
    // By name and by id.
    for deployment in ["shop 1", id] {
        let resources = ok(&server, &["resources", deployment]).await;
        assert!(resources.contains("front") && resources.contains("10.10.20.10"), "{resources}");
        let addresses = json(&server, &["addresses", deployment]).await;
        let front = addresses.as_array().unwrap().iter().find(|row| row["machine"] == "front").unwrap();
        assert_eq!((&front["network"], &front["addresses"]), (&json!("lab-net"), &json!(["10.10.20.10"])));
    }
    assert!(ok(&server, &["addresses", id]).await.contains("10.10.20.10"));

    let gone = json(&server, &[&["delete", "shop 1"][..], &QUICK[..]].concat()).await;
    assert_eq!(gone, json!({"deployment": id, "deleted": true}));
    assert!(ok(&server, &["deployments"]).await.contains("no deployments"));
    assert_eq!(run(&server, &["addresses", "shop 1"]).await.code, 4);
    assert_eq!(
        server.count("POST", "/iaas/api/login"),
        server.count("POST", "/auth/logout"),
        "each run ends its token"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_not_waited_for_goes_on() {
    let server = example().start().await.unwrap();
    let request = ["request", "Ubuntu", "--project", "Development", "--name", "web", "--no-wait"];
    let made = json(&server, &request).await;
    assert_eq!(made["status"], Value::Null);
    // The name is unique, so that the same command makes no second deployment.
    let again = run(&server, &request).await;
    assert!(again.code == 2 && again.err.contains("exists already"), "{again:?}");
    assert_eq!(server.seed(|store| store.deployment_count()), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_a_range_are_allocated_and_released() {
    let server = example().start().await.unwrap();
    let range = server.seed(|store| store.ip_range("lab-static")).unwrap();
    let first = ok(&server, &[&["allocate", "lab-static", "--description", "printer"][..], &QUICK[..]].concat()).await;
    assert_eq!(first, "10.10.20.10\n");
    let more = json(&server, &[&["allocate", &range, "--count", "2"][..], &QUICK[..]].concat()).await;
    assert_eq!(more, json!({"range": range, "addresses": ["10.10.20.11", "10.10.20.12"]}));
    ok(&server, &[&["allocate", "lab-static", "10.10.20.50", "10.10.20.51"][..], &QUICK[..]].concat()).await;
    let counts = json(&server, &["ranges"]).await;
    assert_eq!((&counts[0]["name"], &counts[0]["numberOfAllocatedIPs"]), (&json!("lab-static"), &json!(5)));
    let shown = ok(&server, &["ranges"]).await;
    assert!(shown.contains("lab-static") && shown.contains(" 85"), "{shown}");

    let release = ["release", "lab-static", "10.10.20.50", "10.10.20.11"];
    assert_eq!(ok(&server, &[&release[..], &QUICK[..]].concat()).await, "released 10.10.20.50, 10.10.20.11\n");
    let held: Vec<IpAddr> = server.seed(|store| store.allocated(&range));
    assert_eq!(held, ["10.10.20.10", "10.10.20.12", "10.10.20.51"].map(|text| text.parse::<IpAddr>().unwrap()));
    let addresses = ok(&server, &["ranges", "lab-static"]).await;
    assert!(addresses.contains("printer") && addresses.contains("RELEASED"), "{addresses}");
    let again = run(&server, &[&release[..], &QUICK[..]].concat()).await;
    assert!(again.code == 1 && again.err.contains("10.10.20.50 is not allocated"), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_imported_and_its_range_attached() {
    let server = example().start().await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    // More than one part of the upload.
    std::fs::write(file.path(), [b"PK\x03\x04".as_slice(), &[7; 3 << 20]].concat()).unwrap();
    let import = ["package", "import", file.path().to_str().unwrap()];
    let imported = json(&server, &import).await;
    let package = imported["provider"].as_str().unwrap().to_owned();
    assert_eq!((server.seed(|store| store.package_count()), server.count("PATCH", "/package-import/")), (1, 4));
    let again = run(&server, &import).await;
    assert!(again.code == 1 && again.err.contains("--overwrite replaces it"), "{again:?}");
    assert!(ok(&server, &[&import[..], &["--overwrite"]].concat()).await.contains(&package));
    assert_eq!(server.seed(|store| store.package_count()), 1);
    std::fs::write(file.path(), "no archive").unwrap();
    let refused = run(&server, &import).await;
    assert!(refused.code == 2 && refused.err.contains("not a zip archive"), "{refused:?}");
    let add = ["--package", &package, "--host", "ipam.example", "--ipam-user", "admin", "--field", "appId=vra"];
    let checked = ok(&server, &[&["integrations", "add", "acme", "--check"][..], &add[..], &QUICK[..]].concat()).await;
    assert_eq!(checked, "integration acme can be added\n");
    assert!(ok(&server, &["integrations", "list"]).await.contains("no integrations"));
    let added = json(&server, &[&["integrations", "add", "acme"][..], &add[..], &QUICK[..]].concat()).await;
    let integrations = json(&server, &["integrations", "list", "--type", "ipam"]).await;
    assert_eq!((&integrations[0]["id"], &integrations[0]["name"]), (&added["integration"], &json!("acme")));
    let shown = ok(&server, &["integrations", "list"]).await;
    assert!(shown.contains("ipam.example") && shown.contains(&package), "{shown}");
    let url = ["--package", &package, "--host", "https://ipam.example/base", "--ipam-user", "admin"];
    ok(&server, &[&["integrations", "add", "by URL"][..], &url[..], &QUICK[..]].concat()).await;

    let integration = added["integration"].as_str().unwrap();
    let range = json!({
        "id": "12", "name": "172.16.20.0/24", "startIPAddress": "172.16.20.10", "endIPAddress": "172.16.20.200",
        "ipVersion": "IPv4", "subnetPrefixLength": 24, "addressSpaceId": "default",
    });
    server.seed(|store| store.add_external_range(integration, &range)).unwrap();
    let networks = server.seed(|store| [store.fabric_network("lab-net"), store.fabric_network("dhcp-net")]);
    for network in ["lab-net", networks[1].as_deref().unwrap(), "lab-net"] {
        ok(&server, &["attach", "172.16.20.0/24", network]).await;
    }
    let external = json(&server, &["ranges", "--external"]).await;
    assert_eq!(external[0]["integrationId"], integration);
    let links = external[0]["_links"]["fabric-networks"]["hrefs"].as_array().unwrap();
    assert_eq!(links.len(), 2, "an attached network is attached once: {links:?}");
    assert!(ok(&server, &["ranges", "--external"]).await.contains("172.16.20.200"));
    // A name that two networks have is no choice; an id is.
    let other = server.seed(|store| store.add_fabric_network("lab-net", "10.99.0.0/24"));
    let several = run(&server, &["attach", "172.16.20.0/24", "lab-net"]).await;
    assert!(several.code == 2 && several.err.contains("several have this name; give the id"), "{several:?}");
    assert!(several.err.contains(&other), "{several:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_login_works_and_shows_no_secret() {
    let server = example().user(User::new("ann", "s3cret").of_domain("corp.example")).start().await.unwrap();
    let token = server.seed(|store| store.refresh_token("ann"));
    let by_token = run_as(&server, &[("IPAM_VRA_REFRESH_TOKEN", token.as_str())], &["items"]).await;
    assert!(by_token.code == 0 && by_token.out.contains("Ubuntu") && !by_token.err.contains(&token), "{by_token:?}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{token}\n")).unwrap();
    let by_file = [("IPAM_VRA_REFRESH_TOKEN_FILE", file.path().to_str().unwrap())];
    assert_eq!(run_as(&server, &by_file, &["items"]).await.code, 0);
    let ann = [("IPAM_VRA_USER", "ann"), ("IPAM_VRA_PASSWORD", "s3cret"), ("IPAM_VRA_DOMAIN", "corp.example")];
    assert_eq!(run_as(&server, &ann, &["items"]).await.code, 0);
    let wrong = run_as(&server, &[("IPAM_VRA_REFRESH_TOKEN", "refresh-0815")], &["items", "--json"]).await;
    let told: Value = serde_json::from_str(&wrong.err).unwrap();
    assert_eq!((wrong.code, &told["error"]["kind"]), (1, &json!("unauthenticated")), "{wrong:?}");
    let none = run_as(&server, &[], &["items"]).await;
    assert!(none.code == 2 && none.err.contains("IPAM_VRA_REFRESH_TOKEN"), "{none:?}");

    let nine = Server::builder().example_data().release(Release::Vcf9).start().await.unwrap();
    let token = nine.seed(|store| store.refresh_token(Server::USER));
    let login = [("IPAM_VRA_ORGANIZATION", Server::ORGANIZATION), ("IPAM_VRA_REFRESH_TOKEN", token.as_str())];
    assert_eq!(run_as(&nine, &login, &["items"]).await.code, 0);
    let password = run(&nine, &["items"]).await;
    assert_eq!(password.code, 1, "it has no login with a password: {password:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_have_the_programs_codes() {
    let server = example().polls_in_progress(0).start().await.unwrap();
    server.seed(|store| {
        store.add_item(Item::new("Broken").with_failure("no capacity"));
        store.add_item(Item::new("Sized").with_input("cpu", json!({"type": "integer", "maximum": 8})));
    });
    let request =
        |item: &'static str, project: &'static str| vec!["request", item, "--project", project, "--name", "x"];
    let with = |base: Vec<&'static str>, more: &[&'static str]| [base, more.to_vec()].concat();
    for (arguments, code, word) in [
        (request("Nothing", "Development"), 4, "ITEM \"Nothing\": no catalog item of this name may be requested"),
        (request("Nothing", "Development"), 4, "known names: Broken, Sized, Ubuntu"),
        (
            request("Ubuntu", "Unknown"),
            4,
            "--project \"Unknown\": no project of this name is visible; known names: Dev",
        ),
        (with(request("Ubuntu", "Development"), &["--set", "cpu"]), 2, "write NAME=VALUE"),
        (with(request("Sized", "Development"), &["--set", "cpu=16"]), 2, "cpu"),
        (with(request("Broken", "Development"), &["--pause", "10ms"]), 1, "no capacity"),
        (vec!["items", "--project", "Unknown"], 4, "known names: Development"),
        (vec!["resources", "nothing"], 4, "DEPLOYMENT \"nothing\": there is no such deployment"),
        (vec!["delete", "3617c011-39db-466e-a7f3-029f4523548f"], 4, "not found"),
        (vec!["ranges", "nothing"], 4, "has no such range; known names: lab-static"),
        (vec!["allocate", "nothing"], 4, "RANGE \"nothing\": the server's own"),
        (vec!["allocate", "lab-static", "--count", "101"], 2, "1 to 100"),
        (vec!["allocate", "lab-static", "10.99.0.1", "--pause", "10ms"], 1, "10.99.0.1 is not in the range"),
        (vec!["allocate", "lab-static", "10.10.20.300"], 2, "write an address"),
        (vec!["release", "lab-static"], 2, "required"),
        (vec!["attach", "nothing", "lab-net"], 4, "RANGE \"nothing\": no external IPAM has such a range"),
        (vec!["package", "import", "/nowhere/at/all"], 2, "cannot be read"),
        (
            vec!["integrations", "add", "x", "--package", "none", "--host", "ipam.example", "--ipam-user", "admin"],
            2,
            "The IPAM provider none is not found",
        ),
        (vec!["--user", "unknown", "items"], 1, "the server refused"),
        (vec!["--ca", "/nowhere/at/all", "items"], 2, "cannot be read"),
        (vec!["--url", "https://127.0.0.1:1", "items"], 1, "unavailable: cannot connect to the server"),
    ] {
        let ran = run(&server, &arguments).await;
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(word), "{arguments:?}: {ran:?}");
    }
    let login = [("IPAM_VRA_USER", Server::USER), ("IPAM_VRA_PASSWORD", "wrong horse")];
    let wrong = run_as(&server, &login, &["items", "--json"]).await;
    let told: Value = serde_json::from_str(&wrong.err).unwrap();
    assert_eq!((wrong.code, &told["error"]["kind"]), (1, &json!("unauthenticated")), "{wrong:?}");
    assert!(!wrong.err.contains("wrong horse"), "{wrong:?}");
    assert_eq!(server.seed(|store| store.failed_logins(Server::USER)), 1, "a refused password is sent once");
    server.fault(Fault::Html(200), When::any().path("/catalog/api/items"));
    let page = run(&server, &["items"]).await;
    assert_eq!(page.code, 1, "a login page is no empty list: {page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_ends_is_left_with_its_last_state() {
    let server = example().polls_in_progress(u32::MAX).start().await.unwrap();
    let wait = ["--wait", "1s", "--pause", "200ms"];
    let request = ["request", "Ubuntu", "--project", "Development", "--name", "slow"];
    let ran = run(&server, &[&request[..], &wait[..]].concat()).await;
    assert!(ran.code == 1 && ran.err.contains("CREATE_INPROGRESS"), "{ran:?}");
    assert!(ran.err.contains("is requested"), "the id is shown before the wait: {ran:?}");
    let ran = run(&server, &[&["allocate", "lab-static"][..], &wait[..]].concat()).await;
    assert!(ran.code == 1 && ran.err.contains("INPROGRESS"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_without_addresses_is_named() {
    let server = example().release(Release::V8_10).start().await.unwrap();
    for arguments in
        [vec!["allocate", "lab-static"], vec!["release", "lab-static", "10.10.20.10"], vec!["ranges", "lab-static"]]
    {
        let ran = run(&server, &arguments).await;
        assert!(ran.code == 2 && ran.err.contains("releases newer than 8.10 have one"), "{arguments:?}: {ran:?}");
    }
    // The counts are newer, too, and their absence is no error.
    let shown = ok(&server, &["ranges"]).await;
    assert!(shown.contains("lab-static") && shown.contains(" -"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ranges_of_the_server_are_a_provider_of_the_program() {
    let server = example().polls_in_progress(0).start().await.unwrap();
    let range = server.seed(|store| store.ip_range("lab-static")).unwrap();
    let url = format!("vra8+http://{}@{}", Server::USER, server.address());
    let command = async |arguments: &[&str]| {
        let mut command = support::command(Some(&url), &[&["--json"], arguments].concat());
        command.env("IPAM_PASSWORD", Server::PASSWORD);
        let ran = tokio::task::spawn_blocking(move || command.output());
        let ran = support::ran(ran.await.unwrap().unwrap());
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        serde_json::from_str::<Value>(&ran.out).unwrap()
    };
    let made = command(&["allocate", &range, "--owner", "vm-42", "--key", "vm-42/nic-0"]).await;
    assert!(made.to_string().contains("10.10.20.10"), "{made}");
    let again = command(&["allocate", &range, "--owner", "vm-42", "--key", "vm-42/nic-0"]).await;
    assert!(again.to_string().contains("10.10.20.10"), "{again}");
    assert_eq!(server.seed(|store| store.allocated(&range)), [IpAddr::from([10, 10, 20, 10])]);
    command(&["deallocate", "--key", "vm-42/nic-0"]).await;
    assert!(server.seed(|store| store.allocated(&range)).is_empty());
}
