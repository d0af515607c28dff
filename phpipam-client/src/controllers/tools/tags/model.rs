//! Models of address tags.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{TagId, YesNo, model};

model! {
    /// Tag of addresses, which is also their state.
    pub struct Tag {
        /// Id. Built-in: 1 offline, 2 used, 3 reserved, 4 DHCP, unless an administrator deleted them.
        id: TagId = "id",
        /// Name.
        name: String = "type",
        /// True if the web interface shows it.
        show: bool = "showtag",
        /// Background colour, such as `#f59c99`.
        background: Option<String> = "bgcolor",
        /// Text colour.
        foreground: Option<String> = "fgcolor",
        /// True if the web interface shows a contiguous run of such addresses as one.
        compress: YesNo = "compress",
        /// True if the web interface protects it. The API deletes it all the same.
        locked: YesNo = "locked",
        /// True if a scan may change the tag of such addresses.
        update: bool = "updateTag",
        /// Links, if the app is set up to show them. They are wrong.
        links: Vec<Link> = "links",
    }
}

impl Tag {
    /// Id of the built-in tag "Offline".
    pub const OFFLINE: TagId = TagId::new(1);
    /// Id of the built-in tag "Used", the default of new addresses.
    pub const USED: TagId = TagId::new(2);
    /// Id of the built-in tag "Reserved".
    pub const RESERVED: TagId = TagId::new(3);
    /// Id of the built-in tag "DHCP".
    pub const DHCP: TagId = TagId::new(4);
}

request_body! {
    /// Fields of an address tag, to create or change one. Fields that are not set stay as they are.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::TagFields;
    ///
    /// let fields = TagFields::new().with_background("#f59c99").with_compress(true);
    /// let id = client.tools().tags().create("Quarantine", &fields).await?.id;
    /// assert_eq!(client.tools().tags().get(id).await?.name, "Quarantine");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct TagFields {
        /// Sets the name.
        String, "type", never => with_name;
        /// Sets whether the web interface shows it.
        bool, "showtag", zero => with_show;
        /// Sets the background colour, such as `#f59c99`.
        String, "bgcolor", never => with_background;
        /// Sets the text colour.
        String, "fgcolor", never => with_foreground;
        /// Sets whether the web interface shows a contiguous run of such addresses as one.
        YesNo, "compress", never => with_compress;
        /// Sets whether the web interface protects it. The API does not.
        YesNo, "locked", never => with_locked;
        /// Sets whether a scan may change the tag of such addresses.
        bool, "updateTag", zero => with_update;
    }
}

impl TagFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
