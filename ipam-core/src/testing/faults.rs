//! When something goes wrong between a client and a server, on demand.

use std::fmt;
use std::time::Duration;

use super::random::{splitmix64, unit};

type Predicate = Box<dyn Fn(&Target<'_>) -> bool + Send + Sync>;

/// What a fault's condition sees of a request.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Target<'a> {
    /// Method in upper case.
    pub method: &'a str,
    /// Path as sent.
    pub path: &'a str,
    /// Query string as sent.
    pub query: &'a str,
    /// Body as sent.
    pub body: &'a str,
}

impl<'a> Target<'a> {
    /// What a server sees of a request.
    #[must_use]
    pub fn new(method: &'a str, path: &'a str, query: &'a str, body: &'a str) -> Self {
        Self { method, path, query, body }
    }
}

/// When a fault happens: conditions that must all hold, then how often.
///
/// Without any condition it happens to the next request, once. Logins are requests too; name a path to leave them out.
///
/// ```
/// use ipam_core::testing::When;
///
/// // The answers of the second and third allocation are lost.
/// let when = When::any().method("POST").path("/first_free/").skip(1).times(2);
/// # let _ = when;
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
    /// Any request, once.
    #[must_use]
    pub fn any() -> Self {
        Self { method: None, path: None, matching: None, skip: 0, times: Some(1), chance: None }
    }

    /// Only requests of this method.
    #[must_use]
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into().to_ascii_uppercase());
        self
    }

    /// Only requests whose path contains this text.
    #[must_use]
    pub fn path(mut self, part: impl Into<String>) -> Self {
        self.path = Some(part.into());
        self
    }

    /// Only requests for which this holds.
    #[must_use]
    pub fn matching(mut self, predicate: impl Fn(&Target<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.matching = Some(Box::new(predicate));
        self
    }

    /// Lets this many requests that meet the conditions pass first.
    #[must_use]
    pub fn skip(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }

    /// Happens to this many requests.
    #[must_use]
    pub fn times(mut self, requests: u64) -> Self {
        self.times = Some(requests);
        self
    }

    /// Happens to every request that meets the conditions.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Happens with this probability (0 to 1) to each request that meets the conditions. The same seed and order of requests give the
    /// same faults. Combine with [`always`](Self::always) or [`times`](Self::times).
    #[must_use]
    pub fn chance(mut self, probability: f64, seed: u64) -> Self {
        self.chance = Some((probability, seed));
        self
    }

    fn meets(&self, target: &Target<'_>) -> bool {
        self.method.as_deref().is_none_or(|m| m == target.method)
            && self.path.as_deref().is_none_or(|p| target.path.contains(p))
            && self.matching.as_ref().is_none_or(|f| f(target))
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

/// The faults that wait for their request, in the order they were added.
#[derive(Debug)]
pub struct Faults<F>(Vec<(F, When)>);

impl<F> Default for Faults<F> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<F: Clone> Faults<F> {
    /// Adds a fault behind those that wait.
    pub fn add(&mut self, fault: F, when: When) {
        self.0.push((fault, when));
    }

    /// Forgets those that did not happen yet.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// How many faults are still to come; one that happens always counts as one.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.0.len()
    }

    /// The faults of this request: any number of delays, and the first other fault that applies. `delay_of` says how long a
    /// fault delays the answer, if that is what it does.
    pub fn take(&mut self, target: &Target<'_>, delay_of: impl Fn(&F) -> Option<Duration>) -> (Duration, Option<F>) {
        let mut delay = Duration::ZERO;
        let mut taken = None;
        for (fault, when) in &mut self.0 {
            let more = delay_of(fault);
            if (taken.is_some() && more.is_none()) || when.times == Some(0) || !when.meets(target) {
                continue;
            }
            if when.skip > 0 {
                when.skip -= 1;
                continue;
            }
            if let Some((probability, state)) = &mut when.chance
                && unit(splitmix64(state)) >= *probability
            {
                continue;
            }
            when.times = when.times.map(|n| n.saturating_sub(1));
            match more {
                Some(more) => delay += more,
                None => taken = Some(fault.clone()),
            }
        }
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

    fn post(path: &str) -> Target<'_> {
        Target::new("POST", path, "", "")
    }

    #[test]
    fn a_fault_skips_then_happens_so_many_times() {
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
    fn chance_repeats_for_a_seed_and_is_about_right() {
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
