//! Transactions: jobs run over what was read, and their writes sent with the commit.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use deadpool_postgres::Pool;
use futures_util::future::join_all;

use super::config::PostgresConfig;
use super::connect::{begin, connection};
use super::errors::Failure;
use super::job::Job;
use super::locks::Locks;
use super::resolve::{self, Mark};
use super::session::{Hot, Session};
use super::view::{Kind, Seen, Serials, View};
use super::{events, prefetch, schema, writes};
use crate::backoff::BackoffConfig;
use crate::engine::replay::{Need, Replay};
use crate::engine::{Context, Random, SystemRandom};
use crate::{Operation, Result};

/// State of an open provider that its tasks share.
pub(super) struct Shared {
    pub(super) config: PostgresConfig,
    pub(super) pool: Pool,
    pub(super) locks: Locks,
    pub(super) serials: Serials,
}

/// Settings by which the plan of a prepared statement is made once: through the indexes, however few rows there are then.
const KEEP_PLANS: &str =
    "; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; SET LOCAL jit = off";

/// Settings by which a list of records is looked up one by one in an index.
// The server takes any list of a parameter for one of ten items, and of a table that has grown since it was analyzed it
// knows next to nothing. It then compared each range of a restore with each range of the store.
const BY_INDEX: &str = "; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; \
                        SET LOCAL enable_mergejoin = off; SET LOCAL jit = off";

/// Number of times that a batch is begun anew before each of its jobs is done alone.
const TOGETHER: u32 = 3;
/// Least number of times that a job alone is begun anew.
const ALONE: u32 = 12;

/// Result of a transaction that did not fail as a whole.
struct Done {
    /// Jobs that were not begun: the transaction had to end before them.
    rest: Vec<Box<dyn Job>>,
    /// Jobs that were refused, by what may not have been true at any one time.
    doubtful: Vec<Box<dyn Job>>,
    /// True if anything was written.
    wrote: bool,
}

/// Times that the reads of a transaction see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// Each read sees what was committed before it. Locks are waited for, and the records read after that.
    Each,
    /// All reads see the same state.
    One,
}

/// Failure of a transaction.
enum Failed {
    /// Nothing was kept.
    NotApplied(Failure),
    /// It is unknown whether the commit was carried out.
    Unknown(Box<Unknown>),
}

/// Commit whose outcome is unknown.
struct Unknown {
    failure: Failure,
    /// By which the commit is recognized.
    mark: Mark,
    /// Jobs that are still to be done, if it was carried out.
    rest: Vec<Box<dyn Job>>,
}

/// Batch that was done: its jobs with the error of their writes, if these were not kept.
pub(super) struct Outcome {
    pub(super) finished: Vec<(Box<dyn Job>, Result<()>)>,
    pub(super) rest: Vec<Box<dyn Job>>,
    pub(super) wrote: bool,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.finished.extend(other.finished);
        self.rest.extend(other.rest);
        self.wrote |= other.wrote;
    }
}

impl Shared {
    /// Does jobs in one transaction, or several: if they are in the way of others again and again, each alone.
    pub(super) async fn batch(self: &Arc<Self>, jobs: Vec<Box<dyn Job>>, random: &mut SystemRandom) -> Outcome {
        self.batch_seeing(jobs, Sight::Each, random).await
    }

