//! Form of an endpoint of the plug-in for phpIPAM. The packager and the tests of the program use it.

use vra_client::package::{Field, Form, Support};

/// Returns the form. The program reads each of its fields: those of [`Form::with_settings`] in the actions, the others as
/// options of the provider.
pub(crate) fn form(title: &str) -> Form {
    let endpoint = [
        Field::text("hostName", "phpIPAM host").required().with_help(
            "Host name or address, such as ipam.example.com, ipam.example.com:8443 or ipam.example.com/phpipam. A \
             certificate that is not trusted is shown on validation. Once accepted, only this certificate is trusted.",
        ),
        Field::text("apiAppId", "App id")
            .required()
            .with_help("In phpIPAM: Administration, API. The app needs the permission Read / Write."),
        Field::choice("authType", "Login", [("user", "User and password"), ("code", "App code")])
            .with_default("user")
            .with_help("User and password if the app's security is a user token, app code if it is an app code token"),
        Field::text("sections", "Sections").with_help("Names of the sections to use, separated by commas; empty: all"),
    ];
    let networks = [
        Field::text("blockField", "Blocks: field").with_help(
            "Field of the subnets in which on-demand networks are allocated, such as custom_onDemand; empty: all \
             subnets that have subnets below them",
        ),
        Field::text("blockValue", "Blocks: value").with_help("Value of this field, such as 1"),
    ];
    let records = [
        Field::text("addressTag", "Tag of new addresses").with_help("Name of the tag; empty: Used"),
        Field::text("reservedTags", "Tags of reserved addresses")
            .with_help("Names, separated by commas; such addresses are never allocated; empty: Reserved,DHCP"),
        Field::text("markField", "Field for marks of addresses")
            .with_help("Text field of addresses that the plug-in writes its marks to; empty: note"),
        Field::text("rangeMarkField", "Field for marks of networks")
            .with_help("Text field of subnets that the plug-in writes its marks to; empty: description"),
    ];
    let form = Form::new(title).with_credentials("User", "Password or app code").with_field(
        Field::text("privateKeyId", "User")
            .required()
            .in_section("credentials")
            .with_help("User of phpIPAM; with an app code any text, such as the app id"),
    );
    // The blocks of phpIPAM are chosen by its own two fields.
    let form = ["enableBlockFilter", "blockFilterField", "blockFilterValue", "blockFilterMatch"]
        .into_iter()
        .fold(endpoint.into_iter().fold(form, Form::with_field).with_settings(), Form::without_field);
    let form = networks.into_iter().map(|field| field.in_section("networks")).fold(form, Form::with_field);
    records.into_iter().map(|field| field.in_section("records")).fold(form, Form::with_field)
}

/// Fields that only on-demand networks need.
const OF_NETWORKS: [&str; 4] = ["blockField", "blockValue", "rangeFields", "rangeMarkField"];

/// Returns the form of a package with these parts of the contract, without the fields of the others.
pub(crate) fn form_with(title: &str, support: Support) -> Form {
    let networks = OF_NETWORKS.into_iter().filter(|_| !support.on_demand_networks);
    let spaces = ["addressSpace"].into_iter().filter(|_| !support.address_spaces);
    networks.chain(spaces).fold(form(title), Form::without_field)
}

/// Returns the optional parts of the contract that the program supports: all of them.
pub(crate) fn support() -> Support {
    Support::default().with_address_spaces(true).with_update_record(true).with_on_demand_networks(true)
}
