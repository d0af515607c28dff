//! Tests of the settings: the community agent's file as it is, and each mistake with its remedy.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

const COMMUNITY: &str = "---
api_url: https://ipam.example/api
http_server: http://127.0.0.1
http_port: 5000
auth_token: 0123456789abcdef0123
cache_expire_time: 1800
epoch_time_offset: 0
client_token: 00012345678901234567890123456789
client_name: scanner
scanagent_code: building7
";

const LEAST: &str =
    "api_url: https://ipam.example\nclient_token: s3cret-code\nclient_name: scanner\nscanagent_code: c\n";

fn read_as(name: &str, text: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(&path, text).unwrap();
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::read(Some(&path), environment).map_err(|failure| {
        assert_eq!(failure.code(), crate::exit::WRONG_USE, "{}", failure.text());
        failure.text()
    })
}

fn yaml(text: &str) -> Result<Settings, String> {
    read_as("scan_agent.yaml", text, &[])
}

fn refused(text: &str) -> String {
    yaml(text).err().unwrap_or_else(|| format!("accepted: {text}"))
}

#[test]
fn the_file_of_the_community_agent_works_unchanged() {
    let settings = yaml(COMMUNITY).unwrap();
    assert_eq!((settings.url.as_str(), settings.app.as_str()), ("https://ipam.example", "scanner"));
    assert_eq!(settings.code().unwrap(), "building7");
    let receiver = settings.receiver.as_ref().unwrap();
    assert_eq!(receiver.url.as_str(), "http://127.0.0.1:5000/");
    assert_eq!(receiver.token.expose_secret(), "0123456789abcdef0123", "a number keeps its zeros");
    let shown = format!("{settings:?}");
    assert!(!shown.contains("0123456789abcdef") && !shown.contains("0001234567890"), "{shown}");
    let without = COMMUNITY.replace("http_server: http://127.0.0.1\n", "");
    assert!(yaml(&without).unwrap().receiver.is_none(), "results go through the API");
}

#[test]
fn toml_gives_the_same() {
    let text = "api_url = \"https://ipam.example/\"\nclient_token = \"abc\"\nclient_name = \"scanner\"\nsubnets_at_once = 8\n\
                ports = [22, 443]\ninterval = \"10m\"\ndiscover = false\n[custom_fields]\ncustom_owner = \"IT\"\n";
    let settings = read_as("agent.toml", text, &[]).unwrap();
    assert_eq!((settings.url.as_str(), settings.subnets_at_once), ("https://ipam.example", Some(8)));
    assert_eq!((settings.probe.ports, settings.interval), (Some(vec![22, 443]), Duration::from_secs(600)));
    assert_eq!(settings.custom, [("custom_owner".to_owned(), "IT".to_owned())]);
    assert!(!settings.policy.discover);
    let same = format!("{LEAST}ports: [22, 443]\ncustom_fields:\n  custom_owner: IT\ndiscover: no\n");
    let settings = yaml(&same).unwrap();
    assert_eq!((settings.probe.ports, settings.policy.discover), (Some(vec![22, 443]), false));
    assert_eq!(settings.custom.len(), 1);
}

#[test]
fn the_environment_takes_precedence() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token");
    std::fs::write(&path, "from-the-file-0123\n").unwrap();
    let file = path.display().to_string();
    let environment = [
        ("IPAM_AGENT_CLIENT_NAME", "other"),
        ("IPAM_AGENT_AUTH_TOKEN_FILE", file.as_str()),
        ("IPAM_AGENT_PORTS", "22, 80"),
        ("IPAM_AGENT_CUSTOM_FIELDS", "custom_a=1,custom_b=2"),
        ("IPAM_AGENT_CONFIG", "/elsewhere"),
        ("IPAM_AGENT_HOSTNAMES", ""),
        ("IPAM_PASSWORD", "of another program"),
    ];
    let settings = read_as("a.yaml", COMMUNITY, &environment).unwrap();
    assert_eq!((settings.app.as_str(), settings.probe.ports.as_deref()), ("other", Some([22, 80].as_slice())));
    assert_eq!(settings.relay_token().unwrap().expose_secret(), "from-the-file-0123");
    assert_eq!(settings.custom.len(), 2);
    let error = read_as("a.yaml", LEAST, &[("IPAM_AGENT_OFFLINE_AFTR", "1h")]).unwrap_err();
    assert!(error.contains("IPAM_AGENT_OFFLINE_AFTR") && error.contains("did you mean offline_after"), "{error}");
    let error = read_as("a.yaml", LEAST, &[("IPAM_AGENT_INTERVAL", "often")]).unwrap_err();
    assert!(error.contains("IPAM_AGENT_INTERVAL") && error.contains("15m"), "{error}");
}

