//! Refusals of a real server: each with its kind, what was refused, and the remedy, and without the password.
#![cfg(all(unix, feature = "postgres"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod postgres_support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ipam_core::postgres::TlsOptions;
use ipam_core::{
    Allocate, AllocateLine, Deallocate, DefineRange, Error, ErrorKind, Find, IpamProvider, IpamProviderExt as _,
    Labels, Outcome, PostgresConfig, PostgresProvider,
};
use postgres_support::{Server, Setup, USER, give_away, runtime, shared, unused};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// Password of the tests, which no error may show.
const PASSWORD: &str = "hunter2";

/// Asserts that an error is of this kind, has these words, and does not show the password.
fn says(error: &Error, kind: ErrorKind, words: &[&str]) {
    let text = format!("{error} {error:?}");
    assert_eq!(error.kind(), kind, "{text}");
    assert_eq!(error.outcome(), Outcome::NotApplied, "{text}");
    for word in words {
        assert!(text.contains(word), "{text:?} does not say {word:?}");
    }
    assert!(!text.contains(PASSWORD), "{text:?}");
}

/// Asserts that a provider cannot be opened.
async fn refused(config: PostgresConfig, kind: ErrorKind, words: &[&str]) {
    let schema = config.schema.clone();
    let error = PostgresProvider::open(config).await.expect_err("it cannot be opened");
    says(&error, kind, words);
    assert_eq!(error.context("schema"), Some(schema.as_str()), "{error}");
}

fn lan() -> DefineRange {
    DefineRange::new("lan", "10.0.0.0/16".parse().unwrap())
}

#[test]
fn what_is_missing_is_named_with_its_remedy() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let client = server.client().await;
        let mut other = server.fresh();
        other.database = "missing".to_owned();
        refused(other, ErrorKind::Config, &["\"missing\" does not exist", "create the database"]).await;

        let absent = server.fresh().with_create(false);
        let words = [absent.schema.clone(), "open it once with `create`".to_owned()];
        refused(absent, ErrorKind::Config, &[&words[0], &words[1]]).await;

        let newer = server.fresh();
        PostgresProvider::open(newer.clone()).await.unwrap().close().await.unwrap();
        let sql = format!("UPDATE {}.ipam_schema SET version = 77, oldest_program = 77", newer.schema);
        client.batch_execute(&sql).await.unwrap();
        refused(newer, ErrorKind::Corrupt, &["version 77", "use a newer program"]).await;

        let nowhere = PostgresConfig::new("/nowhere/at/all", "postgres");
        refused(nowhere, ErrorKind::Unavailable, &["cannot be reached", "/nowhere/at/all"]).await;
    });
}

#[test]
fn missing_rights_are_named() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        let client = server.client().await;
        let guest = unused("guest");
        client.batch_execute(&format!("CREATE USER {guest}")).await.unwrap();
        let config = server.fresh();
        let as_guest = config.clone().with_user(guest.as_str());
        // Nothing is there yet, and the guest may not create it.
        refused(as_guest.clone(), ErrorKind::PermissionDenied, &["permission denied for database", "grant it"]).await;
        let owner = PostgresProvider::open(config.clone()).await.unwrap();
        owner.define_range(&lan()).await.unwrap();
        // Of a schema that a user may not look into, the server shows nothing.
        let grant = format!(
            "GRANT USAGE ON SCHEMA {0} TO {guest}; GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO {guest}",
            config.schema
        );
        client.batch_execute(&grant).await.unwrap();
        let reader = PostgresProvider::open(as_guest.clone().with_read_only(true)).await.unwrap();
        assert!(reader.find(&Find::default()).await.unwrap().items.is_empty());
        let half = PostgresProvider::open(as_guest).await.unwrap();
        says(
            &half.check().await.unwrap_err(),
            ErrorKind::PermissionDenied,
            &[&config.schema, "grant SELECT, INSERT, UPDATE and DELETE"],
        );
        says(
            &half.allocate_one("lan", "vm").await.unwrap_err(),
            ErrorKind::PermissionDenied,
            &["permission denied for", "grant it"],
        );
        assert!(owner.find(&Find::default()).await.unwrap().items.is_empty(), "nothing was written");
        let all = format!(
            "GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {0} TO {guest}; \
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA {0} TO {guest}",
            config.schema
        );
        client.batch_execute(&all).await.unwrap();
        half.check().await.unwrap();
        half.allocate_one("lan", "vm").await.unwrap();
    });
}

