//! IPAM packages: uploaded in parts, used by integrations, and called for deployments.

use http::{HeaderName, Method};
use serde_json::{Value, json};
use vra_client::testing::v8::{IpamCall, Item, Server};
use vra_client::testing::{Fault, When};
use vra_client::v8::{Client, ExistingPackage};

use crate::{call, end_of, get, post, started};

const IMPORT: &str = "/iaas/api/integrations-ipam/package-import";

/// Response of a request that the client has no method for: status, offset and `Location`.
async fn tus(
    client: &Client,
    server: &Server,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (u16, String) {
    // Over a socket of its own, since the client's raw calls have no headers of their own. The token is made anew.
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    client.login().await.unwrap();
    let login = json!({"username": Server::USER, "password": Server::PASSWORD});
    let token =
        post(client, "/csp/gateway/am/api/login", login).await.unwrap()["cspAuthToken"].as_str().unwrap().to_owned();
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head += &format!("{}: {value}\r\n", HeaderName::from_bytes(name.as_bytes()).unwrap());
    }
    let mut socket = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    socket.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    socket.write_all(body).await.unwrap();
    let mut response = String::new();
    socket.read_to_string(&mut response).await.unwrap();
    (response.split(' ').nth(1).unwrap().parse().unwrap(), response.to_ascii_lowercase())
}

fn header(response: &str, name: &str) -> Option<String> {
    response.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned()))
}

#[tokio::test]
async fn an_upload_goes_on_after_a_lost_part() {
    let (server, client) = started(Server::builder()).await;
    let package = [b"PK\x03\x04".as_slice(), &[7; 96]].concat();
    let resumable = ("Tus-Resumable", "1.0.0");
    let kind = ("Content-Type", "application/offset+octet-stream");
    let (status, _) = tus(&client, &server, "POST", IMPORT, &[("Upload-Length", "100")], b"").await;
    assert_eq!(status, 412);
    let (status, begun) = tus(&client, &server, "POST", IMPORT, &[resumable, ("Upload-Length", "100")], b"").await;
    let at = header(&begun, "location").unwrap();
    assert_eq!((status, header(&begun, "upload-offset").as_deref()), (201, Some("0")));
    let part = |offset: &'static str| [resumable, kind, ("Upload-Offset", offset)];
    let (status, sent) = tus(&client, &server, "PATCH", &at, &part("0"), &package[..60]).await;
    assert_eq!((status, header(&sent, "upload-offset").as_deref()), (204, Some("60")));
    assert_eq!(tus(&client, &server, "PATCH", &at, &part("0"), &package[..60]).await.0, 409);
    assert_eq!(tus(&client, &server, "PATCH", &at, &part("70"), &package[70..]).await.0, 409);
    assert_eq!(tus(&client, &server, "PATCH", &at, &[resumable, ("Upload-Offset", "60")], b"x").await.0, 415);
    let id = at.rsplit('/').next().unwrap();
    assert_eq!(post(&client, IMPORT, json!({"bundleId": id})).await.unwrap_err().status(), Some(400), "incomplete");
    let (_, head) = tus(&client, &server, "HEAD", &at, &[resumable], b"").await;
    assert_eq!(header(&head, "upload-offset").as_deref(), Some("60"));
    assert_eq!(
        tus(&client, &server, "PATCH", &at, &part("60"), &[package.as_slice(), b"x"].concat()[60..]).await.0,
        413
    );
    assert_eq!(tus(&client, &server, "PATCH", &at, &part("60"), &package[60..]).await.0, 204);
    let imported = post(&client, IMPORT, json!({"bundleId": id})).await.unwrap();
    assert!(imported["providerId"].is_string() && imported["providerVersion"].is_string(), "{imported}");
    assert_eq!(server.seed(|store| store.package_count()), 1);
}

