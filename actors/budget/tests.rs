//! The budget on a clock that stands still until somebody waits.

use std::collections::BTreeSet;

use super::*;

fn budget(pace: Pace) -> Rc<AccountBudget> {
    AccountBudget::new(ProviderId::parse("home").unwrap(), pace, Brakes::default(), Audience::default())
}

fn pace(burst: u32, per_s: u64) -> Pace {
    Pace { reads: Some(Rate { burst, per: Duration::from_secs(per_s) }), writes: None, concurrent: 2 }
}

#[tokio::test(start_paused = true)]
async fn a_burst_passes_and_the_rest_is_paced() {
    let budget = budget(pace(3, 10));
    let start = Instant::now();
    for _ in 0..5 {
        budget.take(RequestKind::Read).await.unwrap();
        budget.report(Verdict::Answered);
    }
    assert_eq!((Instant::now() - start).as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_asks_to_wait_is_left_alone() {
    let budget = budget(pace(100, 1));
    budget.take(RequestKind::Read).await.unwrap();
    budget.report(Verdict::Wait(Duration::from_secs(30)));
    let start = Instant::now();
    budget.take(RequestKind::Write).await.unwrap();
    budget.report(Verdict::Wait(Duration::from_secs(3600)));
    assert_eq!((Instant::now() - start).as_secs(), 30);
    assert!(matches!(budget.take(RequestKind::Read).await, Err(Fault::RateLimited { .. })));
}

#[tokio::test(start_paused = true)]
async fn the_breaker_opens_tries_once_and_closes() {
    let budget = budget(pace(100, 1));
    for _ in 0..FAILURES_MAX {
        budget.take(RequestKind::Read).await.unwrap();
        budget.report(Verdict::Failed);
    }
    assert_eq!(budget.observe().breaker, "open");
    assert!(budget.take(RequestKind::Read).await.is_err());
    tokio::time::sleep(OPEN_FIRST).await;
    budget.take(RequestKind::Read).await.unwrap();
    assert_eq!(budget.observe().breaker, "probation");
    budget.report(Verdict::Failed);
    assert_eq!(budget.observe().waits, Some(OPEN_FIRST * 2));
    tokio::time::sleep(OPEN_FIRST * 2).await;
    budget.take(RequestKind::Read).await.unwrap();
    budget.report(Verdict::Answered);
    assert_eq!(budget.observe().breaker, "closed");
}

#[tokio::test(start_paused = true)]
async fn what_is_mended_is_asked_at_once_and_an_enforced_wait_stays() {
    let budget = budget(pace(100, 1));
    for _ in 0..FAILURES_MAX {
        budget.take(RequestKind::Read).await.unwrap();
        budget.report(Verdict::Failed);
    }
    assert!(budget.take(RequestKind::Read).await.is_err());
    budget.forgive();
    budget.take(RequestKind::Read).await.unwrap();
    budget.report(Verdict::Wait(Duration::from_secs(3600)));
    budget.forgive();
    assert!(matches!(budget.take(RequestKind::Read).await, Err(Fault::RateLimited { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_freeze_stops_writes_and_nothing_else_even_those_that_wait_already() {
    let brakes = Brakes::default();
    let slow = Pace { reads: None, writes: Some(Rate { burst: 1, per: Duration::from_secs(10) }), concurrent: 2 };
    let budget = AccountBudget::new(ProviderId::parse("home").unwrap(), slow, brakes.clone(), Audience::default());
    budget.take(RequestKind::Write).await.unwrap();
    budget.report(Verdict::Answered);
    let (waited, ()) = tokio::join!(budget.take(RequestKind::Write), async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        brakes.freeze(jiff::Timestamp::UNIX_EPOCH);
    });
    assert!(matches!(waited, Err(Fault::Transient(_))), "{waited:?}");
    for kind in [RequestKind::Read, RequestKind::SignIn] {
        budget.take(kind).await.unwrap();
        budget.report(Verdict::Answered);
    }
    assert_eq!(budget.observe().breaker, "closed");
    brakes.unfreeze();
    budget.take(RequestKind::Write).await.unwrap();
}

/// Takes a place with this urgency and tells its name; whoever comes after it waits until it is given back.
async fn place(budget: &AccountBudget, urgency: Urgency, kind: RequestKind, name: u32, order: &RefCell<Vec<u32>>) {
    urgency.scope(budget.take(kind)).await.unwrap();
    order.borrow_mut().push(name);
    tokio::time::sleep(Duration::from_secs(1)).await;
    budget.report(Verdict::Answered);
}

#[tokio::test(start_paused = true)]
async fn what_is_more_urgent_goes_first_and_then_who_came_first() {
    let slow = Rate { burst: 1, per: Duration::from_secs(10) };
    for kind in [RequestKind::Read, RequestKind::Write] {
        let budget = budget(Pace { reads: Some(slow), writes: Some(slow), concurrent: 2 });
        let order = RefCell::default();
        let ask = |urgency, name| place(&budget, urgency, kind, name, &order);
        tokio::join!(
            ask(Urgency::Schedule, 1),
            ask(Urgency::Schedule, 2),
            ask(Urgency::Schedule, 3),
            ask(Urgency::Person, 4),
            ask(Urgency::Person, 5),
            ask(Urgency::Live, 6),
            ask(Urgency::Live, 7),
        );
        assert_eq!(*order.borrow(), [1, 6, 7, 4, 5, 2, 3], "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_live_request_finds_a_place_while_long_runs_hold_all_of_theirs() {
    let budget = budget(Pace { reads: None, writes: None, concurrent: 2 });
    for urgency in [Urgency::Schedule, Urgency::Person] {
        urgency.scope(budget.take(RequestKind::Read)).await.unwrap();
    }
    let start = Instant::now();
    Urgency::Live.scope(budget.take(RequestKind::Write)).await.unwrap();
    assert_eq!(Instant::now(), start);
    let third = tokio::time::timeout(Duration::from_secs(60), Urgency::Person.scope(budget.take(RequestKind::Read)));
    assert!(third.await.is_err(), "only live requests have that place");
    budget.report(Verdict::Answered);
    budget.report(Verdict::Answered);
    budget.take(RequestKind::Read).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn schedules_leave_a_fifth_of_a_burst_to_what_is_live() {
    let budget = budget(pace(10, 60));
    let start = Instant::now();
    let at_once = async |urgency: Urgency| {
        let mut count = 0;
        while let Ok(taken) =
            tokio::time::timeout(Duration::from_millis(1), urgency.scope(budget.take(RequestKind::Read))).await
        {
            taken.unwrap();
            budget.report(Verdict::Answered);
            count += 1;
        }
        count
    };
    assert_eq!(at_once(Urgency::Schedule).await, 8);
    assert_eq!(at_once(Urgency::Person).await, 0);
    assert_eq!(at_once(Urgency::Live).await, 2);
    assert!((Instant::now() - start) < Duration::from_secs(1));
    assert_eq!(budget.observe().reads_left, Some(0));
}

#[tokio::test(start_paused = true)]
async fn live_requests_heed_what_the_account_asks_for_too() {
    let budget = budget(pace(100, 1));
    budget.take(RequestKind::Read).await.unwrap();
    budget.report(Verdict::Wait(Duration::from_secs(30)));
    let start = Instant::now();
    Urgency::Live.scope(budget.take(RequestKind::Write)).await.unwrap();
    assert_eq!((Instant::now() - start).as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_waiting_holds_nobody_up() {
    let budget = budget(pace(1, 10));
    budget.take(RequestKind::Read).await.unwrap();
    budget.report(Verdict::Answered);
    let impatient = Urgency::Live.scope(budget.take(RequestKind::Read));
    let (gone, patient) = tokio::join!(tokio::time::timeout(Duration::from_secs(1), impatient), async {
        let start = Instant::now();
        budget.take(RequestKind::Read).await.unwrap();
        (Instant::now() - start).as_secs()
    });
    assert_eq!((gone.is_err(), patient), (true, 10));
}

#[tokio::test(start_paused = true)]
async fn a_server_where_somebody_watches_is_asked_for_one_thing_at_a_time() {
    let (home, audience) = (ProviderId::parse("home").unwrap(), Audience::default());
    let unpaced = Pace { reads: None, writes: None, concurrent: 2 };
    let budget = AccountBudget::new(home.clone(), unpaced, Brakes::default(), audience.clone());
    audience.tell(BTreeSet::from([home]));
    assert_eq!(budget.observe().concurrent, 1);
    let order = RefCell::default();
    let ask = |urgency, name| place(&budget, urgency, RequestKind::Read, name, &order);
    let start = Instant::now();
    tokio::join!(ask(Urgency::Schedule, 1), ask(Urgency::Schedule, 2), ask(Urgency::Live, 3));
    assert_eq!((Instant::now() - start).as_secs(), 2);
    assert_eq!(*order.borrow(), [1, 3, 2]);
    audience.tell(BTreeSet::from([ProviderId::parse("elsewhere").unwrap()]));
    assert_eq!(budget.observe().concurrent, 2);
    let start = Instant::now();
    tokio::join!(ask(Urgency::Schedule, 4), ask(Urgency::Schedule, 5));
    assert_eq!((Instant::now() - start).as_secs(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_last_tenth_of_a_day_is_not_for_schedules() {
    let budget = budget(Pace { reads: None, writes: None, concurrent: 2 });
    assert_eq!(budget.observe().day, None);
    budget.learn(DailyQuota { limit: 100, used: Some(89), resets_in: Duration::from_secs(7200) });
    let ask = async |urgency: Urgency, kind| {
        urgency.scope(budget.take(kind)).await?;
        budget.report(Verdict::Answered);
        Ok::<_, Fault>(())
    };
    ask(Urgency::Schedule, RequestKind::Read).await.unwrap();
    let refused = ask(Urgency::Schedule, RequestKind::Write).await;
    assert!(matches!(refused, Err(Fault::RateLimited { after, .. }) if after.as_secs() == 7200), "{refused:?}");
    for urgency in [Urgency::Live, Urgency::Person] {
        ask(urgency, RequestKind::Write).await.unwrap();
    }
    ask(Urgency::Schedule, RequestKind::SignIn).await.unwrap();
    assert_eq!(budget.observe().day.map(|day| (day.left, day.kept)), Some((7, 10)));
    tokio::time::sleep(Duration::from_secs(7200)).await;
    assert_eq!(budget.observe().day, None, "a new day");
    ask(Urgency::Schedule, RequestKind::Read).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_day_that_is_used_too_fast_is_foretold() {
    let hours = |hours: u64| Duration::from_secs(hours * 3600);
    for (used, resets_in, runs_out_in) in [
        // Six hours of the day took half of it.
        (500, hours(18), Some(hours(6))),
        (250, hours(18), None),
        (0, hours(18), None),
        (1_000, hours(1), Some(Duration::ZERO)),
        // A busy first minute is looked at as an hour.
        (50, Duration::from_secs(24 * 3600 - 60), Some(hours(19))),
    ] {
        let budget = budget(Pace { reads: None, writes: None, concurrent: 2 });
        budget.learn(DailyQuota { limit: 1_000, used: Some(used), resets_in });
        let day = budget.observe().day.unwrap();
        assert_eq!((day.runs_out_in, day.resets_in), (runs_out_in, resets_in), "{used}");
        assert!(!day.counts_only_ours);
    }
}

#[tokio::test(start_paused = true)]
async fn where_the_service_tells_only_the_limit_ours_are_counted() {
    let budget = budget(Pace { reads: None, writes: None, concurrent: 2 });
    let told = |resets_in_s| DailyQuota { limit: 500, used: None, resets_in: Duration::from_secs(resets_in_s) };
    budget.learn(told(36_000));
    for _ in 0..100 {
        budget.take(RequestKind::Read).await.unwrap();
        budget.report(Verdict::Answered);
    }
    tokio::time::sleep(Duration::from_secs(7_200)).await;
    budget.learn(told(28_800));
    let day = budget.observe().day.unwrap();
    assert_eq!((day.limit, day.left, day.counts_only_ours), (500, 400, true));
    assert_eq!(day.runs_out_in, Some(Duration::from_secs(4 * 7_200)).filter(|until| until.as_secs() < 28_800));
    tokio::time::sleep(Duration::from_secs(28_800)).await;
    budget.learn(told(86_400));
    assert_eq!(budget.observe().day.map(|day| day.left), Some(500));
}
