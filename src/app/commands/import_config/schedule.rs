//! Schedules: one for everything in the old file, or jobs and workflows per pair.

use super::{
    old::Old,
    translate::{Desk, Noted},
};

/// When a pair runs.
pub(super) fn of_pair(old: Old<'_>, pair: &str, desk: &mut Desk) -> String {
    let scheduling = old.get("scheduling");
    let advanced = scheduling.get("advanced");
    if advanced.get("enabled").flag(false) {
        if let Some(schedule) = job(advanced, pair, desk) {
            return schedule;
        }
        if let Some(schedule) = workflow(advanced, pair, desk) {
            return schedule;
        }
    }
    if scheduling.get("enabled").flag(false) { plain(scheduling) } else { "manual".to_owned() }
}

/// `mode` with its numbers, as it stands in the scheduler and in a workflow.
fn plain(block: Old<'_>) -> String {
    let every = |number: u64, unit: &str| format!("every {}{unit}", number.clamp(1, 10_000));
    match block.get("mode").text().as_str() {
        "hourly" => "hourly".to_owned(),
        "daily_time" => {
            let at = block.get("daily_time").text();
            format!("daily {}", if is_time(&at) { at.as_str() } else { "03:30" })
        }
        "custom_interval" | "custom" => every(block.get("custom_interval_minutes").whole().unwrap_or(60).max(15), "m"),
        "disabled" => "manual".to_owned(),
        _ => match block.get("every_n_hours").whole().unwrap_or(12) {
            0 | 1 => "hourly".to_owned(),
            hours => every(hours, "h"),
        },
    }
}

fn is_time(text: &str) -> bool {
    let parts = text.split_once(':').map(|(hours, minutes)| (hours.parse::<u8>(), minutes.parse::<u8>()));
    matches!(parts, Some((Ok(0..=23), Ok(0..=59)))) && text.len() == 5
}

/// The job of a pair: a time of day, on some days.
fn job(advanced: Old<'_>, pair: &str, desk: &mut Desk) -> Option<String> {
    let of_pair = |job: &Old<'_>| job.get("pair_id").text() == pair && job.get("active").flag(true);
    let jobs: Vec<Old<'_>> = advanced.get("jobs").list().filter(of_pair).collect();
    let job = jobs.first()?;
    let what = format!("scheduling.advanced.jobs of {pair}");
    if jobs.len() > 1 {
        desk.note(Noted::Differs, what.clone(), "a pair has one schedule; the first job was taken");
    }
    let at = job.get("at").text();
    if !is_time(&at) {
        let text = "it runs after another job, which does not exist here; the schedule of all pairs was taken";
        desk.note(Noted::Differs, what, text);
        return None;
    }
    let mut days: Vec<u64> =
        job.get("days").list().filter_map(Old::whole).filter(|day| (1..=7).contains(day)).collect();
    days.sort_unstable();
    days.dedup();
    if days.is_empty() || days.len() == 7 {
        return Some(format!("daily {at}"));
    }
    let (hours, minutes) = at.split_once(':')?;
    // Monday is 1 on both sides, Sunday is 7 there and 0 here.
    let days: Vec<String> = days.iter().map(|day| (day % 7).to_string()).collect();
    let number = |text: &str| text.trim_start_matches('0').parse::<u8>().unwrap_or(0);
    Some(format!("{} {} * * {}", number(minutes), number(hours), days.join(",")))
}

fn workflow(advanced: Old<'_>, pair: &str, desk: &mut Desk) -> Option<String> {
    let is_step = |step: Old<'_>| step.get("pair_id").text() == pair && step.get("active").flag(true);
    let has_pair = |workflow: &Old<'_>| workflow.get("active").flag(true) && workflow.get("steps").list().any(is_step);
    let workflow = advanced.get("workflows").list().find(has_pair)?;
    if workflow.get("steps").list().count() > 1 {
        let text = "its pairs run at the same time as before, each on its own, not one after the other";
        desk.note(Noted::Differs, format!("scheduling.advanced.workflows of {pair}"), text);
    }
    Some(plain(workflow))
}
