//! Reads captures and has them judged, on one thread or on two: one reads and follows connections,
//! the other one judges them and takes what is told, and reads ahead when it has nothing else to do.
//! What is told is the same.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use tlsleuth::capture::{Errand, Helper};
use tlsleuth::handshake::Outcome;
use tlsleuth::{Counts, Ended, Event, Examiner, Follower, Options};

use crate::arguments::Main;
use crate::read::{self, Inputs, Read};
use crate::secrets::Secrets;

/// Flows that are handed over at once.
const BATCH: usize = 64;
/// Batches that wait for the second thread.
const WAITING: usize = 32;

/// What the second thread has to do.
enum Job {
    /// Flows to judge.
    Judge(Vec<Ended>),
    /// A piece of a capture to read.
    Read(Errand),
}

/// Whoever takes what is told.
pub(crate) trait Take: Send {
    /// Takes one thing.
    ///
    /// # Errors
    /// When it cannot be written: then the reading is given up.
    fn take(&mut self, event: Event) -> io::Result<()>;
}

/// What came of it.
pub(crate) struct Analysis<T> {
    pub(crate) read: Read,
    pub(crate) counts: Counts,
    pub(crate) taker: T,
    pub(crate) spent: Spent,
}

/// What the analysis held. To give it back piece by piece takes some hundredths of the whole run: a
/// command that is about to end [forgets](std::mem::forget) it.
#[expect(dead_code, reason = "held to be dropped or forgotten")]
pub(crate) struct Spent(Follower, Examiner);

/// Reads all captures, and has the taker told of them.
///
/// # Errors
/// When the taker cannot write.
pub(crate) fn analyze<T: Take>(
    arguments: &Main,
    options: Options,
    inputs: Inputs,
    secrets: &mut Secrets,
    taker: T,
) -> io::Result<Analysis<T>> {
    let follower = Follower::new(&options);
    let failed = AtomicU64::new(0);
    let judging = Judging { examiner: Examiner::new(options), taker, failed: &failed };
    let threads = arguments
        .threads
        .map_or_else(|| thread::available_parallelism().map_or(1, usize::from), usize::from);
    let mut feed = read::Feed { arguments, follower, secrets, failed: &failed, batch: BATCH };
    if threads < 2 {
        let mut judging = judging;
        let read = feed.read(inputs, None, &mut |ended| judging.take(ended))?;
        let judging = judging.finish()?;
        return Ok(judging.into_analysis(read, feed.follower));
    }
    let (judging, read) = thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel(WAITING);
        let worker = scope.spawn(move || judging.run(receiver));
        let errands = sender.clone();
        // Where the other thread is behind, this one reads by itself.
        let helper = Helper::new(move |errand| drop(errands.try_send(Job::Read(errand))));
        let read = feed.read(inputs, Some(helper), &mut |ended| {
            // Whoever stopped listening says why when it is joined.
            sender.send(Job::Judge(ended)).map_err(|_| io::ErrorKind::BrokenPipe.into())
        });
        drop(sender);
        let judging = match worker.join() {
            Ok(judging) => judging?,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        Ok::<_, io::Error>((judging, read?))
    })?;
    Ok(judging.into_analysis(read, feed.follower))
}

struct Judging<'a, T> {
    examiner: Examiner,
    taker: T,
    /// How many failed so far, for whoever watches the progress.
    failed: &'a AtomicU64,
}

impl<T: Take> Judging<'_, T> {
    fn take(&mut self, ended: Vec<Ended>) -> io::Result<()> {
        self.examiner.take(ended);
        self.tell()
    }

    fn tell(&mut self) -> io::Result<()> {
        while let Some(event) = self.examiner.poll() {
            if let Event::Connection(analyzed) = &event
                && analyzed.diagnosis.outcome == Outcome::Failed
            {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
            self.taker.take(event)?;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<Self> {
        self.examiner.finish();
        self.tell()?;
        Ok(self)
    }

    fn run(mut self, jobs: Receiver<Job>) -> io::Result<Self> {
        for job in jobs {
            match job {
                Job::Judge(ended) => self.take(ended)?,
                Job::Read(errand) => errand.run(),
            }
        }
        self.finish()
    }

    fn into_analysis(self, read: Read, follower: Follower) -> Analysis<T> {
        let counts = follower.counts(self.examiner.without_tls());
        Analysis { read, counts, taker: self.taker, spent: Spent(follower, self.examiner) }
    }
}
