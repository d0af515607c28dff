//! Links between objects, and the calls of a controller.

use crate::wire::model;

model! {
    /// Link that the server adds to objects, if the app is set up to show links.
    pub struct Link {
        /// Relation, such as `self`.
        rel: Option<String> = "rel",
        /// Path, with placeholders.
        href: Option<String> = "href",
        /// Methods that work there.
        methods: Vec<String> = "methods",
    }
}

model! {
    /// Path of a controller with its methods.
    pub struct Methods {
        /// Path, with placeholders.
        href: Option<String> = "href",
        /// Paths of the controller and their methods.
        methods: Vec<MethodLink> = "methods",
    }
}

model! {
    /// Method of a path.
    pub struct MethodLink {
        /// Effect, such as `read`.
        rel: Option<String> = "rel",
        /// HTTP method.
        method: Option<String> = "method",
    }
}

model! {
    /// Response to an `OPTIONS` request; see [`Client::options`](crate::Client::options).
    pub struct ApiOptions {
        /// Permission of the app: `Read`, `Write` or `Admin`.
        permissions: Option<String> = "permissions",
        /// Controllers; some paths are wrong.
        controllers: Vec<Link> = "controllers",
        /// Paths of the controller and their methods.
        methods: Vec<Methods> = "methods",
    }
}
