//! List of all subnets, split by the last digit of their ids if it is too long for the server.
//!
//! With PHP's default of 128 MB a list of 18 000 subnets works and one of 22 000 dies. Of 32 000 subnets, 9 600 that a
//! filter by id leaves work in 0.7 s (Q76). `sections/ID/subnets/` computes the usage of each subnet, which takes 5 s for
//! 4 000 of them, so it comes last.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::without_filters::is_unknown_call;
use crate::error::Result;
use crate::models::{SectionId, Subnet};
use crate::provider::inner::{Inner, MAX_CONCURRENT};
use crate::provider::map::error::is_too_large;
use crate::query::Filter;
use crate::request::{ApiRequest, Call, Path};

/// Classes of last digits, step by step: the whole list, halves, quarters, tenths.
const STEPS: [&[&str]; 4] =
    [&[""], &["0-4", "5-9"], &["0-2", "3-5", "67", "89"], &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]];

/// Smallest number of subnets for which the death of a list is put down to its length. With fewer of them it was
/// something else, and the next list is tried as a whole again.
const MANY: usize = 2_000;

impl Inner {
    /// Reads the subnets and folders of the served sections, and keeps what `keep` returns of each.
    pub(super) async fn subnet_rows<K: Send>(
        &self,
        mut keep: impl FnMut(Subnet) -> Option<K> + Send,
    ) -> Result<Vec<K>> {
        let known = self.too_long.subnet_steps();
        let mut died = None;
        let mut waits = self.config.pacing.reading();
        for (step, classes) in STEPS.iter().enumerate().skip(known) {
            // A server that restarts dies of a short list too: give it a moment.
            if died.is_some() {
                waits.next().await;
            }
            match self.subnets_by_digit(classes, &mut keep).await {
                Ok(rows) => {
                    if step > known && rows.len() >= MANY {
                        self.too_long.note_subnet_steps(step);
                    }
                    return Ok(rows);
                }
                Err(error) if is_too_large(&error) => died = Some(error),
                Err(error) => return Err(error),
            }
        }
        match self.subnets_by_section(&mut keep).await {
            // The error of the list, and not of the last resort.
            Err(error) if is_too_large(&error) => Err(died.unwrap_or(error)),
            rows => rows,
        }
    }

    /// Reads the subnets whose ids end with a digit of each class. The first part that dies ends it.
    async fn subnets_by_digit<K: Send>(
        &self,
        classes: &[&str],
        keep: &mut (impl FnMut(Subnet) -> Option<K> + Send),
    ) -> Result<Vec<K>> {
        let mut all = Vec::new();
        for class in classes {
            let request = ApiRequest::get(Call::List, Path::new("subnets").word("all"))?;
            let request = match (class.is_empty(), self.sections.as_slice()) {
                // A filter has one value (Q69), so for several sections all subnets are read.
                (true, [only]) => Filter::equals("sectionId", only).apply(request),
                (true, _) => request,
                (false, _) => Filter::matches("id", format!("/[{class}]$/")).apply(request),
            };
            let mut rows = match self.rows(request, None, keep).await {
                // 1.3 takes the filter for a part of the path (Q69).
                Err(error) if class.is_empty() && is_unknown_call(&error) => {
                    self.rows(ApiRequest::get(Call::List, Path::new("subnets").word("all"))?, None, keep).await?
                }
                rows => rows?,
            };
            all.append(&mut rows);
        }
        Ok(all)
    }

    async fn subnets_by_section<K: Send>(&self, keep: &mut (impl FnMut(Subnet) -> Option<K> + Send)) -> Result<Vec<K>> {
        let mut all = Vec::new();
        for section in self.served_sections().await? {
            let path = Path::new("sections").id("section id", section.get()).word("subnets");
            let parent = ApiRequest::get(Call::One, Path::new("sections").id("section id", section.get())).ok();
            all.append(&mut self.rows(ApiRequest::get(Call::List, path)?, parent, keep).await?);
        }
        Ok(all)
    }

    /// Returns the ids of the served sections.
    pub(super) async fn served_sections(&self) -> Result<Vec<SectionId>> {
        if !self.sections.is_empty() {
            return Ok(self.sections.clone());
        }
        let sections = self.read(|| async { self.client.sections().list().await }).await?;
        Ok(sections.into_iter().map(|section| section.id).collect())
    }

    /// Reads single subnets, for servers without a search.
    pub(super) async fn single_subnets(&self, ids: Vec<crate::models::SubnetId>) -> Result<Vec<Subnet>> {
        stream::iter(ids)
            .map(|id| self.read(move || async move { self.client.subnets().get(id).await }))
            .buffered(MAX_CONCURRENT)
            .try_collect()
            .await
    }
}
