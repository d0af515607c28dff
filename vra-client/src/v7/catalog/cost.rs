//! Leases and costs.

use crate::lenient::{Timestamp, model};
use crate::v7::{Money, MoneyTimeRate, TimeSpan};

model! {
    /// Time that a resource may be used.
    pub struct Lease {
        // The end is absent, and not `null`, for a lease without end.
        /// Begin of the lease.
        start: Timestamp = "start";
        /// End of the lease; absent if it has none.
        end: Timestamp = "end";
    }
}

model! {
    /// Costs of a resource.
    pub struct Costs {
        /// Price per span of time.
        lease_rate: MoneyTimeRate = "leaseRate";
    }
}

model! {
    /// Price of a request.
    pub struct Quote {
        // Captured as an empty object too.
        /// Length of the lease.
        lease_period: TimeSpan = "leasePeriod";
        /// Price per span of time.
        lease_rate: MoneyTimeRate = "leaseRate";
        /// Price of the whole lease.
        total_lease_cost: Money = "totalLeaseCost";
    }
}
