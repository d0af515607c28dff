//! Links between objects, and what a controller can do.

use crate::wire::model;

model! {
    /// A link as the server shows it to apps that want them.
    pub struct Link {
        /// What it leads to.
        rel: Option<String> = "rel",
        /// The path; some are wrong.
        href: Option<String> = "href",
        /// The methods that work there.
        methods: Vec<String> = "methods",
    }
}

model! {
    /// What a controller can do at one path.
    pub struct Methods {
        /// The path, with placeholders.
        href: Option<String> = "href",
        /// The methods there.
        methods: Vec<MethodLink> = "methods",
    }
}

model! {
    /// One method of a path.
    pub struct MethodLink {
        /// What it does, such as `read`.
        rel: Option<String> = "rel",
        /// The HTTP method.
        method: Option<String> = "method",
    }
}

model! {
    /// What an app or a controller can do, as it says itself.
    pub struct ApiOptions {
        /// The level of the app: `Read`, `Write` or `Admin`.
        permissions: Option<String> = "permissions",
        /// The controllers; some paths are wrong.
        controllers: Vec<Link> = "controllers",
        /// The controller's paths and their methods.
        methods: Vec<Methods> = "methods",
    }
}
