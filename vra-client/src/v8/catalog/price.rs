//! Prices of requests that were not made yet.

use serde_json::Number;

use crate::lenient::{model, open_enum};

open_enum! {
    /// State of a price.
    pub enum PriceStatus {
        /// Asked for.
        Started = "STARTED",
        /// Being prepared.
        PreparingCostEstimation = "PREPARING_COST_ESTIMATION",
        /// Being computed.
        InProgress = "IN_PROGRESS",
        /// Computed. Final.
        Success = "SUCCESS",
        /// Not computed. Final.
        Error = "ERROR",
        /// There are no prices for it. Final.
        DataNotAvailable = "DATA_NOT_AVAILABLE",
        /// The server has no currency. Final.
        CurrencyNotSet = "CURRENCY_NOT_SET",
        /// Items of public clouds have none. Final.
        PublicCloudNotSupported = "PUBLIC_CLOUD_NOT_SUPPORTED",
    }
}

impl PriceStatus {
    /// Returns true if the price will not change any more; [`None`] for a state that is not known.
    #[must_use]
    pub fn is_final(&self) -> Option<bool> {
        // Not guessed for an unknown state: a caller that polls has a limit, and one that stops early has no price.
        match self {
            Self::Started | Self::PreparingCostEstimation | Self::InProgress => Some(false),
            Self::Success
            | Self::Error
            | Self::DataNotAvailable
            | Self::CurrencyNotSet
            | Self::PublicCloudNotSupported => Some(true),
            Self::Unknown(_) => None,
        }
    }
}

model! {
    /// Price per day of a request.
    pub struct UpfrontPrice {
        // Described only. Numbers as they were written: amounts are decimal, and a float would change them.
        /// Id of the price.
        id: String = "upfrontPriceId";
        /// State.
        status: PriceStatus = "status";
        /// Details of the state, free text.
        status_details: String = "statusDetails";
        /// Currency.
        unit: String = "unit";
        /// Price of everything.
        daily_total_price: Number = "dailyTotalPrice";
        /// Price of CPU and memory.
        daily_compute_price: Number = "dailyComputePrice";
        /// Price of the storage.
        daily_storage_price: Number = "dailyStoragePrice";
        /// Price of the network.
        daily_network_price: Number = "dailyNetworkPrice";
        /// Price of anything else.
        daily_additional_price: Number = "dailyAdditionalPrice";
        /// Prices of the resources.
        resource_prices: Vec<ResourceUpfrontPrice> = "resourcePriceDetails";
    }
}

model! {
    /// Price per day of one resource of a request.
    pub struct ResourceUpfrontPrice {
        /// Id of the price.
        id: String = "resourceUpfrontPriceId";
        /// Name of the resource.
        resource_name: String = "resourceName";
        /// Type of the resource.
        resource_type: String = "resourceType";
        /// State.
        status: PriceStatus = "status";
        /// Details of the state, free text.
        status_details: String = "statusDetails";
        /// Currency.
        unit: String = "unit";
        /// Price of everything.
        daily_total_price: Number = "dailyTotalPrice";
        /// Price of CPU and memory.
        daily_compute_price: Number = "dailyComputePrice";
        /// Price of the storage.
        daily_storage_price: Number = "dailyStoragePrice";
        /// Price of the network.
        daily_network_price: Number = "dailyNetworkPrice";
        /// Price of anything else.
        daily_additional_price: Number = "dailyAdditionalPrice";
    }
}
