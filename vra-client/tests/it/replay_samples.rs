//! Program `replay_samples`: how a call is found, and what is said about a file that cannot be replayed.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::replay::{Generation, Kind, Outcome, Replay, Report, Sample};
use crate::{prepared, response};

fn read(file: &Value) -> Result<Sample, String> {
    Sample::read(&file.to_string())
}

#[test]
fn a_file_needs_a_request_and_little_else() {
    let sample = read(&json!({
        "request": {"method": "get", "path": "https://vra.example:8443/identity/api/tenants/?page=1&limit=20#top"},
        "body": [], "source": "a log", "generation": 7.3
    }));
    let sample = sample.unwrap();
    assert_eq!((sample.method.as_str(), sample.path.as_str()), ("GET", "/identity/api/tenants"));
    assert_eq!((sample.kind, sample.status, sample.generation), (Kind::Response, 200, Some(Generation::V7)));
    assert_eq!(sample.query, ["page", "limit"]);

    for (file, wanted) in [
        (json!({"content": [{"id": "qe"}]}), "has no request; put the payload into"),
        (json!([]), "has no request"),
        (json!({"request": {"path": "/x"}}), "request.method is missing"),
        (json!({"request": {"method": 7, "path": "/x"}}), "request.method is 7"),
        (json!({"request": {"method": "GET", "path": ""}}), "request.path is \"\""),
        (json!({"request": {"method": "GET", "path": "identity/api"}}), "a path such as /iaas/api/projects"),
        (json!({"request": {"method": "GET", "path": "https://vra.example"}}), "a path such as"),
        (json!({"request": {"method": "GET", "path": "/x"}, "kind": "reply"}), "\"response\" or \"request\""),
        (json!({"request": {"method": "GET", "path": "/x"}, "status": "200"}), "status is \"200\""),
        (json!({"request": {"method": "GET", "path": "/x"}, "status": 99}), "status is 99"),
        (json!({"request": {"method": "GET", "path": "/x"}, "generation": "5.2"}), "generation is \"5.2\""),
    ] {
        let why = read(&file).unwrap_err();
        assert!(why.contains(wanted), "{file}: {why}");
    }
    assert!(Sample::read("{").unwrap_err().starts_with("not JSON: "));
}

#[test]
fn the_request_decides_and_a_fixed_part_of_a_path_wins_over_a_value() {
    let replay = prepared();
    let at = |path: &str, body: Value| replay.replay(&response("GET", path, body));
    let page = json!({"content": []});
    assert!(at("/identity/api/tenants/qe/subtenants/membership?page=1", page.clone()).is_ok());
    // The same body is no business group, which `membership` would otherwise be the id of.
    assert!(
        matches!(at("/identity/api/tenants/qe/subtenants/other", page), Ok(Outcome::Kept(extra)) if extra == ["Subtenant.content"])
    );
    let lossy = at("/identity/api/tenants/qe", json!({"id": [1]})).unwrap_err();
    assert!(lossy.contains("id"), "{lossy}");
    assert_eq!(at("/identity/api/about", Value::Null), Ok(Outcome::Skipped("no body")));
}

#[test]
fn a_call_that_no_method_makes_is_not_served_and_says_what_is() {
    let replay = prepared();
    let why = |sample: &Sample| match replay.replay(sample) {
        Ok(Outcome::NotServed(why)) => why,
        other => panic!("{other:?}"),
    };
    let unknown = why(&response("GET", "/identity/api/nothing/x", json!({})));
    assert_eq!(unknown, "no method makes GET /identity/api/nothing/x");
    let method = why(&response("POST", "/component-registry/services", json!({})));
    assert!(method.ends_with("the client makes GET of this path"), "{method}");
    let at = "/identity/api/authorization/tenants/qe/principals";
    let query = why(&response("GET", at, json!({})));
    assert!(query.ends_with("the client makes it with the query parameter hasRole"), "{query}");
    assert!(replay.replay(&response("GET", &format!("{at}?hasRole=CSP_TENANT_ADMIN"), json!({}))).is_ok());
    let mut foreign = response("GET", "/identity/api/about", json!({}));
    foreign.generation = Some(Generation::V8);
    assert!(why(&foreign).ends_with("vra_client::v7 has it, so check the member generation"), "{}", why(&foreign));
    let mut sent = response("GET", "/identity/api/about", json!({}));
    sent.kind = Kind::Request;
    assert!(why(&sent).contains("without a body"));
    let same = why(&response("DELETE", "/identity/api/tenants/qe/groups/", json!({})));
    assert!(same.ends_with("the client makes GET, POST of this path"), "{same}");
    // An error of such a call is not served either: nothing here would have met it.
    let mut refused = response("GET", "/identity/api/nothing/x", json!({"errors": []}));
    refused.status = 404;
    assert!(why(&refused).contains("no method"));
}

