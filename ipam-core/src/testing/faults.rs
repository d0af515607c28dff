//! Faults between a client and a server: conditions, and the queue of pending faults.

use std::fmt;
use std::time::Duration;

use super::random::{splitmix64, unit};

type Predicate = Box<dyn Fn(&RequestView<'_>) -> bool + Send + Sync>;

/// View of a request for the condition of a fault.
///
/// ```
/// use ipam_core::testing::RequestView;
///
/// let request = RequestView::new("POST", "/api/app/addresses/", "", r#"{"subnetId":"8"}"#);
/// assert!(request.body.contains("subnetId"));
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RequestView<'a> {
    /// Method, in upper case.
    pub method: &'a str,
    /// Path as sent.
    pub path: &'a str,
    /// Query string as sent.
    pub query: &'a str,
    /// Body as sent.
    pub body: &'a str,
}

impl<'a> RequestView<'a> {
    /// Returns a view of a request with these parts.
    #[must_use]
    pub fn new(method: &'a str, path: &'a str, query: &'a str, body: &'a str) -> Self {
        Self { method, path, query, body }
    }
}

/// Condition of a fault, and the number of requests that it affects.
///
/// Without further calls, a fault affects the next request, whatever it is. Logins are requests too: name a path to leave
/// them out. If several conditions are set, all must hold.
///
/// ```
/// use ipam_core::testing::{Faults, RequestView, When};
///
/// // The second and third request fail.
/// let mut faults = Faults::default();
/// faults.add("lost", When::any().method("POST").path("/requests/").skip(1).times(2));
/// let request = RequestView::new("POST", "/api/requests/8/", "", "");
/// let no_delay = |_: &&str| None;
/// let results: Vec<_> = (0..4).map(|_| faults.take(&request, no_delay).1).collect();
/// assert_eq!(results, [None, Some("lost"), Some("lost"), None]);
/// ```
pub struct When {
    method: Option<String>,
    path: Option<String>,
    matching: Option<Predicate>,
    skip: u64,
    times: Option<u64>,
    chance: Option<(f64, u64)>,
}

impl When {
    /// Returns the condition of the next request, whatever it is.
    #[must_use]
    pub fn any() -> Self {
        // Once by default, because a fault that stays would also hit the requests with which the test looks at the
        // result.
        Self { method: None, path: None, matching: None, skip: 0, times: Some(1), chance: None }
    }

    /// Restricts the fault to requests with this method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into().to_ascii_uppercase());
        self
    }

    /// Restricts the fault to requests whose path contains this text.
    #[must_use]
    pub fn path(mut self, part: impl Into<String>) -> Self {
        self.path = Some(part.into());
        self
    }

    /// Restricts the fault to requests for which the predicate returns true.
    #[must_use]
    pub fn matching(mut self, predicate: impl Fn(&RequestView<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.matching = Some(Box::new(predicate));
        self
    }

    /// Skips this number of matching requests first. The default is 0.
    #[must_use]
    pub fn skip(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }

    /// Affects this number of requests. The default is 1.
    #[must_use]
    pub fn times(mut self, requests: u64) -> Self {
        self.times = Some(requests);
        self
    }

    /// Affects every matching request.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Affects each matching request with this probability, from 0 to 1.
    ///
    /// The same seed and the same order of requests give the same faults. Combine it with [`always`](Self::always) or
    /// [`times`](Self::times).
    #[must_use]
    pub fn chance(mut self, probability: f64, seed: u64) -> Self {
        self.chance = Some((probability, seed));
        self
    }

    /// Returns true if all conditions hold.
    fn meets(&self, request: &RequestView<'_>) -> bool {
        self.method.as_deref().is_none_or(|m| m == request.method)
            // A part of the path is enough: it has ids that the server chose at run time.
            && self.path.as_deref().is_none_or(|p| request.path.contains(p))
            && self.matching.as_ref().is_none_or(|f| f(request))
    }
}

impl fmt::Debug for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("When")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("matching", &self.matching.is_some())
            .field("skip", &self.skip)
            .field("times", &self.times)
            .field("chance", &self.chance)
            .finish()
    }
}

