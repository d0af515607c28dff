//! What is kept beside networks: types of devices, scan agents, racks, customers.

use super::{CustomerId, DeviceTypeId, Hidden, Link, LocationId, RackId, ScanAgentId, ServerTime, model};
use crate::lenient::words;

model! {
    /// A type of devices.
    pub struct DeviceType {
        /// Its id.
        id: DeviceTypeId = "id" | "tid",
        /// Its name.
        name: Option<String> = "tname",
        /// Free text.
        description: Option<String> = "tdescription",
        /// The background colour, like `#E6E6E6`; since 1.8.
        background: Option<String> = "bgcolor",
        /// The colour of the text; since 1.8.
        foreground: Option<String> = "fgcolor",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

words! {
    /// How a scan agent reaches the server.
    pub enum ScanAgentType {
        /// It is the server itself.
        Direct = "direct",
        /// Through the API.
        Api = "api",
        /// Through the database.
        MySql = "mysql",
    }
}

model! {
    /// A program that looks for hosts.
    pub struct ScanAgent {
        /// Its id.
        id: ScanAgentId = "id",
        /// Its name.
        name: Option<String> = "name",
        /// Free text.
        description: Option<String> = "description",
        /// How it reaches the server.
        agent_type: Option<ScanAgentType> = "type",
        /// The code by which it is known.
        code: Option<Hidden> = "code",
        /// When it was last heard of.
        last_access: Option<ServerTime> = "last_access",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

model! {
    /// A rack.
    pub struct Rack {
        /// Its id.
        id: RackId = "id",
        /// Its name.
        name: Option<String> = "name",
        /// How many units it has.
        size: Option<u32> = "size",
        /// Whether it is a part of another rack; since 1.8.
        subrack: Option<bool> = "subrack",
        /// The location.
        location: Option<LocationId> = "location",
        /// The row it stands in.
        row: Option<u32> = "row",
        /// Whether its back is used too.
        has_back: bool = "hasBack",
        /// Whether units are counted from the top.
        top_down: bool = "topDown",
        /// Free text.
        description: Option<String> = "description",
        /// The customer; since 1.4.
        customer_id: Option<CustomerId> = "customer_id",
        /// Links, where the app shows them.
        links: Vec<Link> = "links",
    }
}

words! {
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
        /// The state or country. The server calls it `tag` in answers, by mistake.
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
