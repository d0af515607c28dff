//! The schema of custom fields.

use super::{YesNo, model};

model! {
    /// A custom field, as the server defines it.
    pub struct CustomField {
        /// Its name, which is a column's name: any text, spaces included.
        name: String = "name",
        /// Its SQL type, such as `varchar(32)`, `tinyint(1)`, `enum('a','b')`.
        sql_type: String = "type",
        /// A comment.
        comment: Option<String> = "Comment",
        /// Whether it may be empty.
        nullable: YesNo = "Null",
        /// What it holds when nothing is given.
        default: Option<String> = "Default",
    }
}
