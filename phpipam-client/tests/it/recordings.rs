//! Every recorded exchange through the public API.

use std::collections::BTreeSet;
use std::path::Path;

#[path = "../../examples/replay_recordings/compare.rs"]
mod compare;
#[path = "../../examples/replay_recordings/expect.rs"]
mod expect;
#[path = "../../examples/replay_recordings/known.rs"]
mod known;
#[path = "../../examples/replay_recordings/recording.rs"]
mod recording;
#[path = "../../examples/replay_recordings/replay.rs"]
mod replay;
#[path = "../../examples/replay_recordings/route/mod.rs"]
mod route;
#[path = "../../examples/replay_recordings/serve.rs"]
mod serve;

async fn replayed(versions: &[&str]) -> replay::Report {
    let mut report = replay::Report::default();
    for version in versions {
        let folder = format!("tests/fixtures/recordings-{version}");
        report.add(replay::folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).await.unwrap());
    }
    assert!(report.mismatches.is_empty(), "{}\n{}", report.mismatches.join("\n"), report.summary());
    assert!(report.typed > 250, "{}", report.summary());
    report
}

#[tokio::test]
async fn phpipam_1_8_2_and_the_list_of_exceptions_has_nothing_that_is_not_needed() {
    let report = replayed(&["1.8.2"]).await;
    let known = known::Known::read().unwrap();
    let stale: BTreeSet<_> = known
        .0
        .iter()
        .enumerate()
        .filter(|(place, entry)| !entry.elsewhere && !report.used.contains(place))
        .map(|(_, entry)| format!("{} {}", entry.kind, entry.pattern))
        .collect();
    assert!(stale.is_empty(), "take out of known.txt: {stale:?}");
}

#[tokio::test]
async fn phpipam_1_7_4() {
    replayed(&["1.7.4", "1.7.4-strings"]).await;
}

#[tokio::test]
async fn phpipam_1_5_2() {
    replayed(&["1.5.2", "1.5.2-strings"]).await;
}

#[tokio::test]
async fn phpipam_1_4_7() {
    replayed(&["1.4.7"]).await;
}

#[tokio::test]
async fn phpipam_1_3_2() {
    replayed(&["1.3.2"]).await;
}
