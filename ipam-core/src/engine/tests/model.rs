//! Random operations against a model that tries every address.
