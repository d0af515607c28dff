//! Amounts of money and time.

use serde_json::Number;

use crate::lenient::{Timestamp, model};

model! {
    /// An amount of money.
    pub struct Money {
        /// Always `money`.
        literal_type: String = "type";
        /// ISO 4217; often missing.
        currency_code: String = "currencyCode";
        /// How much.
        amount: Number = "amount";
        /// When it was reckoned, in the members for expenses.
        as_on_date: Timestamp = "asOnDate";
    }
}

model! {
    /// A span of time.
    pub struct TimeSpan {
        /// Always `timeSpan`.
        literal_type: String = "type";
        /// `DAYS`, `MILLISECONDS` …
        unit: String = "unit";
        /// How many of them.
        amount: Number = "amount";
    }
}

model! {
    /// Money per span of time.
    pub struct MoneyTimeRate {
        /// Always `moneyTimeRate`.
        literal_type: String = "type";
        /// How much.
        cost: Money = "cost";
        /// For how long.
        basis: TimeSpan = "basis";
    }
}
