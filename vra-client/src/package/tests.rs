#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{Field, Form, Package, PackageError, Support};
use crate::plugin::Action;

/// Returns an ELF file of this type and machine whose only segment has this type.
fn elf(file_type: u8, machine: u8, segment: u8) -> Vec<u8> {
    let mut program = vec![0_u8; 120];
    let header = [0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, file_type, 0, machine, 0];
    program[..20].copy_from_slice(&header);
    for (at, value) in [(20, 1), (24, 1), (32, 64), (52, 64), (54, 56), (56, 1), (58, 64), (64, segment)] {
        program[at] = value;
    }
    program
}

fn program() -> Vec<u8> {
    elf(2, 62, 1)
}

fn all() -> Support {
    Support::default().with_address_spaces(true).with_update_record(true).with_on_demand_networks(true)
}

#[test]
fn the_layout_is_that_of_the_contract() {
    let package = Package::builder("phpIPAM", "1.2.0", program()).with_support(all()).build().unwrap();
    let mut names = package.entries().unwrap();
    names.sort();
    assert_eq!(names, ["CHANGELOG.md", "bundle.zip", "endpoint-schema.json", "logo.png", "registration.yaml"]);
    let registration = String::from_utf8(package.read("registration.yaml").unwrap()).unwrap();
    for line in [
        "name: \"phpIPAM\"",
        "version: \"1.2.0\"",
        "  updateResourceActionId: \"phpIPAM_Update\"",
        "  allocateNetworkActionId: \"phpIPAM_AllocateIPRange\"",
        "  supportsOnDemandNetworks: true",
    ] {
        assert!(registration.lines().any(|found| found == line), "{line} in\n{registration}");
    }
    for action in Action::ALL {
        let id = format!("phpIPAM_{}", action.name());
        let abx = String::from_utf8(package.read(&format!("bundle.zip!{id}.abx")).unwrap()).unwrap();
        assert!(abx.contains(&format!("name: \"{id}\"\n")) && abx.contains("entrypoint: source.handler\n"), "{abx}");
        let script = String::from_utf8(package.read(&format!("bundle.zip!{id}.zip!source.py")).unwrap()).unwrap();
        assert!(script.contains(&format!("ACTION = \"{}\"", action.command())), "{script}");
        assert!(["@ACTION@", "@PROGRAM@", "@TIMEOUT@"].iter().all(|name| !script.contains(name)), "{script}");
        assert_eq!(package.read(&format!("bundle.zip!{id}.zip!ipam-plugin")).unwrap(), program());
    }
}

#[test]
fn actions_that_are_not_supported_are_left_out() {
    let package = Package::builder("x", "1", program()).build().unwrap();
    assert!(package.read("bundle.zip!x_AllocateIP.abx").is_ok());
    for action in ["Update", "GetIPBlocks", "AllocateIPRange", "DeallocateIPRange"] {
        assert!(package.read(&format!("bundle.zip!x_{action}.abx")).is_err(), "{action}");
    }
    let registration = String::from_utf8(package.read("registration.yaml").unwrap()).unwrap();
    assert!(registration.contains("supportsUpdateRecord: false") && !registration.contains("x_Update"));
}

#[test]
fn the_same_parts_give_the_same_bytes() {
    let build = || Package::builder("x", "1", program()).with_support(all()).build().unwrap();
    assert_eq!(build().as_bytes(), build().as_bytes());
}

#[test]
fn what_vra_would_refuse_is_refused_by_name() {
    let refused = |name: &str, version: &str, program: Vec<u8>| {
        Package::builder(name, version, program).build().unwrap_err().to_string()
    };
    for name in ["", "my ipam", "1x", "a/b", "ä"] {
        assert!(refused(name, "1", program()).starts_with("name "), "{name}");
    }
    for version in ["", "one", "1.", "1..2", "1.2.3.4.5", "1-", "1.0 beta"] {
        assert!(refused("x", version, program()).starts_with("version "), "{version}");
    }
    for (program, problem) in [
        (Vec::new(), "is empty"),
        (b"#!/bin/sh\n".to_vec(), "is not an ELF file"),
        (elf(2, 183, 1), "is for the machine 183"),
        (elf(1, 62, 1), "is not an executable"),
        (elf(2, 62, 3), "is dynamically linked"),
    ] {
        let error = refused("x", "1", program);
        assert!(error.contains(problem) && error.contains("x86_64-unknown-linux-musl"), "{error}");
    }
    let with_logo = |logo: &[u8]| Package::builder("x", "1", program()).with_logo(logo).build();
    let whole = super::logo::DEFAULT;
    assert!(with_logo(whole).is_ok());
    for logo in [b"GIF89a".as_slice(), &whole[..whole.len() / 2], b""] {
        assert!(matches!(with_logo(logo), Err(PackageError::Part { part: "logo", .. })));
    }
    for (seconds, megabytes) in [(59, 600), (901, 600), (600, 127), (600, 3001)] {
        let builder = Package::builder("x", "1", program());
        assert!(builder.with_timeout_seconds(seconds).with_memory_mb(megabytes).build().is_err());
    }
}

