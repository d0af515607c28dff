//! Amounts of money and time.

use serde_json::Number;

use crate::lenient::{Timestamp, model};

model! {
    /// Amount of money.
    pub struct Money {
        /// Type of the literal, `money`.
        literal_type: String = "type";
        /// Currency in ISO 4217; often missing.
        currency_code: String = "currencyCode";
        /// Amount of money.
        amount: Number = "amount";
        /// Time of the calculation; only in members for expenses.
        as_on_date: Timestamp = "asOnDate";
    }
}

model! {
    /// Span of time.
    pub struct TimeSpan {
        /// Type of the literal, `timeSpan`.
        literal_type: String = "type";
        /// `DAYS`, `MILLISECONDS` and others.
        unit: String = "unit";
        /// Number of units.
        amount: Number = "amount";
    }
}

model! {
    /// Price per span of time.
    pub struct MoneyTimeRate {
        /// Type of the literal, `moneyTimeRate`.
        literal_type: String = "type";
        /// Price.
        cost: Money = "cost";
        /// Span of time that the price is for.
        basis: TimeSpan = "basis";
    }
}
