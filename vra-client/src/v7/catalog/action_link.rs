//! The actions of a flat row. They are told by links only, and a link names its action in one of several ways:
//!
//! | what | text of the link, after `GET Template: ` or `POST: ` |
//! | --- | --- |
//! | a deployment | `{com.vmware.csp.component.cafe.composition@resource.action.deployment.destroy.name}` |
//! | a machine | `{com.vmware.csp.component.iaas.proxy.provider@resource.action.name.machine.PowerOff}` |
//! | a network | `{com.vmware.csp.component.network.service@resource.action.changesecurity.name}` |
//! | a console | `{com.vmware.csp.component.iaas.proxy.provider@csp.places.iaas.item.window.ConnectViaVmrc.label}` |
//! | an action of one's own | its name, as no message belongs to it |

use super::item::find_link;
use super::resource::ResourceView;
use crate::v7::Link;

const TEMPLATE: &str = "GET Template:";
const SUBMIT: &str = "POST:";

impl ResourceView {
    /// The names of what can be done to it now, as its links have them, without what is the same in all:
    /// `deployment.destroy`, `machine.PowerOff`, `virtual.Destroy`, `changesecurity`. Each once, in the server's order.
    #[must_use]
    pub fn action_names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for link in self.links.as_deref().unwrap_or_default() {
            let label =
                label(link, TEMPLATE).or_else(|| label(link, SUBMIT).filter(|label| message_key(label).is_some()));
            let name = label.map(|label| message_key(label).map_or(label, short_name));
            if let Some(name) = name.filter(|name| !names.contains(name)) {
                names.push(name);
            }
        }
        names
    }

    /// The link to the template of an action, if that can be done now. The action is named by its binding
    /// (`Infrastructure.Machine.Action.PowerOff`, `composition.resource.action.deployment.destroy`), by one of
    /// [`action_names`](Self::action_names) or the end of one (`PowerOff`, `destroy`), or, where it is an action of
    /// one's own, by the name it was given. Case does not matter.
    ///
    /// ```
    /// let view: vra_client::v7::ResourceView = serde_json::from_str(r#"{"links": [{
    ///     "rel": "GET Template: {com.vmware.csp.component.iaas.proxy.provider@resource.action.name.machine.PowerOff}",
    ///     "href": "https://vra.example/catalog-service/api/consumer/resources/r/actions/a/requests/template"}]}"#)?;
    /// assert!(view.action_template_link("Infrastructure.Machine.Action.PowerOff").is_some());
    /// assert!(view.action_template_link("PowerOff").is_some());
    /// assert!(view.action_template_link("PowerOn").is_none());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn action_template_link(&self, action: &str) -> Option<&Link> {
        self.action_link(TEMPLATE, action)
    }

    /// The link that takes the request for an action; see [`action_template_link`](Self::action_template_link).
    #[must_use]
    pub fn action_submit_link(&self, action: &str) -> Option<&Link> {
        self.action_link(SUBMIT, action)
    }

    /// The id of an action on this installation, from its link; see [`action_template_link`](Self::action_template_link).
    #[must_use]
    pub fn action_id(&self, action: &str) -> Option<&str> {
        let link = self.action_template_link(action).or_else(|| self.action_submit_link(action))?;
        let (_, after) = link.href.as_deref()?.rsplit_once("/actions/")?;
        after.split('/').next().filter(|id| !id.is_empty())
    }

    /// A whole name is better than the end of one: the end may belong to several.
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
        let whole = find(|name, wanted| name.eq_ignore_ascii_case(wanted));
        let ending = || binding.is_none().then(|| find(ends_with_part)).flatten();
        whole.or_else(ending).or_else(|| find_link(links, &format!("{verb} {action}")))
    }
}

/// What a link is about, if it is of this kind.
fn label<'a>(link: &'a Link, verb: &str) -> Option<&'a str> {
    link.rel.as_deref()?.strip_prefix(verb).map(str::trim)
}

/// `resource.action.deployment.destroy.name` of `{com.vmware…@resource.action.deployment.destroy.name}`.
fn message_key(label: &str) -> Option<&str> {
    let message = label.strip_prefix('{')?.strip_suffix('}')?;
    Some(message.rsplit_once('@').map_or(message, |(_, key)| key))
}

/// `deployment.destroy` of `resource.action.deployment.destroy.name`, `machine.PowerOff` of
/// `resource.action.name.machine.PowerOff`: message keys have "name" at either end.
fn short_name(key: &str) -> &str {
    let name = key.strip_prefix("resource.action.").unwrap_or(key);
    let name = name.strip_prefix("name.").unwrap_or(name);
    name.strip_suffix(".name").or_else(|| name.strip_suffix(".label")).unwrap_or(name)
}

/// The short name of an action by its binding: `machine.PowerOff` of `Infrastructure.Machine.Action.PowerOff`,
/// `deployment.destroy` of `composition.resource.action.deployment.destroy`.
fn of_binding(action: &str) -> Option<String> {
    if let Some((_, name)) = action.split_once("resource.action.") {
        return Some(name.to_owned());
    }
    let (kind, name) = action.strip_prefix("Infrastructure.")?.split_once(".Action.")?;
    Some(format!("{kind}.{name}"))
}

/// Whether the last parts of a dotted name are these.
fn ends_with_part(name: &str, end: &str) -> bool {
    let Some(start) = name.len().checked_sub(end.len()) else { return false };
    let at_a_part = start == 0 || name.as_bytes().get(start.wrapping_sub(1)) == Some(&b'.');
    at_a_part && name.get(start..).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}
