//! Builder of a package.

use std::fmt;
use std::io::Write as _;
use std::path::Path;

use serde_json::Value;

use super::archive::{self, Content, Entry, Packed};
use super::{Form, PackageError, Support, files, logo, program, schema};
use crate::plugin::Action;

/// Name of the program beside each script.
const PROGRAM: &str = "ipam-plugin";
/// Time between the end that the script sets to the program and the end that vRA sets to the script.
const MARGIN_SECONDS: u32 = 15;

/// Package that vRA imports. See the [module](super) for an example.
#[derive(Clone, PartialEq, Eq)]
pub struct Package {
    bytes: Vec<u8>,
}

impl Package {
    /// Starts a package of this name and version, whose actions run `program`.
    ///
    /// The name is that of the integration in vRA, and the first part of the ids of the actions.
    pub fn builder(name: impl Into<String>, version: impl Into<String>, program: impl Into<Vec<u8>>) -> PackageBuilder {
        PackageBuilder {
            name: name.into(),
            version: version.into(),
            program: program.into(),
            description: String::new(),
            changelog: String::new(),
            logo: None,
            form: None,
            support: Support::default(),
            timeout_seconds: 600,
            memory_mb: 600,
        }
    }

    /// Package of bytes that were written before.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// Returns the bytes of the package.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the names of the files in the package.
    ///
    /// # Errors
    /// [`PackageError::Read`] if the bytes are not a zip archive.
    pub fn entries(&self) -> Result<Vec<String>, PackageError> {
        archive::names(&self.bytes)
    }

    /// Returns a file of the package, at most 64 MiB of it.
    ///
    /// A name with `!` is that of a file in an inner archive, such as `bundle.zip!MyIPAM_AllocateIP.zip!source.py`.
    ///
    /// # Errors
    /// [`PackageError::Read`] if there is no such file, or it is larger.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, PackageError> {
        const LIMIT: u64 = 64 << 20;
        let mut parts = name.split('!');
        let first = parts.next().unwrap_or_default();
        let start = archive::read(&self.bytes, first, LIMIT)?;
        parts.try_fold(start, |outer, name| archive::read(&outer, name, LIMIT))
    }

    /// Writes the package to a file. An existing file is replaced only when the new one is complete.
    ///
    /// # Errors
    /// [`PackageError::Write`] if the directory does not exist or cannot be written, or if the disk is full.
    pub fn write_to(&self, path: impl AsRef<Path>) -> Result<(), PackageError> {
        let path = path.as_ref();
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // Written beside its place, so that the change of the name is one step; a failure leaves the old file as it was.
        let mut builder = tempfile::Builder::new();
        // The library's files are for their owner only. A package holds no secret, and others import it: the umask decides.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(directory).map_err(PackageError::Write)?;
        file.write_all(&self.bytes).map_err(PackageError::Write)?;
        file.as_file().sync_all().map_err(PackageError::Write)?;
        file.persist(path).map_err(|error| PackageError::Write(error.error))?;
        Ok(())
    }
}

impl fmt::Debug for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Package").field("bytes", &self.bytes.len()).finish()
    }
}

/// Parts of a [`Package`].
#[derive(Clone)]
#[must_use = "call `build`"]
pub struct PackageBuilder {
    name: String,
    version: String,
    program: Vec<u8>,
    description: String,
    changelog: String,
    logo: Option<Vec<u8>>,
    form: Option<FormSource>,
    support: Support,
    timeout_seconds: u32,
    memory_mb: u32,
}

/// Form of a package: made here, or written as vRA reads it.
#[derive(Clone)]
enum FormSource {
    Fields(Form),
    Json(Value),
}

impl fmt::Debug for PackageBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackageBuilder")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("program", &self.program.len())
            .field("support", &self.support)
            .finish_non_exhaustive()
    }
}

impl PackageBuilder {
    /// Sets the description in the list of integrations; the name by default.
    pub fn with_description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Sets the change log, in Markdown; the version by default.
    pub fn with_changelog(mut self, text: impl Into<String>) -> Self {
        self.changelog = text.into();
        self
    }

    /// Sets the logo: a PNG of at most 1024 x 1024 pixels and 1 MiB. There is a default.
    pub fn with_logo(mut self, png: impl Into<Vec<u8>>) -> Self {
        self.logo = Some(png.into());
        self
    }

    /// Sets the form; by default credentials, host and the plug-in's [settings](Form::with_settings).
    pub fn with_form(mut self, form: Form) -> Self {
        self.form = Some(FormSource::Fields(form));
        self
    }

    /// Sets the form as vRA reads it, the content of `endpoint-schema.json`, in place of a [`Form`].
    ///
    /// ```
    /// use vra_client::package::{Form, Package};
    ///
    /// let mut form = Form::new("MyIPAM").to_json()?;
    /// form["schema"]["hostName"]["signpost"] = "The appliance, not the load balancer".into();
    /// Package::builder("MyIPAM", "1.0.0", Vec::new()).with_form_json(form).check()?;
    /// # Ok::<(), vra_client::package::PackageError>(())
    /// ```
    pub fn with_form_json(mut self, form: Value) -> Self {
        self.form = Some(FormSource::Json(form));
        self
    }

    /// Sets the program, for a builder that was [checked](Self::check) before the program was there.
    pub fn with_program(mut self, program: impl Into<Vec<u8>>) -> Self {
        self.program = program.into();
        self
    }

