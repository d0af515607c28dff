//! Host of a plug-in: the frame of a program that vRA's script runs for one action at a time.
//!
//! The program reads the inputs of the action as JSON from standard input, opens its provider with the credentials and the
//! certificate of the invocation, runs the action, and writes the outputs as JSON to standard output, or the error to
//! standard error. A host over a provider of your own:
//!
//! ```
//! use ipam_core::{DefineRange, IpamProvider, MemoryProvider};
//! use vra_client::plugin::host::{Host, Invocation};
//!
//! # futures_executor::block_on(async {
//! let host = Host::new(|invocation: Invocation| async move {
//!     // A client connects here with invocation.form().host_name(), invocation.credentials(), invocation.certificate().
//!     let provider = MemoryProvider::new();
//!     provider.define_range(&DefineRange::new("12", "10.16.20.0/24".parse().unwrap())).await?;
//!     Ok(provider)
//! });
//! // A program passes its first argument, and its standard input, output and error.
//! let (action, input) = ("get-ip-ranges", r#"{"endpoint": {"id": "e", "endpointProperties": {}}}"#);
//! let (mut output, mut errors) = (Vec::new(), Vec::new());
//! let done = host.serve(action, input.as_bytes(), &mut output, &mut errors).await?;
//! assert!(done && String::from_utf8_lossy(&output).contains("10.16.20.1"));
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```
//!
//! The whole program, over the provider that a URL names. `ipam vra` does the same, but its errors are JSON only with
//! `--json`, and its exit codes are those of `ipam`.
//!
//! ```toml
//! [dependencies]
//! # `registry` for the module of that name, `embedded` for the scheme `embedded:`.
//! ipam-core = { path = "PATH/TO/CHECKOUT/ipam-core", features = ["registry", "embedded"] }
//! vra-client = { path = "PATH/TO/CHECKOUT/vra-client", default-features = false, features = ["plugin"] }
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```
//!
//! ```no_run
//! use std::io::{stderr, stdin, stdout};
//! use std::process::ExitCode;
//!
//! use ipam_core::registry::{Registry, Secrets};
//! use vra_client::plugin::host::Host;
//!
//! #[tokio::main]
//! async fn main() -> std::io::Result<ExitCode> {
//!     let action = std::env::args().nth(1).unwrap_or_default();
//!     let registry = Registry::new().with_secrets(Secrets::env("IPAM"));
//!     let host = Host::with_registry(registry, "embedded:/var/lib/ipam/ipam.db");
//!     let done = host.serve(&action, stdin(), stdout(), stderr()).await?;
//!     Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
//! }
//! ```
//!
//! # Script of an action
//! vRA calls the script's entry point, `source.handler(context, inputs)` in Python, with the inputs as a dictionary. The
//! script fetches the credentials with `context.request(inputs['endpoint']['authCredentialsLink'], 'GET', '')`, starts the
//! program with the action's name, passes `{"inputs": …, "credentials": …}` as JSON, and returns the JSON on the program's
//! standard output.
//!
//! # Failed actions
//! If the action fails, [`Host::serve`] writes `{"error": {"kind": …, "message": …}}` to standard error, and the
//! program above ends with exit code 1. This JSON is for the script only: vRA expects no error in JSON. The script
//! raises an exception with `error.message` as its text, and vRA shows that text to the user.
//!
//! # Standard input
//! The inputs of the action, alone or as `{"inputs": …, "credentials": …}`. The credentials are the response of
//! `context.request`, whole or only its `content`. The limit is [`Invocation::MAX_BYTES`].

mod invocation;
mod serve;

pub use self::invocation::Invocation;
pub use self::serve::{ActionOutput, Host, error_json};
