#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
use super::*;

const LEAST: &str = r#"
name = "alice.lab.example"
[token]
key_file = "/etc/lab-gateway/token.pem"
algorithm = "EdDSA"
issuer = "main.lab.example"
[lab]
networks = ["10.0.0.0/24"]
[outside]
interface = "eth0"
"#;

fn with(more: &str) -> Result<Config, ConfigError> {
    Config::parse(&format!("{LEAST}{more}"), [])
}

fn variables(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::parse(LEAST, pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

#[test]
fn the_least_settings_have_defaults_for_all_others() {
    let config = with("").unwrap();
    assert_eq!(config.owner().unwrap(), "alice");
    assert_eq!(config.api.listen.to_string(), "127.0.0.1:8080");
    assert!(config.lab.provider.starts_with("embedded:/var/lib/"));
}

#[test]
fn variables_come_before_the_file() {
    let config = variables(&[
        ("LAB_GATEWAY_NAME", "bob"),
        ("LAB_GATEWAY_API_MAX_BODY", "2048"),
        ("LAB_GATEWAY_LAB_NETWORKS", "[\"10.9.0.0/16\", \"10.8.0.0/16\"]"),
        ("LAB_GATEWAY_PORTS_LAST", "50001"),
        ("LAB_GATEWAY_REACHABILITY_ENABLED", "false"),
        ("LAB_GATEWAY_CONFIG", "of the command line"),
        ("LAB_GATEWAY_PROVIDER_PASSWORD_FILE", "of the provider"),
        ("LAB_GATEWAYS", "of another program"),
    ])
    .unwrap();
    assert_eq!((config.owner().unwrap().as_str(), config.api.max_body, config.ports.last), ("bob", 2048, 50_001));
    assert_eq!(config.lab.networks.len(), 2);
    assert!(!config.reachability.enabled);
}

#[test]
fn wrong_settings_are_named_with_their_remedy() {
    for (text, key, part) in [
        ("[api]\nlisten = \"0.0.0.0:80\"", "api.listen", "0.0.0.0:80"),
        ("[api]\nlisten = 80", "api.listen", "invalid type"),
        ("[api]\nlissten = \"127.0.0.1:80\"", "api.lissten", "unknown field"),
        ("[api]\ncertificate = \"/x\"", "api.key_file", "set both"),
        ("[api]\nmax_body = 1", "api.max_body", "from 1024"),
        ("[ports]\nfirst = 80", "ports.first", "from 1024"),
        ("[ports]\nlast = 4000", "ports.last", "from 50000"),
        ("[firewall]\ntable = \"a; flush ruleset\"", "firewall.table", "letters"),
        ("[firewall]\nreconcile = \"soon\"", "firewall.reconcile", "30s"),
        ("[reachability]\nevery = \"0s\"", "reachability.every", "from 1 s"),
        ("[nosuch]\na = 1", "nosuch", "unknown field"),
    ] {
        let error = with(text).unwrap_err();
        assert_eq!(error.key(), key, "{error}");
        assert!(error.to_string().contains(part), "{error}");
    }
    for (name, value, key) in [
        ("LAB_GATEWAY_LAB_NETWORKS", "[]", "lab.networks"),
        ("LAB_GATEWAY_LAB_NETWORKS", "[\"10.0.0.1/24\"]", "lab.networks"),
        ("LAB_GATEWAY_LAB_NETWORKS", "[\"fd00::/64\"]", "lab.networks"),
        ("LAB_GATEWAY_LAB_NETWORKS", "[\"10.0.0.0\"]", "lab.networks"),
        ("LAB_GATEWAY_LAB_NETWORKS", "[\"10.0.0.0/8\", \"10.1.0.0/16\"]", "lab.networks"),
        ("LAB_GATEWAY_TOKEN_KEY_URL", "https://main.example", "token.key_file"),
        ("LAB_GATEWAY_TOKEN_ISSUER", "\"\"", "token.issuer"),
        ("LAB_GATEWAY_API_LISTEN", "everywhere", "api.listen"),
    ] {
        let error = variables(&[(name, value)]).unwrap_err();
        assert_eq!(error.key(), key, "{error}");
    }
    let unnamed = variables(&[("LAB_GATEWAY_NAME", "")]).unwrap();
    assert_eq!(unnamed.owner().unwrap_err().key(), "name");
}

#[test]
fn what_is_missing_or_no_toml_is_named_without_the_text_of_the_file() {
    let missing = Config::parse("[token]\nissuer = \"x\"", []).unwrap_err();
    assert_eq!(missing.key(), "lab", "{missing}");
    let missing = Config::parse(&LEAST.replace("interface", "name"), []).unwrap_err();
    assert_eq!(missing.key(), "outside.name", "{missing}");
    let broken = Config::parse("a = 1\npassword = hunter2 oops", []).unwrap_err();
    assert_eq!(broken.key(), "line 2", "{broken}");
    assert!(!broken.to_string().contains("hunter2"), "{broken}");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error() {
    let error = Config::load(Path::new("/nonexistent/lab-gateway.toml")).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/lab-gateway.toml"), "{error}");
    assert!(Config::load(Path::new("/dev/zero")).is_err(), "it would never end");
}

#[test]
fn the_file_for_a_new_gateway_can_be_used_with_and_without_its_remarks() {
    let text = include_str!("../../lab-gateway.toml");
    let config = Config::parse(text, []).unwrap();
    assert!(config.ddns.is_none() && config.api.certificate.is_none());
    // What is set out as a remark is a setting that works, too.
    let settings = text.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with('[') || setting.contains(" = ") && !setting.starts_with(' ') => setting,
        _ => line,
    });
    let mut seen = std::collections::BTreeSet::new();
    let mut lines: Vec<&str> = settings.collect();
    // The first `listen` gives way to the second one.
    lines.reverse();
    let mut section = 0;
    lines.retain(|line| {
        section += usize::from(line.starts_with('['));
        let key = line.split(" = ").next().unwrap_or(line);
        !line.contains(" = ") || seen.insert((section, key.to_owned()))
    });
    lines.reverse();
    let config = Config::parse(&lines.join("\n"), []).unwrap();
    assert_eq!(config.owner().unwrap(), "alice");
    assert!(config.ddns.is_some() && config.api.certificate.is_some(), "{config:?}");
}
