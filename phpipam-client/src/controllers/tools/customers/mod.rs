//! `tools/customers`

pub(crate) mod model;

use self::model::{Customer, CustomerFields};
use crate::wire::CustomerId;

table! {
    /// Customers; see [`Tools::customers`](super::Tools::customers). Since 1.4.
    Customers, "customers", "customer", CustomerId, Customer
}
writes! {
    Customers, "customers", "customer", CustomerId, Customer, CustomerFields;
    /// Creates a customer. A title in use is a conflict.
    create(title: &str => with_title);
    /// Deletes a customer. What named it stays, without a customer.
    delete
}