#[test]
fn a_form_names_its_own_mistakes() {
    let error = |field: Field| Form::new("x").with_field(field).to_json().unwrap_err().to_string();
    assert!(error(Field::text("a b", "A")).contains("\"a b\""));
    assert!(error(Field::text("a", " ")).contains("give it a label"));
    assert!(error(Field::text("a", "A").required_if("nowhere")).contains("nowhere"));
    assert!(error(Field::text("a", "A").in_section("b c")).contains("\"b c\""));
    let schema = Form::new("x").with_settings().to_json().unwrap();
    for required in ["privateKeyId", "privateKey", "hostName"] {
        assert_eq!(schema["schema"][required]["constraints"]["required"], true, "{required}");
    }
    assert_eq!(schema["schema"]["privateKey"]["type"]["dataType"], "secureString");
}

#[test]
fn fields_are_shown_in_their_sections_and_hidden_ones_are_not_required() {
    let form = Form::new("x")
        .with_field(Field::flag("more", "More").in_section("b"))
        .with_field(Field::text("c", "C").shown_if("more").in_section("b"))
        .with_field(Field::text("d", "D").required_if("more").in_section("b"))
        .with_field(Field::text("e", "E"));
    assert_eq!(form.field_ids().collect::<Vec<_>>(), ["hostName", "privateKeyId", "privateKey", "more", "c", "d", "e"]);
    let json = form.to_json().unwrap();
    let sections = json["layout"]["pages"][0]["sections"].as_array().unwrap();
    let shown: Vec<(&str, Vec<&str>)> = sections
        .iter()
        .map(|section| {
            let fields = section["fields"].as_array().unwrap().iter();
            (section["id"].as_str().unwrap(), fields.map(|field| field["id"].as_str().unwrap()).collect())
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("endpoint", vec!["hostName", "e"]),
            ("credentials", vec!["privateKeyId", "privateKey"]),
            ("b", vec!["more", "c", "d"]),
        ]
    );
    assert_eq!(json["schema"]["c"]["constraints"]["required"], false);
    assert_eq!(json["schema"]["d"]["constraints"]["required"][0]["equals"]["more"], true);
    assert_eq!(sections[2]["fields"][1]["state"]["visible"][0]["equals"]["more"], true);
}

#[test]
fn the_form_has_the_settings_that_are_documented_and_no_other() {
    let docs = include_str!("../plugin/settings/mod.rs");
    let table = docs.lines().skip_while(|line| !line.contains("| property | default |")).skip(2);
    let rows = table.map_while(|line| line.strip_prefix("/// | ")?.split(" | ").next());
    let names = rows.flat_map(|names| names.split(", ")).map(|name| name.trim_matches('`'));
    // Such properties have any number of names; they are written into the table of free properties.
    let mut documented: Vec<&str> = names.filter(|name| !name.ends_with(".NAME")).collect();
    let form = Form::new("x").with_settings();
    let mut shown: Vec<&str> = form.field_ids().skip(3).filter(|id| *id != "properties").collect();
    documented.sort_unstable();
    shown.sort_unstable();
    assert!(documented.len() > 15, "{documented:?}");
    assert_eq!(shown, documented);
    let json = form.to_json().unwrap();
    assert_eq!(json["schema"]["properties"]["type"]["fields"][1]["id"], "prop_value");
    assert_eq!(json["schema"]["filterMatch"]["constraints"]["required"], false);
    assert!(!form.without_field("filterMatch").field_ids().any(|id| id == "filterMatch"));
}

#[test]
fn a_file_is_replaced_whole_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.zip");
    let package = Package::builder("x", "1", program()).build().unwrap();
    package.write_to(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), package.as_bytes());
    package.write_to(&path).unwrap();
    assert!(package.write_to(directory.path().join("nowhere").join("x.zip")).is_err());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "no other file is left");
    // As any other new file: the umask decides who may read it.
    let plain = directory.path().join("plain");
    std::fs::write(&plain, "").unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions();
    assert_eq!(mode(&path), mode(&plain));
}

#[test]
fn what_is_no_package_is_named() {
    let package = Package::from_bytes(b"no zip".to_vec());
    assert!(matches!(package.entries(), Err(PackageError::Read(_))));
    let package = Package::builder("x", "1", program()).build().unwrap();
    assert!(package.read("nothing").unwrap_err().to_string().contains("nothing"));
}
