//! Models of customers.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{CustomerId, model, open_enum};

open_enum! {
    /// Status of a customer or a circuit.
    pub enum Status {
        /// In use.
        Active = "Active",
        /// Reserved for later use.
        Reserved = "Reserved",
        /// Not in use.
        Inactive = "Inactive",
    }
}

model! {
    /// Customer; since 1.4.
    pub struct Customer {
        /// Id.
        id: CustomerId = "id",
        /// Name, unique on the server.
        title: Option<String> = "title",
        /// Street and number.
        address: Option<String> = "address",
        /// Post code.
        postcode: Option<String> = "postcode",
        /// City.
        city: Option<String> = "city",
        // The state of a postal address. The server renames each column `state` to `tag` in reads, so this one too.
        /// State or country. The server calls it `tag` in responses, by mistake.
        state: Option<String> = "tag" | "state",
        /// Latitude in degrees, as text.
        latitude: Option<String> = "lat",
        /// Longitude in degrees, as text.
        longitude: Option<String> = "long",
        /// Contact person.
        contact_person: Option<String> = "contact_person",
        /// Phone number.
        contact_phone: Option<String> = "contact_phone",
        /// E-mail address.
        contact_mail: Option<String> = "contact_mail",
        /// Free text.
        note: Option<String> = "note",
        /// Status.
        status: Option<Status> = "status",
        /// Links, if the app is set up to show them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a customer, to create or change one. Fields that are not set stay as they are.
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::{CustomerFields, Status};
    ///
    /// let fields = CustomerFields::new().with_city("Ghent").with_status(Status::Reserved);
    /// let id = client.tools().customers().create("ACME", &fields).await?.id;
    /// assert_eq!(client.tools().customers().get(id).await?.city.as_deref(), Some("Ghent"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct CustomerFields {
        /// Sets the name, unique on the server.
        String, "title", never => with_title;
        /// Sets street and number.
        String, "address", null => with_address clear_address patch_address;
        /// Sets the post code.
        String, "postcode", null => with_postcode clear_postcode patch_postcode;
        /// Sets the city.
        String, "city", null => with_city clear_city patch_city;
        /// Sets the state or country.
        String, "state", null => with_state clear_state patch_state;
        /// Sets the latitude in degrees, as text.
        String, "lat", null => with_latitude clear_latitude patch_latitude;
        /// Sets the longitude in degrees, as text.
        String, "long", null => with_longitude clear_longitude patch_longitude;
        /// Sets the contact person.
        String, "contact_person", null => with_contact_person clear_contact_person patch_contact_person;
        /// Sets the phone number.
        String, "contact_phone", null => with_contact_phone clear_contact_phone patch_contact_phone;
        /// Sets the e-mail address.
        String, "contact_mail", null => with_contact_mail clear_contact_mail patch_contact_mail;
        /// Sets the note.
        String, "note", null => with_note clear_note patch_note;
        /// Sets the status.
        Status, "status", never => with_status;
    }
}

impl CustomerFields {
    /// Returns fields of which none is set.
    pub fn new() -> Self {
        Self::default()
    }
}
