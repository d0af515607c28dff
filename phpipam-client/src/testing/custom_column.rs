//! Custom fields that a test adds to a simulated server.

use super::table::{Cell, Column, Type};

/// Custom field to add to a kind of object, which is one more column of its table.
///
/// Its counterpart in responses is [`models::CustomField`](crate::models::CustomField).
///
/// ```
/// use phpipam_client::models::{SectionId, SubnetFields};
/// use phpipam_client::testing::{CustomColumn, Object, Server};
/// # use phpipam_client::{Auth, Client, HttpOptions};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let server = Server::start().await?;
/// server.seed(|store| {
///     let team = CustomColumn::text("custom_team", 32).with_comment("owning team").required(None);
///     store.add_custom_field(Object::Subnet, team);
/// });
/// # let client = Client::builder(server.url(), Server::APP, Auth::user(Server::USER, Server::PASSWORD))
/// #     .with_http_options(HttpOptions::new().with_allow_http(true))
/// #     .build()?;
/// let fields = client.subnets().custom_fields().await?;
/// assert_eq!(fields[0].name, "custom_team");
///
/// // A subnet without the required field is refused by the database.
/// let section = SectionId::new(server.seed(|store| store.add_section("Lab")));
/// let network = "192.0.2.0/24".parse()?;
/// assert!(client.subnets().create(section, network, &SubnetFields::new()).await.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct CustomColumn {
    pub(super) column: Column,
}

impl CustomColumn {
    fn new(name: &str, kind: Type, sql: String, nullable: bool, default: Cell) -> Self {
        let column = Column {
            name: name.to_owned(),
            kind,
            nullable,
            default,
            custom: Some((sql, String::new())),
            must_be_given: false,
        };
        Self { column }
    }

    /// Creates a text of at most `limit` characters: `varchar(limit)`, null by default.
    #[must_use]
    pub fn text(name: &str, limit: usize) -> Self {
        Self::new(name, Type::Text(limit), format!("varchar({limit})"), true, Cell::Null)
    }

    /// Creates a whole number: `int(8)`, null by default.
    #[must_use]
    pub fn number(name: &str) -> Self {
        Self::new(name, Type::Int, "int(8)".to_owned(), true, Cell::Null)
    }

    /// Creates a number with a fraction: `double`, null by default.
    #[must_use]
    pub fn float(name: &str) -> Self {
        Self::new(name, Type::Float, "double".to_owned(), true, Cell::Null)
    }

    /// Creates a flag that is never null: `tinyint(1)`.
    #[must_use]
    pub fn flag(name: &str, default: bool) -> Self {
        // NOT NULL like the flags of phpIPAM itself, so that JSON `false` is refused here, too.
        Self::new(name, Type::Int, "tinyint(1)".to_owned(), false, Cell::Int(i64::from(default)))
    }

    /// Creates a choice of texts: `enum(…)`, null by default.
    #[must_use]
    pub fn one_of(name: &str, values: &[&str]) -> Self {
        let sql = format!("enum({})", values.iter().map(|v| format!("'{v}'")).collect::<Vec<_>>().join(","));
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        Self::new(name, Type::OneOf(values), sql, true, Cell::Null)
    }

    /// Creates a date: `date`, null by default.
    #[must_use]
    pub fn date(name: &str) -> Self {
        Self::new(name, Type::Date, "date".to_owned(), true, Cell::Null)
    }

    /// Sets the default of a [`number`](Self::number). Defaults of other types are set by [`required`](Self::required).
    #[must_use]
    pub fn with_default(mut self, value: i64) -> Self {
        self.column.default = Cell::Int(value);
        self
    }

    /// Makes the field required, as the checkbox "Required field" of the pages does: NOT NULL, with this default or
    /// without.
    ///
    /// `default` is the text of a text, a date or a choice, or the decimal digits of a number. Without a default, an
    /// insert that leaves the field out is refused, except for a choice, of which the first value is taken. An empty
    /// text is a valid default; an update that leaves such a field out is refused. Existing rows get the default or,
    /// without one, an empty text, 0 or the first choice.
    #[must_use]
    pub fn required(mut self, default: Option<&str>) -> Self {
        self.column.nullable = false;
        self.column.must_be_given = default.is_none();
        self.column.default = match (&self.column.kind, default) {
            (Type::Int | Type::Float, default) => Cell::Int(default.and_then(|text| text.parse().ok()).unwrap_or(0)),
            (Type::OneOf(choices), None) => choices.first().map_or(Cell::Null, Cell::text),
            (_, default) => Cell::text(default.unwrap_or_default()),
        };
        self
    }

    /// Sets the comment, which the list of custom fields shows. Default: empty.
    #[must_use]
    pub fn with_comment(mut self, text: impl Into<String>) -> Self {
        if let Some((_, comment)) = &mut self.column.custom {
            *comment = text.into();
        }
        self
    }
}
