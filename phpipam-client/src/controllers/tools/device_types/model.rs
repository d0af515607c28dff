//! Models of device types.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{DeviceTypeId, model};

model! {
    /// Device type.
    pub struct DeviceType {
        // `tid` is the column. `id` is there only if the app shows links.
        /// Id.
        id: DeviceTypeId = "id" | "tid",
        /// Name.
        name: Option<String> = "tname",
        /// Free text.
        description: Option<String> = "tdescription",
        /// Background colour, such as `#E6E6E6`; since 1.8, `None` before.
        background: Option<String> = "bgcolor",
        /// Text colour; since 1.8, `None` before.
        foreground: Option<String> = "fgcolor",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a device type, to create or change one. Fields that are not set stay as they are.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::DeviceTypeFields;
    ///
    /// let fields = DeviceTypeFields::new().with_description("access points").with_background("#E6E6E6");
    /// let id = client.tools().device_types().create("AP", &fields).await?.id;
    /// assert_eq!(client.tools().device_types().get(id).await?.name.as_deref(), Some("AP"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct DeviceTypeFields {
        /// Sets the name.
        String, "tname", never => with_name;
        /// Sets the description.
        String, "tdescription", null => with_description clear_description patch_description;
        /// Sets the background colour, such as `#E6E6E6`. Since 1.8; older servers refuse with kind
        /// [`Invalid`](crate::RefusalKind::Invalid).
        String, "bgcolor", never => with_background;
        /// Sets the text colour. Since 1.8; older servers refuse with kind [`Invalid`](crate::RefusalKind::Invalid).
        String, "fgcolor", never => with_foreground;
    }
}

impl DeviceTypeFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
