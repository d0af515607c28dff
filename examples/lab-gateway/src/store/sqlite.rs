//! Store in one SQLite file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params};

use super::lock::StoreLock;
use super::rows::{self, SCHEMA, lease_state, map_state};
use super::{Lease, LeaseState, MapState, PortMap, Records, Store, StoreError};

/// Version of the tables, in `user_version`.
const VERSION: i64 = 1;
/// Mark of the file, in `application_id`, so that the file of another program is refused: `LGPM`.
const APPLICATION: i64 = 0x4c47_504d;
/// Longest wait for a tool that reads the file, such as a backup.
const BUSY: Duration = Duration::from_secs(5);

/// Store in one SQLite file. Only one process may have it open.
///
/// ```
/// use lab_gateway::store::{PortMap, SqliteStore, Store, StoreError};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("portmaps.db");
/// let store = SqliteStore::open(&path)?;
/// let map = PortMap::new(50001, "10.0.0.5:22".parse()?, "web1", "web");
/// store.begin(&map, None)?;
/// store.complete(50001)?;
/// assert_eq!(store.read()?.active().count(), 1);
/// assert!(matches!(SqliteStore::open(&path), Err(StoreError::InUse { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    // One connection is enough: a change takes a fraction of a millisecond, and changes come one after the other.
    connection: Mutex<Connection>,
    /// Held as long as the store is open.
    _lock: StoreLock,
}

impl SqliteStore {
    /// Opens the store at this path, and makes it if there is none.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if another process has it open, [`StoreError::Newer`] if a later version made it, and
    /// [`StoreError::Unusable`] otherwise.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let lock = StoreLock::take(path)?;
        let failed = |error: rusqlite::Error| unusable(path, &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
        // A map that was acknowledged has to survive a power loss.
        connection.pragma_update(None, "synchronous", "full").map_err(failed)?;
        set_up(path, &mut connection)?;
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection), _lock: lock })
    }

    /// Checks that the file of a store can be used by this program, without opening or locking it: a look by another user must
    /// leave no files of that user.
    ///
    /// # Errors
    /// [`StoreError::Newer`] if a later version made it, [`StoreError::Unusable`] if it is no store or cannot be read.
    pub fn inspect(path: &Path) -> Result<(), StoreError> {
        let failed = |problem: String| StoreError::Unusable { path: path.display().to_string(), problem };
        let mut header = [0; 100];
        let mut file = File::open(path).map_err(|error| failed(error.to_string()))?;
        file.read_exact(&mut header).map_err(|_| failed("it is no SQLite file; restore a backup".to_owned()))?;
        // Offsets of the file format of SQLite, numbers in big endian.
        let number = |at: usize| {
            let bytes = header.get(at..at + 4).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
            i64::from(u32::from_be_bytes(bytes.unwrap_or_default()))
        };
        // The settings of a new file may be in its log still.
        match (number(68), number(60)) {
            (0, 0) | (APPLICATION, VERSION) => Ok(()),
            (APPLICATION, found) => Err(StoreError::Newer { path: path.display().to_string(), found, known: VERSION }),
            _ => Err(failed("it belongs to another program; set store.path to a file of its own".to_owned())),
        }
    }

    fn read_with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        // A panic in between rolled its transaction back.
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        work(&connection).map_err(|error| unusable(&self.path, &error))
    }

    fn write(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>) -> Result<(), StoreError> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let written = connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|transaction| {
            work(&transaction)?;
            transaction.commit()
        });
        written.map_err(|error| unusable(&self.path, &error))
    }
}

/// Makes the tables of a new file, and refuses the file of another program or of a later version.
fn set_up(path: &Path, connection: &mut Connection) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| unusable(path, &error);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let number = |name: &str| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(failed);
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 =
        transaction.query_row("select count(*) from sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    if application == 0 && version == 0 && tables == 0 {
        transaction.execute_batch(SCHEMA).map_err(failed)?;
        transaction.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
        transaction.pragma_update(None, "user_version", VERSION).map_err(failed)?;
    } else if application != APPLICATION {
        let problem = "it belongs to another program; set store.path to a file of its own".to_owned();
        return Err(StoreError::Unusable { path: path.display().to_string(), problem });
    } else if version != VERSION {
        return Err(StoreError::Newer { path: path.display().to_string(), found: version, known: VERSION });
    }
    transaction.commit().map_err(failed)
}

fn unusable(path: &Path, error: &rusqlite::Error) -> StoreError {
    let remedy = match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => return StoreError::Taken,
        Some(ErrorCode::DiskFull) => "; make room on the disk",
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            "; give the service's user the file and its directory"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "; end the program that reads it",
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => "; restore a backup",
        _ => "",
    };
    StoreError::Unusable { path: path.display().to_string(), problem: format!("{error}{remedy}") }
}

impl Store for SqliteStore {
    fn read(&self) -> Result<Records, StoreError> {
        self.read_with(|connection| {
            // One transaction, so that maps and leases fit together.
            let transaction = connection.unchecked_transaction()?;
            let mut maps =
                transaction.prepare("select conn_port, address, port, name, component, state from maps order by 1")?;
            let mut leases = transaction.prepare("select address, name, key, state from leases order by 1")?;
            let maps = maps.query_map([], rows::map)?.collect::<rusqlite::Result<Vec<_>>>()?;
            let leases = leases.query_map([], rows::lease)?.collect::<rusqlite::Result<Vec<_>>>()?;
            Ok(Records::new(maps, leases))
        })
    }

