//! The whole way of the log: reads, encrypts, keeps and sends.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, sleep_until};

use super::record::{Event, now};
use super::source::Reader;
use super::spool::{Incoming, Outgoing};
use super::{Batch, Collector, CollectorKey, Entry, LogError, LogSource, Loss, Notice, Position, Spool};

/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// A position without entries, and the time until which the kernel was heard, are saved this often.
const SAVE: Duration = Duration::from_secs(30);

/// State of the log sender, for the health report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogState {
    /// Records that were kept since the start.
    pub records: u64,
    /// Losses since the start, by cause: records where they could be counted, else each as one.
    pub lost: BTreeMap<Loss, u64>,
    /// Batches that the collector has taken since the start.
    pub sent: u64,
    /// Time of the last one.
    pub last_sent: Option<SystemTime>,
    /// Batches in the spool.
    pub waiting: usize,
    /// Records that were dropped since the spool was made.
    pub dropped: u64,
    /// Why the log cannot be read or kept, until it can.
    pub reading: Option<LogError>,
    /// Why batches are not sent, until one is.
    pub sending: Option<LogError>,
}

/// Log sender.
///
/// ```no_run
/// use ipam_core::http::HttpOptions;
/// use lab_gateway::log::{Collector, CollectorKey, Forwarder, LogSource, Spool, SpoolLimits};
///
/// # async fn example(public_key: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let spool = Spool::open("/var/lib/lab-gateway/log".as_ref(), SpoolLimits::default())?;
/// let collector = Collector::new("https://logs.example.test/lab/", HttpOptions::new())?;
/// let key = CollectorKey::from_base64(public_key)?;
/// let forwarder = Forwarder::new(LogSource::nflog(5), "alice", key, spool, collector);
/// let state = forwarder.state();
/// forwarder.run(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await;
/// println!("{} records", state.borrow().records);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Forwarder {
    source: LogSource,
    user: String,
    key: CollectorKey,
    spool: Arc<Spool>,
    collector: Collector,
    most: usize,
    age: Duration,
    kept: Notify,
    state: watch::Sender<LogState>,
}

/// Entries that are not in the spool yet.
#[derive(Debug, Default)]
struct Pending {
    entries: Vec<Entry>,
    since: Option<Instant>,
    /// No try to keep them before this time.
    pause: Option<(Instant, Duration)>,
}

impl Forwarder {
    /// Reads this source for the owner of the lab. A batch has up to some 500 entries, and goes after 5 s at the latest.
    pub fn new(
        source: LogSource,
        user: impl Into<String>,
        key: CollectorKey,
        spool: Spool,
        collector: Collector,
    ) -> Self {
        let (user, spool) = (user.into(), Arc::new(spool));
        let state = LogState { waiting: spool.len(), dropped: spool.dropped(), ..LogState::default() };
        let (most, age) = (500, Duration::from_secs(5));
        Self { source, user, key, spool, collector, most, age, kept: Notify::new(), state: watch::Sender::new(state) }
    }

    /// Sets from how many entries, and after which time, a batch is closed.
    #[must_use]
    pub fn with_batches(mut self, entries: usize, age: Duration) -> Self {
        self.most = entries.max(1);
        self.age = age;
        self
    }

    /// The present state, and each change of it.
    pub fn state(&self) -> watch::Receiver<LogState> {
        self.state.subscribe()
    }

