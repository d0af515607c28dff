//! Comparing maps with the allocations of their addresses.

use crate::addresses::LabAddress;
use crate::store::PortMap;

/// Map whose address is allocated under another name.
///
/// [`AddressDifference`] has an example.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherName {
    /// Map.
    pub map: PortMap,
    /// Name of the allocation.
    pub found: String,
}

/// Difference between the maps and the allocations of their addresses: someone changed an allocation at the provider.
///
/// ```
/// use lab_gateway::addresses::LabAddress;
/// use lab_gateway::portmaps::AddressDifference;
/// use lab_gateway::store::PortMap;
///
/// let maps = [PortMap::new(50001, "10.0.0.5:22".parse()?, "web1", "web")];
/// let found = AddressDifference::between(&maps, &[LabAddress::new([10, 0, 0, 5].into(), "db7")]);
/// assert_eq!((found.lost.len(), found.other_name[0].found.as_str()), (0, "db7"));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AddressDifference {
    /// Maps whose address is not allocated any more: someone else may get it.
    pub lost: Vec<PortMap>,
    /// Maps whose address is allocated under another name.
    pub other_name: Vec<OtherName>,
}

impl AddressDifference {
    /// Compares maps with allocations, which are in the order of their addresses.
    pub fn between<'a>(maps: impl IntoIterator<Item = &'a PortMap>, allocated: &[LabAddress]) -> Self {
        let mut result = Self::default();
        for map in maps {
            let at = allocated.binary_search_by_key(map.target.ip(), |found| found.address);
            match at.ok().and_then(|at| allocated.get(at)) {
                None => result.lost.push(map.clone()),
                // One without any name has no other name.
                Some(found) if found.is_named() && !found.name.eq_ignore_ascii_case(&map.name) => {
                    result.other_name.push(OtherName { map: map.clone(), found: found.name.clone() });
                }
                Some(_) => {}
            }
        }
        result
    }
}