/// Queue of pending faults, in the order they were added.
///
/// [`http::Host`](crate::testing::http::Host) has one. Use it directly in a server of another kind:
///
/// ```
/// use std::time::Duration;
/// use ipam_core::testing::{Faults, RequestView, When};
///
/// #[derive(Clone, Debug, PartialEq)]
/// enum Fault {
///     Delay(Duration),
///     Refuse,
/// }
/// let delay_of = |fault: &Fault| match fault {
///     Fault::Delay(delay) => Some(*delay),
///     Fault::Refuse => None,
/// };
///
/// let mut faults = Faults::default();
/// faults.add(Fault::Delay(Duration::from_secs(1)), When::any());
/// faults.add(Fault::Delay(Duration::from_secs(2)), When::any());
/// faults.add(Fault::Refuse, When::any());
/// let (delay, fault) = faults.take(&RequestView::new("GET", "/", "", ""), delay_of);
/// assert_eq!((delay, fault), (Duration::from_secs(3), Some(Fault::Refuse)));
/// assert_eq!(faults.pending(), 0);
/// ```
#[derive(Debug)]
pub struct Faults<F>(Vec<(F, When)>);

impl<F> Default for Faults<F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<F: Clone> Faults<F> {
    /// Adds a fault at the end of the queue.
    pub fn add(&mut self, fault: F, when: When) {
        self.0.push((fault, when));
    }

    /// Removes all pending faults.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the number of pending faults. A fault counts as one, however many requests it will affect.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.0.len()
    }

    /// Returns the faults of a request: the sum of all delays that apply, and the first other fault that applies.
    ///
    /// `delay_of` returns the delay of a fault, or `None` for a fault of another kind. The returned faults are used up: the
    /// queue forgets those that have affected all their requests.
    pub fn take(
        &mut self,
        request: &RequestView<'_>,
        delay_of: impl Fn(&F) -> Option<Duration>,
    ) -> (Duration, Option<F>) {
        let mut delay = Duration::ZERO;
        let mut taken = None;
        for (fault, when) in &mut self.0 {
            // A second fault that is no delay stays in the queue for the next request: one request can fail only once.
            let more = delay_of(fault);
            if (taken.is_some() && more.is_none()) || when.times == Some(0) || !when.meets(request) {
                continue;
            }
            // Counted for matching requests only: `skip(1)` of a path skips one request of that path.
            if when.skip > 0 {
                when.skip -= 1;
                continue;
            }
            // Drawn for matching requests only, so that an unrelated request does not shift the sequence.
            if let Some((probability, state)) = &mut when.chance
                && unit(splitmix64(state)) >= *probability
            {
                continue;
            }
            when.times = when.times.map(|n| n.saturating_sub(1));
            match more {
                // A delay goes along with a fault: a response that is slow and then lost is what a time-out looks like.
                Some(more) => delay += more,
                None => taken = Some(fault.clone()),
            }
        }
        // After the loop, because a fault that is used up must not move those behind it.
        self.0.retain(|(_, when)| when.times != Some(0));
        (delay, taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    enum Fault {
        Latency(Duration),
        DropBefore,
        DropAfter,
    }

    impl Fault {
        fn delay(&self) -> Option<Duration> {
            match self {
                Self::Latency(delay) => Some(*delay),
                _ => None,
            }
        }
    }

    fn post(path: &str) -> RequestView<'_> {
        RequestView::new("POST", path, "", "")
    }

    #[test]
    fn a_fault_skips_requests_and_then_affects_its_number() {
        let mut faults = Faults::default();
        faults.add(Fault::DropAfter, When::any().method("post").path("first_free").skip(1).times(2));
        let hits: Vec<bool> =
            (0..5).map(|_| faults.take(&post("/api/x/addresses/first_free/1/"), Fault::delay).1.is_some()).collect();
        assert_eq!(hits, [false, true, true, false, false]);
        assert_eq!(faults.pending(), 0);
    }

    #[test]
    fn delays_add_to_one_other_fault() {
        let mut faults = Faults::default();
        faults.add(Fault::Latency(Duration::from_millis(5)), When::any().always());
        faults.add(Fault::DropBefore, When::any());
        faults.add(Fault::DropAfter, When::any());
        assert_eq!(faults.take(&post("/"), Fault::delay), (Duration::from_millis(5), Some(Fault::DropBefore)));
        assert_eq!(faults.take(&post("/"), Fault::delay), (Duration::from_millis(5), Some(Fault::DropAfter)));
        assert_eq!(faults.take(&post("/"), Fault::delay), (Duration::from_millis(5), None));
    }

    #[test]
    fn chance_repeats_for_a_seed_and_has_the_right_frequency() {
        let run = |seed| {
            let mut faults = Faults::default();
            faults.add(Fault::DropAfter, When::any().always().chance(0.25, seed));
            (0..1000).map(|_| faults.take(&post("/"), Fault::delay).1.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        let hits = run(7).iter().filter(|hit| **hit).count();
        assert!((200..300).contains(&hits), "{hits} of 1000");
    }
}
