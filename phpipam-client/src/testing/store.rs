//! State of a simulated server: tables, tokens and settings.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use super::config::{Numbers, UserAccount};
use super::ip_number::{self, Net};
use super::profile::Profile;
use super::refusal::{Handled, Refusal};
use super::schema::Object;
use super::table::{Cell, Fields, Table, duplicate};

/// Lifetime of a token, from its latest extension.
// Q54: 21600 s in `User.php`, in every version.
pub(super) const TOKEN_LIFE: Duration = Duration::from_secs(6 * 3600);

/// Token of a user.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) until: SystemTime,
}

/// User account with its token. One user has one token, for all apps and clients.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) user: UserAccount,
    pub(super) token: Option<Token>,
}

/// Entry of the changelog.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) object: Object,
    pub(super) id: u64,
    pub(super) user: String,
    pub(super) action: &'static str,
    pub(super) date: String,
    pub(super) diff: Vec<String>,
}

/// State of a [`Server`](super::Server): tables, user accounts, tokens and settings.
///
/// [`Server::seed`](super::Server::seed) hands it to a closure, which reads it or changes it without the checks of the
/// API. Kinds of rows are named by [`Object`], rows by their id.
#[derive(Debug)]
pub struct Store {
    pub(super) tables: HashMap<Object, Table>,
    /// Index of addresses: subnet, number of the address, id of the row.
    by_ip: BTreeMap<u64, BTreeMap<u128, u64>>,
    /// Index of children by the id of their parent. Every `first_free` asks whether there are any.
    by_master: BTreeMap<u64, BTreeSet<u64>>,
    /// Index of subnets by section, network and mask. Finding the parent of each added subnet without it would make the
    /// seeding of a large site quadratic.
    by_net: BTreeMap<(u64, u128, u8), BTreeSet<u64>>,
    pub(super) accounts: Vec<Account>,
    pub(super) groups: BTreeMap<u64, (String, Option<String>)>,
    pub(super) api_enabled: bool,
    pub(super) vlan_duplicates: bool,
    pub(super) vlan_maximum: i64,
    pub(super) numbers: Numbers,
    /// Number of bad logins since the last good one, and the time of the latest.
    pub(super) failures: (u32, Option<SystemTime>),
    pub(super) changes: Vec<Change>,
    pub(super) online: HashSet<u128>,
    pub(super) can_ping: bool,
    pub(super) random: u64,
}