    async fn batch_seeing(
        self: &Arc<Self>,
        jobs: Vec<Box<dyn Job>>,
        sight: Sight,
        random: &mut SystemRandom,
    ) -> Outcome {
        let mut outcome = Outcome { finished: Vec::new(), rest: Vec::new(), wrote: false };
        let begun = Instant::now();
        let out_of_time = || begun.elapsed() >= self.config.statement_timeout.saturating_add(self.config.lock_timeout);
        let most = if jobs.len() > 1 { TOGETHER } else { ALONE };
        let mut jobs = jobs;
        let mut attempts = 0;
        let failed = loop {
            jobs.retain(|job| !job.abandoned());
            if jobs.is_empty() {
                return outcome;
            }
            attempts += 1;
            match self.transaction(&mut jobs, sight, random).await {
                Ok(done) => {
                    outcome.wrote = done.wrote;
                    outcome.rest = done.rest;
                    outcome.finished.extend(jobs.into_iter().map(|job| (job, Ok(()))));
                    for job in done.doubtful {
                        let again = Box::pin(self.batch_seeing(vec![job], Sight::One, random)).await;
                        outcome.add(again);
                    }
                    return outcome;
                }
                Err(Failed::NotApplied(failure)) => {
                    let again = failure.is_contention() && (attempts < most || begun.elapsed() < self.config.lock_timeout)
                        // A connection that has ended meanwhile is replaced by another one.
                        || failure.is_broken() && attempts < replacements(&failure);
                    if !again || jobs.len() > 1 && attempts >= TOGETHER {
                        break Failed::NotApplied(failure);
                    }
                    events::repeated(jobs.first().map_or(Operation::Check, |job| job.operation()), attempts, &failure);
                    if matches!(failure, Failure::Behind) {
                        // If this fails, so does the next attempt.
                        let _ = self.adapt_turns().await;
                    }
                    tokio::time::sleep(pause(attempts, random)).await;
                }
                Err(Failed::Unknown(mut unknown)) => {
                    match self.look_up(jobs.first().map(|job| job.operation()), &unknown.mark).await {
                        Some(true) => {
                            outcome.wrote = true;
                            outcome.rest = unknown.rest;
                            outcome.finished.extend(jobs.into_iter().map(|job| (job, Ok(()))));
                            return outcome;
                        }
                        Some(false) => {
                            jobs.append(&mut unknown.rest);
                            if attempts >= ALONE || out_of_time() {
                                break Failed::NotApplied(unknown.failure);
                            }
                        }
                        None => break Failed::Unknown(unknown),
                    }
                }
            }
        };
        match failed {
            Failed::NotApplied(failure) => {
                // A fault of one request must not fail the others. A fault of the server is one of all: alone, each of
                // them would only wait for it again.
                let divide = jobs.len() > 1 && !failure.concerns_all();
                for job in jobs {
                    if divide && !out_of_time() {
                        let alone = Box::pin(self.batch_seeing(vec![job], sight, random)).await;
                        outcome.add(alone);
                    } else {
                        let error = Err(failure.error(job.operation()));
                        outcome.finished.push((job, error));
                    }
                }
            }
            Failed::Unknown(unknown) => {
                outcome.rest = unknown.rest;
                outcome.finished.extend(jobs.into_iter().map(|mut job| {
                    let error = Err(unknown.failure.unknown(job.operation()));
                    job.wait_for(unknown.mark.lock);
                    (job, error)
                }));
            }
        }
        outcome
    }

    /// Has the feed continue after the newest change of another server.
    async fn adapt_turns(&self) -> Result<(), Failure> {
        let client = connection(&self.pool, &self.config, Operation::Check).await?;
        let adapted = schema::adapt_turns(&client, &self.config).await;
        if adapted.is_err() {
            client.discard();
        }
        adapted
    }

    /// Does jobs in one transaction: all of them, or nothing. Jobs that it does not come to are moved to the result.
    async fn transaction(
        self: &Arc<Self>,
        jobs: &mut Vec<Box<dyn Job>>,
        sight: Sight,
        random: &mut SystemRandom,
    ) -> Result<Done, Failed> {
        let operation = jobs.first().map_or(Operation::Check, |job| job.operation());
        let client = connection(&self.pool, &self.config, operation).await.map_err(Failed::NotApplied)?;
        let result = self.on_connection(&client, jobs, sight, random).await;
        match &result {
            Ok(_) => {}
            Err(Failed::NotApplied(failure)) if !failure.is_broken() => {
                let _ = client.end("ROLLBACK").await;
            }
            Err(Failed::NotApplied(failure)) => self.discard(client, failure),
            Err(Failed::Unknown(unknown)) => self.discard(client, &unknown.failure),
        }
        result
    }

    /// Closes a connection after a failure.
    fn discard(&self, client: Session, failure: &Failure) {
        client.discard();
        if let Failure::Silent(limit) = failure {
            events::silent(*limit);
            // Nor is there a response on those that wait in the pool: they lead to the same server.
            self.pool.retain(|_, _| false);
        }
    }

