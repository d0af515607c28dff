//! Methods that every server of this module has.

/// Writes the methods of a server that its host carries out. The server has a field `host`, and a `site` with a `clock`.
///
/// The attributes before a name are added to the documentation of the method, such as an example with the client of the
/// server's release.
macro_rules! controls {
    (
        $(#[$requests:meta])* requests,
        $(#[$fault:meta])* fault,
        $(#[$pending:meta])* pending_faults,
        $(#[$advance:meta])* advance $(,)?
    ) => {
        /// Returns the base URL, `http://127.0.0.1:PORT`, without a slash at the end.
        #[must_use]
        pub fn url(&self) -> String {
            self.host.url()
        }

        /// Returns the address and the port of the server.
        #[must_use]
        pub fn address(&self) -> std::net::SocketAddr {
            self.host.address()
        }

        /// Returns the requests so far, in the order in which their responses were sent. Secrets read `REDACTED`.
        $(#[$requests])*
        #[must_use]
        pub fn requests(&self) -> Vec<crate::testing::Logged> {
            self.host.requests()
        }

        /// Returns the number of requests with this method whose path contains this text.
        #[must_use]
        pub fn count(&self, method: &str, path: &str) -> usize {
            self.host.count(method, path)
        }

        /// Empties the request log, and with it the counts.
        pub fn clear_log(&self) {
            self.host.clear_log();
        }

        /// Adds a fault for the requests that `when` describes; without more, for one request.
        ///
        /// A request uses up the first fault in the list that applies to it, and any number of
        /// [`Fault::Latency`](crate::testing::Fault::Latency) beside it.
        $(#[$fault])*
        pub fn fault(&self, fault: crate::testing::Fault, when: crate::testing::When) {
            self.host.fault(fault, when);
        }

        /// Removes the faults that are left.
        pub fn clear_faults(&self) {
            self.host.clear_faults();
        }

        /// Returns the number of faults that are left. A fault counts as one until its last request, and always if it is
        /// for every request.
        $(#[$pending])*
        #[must_use]
        pub fn pending_faults(&self) -> usize {
            self.host.pending_faults()
        }

        $(#[$advance])*
        pub fn advance(&self, by: std::time::Duration) {
            self.site().clock.advance(by);
        }
    };
}

pub(super) use controls;
