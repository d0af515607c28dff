//! Sub-controller `tools/tags`.

pub(crate) mod model;

use self::model::{Tag, TagFields};
use crate::controllers::addresses::model::Address;
use crate::wire::TagId;

table! {
    /// Address tags; see [`Tools::tags`](super::Tools::tags).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::{Tag, TagFields};
    ///
    /// let names: Vec<String> = client.tools().tags().list().await?.into_iter().map(|tag| tag.name).collect();
    /// assert_eq!(names, ["Offline", "Used", "Reserved", "DHCP"]);
    /// client.tools().tags().update(Tag::RESERVED, &TagFields::new().with_background("#f59c99")).await?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Tags, "tags", "tag" ("address tag", "address tags"), TagId, Tag
}
writes! {
    Tags, "tags", "tag", TagId, Tag, TagFields;
    /// Creates a tag.
    ///
    /// # Errors
    /// A refusal of kind [`Invalid`](crate::RefusalKind::Invalid) if the database refuses a value; otherwise the
    /// [common errors](crate::Error#common-errors).
    create(name: &str => with_name);
    /// Deletes a tag, **also a locked one**: the lock exists in the web interface only. Addresses keep the id of the
    /// deleted tag.
    delete
}
below! {
    Tags, TagId;
    /// Lists the addresses with a tag, of all subnets.
    addresses = "addresses": Address;
}
