//! Requests: reading, waiting, cancelling, events.

use super::super::event::{EventLog, RequestEvent};
use super::super::model::Deployment;
use super::super::progress;
use super::super::query::DeploymentExpansion;
use super::super::request::DeploymentRequest;
use super::super::service::Deployments;
use crate::call::Call;
use crate::error::Error;
use crate::lenient::Wire;
use crate::list::{List, Page, Paging};
use crate::odata::OrderBy;
use crate::poll::{Wait, wait};
use crate::request::ApiRequest;

impl Deployments<'_> {
    /// Polls a deployment until its status is final, and returns it if that is a success. Evidence: captured (8.x, the
    /// final states).
    ///
    /// | status | result |
    /// | --- | --- |
    /// | ends with `_SUCCESSFUL` | success |
    /// | ends with `_FAILED` | error `Failed` |
    /// | ends with `_INPROGRESS` | waits |
    /// | any other | error `UnknownState` |
    /// | none | that of the last request, as in [`wait_for_request`](Self::wait_for_request) |
    ///
    /// It sends one GET per pause of `limits`. A failed GET is repeated as the client's
    /// [`RetryConfig`](crate::RetryConfig) says; if it fails still, waiting ends. The deployment goes on at the server
    /// whatever ends the waiting, also if this future is dropped: call this again to continue.
    ///
    /// This is for a deployment that was just requested. After an action or a deletion the status may still be the one
    /// of before, so wait for [the request](Self::wait_for_request) then.
    ///
    #[cfg_attr(feature = "testing", doc = "```")]
    #[cfg_attr(not(feature = "testing"), doc = "```text")]
    /// # use vra_client::{HttpOptions, testing::v8::Server, v8::Client};
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = Server::builder().example_data().start().await?;
    /// # let client = Client::builder(server.url()).with_password(Server::USER, Server::PASSWORD)
    /// #     .with_http_options(HttpOptions::new().with_allow_http(true)).build()?;
    /// # let project = client.projects().named("Development").await?.id.unwrap_or_default();
    /// # server.seed(|store| store.add_item(vra_client::testing::v8::Item::new("Lost").with_machine("m", "no-net")));
    /// # let item = client.catalog().item_named("Lost").await?;
    /// # let body = vra_client::v8::CatalogItemRequestBody::new(project, "web 1");
    /// # let made = client.catalog().submit_to(&item, body)?.await?;
    /// # let id = made[0].id();
    /// # let pause = std::time::Duration::from_millis(1);
    /// use std::time::Duration;
    /// use vra_client::{Error, error::WaitReason, poll::Wait};
    ///
    /// let wait = Wait::up_to(Duration::from_secs(600));
    /// # let wait = wait.with_pauses(pause, pause);
    /// match client.deployments().wait_for(id, &wait).await {
    ///     Err(Error::Wait(error)) => {
    ///         assert!(matches!(error.reason, WaitReason::Failed));
    ///         assert_eq!(error.last_state.as_deref(), Some("CREATE_FAILED"));
    ///         assert_eq!(error.details.as_deref(), Some("No network matches no-net."));
    ///     }
    ///     other => panic!("{other:?}"),
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Always [`Error::Wait`], whose [`reason`](crate::error::WaitError::reason) is `Deadline` if the time is up,
    /// `Failed` or `UnknownState` as in the table, and `Call` with the error if a poll failed, such as for an id that
    /// does not exist. It holds the last status and the details of the last request.
    pub async fn wait_for(self, id: &str, limits: &Wait) -> Result<Deployment, Error> {
        // Without the last request the reason of a failure would take another call, after the fact.
        let call = || self.get_expanded(id, [DeploymentExpansion::LastRequest]);
        let operation = call().request().operation();
        wait(&operation, limits, Wire::to_json, || async { Ok(progress::of_deployment(call().await?)) }).await
    }

    /// Polls a request until it is final, and returns it if it was successful. Evidence: captured (8.x, `PENDING` and
    /// `SUCCESSFUL`), described (8.10).
    ///
    /// | status | result |
    /// | --- | --- |
    /// | `SUCCESSFUL` | success |
    /// | `FAILED`, `ABORTED`, `APPROVAL_REJECTED` | error `Failed` |
    /// | another known status | waits, also for an approval |
    /// | unknown or none | error `UnknownState` |
    ///
    /// Polls and their limits are those of [`wait_for`](Self::wait_for).
    ///
    /// # Errors
    /// Always [`Error::Wait`], with the reasons of [`wait_for`](Self::wait_for), the last status and the details of the
    /// request.
    pub async fn wait_for_request(self, id: &str, limits: &Wait) -> Result<DeploymentRequest, Error> {
        let operation = self.request(id).request().operation();
        wait(&operation, limits, Wire::to_json, || async { Ok(progress::of_request(self.request(id).await?)) }).await
    }

    /// Polls a deployment that is being deleted until it is gone. Evidence: captured (8.x, the request), described
    /// (8.10, the states).
    ///
    /// | response | result |
    /// | --- | --- |
    /// | status 404, `deleted` is true, or `DELETE_SUCCESSFUL` | success |
    /// | `DELETE_FAILED` | error `Failed` |
    /// | `DELETE_INPROGRESS`, or the status before the deletion | waits |
    /// | unknown or none | error `UnknownState` |
    ///
    /// Polls and their limits are those of [`wait_for`](Self::wait_for). A deletion that an approver rejects leaves the
    /// status of before, so this ends at the deadline then; [`wait_for_request`](Self::wait_for_request) tells it at
    /// once.
    ///
    /// # Errors
    /// Always [`Error::Wait`], whose [`reason`](crate::error::WaitError::reason) is `Deadline` if the time is up,
    /// `Failed` or `UnknownState` as in the table, and `Call` with the error if a poll failed.
    pub async fn wait_until_deleted(self, id: &str, limits: &Wait) -> Result<(), Error> {
        // A deployment that was deleted can be read for a while, but only with this parameter.
        let call = || self.get_expanded(id, [DeploymentExpansion::LastRequest]).with_query("deleted", "true");
        let operation = call().request().operation();
        let gone = wait(&operation, limits, Wire::to_json, || async {
            match call().await {
                Ok(deployment) => Ok(progress::of_deletion(deployment)),
                Err(error) if error.is_not_found() => Ok(progress::gone()),
                Err(error) => Err(error),
            }
        });
        gone.await.map(|_| ())
    }

    /// Reads a request. Evidence: captured (8.x).
    pub fn request(self, id: &str) -> Call<DeploymentRequest> {
        self.client.json(ApiRequest::get("/deployment/api/requests/{request}", &[id]))
    }

    /// Lists the requests of a deployment, oldest first. Evidence: captured (8.x, one request), described (8.10).
    ///
    /// Query parameters are `inprogressRequests` (`true`: those in progress) and `deleted`.
    pub fn requests(self, deployment_id: &str) -> List<DeploymentRequest> {
        let request = ApiRequest::get("/deployment/api/deployments/{deployment}/requests", &[deployment_id]);
        self.client.list(request).with_order_by(OrderBy::asc("createdAt"))
    }

    /// Cancels a request that is in progress. Its status becomes `ABORTED` later. Evidence: described (8.10).
    pub fn cancel_request(self, id: &str) -> Call<()> {
        self.change_request(id, "cancel")
    }

    /// Puts a failed request away, so that the deployment does not show it any more. Evidence: described (8.10).
    pub fn dismiss_request(self, id: &str) -> Call<()> {
        self.change_request(id, "dismiss")
    }

    fn change_request(self, id: &str, action: &str) -> Call<()> {
        let request = ApiRequest::post("/deployment/api/requests/{request}", &[id]);
        // The response has no body, so the new status is that of a later read.
        self.client.done(request.with_query("action", action))
    }

    /// Lists the events of a request. Evidence: described (8.10).
    pub fn request_events(self, id: &str) -> List<RequestEvent> {
        // The description has no parameters for pages here.
        let request = ApiRequest::get("/deployment/api/requests/{request}/events", &[id]);
        self.client.list(request).with_paging(Paging::Single)
    }

    /// Reads the log of an event. Evidence: described (8.10).
    ///
    /// A log can be longer than one response: query parameter `sinceRow` is the number of the line to go on from, and
    /// the last line [says so](EventLog::is_last).
    pub fn event_log(self, request_id: &str, event_id: &str) -> Call<Page<EventLog>> {
        let template = "/deployment/api/requests/{request}/events/{event}/logs";
        self.client.json(ApiRequest::get(template, &[request_id, event_id]))
    }
}