#[test]
fn a_mistake_names_key_line_and_remedy() {
    let error = refused(&COMMUNITY.replace("cache_expire_time", "cache_expiry_time"));
    for part in ["line 6", "cache_expiry_time", "did you mean cache_expire_time?"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    for (line, parts) in [
        ("offline_after: soon", ["line 5", "offline_after", "15m"]),
        ("remove_after: 0", ["line 5", "remove_after", "never"]),
        ("hostnames: all", ["line 5", "hostnames", "fill-in"]),
        ("discover: maybe", ["line 5", "discover", "true or false"]),
        ("subnets_at_once: 0", ["line 5", "subnets_at_once", "from 1 to 256"]),
        ("probe: ping", ["line 5", "probe", "sockets"]),
        ("raw_sockets: 7", ["line 5", "raw_sockets", "required"]),
        ("ports: [0]", ["line 5", "ports", "65535"]),
        ("utc_offset: CET+1", ["utc_offset", "CET+1", "+05:45"]),
        ("tls_ca: /nowhere/ca.pem", ["line 5", "tls_ca", "/nowhere"]),
        ("user: me", ["line 5", "user", "one way to log in"]),
        ("client_token_file: /x", ["client_token_file", "client_token", "give one"]),
        ("relay_listen: here", ["line 5", "relay_listen", "127.0.0.1:5000"]),
        ("relay_cert: /x.pem", ["relay_key", "not set", "IPAM_AGENT_RELAY_KEY"]),
        ("http_server: relay.example", ["line 5", "http_server", "https://relay.example"]),
        ("http_server: https://127.0.0.1", ["auth_token", "not set", "IPAM_AGENT_AUTH_TOKEN"]),
        ("api_url: https://b.example", ["line 5", "api_url", ""]),
        ("mysql_host: db", ["line 5", "mysql_host", "README"]),
        ("ports: {a: 1}", ["line 5", "list", "ports"]),
        ("interval: [1, 2]", ["line 5", "interval", ""]),
        ("ports:\n  - [1]", ["line 6", "ports", ""]),
    ] {
        let error = refused(&format!("{LEAST}{line}\n"));
        for part in parts {
            assert!(error.contains(part), "{line}: {part}: {error}");
        }
    }
    let missing = refused("client_token: x\nclient_name: y\n");
    assert!(missing.contains("api_url is not set") && missing.contains("IPAM_AGENT_API_URL"), "{missing}");
    let error = read_as("a.toml", "api_url = \"https://a\"\nclient_nam = \"x\"\n", &[]).unwrap_err();
    assert!(error.contains("line 2") && error.contains("did you mean client_name?"), "{error}");
    assert!(read_as("a.toml", "a = \n", &[]).unwrap_err().contains("line 1"));
    assert!(Settings::read(Some(Path::new("/nowhere/a.yaml")), []).unwrap_err().text().contains("/nowhere/a.yaml"));
}

#[test]
fn credentials_go_over_tls_or_stay_on_this_machine() {
    let plain = |url: &str| LEAST.replace("https://ipam.example", url);
    for accepted in ["http://127.0.0.1:8080", "http://[::1]/", "http://localhost"] {
        yaml(&plain(accepted)).unwrap();
    }
    for url in ["http://ipam.example", "http://10.0.0.1", "http://127.0.0.1.example"] {
        assert!(refused(&plain(url)).contains("allow_http"), "{url}");
    }
    yaml(&(plain("http://ipam.example") + "allow_http: true\n")).unwrap();
    let send = |server: &str| format!("{LEAST}auth_token: s3cret-token\nallow_http: true\nhttp_server: {server}\n");
    for url in
        ["http://relay.example", "http://10.0.0.1", "http://127.0.0.1.example", "ftp://127.0.0.1", "https://u:p@h"]
    {
        let error = refused(&send(url));
        assert!(error.contains("http_server") && !error.contains("s3cret"), "{url}: {error}");
    }
    let port = |text: &str| yaml(&send(text)).unwrap().receiver.unwrap().url.to_string();
    assert_eq!(port("https://relay.example"), "https://relay.example:5000/");
    assert_eq!(port("https://relay.example:8443"), "https://relay.example:8443/");
    assert_eq!(port("http://[::1]\nhttp_port: 80"), "http://[::1]/");
}

#[test]
fn no_error_shows_a_secret() {
    for text in [
        "client_token: [s3cret]\n",
        "client_token: 's3cret\n",
        "client_token: {a: s3cret}\n",
        "client_token: \"s3cret\\q\"\n",
        "client_token: s3cret: x\n",
        "client_token: s3cret\nclient_token: s3cret\n",
        "client_token: s3cret\n  broken\n- x\n",
        "auth_token: ''\nclient_token: s3cret\napi_url: https://h\nclient_name: x\nhttp_server: http://127.0.0.1\n",
        "client_token: s3cret\napi_url: https://user:s3cret@h\nclient_name: x\nunknown_key: s3cret\n",
        "client_token: x\nclient_name: x\napi_url: https://user:s3cret@h\n",
        "client_token: x\nclient_name: x\napi_url: https://user:s3cret@h:x\n",
        "password s3cret: x\n",
        "password s3cret\n",
        "client_name: x\npassword s3cret\n",
        "password = s3cret\n",
        "- s3cret\n",
        "s3cret\n",
        "password: *s3cret\n",
        "password: !s3cret x\n",
        "password: &s3cret x\npassword: y\n",
        "password: {s3cret\n",
        "password: 'a' s3cret\n",
        "%s3cret\n---\na: b\n",
        "password: @s3cret\n",
        "password: `s3cret`\n",
        "custom_fields: {a s3cret: 1, a s3cret: 2}\n",
        "custom_fields: s3cret\n",
    ] {
        let error = refused(text);
        assert!(!error.contains("s3cret") && !error.starts_with("accepted"), "{text}: {error}");
    }
    for text in [
        "client_token = s3cret\n",
        "client_token = \"s3cret\n",
        "client_token = [\"s3cret\"]\n",
        "password s3cret\n",
        "password: s3cret\n",
        "\"password s3cret\" = 1\n",
        "a.s3cret = 1\na.s3cret = 2\n",
        "password = \"\\s3cret\"\n",
        "[s3cret\n",
        "password = 0s3cret\n",
    ] {
        let error = read_as("a.toml", text, &[]).unwrap_err();
        assert!(!error.contains("s3cret"), "{text}: {error}");
    }
}

#[test]
fn settings_and_secrets_are_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let (path, password) = (directory.path().join("a.yaml"), directory.path().join("password"));
    let text = format!("api_url: https://h\nclient_name: x\nuser: svc\npassword_file: {}\n", password.display());
    std::fs::write(&password, "first").unwrap();
    std::fs::write(&path, &text).unwrap();
    let mut source = Source::open(Some(path.clone())).unwrap();
    assert!(!source.refresh().unwrap(), "nothing changed");
    std::fs::write(&password, "second").unwrap();
    assert!(source.refresh().unwrap() && !source.refresh().unwrap());
    std::fs::write(&path, text.clone() + "interval: 1h\n").unwrap();
    assert!(source.refresh().unwrap());
    std::fs::write(&path, text + "interval: soon\n").unwrap();
    source.refresh().unwrap_err();
    assert_eq!(source.settings.interval, Duration::from_secs(3600), "the earlier ones stay");
    assert!(format!("{source:?}").contains("fingerprint: Fingerprint"), "{source:?}");
}

