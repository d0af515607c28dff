//! `ipam export`

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use ipam_core::export::{Exporter, Format, LeftOut, Zone, ZoneSettings, Zones};
use ipam_core::{Find, IpamProvider};
use serde_json::{Value, json};

use crate::cli::{ExportCommand, ExportFile, ExportFilter, ExportZones};
use crate::exit::Failure;
use crate::output::Output;
use crate::progress::note;

pub(crate) async fn run(provider: &dyn IpamProvider, command: ExportCommand, as_json: bool) -> Result<Output, Failure> {
    match command {
        ExportCommand::Hosts(args) => file(provider, args, "hosts", Format::Hosts, as_json).await,
        ExportCommand::Dnsmasq(args) => file(provider, args, "dnsmasq", Format::Dnsmasq, as_json).await,
        ExportCommand::Ansible(args) => file(provider, args, "ansible", Format::Ansible, as_json).await,
        ExportCommand::Prometheus(args) => file(provider, args, "prometheus", Format::Prometheus, as_json).await,
        ExportCommand::Bind(args) => {
            let settings = settings(&args);
            let found = exporter(provider, args.filter).forward_zones(&settings).await?;
            zones(found, args.directory.as_deref(), as_json)
        }
        ExportCommand::Ptr { zones: args, classless } => {
            let settings = settings(&args).with_classless(classless);
            let found = exporter(provider, args.filter).reverse_zones(&settings).await?;
            zones(found, args.directory.as_deref(), as_json)
        }
    }
}

fn exporter(provider: &dyn IpamProvider, args: ExportFilter) -> Exporter<'_> {
    let mut filter = Find::default();
    (filter.range, filter.space) = (args.range.map(Into::into), args.space.map(Into::into));
    let exporter = Exporter::new(provider).with_filter(filter).with_invalid_left_out(args.skip_invalid);
    match args.domain {
        Some(domain) => exporter.with_domain(domain),
        None => exporter,
    }
}

async fn file(
    provider: &dyn IpamProvider,
    args: ExportFile,
    name: &str,
    format: Format,
    as_json: bool,
) -> Result<Output, Failure> {
    let export = exporter(provider, args.filter).read(format).await?;
    say(export.left_out());
    let mut json = json!({ "format": name, "records": export.records(), "left_out": counts(export.left_out()) });
    if let Some(path) = &args.file {
        replace(path, |out| export.write(out))?;
        json["file"] = path.display().to_string().into();
        return Output::new(format!("{} records are in {}", export.records(), path.display()), &json);
    }
    if as_json {
        let mut text = Vec::new();
        export.write(&mut text).map_err(|error| unwritten("the result", &error))?;
        json["text"] = String::from_utf8_lossy(&text).into();
        return Output::new("", &json);
    }
    to_stdout(|out| export.write(out))?;
    Ok(Output::nothing())
}

fn zones(found: Zones, directory: Option<&Path>, as_json: bool) -> Result<Output, Failure> {
    say(&found.left_out);
    let Some(directory) = directory else {
        if as_json {
            let zones: Vec<Value> = found.zones.iter().map(|zone| described(zone, Some(&zone.text))).collect();
            return Output::new("", &json!({ "zones": zones, "left_out": counts(&found.left_out) }));
        }
        return match found.zones.as_slice() {
            [] => Output::new("", &Value::Null),
            [zone] => {
                to_stdout(|out| out.write_all(zone.text.as_bytes()))?;
                Ok(Output::nothing())
            }
            several => {
                let names: Vec<&str> = several.iter().take(SHOWN).map(|zone| zone.name.as_str()).collect();
                let more =
                    if several.len() > SHOWN { format!(" and {} more", several.len() - SHOWN) } else { String::new() };
                Err(Failure::Usage(format!(
                    "there are {} zones: {}{more}; give --zone with one of them, or --directory for a file of each",
                    several.len(),
                    names.join(", ")
                )))
            }
        };
    };
    std::fs::create_dir_all(directory).map_err(|error| unwritten(&directory.display().to_string(), &error))?;
    let (mut text, mut json) = (String::new(), Vec::new());
    for zone in &found.zones {
        let path = directory.join(zone.file_name());
        replace(&path, |out| out.write_all(zone.text.as_bytes()))?;
        text.push_str(&format!("{} records of {} are in {}\n", zone.records, zone.name, path.display()));
        let mut item = described(zone, None);
        item["file"] = path.display().to_string().into();
        json.push(item);
    }
    Output::new(text, &json!({ "zones": json, "left_out": counts(&found.left_out) }))
}

/// Number of zones that a message names.
const SHOWN: usize = 10;

fn settings(args: &ExportZones) -> ZoneSettings {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    // Serial numbers wrap around (RFC 1982), and so does this one.
    let serial = args.serial.unwrap_or_else(|| u32::try_from(now & u64::from(u32::MAX)).unwrap_or(1));
    let mut settings = ZoneSettings::new(serial).with_ttl(args.ttl);
    (settings.zone, settings.contact) = (args.zone.clone(), args.contact.clone());
    args.name_servers.iter().cloned().fold(settings, ZoneSettings::with_name_server)
}

fn described(zone: &Zone, text: Option<&str>) -> Value {
    let mut json = json!({ "name": zone.name, "records": zone.records });
    if let Some(text) = text {
        json["text"] = text.into();
    }
    json
}

fn counts(left_out: &[LeftOut]) -> Value {
    left_out.iter().map(|left| json!({ "reason": left.reason, "count": left.count })).collect()
}

fn say(left_out: &[LeftOut]) {
    left_out.iter().for_each(|left| note(format_args!("left out: {left}")));
}

/// Writes to standard output. A reader that has enough is no error.
fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unwritten("the result", &error)),
        _ => Ok(()),
    }
}

/// Writes a new file beside the old one and puts it in its place, so that its readers never meet a part of it.
fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = (|| {
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        let mut out = BufWriter::with_capacity(1 << 16, file.as_file_mut());
        write(&mut out)?;
        out.flush()?;
        drop(out);
        share(file.as_file(), path)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    })();
    written.map_err(|error: io::Error| unwritten(&path.display().to_string(), &error))
}

/// Gives a new file the rights of the old one, or lets all read it: a temporary file is for its owner alone, and a name
/// server runs as another user.
fn share(file: &std::fs::File, old: &Path) -> io::Result<()> {
    match std::fs::metadata(old) {
        Ok(old) => file.set_permissions(old.permissions()),
        #[cfg(unix)]
        Err(_) => file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644)),
        #[cfg(not(unix))]
        Err(_) => Ok(()),
    }
}

fn unwritten(what: &str, error: &io::Error) -> Failure {
    Failure::Failed(format!("{what} cannot be written: {error}; name a file in a directory that can be written"))
}
