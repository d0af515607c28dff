//! Request trackers: the progress of calls that the server carries out later.

use crate::call::{Call, last_segment};
use crate::error::Error;
use crate::lenient::{Wire, model, open_enum};
use crate::list::{List, rows};
use crate::poll::{Poll, Progress, Wait, wait};
use crate::request::ApiRequest;
use crate::v8::Client;

open_enum! {
    /// State of a request.
    pub enum RequestStatus {
        /// The server works on it.
        InProgress = "INPROGRESS",
        /// It has ended with success.
        Finished = "FINISHED",
        /// It has failed.
        Failed = "FAILED",
    }
}

model! {
    /// Progress of a call that the server carries out later.
    pub struct RequestTracker {
        /// Id.
        id: String = "id";
        /// Name, such as `Create integration`.
        name: String = "name";
        /// State. A call that failed is reported with status 200 and this state.
        status: RequestStatus = "status";
        /// Progress in percent.
        progress: i64 = "progress";
        /// Message, such as the reason of a failure.
        message: String = "message";
        /// Paths of the objects that the call made or changed; empty until it has ended.
        resources: Vec<String> = "resources";
        /// Id of the deployment.
        deployment_id: String = "deploymentId";
        /// Path of the tracker.
        self_link: String = "selfLink";
    }
}

impl RequestTracker {
    /// Returns the ids of the objects that the call made or changed, once it has ended.
    ///
    /// ```
    /// use vra_client::v8::RequestTracker;
    ///
    /// let tracker: RequestTracker = serde_json::from_str(
    ///     r#"{"id": "r1", "status": "FINISHED", "resources": ["/iaas/api/integrations/b3c5a1f7"]}"#,
    /// )?;
    /// assert_eq!(tracker.resource_ids(), ["b3c5a1f7"]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn resource_ids(&self) -> Vec<String> {
        self.resources.iter().flatten().filter_map(|path| last_segment(path)).collect()
    }

    /// Returns the id of the tracker: the member, or else the last part of its path.
    fn own_id(&self) -> Option<String> {
        self.id.clone().or_else(|| last_segment(self.self_link.as_deref()?))
    }

    fn into_poll(self) -> Poll<Self> {
        let progress = match &self.status {
            Some(RequestStatus::InProgress) => Progress::Pending,
            Some(RequestStatus::Finished) => Progress::Done,
            Some(RequestStatus::Failed) => Progress::Failed,
            Some(RequestStatus::Unknown(_)) | None => Progress::Unknown,
        };
        let state = self.status.as_ref().map_or("none", RequestStatus::as_str).to_owned();
        let message = self.message.clone().filter(|message| !message.trim().is_empty());
        // While it is in progress, how far it is says more than nothing.
        let percent = || self.progress.map(|progress| format!("progress {progress} %"));
        let details = message.or_else(percent);
        Poll { state, progress, details, pause: None, value: self }
    }
}

rows!(RequestTracker.id);

impl Client {
    /// Returns the request trackers.
    #[must_use]
    pub fn request_trackers(&self) -> RequestTrackers<'_> {
        RequestTrackers { client: self }
    }
}

/// Request trackers of the IaaS service, `/iaas/api/request-tracker`.
///
/// ```
/// # async fn run(client: vra_client::v8::Client) -> Result<(), vra_client::Error> {
/// use vra_client::poll::Wait;
///
/// if let Some(tracker) = client.integrations().delete("b3c5a1f7").await? {
///     client.request_trackers().wait_for(tracker, &Wait::default()).await?;
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RequestTrackers<'a> {
    client: &'a Client,
}

impl RequestTrackers<'_> {
    /// Lists the trackers. Evidence: described (8.10).
    pub fn list(self) -> List<RequestTracker> {
        self.client.list(ApiRequest::get("/iaas/api/request-tracker", &[]))
    }

    /// Reads a tracker. A failed request is no error of this call. Evidence: described (8.10).
    pub fn get(self, id: &str) -> Call<RequestTracker> {
        self.client.json(ApiRequest::get("/iaas/api/request-tracker/{tracker}", &[id]))
    }

    /// Deletes a tracker whose request has ended. Evidence: described (8.10).
    pub fn delete(self, id: &str) -> Call<()> {
        self.client.done(ApiRequest::delete("/iaas/api/request-tracker/{tracker}", &[id]))
    }

    /// Waits for the end of a request and returns its tracker, with the objects that were made. Evidence: described
    /// (8.10).
    ///
    /// `tracker` is what the call returned; nothing is sent if its request has ended already.
    ///
    /// # Errors
    /// [`Error::Wait`] if the request failed, with the server's message; if the deadline passed, with the last state;
    /// if the server names a state that this crate does not know; or if a poll failed, such as with 404, since the
    /// server removes trackers after a while. [`Error::InvalidInput`] if the tracker has no id.
    pub async fn wait_for(self, tracker: RequestTracker, limits: &Wait) -> Result<RequestTracker, Error> {
        let Some(id) = tracker.own_id() else {
            return Err(Error::invalid("request tracker", tracker.name.unwrap_or_default(), "a tracker with an id"));
        };
        let operation = self.get(&id).request().operation();
        let mut given = Some(tracker).filter(|tracker| tracker.status != Some(RequestStatus::InProgress));
        let poll = || {
            // The response of the call itself counts as the first poll, if it says how the request ended.
            let given = given.take();
            let id = id.as_str();
            async move {
                let tracker = match given {
                    Some(tracker) if tracker.status.is_some() => tracker,
                    _ => self.get(id).await?,
                };
                Ok(tracker.into_poll())
            }
        };
        wait(&operation, limits, RequestTracker::to_json, poll).await
    }
}