#[test]
fn times_that_cannot_be_written_down_are_refused() {
    let Some(server) = shared() else { return };
    runtime().block_on(async {
        // A server whose clock is some thousand years ahead.
        let years = |years: u64| Duration::from_secs(years * 31_557_600);
        let ahead = server.fresh().with_clock_offset(move || years(5_000));
        let ipam = PostgresProvider::open(ahead.clone()).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        let line = |expiry| AllocateLine::next("lan", 1).with_expiry(expiry);
        let lease = ipam.allocate(&Allocate::new("vm").with_line(line(years(1)))).await.unwrap();
        assert_eq!(ipam.find(&Find::default()).await.unwrap().items, lease.lines[0], "it lasts by the server's clock");
        let error = ipam.allocate(&Allocate::new("vm").with_line(line(Duration::MAX))).await.unwrap_err();
        says(&error, ErrorKind::InvalidInput, &["expiry", "give a shorter time to live"]);
        // One that is farther ahead than any time can be.
        let lost = PostgresProvider::open(ahead.with_clock_offset(|| Duration::MAX)).await.unwrap();
        let error = lost.allocate_one("lan", "vm").await.unwrap_err();
        says(&error, ErrorKind::Config, &["the clock of the server", "out of range", "set it right"]);
        assert_eq!(ipam.usage_of("lan").await.unwrap().allocated, 1);
    });
}

#[test]
fn a_standby_only_reads_until_it_is_promoted() {
    let Some(mut server) = Server::start(Setup::default()) else { return };
    let config = server.fresh();
    let (ipam, taken) = runtime().block_on(async {
        let ipam = PostgresProvider::open(config.clone()).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        let taken = ipam.allocate_one("lan", "vm").await.unwrap();
        (ipam, taken)
    });
    // The same server as a standby: its primary is gone, and the data is as it was.
    server.stop();
    let mark = server.directory().join("data/standby.signal");
    fs::write(&mark, "").unwrap();
    give_away(&mark);
    server.resume();
    runtime().block_on(async {
        let remedy = ["only reads", "connect to the primary, or open read-only"];
        says(&ipam.allocate_one("lan", "vm").await.unwrap_err(), ErrorKind::PermissionDenied, &remedy);
        says(
            &ipam.deallocate(&Deallocate::id(taken.id.clone())).await.unwrap_err(),
            ErrorKind::PermissionDenied,
            &remedy,
        );
        says(&ipam.check().await.unwrap_err(), ErrorKind::PermissionDenied, &["standby", "connect to the primary"]);
        refused(config.clone(), ErrorKind::PermissionDenied, &remedy).await;
        let reader = PostgresProvider::open(config.clone().with_read_only(true)).await.unwrap();
        assert_eq!(reader.find(&Find::default()).await.unwrap().items, std::slice::from_ref(&taken));
        assert_eq!(reader.changes(None, 9).await.unwrap().items.len(), 2);
        reader.check().await.unwrap();
        server.client().await.query("SELECT pg_promote()", &[]).await.unwrap();
        // The provider that was open all the time goes on.
        assert_eq!(ipam.deallocate(&Deallocate::id(taken.id)).await.unwrap().freed().count(), 1);
        ipam.check().await.unwrap();
    });
}