#[test]
fn a_secret_comes_from_a_file_and_a_short_token_is_no_guard() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("password");
    std::fs::write(&path, " with blanks \r\n").unwrap();
    let text = format!(
        "api_url: https://h\nclient_name: x\nuser: svc\npassword_file: {}\nauth_token: short\n",
        path.display()
    );
    let settings = yaml(&text).unwrap();
    assert!(settings.relay_token().unwrap_err().text().contains("16 characters"));
    assert!(settings.code().unwrap_err().text().contains("IPAM_AGENT_SCANAGENT_CODE"));
    std::fs::write(&path, "\n").unwrap();
    assert!(refused(&text).contains("the file is empty"));
    std::fs::write(&path, "x".repeat(70_000)).unwrap();
    assert!(refused(&text).contains("larger than 64 KiB; name a file with the secret alone"));
    std::fs::remove_file(&path).unwrap();
    assert!(refused(&text).contains("password_file"));
}

#[test]
fn the_example_file_is_right_also_where_it_is_commented_out() {
    let text = include_str!("../../../agent/scan_agent.yaml");
    let secrets = [("IPAM_AGENT_PASSWORD", "x"), ("IPAM_AGENT_AUTH_TOKEN", "x")];
    let settings = read_as("scan_agent.yaml", text, &secrets).unwrap();
    assert!(settings.receiver.is_none() && settings.zone == ServerZone::from_login());
    // The other way to log in, and files that are not there.
    let without = |line: &&str| !["user:", "# client_token", "# tls_"].iter().any(|start| line.starts_with(start));
    let all = text.lines().filter(without).map(|line| match line.strip_prefix("# ") {
        Some(setting) if setting.split_once(':').is_some_and(|(name, _)| keys::form(name).is_some()) => setting,
        _ => line,
    });
    let all = all.collect::<Vec<_>>().join("\n").replace("utc_offset: Europe/Berlin", "utc_offset: '+01:00'");
    let settings =
        read_as("scan_agent.yaml", &all, &[&secrets[..], &[("IPAM_AGENT_CLIENT_TOKEN", "x")]].concat()).unwrap();
    assert_eq!(settings.receiver.unwrap().url.as_str(), "https://relay.example:5000/");
    assert_eq!(
        (settings.policy, settings.interval),
        (Policy::default(), Duration::from_secs(900)),
        "the defaults are said"
    );
}

#[test]
fn times_have_units() {
    for (text, seconds) in [("90", 90), ("90s", 90), ("15m", 900), ("1h", 3600), ("7d", 604_800), ("0", 0)] {
        assert_eq!(parse_time(text).unwrap(), Duration::from_secs(seconds), "{text}");
    }
    for text in ["", "m", "-1", "+1", "1.5h", "1w", "1hm", "1 h", "99999999999999999999", "99999999d"] {
        parse_time(text).unwrap_err();
    }
}
