//! Reports of the receiver, from the delivery to the agent's own report.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::scan::progress::{Event, Progress};
use crate::scan::relay::{Delivery, RelayReport};
use crate::scan::report::SubnetReport;

/// Delivery that keeps what the receiver replies.
#[derive(Debug)]
pub(super) struct Receipts {
    delivery: Arc<dyn Delivery>,
    /// By the id of the subnet.
    replies: Mutex<HashMap<u64, SubnetReport>>,
}

impl Receipts {
    pub(super) fn new(delivery: Arc<dyn Delivery>) -> Self {
        Self { delivery, replies: Mutex::default() }
    }

    /// Adds to a subnet's report what the receiver did with it.
    fn complete(&self, report: &SubnetReport) -> SubnetReport {
        let mut report = report.clone();
        let reply = self.replies.lock().unwrap_or_else(PoisonError::into_inner).get(&report.subnet).cloned();
        if let Some(reply) = reply.filter(|reply| reply.net == report.net) {
            report.received(reply);
        }
        report
    }

    /// Returns the subnet's report with what the receiver did, and forgets the latter.
    pub(super) fn take(&self, report: &SubnetReport) -> SubnetReport {
        let whole = self.complete(report);
        self.replies.lock().unwrap_or_else(PoisonError::into_inner).remove(&report.subnet);
        whole
    }
}

#[async_trait]
impl Delivery for Receipts {
    async fn deliver(&self, report: &RelayReport) -> Result<Option<SubnetReport>, String> {
        let reply = self.delivery.deliver(report).await?;
        if let Some(reply) = &reply {
            self.replies.lock().unwrap_or_else(PoisonError::into_inner).insert(reply.subnet, reply.clone());
        }
        Ok(reply)
    }
}

/// Progress whose reports of subnets are complete.
pub(super) struct Completed<'a> {
    pub(super) progress: &'a dyn Progress,
    pub(super) receipts: Option<&'a Receipts>,
}

impl Progress for Completed<'_> {
    fn event(&self, event: &Event<'_>) {
        match (event, self.receipts) {
            (Event::Finished { subnet, report }, Some(receipts)) => {
                self.progress.event(&Event::Finished { subnet, report: &receipts.complete(report) });
            }
            _ => self.progress.event(event),
        }
    }
}
