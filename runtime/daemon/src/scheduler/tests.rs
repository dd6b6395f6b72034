use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;

use cordline_sdk::sha256::Sha256;
use cordline_sdk::wire::reply::Role;
use cordline_sdk::wire::request::{Chunk, Input, Instance, Submit};

use super::*;
use crate::origin::{ConnectionId, test_peer};
use crate::replies::{ReplyReceiver, reply_channel};

/// A running scheduler with a spool of its own.
struct Bench {
    _folder: tempfile::TempDir,
    spool: Arc<Spool>,
    commands: CommandQueue,
    replies: ReplyReceiver,
    _jobs: Receiver<Assignment>,
    scheduler: Option<JoinHandle<()>>,
    answers: VecDeque<(u64, Answer)>,
    last_id: u64,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.commands.push_internal(SchedulerCommand::Stop);
        if let Some(scheduler) = self.scheduler.take() {
            assert!(scheduler.join().is_ok() || std::thread::panicking());
        }
    }
}

/// A scheduler with a spool of its own, and those who hear from it. `reserve_of`: what share of the free bytes must stay free.
fn scheduler(folder: &Path, root: &Path, reserve_of: f64) -> (Scheduler, ReplyReceiver, Receiver<Assignment>) {
    let spool = Arc::new(Spool::open(folder).unwrap());
    let (replies, answers) = reply_channel().unwrap();
    let (worker, jobs) = channel();
    let config = SchedulerConfig {
        limits: Limits { job_bytes: u64::MAX, ..Limits::default() },
        reserve_bytes: (spool.free_bytes().unwrap() as f64 * reserve_of) as u64,
        queue: 100,
        bundle: folder.into(),
        roots: vec![root.into()],
        files: FileLimits { study_bytes: u64::MAX, ..FileLimits::default() },
    };
    let parts = SchedulerParts {
        journal: Journal::open(&spool.journal()).unwrap(),
        audit_log: AuditLog::open(&spool.audit()).unwrap(),
        spool,
        metrics: Arc::new(Metrics::new()),
        notices: Notices::default(),
        config,
        replies,
        workers: vec![worker],
    };
    (Scheduler::new(parts), answers, jobs)
}

fn bench(root: &Path, reserve_of: f64) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let (scheduler, replies, jobs) = scheduler(folder.path(), root, reserve_of);
    let (spool, commands) = (scheduler.spool.clone(), CommandQueue::default());
    let inbox = commands.clone();
    let scheduler = std::thread::spawn(move || scheduler.run(&inbox));
    Bench {
        _folder: folder,
        spool,
        commands,
        replies,
        _jobs: jobs,
        scheduler: Some(scheduler),
        answers: VecDeque::new(),
        last_id: 0,
    }
}

impl Bench {
    fn origin(&mut self) -> RequestOrigin {
        self.last_id += 1;
        let connection = ConnectionId { listener: 0, identity: vec![1] };
        let (id, required) = (self.last_id, Role::Submitter);
        RequestOrigin { connection, peer: test_peer(), id, chunk_bytes: None, required }
    }

    fn send(&mut self, command: impl FnOnce(RequestOrigin) -> SchedulerCommand) -> u64 {
        let origin = self.origin();
        let id = origin.id;
        self.commands.push_internal(command(origin));
        id
    }

    /// The next answer, and the number of its request.
    fn next(&mut self) -> (u64, Answer) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(answer) = self.answers.pop_front() {
                return answer;
            }
            self.answers.extend(self.replies.take().into_iter().filter_map(|message| match message {
                ServerMessage::Answer(origin, answer) => Some((origin.id, answer)),
                _ => None,
            }));
            assert!(Instant::now() < deadline, "no answer came");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn ask(&mut self, command: impl FnOnce(RequestOrigin) -> SchedulerCommand) -> Answer {
        let id = self.send(command);
        let (answered, answer) = self.next();
        assert_eq!(answered, id);
        answer
    }

    fn chunk(&mut self, job: &JobId, offset: u64, bytes: &[u8]) -> Answer {
        let (chunk, bytes) = (Chunk { job: job.clone(), item: 0, offset }, bytes.into());
        self.ask(|origin| SchedulerCommand::Chunk(origin, chunk, bytes))
    }

    fn cancel(&mut self, job: &JobId) -> JobState {
        state(&self.ask(|origin| SchedulerCommand::Cancel(origin, job.clone())))
    }

