//! Forms of an item or a resource.

use crate::lenient::model;
use crate::v7::FormReference;

model! {
    /// The forms of an item or a resource.
    pub struct Forms {
        /// True if the general information on a resource is hidden.
        catalog_resource_info_hidden: bool = "catalogResourceInfoHidden";
        /// True if the general information on a request is hidden.
        catalog_request_info_hidden: bool = "catalogRequestInfoHidden";
        /// Size of the request's form.
        request_form_scale: String = "requestFormScale";
        /// Form with the details of a resource.
        details: FormReference = "details";
        /// Form with the details of an item.
        item_details: FormReference = "itemDetails";
        /// Form that requests an item.
        request_submission: FormReference = "requestSubmission";
        /// Form that shows a request.
        request_details: FormReference = "requestDetails";
        /// Form of the approval before provisioning.
        request_pre_approval: FormReference = "requestPreApproval";
        /// Form of the approval after provisioning.
        request_post_approval: FormReference = "requestPostApproval";
    }
}
