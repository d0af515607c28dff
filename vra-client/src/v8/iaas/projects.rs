//! Projects: users with the zones that they deploy to.

use super::common::{iaas_object, named};
use super::request_tracker::RequestTracker;
use crate::call::Call;
use crate::error::Error;
use crate::lenient::{IntoJson, JsonObject, model, request_body};
use crate::list::{List, rows};
use crate::odata::OrderBy;
use crate::request::ApiRequest;
use crate::v8::Client;

iaas_object! {
    /// Project.
    pub struct Project {
        /// Id.
        id: String = "id";
        /// Display name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// Users and groups that administer the project.
        administrators: Vec<ProjectUser> = "administrators";
        /// Users and groups that deploy.
        members: Vec<ProjectUser> = "members";
        /// Users and groups that read.
        viewers: Vec<ProjectUser> = "viewers";
        /// Users and groups that approve.
        supervisors: Vec<ProjectUser> = "supervisors";
        /// Zones that the project deploys to.
        zones: Vec<ZoneAssignment> = "zones";
        /// Constraints of placement: lists by the kind of resource, such as `network`.
        constraints: JsonObject = "constraints";
        /// Time limit of requests, in seconds; 0 is the default of the server.
        operation_timeout: i64 = "operationTimeout";
        /// Template of the names of machines.
        machine_naming_template: String = "machineNamingTemplate";
        /// True if members share the project's deployments.
        shared_resources: bool = "sharedResources";
        /// Rule by which a zone is chosen, such as `DEFAULT`.
        placement_policy: String = "placementPolicy";
        /// Properties that deployments of the project get.
        custom_properties: JsonObject = "customProperties";
    }
}

model! {
    /// User or group of a project.
    pub struct ProjectUser {
        /// User or group, `name@domain`.
        email: String = "email";
        /// `user` or `group`.
        user_type: String = "type";
    }
}

impl ProjectUser {
    /// Makes a user.
    ///
    /// ```
    /// use vra_client::v8::ProjectUser;
    /// assert_eq!(ProjectUser::user("tony@example.com").user_type.as_deref(), Some("user"));
    /// assert_eq!(ProjectUser::group("ops@example.com").user_type.as_deref(), Some("group"));
    /// ```
    #[must_use]
    pub fn user(email: impl Into<String>) -> Self {
        Self { email: Some(email.into()), user_type: Some("user".to_owned()), ..Self::default() }
    }

    /// Makes a group.
    #[must_use]
    pub fn group(email: impl Into<String>) -> Self {
        Self { email: Some(email.into()), user_type: Some("group".to_owned()), ..Self::default() }
    }
}

model! {
    /// Zone of a project, with the limits of the project there; 0 is no limit.
    pub struct ZoneAssignment {
        /// Id of the zone.
        zone_id: String = "zoneId";
        /// Priority; a smaller number is tried first.
        priority: i64 = "priority";
        /// Largest number of machines.
        max_number_instances: i64 = "maxNumberInstances";
        /// Largest memory, in MB.
        memory_limit_mb: i64 = "memoryLimitMB";
        /// Largest number of CPUs.
        cpu_limit: i64 = "cpuLimit";
        /// Largest storage, in GB.
        storage_limit_gb: i64 = "storageLimitGB";
        /// Number of machines.
        allocated_instances_count: i64 = "allocatedInstancesCount";
        /// Memory of the machines, in MB.
        allocated_memory_mb: i64 = "allocatedMemoryMB";
        /// CPUs of the machines.
        allocated_cpu: i64 = "allocatedCpu";
        /// Storage of the machines, in GB.
        allocated_storage_gb: serde_json::Number = "allocatedStorageGB";
    }
}

