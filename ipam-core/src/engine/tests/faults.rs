//! Requests over a store that fails at some call.
