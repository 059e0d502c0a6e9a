//! Live scrobbling under load: webhooks as fast as they go, at a steady pace, and beside a large run.

use std::time::Duration;

use crosswatch_emulator::{Library, UserActivity};
use crosswatch_tests::service::{AnyAccount, jellyfin, ledger, one_way};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    house::wall_clock,
    served::{Failure, Served},
};

/// Accounts that call us; each has a token of its own.
const DOORS: usize = 20;
const WEBHOOKS: u32 = 2_000;
const CONNECTIONS: usize = 16;
const A_SECOND: u32 = 200;
/// Watched items of the account that a pair reads meanwhile.
const SIZE: usize = 50_000;
/// Plays that are told beside that run.
const BESIDE: usize = 100;
const GIVE_UP: Duration = Duration::from_secs(120);

/// Measures all three.
pub(crate) async fn measure() -> Result<(), Failure> {
    println!("| live | figure |");
    println!("|---|---|");
    let served = Served::start(&sections("")).await?;
    let (started, mut answered) = (Instant::now(), as_fast_as_they_go(&served).await?);
    let accepted_s = started.elapsed().as_secs_f64();
    wait_for_plays(&served, WEBHOOKS as usize).await?;
    println!("| {WEBHOOKS} webhooks for {DOORS} accounts | {:.0} a second |", f64::from(WEBHOOKS) / accepted_s);
    println!("| answered, 50 % and 99 % | {} |", percentiles(&mut answered));
    println!("| the last of them in the ledger | {:.1} s after the first |", started.elapsed().as_secs_f64());
    served.stop()?;

    let served = Served::start(&sections("")).await?;
    let mut answered = at_a_pace(&served).await?;
    println!(
        "| {WEBHOOKS} webhooks at {A_SECOND} a second, answered, 50 % and 99 % | {} |",
        percentiles(&mut answered)
    );
    served.stop()?;

    let library = Library::sized(7, SIZE);
    let activity = UserActivity::everything(7, &library, wall_clock());
    let account = AnyAccount::start("plex", library, activity);
    let pair = one_way("p", "plex", "other", "[pair.history]\n[pair.ratings]\n[pair.watchlist]\n");
    let served = Served::start(&sections(&format!("{}{}{pair}", account.section(), ledger("other")))).await?;
    let (run, delivered) = tokio::join!(served.run("p"), beside_a_run(&served));
    let (run, mut delivered) = (run?, delivered?);
    println!("| a run of {SIZE} items with {BESIDE} plays beside it | {:.1} s |", run.wall_s);
    println!("| from webhook to ledger meanwhile, 50 % and 99 % | {} |", percentiles(&mut delivered));
    served.stop()?;
    Ok(())
}

async fn as_fast_as_they_go(served: &Served) -> Result<Vec<Duration>, Failure> {
    let calls = stream::iter((0..WEBHOOKS as usize).map(|number| tell(served, number)));
    calls.buffer_unordered(CONNECTIONS).try_collect().await
}

async fn at_a_pace(served: &Served) -> Result<Vec<Duration>, Failure> {
    let started = Instant::now();
    let due = |number: usize| started + Duration::from_secs(1) / A_SECOND * u32::try_from(number).unwrap_or(u32::MAX);
    let calls = stream::iter(0..WEBHOOKS as usize).map(|number| async move {
        tokio::time::sleep_until(due(number)).await;
        tell(served, number).await
    });
    calls.buffer_unordered(WEBHOOKS as usize).try_collect().await
}

/// Tells one play after the other and waits for each to be in the ledger.
async fn beside_a_run(served: &Served) -> Result<Vec<Duration>, Failure> {
    let mut delivered = Vec::with_capacity(BESIDE);
    // The run needs a moment to begin.
    sleep(Duration::from_millis(300)).await;
    for number in 0..BESIDE {
        let started = Instant::now();
        tell(served, number).await?;
        wait_for_plays(served, number + 1).await?;
        delivered.push(started.elapsed());
    }
    Ok(delivered)
}

/// One film watched to its end, told to the door of one account. Answers how long the answer took.
async fn tell(served: &Served, number: usize) -> Result<Duration, Failure> {
    let film = number + 1;
    let body = json!({
        "NotificationType": "PlaybackStop", "ItemType": "Movie", "ItemId": format!("m{film}"), "Year": 2001,
        "Name": format!("Movie {film}"), "Provider_tmdb": film.to_string(), "RunTimeTicks": 60_000_000_000_u64,
        "PlayedToCompletion": true, "PlaybackPositionTicks": 60_000_000_000_u64, "NotificationUsername": "anna",
        "UserId": "u-anna", "DeviceId": format!("tv-{number}"), "Id": format!("session-{number}"),
    });
    let door = format!("/hooks/{0}/{1}", name(number % DOORS), token(number % DOORS));
    let started = Instant::now();
    served.post(&door, &body).await?;
    Ok(started.elapsed())
}

async fn wait_for_plays(served: &Served, count: usize) -> Result<(), Failure> {
    let started = Instant::now();
    while started.elapsed() < GIVE_UP {
        let numbers = served.get("/api/v1/tracker/statistics?provider=a").await?;
        if numbers.get("plays").and_then(Value::as_u64) >= Some(count as u64) {
            return Ok(());
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err(format!("{count} plays did not come to the ledger").into())
}

fn percentiles(durations: &mut [Duration]) -> String {
    durations.sort_unstable();
    let at = |percent: usize| durations.get(durations.len() * percent / 100).copied().unwrap_or_default();
    format!("{:.1} ms, {:.1} ms", at(50).as_secs_f64() * 1000.0, at(99).as_secs_f64() * 1000.0)
}

fn name(door: usize) -> String {
    format!("home-{door}")
}

fn token(door: usize) -> String {
    format!("a-webhook-token-of-the-benchmark-{door:04}")
}

/// Servers that cannot be reached and only call us, all of them for the ledger `a`.
fn sections(more: &str) -> String {
    let one = |door: usize| {
        let (name, token) = (name(door), token(door));
        let account = jellyfin(&name, "http://127.0.0.1:9", "anna", "token", &format!("webhook_token = \"{token}\""));
        format!("{account}[[route]]\nid = \"{name}\"\nsource = \"{name}\"\ntargets = [\"a\"]\nvia = [\"webhook\"]\n\n")
    };
    format!("{}{}{more}", ledger("a"), (0..DOORS).map(one).collect::<String>())
}
