//! Progress of deployments and requests, for waiting.

use super::model::{Deployment, DeploymentStatus};
use super::request::{DeploymentRequest, DeploymentRequestStatus};
use crate::poll::{Poll, Progress};

impl DeploymentRequestStatus {
    fn progress(&self) -> Progress {
        match self {
            Self::Successful => Progress::Done,
            Self::Failed | Self::Aborted | Self::ApprovalRejected => Progress::Failed,
            Self::Unknown(_) => Progress::Unknown,
            Self::Created
            | Self::Pending
            | Self::Initialization
            | Self::CheckingApproval
            | Self::ApprovalPending
            | Self::UserInteractionPending
            | Self::InProgress
            | Self::Completion => Progress::Pending,
        }
    }
}

/// Makes the result of a poll of a request.
pub(super) fn of_request(value: DeploymentRequest) -> Poll<DeploymentRequest> {
    let (progress, state) = match &value.status {
        Some(status) => (status.progress(), status.as_str().to_owned()),
        None => (Progress::Unknown, "none".to_owned()),
    };
    let details = value.details.clone().filter(|details| !details.trim().is_empty());
    Poll { progress, state, details, pause: None, value }
}

/// Makes the result of a poll of a deployment that was read with its last request.
pub(super) fn of_deployment(value: Deployment) -> Poll<Deployment> {
    let last = value.last_request.as_ref().and_then(|request| request.status.as_ref());
    let (progress, state) = match &value.status {
        Some(status) => (by_ending(status.as_str()), status.as_str().to_owned()),
        // The description does not require the status; the last request says the same.
        None => match last {
            Some(status) => (status.progress(), status.as_str().to_owned()),
            None => (Progress::Unknown, "none".to_owned()),
        },
    };
    let details = match (value.failure(), last) {
        (Some(details), _) => Some(details.to_owned()),
        // A rejected or cancelled request has no details, so its status is the reason.
        (None, Some(status)) if matches!(progress, Progress::Failed) => {
            Some(format!("the last request ended in status {status}"))
        }
        _ => None,
    };
    Poll { progress, state, details, pause: None, value }
}

/// Makes the result of a poll of a deployment that is being deleted.
pub(super) fn of_deletion(value: Deployment) -> Poll<Deployment> {
    let status = value.status.as_ref().map(DeploymentStatus::as_str);
    let progress = match status {
        _ if value.deleted == Some(true) => Progress::Done,
        Some(status) if status.starts_with("DELETE_") => by_ending(status),
        // The status of the operation before: the server changes it some time after the call. A status without any
        // known ending is still one that may be final.
        Some(status) => match by_ending(status) {
            Progress::Unknown => Progress::Unknown,
            _ => Progress::Pending,
        },
        None => Progress::Unknown,
    };
    let state = status.unwrap_or("none").to_owned();
    let details = value.failure().map(str::to_owned);
    Poll { progress, state, details, pause: None, value }
}

/// Makes the result of a poll that found no deployment any more.
pub(super) fn gone() -> Poll<Deployment> {
    let value = Deployment::default();
    Poll { value, progress: Progress::Done, state: "gone".to_owned(), details: None, pause: None }
}

/// Returns the progress by the end of a status, since later releases have other operations in front of it.
fn by_ending(status: &str) -> Progress {
    match status.rsplit_once('_').map(|(_, ending)| ending) {
        Some("SUCCESSFUL") => Progress::Done,
        Some("FAILED") => Progress::Failed,
        Some("INPROGRESS") => Progress::Pending,
        _ => Progress::Unknown,
    }
}
