//! Customers as they are read and written.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{CustomerId, model, open_enum};

open_enum! {
    /// Whether a customer, or a circuit, is in use.
    pub enum Status {
        /// In use.
        Active = "Active",
        /// Set aside.
        Reserved = "Reserved",
        /// Not in use.
        Inactive = "Inactive",
    }
}

model! {
    /// A customer; since 1.4.
    pub struct Customer {
        /// Its id.
        id: CustomerId = "id",
        /// Its name, unique on the server.
        title: Option<String> = "title",
        /// Street and number.
        address: Option<String> = "address",
        /// The post code.
        postcode: Option<String> = "postcode",
        /// The city.
        city: Option<String> = "city",
        /// The state or country. The server calls it `tag` in responses, by mistake.
        state: Option<String> = "tag" | "state",
        /// The latitude in degrees, as text.
        latitude: Option<String> = "lat",
        /// The longitude in degrees, as text.
        longitude: Option<String> = "long",
        /// Whom to ask.
        contact_person: Option<String> = "contact_person",
        /// The phone number.
        contact_phone: Option<String> = "contact_phone",
        /// The e-mail address.
        contact_mail: Option<String> = "contact_mail",
        /// Free text.
        note: Option<String> = "note",
        /// Whether it is in use.
        status: Option<Status> = "status",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

request_body! {
    /// Fields of a customer, to create or change one.
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
        /// Sets whom to ask.
        String, "contact_person", null => with_contact_person clear_contact_person patch_contact_person;
        /// Sets the phone number.
        String, "contact_phone", null => with_contact_phone clear_contact_phone patch_contact_phone;
        /// Sets the e-mail address.
        String, "contact_mail", null => with_contact_mail clear_contact_mail patch_contact_mail;
        /// Sets the note.
        String, "note", null => with_note clear_note patch_note;
        /// Says whether it is in use.
        Status, "status", never => with_status;
    }
}

impl CustomerFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
