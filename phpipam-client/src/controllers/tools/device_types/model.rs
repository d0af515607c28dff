//! Types of devices as they are read and written.

use crate::controllers::links::Link;
use crate::controllers::request_body::request_body;
use crate::wire::{DeviceTypeId, model};

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

request_body! {
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

impl DeviceTypeFields {
    /// No field named: everything stays as it is, or gets the server's default.
    pub fn new() -> Self {
        Self::default()
    }
}
