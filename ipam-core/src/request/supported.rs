//! Refusal of the parts of requests that need a capability which a provider does not have.

use std::fmt;

use super::{Allocate, DefineRange, Placement, Selection, Update};
use crate::{Capabilities, Error, Operation, Patch, RangePolicy, Result};

/// Makes the error for a field that needs a capability which the provider does not have.
fn refused(operation: Operation, capabilities: &Capabilities, field: impl fmt::Display, needs: &str) -> Error {
    Error::unsupported(operation, &capabilities.provider).with_context("field", field).with_context("needs", needs)
}

impl Allocate {
    /// Checks the request as [`validate`](Self::validate) does, and refuses what these capabilities do not have:
    /// contiguous addresses, an expiry, tags. For authors of providers, who call it first.
    ///
    /// ```
    /// use std::time::Duration;
    /// use ipam_core::{Allocate, AllocateLine, Capabilities};
    ///
    /// let mine = Capabilities::minimal("mine");
    /// let request = Allocate::new("vm-42").with_line(AllocateLine::next("lan", 1));
    /// assert!(request.validate_for(&mine).is_ok());
    ///
    /// let line = AllocateLine::next("lan", 1).with_expiry(Duration::from_secs(60));
    /// let error = Allocate::new("vm-42").with_line(line).validate_for(&mine).unwrap_err();
    /// assert_eq!((error.is_unsupported(), error.context("field")), (true, Some("lines[0].expiry")));
    /// ```
    ///
    /// # Errors
    /// - [`InvalidInput`](crate::ErrorKind::InvalidInput): a rule of `validate` is broken.
    /// - [`Unsupported`](crate::ErrorKind::Unsupported): a part needs a capability that is not declared. The context names
    ///   the field and the capability.
    pub fn validate_for(&self, capabilities: &Capabilities) -> Result<()> {
        self.validate()?;
        for (index, line) in self.lines.iter().enumerate() {
            let refused = |field: &str, needs| {
                Err(refused(Operation::Allocate, capabilities, format_args!("lines[{index}].{field}"), needs))
            };
            let scattered = match line.selection {
                Selection::Next { placement, .. } => placement == Placement::Scattered,
                Selection::Exact { .. } => true,
            };
            if !scattered && !capabilities.contiguous {
                return refused("selection.placement", "contiguous");
            }
            if line.expiry.is_some() && !capabilities.expiry {
                return refused("expiry", "expiry");
            }
            if !line.labels.tags.is_empty() && !capabilities.tags {
                return refused("labels.tags", "tags");
            }
        }
        Ok(())
    }
}

impl Update {
    /// Checks the request as [`validate`](Self::validate) does, and refuses what these capabilities do not have: an expiry,
    /// tags. For authors of providers, who call it first.
    ///
    /// Clearing is not refused, because an allocation that cannot have a value has none.
    ///
    /// # Errors
    /// - [`InvalidInput`](crate::ErrorKind::InvalidInput): a rule of `validate` is broken.
    /// - [`Unsupported`](crate::ErrorKind::Unsupported): a part needs a capability that is not declared. The context names
    ///   the field and the capability.
    pub fn validate_for(&self, capabilities: &Capabilities) -> Result<()> {
        self.validate()?;
        if matches!(self.expiry, Patch::Set(_)) && !capabilities.expiry {
            return Err(refused(Operation::Update, capabilities, "expiry", "expiry"));
        }
        if matches!(&self.tags, Patch::Set(tags) if !tags.is_empty()) && !capabilities.tags {
            return Err(refused(Operation::Update, capabilities, "tags", "tags"));
        }
        Ok(())
    }
}

impl DefineRange {
    /// Checks the request as [`validate`](Self::validate) does, and refuses what these capabilities do not have: a policy
    /// other than the default. For authors of providers, who call it first.
    ///
    /// # Errors
    /// - [`InvalidInput`](crate::ErrorKind::InvalidInput): a rule of `validate` is broken.
    /// - [`Unsupported`](crate::ErrorKind::Unsupported): the policy needs a capability that is not declared. The context
    ///   names the field and the capability.
    pub fn validate_for(&self, capabilities: &Capabilities) -> Result<()> {
        self.validate()?;
        if self.policy != RangePolicy::default() && !capabilities.policies {
            return Err(refused(Operation::DefineRange, capabilities, "policy", "policies"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::time::Duration;

    use super::*;
    use crate::{AllocateLine, ErrorKind, Labels, Order, Tag, Tags};

    /// Capabilities of everything but one, and the request that needs it, must fail; with all of them it must not.
    #[track_caller]
    fn needs(check: impl Fn(&Capabilities) -> Result<()>, without: impl Fn(&mut Capabilities), field: &str) {
        let full = Capabilities::full("test");
        check(&full).unwrap();
        let mut some = full;
        without(&mut some);
        let error = check(&some).unwrap_err();
        assert_eq!((error.kind(), error.context("field")), (ErrorKind::Unsupported, Some(field)));
    }

    #[test]
    fn each_part_needs_its_capability() {
        let second = |line| Allocate::one("o", "lan").with_line(line);
        let run = second(AllocateLine::contiguous("lan", 2));
        needs(|can| run.validate_for(can), |can| can.contiguous = false, "lines[1].selection.placement");
        let lease = second(AllocateLine::next("lan", 1).with_expiry(Duration::from_secs(1)));
        needs(|can| lease.validate_for(can), |can| can.expiry = false, "lines[1].expiry");
        let tags = Labels::default().with_tag(Tag::new("env", "test"));
        let tagged = second(AllocateLine::next("lan", 1).with_labels(tags));
        needs(|can| tagged.validate_for(can), |can| can.tags = false, "lines[1].labels.tags");
        let renewed = Update { expiry: Patch::Set(Duration::from_secs(1)), ..Update::new("1") };
        needs(|can| renewed.validate_for(can), |can| can.expiry = false, "expiry");
        let tagged = Update { tags: Patch::Set(Tags::from_iter([Tag::new("env", "test")])), ..Update::new("1") };
        needs(|can| tagged.validate_for(can), |can| can.tags = false, "tags");
        let random = DefineRange::new("lan", "10.0.0.0/24".parse().unwrap())
            .with_policy(RangePolicy::default().with_order(Order::Random));
        needs(|can| random.validate_for(can), |can| can.policies = false, "policy");
    }

    #[test]
    fn a_rule_that_holds_everywhere_comes_first() {
        let wrong = Allocate::new("o").with_line(AllocateLine::contiguous("lan", 0));
        assert_eq!(wrong.validate_for(&Capabilities::minimal("x")).unwrap_err().kind(), ErrorKind::InvalidInput);
    }

    #[test]
    fn clearing_needs_no_capability() {
        let cleared = Update { expiry: Patch::Clear, tags: Patch::Clear, ..Update::new("1") };
        cleared.validate_for(&Capabilities::minimal("x")).unwrap();
    }
}
