//! Deployments: lists, names, changes and deletion.

use super::super::event::{ExpenseHistory, UserEvent};
use super::super::model::{Deployment, DeploymentCount, DeploymentUpdateBody};
use super::super::query::{DeploymentExpansion, DeploymentQuery};
use super::super::request::DeploymentRequest;
use super::super::service::Deployments;
use crate::call::Call;
use crate::error::Error;
use crate::list::List;
use crate::odata::OrderBy;
use crate::request::ApiRequest;

impl Deployments<'_> {
    /// Lists the deployments, oldest first. Evidence: captured (8.x, one deployment), described (8.10).
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// let list = client.deployments().list();
    /// assert_eq!(list.request().query_value("$orderby"), Some("createdAt asc"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn list(self) -> List<Deployment> {
        self.find(DeploymentQuery::new())
    }

    /// Lists the deployments that satisfy conditions, oldest first. Evidence: described (8.10).
    pub fn find(self, query: DeploymentQuery) -> List<Deployment> {
        let request = query.into_conditions().apply(ApiRequest::get("/deployment/api/deployments", &[]));
        // By creation: one that is made while the list is read comes last, and moves no other to another page.
        self.client.list(request).with_order_by(OrderBy::asc("createdAt"))
    }

    /// Reads a deployment. Evidence: captured (8.x).
    ///
    /// Query parameter `deleted` with `true` finds it also after it was deleted, as long as it is not gone.
    pub fn get(self, id: &str) -> Call<Deployment> {
        self.client.json(one(id))
    }

    /// Reads a deployment with related objects. Evidence: captured (8.x).
    ///
    /// ```
    /// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
    /// use vra_client::v8::DeploymentExpansion::{LastRequest, Project};
    /// let call = client.deployments().get_expanded("d1", [LastRequest, Project]);
    /// assert!(call.request().target().starts_with("/deployment/api/deployments/d1?expand=lastRequest&expand=project&"));
    /// # Ok::<(), vra_client::Error>(())
    /// ```
    pub fn get_expanded(self, id: &str, with: impl IntoIterator<Item = DeploymentExpansion>) -> Call<Deployment> {
        self.client.json(expanded(id, with))
    }

    /// Finds the deployment with this name. Evidence: captured (8.x, one deployment), described (8.10).
    ///
    /// Letter case counts if one deployment has the name exactly, and is ignored otherwise.
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if none has the name; [`Error::Ambiguous`] if several have it; [`Error::InvalidInput`] if
    /// it is blank; otherwise the [errors of a list](List#errors).
    pub async fn named(self, name: &str) -> Result<Deployment, Error> {
        let found = self.find(DeploymentQuery::new().with_name(name));
        found.only("deployment", name, |row| row.name.as_deref()).await
    }

    /// Returns true if a deployment of the organization has the name, also one that the caller may not read. Evidence:
    /// described (8.10).
    ///
    /// ```no_run
    /// # async fn run(client: vra_client::v8::Client) -> Result<(), vra_client::Error> {
    /// assert!(!client.deployments().is_name_taken("web 1").await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the name is blank; otherwise the [errors of a call](Call#errors) except status 404,
    /// which means that the name is free.
    pub async fn is_name_taken(self, name: &str) -> Result<bool, Error> {
        // By the query and not by the path, which exists too: a name can have a slash, which some proxies refuse there.
        let request = ApiRequest::get("/deployment/api/deployments/names", &[]);
        match self.client.done(request.with_condition("name", name.to_owned())).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Changes name, description or icon. Members that are not in the body stay. Evidence: described (8.10).
    pub fn update(self, id: &str, body: DeploymentUpdateBody) -> Call<Deployment> {
        let request = ApiRequest::patch("/deployment/api/deployments/{deployment}", &[id]);
        self.client.json(request.json(body))
    }

    /// Deletes a deployment with its resources. Evidence: captured (8.x).
    ///
    /// The server returns the request that does it, or nothing, which is [`None`]:
    /// [`wait_until_deleted`](Self::wait_until_deleted) works with both. It refuses with status 409 while another
    /// request is in progress.
    pub fn delete(self, id: &str) -> Call<Option<DeploymentRequest>> {
        let request = ApiRequest::delete("/deployment/api/deployments/{deployment}", &[id]);
        // Captured with status 200 and the request. An empty response is accepted as well: the deletion has begun, and
        // an error would say that it has not.
        self.client.maybe(request)
    }

    /// Counts the deployments of a project. Evidence: described (8.10).
    pub fn count(self, project_id: &str) -> Call<DeploymentCount> {
        // A page without rows, so that no deployment is read for it.
        self.client.json(ApiRequest::get("/deployment/api/projects/{project}/deployment-count", &[project_id]))
    }

    /// Lists the requests and inputs of users, oldest first. Evidence: described (8.10).
    pub fn user_events(self, id: &str) -> List<UserEvent> {
        let request = ApiRequest::get("/deployment/api/deployments/{deployment}/userEvents", &[id]);
        self.client.list(request).with_order_by(OrderBy::asc("createdAt"))
    }

    /// Reads the costs over time. Evidence: described (8.10).
    ///
    /// Query parameters are `from`, `to` (times) and `interval` (`daily`, `weekly` or `monthly`).
    pub fn expense_history(self, id: &str) -> Call<ExpenseHistory> {
        self.client.json(ApiRequest::get("/deployment/api/deployments/{deployment}/expense-history", &[id]))
    }
}

fn one(id: &str) -> ApiRequest {
    ApiRequest::get("/deployment/api/deployments/{deployment}", &[id])
}

/// Makes the request that reads a deployment with related objects.
pub(super) fn expanded(id: &str, with: impl IntoIterator<Item = DeploymentExpansion>) -> ApiRequest {
    with.into_iter().fold(one(id), |request, with| request.with_query("expand", with.as_str()))
}
