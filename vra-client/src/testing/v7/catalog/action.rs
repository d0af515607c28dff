//! Actions on machines and deployments, and how they are listed.

use serde_json::{Map, Value, json};

use crate::testing::id::uuid_of;
use crate::testing::v7::rows::{Kind, Resource};

/// Action on a machine or a deployment.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) binding: &'static str,
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) icon: &'static str,
    form: Option<&'static str>,
    /// True for a window of the user interface, which is listed but cannot be requested.
    pub(super) extension: bool,
    /// States of a machine in which the action is listed.
    states: &'static [&'static str],
}

const ON: &[&str] = &["On"];
const OFF: &[&str] = &["Off", "Suspended"];
const ANY: &[&str] = &["On", "Off", "Suspended"];

/// Creates an action that can be requested.
const fn act(
    binding: &'static str,
    name: &'static str,
    description: &'static str,
    icon: &'static str,
    form: Option<&'static str>,
    states: &'static [&'static str],
) -> Action {
    Action { binding, name, description, icon, form, extension: false, states }
}

/// Actions on machines: those of a captured list, and "power on", which the captured list of a running machine lacks.
const MACHINE: &[Action] = &[
    act(
        "Infrastructure.Machine.Action.ChangeLease",
        "Change Lease",
        "Change the lease for a machine. Leave empty for indefinite.",
        "machineChangeLease.png",
        Some("SMALL"),
        ANY,
    ),
    Action {
        binding: "csp.places.iaas.item.window.ConnectViaVmrc",
        name: "Connect to Remote Console",
        description: "Infrastructure connect using remote console",
        icon: "cafe_default_icon_genericResourceOperation",
        form: None,
        extension: true,
        states: ON,
    },
    act(
        "Infrastructure.Virtual.Action.Destroy",
        "Destroy",
        "Destroy a virtual machine.",
        "virtualDestroy.png",
        None,
        ANY,
    ),
    act("Infrastructure.Machine.Action.Expire", "Expire", "Expire a machine.", "machineExpire.png", None, ANY),
    act("Infrastructure.Machine.Action.Reset", "Power Cycle", "Reset a machine.", "machineReset.png", None, ON),
    act("Infrastructure.Machine.Action.PowerOff", "Power Off", "Power off a machine.", "machinePowerOff.png", None, ON),
    act("Infrastructure.Machine.Action.PowerOn", "Power On", "Power on a machine.", "machinePowerOn.png", None, OFF),
    act("Infrastructure.Machine.Action.Reboot", "Reboot", "Reboot a machine.", "machineReboot.png", None, ON),
    act(
        "Infrastructure.Machine.Action.Reprovision",
        "Reprovision",
        "Reprovision a machine.",
        "machineReprovision.png",
        Some("BIG"),
        ANY,
    ),
    act("Infrastructure.Machine.Action.Shutdown", "Shutdown", "Shutdown a machine.", "machineShutdown.png", None, ON),
    act("Infrastructure.Machine.Action.Suspend", "Suspend", "Suspend a machine.", "machineSuspend.png", None, ON),
];

/// Actions on deployments.
const DEPLOYMENT: &[Action] = &[
    act(
        "composition.resource.action.deployment.changelease",
        "Change Lease",
        "Change lease of a deployment and all its component resources.",
        "composition.changelease.png",
        Some("SMALL"),
        &[],
    ),
    act(
        "composition.resource.action.deployment.destroy",
        "Destroy",
        "Destroys a deployment and all constituent resources.",
        "composition.destroy.png",
        Some("BIG"),
        &[],
    ),
    act(
        "composition.resource.action.deployment.archive",
        "Expire",
        "Expires a deployment and all constituent resources.",
        "composition.archive.png",
        None,
        &[],
    ),
];

impl Action {
    /// Returns the id.
    pub(super) fn id(&self) -> String {
        // Each real installation has other ids, so a client has to find an action by its binding.
        uuid_of(self.binding)
    }

    /// Returns the last part of the binding, which is also a flag in the data of a machine.
    pub(super) fn flag(&self) -> &'static str {
        self.binding.rsplit('.').next().unwrap_or(self.binding)
    }

    /// Returns true for an action on a deployment.
    fn of_deployment(&self) -> bool {
        self.binding.starts_with("composition.")
    }

    /// Returns the message key that names the action in the links of flat rows.
    pub(super) fn message_key(&self) -> String {
        if self.of_deployment() {
            return format!(
                "{{com.vmware.csp.component.cafe.composition@{}.name}}",
                self.binding.trim_start_matches("composition.")
            );
        }
        if self.extension {
            return format!("{{com.vmware.csp.component.iaas.proxy.provider@{}.label}}", self.binding);
        }
        // As captured: the key has the kind of the machine in it, which the binding has in another place.
        let kind = if self.binding.contains(".Virtual.") { "virtual" } else { "machine" };
        format!("{{com.vmware.csp.component.iaas.proxy.provider@resource.action.name.{kind}.{}}}", self.flag())
    }

    /// Returns the row of a list.
    pub(super) fn operation(&self) -> Value {
        let provider = if self.of_deployment() {
            "com.vmware.csp.component.cafe.composition"
        } else {
            "com.vmware.csp.iaas.blueprint.service"
        };
        json!({
            "name": self.name,
            "description": self.description,
            "iconId": self.icon,
            "type": if self.extension { "EXTENSION" } else { "ACTION" },
            "id": self.id(),
            // Captured: a window has an extension id, and nulls where an action has provider and binding.
            "extensionId": self.extension.then_some(self.binding),
            "providerTypeId": (!self.extension).then_some(provider),
            "bindingId": (!self.extension).then_some(self.binding),
            "hasForm": self.form.is_some(),
            "formScale": self.form,
        })
    }

    /// Returns the row of a list, with its `@type`.
    pub(super) fn typed(&self) -> Value {
        let mut row = Map::from_iter([("@type".to_owned(), json!("ConsumerResourceOperation"))]);
        row.extend(self.operation().as_object().cloned().unwrap_or_default());
        row.into()
    }

    /// Returns the values of its template. Those of "destroy" are captured, the others are a guess.
    pub(super) fn data(&self) -> Value {
        match self.flag() {
            "destroy" => json!({"ForceDestroy": false, "provider-DeleteVolumes": false}),
            "ChangeLease" | "changelease" => json!({"provider-ExpirationDate": null}),
            _ => json!({}),
        }
    }
}

/// Returns the rows of all actions, for administrators.
pub(super) fn all() -> Vec<Value> {
    MACHINE.iter().chain(DEPLOYMENT).map(Action::typed).collect()
}

/// Returns an action by its binding.
pub(super) fn by_binding(binding: &str) -> Option<&'static Action> {
    MACHINE.iter().chain(DEPLOYMENT).find(|action| action.binding == binding)
}

/// Returns the actions on a resource in its current state.
pub(super) fn of(resource: &Resource) -> Vec<&'static Action> {
    match &resource.kind {
        Kind::Deployment => DEPLOYMENT.iter().collect(),
        // A real server lists only what is possible now, so a client finds no "power off" for a machine that is off.
        Kind::Machine(machine) => MACHINE.iter().filter(|action| action.states.contains(&machine.status)).collect(),
    }
}