    fn submit(&mut self, input: Input) -> Result<JobId, Fault> {
        match self.ask(|origin| SchedulerCommand::Submit(origin, Submit::new(input), None)) {
            Answer::Upload(upload) => Ok(upload.job),
            Answer::Fault(fault) => Err(fault),
            other => panic!("{other:?}"),
        }
    }
}

/// A study of one instance.
fn study(name: &str, bytes: u64) -> Input {
    let instance = Instance { sop_uid: "1.2".into(), bytes, sha256: Sha256::of(name).to_string() };
    Input::Study { instances: vec![instance], again: 0 }
}

fn folder(path: &Path) -> Input {
    Input::Folder { path: path.to_str().unwrap().into(), again: 0 }
}

fn state(answer: &Answer) -> JobState {
    match answer {
        Answer::Job(summary) => summary.state,
        other => panic!("{other:?}"),
    }
}

fn code(answer: Answer) -> Code {
    match answer {
        Answer::Fault(fault) => fault.problem.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_waits_for_another_ones_folder() {
    let root = tempfile::tempdir().unwrap();
    (0..20_000).for_each(|n| drop(fs::File::create(root.path().join(format!("{n:05}"))).unwrap()));
    let mut bench = bench(root.path(), 0.0);
    let other = bench.submit(study("other", 7)).unwrap();
    let job = bench.submit(folder(root.path())).unwrap();
    let commit = bench.send(|origin| SchedulerCommand::Commit(origin, job.clone()));
    let (first, answer) = {
        let cancel = bench.send(|origin| SchedulerCommand::Cancel(origin, other));
        let (first, answer) = bench.next();
        (first == cancel, answer)
    };
    assert!(first, "the copy was waited for");
    assert_eq!(state(&answer), JobState::Cancelled);
    let (answered, answer) = bench.next();
    assert_eq!((answered, state(&answer)), (commit, JobState::Queued));
    assert_eq!(fs::read_dir(bench.spool.input(&job)).unwrap().count(), 20_000);
}

#[test]
fn a_folder_whose_copy_is_cancelled_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    (0..20_000).for_each(|n| drop(fs::File::create(root.path().join(format!("{n:05}"))).unwrap()));
    let mut bench = bench(root.path(), 0.0);
    let job = bench.submit(folder(root.path())).unwrap();
    let commit = bench.send(|origin| SchedulerCommand::Commit(origin, job.clone()));
    let cancel = bench.send(|origin| SchedulerCommand::Cancel(origin, job.clone()));
    let mut answers = BTreeMap::from([bench.next(), bench.next()].map(|(id, answer)| (id, answer)));
    assert_eq!(state(&answers[&cancel]), JobState::Cancelled);
    assert_eq!(code(answers.remove(&commit).unwrap()), Code::WrongState);
    assert!(!bench.spool.input(&job).exists());
}

#[test]
fn a_folder_that_changed_since_it_was_submitted_fails_its_job_by_name() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("SURNAME"), b"abc").unwrap();
    let mut bench = bench(root.path(), 0.0);
    let job = bench.submit(folder(root.path())).unwrap();
    fs::write(root.path().join("SURNAME"), b"abcd").unwrap();
    let answer = bench.ask(|origin| SchedulerCommand::Commit(origin, job.clone()));
    let Answer::Fault(fault) = &answer else { panic!("{answer:?}") };
    assert!(fault.problem.code == Code::FolderNotAllowed && !fault.problem.message.contains("SURNAME"), "{fault}");
    let journal = Journal::reader(&bench.spool.journal()).unwrap();
    let record = journal.job(&job).unwrap().unwrap();
    assert_eq!((record.state, record.problem.unwrap().code), (JobState::Failed, Code::FolderChanged));
    assert_ne!(bench.submit(folder(root.path())).unwrap(), job, "what lies there now is another job");
}

#[test]
fn room_is_promised_once_and_given_back() {
    let root = tempfile::tempdir().unwrap();
    let mut bench = bench(root.path(), 0.5);
    // Each wants 0.4 of what is free, and half must stay.
    let large = bench.spool.free_bytes().unwrap() / 5;
    let first = bench.submit(study("first", large)).unwrap();
    assert_eq!(bench.submit(study("second", large)).unwrap_err().problem.code, Code::DiskReserve);
    let chunk = Chunk { job: first.clone(), item: 0, offset: 0 };
    assert!(matches!(
        bench.ask(|origin| SchedulerCommand::Chunk(origin, chunk, vec![1u8; 9].into())),
        Answer::Upload(_)
    ));
    assert!(bench.spool.input(&first).exists());
    assert_eq!(bench.submit(study("first", large)).unwrap(), first, "what was promised stays promised");
    assert_eq!(state(&bench.ask(|origin| SchedulerCommand::Cancel(origin, first.clone()))), JobState::Cancelled);
    assert!(!bench.spool.input(&first).exists(), "given back at once");
    bench.submit(study("second", large)).unwrap();
    assert_eq!(bench.submit(study("first", large)).unwrap_err().problem.code, Code::DiskReserve);
}

