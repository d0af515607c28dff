//! Faults: what goes wrong between a client and a server, on demand.

use std::fmt;
use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The answer comes this much later. The work is done before the wait.
    Latency(Duration),
    /// The connection is cut before the request is looked at.
    DropBefore,
    /// The request is carried out, and then the connection is cut: the answer is lost.
    DropAfter,
    /// The caller's token expires just before this request.
    ExpireToken,
    /// A JSON failure in the server's form with this status and message, nothing done.
    Status(u16, String),
    /// An HTML error page with this status, as a servlet container or a gateway sends it; nothing done.
    Html(u16),
    /// A status without a body; nothing done.
    EmptyError(u16),
    /// A redirect to this address; nothing done.
    Redirect(String),
    /// The request is carried out and answered with this status and no body; `Location` is sent where there is one.
    NoBody(u16),
    /// The request is carried out and answered without `Location`.
    NoLocation,
    /// All values of `@type` are in lower case.
    LowerTypes,
    /// All values of `@type` are in upper case.
    UpperTypes,
    /// The links in the answer, and `Location`, name this origin, such as `https://node-7.internal:8443`.
    ForeignLinks(String),
    /// The last row of the page is missing; the counts are those of all rows.
    TruncatePage,
    /// The page begins with the last row of the page before, in place of its own first.
    RepeatRow,
    /// The page is the first one, whatever page was asked for.
    IgnorePage,
    /// The count of all rows is more (or less) by this, and the count of pages fits it.
    CountOff(i64),
    /// The page has no counts.
    NoMetadata,
    /// The page has neither links nor counts.
    BarePage,
}

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

/// When a fault happens: conditions that must all hold, then how often.
///
/// Without any condition it happens to the next request, once. Logins are requests too; name a path to leave them out.
///
/// ```
/// use vra_client::testing::When;
///
/// // The answers to the second and third request that are handed in are lost.
/// let when = When::any().method("POST").path("/requests").skip(1).times(2);
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
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<(Fault, When)>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault, when: When) {
        self.0.push((fault, when));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// How many faults are still to come; one that happens always counts as one.
    pub(super) fn pending(&self) -> usize {
        self.0.len()
    }

    /// The faults of this request: any number of delays, and the first other fault that applies.
    pub(super) fn take(&mut self, target: &Target<'_>) -> (Duration, Option<Fault>) {
        let mut delay = Duration::ZERO;
        let mut taken = None;
        for (fault, when) in &mut self.0 {
            let latency = matches!(fault, Fault::Latency(_));
            if (taken.is_some() && !latency) || when.times == Some(0) || !when.meets(target) {
                continue;
            }
            if when.skip > 0 {
                when.skip -= 1;
                continue;
            }
            if let Some((probability, state)) = &mut when.chance
                && unit(splitmix(state)) >= *probability
            {
                continue;
            }
            when.times = when.times.map(|n| n.saturating_sub(1));
            match fault {
                Fault::Latency(more) => delay += *more,
                other => taken = Some(other.clone()),
            }
        }
        self.0.retain(|(_, when)| when.times != Some(0));
        (delay, taken)
    }
}

/// A step of splitmix64.
pub(super) fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number in 0..1 from the upper 32 bits.
fn unit(random: u64) -> f64 {
    let upper = u32::try_from(random >> 32).unwrap_or(u32::MAX);
    f64::from(upper) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(path: &str) -> Target<'_> {
        Target { method: "POST", path, query: "", body: "" }
    }

    #[test]
    fn a_fault_skips_then_happens_so_many_times() {
        let mut faults = Faults::default();
        faults.add(Fault::DropAfter, When::any().method("post").path("/requests").skip(1).times(2));
        let hits: Vec<bool> = (0..5).map(|_| faults.take(&post("/consumer/items/1/requests")).1.is_some()).collect();
        assert_eq!(hits, [false, true, true, false, false]);
        assert_eq!(faults.pending(), 0);
    }

    #[test]
    fn delays_add_to_one_other_fault() {
        let mut faults = Faults::default();
        faults.add(Fault::Latency(Duration::from_millis(5)), When::any().always());
        faults.add(Fault::DropBefore, When::any());
        faults.add(Fault::Html(502), When::any());
        assert_eq!(faults.take(&post("/")), (Duration::from_millis(5), Some(Fault::DropBefore)));
        assert_eq!(faults.take(&post("/")), (Duration::from_millis(5), Some(Fault::Html(502))));
        assert_eq!(faults.take(&post("/")), (Duration::from_millis(5), None));
    }

    #[test]
    fn chance_repeats_for_a_seed_and_is_about_right() {
        let run = |seed| {
            let mut faults = Faults::default();
            faults.add(Fault::DropAfter, When::any().always().chance(0.25, seed));
            (0..1000).map(|_| faults.take(&post("/")).1.is_some()).collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        let hits = run(7).iter().filter(|hit| **hit).count();
        assert!((200..300).contains(&hits), "{hits} of 1000");
    }
}
