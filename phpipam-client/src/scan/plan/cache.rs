//! Plan in a file, so that a run on a timer does not read all subnets each time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::model::{Plan, PlannedSubnet};

/// Version of the file's form. A file of another version is read anew.
const VERSION: u32 = 1;
/// Most bytes of a file, far above a plan of the largest number of subnets.
const MAX_BYTES: u64 = 64 << 20;
/// Time by which a file may be dated in the future, after the clock was corrected by a little.
const MAX_AHEAD: Duration = Duration::from_secs(60);

/// File that keeps a [`Plan`] between runs.
///
/// The file is replaced as a whole and readable by its owner only. A file that is damaged, too old, dated in the future, of
/// another version, server, app or agent, or that another user owns or has access to, is not used: the plan is read anew. A plan never
/// decides about a change: before a subnet is changed, its assignment and its addresses are read again.
///
/// ```
/// use std::time::Duration;
///
/// use phpipam_client::scan::PlanCache;
///
/// let cache = PlanCache::new("/var/cache/scan-agent/plan.json").with_expiry(Duration::from_secs(600));
/// assert!(format!("{cache:?}").contains("plan.json"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanCache {
    path: PathBuf,
    expiry: Duration,
}

/// Result of a look into the file.
#[derive(Debug)]
pub(in crate::scan) enum Cached {
    /// Plan that may be used.
    Plan(Plan),
    /// No plan, and why.
    Missing(String),
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Saved {
    version: u32,
    /// URL and path of the app.
    site: String,
    /// Seconds since 1970 on this host's clock.
    written: u64,
    plan: Plan,
}

impl PlanCache {
    /// Cache in this file, with an expiry of 30 minutes.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), expiry: Duration::from_secs(1800) }
    }

    /// Sets the age from which a plan is read anew.
    #[must_use]
    pub fn with_expiry(mut self, expiry: Duration) -> Self {
        self.expiry = expiry;
        self
    }

    /// Returns the path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the plan of this app and agent.
    pub(in crate::scan) fn load(&self, site: &str, code: &str, now: SystemTime) -> Cached {
        match self.saved() {
            Ok(saved) => self.checked(saved, site, code, now),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Cached::Missing("there is no file yet".to_owned()),
            Err(error) => Cached::Missing(format!("the file cannot be read: {error}")),
        }
    }

    fn checked(&self, saved: Saved, site: &str, code: &str, now: SystemTime) -> Cached {
        let missing = |reason: &str| Cached::Missing(reason.to_owned());
        if saved.version != VERSION {
            return missing("the file is of another version");
        }
        if saved.site != site || saved.plan.code != code {
            return missing("the file is of another server, app or agent");
        }
        // The file says what is scanned, so it must not say more than a plan ever does.
        if saved.plan.subnets.iter().any(|subnet| PlannedSubnet::is_too_wide(subnet.net)) {
            return missing("the file has a subnet that is too wide to scan");
        }
        let written = UNIX_EPOCH.checked_add(Duration::from_secs(saved.written));
        match written.map(|written| now.duration_since(written)) {
            Some(Ok(age)) if age >= self.expiry => missing("the file has expired"),
            Some(Ok(_)) => Cached::Plan(saved.plan),
            Some(Err(ahead)) if ahead.duration() <= MAX_AHEAD && !self.expiry.is_zero() => Cached::Plan(saved.plan),
            _ => missing("the file is dated in the future"),
        }
    }

    fn saved(&self) -> io::Result<Saved> {
        let file = open(&self.path)?;
        refuse_foreign(&file)?;
        let mut text = Vec::new();
        // A byte more than allowed, so that a file that is too long is not taken for a whole one.
        file.take(MAX_BYTES + 1).read_to_end(&mut text)?;
        if text.len() as u64 > MAX_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is larger than 64 MiB"));
        }
        serde_json::from_slice(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Replaces the file.
    ///
    /// # Errors
    /// Those of the file system. The old file is unchanged then.
    pub(in crate::scan) fn store(&self, site: &str, plan: &Plan, now: SystemTime) -> io::Result<()> {
        let written = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let saved = Saved { version: VERSION, site: site.to_owned(), written, plan: plan.clone() };
        let text = serde_json::to_vec(&saved)?;
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        // Beside the file, because a rename does not work between file systems. A number of the process keeps two runs apart.
        name.push(format!(".{}.new", std::process::id()));
        let draft = self.path.with_file_name(name);
        let result = write_new(&draft, &text).and_then(|()| fs::rename(&draft, &self.path));
        if result.is_err() {
            let _ = fs::remove_file(&draft);
        }
        result
    }
}

fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    // One that a killed run left, or a link that another user laid.
    let _ = fs::remove_file(path);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// Opens a file for reading, without waiting for the writer of a named pipe.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, nix::libc::O_NONBLOCK);
    options.open(path)
}

