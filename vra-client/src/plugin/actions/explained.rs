//! Errors of an IPAM in the words of the inputs: members and entries instead of lines of a request.

use ipam_core::{Error, ErrorKind, IpamProvider};

use super::entry::Entry;
use super::owned::{holder, look_up};
use super::resource::ResourceInfo;
use crate::plugin::ActionError;

/// Members of a line with the members of an entry that they are made of.
const MEMBERS: [(&str, &str); 3] = [(".count", ".size"), (".first", ".start"), (".ranges", ".ipRangeIds")];

/// Returns the error of a request whose owner and key are made of the resource's id.
pub(super) fn of_resource(error: Error) -> ActionError {
    let message = error.message();
    let rest = ["owner is ", "key is "].into_iter().find_map(|field| message.strip_prefix(field));
    match rest {
        Some(rest) if error.kind() == ErrorKind::InvalidInput => {
            let message = format!("resourceInfo.id: the IPAM's owner or key would be {rest}");
            ActionError::caused(message, error)
        }
        _ => error.into(),
    }
}

/// Returns the error of a request with one line for each of these entries.
pub(super) fn of_entries(error: Error, resource: &ResourceInfo, entries: &[&Entry<'_>]) -> ActionError {
    let Some((number, entry)) = entry_of(&error, entries) else { return of_resource(error) };
    let path = format!("ipAllocations[{}]", entry.index);
    if error.kind() == ErrorKind::InvalidInput {
        let line = format!("lines[{number}]");
        let message = MEMBERS.iter().fold(error.message().to_owned(), |text, (member, ours)| {
            text.replace(&format!("{line}{member}"), &format!("{path}{ours}"))
        });
        return ActionError::caused(message.replace(&line, &path), error);
    }
    let machine = resource.machine().unwrap_or_else(|_| "the resource".to_owned());
    // The number counts the lines of a request that the reader does not know.
    let error = error.without_context("line");
    ActionError::caused(format!("{path} ({entry}) of {machine}: {error}"), error)
}

/// Returns the error of a request, and for an address that is taken also who holds it.
pub(super) async fn with_holder<P: IpamProvider + ?Sized>(
    provider: &P,
    error: Error,
    resource: &ResourceInfo,
    entries: &[&Entry<'_>],
) -> ActionError {
    let wanted = entry_of(&error, entries).is_some() && error.is_conflict();
    // The messages of all providers begin with the address. Where one does not, the holder is left out.
    let address = error.message().split(' ').next().and_then(|word| word.parse().ok()).filter(|_| wanted);
    let range = error.context("range").map(str::to_owned);
    let explained = of_entries(error, resource, entries);
    let Some(address) = address else { return explained };
    // The conflict is the error whatever comes of the look-up.
    let Ok(found) = look_up(provider, resource, address).await else { return explained };
    let all = || found.others.iter().chain(&found.own).chain(&found.reserved).chain(&found.ownerless);
    let in_range = all().find(|one| Some(one.range.as_str()) == range.as_deref());
    match in_range.or_else(|| all().next()) {
        Some(one) => explained.with_note(&holder(one)),
        None => explained,
    }
}

/// Returns the entry that an error is about, with the number of its line.
fn entry_of<'a, 'b>(error: &Error, entries: &[&'a Entry<'b>]) -> Option<(usize, &'a Entry<'b>)> {
    let named = || Some(error.message().strip_prefix("lines[")?.split_once(']')?.0);
    let number: usize = error.context("line").or_else(named)?.parse().ok()?;
    Some((number, entries.get(number)?))
}