    async fn on_connection(
        self: &Arc<Self>,
        client: &Session,
        jobs: &mut Vec<Box<dyn Job>>,
        sight: Sight,
        random: &mut SystemRandom,
    ) -> Result<Done, Failed> {
        let kind = jobs.first().map_or(Kind::Write, |job| job.kind());
        let mut view = self.view(client, kind, Operation::Check);
        #[allow(clippy::cast_possible_truncation, reason = "64 of the random bits are enough")]
        let own_lock = random.next() as i64;
        view.own_lock = own_lock;
        let mut replay = Replay::new();
        let hints: Vec<_> = jobs.iter().map(|job| job.hint()).collect();
        let mut begin = begin(
            &self.config,
            match sight {
                Sight::Each => "ISOLATION LEVEL READ COMMITTED",
                Sight::One => "ISOLATION LEVEL REPEATABLE READ",
            },
        );
        if self.config.prepared_statements {
            begin.push_str(KEEP_PLANS);
        }
        // A restore is of this kind, and has lists of thousands. Each allocation would pay for settings.
        if kind == Kind::Structure {
            begin.push_str(BY_INDEX);
        }
        let now =
            prefetch::begin(&mut view, &begin, &self.config, &hints, &mut replay).await.map_err(Failed::NotApplied)?;
        let actor = self.config.actor.as_deref();
        let mut done = jobs.len();
        for (index, job) in jobs.iter_mut().enumerate() {
            view.operation = job.operation();
            let ended = run(job.as_mut(), &mut view, &mut replay, now, actor, random).await;
            if !ended.map_err(Failed::NotApplied)? {
                done = index;
                break;
            }
        }
        let mut rest = jobs.split_off(done);
        let committed = self.commit(&mut view, sight, replay).await;
        if let Err(Failed::NotApplied(_)) = &committed {
            jobs.append(&mut rest);
        }
        let doubts = |job: &mut Box<dyn Job>| kind == Kind::Write && sight == Sight::Each && job.is_refused();
        match committed {
            Ok(wrote) => Ok(Done { rest, doubtful: jobs.extract_if(.., doubts).collect(), wrote }),
            Err(Failed::Unknown(mut unknown)) => {
                rest.extend(jobs.extract_if(.., doubts));
                unknown.rest = rest;
                Err(Failed::Unknown(unknown))
            }
            Err(failed) => Err(failed),
        }
    }

    /// Sends the writes and the commit. Returns false if there was nothing to write.
    async fn commit(&self, view: &mut View<'_>, sight: Sight, replay: Replay) -> Result<bool, Failed> {
        let log = replay.into_log();
        if log.is_empty() {
            view.client.batch("ROLLBACK").await.map_err(Failed::NotApplied)?;
            return Ok(false);
        }
        let mark = Mark::of(&log, view.seen.turn, view.own_lock);
        let unknown = |failure, mark| Failed::Unknown(Box::new(Unknown { failure, mark, rest: Vec::new() }));
        let mut statements = writes::statements(log, &view.seen, view.kind, view.operation)
            .map_err(|error| Failed::NotApplied(error.into()))?;
        if sight == Sight::One {
            // The ranges were read as they were before their locks were held.
            statements.push(writes::unchanged_ranges(&view.seen));
        }
        let types: Vec<_> = statements.iter().map(writes::Statement::types).collect();
        let hot: Vec<Hot<'_>> = statements.iter().zip(&types).map(|(one, types)| (one.sql, &**types)).collect();
        view.client.prepare(&hot).await.map_err(Failed::NotApplied)?;
        let params: Vec<_> = statements.iter().map(writes::Statement::params).collect();
        // All at once: the futures send when they are first polled, in this order. If one fails, the server refuses
        // those after it, and the commit rolls back.
        let sent = statements.iter().zip(&params).map(|(statement, params)| {
            let client = view.client;
            async move { client.hot(statement.sql, params).await.map(|_| ()) }
        });
        let commit = view.client.batch("COMMIT");
        let (written, committed) = futures_util::future::join(join_all(sent), commit).await;
        // The server itself refuses a statement, and then all after it. A connection that broke may have carried the
        // commit before, also if a proxy reports that with a code.
        let refused = |failure: &Failure| {
            matches!(failure, Failure::Server(error) if error.code().is_some()) && !failure.is_broken()
        };
        for result in written.into_iter().chain([committed]) {
            if let Err(failure) = result {
                return Err(if refused(&failure) { Failed::NotApplied(failure) } else { unknown(failure, mark) });
            }
        }
        Ok(true)
    }