#[test]
fn folders_that_the_journal_does_not_know_are_set_aside_and_kept() {
    let root = tempfile::tempdir().unwrap();
    let mut bench = bench(root.path(), 0.0);
    let known = bench.submit(study("a", 9)).unwrap();
    let lost = JobId::new("lost").unwrap();
    for job in [&known, &lost] {
        fs::create_dir_all(bench.spool.results(job)).unwrap();
        fs::write(bench.spool.results(job).join("result.json"), b"{}").unwrap();
    }
    // Also what the plan calls old is looked at once more: none of these has ended.
    let all = vec![known.clone(), lost.clone()];
    let plan = RemovalPlan {
        unknown_folders: all.clone(),
        expired: all.clone(),
        unanswered: all.clone(),
        expired_reader_work: all,
        ..RemovalPlan::default()
    };
    bench.commands.push_internal(SchedulerCommand::Remove(Box::new(plan)));
    bench.submit(study("b", 9)).unwrap();
    assert!(bench.spool.results(&known).join("result.json").exists());
    let set_aside = crate::spool::orphans::list(bench.spool.journal().parent().unwrap()).unwrap();
    assert_eq!(set_aside.len(), 1);
    assert!(set_aside[0].job == lost && set_aside[0].has_results());
}

#[test]
fn input_that_comes_in_for_a_job_that_failed_is_neither_left_over_nor_old() {
    let root = tempfile::tempdir().unwrap();
    let mut bench = bench(root.path(), 0.0);
    let job = bench.submit(study("abcdef", 6)).unwrap();
    assert_eq!(bench.cancel(&job), JobState::Cancelled);
    assert_eq!(bench.submit(study("abcdef", 6)).unwrap(), job);
    assert!(matches!(bench.chunk(&job, 0, b"abc"), Answer::Upload(_)));
    // As a scan finds it that knows when the job was cancelled, and nothing of what came since.
    let all = vec![job.clone()];
    let plan = RemovalPlan {
        expired: all.clone(),
        expired_reader_work: all.clone(),
        unanswered: all,
        ..RemovalPlan::default()
    };
    bench.commands.push_internal(SchedulerCommand::Remove(Box::new(plan)));
    assert!(matches!(bench.chunk(&job, 3, b"def"), Answer::Upload(_)));
    let committed = bench.ask(|origin| SchedulerCommand::Commit(origin, job.clone()));
    assert_eq!(state(&committed), JobState::Queued);
}

#[test]
fn room_for_new_input_of_a_job_that_ended_is_given_back_where_none_is_committed() {
    let root = tempfile::tempdir().unwrap();
    let mut bench = bench(root.path(), 0.5);
    let large = bench.spool.free_bytes().unwrap() / 5;
    let first = bench.submit(study("first", large)).unwrap();
    for _ in 0..2 {
        assert_eq!(bench.cancel(&first), JobState::Cancelled);
        assert_eq!(bench.submit(study("first", large)).unwrap(), first);
    }
    assert_eq!(bench.submit(study("second", large)).unwrap_err().problem.code, Code::DiskReserve);
    assert_eq!(bench.cancel(&first), JobState::Cancelled);
    bench.submit(study("second", large)).unwrap();
}

#[test]
fn room_for_new_input_that_does_not_come_is_given_back_after_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scheduler, _answers, _jobs) = scheduler(folder.path(), folder.path(), 0.0);
    let [left, receiving] = ["left", "receiving"].map(|name| {
        let submit = Submit::new(study(name, 1000));
        let Ok(Answer::Upload(upload)) = scheduler.begin_upload(submit, None, "box") else { panic!("{name}") };
        upload.job
    });
    scheduler.cancel(&left).unwrap();
    scheduler.begin_upload(Submit::new(study("left", 1000)), None, "box").unwrap();
    scheduler.remove_planned(&RemovalPlan::default());
    assert_eq!(scheduler.ledger.total(), 4000);
    [&left, &receiving].iter().for_each(|job| scheduler.uploads.let_idle(job));
    scheduler.remove_planned(&RemovalPlan::default());
    assert_eq!(scheduler.ledger.reserved_for(&left), None);
    assert_eq!(scheduler.ledger.reserved_for(&receiving), Some(2000), "it may go on, or be removed by a scan");
}