/// File system of a few megabytes, for a table space.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one, or says why not.
    fn mount(server: &Server) -> Option<Self> {
        let path = server.directory().join("small");
        fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=3m", "ipam-test"]).arg(&path).output();
        if !mounted.as_ref().is_ok_and(|output| output.status.success()) {
            eprintln!("not run: a small file system cannot be mounted: {mounted:?}");
            return None;
        }
        give_away(&path);
        Some(Self(path))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the server may have files of it open.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_is_named_and_nothing_is_lost() {
    let Some(mut server) = Server::start(Setup::default()) else { return };
    let Some(disk) = SmallDisk::mount(&server) else { return };
    runtime().block_on(async {
        let client = server.client().await;
        client.batch_execute(&format!("CREATE TABLESPACE small LOCATION '{}'", disk.0.display())).await.unwrap();
        client.batch_execute(&format!("ALTER USER {USER} SET default_tablespace = small")).await.unwrap();
        let ipam = PostgresProvider::open(server.fresh()).await.unwrap();
        ipam.define_range(&lan()).await.unwrap();
        let long = Labels::default().with_description("x".repeat(400));
        let line = AllocateLine::next("lan", 250).with_labels(long);
        let (mut kept, mut last) = (0, None);
        for number in 0..40 {
            let request = Allocate::new("vm").with_line(line.clone()).with_key(format!("vm-{number}"));
            match ipam.allocate(&request).await {
                Ok(allocated) => kept += allocated.iter().count(),
                Err(error) => {
                    says(
                        &error,
                        ErrorKind::Unavailable,
                        &["disk of the server is full", "make room, nothing was changed"],
                    );
                    last = Some(request);
                    break;
                }
            }
        }
        let last = last.expect("the disk becomes full");
        assert!(kept > 0);
        assert_eq!(ipam.usage_of("lan").await.unwrap().allocated, u128::try_from(kept).unwrap());
        // As soon as there is room, the same request succeeds.
        let more = Command::new("mount").args(["-o", "remount,size=64m"]).arg(&disk.0).status().unwrap();
        assert!(more.success());
        assert!(!ipam.allocate(&last).await.unwrap().repeated);
        assert_eq!(ipam.usage_of("lan").await.unwrap().allocated, u128::try_from(kept + 250).unwrap());
        ipam.close().await.unwrap();
    });
    // The directory of the server cannot be removed while a file system is mounted in it.
    server.stop();
    drop(disk);
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Returns a certificate for a name, and its key.
fn issued_by(issuer: &Issuer, name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    // The name of the user, in the certificate of a client.
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    (params.signed_by(&key, issuer).unwrap().pem(), key.serialize_pem())
}

/// Writes a file that only the server's user can read.
fn secret(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    give_away(path);
}

/// Starts a server that takes connections on a port, with TLS for the name "localhost". Users need a password, or if
/// their name begins with "cert" a certificate.
fn server_with_tls(issuer: &Issuer) -> Option<(Server, u16)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut server = Server::start(Setup::default())?;
    server.stop();
    let data = server.directory().join("data");
    let (chain, key) = issued_by(issuer, "localhost");
    for (name, text) in [("tls.crt", &chain), ("tls.key", &key), ("ca.crt", &issuer.pem())] {
        secret(&data.join(name), text);
    }
    let rules = "local all all trust\nhostssl all certain all cert\nhostssl all all all scram-sha-256\n";
    secret(&data.join("pg_hba.conf"), rules);
    let settings =
        ["listen_addresses=127.0.0.1", "ssl=on", "ssl_cert_file=tls.crt", "ssl_key_file=tls.key", "ssl_ca_file=ca.crt"];
    let settings = settings.into_iter().map(str::to_owned).chain([format!("port={port}")]);
    server.set_up(settings);
    server.resume();
    Some((server, port))
}

#[test]
fn passwords_and_certificates_are_checked() {
    let (issuer, stranger) = (authority("tests"), authority("strangers"));
    let Some((server, port)) = server_with_tls(&issuer) else { return };
    runtime().block_on(async {
        let client = server.client_at(port).await;
        let users = format!("CREATE USER carol PASSWORD '{PASSWORD}' SUPERUSER; CREATE USER certain SUPERUSER");
        client.batch_execute(&users).await.unwrap();
        let trusting = |issuer: &Issuer| TlsOptions::new().with_system_roots(false).with_ca_pem(&issuer.pem()).unwrap();
        let to = |host: &str| {
            let config =
                PostgresConfig::new(host, "postgres").with_port(port).with_user("carol").with_schema(unused("s"));
            config.with_password(PASSWORD.to_owned().into()).with_tls(trusting(&issuer))
        };
        let good = PostgresProvider::open(to("localhost")).await.unwrap();
        good.define_range(&lan()).await.unwrap();
        good.close().await.unwrap();

        let wrong = to("localhost").with_password("hunter2-wrong".to_owned().into());
        refused(wrong, ErrorKind::Unauthenticated, &["carol", "check both, and pg_hba.conf"]).await;
        let stranger_to = to("localhost").with_tls(trusting(&stranger));
        let error = PostgresProvider::open(stranger_to.clone()).await.unwrap_err();
        assert!(error.certificates().is_some(), "the chain can be shown, and pinned: {error:?}");
        refused(stranger_to, ErrorKind::Untrusted, &["certificate is not trusted"]).await;
        refused(to("127.0.0.1"), ErrorKind::Untrusted, &["certificate is not trusted", "127.0.0.1"]).await;
        refused(to("localhost").with_plain(true), ErrorKind::Unauthenticated, &["no encryption", "pg_hba.conf"]).await;

        let certain = to("localhost").with_user("certain");
        refused(certain.clone(), ErrorKind::Unauthenticated, &["client certificate"]).await;
        let identity = |of: &Issuer| {
            let (chain, key) = issued_by(of, "certain");
            certain.clone().with_tls(trusting(&issuer).with_client_identity(&chain, &key.into()).unwrap())
        };
        refused(identity(&stranger), ErrorKind::Unauthenticated, &["client certificate"]).await;
        PostgresProvider::open(identity(&issuer)).await.unwrap().close().await.unwrap();
    });
}
