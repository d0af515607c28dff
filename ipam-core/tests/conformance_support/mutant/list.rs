//! Defects of listing and finding.

use futures_util::TryStreamExt;
use ipam_core::{
    Allocation, Block, Error, Find, IpamProviderExt, ListBlocks, ListRanges, Operation, Page, PageToken, Range, Result,
};

use super::Mutant;
use super::defect::Defect;

impl Mutant {
    /// Returns a page of `all` as the defect changes it.
    pub(super) fn corrupt_page<T>(
        &self,
        operation: Operation,
        page: &ipam_core::PageRequest,
        mut all: Vec<T>,
    ) -> Result<Page<T>> {
        page.validate(operation)?;
        let size = page.size.map_or(100, |size| size.get() as usize);
        let at = page.token.as_ref().map(|token| token.as_str().strip_prefix("at:").and_then(|at| at.parse().ok()));
        let at: usize = match at {
            None => 0,
            Some(Some(at)) => at,
            Some(None) if self.is(Defect::RestartsOnUnknownPages) => 0,
            Some(None) => return Err(Error::invalid(operation, "page.token", "?", "give one of ours")),
        };
        if self.is(Defect::ShufflesPages) && size.is_multiple_of(2) {
            all.reverse();
        }
        let more = all.len() > at + size;
        let items: Vec<T> = all.into_iter().skip(at).take(size).collect();
        Ok(match self.defect {
            Defect::ReturnsOnePage => Page::new(items, None),
            Defect::NeverEndsPages => Page::new(items, Some(PageToken::from(format!("at:{at}")))),
            _ => Page::new(items, more.then(|| PageToken::from(format!("at:{}", at + size)))),
        })
    }

    pub(super) fn pages_badly(&self) -> bool {
        matches!(
            self.defect,
            Defect::PagesByOffset
                | Defect::ShufflesPages
                | Defect::RestartsOnUnknownPages
                | Defect::NeverEndsPages
                | Defect::ReturnsOnePage
        )
    }

    pub(super) async fn list_ranges_badly(&self, request: &ListRanges) -> Result<Page<Range>> {
        let mut request = request.clone();
        match self.defect {
            Defect::IgnoresListFilter => request.filter = ipam_core::RangeFilter::default(),
            Defect::ListsNothing => return Ok(Page::new(Vec::new(), None)),
            Defect::IgnoresPageSize => request.page.size = None,
            Defect::RefusesToFindNothing => {
                let page = self.inner.list_ranges(&request).await?;
                if page.items.is_empty() {
                    return Err(Error::not_found(Operation::ListRanges, "range", "like that"));
                }
            }
            _ => {}
        }
        let mut page = if self.pages_badly() {
            let page = std::mem::take(&mut request.page);
            let all: Vec<Range> = self.inner.ranges(request).try_collect().await?;
            self.corrupt_page(Operation::ListRanges, &page, all)?
        } else {
            self.inner.list_ranges(&request).await.map_err(|error| self.corrupt_error(error))?
        };
        page.items = page.items.into_iter().map(|range| self.corrupt_range(range)).collect();
        Ok(page)
    }

    pub(super) async fn find_badly(&self, request: &Find) -> Result<Page<Allocation>> {
        let mut request = request.clone();
        match self.defect {
            Defect::IgnoresOwnerInFind => request.owner = None,
            Defect::ListsQuarantined => request.quarantined = true,
            Defect::ListsNothing => return Ok(Page::new(Vec::new(), None)),
            Defect::IgnoresPageSize => request.page.size = None,
            Defect::ShortensKeys => {
                request.key = request.key.map(|key| key.as_str().chars().take(40).collect::<String>().into());
            }
            Defect::ReusesIds => {
                if let Some(id) = &request.id {
                    request.id = Some(self.real_id(id).await?);
                }
            }
            _ => {}
        }
        if let (Defect::TakesLineByLine, Some(key)) = (self.defect, request.key.clone()) {
            request.key = None;
            let mut all = self.all(&request).await?;
            all.retain(|a| a.key.as_ref().is_some_and(|of_line| of_line.as_str().starts_with(&format!("{key}/"))));
            return Ok(Page::new(all, None));
        }
        let hostname = request.hostname.clone();
        let mut page = if self.pages_badly() {
            let all = self.all(&request).await?;
            self.corrupt_page(Operation::Find, &request.page, all)?
        } else {
            self.inner.find(&request).await.map_err(|error| self.corrupt_error(error))?
        };
        if self.is(Defect::RefusesToFindNothing) && page.items.is_empty() {
            return Err(Error::not_found(Operation::Find, "allocation", "like that"));
        }
        if self.is(Defect::MatchesHostNamesExactly) && hostname.is_some() {
            page.items.retain(|allocation| allocation.labels.hostname == hostname);
        }
        page.items = page.items.into_iter().map(|allocation| self.corrupt_allocation(allocation)).collect();
        Ok(page)
    }

    pub(super) async fn list_blocks_badly(&self, request: &ListBlocks) -> Result<Page<Block>> {
        let mut request = request.clone();
        match self.defect {
            Defect::IgnoresListFilter => request.filter = ipam_core::BlockFilter::default(),
            Defect::ListsNothing => return Ok(Page::new(Vec::new(), None)),
            Defect::IgnoresPageSize => request.page.size = None,
            _ => {}
        }
        let mut page = if self.pages_badly() {
            let page = std::mem::take(&mut request.page);
            let all: Vec<Block> = self.inner.blocks(request).try_collect().await?;
            self.corrupt_page(Operation::ListBlocks, &page, all)?
        } else {
            self.inner.list_blocks(&request).await.map_err(|error| self.corrupt_error(error))?
        };
        if self.is(Defect::LosesDetailsOfDefinitions) {
            page.items.iter_mut().for_each(|block| block.tags.clear());
        }
        Ok(page)
    }
}