    fn begin(&self, map: &PortMap, lease: Option<&Lease>) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "insert into maps (conn_port, address, port, name, component, state) values (?, ?, ?, ?, ?, ?)",
                params![
                    map.conn_port,
                    map.target.ip().to_string(),
                    map.target.port(),
                    map.name,
                    map.component,
                    map_state(MapState::Adding)
                ],
            )?;
            if let Some(lease) = lease {
                transaction.execute(
                    "insert into leases (address, name, key, state) values (?, ?, ?, ?)",
                    params![lease.address.to_string(), lease.name, lease.key, lease_state(LeaseState::Taking)],
                )?;
            }
            Ok(())
        })
    }

    fn complete(&self, conn_port: u16) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "update leases set state = 'held' where address = (select address from maps where conn_port = ?)",
                [conn_port],
            )?;
            transaction.execute("update maps set state = 'active' where conn_port = ?", [conn_port])?;
            Ok(())
        })
    }

    fn begin_removal(&self, conn_port: u16) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("update maps set state = 'removing' where conn_port = ?", [conn_port])?;
            Ok(())
        })
    }

    fn remove(&self, conn_port: u16) -> Result<(), StoreError> {
        self.write(|transaction| {
            let address: Option<String> = transaction
                .query_row("delete from maps where conn_port = ? returning address", [conn_port], |row| row.get(0))
                .map(Some)
                .or_else(|error| match error {
                    // Removed already.
                    rusqlite::Error::QueryReturnedNoRows => Ok(None),
                    error => Err(error),
                })?;
            transaction.execute(
                // One that is being taken was so for this map.
                "update leases set state = 'returning' where address = ?1 \
                 and (state = 'taking' or not exists (select 1 from maps where maps.address = ?1))",
                [address],
            )?;
            Ok(())
        })
    }

    fn returned(&self, address: Ipv4Addr) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .execute("delete from leases where address = ? and state = 'returning'", [address.to_string()])?;
            Ok(())
        })
    }

    fn seen(&self) -> Result<BTreeMap<Ipv4Addr, SystemTime>, StoreError> {
        self.read_with(|connection| {
            let mut statement = connection.prepare("select address, seconds from seen")?;
            statement.query_map([], rows::seen)?.collect()
        })
    }

    fn set_seen(&self, seen: &BTreeMap<Ipv4Addr, SystemTime>) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("delete from seen", [])?;
            let mut insert = transaction.prepare("insert into seen (address, seconds) values (?, ?)")?;
            for (address, time) in seen {
                insert.execute(params![address.to_string(), rows::seconds(*time)])?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn map(port: u16, target: &str) -> PortMap {
        PortMap::new(port, target.parse().unwrap(), "web1", "web")
    }

    fn lease() -> Lease {
        Lease::new([10, 0, 0, 5].into(), "web1", "key")
    }

    #[test]
    fn the_last_map_of_an_address_ends_its_lease() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join("p.db")).unwrap();
        store.begin(&map(50_001, "10.0.0.5:22"), Some(&lease())).unwrap();
        store.complete(50_001).unwrap();
        store.begin(&map(50_002, "10.0.0.5:80"), None).unwrap();
        assert_eq!(store.read().unwrap().leases[0].state, LeaseState::Held);
        store.remove(50_001).unwrap();
        assert_eq!(store.read().unwrap().leases[0].state, LeaseState::Held, "another map needs it");
        store.returned([10, 0, 0, 5].into()).unwrap();
        assert_eq!(store.read().unwrap().leases.len(), 1, "it is held");
        store.remove(50_002).unwrap();
        store.remove(50_002).unwrap();
        assert_eq!(store.read().unwrap().leases[0].state, LeaseState::Returning);
        store.returned([10, 0, 0, 5].into()).unwrap();
        assert_eq!(store.read().unwrap(), Records::default());
    }

    #[test]
    fn a_port_and_a_target_have_one_map_and_a_refused_one_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join("p.db")).unwrap();
        store.begin(&map(50_001, "10.0.0.5:22"), None).unwrap();
        assert_eq!(store.begin(&map(50_001, "10.0.0.6:22"), None), Err(StoreError::Taken));
        assert_eq!(store.begin(&map(50_002, "10.0.0.5:22"), Some(&lease())), Err(StoreError::Taken));
        assert_eq!(store.read().unwrap(), Records::new(vec![map(50_001, "10.0.0.5:22")], Vec::new()));
    }

    #[test]
    fn records_outlive_the_process_and_other_files_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("p.db");
        let seen = BTreeMap::from([(Ipv4Addr::new(10, 0, 0, 5), SystemTime::UNIX_EPOCH + Duration::from_secs(77))]);
        let store = SqliteStore::open(&path).unwrap();
        store.begin(&map(50_001, "10.0.0.5:22"), Some(&lease())).unwrap();
        store.set_seen(&seen).unwrap();
        drop(store);
        SqliteStore::inspect(&path).unwrap();
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(store.read().unwrap(), Records::new(vec![map(50_001, "10.0.0.5:22")], vec![lease()]));
        assert_eq!(store.seen().unwrap(), seen);
        store.connection.lock().unwrap().pragma_update(None, "user_version", 2).unwrap();
        drop(store);
        assert!(matches!(SqliteStore::inspect(&path), Err(StoreError::Newer { found: 2, .. })));
        assert!(matches!(SqliteStore::open(&path), Err(StoreError::Newer { found: 2, .. })));
        let other = directory.path().join("other.db");
        Connection::open(&other).unwrap().execute_batch("create table t (a)").unwrap();
        assert!(
            SqliteStore::inspect(&other).is_ok(),
            "it has no mark at all, as a new store whose log is not copied yet"
        );
        let refused = SqliteStore::open(&other).unwrap_err().to_string();
        assert!(refused.contains("another program"), "{refused}");
        std::fs::write(&other, "no database at all, but long enough to be a header of one: 0123456789").unwrap();
        assert!(SqliteStore::open(&other).is_err());
        assert!(SqliteStore::inspect(&other).is_err());
    }
}