#[test]
fn a_folder_that_changed_gives_no_second_end_to_a_job_that_has_ended() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("a"), b"abc").unwrap();
    let mut bench = bench(root.path(), 0.0);
    let job = bench.submit(folder(root.path())).unwrap();
    assert_eq!(bench.cancel(&job), JobState::Cancelled);
    assert_eq!(bench.submit(folder(root.path())).unwrap(), job);
    fs::write(root.path().join("a"), b"abcd").unwrap();
    let answer = bench.ask(|origin| SchedulerCommand::Commit(origin, job.clone()));
    assert_eq!(code(answer), Code::FolderNotAllowed);
    let journal = Journal::reader(&bench.spool.journal()).unwrap();
    assert_eq!(journal.progress(&job).unwrap(), Some((JobState::Cancelled, 1)));
}

#[test]
fn a_folder_that_is_copied_for_a_failed_job_leaves_the_files_that_it_lists() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("a"), b"abc").unwrap();
    let mut bench = bench(root.path(), 0.0);
    let job = bench.submit(folder(root.path())).unwrap();
    assert_eq!(bench.cancel(&job), JobState::Cancelled);
    let report = bench.spool.results(&job).join("report.html");
    fs::create_dir_all(report.parent().unwrap()).unwrap();
    fs::write(&report, b"why it failed").unwrap();
    assert_eq!(bench.submit(folder(root.path())).unwrap(), job);
    let committed = bench.ask(|origin| SchedulerCommand::Commit(origin, job.clone()));
    assert_eq!(state(&committed), JobState::Queued);
    assert!(report.exists() && bench.spool.input(&job).join("000000").exists());
}

/// A scheduler with one job that waits for the worker.
fn with_queued_job(folder: &Path) -> (Scheduler, JobId, ReplyReceiver, Receiver<Assignment>) {
    let (mut scheduler, answers, jobs) = scheduler(folder, folder, 0.0);
    let job = queued_job(&mut scheduler, "a");
    (scheduler, job, answers, jobs)
}

fn queued_job(scheduler: &mut Scheduler, name: &str) -> JobId {
    let submit = Submit::new(study(name, 1));
    let Ok(Answer::Upload(upload)) = scheduler.begin_upload(submit, None, "box") else { panic!("refused") };
    scheduler.journal.accept(&upload.job, 1, None).unwrap();
    scheduler.uploads.end(&upload.job);
    upload.job
}

/// Gives a scheduler so many workers, of which none waits yet; what each is handed.
fn set_workers(scheduler: &mut Scheduler, count: usize) -> Vec<Receiver<Assignment>> {
    let (senders, jobs) = (0..count).map(|_| channel()).unzip();
    scheduler.workers = WorkerSlots::new(senders);
    jobs
}

fn completed() -> Vec<PendingEvent> {
    // More than fits into what a full disk still has.
    vec![PendingEvent { kind: EventKind::state(JobState::Completed), raw: Some(vec![0; 1 << 20]) }]
}

#[test]
fn a_job_whose_end_waits_for_room_ends_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scheduler, job, _answers, _jobs) = with_queued_job(folder.path());
    scheduler.execute(SchedulerCommand::WorkerIdle(0));
    scheduler.assign();
    scheduler.journal.set_full(true);
    scheduler.execute(SchedulerCommand::Progress(job.clone(), completed()));
    scheduler.execute(SchedulerCommand::WorkerIdle(0));
    for _ in 0..3 {
        assert_eq!(scheduler.cancel(&job).unwrap_err().problem.code, Code::DiskReserve);
    }
    assert_eq!(scheduler.unpersisted.len(), 1);
    scheduler.journal.set_full(false);
    scheduler.persist_events();
    assert_eq!(scheduler.journal.progress(&job).unwrap(), Some((JobState::Completed, 3)));
}

#[test]
fn events_that_a_disk_refuses_for_any_reason_wait_and_the_operator_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scheduler, job, _answers, _jobs) = with_queued_job(folder.path());
    scheduler.journal.set_read_only(true);
    scheduler.record_events(&job, completed());
    assert_eq!((scheduler.unpersisted.len(), scheduler.notices.all().len()), (1, 1));
    scheduler.journal.set_read_only(false);
    scheduler.persist_events();
    assert_eq!(scheduler.state(&job).unwrap(), Some(JobState::Completed));
    assert!(scheduler.unpersisted.is_empty() && scheduler.notices.all().is_empty());
}