impl Store {
    /// Creates a fresh installation: built-in tags, device types, the default L2 domain, the local scan agent and
    /// groups.
    pub(super) fn new(profile: &Profile) -> Self {
        let mut tables: HashMap<Object, Table> = Object::ALL.into_iter().map(|o| (o, o.table())).collect();
        for (object, column) in profile.absent_columns {
            if let Some(table) = tables.get_mut(object) {
                table.drop_column(column);
            }
        }
        for (object, column) in profile.nullable_columns {
            if let Some(table) = tables.get_mut(object) {
                table.make_nullable(column);
            }
        }
        let mut store = Self {
            tables,
            by_ip: BTreeMap::new(),
            by_master: BTreeMap::new(),
            by_net: BTreeMap::new(),
            accounts: Vec::new(),
            groups: BTreeMap::from([
                (2, ("Operators".to_owned(), Some("default Operator group".to_owned()))),
                (3, ("Guests".to_owned(), Some("default Guest group (viewers)".to_owned()))),
            ]),
            api_enabled: true,
            vlan_duplicates: false,
            // The default of the server's setting. IEEE 802.1Q ends at 4094, but the server takes 4096.
            vlan_maximum: 4096,
            numbers: Numbers::Native,
            failures: (0, None),
            changes: Vec::new(),
            online: HashSet::new(),
            can_ping: true,
            // Another seed for each server, so that no test can depend on a token.
            random: std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0_u8),
        };
        store.install();
        store
    }

    /// Returns the table of a kind. Every kind has one.
    pub(super) fn table(&self, object: Object) -> &Table {
        // The map has all kinds from `new` on. The library does not panic, so a missing one would be an empty table.
        static EMPTY: std::sync::OnceLock<Table> = std::sync::OnceLock::new();
        self.tables.get(&object).unwrap_or_else(|| EMPTY.get_or_init(|| Table::new("none", Vec::new())))
    }

    pub(super) fn cell(&self, object: Object, id: u64, column: &str) -> &Cell {
        self.table(object).cell(id, column)
    }

    /// Inserts a row as the API does, and returns its id.
    pub(super) fn insert(&mut self, object: Object, fields: &Fields) -> Handled<u64> {
        self.table(object).check_given(fields)?;
        self.insert_row(object, fields)
    }

    /// Inserts a row and updates the indexes. Required fields that are not given get the default of the column.
    pub(super) fn insert_row(&mut self, object: Object, fields: &Fields) -> Handled<u64> {
        if object == Object::Address
            && let Some((subnet, ip)) = address_key(fields)
            && self.address_at(subnet, ip).is_some()
        {
            // The unique key of the real table. It makes sure that no address is given twice where an app has no lock
            // (Q48).
            return Err(duplicate(&format!("{ip}-{subnet}"), "sid_ip_unique"));
        }
        let Some(table) = self.tables.get_mut(&object) else { return Err(Refusal::Fatal) };
        let id = table.insert(fields)?;
        if object == Object::Address
            && let Some((subnet, ip)) = address_key(fields)
        {
            self.by_ip.entry(subnet).or_default().insert(ip, id);
        }
        if object == Object::Subnet {
            self.index_subnet(id, true);
        }
        Ok(id)
    }

    /// Adds a subnet to the indexes, or removes it from them.
    ///
    /// Callers remove before they change the row and add afterwards: the keys of the indexes are columns of the row.
    fn index_subnet(&mut self, id: u64, add: bool) {
        fn put<K: Ord>(index: &mut BTreeMap<K, BTreeSet<u64>>, key: K, id: u64, add: bool) {
            let ids = index.entry(key).or_default();
            if add {
                ids.insert(id)
            } else {
                ids.remove(&id)
            };
        }
        if !self.table(Object::Subnet).contains(id) {
            return;
        }
        let column = |name: &str| self.cell(Object::Subnet, id, name).reference().unwrap_or(0);
        let (master, section) = (column("masterSubnetId"), column("sectionId"));
        let net = self.net_of(id);
        put(&mut self.by_master, master, id, add);
        if let Some(net) = net {
            put(&mut self.by_net, (section, net.first, net.mask), id, add);
        }
    }

    /// Returns the smallest subnet of a section that contains a network, in any VRF.
    pub(super) fn enclosing(&self, section: u64, inner: Net) -> Option<u64> {
        (0..=inner.mask).rev().find_map(|mask| {
            let outer = Net::new(inner.first, mask)?;
            self.by_net.get(&(section, outer.first, mask))?.iter().copied().find(|id| self.net_of(*id) == Some(outer))
        })
    }

    pub(super) fn update(&mut self, object: Object, id: u64, fields: &Fields) -> Handled<()> {
        if object == Object::Subnet {
            self.index_subnet(id, false);
        }
        let done = self.tables.get_mut(&object).map_or(Ok(()), |table| table.update(id, fields));
        if object == Object::Subnet {
            self.index_subnet(id, true);
        }
        done
    }

    /// Sets one cell without checks, and updates the indexes.
    pub(super) fn set(&mut self, object: Object, id: u64, column: &str, cell: Cell) {
        // The key in the index must be read before the cell changes.
        let before = (object == Object::Address).then(|| self.address_key_of(id)).flatten();
        if object == Object::Subnet {
            self.index_subnet(id, false);
        }
        if let Some(table) = self.tables.get_mut(&object) {
            table.set(id, column, cell);
        }
        if object == Object::Subnet {
            self.index_subnet(id, true);
        }
        if let Some((subnet, ip)) = before {
            self.forget(subnet, ip);
            if let Some((subnet, ip)) = self.address_key_of(id) {
                self.by_ip.entry(subnet).or_default().insert(ip, id);
            }
        }
    }

    pub(super) fn remove(&mut self, object: Object, id: u64) {
        if object == Object::Address
            && let Some((subnet, ip)) = self.address_key_of(id)
        {
            self.forget(subnet, ip);
        }
        if object == Object::Subnet {
            self.index_subnet(id, false);
        }
        if let Some(table) = self.tables.get_mut(&object) {
            table.remove(id);
        }
    }

    fn forget(&mut self, subnet: u64, ip: u128) {
        if let Some(used) = self.by_ip.get_mut(&subnet) {
            used.remove(&ip);
            if used.is_empty() {
                self.by_ip.remove(&subnet);
            }
        }
    }

    fn address_key_of(&self, id: u64) -> Option<(u64, u128)> {
        let subnet = self.cell(Object::Address, id, "subnetId").reference()?;
        Some((subnet, self.ip_of(id)))
    }

    /// Returns the number of an address.
    pub(super) fn ip_of(&self, id: u64) -> u128 {
        ip_number::parse(&self.cell(Object::Address, id, "ip_addr").as_text()).unwrap_or(0)
    }

    /// Returns the addresses of a subnet in ascending order.
    pub(super) fn addresses_of(&self, subnet: u64) -> impl Iterator<Item = (u128, u64)> {
        self.by_ip.get(&subnet).into_iter().flatten().map(|(ip, id)| (*ip, *id))
    }

    pub(super) fn address_at(&self, subnet: u64, ip: u128) -> Option<u64> {
        self.by_ip.get(&subnet)?.get(&ip).copied()
    }

    /// Returns the ids of all rows with this address, in ascending order.
    pub(super) fn addresses_with(&self, ip: u128) -> Vec<u64> {
        let mut ids: Vec<u64> = self.by_ip.values().filter_map(|used| used.get(&ip).copied()).collect();
        // The index is by subnet; the database returns rows by id.
        ids.sort_unstable();
        ids
    }

    /// Returns the network of a subnet, or `None` for folders and for rows without a mask.
    pub(super) fn net_of(&self, subnet: u64) -> Option<Net> {
        if self.is_folder(subnet) {
            return None;
        }
        let mask = self.cell(Object::Subnet, subnet, "mask").as_text().parse().ok()?;
        Net::new(self.subnet_number(subnet), mask)
    }

    pub(super) fn subnet_number(&self, subnet: u64) -> u128 {
        ip_number::parse(&self.cell(Object::Subnet, subnet, "subnet").as_text()).unwrap_or(0)
    }

    pub(super) fn is_folder(&self, subnet: u64) -> bool {
        self.cell(Object::Subnet, subnet, "isFolder").is_set()
    }

    pub(super) fn is_pool(&self, subnet: u64) -> bool {
        self.cell(Object::Subnet, subnet, "isPool").is_set()
    }

    /// Returns the children of a subnet or folder, by network and mask.
    pub(super) fn children_of(&self, subnet: u64) -> Vec<u64> {
        let mut ids: Vec<u64> = self.by_master.get(&subnet).into_iter().flatten().copied().collect();
        ids.sort_by_key(|id| self.order_of(*id));
        ids
    }

    /// Returns the key by which lists are sorted: network, then mask.
    pub(super) fn order_of(&self, subnet: u64) -> (u128, u8) {
        let mask = self.cell(Object::Subnet, subnet, "mask").as_text().parse().unwrap_or(0);
        (self.subnet_number(subnet), mask)
    }

    pub(super) fn has_children(&self, subnet: u64) -> bool {
        self.by_master.get(&subnet).is_some_and(|children| !children.is_empty())
    }

    /// Returns the subnet and everything below it, parents before children.
    pub(super) fn tree_of(&self, subnet: u64) -> Vec<u64> {
        let mut tree = vec![subnet];
        // The API does not validate `masterSubnetId` on PATCH, so a subnet can become its own ancestor.
        let mut seen = HashSet::from([subnet]);
        let mut next = 0;
        while let Some(id) = tree.get(next).copied() {
            next += 1;
            tree.extend(self.children_of(id).into_iter().filter(|child| seen.insert(*child)));
        }
        tree
    }

    /// Removes a subnet with all children and addresses.
    pub(super) fn remove_subnet(&mut self, subnet: u64) {
        for id in self.tree_of(subnet) {
            self.truncate(id);
            self.remove(Object::Subnet, id);
        }
    }

    /// Removes the addresses of a subnet.
    pub(super) fn truncate(&mut self, subnet: u64) {
        let ids: Vec<u64> = self.addresses_of(subnet).map(|(_, id)| id).collect();
        for id in ids {
            self.remove(Object::Address, id);
        }
    }

    /// Returns the id of the address that is the gateway of a subnet.
    pub(super) fn gateway_of(&self, subnet: u64) -> Option<u64> {
        self.addresses_of(subnet).map(|(_, id)| id).find(|id| self.cell(Object::Address, *id, "is_gateway").is_set())
    }

    /// Returns true if the address was set to be [online](Self::set_online).
    pub(super) fn is_online(&self, ip: u128) -> bool {
        self.online.contains(&ip)
    }

    /// Sets whether an address responds to the ping of the server. Default: it does not.
    pub fn set_online(&mut self, ip: IpAddr, online: bool) {
        if online {
            self.online.insert(ip_number::of(ip));
        } else {
            self.online.remove(&ip_number::of(ip));
        }
    }

    /// Returns a random text of 24 characters, the form of tokens and session ids.
    pub(super) fn new_token(&mut self) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        (0..24)
            .map(|_| {
                let index = ipam_core::testing::splitmix64(&mut self.random) % 64;
                let byte = usize::try_from(index).ok().and_then(|i| ALPHABET.get(i)).copied();
                char::from(byte.unwrap_or(b'A'))
            })
            .collect()
    }
}

fn address_key(fields: &Fields) -> Option<(u64, u128)> {
    let field = |name: &str| fields.iter().find(|(n, _)| n == name)?.1.as_deref();
    let subnet = field("subnetId")?.parse().ok()?;
    Some((subnet, ip_number::parse(field("ip_addr")?)?))
}
