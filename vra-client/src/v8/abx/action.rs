//! Actions that the server runs.

use crate::lenient::{JsonObject, model};
use crate::list::rows;

model! {
    /// Action that the server runs: a script or a flow.
    pub struct AbxAction {
        // By the pages of the vendor and the members that published clients read; no response is published.
        /// Id.
        id: String = "id";
        /// Name.
        name: String = "name";
        /// Description, free text.
        description: String = "description";
        /// `SCRIPT`, `FLOW`, `REST_CALL`, `REST_POLL`, `VAULT` or `CYBERARK`.
        action_type: String = "actionType";
        /// Language, such as `python` or `nodejs`.
        runtime: String = "runtime";
        /// Version of the language.
        runtime_version: String = "runtimeVersion";
        /// Name of the function that is called.
        entrypoint: String = "entrypoint";
        /// Text of the script.
        source: String = "source";
        /// Libraries that are installed for it.
        dependencies: String = "dependencies";
        /// Archive of the script and its libraries, in base64.
        compressed_content: String = "compressedContent";
        /// Id of the archive that the server keeps.
        content_id: String = "contentId";
        /// Inputs with their defaults.
        inputs: JsonObject = "inputs";
        /// Settings of the provider that runs it.
        configuration: JsonObject = "configuration";
        /// Other settings.
        metadata: JsonObject = "metadata";
        /// Provider that runs it.
        provider: String = "provider";
        /// Largest memory, in MB.
        memory_in_mb: i64 = "memoryInMB";
        /// Largest memory before it was run by the present provider, in MB.
        earlier_memory_limit_in_mb: i64 = "prePolyglotMemoryLimitInMB";
        /// True if the user interface warns about its memory.
        show_memory_alert: bool = "showMemoryAlert";
        /// Time limit, in seconds.
        timeout_seconds: i64 = "timeoutSeconds";
        /// True if it belongs to the server and not to a project.
        system: bool = "system";
        /// True if all projects may use it.
        shared: bool = "shared";
        /// True if several runs may share one process.
        scalable: bool = "scalable";
        /// True if it is deployed in the background.
        async_deployed: bool = "asyncDeployed";
        /// Id of the project.
        project_id: String = "projectId";
        /// Id of the organization.
        org_id: String = "orgId";
        /// Path of the action.
        self_link: String = "selfLink";
    }
}

rows!(AbxAction.id);
