//! Extensibility service.

use super::action::AbxAction;
use super::run::{AbxRun, AbxRunBody, polled};
use crate::call::Call;
use crate::error::Error;
use crate::lenient::Wire;
use crate::list::List;
use crate::odata::{Filter, OrderBy};
use crate::poll::{Wait, wait};
use crate::request::ApiRequest;
use crate::v8::Client;

impl Client {
    /// Returns the extensibility service: actions that the server runs, and their runs.
    #[must_use]
    pub fn abx(&self) -> Abx<'_> {
        Abx { client: self }
    }
}

/// Extensibility service, `/abx/api`: actions that the server runs (ABX), and their runs.
///
/// The actions of an IPAM package are among them. They can be run here to try them, with the inputs that the server
/// would send.
///
/// ```no_run
/// # async fn run(client: vra_client::v8::Client) -> Result<(), vra_client::Error> {
/// use vra_client::poll::Wait;
/// use vra_client::v8::AbxRunBody;
///
/// let action = client.abx().action_named("Lab_ValidateEndpoint").await?;
/// let project = action.project_id.clone().unwrap_or_default();
/// let run = client.abx().run(action.id.as_deref().unwrap_or_default(), AbxRunBody::new(project)).await?;
/// let ended = client.abx().wait_for(run.id.as_deref().unwrap_or_default(), &Wait::default()).await?;
/// println!("{:?}", ended.outputs);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Abx<'a> {
    client: &'a Client,
}

impl Abx<'_> {
    /// Lists the actions, by name. Filters have functions here. Evidence: described (8.x).
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// use vra_client::odata::Filter;
    /// let list = client.abx().actions().with_filter(Filter::starts_with("name", "Lab_"));
    /// assert_eq!(list.request().query_value("$filter"), Some("startswith(name,'Lab_')"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn actions(self) -> List<AbxAction> {
        self.client.list(ApiRequest::get("/abx/api/resources/actions", &[])).with_order_by(OrderBy::asc("name"))
    }

    /// Finds the action with this name. Evidence: described (8.x), sent (8.x).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no action has the name; [`Error::Ambiguous`] if several have it, such as in different
    /// projects; otherwise the [errors of a list](List#errors).
    pub async fn action_named(self, name: &str) -> Result<AbxAction, Error> {
        // A name is unique in a project only, and the names are compared again.
        self.actions().with_filter(Filter::eq("name", name)).only("action", name, |row| row.name.as_deref()).await
    }

    /// Reads an action of a project. Evidence: described (8.x).
    pub fn action(self, id: &str, project_id: &str) -> Call<AbxAction> {
        // The server requires the project for all actions but its own.
        let request = ApiRequest::get("/abx/api/resources/actions/{action}", &[id]);
        self.client.json(request.with_condition("projectId", project_id.to_owned()))
    }

    /// Runs an action. Evidence: described (8.x), sent (8.x).
    ///
    /// [Wait](Self::wait_for) for the run that the server returns. If the response is lost, the action may run: look
    /// for it among the [runs](Self::runs_of) before you run it again.
    pub fn run(self, action_id: &str, body: AbxRunBody) -> Call<AbxRun> {
        // Never repeated after a lost response: an action can allocate an address.
        self.client.json(ApiRequest::post("/abx/api/resources/actions/{action}/action-runs", &[action_id]).json(body))
    }

    /// Lists the runs of all actions, oldest first. Evidence: described (8.x), sent (8.x).
    pub fn runs(self) -> List<AbxRun> {
        let request = ApiRequest::get("/abx/api/resources/action-runs", &[]);
        self.client.list(request).with_order_by(OrderBy::asc("createdMillis"))
    }

    /// Lists the runs of an action, oldest first. Evidence: described (8.x).
    pub fn runs_of(self, action_id: &str) -> List<AbxRun> {
        // By creation: a run that begins while the list is read comes last.
        let request = ApiRequest::get("/abx/api/resources/actions/{action}/action-runs", &[action_id]);
        self.client.list(request).with_order_by(OrderBy::asc("createdMillis"))
    }

    /// Reads a run. Evidence: described (8.x), sent (8.x).
    pub fn action_run(self, id: &str) -> Call<AbxRun> {
        self.client.json(ApiRequest::get("/abx/api/resources/action-runs/{run}", &[id]))
    }

    /// Polls a run until it is final, and returns it if it was successful. Evidence: described (8.x), sent (8.x).
    ///
    /// | state | result |
    /// | --- | --- |
    /// | `COMPLETED` | success |
    /// | `FAILED`, `DEPLOYMENT_FAILED`, `CANCELLED` | error `Failed` |
    /// | another known state | waits |
    /// | unknown, `UNKNOWN` or none | error `UnknownState` |
    ///
    /// # Errors
    /// Always [`Error::Wait`], whose [`reason`](crate::error::WaitError::reason) is `Deadline` if the time is up,
    /// `Failed` or `UnknownState` as in the table, and `Call` with the error if a poll failed. It holds the last state
    /// and the message of the run.
    pub async fn wait_for(self, run_id: &str, limits: &Wait) -> Result<AbxRun, Error> {
        let operation = self.action_run(run_id).request().operation();
        wait(&operation, limits, Wire::to_json, || async { Ok(polled(self.action_run(run_id).await?)) }).await
    }
}
