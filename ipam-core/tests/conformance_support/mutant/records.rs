//! Defects of `list_records` and `restore_records`.

use ipam_core::{ListRecords, Owner, Page, PortableRecord, PortableRequest, RestoreRecords, RestoredRecords, Result};

use super::Mutant;
use super::defect::Defect;

impl Mutant {
    pub(super) async fn list_records_badly(&self, request: &ListRecords) -> Result<Page<PortableRecord>> {
        let mut page = self.inner.list_records(request).await?;
        match self.defect {
            Defect::SplitsRequests => page.items = page.items.into_iter().flat_map(split).collect(),
            Defect::ForgetsDeallocated => {
                for record in &mut page.items {
                    if let PortableRecord::Request(request) = record {
                        request.returned.clear();
                        request.count = u32::try_from(request.allocations.len()).unwrap_or(u32::MAX);
                    }
                }
            }
            Defect::HidesFingerprints => {
                for record in &mut page.items {
                    match record {
                        PortableRecord::Request(request) => request.fingerprint = None,
                        PortableRecord::Range(range) => range.fingerprint = None,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        Ok(page)
    }

    pub(super) async fn restore_records_badly(&self, request: &RestoreRecords) -> Result<RestoredRecords> {
        let mut records = request.records.clone();
        for record in &mut records {
            let PortableRecord::Request(request) = record else { continue };
            for one in &mut request.allocations {
                match self.defect {
                    Defect::LosesRestoredTimes => one.allocation.created = None,
                    Defect::MakesUpOwners => {
                        one.allocation.owner.get_or_insert_with(|| Owner::new("restored"));
                    }
                    _ => {}
                }
            }
        }
        if self.is(Defect::LosesQuarantine) {
            records.retain(|record| !matches!(record, PortableRecord::Quarantine(_)));
        }
        match self.inner.restore_records(&RestoreRecords::new(records)).await {
            Ok(restored) if self.is(Defect::CountsRestoredAgain) => {
                Ok(RestoredRecords::new(restored.restored + restored.unchanged, 0, restored.addresses))
            }
            Err(error) if self.is(Defect::SkipsConflicts) && error.is_conflict() => Ok(RestoredRecords::default()),
            result => result,
        }
    }
}

fn split(record: PortableRecord) -> Vec<PortableRecord> {
    match record {
        PortableRecord::Request(request) => {
            let (fingerprint, lines) = (request.fingerprint, request.lines);
            let alone = request.allocations.into_iter().map(|one| {
                let mut alone = PortableRequest::new(vec![one]).with_lines(lines);
                alone.fingerprint = fingerprint;
                PortableRecord::Request(alone)
            });
            alone.collect()
        }
        other => vec![other],
    }
}
