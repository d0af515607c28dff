//! Forms of an item or a resource.

use crate::lenient::model;
use crate::v7::FormReference;

model! {
    /// The forms of an item or a resource.
    pub struct Forms {
        /// Whether the resource's own information is hidden.
        catalog_resource_info_hidden: bool = "catalogResourceInfoHidden";
        /// Whether the request's own information is hidden.
        catalog_request_info_hidden: bool = "catalogRequestInfoHidden";
        /// How big the request's form is.
        request_form_scale: String = "requestFormScale";
        /// Details of a resource.
        details: FormReference = "details";
        /// Details of an item.
        item_details: FormReference = "itemDetails";
        /// The form to request an item.
        request_submission: FormReference = "requestSubmission";
        /// The form to look at a request.
        request_details: FormReference = "requestDetails";
        /// The form to approve before.
        request_pre_approval: FormReference = "requestPreApproval";
        /// The form to approve after.
        request_post_approval: FormReference = "requestPostApproval";
    }
}
