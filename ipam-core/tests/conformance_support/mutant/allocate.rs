//! Defects of `allocate` and `preview_allocate`.

use std::sync::PoisonError;
use std::time::Duration;

use futures_util::TryStreamExt;
use ipam_core::{
    Allocate, AllocateLine, Allocated, Deallocate, Error, ErrorKind, Find, IpamProviderExt, ListRanges, Operation,
    Placement, Preview, Range, Result, Selection,
};

use super::defect::Defect;
use super::{Mutant, pause};

impl Mutant {
    pub(super) fn corrupt_request(&self, request: &Allocate) -> Allocate {
        let mut request = request.clone();
        match self.defect {
            Defect::ShortensKeys => {
                request.key = request.key.map(|key| key.as_str().chars().take(40).collect::<String>().into());
            }
            Defect::FoldsKeys => request.key = request.key.map(|key| key.as_str().to_lowercase().into()),
            Defect::GeneratesOneKey => {
                request.key = request.key.or_else(|| Some(format!("made/{}", request.owner).into()));
            }
            Defect::ForgetsKeys => request.key = None,
            _ => {}
        }
        for line in &mut request.lines {
            match (self.defect, line.selection) {
                (Defect::IgnoresExclude, _) => line.exclude.clear(),
                (Defect::SortsRanges, _) => line.ranges.sort(),
                (Defect::UsesFirstRangeOnly, _) => line.ranges.truncate(1),
                (Defect::TakesNextForExact, Selection::Exact { count, .. }) => {
                    line.selection = Selection::Next { count, placement: Placement::Scattered };
                }
                (Defect::IgnoresPlacement, Selection::Next { count, .. }) => {
                    line.selection = Selection::Next { count, placement: Placement::Scattered };
                }
                (Defect::IgnoresAlignment, Selection::Next { count, placement: Placement::Aligned }) => {
                    line.selection = Selection::Next { count, placement: Placement::Contiguous };
                }
                (Defect::NeverExpires, _) => line.expiry = None,
                _ => {}
            }
        }
        request
    }

    /// Sends each line as a request with its own key.
    pub(super) async fn each(&self, request: &Allocate, lines: Vec<AllocateLine>) -> Result<Allocated> {
        let key = request.key.clone().unwrap_or_else(|| format!("each/{}", self.call()).into());
        let mut results = Vec::new();
        for (index, line) in lines.into_iter().enumerate() {
            let part = Allocate::new(request.owner.clone()).with_key(format!("{key}/{index}")).with_line(line);
            results.push(self.inner.allocate(&part).await?.lines.into_iter().flatten().collect());
            if self.is(Defect::TakesLineByLine) {
                pause().await;
            }
        }
        Ok(Allocated::new(key, results, false))
    }