#[tokio::test]
async fn the_client_imports_a_package_and_goes_on_after_lost_parts() {
    let (server, client) = started(Server::builder()).await;
    let package = [b"PK\x03\x04".as_slice(), &[7; 96]].concat();
    server.fault(Fault::DropAfter, When::any().method("PATCH").skip(1));
    server.fault(Fault::DropBefore, When::any().method("PATCH").skip(2));
    let import = || client.package_import().with_part_size(30);
    let imported = import().import(&package, ExistingPackage::Fail).await.unwrap();
    assert_eq!((server.pending_faults(), server.seed(|store| store.package_count())), (0, 1));
    let error = import().import(&package, ExistingPackage::Fail).await.unwrap_err();
    assert_eq!(error.status(), Some(409), "{error}");
    let again = import().import(&package, ExistingPackage::Overwrite).await.unwrap();
    assert_eq!((&again.provider_id, server.seed(|store| store.package_count())), (&imported.provider_id, 1));
    let other = [package.as_slice(), b"x"].concat();
    import().import(&other, ExistingPackage::Fail).await.unwrap();
    assert!(import().import(b"no zip archive", ExistingPackage::Fail).await.is_err());
}

fn form(provider: &str) -> Value {
    json!({
        "name": "ipam.lab.example", "integrationType": "ipam", "customProperties": {"isExternal": "true"},
        "integrationProperties": {
            "providerId": provider, "hostName": "ipam.lab.example", "privateKeyId": "admin", "privateKey": "hunter2",
            "properties": "[{\"prop_key\":\"a\",\"prop_value\":\"b\"}]", "isMockRequest": "false", "dcId": "onprem",
        },
    })
}

#[tokio::test]
async fn an_integration_is_checked_and_never_shows_its_secret() {
    let refuse = |call: IpamCall| async move { Err(format!("{} refused", call.action)) };
    let (server, client) = started(Server::builder().ipam_actions(refuse)).await;
    let provider = server.seed(|store| store.add_package("acme", b"PK"));
    let path = "/iaas/api/integrations";
    for (member, value) in [("providerId", json!("none")), ("properties", json!([])), ("hostName", json!(""))] {
        let mut wrong = form(&provider);
        wrong["integrationProperties"][member] = value;
        assert_eq!(post(&client, path, wrong).await.unwrap_err().status(), Some(400), "{member}");
    }
    let failed = end_of(&client, &post(&client, path, form(&provider)).await.unwrap()).await;
    assert_eq!((&failed["status"], &failed["message"]), (&json!("FAILED"), &json!("ValidateEndpoint refused")));
    assert_eq!(get(&client, path).await.unwrap()["numberOfElements"], 0);

    let (server, client) = started(Server::builder()).await;
    let provider = server.seed(|store| store.add_package("acme", b"PK"));
    let checked = post(&client, &format!("{path}?validateOnly"), form(&provider)).await.unwrap();
    assert_eq!(end_of(&client, &checked).await["status"], "FINISHED");
    assert_eq!(get(&client, path).await.unwrap()["numberOfElements"], 0);
    let done = end_of(&client, &post(&client, path, form(&provider)).await.unwrap()).await;
    let at = done["resources"][0].as_str().unwrap();
    let patched = call(&client, Method::PATCH, at, Some(json!({"name": "renamed"}))).await.unwrap();
    assert_eq!(end_of(&client, &patched).await["status"], "FINISHED");
    let list = get(&client, &format!("{path}?$filter=integrationType eq 'ipam'")).await.unwrap();
    assert_eq!(list["content"][0]["name"], "renamed");
    assert!(!list.to_string().contains("hunter2"), "{list}");
    let log: String = server.requests().iter().map(|request| request.body.clone()).collect();
    assert!(!log.contains("hunter2"));
    let gone = call(&client, Method::DELETE, at, None).await.unwrap();
    assert_eq!(end_of(&client, &gone).await["status"], "FINISHED");
    assert_eq!(get(&client, at).await.unwrap_err().status(), Some(404));
}

