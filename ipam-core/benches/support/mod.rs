//! Shared parts of the benchmarks: rounds, medians, and the lines they print.
#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::time::{Duration, Instant};

#[path = "../../src/splitmix.rs"]
#[allow(unreachable_pub, reason = "the crate re-exports it")]
mod splitmix;

/// Number of rounds, of which the median counts.
pub(crate) const ROUNDS: usize = 7;

/// Returns true if the case of this bar is to be measured: `cargo bench --bench memory -- M3` measures one. Without
/// `--bench`, as under `cargo test --benches`, nothing is measured.
pub(crate) fn wanted(bar: &str) -> bool {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut bars = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
    let all = bars.peek().is_none();
    arguments.iter().any(|argument| argument == "--bench") && (all || bars.any(|wanted| wanted == bar))
}

/// Bound of a ratio.
#[derive(Clone, Copy)]
pub(crate) enum Reach {
    /// So many times the peer's speed, or more.
    AtLeast(f64),
    /// So many times the cost of what it is compared with, or less.
    AtMost(f64),
}

/// Nanoseconds of one call of `work`, by its `calls` of them.
pub(crate) fn per_call(calls: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    nanoseconds(start.elapsed()) / calls as f64
}

pub(crate) fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Runs `cases` in turn, [`ROUNDS`] times after one round that does not count. Returns the measurements of each case.
pub(crate) fn rounds<const N: usize>(mut cases: [&mut dyn FnMut() -> f64; N]) -> [Vec<f64>; N] {
    let mut measured = [const { Vec::new() }; N];
    for round in 0..=ROUNDS {
        for (case, values) in cases.iter_mut().zip(&mut measured) {
            let value = case();
            if round > 0 {
                values.push(value);
            }
        }
    }
    measured
}

/// One line about something that is compared with a peer or a floor of the same run. Both in nanoseconds, by round.
pub(crate) fn against(bar: &str, what: &str, ours: &[f64], peer: &str, theirs: &[f64], reach: Reach) {
    let ratios: Vec<f64> = match reach {
        Reach::AtLeast(_) => ours.iter().zip(theirs).map(|(ours, theirs)| theirs / ours).collect(),
        Reach::AtMost(_) => ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect(),
    };
    let ratio = median(&ratios);
    let (sign, bound, well) = match reach {
        Reach::AtLeast(bound) => (">=", bound, ratio >= bound),
        Reach::AtMost(bound) => ("<=", bound, ratio <= bound),
    };
    let (ours, theirs) = (time(median(ours)), time(median(theirs)));
    line(bar, what, &ours, peer, &theirs, &format!("{ratio:.2}x"), &format!("{sign} {bound}x"), well);
}

/// One line about a peer that is timed outside of the project: our own time and no ratio. `most` is what the bar comes
/// to where the peer takes what it took when it was last timed.
pub(crate) fn apart(bar: &str, what: &str, ours: &[f64], peer: &str, most: f64) {
    let ours = median(ours);
    line(bar, what, &time(ours), peer, "apart", "-", &format!("<= {}", time(most)), ours <= most);
}

/// One line about bytes.
pub(crate) fn bytes(bar: &str, what: &str, ours: f64, most: f64) {
    line(bar, what, &format!("{ours:.0} B"), "-", "-", "-", &format!("<= {most:.0} B"), ours <= most);
}

/// Bytes that the system says of this process, such as `VmRSS:`, where it tells.
pub(crate) fn status(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok().map(|kilobytes| kilobytes * 1024.0)
}

pub(crate) fn heading(title: &str) {
    println!("\n{title}: median of {ROUNDS} rounds");
    let columns = ("bar", "what", "ours", "peer", "theirs", "ratio", "to reach");
    let (bar, what, ours, peer, theirs, ratio, reach) = columns;
    println!("{bar:4} {what:54} {ours:>9} {peer:>24} {theirs:>9} {ratio:>9} {reach:>11}");
}

#[allow(clippy::too_many_arguments, reason = "a line has that many columns")]
fn line(bar: &str, what: &str, ours: &str, peer: &str, theirs: &str, ratio: &str, reach: &str, well: bool) {
    let outcome = if well { "ok" } else { "below the bar" };
    println!("{bar:4} {what:54} {ours:>9} {peer:>24} {theirs:>9} {ratio:>9} {reach:>11}  {outcome}");
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1e3 => format!("{n:.1} ns"),
        n if n < 1e6 => format!("{:.2} us", n / 1e3),
        n if n < 1e9 => format!("{:.2} ms", n / 1e6),
        n => format!("{:.2} s", n / 1e9),
    }
}

/// SplitMix64: the same numbers in every run.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        splitmix::splitmix64(&mut self.0)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap_or(0)
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
