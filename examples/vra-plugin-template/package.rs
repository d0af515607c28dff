//! Packages a plug-in program by the library. `ipam vra package` does the same from the shell.
//!
//! `cargo run -p ipam-vra-plugin-template --example package -- PROGRAM OUT.zip`

use vra_client::package::{Form, Package, Support};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(program), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("name the program and the package: PROGRAM OUT.zip".into());
    };
    let form = Form::new("NetBox").with_credentials("User (not used)", "API token").with_settings();
    Package::builder("NetBox", env!("CARGO_PKG_VERSION"), std::fs::read(program)?)
        .with_description("Allocates addresses in NetBox")
        // NetBox's provider has neither updates nor blocks, so the package has the four required actions.
        .with_support(Support::default().with_address_spaces(true))
        .with_form(form)
        .build()?
        .write_to(&out)?;
    println!("wrote {out}");
    Ok(())
}
