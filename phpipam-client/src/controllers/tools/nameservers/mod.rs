//! Sub-controller `tools/nameservers`.

pub(crate) mod model;

use self::model::{Nameserver, NameserverFields};
use crate::wire::{NameserverId, TextList};

table! {
    /// Sets of name servers; see [`Tools::nameservers`](super::Tools::nameservers).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::NameserverFields;
    ///
    /// let sets = client.tools().nameservers();
    /// let id = sets.create("Lab", ["192.0.2.53"], &NameserverFields::new()).await?.id;
    /// let now = sets.update_verified(id, &NameserverFields::new().with_servers(["192.0.2.1", "192.0.2.2"])).await?;
    /// assert_eq!(now.servers.0, ["192.0.2.1", "192.0.2.2"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Nameservers, "nameservers", "name server" ("set of name servers", "sets of name servers"), NameserverId, Nameserver
}
writes! {
    Nameservers, "nameservers", "set of name servers", NameserverId, Nameserver, NameserverFields;
    /// Creates a set of name servers.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if the database refuses a value; otherwise the
    /// [common errors](crate::Error#common-errors).
    create(name: &str => with_name, servers: impl Into<TextList> => with_servers);
    /// Deletes a set of name servers.
    delete
}
