//! Provider over another one that lists other records, or has fewer capabilities.

use async_trait::async_trait;
use ipam_core::{
    Allocate, Allocated, Allocation, Block, Capabilities, Deallocate, Deallocated, DefineBlock, DefineRange, Find,
    Health, IpamProvider, ListBlocks, ListRanges, ListRecords, MemoryProvider, Page, PortableRecord, Range,
    RestoreRecords, RestoredRecords, Result,
};

/// Change of a record.
pub(crate) type Alter = fn(&mut PortableRecord);

/// Provider in memory with changes.
#[derive(Debug)]
pub(crate) struct Altered {
    pub(crate) inner: MemoryProvider,
    /// True if it can list and restore records.
    pub(crate) has_records: bool,
    /// Changes each record that is listed.
    pub(crate) alter: Alter,
}

impl Altered {
    /// Source with other records than those that it keeps.
    pub(crate) fn source(inner: MemoryProvider, alter: Alter) -> Self {
        Self { inner, has_records: true, alter }
    }

    /// Provider that has allocations and no records, as most servers.
    pub(crate) fn plain(inner: MemoryProvider) -> Self {
        Self { inner, has_records: false, alter: |_| {} }
    }
}

#[async_trait]
impl IpamProvider for Altered {
    fn capabilities(&self) -> Capabilities {
        let mut can = self.inner.capabilities();
        (can.list_records, can.restore_records) = (self.has_records, self.has_records);
        can
    }

    async fn check(&self) -> Result<Health> {
        self.inner.check().await
    }

    async fn list_ranges(&self, request: &ListRanges) -> Result<Page<Range>> {
        self.inner.list_ranges(request).await
    }

    async fn allocate(&self, request: &Allocate) -> Result<Allocated> {
        self.inner.allocate(request).await
    }

    async fn deallocate(&self, request: &Deallocate) -> Result<Deallocated> {
        self.inner.deallocate(request).await
    }

    async fn find(&self, request: &Find) -> Result<Page<Allocation>> {
        self.inner.find(request).await
    }

    async fn define_range(&self, request: &DefineRange) -> Result<Range> {
        self.inner.define_range(request).await
    }

    async fn list_blocks(&self, request: &ListBlocks) -> Result<Page<Block>> {
        self.inner.list_blocks(request).await
    }

    async fn define_block(&self, request: &DefineBlock) -> Result<Block> {
        self.inner.define_block(request).await
    }

    async fn list_records(&self, request: &ListRecords) -> Result<Page<PortableRecord>> {
        let mut page = self.inner.list_records(request).await?;
        page.items.iter_mut().for_each(self.alter);
        Ok(page)
    }

    async fn restore_records(&self, request: &RestoreRecords) -> Result<RestoredRecords> {
        self.inner.restore_records(request).await
    }
}
