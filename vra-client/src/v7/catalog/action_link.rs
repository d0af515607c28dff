//! Actions of a flat row. Only its links name them, in one of several ways:
//!
//! | resource | text of the link, after `GET Template: ` or `POST: ` |
//! | --- | --- |
//! | deployment | `{com.vmware.csp.component.cafe.composition@resource.action.deployment.destroy.name}` |
//! | machine | `{com.vmware.csp.component.iaas.proxy.provider@resource.action.name.machine.PowerOff}` |
//! | network | `{com.vmware.csp.component.network.service@resource.action.changesecurity.name}` |
//! | console | `{com.vmware.csp.component.iaas.proxy.provider@csp.places.iaas.item.window.ConnectViaVmrc.label}` |
//! | custom action | its display name, since it has no message key |

use super::item::find_link;
use super::resource::ResourceView;
use crate::v7::Link;

// Assumed to be the same in every language of the server, unlike the names of the actions behind them.
const TEMPLATE: &str = "GET Template:";
const SUBMIT: &str = "POST:";

impl ResourceView {
    /// Returns the names of the actions that are possible now, from the links: each once, in the server's order.
    ///
    /// A link has a message key such as `{com.vmware…@resource.action.name.machine.PowerOff}`; its name is
    /// `machine.PowerOff`. Other names are `deployment.destroy`, `virtual.Destroy` and `changesecurity`.
    ///
    /// ```
    /// let view: vra_client::v7::ResourceView = serde_json::from_str(r#"{"links": [
    ///     {"rel": "GET Template: {com.vmware.csp.component.cafe.composition@resource.action.deployment.destroy.name}"},
    ///     {"rel": "POST: {com.vmware.csp.component.cafe.composition@resource.action.deployment.destroy.name}"}]}"#)?;
    /// assert_eq!(view.action_names(), ["deployment.destroy"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn action_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for link in self.links.as_deref().unwrap_or_default() {
            // A custom action has a plain name in both of its links. Only its template link counts here: other `POST:`
            // links with plain text are no actions.
            let label =
                label(link, TEMPLATE).or_else(|| label(link, SUBMIT).filter(|label| message_key(label).is_some()));
            let name = label.map(|label| message_key(label).map_or(label, short_name));
            if let Some(name) = name.filter(|name| !names.contains(name)) {
                names.push(name);
            }
        }
        names
    }

    /// Returns the link to the template of an action, if the action is possible now.
    ///
    /// The action is given by its binding (`Infrastructure.Machine.Action.PowerOff`,
    /// `composition.resource.action.deployment.destroy`), by one of [`action_names`](Self::action_names), by the end of
    /// one (`PowerOff`, `destroy`), or by the display name of a custom action. Letter case does not matter.
    ///
    /// Read the template with [`Client::follow`](crate::v7::Client::follow), and submit it with
    /// [`Catalog::submit_action`](crate::v7::Catalog::submit_action) and the [`action_id`](Self::action_id).
    ///
    /// ```
    /// let view: vra_client::v7::ResourceView = serde_json::from_str(r#"{"links": [{
    ///     "rel": "GET Template: {com.vmware.csp.component.iaas.proxy.provider@resource.action.name.machine.PowerOff}",
    ///     "href": "https://vra.example/catalog-service/api/consumer/resources/r/actions/a/requests/template"}]}"#)?;
    /// assert!(view.action_template_link("Infrastructure.Machine.Action.PowerOff").is_some());
    /// assert!(view.action_template_link("PowerOff").is_some());
    /// assert!(view.action_template_link("PowerOn").is_none());
    /// assert_eq!(view.action_id("PowerOff"), Some("a"));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn action_template_link(&self, action: &str) -> Option<&Link> {
        self.action_link(TEMPLATE, action)
    }

    /// Returns the link that the request for an action is submitted to; see
    /// [`action_template_link`](Self::action_template_link).
    #[must_use]
    pub fn action_submit_link(&self, action: &str) -> Option<&Link> {
        self.action_link(SUBMIT, action)
    }

    /// Returns the id of an action on this installation, from its link; see
    /// [`action_template_link`](Self::action_template_link).
    #[must_use]
    pub fn action_id(&self, action: &str) -> Option<&str> {
        let link = self.action_template_link(action).or_else(|| self.action_submit_link(action))?;
        let (_, after) = link.href.as_deref()?.rsplit_once("/actions/")?;
        after.split('/').next().filter(|id| !id.is_empty())
    }

    /// Finds the link of an action. A whole name is preferred to the end of one, which may belong to several.
    fn action_link(&self, verb: &str, action: &str) -> Option<&Link> {
        let links = self.links.as_deref()?;
        let binding = of_binding(action);
        let wanted = binding.as_deref().unwrap_or(action);
        let find = |fits: fn(&str, &str) -> bool| {
            links.iter().find(|link| {
                let key = label(link, verb).and_then(message_key);
                key.is_some_and(|key| fits(short_name(key), wanted))
            })
        };
        // Without letter case: a binding has `Machine` and `Virtual` where the message key has `machine` and `virtual`.
        let whole = find(|name, wanted| name.eq_ignore_ascii_case(wanted));
        // Not for a binding: it names its kind of resource, and the end alone would match an action on another kind.
        let ending = || binding.is_none().then(|| find(ends_with_part)).flatten();
        whole.or_else(ending).or_else(|| find_link(links, &format!("{verb} {action}")))
    }
}

/// Returns the label of a link, if the link is of this kind.
fn label<'a>(link: &'a Link, verb: &str) -> Option<&'a str> {
    link.rel.as_deref()?.strip_prefix(verb).map(str::trim)
}

/// Returns `resource.action.deployment.destroy.name` of `{com.vmware…@resource.action.deployment.destroy.name}`.
fn message_key(label: &str) -> Option<&str> {
    let message = label.strip_prefix('{')?.strip_suffix('}')?;
    Some(message.rsplit_once('@').map_or(message, |(_, key)| key))
}

/// Returns the name of an action by its message key: `deployment.destroy` of `resource.action.deployment.destroy.name`,
/// `machine.PowerOff` of `resource.action.name.machine.PowerOff`. Message keys have "name" at either end.
fn short_name(key: &str) -> &str {
    // Deployments and networks write `….name` at the end, machines `name.…` at the begin, windows `….label`.
    let name = key.strip_prefix("resource.action.").unwrap_or(key);
    let name = name.strip_prefix("name.").unwrap_or(name);
    name.strip_suffix(".name").or_else(|| name.strip_suffix(".label")).unwrap_or(name)
}

/// Returns the name of an action by its binding: `machine.PowerOff` of `Infrastructure.Machine.Action.PowerOff`,
/// `deployment.destroy` of `composition.resource.action.deployment.destroy`.
fn of_binding(action: &str) -> Option<String> {
    if let Some((_, name)) = action.split_once("resource.action.") {
        return Some(name.to_owned());
    }
    let (kind, name) = action.strip_prefix("Infrastructure.")?.split_once(".Action.")?;
    Some(format!("{kind}.{name}"))
}

/// Returns true if the last parts of a dotted name are these.
fn ends_with_part(name: &str, end: &str) -> bool {
    let Some(start) = name.len().checked_sub(end.len()) else { return false };
    // `Off` must not match `PowerOff`, so the character before the end has to be a dot.
    let at_a_part = start == 0 || name.as_bytes().get(start.wrapping_sub(1)) == Some(&b'.');
    at_a_part && name.get(start..).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}