    pub(super) async fn allocate_badly(&self, request: &Allocate) -> Result<Allocated> {
        let inner = &self.inner;
        match self.defect {
            Defect::TakesSecondLowest if request.key.is_none() => {
                let mut more = request.clone();
                for line in &mut more.lines {
                    if let Selection::Next { count, .. } = &mut line.selection {
                        *count += 1;
                    }
                }
                let mut result = inner.allocate(&more).await?;
                for (line, asked) in result.lines.iter_mut().zip(&request.lines) {
                    if matches!(asked.selection, Selection::Next { .. }) {
                        inner.deallocate(&Deallocate::id(line.remove(0).id)).await?;
                    }
                }
                Ok(result)
            }
            Defect::HandsOutTwice => {
                let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(last) = last.filter(|_| request.key.is_none()) {
                    return Ok(last);
                }
                let result = inner.allocate(request).await?;
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(result.clone());
                Ok(result)
            }
            Defect::SplitsLinesOverRanges => {
                let mut lines = Vec::new();
                for line in &request.lines {
                    let mut taken = Vec::new();
                    for _ in 0..line.selection.count() {
                        let mut one = line.clone();
                        if let Selection::Next { count, .. } = &mut one.selection {
                            *count = 1;
                        }
                        let part = Allocate::new(request.owner.clone()).with_line(one);
                        taken.extend(inner.allocate(&part).await?.lines.into_iter().flatten());
                    }
                    lines.push(taken);
                }
                Ok(Allocated::new(format!("split/{}", self.call()).into(), lines, false))
            }
            Defect::LeaksOnFailure | Defect::TakesLineByLine => {
                request.validate()?;
                self.each(request, request.lines.clone()).await
            }
            Defect::TakesFreePartOfExact => match inner.allocate(request).await {
                Err(error) if error.is_conflict() => {
                    for line in &request.lines {
                        if let Selection::Exact { first, count } = line.selection {
                            let all = ipam_core::net::IpRange::new(first, last(first)).map_err(|_| again(&error))?;
                            for address in all.addresses().take(count as usize) {
                                let mut one = line.clone();
                                one.selection = Selection::Exact { first: address, count: 1 };
                                drop(inner.allocate(&Allocate::new("x").with_line(one)).await);
                            }
                        }
                    }
                    Err(error)
                }
                result => result,
            },
            Defect::ReturnsAnyRequestOfAKey | Defect::RefillsPartialKeys => match inner.allocate(request).await {
                Err(error) if error.is_conflict() && request.key.is_some() => {
                    let key = request.key.clone().unwrap_or_else(|| "".into());
                    let has = self.all(&Find::default().with_key(key.clone())).await?;
                    if self.is(Defect::RefillsPartialKeys)
                        && has.first().is_none_or(|a| a.owner.as_ref() != Some(&request.owner))
                    {
                        return Err(error);
                    }
                    Ok(Allocated::new(key, vec![has], true))
                }
                result => result,
            },
            Defect::KeepsKeyAfterFailure | Defect::NeverFreesKeys => {
                let Some(key) = &request.key else { return inner.allocate(request).await };
                let used_keys = || self.used_keys.lock().unwrap_or_else(PoisonError::into_inner);
                let used = used_keys().contains(key);
                let result = inner.allocate(request).await;
                let free = result.as_ref().is_ok_and(|result| !result.repeated);
                if used && free {
                    inner.deallocate(&Deallocate::key(key.clone())).await?;
                    return Err(Error::new(ErrorKind::Conflict, Operation::Allocate, "the key was used")
                        .with_context("key", key));
                }
                if self.is(Defect::NeverFreesKeys) && result.is_ok()
                    || self.is(Defect::KeepsKeyAfterFailure) && result.is_err()
                {
                    used_keys().insert(key.clone());
                }
                result
            }
            Defect::ForgetsKeys => {
                let mut result = inner.allocate(&self.corrupt_request(request)).await?;
                result.key = request.key.clone().unwrap_or(result.key);
                Ok(result)
            }
            Defect::RacesOnKeys => {
                if let Some(key) = &request.key {
                    let has = self.all(&Find::default().with_key(key.clone())).await?;
                    if !has.is_empty() {
                        return inner.allocate(request).await;
                    }
                }
                std::thread::sleep(Duration::from_millis(20));
                let mut anew = request.clone();
                let taken = match &request.key {
                    Some(key) => !self.all(&Find::default().with_key(key.clone())).await?.is_empty(),
                    None => false,
                };
                if taken {
                    anew.key = None;
                }
                inner.allocate(&anew).await
            }
            Defect::RacesOnAddresses => {
                let result = inner.allocate(request).await?;
                // The address is free for other callers for a moment.
                inner.deallocate(&Deallocate::key(result.key.clone())).await?;
                std::thread::sleep(Duration::from_millis(2));
                for (line, asked) in result.lines.iter().zip(&request.lines) {
                    for allocation in line {
                        let mut again = AllocateLine::exactly(allocation.range.clone(), allocation.address);
                        again.labels = asked.labels.clone();
                        drop(inner.allocate(&Allocate::new(request.owner.clone()).with_line(again)).await);
                    }
                }
                Ok(result)
            }
            Defect::AcceptsInvalidRequests => match inner.allocate(request).await {
                Err(error) if error.kind() == ErrorKind::InvalidInput => {
                    Ok(Allocated::new("bad".into(), Vec::new(), false))
                }
                result => result,
            },
            Defect::SkipsUnknownRanges => {
                let known: Vec<Range> = inner.ranges(ListRanges::all()).try_collect().await?;
                let mut request = request.clone();
                for line in request.lines.iter_mut().filter(|line| line.ranges.len() > 1) {
                    line.ranges.retain(|id| known.iter().any(|range| range.id == *id));
                }
                inner.allocate(&request).await
            }
            Defect::StopsAtIpv4 => {
                let result = inner.allocate(request).await?;
                if result.iter().any(|allocation| allocation.address.is_ipv6()) {
                    inner.deallocate(&Deallocate::key(result.key)).await?;
                    return Err(
                        Error::new(ErrorKind::Exhausted, Operation::Allocate, "no room").with_context("line", 0)
                    );
                }
                Ok(result)
            }
            Defect::ReportsFailedRequests => match inner.allocate(request).await {
                Err(error) if error.is_exhausted() => {
                    if let Some(id) = request.lines.first().and_then(|line| line.ranges.first()) {
                        let undone = inner.allocate(&Allocate::one("undone", id.clone())).await?;
                        inner.deallocate(&Deallocate::key(undone.key)).await?;
                    }
                    Err(error)
                }
                result => result,
            },
            Defect::RespondsSlowly => {
                let result = inner.allocate(request).await;
                pause().await;
                result
            }
            _ => inner.allocate(&self.corrupt_request(request)).await,
        }
    }

    pub(super) fn corrupt_result(&self, request: &Allocate, mut result: Allocated) -> Allocated {
        match self.defect {
            Defect::NeverSaysRepeated => result.repeated = false,
            Defect::ReturnsDescending => result.lines.iter_mut().for_each(|line| line.reverse()),
            Defect::ReturnsLinesReversed => result.lines.reverse(),
            Defect::ReturnsOneLine => result.lines = vec![result.lines.into_iter().flatten().collect()],
            Defect::ShortensKeys | Defect::FoldsKeys => result.key = request.key.clone().unwrap_or(result.key),
            _ => {}
        }
        for allocation in result.lines.iter_mut().flatten() {
            *allocation = self.corrupt_allocation(allocation.clone());
        }
        result
    }

    pub(super) async fn preview_allocate_badly(&self, request: &Allocate) -> Result<Preview> {
        if self.is(Defect::TakesOnPreview) {
            drop(self.inner.allocate(request).await);
        }
        let mut request = request.clone();
        if self.is(Defect::PreviewsAnew) {
            request.key = None;
        }
        let mut preview = self.inner.preview_allocate(&request).await.map_err(|error| self.corrupt_error(error))?;
        if self.is(Defect::PreviewsFirstLineOnly) {
            preview.lines.truncate(1);
        }
        Ok(preview)
    }
}

fn last(of: std::net::IpAddr) -> std::net::IpAddr {
    match of {
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::BROADCAST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::from_bits(u128::MAX).into(),
    }
}

fn again(error: &Error) -> Error {
    Error::new(error.kind(), error.operation(), error.message().to_owned())
}
