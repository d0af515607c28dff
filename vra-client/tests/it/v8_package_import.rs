//! Upload of an IPAM package, against a server that keeps what it got.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use vra_client::v8::{Client, ExistingPackage};
use vra_client::{Error, ErrorKind};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::v8_login::started;

const AT: &str = "/iaas/api/integrations-ipam/package-import";

/// Upload as the server has it.
#[derive(Debug, Default)]
struct Upload {
    bytes: Vec<u8>,
    length: usize,
    log: Vec<String>,
    finished: Option<Value>,
    /// Statuses of the next parts, each with the number of bytes that are taken of the part all the same.
    faults: Vec<(u16, usize)>,
    /// Status of the question how much the server has.
    head: Option<u16>,
    /// The server does not say how much it has after a part.
    silent: bool,
    /// The server forgets what it has, with status 409, when this much is there.
    forgets_at: Option<usize>,
    /// Each time it forgets, it will keep one byte more.
    keeps_more: bool,
}

#[derive(Clone, Default)]
struct Server(Arc<Mutex<Upload>>);

fn header(request: &Request, name: &str) -> String {
    request.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

impl Respond for Server {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut upload = self.0.lock().unwrap();
        assert_eq!(header(request, "tus-resumable"), "1.0.0");
        assert!(request.url.query().unwrap().contains("apiVersion=2021-07-15"));
        upload.log.push(format!("{} {}", request.method, header(request, "upload-offset")).trim().to_owned());
        let offset = |upload: &Upload| upload.bytes.len().to_string();
        match request.method.as_str() {
            "POST" if request.body.is_empty() => {
                upload.length = header(request, "upload-length").parse().unwrap();
                // With a host of its own, as servers behind a load balancer write it.
                ResponseTemplate::new(201).insert_header("location", format!("https://node.internal{AT}/bundle-1"))
            }
            "POST" => {
                upload.finished = Some(request.body_json().unwrap());
                ResponseTemplate::new(201).set_body_json(
                    json!({"providerId": "p1", "providerName": "phpIPAM", "providerVersion": "1.0", "logoIcon": ""}),
                )
            }
            "HEAD" => ResponseTemplate::new(upload.head.unwrap_or(200)).insert_header("upload-offset", offset(&upload)),
            "PATCH" => {
                assert_eq!(header(request, "content-type"), "application/offset+octet-stream");
                if upload.forgets_at.is_some_and(|most| upload.bytes.len() >= most) {
                    upload.bytes.clear();
                    upload.forgets_at = upload.forgets_at.map(|most| most + usize::from(upload.keeps_more));
                }
                if header(request, "upload-offset") != offset(&upload) {
                    return ResponseTemplate::new(409);
                }
                let fault = if upload.faults.is_empty() { None } else { Some(upload.faults.remove(0)) };
                let taken = fault.map_or(request.body.len(), |(_, taken)| taken.min(request.body.len()));
                upload.bytes.extend_from_slice(&request.body[..taken]);
                match fault {
                    Some((status, _)) => ResponseTemplate::new(status),
                    None if upload.silent => ResponseTemplate::new(204),
                    None => ResponseTemplate::new(204).insert_header("upload-offset", offset(&upload)),
                }
            }
            other => panic!("{other}"),
        }
    }
}

async fn serving(upload: Upload) -> (MockServer, Client, Server) {
    let (mock, client) = started().await;
    let server = Server(Arc::new(Mutex::new(upload)));
    Mock::given(path(AT)).respond_with(server.clone()).mount(&mock).await;
    Mock::given(path(format!("{AT}/bundle-1"))).respond_with(server.clone()).mount(&mock).await;
    (mock, client, server)
}

fn package() -> Vec<u8> {
    (0..10_u8).collect()
}

#[tokio::test]
async fn a_package_is_sent_in_parts_and_imported() {
    for silent in [false, true] {
        let (_mock, client, server) = serving(Upload { silent, ..Upload::default() }).await;
        let import = client.package_import().with_part_size(4);
        let imported = import.import(&package(), ExistingPackage::Overwrite).await.unwrap();
        assert_eq!(imported.provider_id.as_deref(), Some("p1"));
        let upload = server.0.lock().unwrap();
        assert_eq!((upload.bytes.as_slice(), upload.length), (package().as_slice(), 10));
        assert_eq!(upload.log, ["POST", "PATCH 0", "PATCH 4", "PATCH 8", "POST"]);
        assert_eq!(upload.finished, Some(json!({"bundleId": "bundle-1", "option": "OVERWRITE"})));
    }
}

