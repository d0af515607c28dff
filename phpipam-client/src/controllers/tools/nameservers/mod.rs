//! `tools/nameservers`

pub(crate) mod model;

use self::model::{Nameserver, NameserverFields};
use crate::wire::{NameserverId, TextList};

table! {
    /// Sets of name servers; see [`Tools::nameservers`](super::Tools::nameservers).
    Nameservers, "nameservers", "name server", NameserverId, Nameserver
}
writes! {
    Nameservers, "nameservers", "name server", NameserverId, Nameserver, NameserverFields;
    /// Creates a set of name servers.
    create(name: &str => with_name, servers: impl Into<TextList> => with_servers);
    /// Deletes a set of name servers.
    delete
}
