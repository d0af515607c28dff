//! How long something may be used, and what it costs.

use crate::lenient::{Timestamp, model};
use crate::v7::{Money, MoneyTimeRate, TimeSpan};

model! {
    /// When something may be used.
    pub struct Lease {
        /// From when.
        start: Timestamp = "start";
        /// Until when; absent for ever.
        end: Timestamp = "end";
    }
}

model! {
    /// What something costs.
    pub struct Costs {
        /// Per time.
        lease_rate: MoneyTimeRate = "leaseRate";
    }
}

model! {
    /// What a request would cost.
    pub struct Quote {
        /// For how long.
        lease_period: TimeSpan = "leasePeriod";
        /// Per time.
        lease_rate: MoneyTimeRate = "leaseRate";
        /// Altogether.
        total_lease_cost: Money = "totalLeaseCost";
    }
}