    /// Returns true if a commit of unknown outcome was carried out, false if not; `None` if that cannot be found out in
    /// time.
    async fn look_up(&self, operation: Option<Operation>, mark: &Mark) -> Option<bool> {
        events::commit_lost(operation.unwrap_or(Operation::Check));
        let until = Instant::now() + self.config.statement_timeout + self.config.lock_timeout;
        let mut attempts = 0;
        let mut found = None;
        while found.is_none() && Instant::now() < until {
            attempts += 1;
            match resolve::was_committed(&self.pool, &self.config, mark).await {
                Ok(committed) => found = Some(committed),
                Err(_) => tokio::time::sleep(pause(attempts, &mut SystemRandom::default())).await,
            }
        }
        events::commit_looked_up(found, attempts);
        found
    }

    pub(super) fn view<'c>(&'c self, client: &'c Session, kind: Kind, operation: Operation) -> View<'c> {
        View {
            client,
            locks: &self.locks,
            serials: &self.serials,
            kind,
            operation,
            own_lock: 0,
            feed_wait: self.config.lock_timeout,
            seen: Seen::default(),
        }
    }

    /// Runs a job that only reads, in a transaction in which all reads see the same state.
    pub(super) async fn read(self: &Arc<Self>, job: &mut dyn Job) {
        let operation = job.operation();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let failure = match self.read_once(job).await {
                Ok(()) => return,
                Err(failure) => failure,
            };
            let again = if failure.is_conflict() { ALONE } else { replacements(&failure) };
            if (failure.is_broken() || failure.is_conflict()) && attempts < again {
                events::repeated(operation, attempts, &failure);
                tokio::time::sleep(pause(attempts, &mut SystemRandom::default())).await;
                continue;
            }
            return job.fail(failure.error(operation));
        }
    }

    async fn read_once(self: &Arc<Self>, job: &mut dyn Job) -> Result<(), Failure> {
        let operation = job.operation();
        let client = connection(&self.pool, &self.config, operation).await?;
        let result = self.read_on(&client, job).await;
        match &result {
            Err(failure) if failure.is_broken() => self.discard(client, failure),
            // The end of the transaction also ends its settings.
            _ => {
                let _ = client.end("COMMIT").await;
            }
        }
        result
    }

    async fn read_on(&self, client: &Session, job: &mut dyn Job) -> Result<(), Failure> {
        let operation = job.operation();
        let mut view = self.view(client, Kind::Read, operation);
        // The feed waits for other transactions, which one snapshot would never see end.
        let mode = if operation == Operation::Changes {
            "ISOLATION LEVEL READ COMMITTED READ ONLY"
        } else {
            "ISOLATION LEVEL REPEATABLE READ READ ONLY"
        };
        let begin = begin(&self.config, mode);
        let now = prefetch::now(&view, &self.config, &begin).await?;
        let mut replay = Replay::new();
        let mut random = SystemRandom::default();
        run(job, &mut view, &mut replay, now, None, &mut random).await.map(|_| ())
    }
}

/// Attempts a job until it has ended. Returns false if it cannot begin in this transaction, because those before it have
/// written what it reads.
async fn run(
    job: &mut dyn Job,
    view: &mut View<'_>,
    replay: &mut Replay,
    now: SystemTime,
    actor: Option<&str>,
    random: &mut SystemRandom,
) -> Result<bool, Failure> {
    loop {
        let need = {
            let mut context = Context { now, random: &mut *random, actor };
            job.attempt(replay, &mut context)
        };
        match need {
            None => return Ok(true),
            Some(Need::Read(read)) => view.fetch(read, replay).await?,
            // A transaction does not read after it has written: see `locks`.
            Some(Need::Flush) => {
                replay.give_up();
                return Ok(false);
            }
        }
    }
}

/// Returns the number of attempts on other connections, after one has failed like this.
fn replacements(failure: &Failure) -> u32 {
    // Each attempt takes the whole timeout, if nothing responds.
    if matches!(failure, Failure::Silent(_)) { 2 } else { 3 }
}

/// Returns the pause before an attempt.
fn pause(attempts: u32, random: &mut SystemRandom) -> Duration {
    let backoff = BackoffConfig::new(Duration::from_millis(1), Duration::from_millis(100));
    #[allow(clippy::cast_possible_truncation, reason = "64 of the random bits are enough")]
    backoff.delay(attempts, random.next() as u64)
}