/// Refuses what is no file, and a file that other users own or have access to: they could have scans go to any network.
#[cfg(unix)]
fn refuse_foreign(file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    }
    if !is_trusted(metadata.uid()) {
        let text = format!("the user {} owns it; remove it, or change its owner", metadata.uid());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "other users have access to it; make it mode 0600",
        ));
    }
    Ok(())
}

/// Returns true for root and the user of this process.
#[cfg(unix)]
fn is_trusted(owner: u32) -> bool {
    owner == 0 || owner == nix::unistd::geteuid().as_raw()
}

#[cfg(not(unix))]
fn refuse_foreign(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;
    use crate::models::{ScanAgentId, SubnetId};

    const SITE: &str = "https://ipam.example/api/agent/";

    fn plan() -> Plan {
        let subnet = PlannedSubnet {
            id: SubnetId::new(7),
            net: "10.0.0.0/24".parse().unwrap(),
            description: Some("servers".to_owned()),
            discover: true,
            check: false,
            resolve_dns: true,
            nameservers: vec!["192.0.2.53".parse().unwrap()],
            children: vec!["10.0.0.64/26".parse().unwrap()],
        };
        Plan { agent: ScanAgentId::new(3), code: "c0de".into(), name: None, subnets: vec![subnet], notes: Vec::new() }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_848_306 + seconds)
    }

    fn reason(cached: Cached) -> String {
        match cached {
            Cached::Missing(reason) => reason,
            Cached::Plan(plan) => panic!("it was used: {plan:?}"),
        }
    }

    #[test]
    fn a_plan_comes_back_until_it_expires() {
        let directory = tempfile::tempdir().unwrap();
        let cache = PlanCache::new(directory.path().join("plan.json"));
        assert!(reason(cache.load(SITE, "c0de", at(0))).contains("no file"));
        cache.store(SITE, &plan(), at(0)).unwrap();
        for seconds in [0, 1799] {
            assert!(matches!(cache.load(SITE, "c0de", at(seconds)), Cached::Plan(read) if read == plan()));
        }
        assert!(reason(cache.load(SITE, "c0de", at(1800))).contains("expired"));
        assert!(reason(cache.load(SITE, "other", at(0))).contains("another"));
        assert!(reason(cache.load("https://b.example/api/agent/", "c0de", at(0))).contains("another"));
        let before = at(0) - Duration::from_secs(3600);
        assert!(reason(cache.load(SITE, "c0de", before)).contains("future"));
        assert!(reason(cache.clone().with_expiry(Duration::ZERO).load(SITE, "c0de", at(0))).contains("expired"));
        let left: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "no draft is left");
    }

    #[test]
    fn a_damaged_or_foreign_file_is_read_anew() {
        let directory = tempfile::tempdir().unwrap();
        let cache = PlanCache::new(directory.path().join("plan.json"));
        cache.store(SITE, &plan(), at(0)).unwrap();
        let whole = fs::read_to_string(cache.path()).unwrap();
        let half = &whole[..whole.len() / 2];
        for damaged in [
            "",
            "[]",
            half,
            &whole.replace("10.0.0.0/24", "10.0.0.0/99"),
            &whole.replace("10.0.0.0/24", "10.0.0.0/8"),
            &whole.replace("\"version\":1", "\"version\":2"),
            &whole.replace("1795848306", "18446744073709551615"),
        ] {
            write_new(cache.path(), damaged.as_bytes()).unwrap();
            reason(cache.load(SITE, "c0de", at(0)));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_change_is_not_used() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let cache = PlanCache::new(directory.path().join("plan.json"));
        cache.store(SITE, &plan(), at(0)).unwrap();
        assert_eq!(fs::metadata(cache.path()).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o666)).unwrap();
        assert!(reason(cache.load(SITE, "c0de", at(0))).contains("0600"));
        // It is replaced, and of the right mode again.
        cache.store(SITE, &plan(), at(0)).unwrap();
        assert!(matches!(cache.load(SITE, "c0de", at(0)), Cached::Plan(_)));
    }

    #[cfg(unix)]
    #[test]
    fn a_named_pipe_and_the_file_of_another_user_are_not_used() {
        let directory = tempfile::tempdir().unwrap();
        let cache = PlanCache::new(directory.path().join("plan.json"));
        let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(cache.path()).status().unwrap();
        assert!(made.success());
        let (sender, receiver) = std::sync::mpsc::channel();
        let reading = cache.clone();
        // A thread of its own, because a wait for the pipe's writer would never end.
        std::thread::spawn(move || sender.send(reason(reading.load(SITE, "c0de", at(0)))));
        let reason = receiver.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(reason.contains("not a file"), "{reason}");
        // It is replaced by a file.
        cache.store(SITE, &plan(), at(0)).unwrap();
        assert!(matches!(cache.load(SITE, "c0de", at(0)), Cached::Plan(_)));
        let me = nix::unistd::geteuid().as_raw();
        assert!(is_trusted(0) && is_trusted(me) && !is_trusted(me + 1));
    }
}