#[tokio::test]
async fn after_a_failure_the_server_says_where_to_go_on() {
    // The first part arrives in half, the next one in whole although the gateway fails, the third not at all.
    let faults = vec![(503, 2), (502, 4), (409, 0)];
    let (_mock, client, server) = serving(Upload { faults, ..Upload::default() }).await;
    client.package_import().with_part_size(4).import(&package(), ExistingPackage::Fail).await.unwrap();
    let upload = server.0.lock().unwrap();
    assert_eq!(upload.bytes, package());
    assert_eq!(upload.log, ["POST", "PATCH 0", "HEAD", "PATCH 2", "HEAD", "PATCH 6", "HEAD", "PATCH 6", "POST"]);
    assert_eq!(upload.finished.as_ref().unwrap()["option"], "FAIL");
}

#[tokio::test]
async fn failures_without_progress_end_the_upload_which_can_be_resumed() {
    let faults = vec![(500, 0); 4];
    let (_mock, client, server) = serving(Upload { faults, ..Upload::default() }).await;
    let import = client.package_import().with_part_size(4);
    let id = import.start(10).await.unwrap();
    assert_eq!(id, "bundle-1");
    let error = import.resume(&id, &package()).await.unwrap_err();
    assert_eq!(error.status(), Some(500));
    assert_eq!(server.0.lock().unwrap().log.len(), 1 + 1 + 3 * 2 + 1, "a question, three failures and a last one");
    import.resume(&id, &package()).await.unwrap();
    import.finish(&id, 10, ExistingPackage::Fail).await.unwrap();
    assert_eq!(server.0.lock().unwrap().bytes, package());
    // All is there: resuming once more sends nothing.
    import.resume(&id, &package()).await.unwrap();
    let error = import.resume(&id, &package()[..4]).await.unwrap_err();
    assert!(matches!(error, Error::Decode(_)), "the upload of a longer package: {error}");
}

#[tokio::test]
async fn a_server_that_forgets_parts_is_not_fed_for_ever() {
    for (keeps_more, questions) in [(false, 3), (true, 4)] {
        let upload = Upload { forgets_at: Some(1), keeps_more, ..Upload::default() };
        let (_mock, client, server) = serving(upload).await;
        let import = client.package_import().with_part_size(1);
        let error = import.import(&package(), ExistingPackage::Fail).await.unwrap_err();
        assert_eq!(error.status(), Some(409));
        let log = server.0.lock().unwrap().log.clone();
        let count = |line: &str| log.iter().filter(|logged| *logged == line).count();
        assert_eq!((count("PATCH 0"), count("HEAD")), (4, questions), "{log:?}");
    }
    // What was lost is sent again by the next program.
    let (_mock, client, server) = serving(Upload { forgets_at: Some(8), ..Upload::default() }).await;
    let import = client.package_import().with_part_size(2);
    import.start(10).await.unwrap();
    assert!(import.resume("bundle-1", &package()).await.is_err());
    server.0.lock().unwrap().forgets_at = None;
    import.resume("bundle-1", &package()).await.unwrap();
    assert_eq!(server.0.lock().unwrap().bytes, package());
}

#[tokio::test]
async fn what_cannot_be_uploaded_is_an_error() {
    let (_mock, client, _) = serving(Upload { faults: vec![(400, 0)], ..Upload::default() }).await;
    let import = client.package_import();
    assert!(matches!(import.import(&[], ExistingPackage::Fail).await, Err(Error::InvalidInput { .. })));
    assert_eq!(import.import(&package(), ExistingPackage::Fail).await.unwrap_err().status(), Some(400));
    let upload = Upload { faults: vec![(503, 0)], head: Some(404), ..Upload::default() };
    let (_mock, client, _) = serving(upload).await;
    let error = client.package_import().import(&package(), ExistingPackage::Fail).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);

    let (mock, client) = started().await;
    let taken = json!({"message": "the provider exists", "oldProviderVersion": "0.9", "bundleId": "b"});
    let post = || Mock::given(method("POST")).and(path(AT));
    post().respond_with(ResponseTemplate::new(201)).up_to_n_times(1).mount(&mock).await;
    post().respond_with(ResponseTemplate::new(409).set_body_json(taken)).mount(&mock).await;
    let error = client.package_import().start(10).await.unwrap_err();
    assert!(error.to_string().contains("Location"), "{error}");
    let error = client.package_import().finish("b", 10, ExistingPackage::Fail).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Conflict && error.to_string().contains("the provider exists"), "{error}");
}