request_body! {
    /// Body of the calls that create and change a project. Only the members that were set are sent.
    ///
    /// ```
    /// use vra_client::v8::{ProjectBody, ProjectUser};
    ///
    /// let body = ProjectBody::new("Lab").with_administrators([ProjectUser::user("tony@example.com")]);
    /// assert_eq!(
    ///     serde_json::to_value(&body)?,
    ///     serde_json::json!({"name": "Lab", "administrators": [{"email": "tony@example.com", "type": "user"}]}),
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct ProjectBody {
        /// Sets the description.
        with_description: String = "description";
        /// Sets the users and groups that administer the project.
        with_administrators: Vec<ProjectUser> = "administrators";
        /// Sets the users and groups that deploy.
        with_members: Vec<ProjectUser> = "members";
        /// Sets the users and groups that read.
        with_viewers: Vec<ProjectUser> = "viewers";
        /// Sets the users and groups that approve.
        with_supervisors: Vec<ProjectUser> = "supervisors";
        /// Sets the zones. Members that hold allocated amounts are the server's.
        with_zones: Vec<ZoneAssignment> = "zoneAssignmentConfigurations";
        /// Sets the constraints of placement.
        with_constraints: JsonObject = "constraints";
        /// Sets the time limit of requests, in seconds.
        with_operation_timeout: i64 = "operationTimeout";
        /// Sets the template of the names of machines.
        with_machine_naming_template: String = "machineNamingTemplate";
        /// Sets whether members share the project's deployments.
        with_shared_resources: bool = "sharedResources";
        /// Sets the rule by which a zone is chosen.
        with_placement_policy: String = "placementPolicy";
        /// Sets the properties that deployments of the project get.
        with_custom_properties: JsonObject = "customProperties";
    }
}

impl ProjectBody {
    /// Makes a body with a name, which every call requires.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let mut body = JsonObject::new();
        body.insert("name".to_owned(), name.into().into());
        Self { body }
    }
}

rows!(Project.id, ZoneAssignment.zone_id);

impl Client {
    /// Returns the projects.
    #[must_use]
    pub fn projects(&self) -> Projects<'_> {
        Projects { client: self }
    }
}

/// Projects of the IaaS service, `/iaas/api/projects`.
///
/// ```
/// # let client = vra_client::v8::Client::builder("https://vra.example").build()?;
/// use vra_client::odata::Filter;
///
/// let list = client.projects().list().with_filter(Filter::starts_with("name", "Lab"));
/// assert_eq!(list.request().query_value("$filter"), Some("startswith(name,'Lab')"));
/// # Ok::<(), vra_client::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Projects<'a> {
    client: &'a Client,
}

impl Projects<'_> {
    /// Lists the projects, by name. Filters have functions here, unlike other lists of the service. Evidence: captured
    /// (8.x).
    pub fn list(self) -> List<Project> {
        let request = ApiRequest::get("/iaas/api/projects", &[]);
        // This list has its own spelling of the parameter.
        self.client.counted_list(request).with_order_parameter("$orderBy").with_order_by(OrderBy::asc("name"))
    }

    /// Reads a project. Evidence: captured (8.x, as a row).
    pub fn get(self, id: &str) -> Call<Project> {
        self.client.json(ApiRequest::get("/iaas/api/projects/{project}", &[id]))
    }

    /// Finds the project with this name. Evidence: captured (8.x).
    ///
    /// # Errors
    /// [`Error::NoSuchName`] if no project has the name; [`Error::Ambiguous`] if several have; otherwise the
    /// [errors of a list](List#errors).
    pub async fn named(self, name: &str) -> Result<Project, Error> {
        named(self.list(), "project", name, |row| row.name.as_deref()).await
    }

    /// Creates a project. Evidence: described (8.10).
    pub fn create(self, body: ProjectBody) -> Call<Project> {
        self.client.json(ApiRequest::post("/iaas/api/projects", &[]).json(body))
    }

    /// Changes a project. Members that are not in the body stay. Evidence: described (8.10).
    pub fn update(self, id: &str, body: ProjectBody) -> Call<Project> {
        self.client.json(ApiRequest::patch("/iaas/api/projects/{project}", &[id]).json(body))
    }

    /// Lists the zones of a project, with the limits of the project there. Newer than 8.10. Evidence: listed (8.14).
    pub fn zones(self, id: &str) -> List<ZoneAssignment> {
        self.client.list(ApiRequest::get("/iaas/api/projects/{project}/zones", &[id]))
    }

    /// Sets the zones of a project, in place of those it had. The tracker says when they are. Newer than 8.10.
    /// Evidence: listed (8.14).
    pub fn set_zones(self, id: &str, zones: impl Into<Vec<ZoneAssignment>>) -> Call<RequestTracker> {
        let zones: Vec<ZoneAssignment> = zones.into();
        let mut body = JsonObject::new();
        body.insert("zoneAssignmentSpecifications".to_owned(), zones.into_json());
        self.client.json(ApiRequest::put("/iaas/api/projects/{project}/zones", &[id]).json(body))
    }

    /// Deletes a project. The server returns 409 while it is in use. Evidence: described (8.10).
    pub fn delete(self, id: &str) -> Call<()> {
        self.client.done(ApiRequest::delete("/iaas/api/projects/{project}", &[id]))
    }
}
