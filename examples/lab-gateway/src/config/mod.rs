//! Settings: a TOML file, the environment over it, and secrets from files of their own.
//!
//! Every key can also come from the environment: `LAB_GATEWAY_API_LISTEN` is `listen` of the section `[api]`. The value is read
//! as TOML where it is a number, a boolean or a list, and as text otherwise. Secrets are never values: a key that ends in
//! `_file` names the file of one.
//!
//! ```
//! use lab_gateway::config::Config;
//!
//! let text = r#"
//!     [token]
//!     key_file = "/etc/lab-gateway/token.pem"
//!     algorithm = "EdDSA"
//!     issuer = "main.lab.example"
//!     [lab]
//!     networks = ["10.0.0.0/24"]
//!     [outside]
//!     interface = "eth0"
//! "#;
//! let listen = ("LAB_GATEWAY_API_LISTEN".to_owned(), "127.0.0.1:9000".to_owned());
//! let config = Config::parse(text, [listen])?;
//! assert_eq!(config.api.listen.port(), 9000);
//! # Ok::<(), lab_gateway::config::ConfigError>(())
//! ```

mod api;
mod ddns;
mod error;
mod file;
mod lab;
mod log;
mod overlay;
mod secret;
mod time;

use std::path::Path;

use serde::Deserialize;

pub use api::{ApiSettings, TokenSettings};
pub use ddns::DdnsSettings;
pub use error::ConfigError;
pub use file::read_text;
pub use lab::{FirewallSettings, LabSettings, OutsideSettings, PortSettings, ReachabilitySettings, StoreSettings};
pub use log::LogSettings;
pub use secret::SecretFile;
pub use time::TimeSpan;

/// Prefix of the names of environment variables.
pub(crate) const PREFIX: &str = "LAB_GATEWAY_";
/// Largest file of settings.
const MAX_BYTES: u64 = 1 << 20;

/// Settings of the gateway. The example of the [module](self) reads some.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Name of the gateway; the host name by default. Its first label is the user who owns the lab.
    pub name: Option<String>,
    /// API.
    #[serde(default)]
    pub api: ApiSettings,
    /// Tokens of users.
    pub token: TokenSettings,
    /// Addresses of the lab.
    pub lab: LabSettings,
    /// Interface to the outside.
    pub outside: OutsideSettings,
    /// Ports of the gateway that can be mapped.
    #[serde(default)]
    pub ports: PortSettings,
    /// Store of the port maps.
    #[serde(default)]
    pub store: StoreSettings,
    /// Firewall.
    #[serde(default)]
    pub firewall: FirewallSettings,
    /// Worker that looks which addresses reply.
    #[serde(default)]
    pub reachability: ReachabilitySettings,
    /// DNS record of the gateway; without this section there is none.
    #[serde(default)]
    pub ddns: Option<DdnsSettings>,
    /// Log of forwarded connections; without this section none is kept.
    #[serde(default)]
    pub log: Option<LogSettings>,
}

impl Config {
    /// Reads settings from a file, with the environment of the process over it.
    ///
    /// # Errors
    /// [`ConfigError`] if the file cannot be read, or a setting is unknown, missing or wrong.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = read_text(path, MAX_BYTES).map_err(|error| {
            let problem = format!("the file cannot be read: {error}");
            ConfigError::new("--config", path.display(), problem, "name a readable TOML file")
        })?;
        // A variable that is not UTF-8 is none of ours.
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
        Self::parse(&text, variables)
    }

    /// Reads settings from text, with variables over it. Variables with another prefix than `LAB_GATEWAY_` are passed over.
    ///
    /// # Errors
    /// [`ConfigError`] if a setting is unknown, missing or wrong.
    pub fn parse(text: &str, variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut table: toml::Table = toml::from_str(text).map_err(|error| file::syntax(text, &error))?;
        overlay::apply(&mut table, variables);
        let config: Self = serde_path_to_error::deserialize(table).map_err(|error| file::shape(&error))?;
        config.check()?;
        Ok(config)
    }

    /// Returns the name of the gateway.
    ///
    /// # Errors
    /// [`ConfigError`] if none is set, and the host has none either.
    pub fn gateway_name(&self) -> Result<String, ConfigError> {
        let own = || nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
        let name = self.name.clone().or_else(own).unwrap_or_default();
        if file::first_label(&name).is_empty() {
            let problem = "it has no first label, which is the user who owns the lab";
            return Err(ConfigError::new("name", name, problem, "set name, such as \"alice.lab.example\""));
        }
        Ok(name)
    }

    /// Returns the user who owns the lab: the first label of the gateway's name.
    ///
    /// # Errors
    /// Those of [`gateway_name`](Self::gateway_name).
    pub fn owner(&self) -> Result<String, ConfigError> {
        Ok(file::first_label(&self.gateway_name()?).to_owned())
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.api.check()?;
        self.token.check()?;
        self.lab.check()?;
        self.ports.check()?;
        self.firewall.check()?;
        self.reachability.check()?;
        self.ddns.as_ref().map_or(Ok(()), DdnsSettings::check)?;
        self.log.as_ref().map_or(Ok(()), LogSettings::check)
    }
}

#[cfg(test)]
mod tests;