#[test]
fn events_that_wait_for_room_are_tried_again_however_much_there_is_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scheduler, job, _answers, _jobs) = with_queued_job(folder.path());
    scheduler.journal.set_full(true);
    scheduler.record_events(&job, completed());
    scheduler.journal.set_full(false);
    let (commands, deadline) = (CommandQueue::default(), Instant::now() + 20 * RETRY_INTERVAL);
    while !scheduler.unpersisted.is_empty() {
        assert!(Instant::now() < deadline, "never tried again");
        commands.push_internal(SchedulerCommand::WorkerIdle(0));
        assert!(scheduler.step(&commands));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_job_is_handed_over_only_with_its_attempt_in_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scheduler, job, _answers, jobs) = with_queued_job(folder.path());
    scheduler.execute(SchedulerCommand::WorkerIdle(0));
    scheduler.journal.set_read_only(true);
    scheduler.assign();
    assert!(jobs.try_recv().is_err() && scheduler.workers.none_runs() && scheduler.unpersisted.is_empty());
    scheduler.journal.set_read_only(false);
    scheduler.events_refused = Instant::now().checked_sub(RETRY_INTERVAL);
    scheduler.assign();
    assert_eq!(jobs.try_recv().unwrap().record.job, job);
    assert_eq!(scheduler.record(&job).unwrap().attempts, 1);
}

#[test]
fn each_worker_that_waits_gets_a_job_and_a_cancelled_one_is_told_to_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scheduler, first, _answers, _jobs) = with_queued_job(folder.path());
    let jobs = set_workers(&mut scheduler, 3);
    let second = queued_job(&mut scheduler, "b");
    for worker in [2, 1, 0] {
        scheduler.execute(SchedulerCommand::WorkerIdle(worker));
    }
    scheduler.assign();
    let taken = jobs.iter().map(|jobs| jobs.try_recv().ok()).collect::<Vec<_>>();
    let of = |worker: usize| taken[worker].as_ref().map(|assignment| assignment.record.job.clone());
    // Both came at the same moment: which of them is first is not said.
    let of_second = usize::from(of(1) == Some(second.clone()));
    assert_eq!((of(of_second), of(1 - of_second), of(2)), (Some(second.clone()), Some(first), None));
    scheduler.cancel(&second).unwrap();
    let is_cancelled = |worker: usize| taken[worker].as_ref().unwrap().cancel.load(Ordering::Relaxed);
    assert_eq!([is_cancelled(of_second), is_cancelled(1 - of_second)], [true, false]);
    let third = queued_job(&mut scheduler, "c");
    scheduler.assign();
    assert_eq!(jobs[2].try_recv().unwrap().record.job, third);
}

#[test]
fn a_job_during_which_the_daemon_died_runs_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scheduler, first, _answers, _jobs) = with_queued_job(folder.path());
    let jobs = set_workers(&mut scheduler, 2);
    scheduler.record_events(&first, vec![EventKind::state(JobState::Decoding).into()]);
    scheduler.journal.recover(2).unwrap();
    let second = queued_job(&mut scheduler, "b");
    let become_idle = |scheduler: &mut Scheduler, worker| {
        scheduler.execute(SchedulerCommand::WorkerIdle(worker));
        scheduler.assign();
    };
    become_idle(&mut scheduler, 0);
    become_idle(&mut scheduler, 1);
    let taken = |worker: usize| jobs[worker].try_recv().ok().map(|assignment| assignment.record.job);
    let now = [taken(0), taken(1)];
    // Whichever of the two is first, they do not run at the same time.
    assert!(matches!(now, [Some(_), None]), "{now:?}");
    let (running, other) = if now[0] == Some(first.clone()) { (first, second) } else { (second, first) };
    scheduler.execute(SchedulerCommand::Progress(running, completed()));
    become_idle(&mut scheduler, 0);
    assert!([taken(0), taken(1)].contains(&Some(other)));
}

#[test]
fn a_job_that_no_worker_takes_any_more_has_lost_no_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let (mut scheduler, job, _answers, jobs) = with_queued_job(folder.path());
    scheduler.execute(SchedulerCommand::WorkerIdle(0));
    drop(jobs);
    scheduler.assign();
    let record = scheduler.record(&job).unwrap();
    assert_eq!((record.state, record.attempts), (JobState::Queued, 0));
}