    /// Runs until `stop` ends, and keeps what was read by then. After a dropped future a file is read again from the saved
    /// position; of NFLOG the last seconds are lost, and dated as downtime at the next start.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        tokio::select! {
            () = self.collect(stop) => {}
            () = self.send() => {}
        }
    }

    /// Reads the source into the spool.
    async fn collect(&self, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop);
        let mut pending = Pending::default();
        let mut reader: Option<Reader> = None;
        let mut pause = FIRST_PAUSE;
        let mut saved = Instant::now();
        loop {
            let Some(open) = &mut reader else {
                match self.open(&mut pending).await {
                    Ok(open) => {
                        reader = Some(open);
                        pause = FIRST_PAUSE;
                    }
                    Err(error) => {
                        self.state.send_modify(|state| state.reading = Some(error));
                        tokio::select! {
                            () = &mut stop => break,
                            () = sleep(pause) => pause = pause.saturating_mul(2).min(LONGEST_PAUSE),
                        }
                    }
                }
                continue;
            };
            let due = match (pending.since, pending.pause) {
                (_, Some((until, _))) => until,
                (Some(since), None) => since + self.age,
                (None, None) => saved + SAVE,
            };
            // With a full memory nothing is read: a file keeps its lines, and what the kernel drops is counted.
            let room = pending.entries.len() < self.most;
            tokio::select! {
                biased;
                () = &mut stop => break,
                () = sleep_until(due) => {
                    if self.keep(open, &mut pending).await {
                        saved = Instant::now();
                    }
                }
                read = open.next(), if room => match read {
                    Ok(events) => {
                        if pause > FIRST_PAUSE && pending.pause.is_none() {
                            pause = FIRST_PAUSE;
                            self.state.send_modify(|state| state.reading = None);
                        }
                        self.take(events, &mut pending);
                    }
                    Err(error) => {
                        self.state.send_modify(|state| state.reading = Some(error));
                        // What was read is kept with its position before the source is opened anew.
                        self.keep(open, &mut pending).await;
                        // A file is found again by its reader, which knows whether it saw it before.
                        if pending.entries.is_empty() && open.is_live() {
                            reader = None;
                        }
                        tokio::select! {
                            () = &mut stop => break,
                            () = sleep(pause) => pause = pause.saturating_mul(2).min(LONGEST_PAUSE),
                        }
                        continue;
                    }
                },
            }
            if pending.entries.len() >= self.most
                && pending.pause.is_none()
                && let Some(open) = &reader
            {
                self.keep(open, &mut pending).await;
            }
        }
        if let Some(open) = &reader {
            self.keep(open, &mut pending).await;
        }
    }

    async fn open(&self, pending: &mut Pending) -> Result<Reader, LogError> {
        let (reader, lost) = self.source.open(self.spool.position().as_ref()).await?;
        if reader.is_live()
            && let Some(from) = self.spool.heard()
        {
            let event = Event::Lost { lost: Loss::Downtime, count: None, from, until: now() };
            self.take(vec![event], pending);
        }
        self.take(lost, pending);
        // From here on it counts as heard, and a first position exists.
        let position = reader.position();
        if pending.entries.is_empty() {
            self.save(position, reader.is_live().then(now)).await?;
        }
        self.state.send_modify(|state| state.reading = None);
        Ok(reader)
    }

    fn take(&self, events: Vec<Event>, pending: &mut Pending) {
        if events.is_empty() {
            return;
        }
        pending.since.get_or_insert_with(Instant::now);
        let entries = events.into_iter().map(|event| event.of(&self.user));
        pending.entries.extend(entries);
    }

    /// Keeps the pending entries and the position behind them. Returns `false` if they could not be kept.
    async fn keep(&self, reader: &Reader, pending: &mut Pending) -> bool {
        let heard = reader.is_live().then(now);
        let position = reader.position();
        let kept = if pending.entries.is_empty() {
            self.save(position, heard).await
        } else {
            self.put(&pending.entries, position, heard).await
        };
        match kept {
            Ok(()) => {
                self.count(&pending.entries);
                *pending = Pending::default();
                self.kept.notify_one();
                true
            }
            Err(error) => {
                let pause = pending.pause.map_or(FIRST_PAUSE, |(_, pause)| pause.saturating_mul(2).min(LONGEST_PAUSE));
                pending.pause = Some((Instant::now() + pause, pause));
                self.state.send_modify(|state| state.reading = Some(error));
                false
            }
        }
    }

    async fn put(&self, entries: &[Entry], position: Option<Position>, heard: Option<u64>) -> Result<(), LogError> {
        let mut entries = entries.to_vec();
        let reports = self.spool.unreported();
        entries.extend(reports.map(|dropped| {
            let (count, user) = (Some(dropped.count), self.user.clone());
            Entry::Notice(Notice { lost: Loss::Spool, count, from: dropped.from, until: dropped.until, user })
        }));
        let records = entries.iter().filter(|entry| matches!(entry, Entry::Record(_))).count();
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        let batch = Batch::new(entries)?;
        let sealed = self.key.seal(&batch)?;
        let body = serde_json::to_vec(&sealed)
            .map_err(|error| LogError::Seal { id: batch.id.clone(), reason: error.to_string() })?;
        self.blocking(move |spool| {
            spool.put(&Incoming { id: &batch.id, records, reports, position, heard, body: &body })
        })
        .await
    }

    async fn save(&self, position: Option<Position>, heard: Option<u64>) -> Result<(), LogError> {
        self.blocking(move |spool| spool.save(position, heard)).await
    }

    fn count(&self, entries: &[Entry]) {
        self.state.send_modify(|state| {
            for entry in entries {
                match entry {
                    Entry::Record(_) => state.records += 1,
                    Entry::Notice(notice) => *state.lost.entry(notice.lost).or_default() += notice.count.unwrap_or(1),
                }
            }
            state.reading = None;
            state.waiting = self.spool.len();
            state.dropped = self.spool.dropped();
        });
    }

    /// Sends what is in the spool.
    async fn send(&self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let wait = match self.send_oldest().await {
                Ok(true) => {
                    pause = FIRST_PAUSE;
                    continue;
                }
                Ok(false) => {
                    self.kept.notified().await;
                    continue;
                }
                Err((error, asked)) => {
                    self.state.send_modify(|state| state.sending = Some(error));
                    asked.unwrap_or(pause)
                }
            };
            sleep(wait).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// Sends the oldest batch. Returns `false` if there is none.
    async fn send_oldest(&self) -> Result<bool, (LogError, Option<Duration>)> {
        let plain = |error| (error, None);
        let batch = self.blocking(Spool::oldest).await.map_err(plain)?;
        let Some(Outgoing { number, id, body }) = batch else { return Ok(false) };
        match self.collector.send(&id, body).await {
            Ok(()) => {
                self.blocking(move |spool| spool.sent(number)).await.map_err(plain)?;
                self.state.send_modify(|state| {
                    state.sent += 1;
                    state.last_sent = Some(SystemTime::now());
                    state.sending = None;
                    state.waiting = self.spool.len();
                });
                Ok(true)
            }
            Err(not_sent) => {
                let refused = matches!(not_sent.error, LogError::Rejected { .. });
                self.blocking(move |spool| spool.not_sent(number, refused)).await.map_err(plain)?;
                self.state.send_modify(|state| state.dropped = self.spool.dropped());
                Err((not_sent.error, not_sent.wait))
            }
        }
    }

    /// Runs work of the disk beside the other tasks.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Spool) -> Result<T, LogError> + Send + 'static,
    ) -> Result<T, LogError> {
        let spool = Arc::clone(&self.spool);
        match spawn_blocking(move || work(&spool)).await {
            Ok(done) => done,
            Err(error) => Err(LogError::Config {
                field: "runtime",
                value: String::new(),
                reason: format!("is ending ({error}); stop the log sender before it"),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