    /// Sets the optional parts that the plug-in supports; none by default.
    pub const fn with_support(mut self, support: Support) -> Self {
        self.support = support;
        self
    }

    /// Sets the time limit of an action in seconds, from 60 to 900; 600 by default. The program gets 15 s less.
    pub const fn with_timeout_seconds(mut self, seconds: u32) -> Self {
        self.timeout_seconds = seconds;
        self
    }

    /// Sets the memory of an action in MB, from 128 to 3000; 600 by default.
    pub const fn with_memory_mb(mut self, megabytes: u32) -> Self {
        self.memory_mb = megabytes;
        self
    }

    /// Checks all parts but the program, which may take minutes to build.
    ///
    /// # Errors
    /// [`PackageError::Part`] if the name, version, logo, form, time limit or memory is invalid.
    pub fn check(&self) -> Result<(), PackageError> {
        check_name(&self.name)?;
        check_version(&self.version)?;
        if !(60..=900).contains(&self.timeout_seconds) {
            return Err(PackageError::part("timeout", &self.timeout_seconds.to_string(), "give 60 to 900 seconds"));
        }
        if !(128..=3000).contains(&self.memory_mb) {
            return Err(PackageError::part("memory", &self.memory_mb.to_string(), "give 128 to 3000 MB"));
        }
        logo::check(self.logo())?;
        schema::check(&self.form()?)
    }

    /// Checks the parts and builds the package. Compressing the program takes some seconds.
    ///
    /// # Errors
    /// [`PackageError::Part`] as in [`check`](Self::check), [`PackageError::Program`] if the program cannot run in vRA.
    pub fn build(&self) -> Result<Package, PackageError> {
        self.check()?;
        program::check(&self.program)?;
        let form = format!("{:#}\n", self.form()?);
        let bundle = self.bundle()?;
        let description = if self.description.is_empty() { &self.name } else { &self.description };
        let registration = files::registration(&self.name, description, &self.version, self.support);
        let changelog =
            if self.changelog.is_empty() { format!("# {}\n", self.version) } else { self.changelog.clone() };
        let entry = |name: &str, content| Entry { name: name.to_owned(), content };
        let bytes = archive::write(vec![
            entry("registration.yaml", Content::Text(registration.as_bytes())),
            entry("endpoint-schema.json", Content::Text(form.as_bytes())),
            entry("logo.png", Content::Stored(self.logo())),
            entry("CHANGELOG.md", Content::Text(changelog.as_bytes())),
            // Its entries are compressed already.
            entry("bundle.zip", Content::Stored(&bundle)),
        ])?;
        Ok(Package { bytes })
    }

    fn logo(&self) -> &[u8] {
        self.logo.as_deref().unwrap_or(logo::DEFAULT)
    }

    fn form(&self) -> Result<Value, PackageError> {
        match &self.form {
            Some(FormSource::Json(form)) => Ok(form.clone()),
            Some(FormSource::Fields(form)) => form.to_json(),
            None => Form::new(self.name.as_str()).with_settings().to_json(),
        }
    }

    fn bundle(&self) -> Result<Vec<u8>, PackageError> {
        // Compressed once: it is the same in the archive of each action.
        let program = Packed::executable(&self.program)?;
        let mut files = Vec::new();
        for action in Action::ALL.into_iter().filter(|action| self.support.has(*action)) {
            let script = files::script(action, PROGRAM, self.timeout_seconds - MARGIN_SECONDS);
            let action_zip = archive::write(vec![
                Entry { name: "source.py".to_owned(), content: Content::Text(script.as_bytes()) },
                Entry { name: PROGRAM.to_owned(), content: Content::Packed(&program) },
            ])?;
            let id = files::action_id(&self.name, action);
            let abx = files::abx(&self.name, action, self.timeout_seconds, self.memory_mb);
            files.push((id, abx, action_zip));
        }
        let mut entries = Vec::with_capacity(files.len() * 2);
        for (id, abx, action_zip) in &files {
            entries.push(Entry { name: format!("{id}.abx"), content: Content::Text(abx.as_bytes()) });
            entries.push(Entry { name: format!("{id}.zip"), content: Content::Stored(action_zip) });
        }
        archive::write(entries)
    }
}

/// Checks that the name can be part of file names and of ids.
fn check_name(name: &str) -> Result<(), PackageError> {
    let valid = name.len() <= 64
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if valid {
        return Ok(());
    }
    Err(PackageError::part("name", name, "write 1 to 64 letters, digits, `_` and `-`, the first one a letter"))
}

/// Checks that the version is numbers separated by dots, which may be followed by `-` or `+` and a suffix.
fn check_version(version: &str) -> Result<(), PackageError> {
    let (numbers, suffix) = match version.split_once(['-', '+']) {
        Some((numbers, suffix)) => (numbers, Some(suffix)),
        None => (version, None),
    };
    let number = |part: &str| !part.is_empty() && part.len() <= 9 && part.bytes().all(|byte| byte.is_ascii_digit());
    let in_suffix = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    let parts: Vec<&str> = numbers.split('.').collect();
    let valid = version.len() <= 64
        && (1..=4).contains(&parts.len())
        && parts.into_iter().all(number)
        && suffix.is_none_or(|suffix| !suffix.is_empty() && suffix.bytes().all(in_suffix));
    if valid {
        return Ok(());
    }
    Err(PackageError::part("version", version, "write numbers separated by dots, such as 1.2.0 or 1.2.0-rc.1"))
}
