//! `cordline status`, `jobs`, `cancel`, `forget` and `choose`: looking at jobs, and steering them.

use chrono::{DateTime, Local};
use clap::Args;
use cordline_analysis::config::Config;
use cordline_sdk::client::{Client, ClientError};
use cordline_sdk::job::{JobId, JobState, JobSummary};
use cordline_sdk::review::Review;
use cordline_sdk::wire::request::List;

use crate::exit::Exit;
use crate::remote::{self, RemoteArgs, line, print_json};

/// Flags of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// The job; the daemon as a whole when left out
    #[arg(value_name = "JOB", value_parser = remote::parse_job)]
    job: Option<JobId>,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Flags of `jobs`.
#[derive(Debug, Args)]
pub(crate) struct JobsArgs {
    /// Only jobs in this state; may be given several times
    #[arg(long, value_name = "STATE", value_parser = parse_state)]
    state: Vec<JobState>,
    /// Only jobs on this study
    #[arg(long, value_name = "UID")]
    study: Option<String>,
    /// Most jobs to list
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Flags of `cancel`.
#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// The job
    #[arg(value_name = "JOB", value_parser = remote::parse_job)]
    job: JobId,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Flags of `forget`.
#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// A job, or the Study Instance UID of a study: all its jobs
    #[arg(value_name = "JOB|STUDY")]
    subject: String,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Flags of `choose`.
#[derive(Debug, Args)]
pub(crate) struct ChooseArgs {
    /// A job that needs a selection
    #[arg(value_name = "JOB", value_parser = remote::parse_job)]
    job: JobId,
    /// One of its candidates, as `cordline watch` names them: a Series Instance UID, or UID#N
    #[arg(value_name = "UID")]
    series: String,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Runs `status`.
pub(crate) fn status(args: &StatusArgs, config: &Config) -> Exit {
    args.remote.with(config, |client| {
        if let Some(job) = &args.job {
            let summary = client.status(job)?;
            match args.remote.json {
                true => print_json(&summary),
                false => {
                    println!("{}", line(&summary));
                    summary.corrects.iter().for_each(|job| println!("  corrects the mask of {job}"));
                    summary.reviews.iter().for_each(|review| println!("  {}", said(review)));
                }
            }
            return Ok(Exit::Completed);
        }
        let daemon = client.daemon()?;
        if args.remote.json {
            print_json(&daemon);
            return Ok(Exit::Completed);
        }
        let welcome = client.welcome();
        let models = welcome.bundle.as_ref().map_or("no models".to_owned(), |b| format!("{} {}", b.id, b.version));
        println!("{}, {}, {models}", welcome.daemon, if daemon.ready { "ready" } else { "not ready" });
        for (state, count) in &daemon.jobs {
            println!("  {state:<15} {count}");
        }
        println!("  {:.1} GB free", daemon.disk_free_bytes as f64 / 1e9);
        for warning in welcome.bundle.iter().filter_map(|b| b.warning.as_ref()).chain(&daemon.warnings) {
            println!("  Note: {warning}");
        }
        println!("  {}", cordline_sdk::RESEARCH_USE);
        Ok(Exit::Completed)
    })
}

/// A review with its time, local to this host.
fn said(review: &Review) -> String {
    let moment = DateTime::from_timestamp_millis(review.at_ms);
    let moment = moment.map_or(String::new(), |at| at.with_timezone(&Local).format("%Y-%m-%d %H:%M  ").to_string());
    format!("{moment}{}", review.line())
}

/// Runs `jobs`.
pub(crate) fn jobs(args: &JobsArgs, config: &Config) -> Exit {
    args.remote.with(config, |client| {
        let list = List {
            states: args.state.clone(),
            study_uid: args.study.clone(),
            limit: Some(args.limit),
            ..List::default()
        };
        let jobs = client.list_jobs(list)?;
        if args.remote.json {
            print_json(&jobs);
            return Ok(Exit::Completed);
        }
        jobs.jobs.iter().for_each(|job| println!("{}", line(job)));
        if jobs.more {
            println!("... and older ones; --limit shows more");
        }
        Ok(Exit::Completed)
    })
}

/// Runs `cancel`.
pub(crate) fn cancel(args: &CancelArgs, config: &Config) -> Exit {
    args.remote.with(config, |client| {
        let summary = client.cancel(&args.job)?;
        match args.remote.json {
            true => print_json(&summary),
            false if summary.state.has_ended() => println!("{}", line(&summary)),
            false => println!("{}  stops after its running section", summary.job),
        }
        Ok(Exit::Completed)
    })
}

/// Runs `forget`.
pub(crate) fn forget(args: &ForgetArgs, config: &Config) -> Exit {
    args.remote.with(config, |client| {
        // UIDs have dots, the names of jobs have none.
        let forgotten = match remote::parse_job(&args.subject) {
            Ok(job) => vec![client.forget(&job)?],
            Err(_) => forget_study(client, &args.subject)?,
        };
        match args.remote.json {
            true => print_json(&forgotten),
            false if forgotten.is_empty() => println!("The daemon keeps no job of the study {}", args.subject),
            false => forgotten.iter().for_each(|was| println!("{}  is removed, with all that belonged to it", was.job)),
        }
        Ok(Exit::Completed)
    })
}

/// Removes every job of a study, page by page until there is none.
fn forget_study(client: &mut Client, study_uid: &str) -> Result<Vec<JobSummary>, ClientError> {
    let mut forgotten = Vec::new();
    loop {
        let page = client.list_jobs(List { study_uid: Some(study_uid.to_owned()), ..List::default() })?;
        if page.jobs.is_empty() {
            return Ok(forgotten);
        }
        for job in page.jobs {
            forgotten.push(client.forget(&job.job)?);
        }
    }
}

/// Runs `choose`.
pub(crate) fn choose(args: &ChooseArgs, config: &Config) -> Exit {
    args.remote.with(config, |client| {
        let summary = client.select_series(&args.job, &args.series)?;
        match args.remote.json {
            true => print_json(&summary),
            false => println!("{}", line(&summary)),
        }
        Ok(Exit::Completed)
    })
}

fn parse_state(text: &str) -> Result<JobState, String> {
    text.parse().map_err(|_| {
        let known: Vec<&str> = JobState::ALL.iter().map(|s| s.as_str()).collect();
        format!("states are {}", known.join(", "))
    })
}
