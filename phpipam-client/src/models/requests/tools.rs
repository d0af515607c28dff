//! Fields of what is kept under `tools`.

use crate::lenient::{CustomerId, Hidden, LocationId, ServerTime, TextList, YesNo};
use crate::models::{ScanAgentType, Status};
use crate::patch::request;

request! {
    /// Fields of an address tag, to create or change one.
    pub struct TagFields {
        /// Sets the name.
        String, "type", never => with_name;
        /// Says whether it is shown.
        bool, "showtag", zero => with_show;
        /// Sets the background colour, like `#f59c99`.
        String, "bgcolor", never => with_background;
        /// Sets the colour of the text.
        String, "fgcolor", never => with_foreground;
        /// Shows runs of such addresses as one, or each of them.
        YesNo, "compress", never => with_compress;
        /// Says whether the interface protects it; the API does not.
        YesNo, "locked", never => with_locked;
        /// Says whether a scan may change the tag of such addresses.
        bool, "updateTag", zero => with_update;
    }
}

request! {
    /// Fields of a type of devices, to create or change one.
    pub struct DeviceTypeFields {
        /// Sets the name.
        String, "tname", never => with_name;
        /// Sets the description.
        String, "tdescription", null => with_description clear_description patch_description;
        /// Sets the background colour, like `#E6E6E6`; since 1.8.
        String, "bgcolor", never => with_background;
        /// Sets the colour of the text; since 1.8.
        String, "fgcolor", never => with_foreground;
    }
}

request! {
    /// Fields of a set of name servers, to create or change one.
    pub struct NameserverFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the name servers' addresses, in order.
        TextList, "namesrv1", never => with_servers;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the ids of the sections that may use it.
        TextList, "permissions", null => with_sections clear_sections patch_sections;
    }
}

request! {
    /// Fields of a scan agent, to create or change one.
    pub struct ScanAgentFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets how it reaches the server.
        ScanAgentType, "type", never => with_agent_type;
        /// Sets the code by which it is known, up to 32 characters, unique on the server.
        Hidden, "code", null => with_code clear_code patch_code;
        /// Sets when it was last heard of, on the server's clock.
        ServerTime, "last_access", null => with_last_access clear_last_access patch_last_access;
    }
}

request! {
    /// Fields of a location, to create or change one.
    pub struct LocationFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the postal address. Without latitude and longitude the server may look them up, which takes time.
        String, "address", null => with_address clear_address patch_address;
        /// Sets the latitude in degrees, as text.
        String, "lat", null => with_latitude clear_latitude patch_latitude;
        /// Sets the longitude in degrees, as text.
        String, "long", null => with_longitude clear_longitude patch_longitude;
    }
}

request! {
    /// Fields of a rack, to create or change one.
    pub struct RackFields {
        /// Sets the name.
        String, "name", never => with_name;
        /// Sets how many units it has.
        u32, "size", null => with_size clear_size patch_size;
        /// Says whether it is a part of another rack; since 1.8.
        bool, "subrack", zero => with_subrack;
        /// Sets the location. The server does not check that it exists.
        LocationId, "location", null => with_location clear_location patch_location;
        /// Sets the row it stands in.
        u32, "row", never => with_row;
        /// Says whether its back is used too.
        bool, "hasBack", zero => with_has_back;
        /// Counts units from the top, or from the bottom.
        bool, "topDown", zero => with_top_down;
        /// Sets the description.
        String, "description", null => with_description clear_description patch_description;
        /// Sets the customer, which must exist; since 1.4.
        CustomerId, "customer_id", null => with_customer clear_customer patch_customer;
    }
}

request! {
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

macro_rules! news {
    ($($name:ident)*) => {$(
        impl $name {
            /// No field named: everything stays as it is, or gets the server's default.
            pub fn new() -> Self {
                Self::default()
            }
        }
    )*};
}
news! { TagFields DeviceTypeFields NameserverFields ScanAgentFields LocationFields RackFields CustomerFields }
