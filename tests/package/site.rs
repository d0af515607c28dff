//! Endpoint of vRA whose phpIPAM has the ranges and blocks of the samples.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ipam_core::testing::Clock;
use ipam_tests::live;
use ipam_tests::plugin_rules::violations;
use ipam_tests::plugin_samples::sample;
use phpipam_client::testing::{Object, Server};
use serde_json::{Value, json};
use vra_client::package::{Package, Replay, ReplayError, Replayed};
use vra_client::plugin::Action;

use crate::stage::{fill, fill_real};
use crate::tls::SelfSigned;

/// Link of the credentials, as vRA writes it.
const LINK: &str = "/core/auth/credentials/13c9cbade08950755898c4b89c4a0";

pub(crate) struct Site {
    package: Package,
    form: Vec<(&'static str, String)>,
    user: String,
    password: String,
    pub(crate) ids: BTreeMap<&'static str, String>,
    /// True if other tests use the same server, so that resources need ids of their own.
    shared: bool,
    /// Certificate that the administrator has accepted.
    pub(crate) accepted: Option<String>,
    _keep: Box<dyn std::any::Any + Send + Sync>,
}

/// Simulated phpIPAM behind TLS.
pub(crate) struct Simulated {
    pub(crate) site: Site,
    pub(crate) server: Arc<Server>,
    pub(crate) clock: Clock,
    pub(crate) certificate: SelfSigned,
}

pub(crate) async fn simulated() -> Simulated {
    let clock = Clock::system();
    let server = Arc::new(Server::builder().clock(clock.clone()).start().await.unwrap());
    let ids = server.seed(fill);
    let certificate = SelfSigned::new();
    let form = vec![
        ("hostName", certificate.in_front_of(server.address()).await),
        ("apiAppId", Server::APP.to_owned()),
        ("filterField", "custom_vRA_Range".to_owned()),
        ("blockField", "custom_block".to_owned()),
        ("blockValue", "1".to_owned()),
    ];
    let site = Site {
        package: crate::package(),
        form,
        user: Server::USER.to_owned(),
        password: Server::PASSWORD.to_owned(),
        ids,
        shared: false,
        accepted: None,
        _keep: Box::new(Arc::clone(&server)),
    };
    Simulated { site, server, clock, certificate }
}

/// Returns a site in a section of the real phpIPAM that the environment names, which is removed with the site.
pub(crate) async fn real() -> Site {
    const BLOCK: &str = "a block of the package's tests";
    let variable = |name: &str| std::env::var(format!("IPAM_LIVE_PHPIPAM_{name}")).unwrap_or_default();
    let client = live::client();
    let made = live::Made::new(client.clone());
    let section = made.section().await.unwrap();
    let ids = fill_real(&client, section, BLOCK).await;
    let code = variable("CODE");
    let mut form = vec![
        ("hostName", live::base()),
        ("apiAppId", live::app()),
        ("sections", format!("#{section}")),
        ("filterField", "showName".to_owned()),
        ("blockField", "description".to_owned()),
        ("blockValue", BLOCK.to_owned()),
    ];
    form.extend((!code.is_empty()).then(|| ("authType", "code".to_owned())));
    Site {
        package: crate::package(),
        form,
        user: variable("USER"),
        password: if code.is_empty() { variable("PASSWORD") } else { code },
        ids,
        shared: true,
        accepted: None,
        _keep: Box::new(made),
    }
}

impl Site {
    /// Returns the sample of this name for this endpoint.
    pub(crate) fn sample(&self, name: &str) -> Value {
        let mut sample = sample(name, &self.ids);
        let form = match sample.get_mut("endpoint") {
            Some(endpoint) => {
                endpoint["authCredentialsLink"] = LINK.into();
                &mut endpoint["endpointProperties"]
            }
            None => {
                sample["authCredentialsLink"] = LINK.into();
                &mut sample["endpointProperties"]
            }
        };
        for (field, value) in &self.form {
            form[*field] = value.as_str().into();
        }
        if let Some(pem) = &self.accepted {
            form["certificate"] = pem.as_str().into();
        }
        if self.shared
            && let Some(id) = sample.pointer_mut("/resourceInfo/id")
        {
            *id = format!("{}@{}", id.as_str().unwrap(), self.ids["12"]).into();
        }
        sample
    }

    /// Returns the replay of an action with the credentials of this endpoint.
    pub(crate) fn replay(&self, action: Action) -> Replay {
        let content = json!({"privateKeyId": self.user, "privateKey": self.password}).to_string();
        Replay::new(self.package.clone(), action).with_credentials(json!({"status": 200, "content": content}))
    }

    /// Runs an action and checks its response against the contract's rules.
    pub(crate) fn run(&self, action: Action, inputs: &Value) -> Result<Value, ReplayError> {
        self.limited(action, inputs, Duration::from_secs(120))
    }

    /// Runs an action with a time limit.
    pub(crate) fn limited(&self, action: Action, inputs: &Value, limit: Duration) -> Result<Value, ReplayError> {
        // The server shares the runtime of the test.
        let done: Replayed = tokio::task::block_in_place(|| self.replay(action).with_time_limit(limit).run(inputs))?;
        let broken = violations(action.name(), inputs, &done.result);
        assert!(broken.is_empty(), "{action}: {broken:#?}\n{:#}", done.result);
        Ok(done.result)
    }
}

/// Returns the ids of all subnets and addresses.
pub(crate) fn rows(server: &Server) -> (Vec<u64>, Vec<u64>) {
    server.seed(|store| (store.ids(Object::Subnet), store.ids(Object::Address)))
}
