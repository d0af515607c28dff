//! Sub-controller `tools/customers`.

pub(crate) mod model;

use self::model::{Customer, CustomerFields};
use crate::wire::CustomerId;

table! {
    /// Customers; see [`Tools::customers`](super::Tools::customers). Since 1.4; 1.3 refuses with kind
    /// [`Unsupported`](crate::RefusalKind::Unsupported).
    ///
    /// ```
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let server = phpipam_client::testing::Server::start().await?;
    /// # let options = phpipam_client::HttpOptions::new().with_allow_http(true);
    /// # let auth = phpipam_client::Auth::user("admin", "correct horse");
    /// # let client = phpipam_client::Client::builder(server.url(), "test", auth).with_http_options(options).build()?;
    /// use phpipam_client::models::CustomerFields;
    ///
    /// client.tools().customers().create("ACME", &CustomerFields::new().with_note("pays late")).await?;
    /// assert_eq!(client.tools().customers().list().await?[0].title.as_deref(), Some("ACME"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    Customers, "customers", "customer" ("customer", "customers"), CustomerId, Customer
}
writes! {
    Customers, "customers", "customer", CustomerId, Customer, CustomerFields;
    /// Creates a customer.
    ///
    /// # Errors
    /// A refusal of kind [`Conflict`](crate::RefusalKind::Conflict) if the title is in use, or
    /// [`Unsupported`](crate::RefusalKind::Unsupported) on 1.3; otherwise the [common
    /// errors](crate::Error#common-errors).
    create(title: &str => with_title);
    /// Deletes a customer. Objects that refer to it stay, without a customer.
    delete
}
