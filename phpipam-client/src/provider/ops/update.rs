//! `update`: changes the given fields of an address, and sends along what phpIPAM would reset or refuse.

use ipam_core::{Allocation, Error as CoreError, Labels, Operation, Patch, Result, Update};

use crate::models::AddressFields;
use crate::provider::inner::Inner;
use crate::provider::map::error::{failed, mark_too_long, no_expiry};
use crate::provider::map::mark::{Found, with_mark};
use crate::provider::map::model::{labels_fit, row_of};

impl Inner {
    pub(crate) async fn update(&self, request: &Update) -> Result<Allocation> {
        request.validate()?;
        self.probed.must_write(Operation::Update)?;
        if !request.expiry.is_keep() {
            return Err(no_expiry(Operation::Update));
        }
        let mut labels = Labels::default();
        labels.hostname = request.hostname.clone().apply(None);
        labels.description = request.description.clone().apply(None);
        labels_fit(Operation::Update, 0, &labels)?;
        let missing = || CoreError::not_found(Operation::Update, "allocation", &request.allocation);
        let (id, nonce) = row_of(&request.allocation).ok_or_else(missing)?;
        let row = self.row_now(id).await.map_err(failed(Operation::Update))?.ok_or_else(missing)?;
        let found = self.mapping.of_address(&row);
        // Another claim has the row since: the allocation of this id does not exist any more.
        if found.mark().map(|mark| mark.nonce) != nonce || self.mapping.is_reservation(&row) {
            return Err(missing());
        }
        let mut fields = AddressFields::new()
            .patch_hostname(request.hostname.clone())
            .patch_description(request.description.clone())
            .patch_mac(request.mac.map(|mac| mac.to_string()))
            // A tag that is not sent is reset to "Used" (Q61, all versions).
            .with_tag(row.tag.unwrap_or(self.tag));
        match (&request.tags, &found) {
            (Patch::Keep, _) => {}
            (tags, Found::Mark(mark)) => {
                let mut mark = (**mark).clone();
                mark.tags = tags.clone().apply_or_default(mark.tags);
                // The server would cut it, and nothing could read the mark any more.
                let needed = mark.to_string().len();
                if let Some(width) = self.probed.address_width.filter(|width| needed > *width) {
                    return Err(mark_too_long(Operation::Update, &mark.owner, needed, width));
                }
                fields = match &self.mapping.address_mark {
                    None => fields.with_note(with_mark(row.note.as_deref().unwrap_or_default(), &mark)),
                    Some(field) => {
                        let text = row.extra.get(field).and_then(|text| text.as_str()).unwrap_or_default();
                        fields.with_custom_field(field, with_mark(text, &mark))
                    }
                };
            }
            (Patch::Clear, _) => {}
            (Patch::Set(tags), _) if tags.is_empty() => {}
            (Patch::Set(_), _) => {
                let reason = "tags are kept in the mark, and this address, which was allocated otherwise, has none";
                return Err(CoreError::unsupported(Operation::Update, "phpIPAM").with_context("reason", reason));
            }
        }
        let fields = self.with_required_texts(Operation::Update, &row, fields)?;
        match self.client.addresses().update(id, &fields).await {
            Err(error) if error.is_not_found() => return Err(missing()),
            result => result.map_err(failed(Operation::Update))?,
        }
        // Read back, because the server strips texts and drops fields without saying so (Q59).
        let row = self.row_now(id).await.map_err(failed(Operation::Update))?.ok_or_else(missing)?;
        let owning_range =
            self.owning_ranges(std::slice::from_ref(&row)).await.map_err(failed(Operation::Update))?.pop().flatten();
        self.mapping.allocation(&row, &*owning_range.ok_or_else(missing)?).ok_or_else(missing)
    }
}
