//! Sets of name servers.

use super::{Link, NameserverId, ServerTime, TextList, model};

model! {
    /// A set of name servers.
    pub struct Nameserver {
        /// Its id.
        id: NameserverId = "id",
        /// Its name.
        name: Option<String> = "name",
        /// The name servers' addresses, in order.
        servers: TextList = "namesrv1",
        /// Free text.
        description: Option<String> = "description",
        /// The ids of the sections that may use it; written as `permissions` or `sections`.
        sections: TextList = "permissions" | "sections",
        /// When it was last changed.
        edit_date: Option<ServerTime> = "editDate",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}
