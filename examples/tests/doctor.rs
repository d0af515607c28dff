//! Runs `ipam doctor` over a phpIPAM in this process: exit codes, both forms of output, secrets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use phpipam_client::testing::{App, Permission, Server};
use serde_json::Value;
use support::Ran;

async fn run(url: String, password: &'static str, arguments: &'static [&'static str]) -> Ran {
    let mut command = support::command(Some(&url), &[&["doctor"], arguments].concat());
    command.env("IPAM_PASSWORD", password);
    let ran = support::ran(tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap());
    assert!(!ran.out.contains(password) && !ran.err.contains(password), "the password is shown: {ran:?}");
    ran
}

fn url(server: &Server, app: &str) -> String {
    format!("phpipam+http://{}@{}/{app}", Server::USER, server.address())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_is_that_of_the_worst_finding() {
    let server = Server::builder()
        .app(App::new("full"))
        .app(App::new("reads").with_permission(Permission::Read))
        .example_data()
        .start()
        .await
        .unwrap();
    let ran = run(url(&server, "full"), Server::PASSWORD, &[]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("note version_unclear:") && ran.out.contains("list: addresses/all/ 10 rows"),
        "{}",
        ran.out
    );
    assert_eq!(run(url(&server, "reads"), Server::PASSWORD, &[]).await.code, 7);
    let ran = run(url(&server, "full"), "a wrong one", &[]).await;
    assert_eq!(ran.code, 8, "{ran:?}");
    assert!(
        ran.out.contains("error bad_credentials: user admin:") && ran.out.contains("not examined: server,"),
        "{}",
        ran.out
    );
    let ran = run(url(&server, "other"), Server::PASSWORD, &[]).await;
    assert_eq!(ran.code, 8, "{ran:?}");
    let json = run(url(&server, "reads"), Server::PASSWORD, &["--json"]).await;
    assert_eq!(json.code, 7, "{json:?}");
    let json: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["worst"], &json["facts"]["permission"]), (&"warning".into(), &"Read".into()), "{json:#}");
}

#[test]
fn a_provider_of_another_kind_and_a_wrong_option_are_wrong_use() {
    for (url, word) in [
        (Some("memory:"), "not one of phpIPAM"),
        (Some("phpipam+https://u@ipam.example/app?sections=Lab"), "means nothing to phpipam+https"),
        (Some("phpipam+https://ipam.example"), "incomplete"),
        (None, "--provider phpipam+https"),
    ] {
        let ran = support::run(url, &["doctor"]);
        assert!(ran.code == 2 && ran.err.contains(word), "{ran:?}");
    }
}