/// The whole circle: package, integration, collected range, network, deployment, and back.
#[cfg(feature = "plugin")]
#[tokio::test]
async fn a_deployment_calls_the_actions_of_the_package() {
    use ipam_core::{DefineRange, Find, IpamProvider, MemoryProvider};
    use std::sync::Arc;
    use std::time::{Duration, SystemTime};
    use vra_client::plugin::Plugin;
    use vra_client::testing::Clock;

    let ipam = MemoryProvider::new();
    ipam.define_range(&DefineRange::new("12", "172.16.20.0/29".parse().unwrap())).await.unwrap();
    let ipam = Arc::new(ipam);
    let clock = Clock::fixed(SystemTime::now());
    let builder = Server::builder().example_data().clock(clock).ipam_actions(Plugin::new(Arc::clone(&ipam)));
    let (server, client) = started(builder).await;
    let provider = server.seed(|store| {
        store.add_item(Item::new("External").with_machine("m", "dhcp-net"));
        store.add_package("acme", b"PK")
    });
    let done = end_of(&client, &post(&client, "/iaas/api/integrations", form(&provider)).await.unwrap()).await;
    assert_eq!(done["status"], "FINISHED", "{done}");
    let ranges = get(&client, "/iaas/api/external-network-ip-ranges").await.unwrap();
    let range = &ranges["content"][0];
    assert_eq!((&range["externalId"], &range["startIPAddress"]), (&json!("12"), &json!("172.16.20.1")));
    // A range that is defined later comes with the next collection.
    ipam.define_range(&DefineRange::new("13", "172.16.30.0/24".parse().unwrap())).await.unwrap();
    get(&client, "/iaas/api/about").await.unwrap();
    assert_eq!(get(&client, "/iaas/api/external-network-ip-ranges").await.unwrap()["totalElements"], 1);
    server.advance(Duration::from_secs(600));
    get(&client, "/iaas/api/about").await.unwrap();
    assert_eq!(get(&client, "/iaas/api/external-network-ip-ranges").await.unwrap()["totalElements"], 2);

    let network = server.seed(|store| store.fabric_network("dhcp-net"));
    let link = json!({"fabricNetworkIds": [network]});
    call(&client, Method::PATCH, range["_links"]["self"]["href"].as_str().unwrap(), Some(link)).await.unwrap();
    let item = get(&client, "/catalog/api/items?search=External").await.unwrap();
    let project = server.seed(|store| store.project(Server::PROJECT));
    let path = format!("/catalog/api/items/{}/request", item["content"][0]["id"].as_str().unwrap());
    let mut made = Vec::new();
    for number in 1..=7 {
        let body = json!({"deploymentName": format!("d{number}"), "projectId": project});
        let id = post(&client, &path, body).await.unwrap()[0]["deploymentId"].as_str().unwrap().to_owned();
        let path = format!("/deployment/api/deployments/{id}?expand=resources,lastRequest");
        let mut row = get(&client, &path).await.unwrap();
        while row["status"] == "CREATE_INPROGRESS" {
            row = get(&client, &path).await.unwrap();
        }
        made.push((id, row));
    }
    let addresses: Vec<&str> =
        made.iter().filter_map(|(_, row)| row["resources"][0]["properties"]["address"].as_str()).collect();
    assert_eq!(addresses, ["172.16.20.1", "172.16.20.2", "172.16.20.3", "172.16.20.4", "172.16.20.5", "172.16.20.6"]);
    let (_, last) = &made[6];
    assert_eq!(last["status"], "CREATE_FAILED");
    assert!(last["lastRequest"]["details"].as_str().unwrap().contains("Unable to allocate an IP address"), "{last}");
    // The machine is the owner in the IPAM.
    let held = ipam.find(&Find::default()).await.unwrap().items;
    let owner = made[0].1["resources"][0]["id"].as_str().unwrap();
    assert!(
        held.len() == 6
            && held.iter().any(|allocation| allocation.owner.as_ref().is_some_and(|held| held.as_str() == owner)),
        "{held:?}"
    );
    let path = format!("/deployment/api/deployments/{}", made[0].0);
    call(&client, Method::DELETE, &path, None).await.unwrap();
    while get(&client, &path).await.is_ok() {}
    assert_eq!(ipam.find(&Find::default()).await.unwrap().items.len(), 5);
}