#[test]
fn the_report_tells_not_served_from_mismatched_and_unreadable() {
    let replay = prepared();
    let file = |path: &str, body: Value| json!({"request": {"method": "GET", "path": path}, "body": body}).to_string();
    let add = |report: &mut Report, replay: &Replay, name: &str, text: String| report.add(replay, name, Ok(text));
    let mut report = Report::default();
    let page = json!({"content": [{"id": "a", "later": 1}, {"id": "b", "later": 2}]});
    assert_eq!(add(&mut report, &replay, "a.json", file("/identity/api/tenants", page)), None);
    let unknown = add(&mut report, &replay, "b.json", file("/nothing", json!({}))).unwrap();
    assert!(unknown.starts_with("not served b.json: no method makes GET /nothing"), "{unknown}");
    assert!(report.is_success(), "what the client does not have is no failure");
    let end = ["extra Tenant.content[].later (a.json)", "replayed 1, extra 1, not served 1, mismatched 0"];
    assert_eq!(report.end(), end);

    let lossy = add(&mut report, &replay, "c.json", file("/identity/api/tenants/qe", json!({"id": []}))).unwrap();
    assert!(lossy.starts_with("MISMATCH c.json: id: invalid type"), "{lossy}");
    assert!(!report.is_success());
    let plain = add(&mut report, &replay, "d.json", "{\"id\": \"qe\"}".to_owned()).unwrap();
    assert!(plain.starts_with("UNREADABLE d.json: the file has no request"), "{plain}");
    let end = ["unreadable 1", "replayed 1, extra 1, not served 1, mismatched 1"];
    assert_eq!(report.end().split_off(1), end);
    assert!(!Report::default().is_success(), "nothing was replayed");
}

#[test]
fn the_query_decides_between_two_tokens_and_a_body_is_built_by_the_client() {
    let replay = prepared();
    let at = "/csp/gateway/am/api/login";
    for (path, body) in [
        (at.to_owned(), json!({"cspAuthToken": "x"})),
        (format!("{at}?access_token"), json!({"refresh_token": "x"})),
        ("/tm/oauth/tenant/lab/token".to_owned(), json!({"access_token": "x", "expires_in": 3600})),
    ] {
        let sample = response("POST", &path, body);
        assert_eq!(replay.replay(&sample), Ok(Outcome::Kept(Vec::new())), "{path}");
    }
    let sent = |path: &str, body: Value| {
        let mut sample = response("POST", path, body);
        sample.kind = Kind::Request;
        replay.replay(&sample)
    };
    assert_eq!(sent(at, json!({"username": "tony", "password": "x"})), Ok(Outcome::Kept(Vec::new())));
    assert_eq!(sent(at, json!({"username": "tony"})), Err(".: missing field `password`".to_owned()));
    let other = sent("/iaas/api/login", json!({"refreshToken": "x", "tenant": "qe"})).unwrap_err();
    assert_eq!(other, "tenant: invalid value, the client cannot send this member");

    // Of a body with setters, each member goes through its own; others are sent too, and are extra.
    let project = json!({"name": "Lab", "members": [{"email": "tony@example.com", "type": "user", "later": 1}],
        "operationTimeout": 60, "description": null, "theme": "dark"});
    assert_eq!(sent("/iaas/api/projects", project), Ok(Outcome::Kept(vec!["ProjectBody.theme".to_owned()])));
    let wrong = sent("/iaas/api/projects", json!({"name": "Lab", "members": [{"email": {}}]})).unwrap_err();
    assert!(wrong.starts_with("members[0].email: invalid type"), "{wrong}");
}

/// Without this, a call that lacks a route would be reported as not served although a method makes it.
#[test]
fn each_path_in_the_sources_of_the_clients_has_a_route() {
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                found.push(path);
            }
        }
    }
    let replay = prepared();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root.join("v7"), &mut files);
    sources(&root.join("v8"), &mut files);
    let mut paths = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        // Inline tests stand at the end.
        let code = text.split("#[cfg(test)]").next().unwrap();
        let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for path in code.flat_map(|line| line.split('"').skip(1).step_by(2)) {
            // Shorter texts are the beginnings of paths, by which a service is told apart.
            if !path.starts_with('/') || path.trim_end_matches('/').matches('/').count() < 3 {
                continue;
            }
            paths += 1;
            // With the parameters that a route may ask for.
            let mut sample = response("GET", &format!("{path}?hasRole&access_token"), Value::Null);
            let served = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].into_iter().any(|method| {
                method.clone_into(&mut sample.method);
                replay.route(&sample).is_some()
            });
            assert!(served, "{}: {path} needs a route in examples/replay_samples/replay", file.display());
        }
    }
    assert!(paths > 150, "{paths}");
}
