//! Gaps: what was watched while nobody listened, told once and with the server's own date.

use crosswatch_model::{Disposition, ParcelState, PlayKind};
use crosswatch_scrobble::Via;
use jiff::Timestamp;

use crate::{
    history::pair,
    stage::{Line, Stage, account},
    store::Death,
    story::at,
    tracker::Mood,
};

/// A house that watches home, where ann plays these, and which has these plays once their time has come.
fn watched(sessions: &[(&'static str, &str, &str)], plays: &[(&str, &str)]) -> Stage {
    let stage = Stage::to(&["trakt"]);
    {
        let mut home = stage.home.lock().unwrap();
        home.sessions = Some(sessions.iter().map(|(name, from, until)| (*name, at(from), at(until))).collect());
        home.plays = plays.iter().map(|(name, when)| ((*name).to_owned(), at(when))).collect();
    }
    stage
}

/// Home cannot be reached between these times.
fn cut(stage: Stage, from: &str, until: &str) -> Stage {
    stage.line(from, Line::Mood("home", Mood::Down)).line(until, Line::Mood("home", Mood::Well))
}

/// What trakt was told of plays, without what plays now.
fn told(stage: &Stage) -> Vec<String> {
    stage.calls("trakt").into_iter().filter(|call| call.starts_with("hist") || call.starts_with("stop")).collect()
}

#[test]
fn a_lost_connection_ends_no_playback() {
    let stage = watched(&[("M", "20:00:00", "21:35:00")], &[("M", "21:30:00")]);
    let stage = cut(stage.line("19:59:00", Line::Wait), "20:20:00", "20:40:00").line("21:50:00", Line::Wait).play();
    let stage = stage.expect("it plays on", &["start M 0.00", "stop M 94.97"], 1);
    assert_eq!(stage.plays()[0].kind, PlayKind::Session);
}

#[test]
fn what_ended_while_nobody_listened_is_added_with_the_servers_date() {
    let stage = watched(&[("M", "20:00:00", "21:40:00")], &[("M", "21:31:00")]);
    let stage = cut(stage.line("19:59:00", Line::Wait), "20:20:00", "22:00:00").line("22:10:00", Line::Wait).play();
    let stage = stage.expect("the film ended", &["start M 0.00", "hist? M", "hist+ M @21:31:00"], 1);
    let play = &stage.plays()[0];
    assert_eq!((play.kind, play.completed_at), (PlayKind::Session, at("21:31:00")), "it completes the session it was");
}

#[test]
fn what_was_never_seen_at_all_is_added_too() {
    let stage = watched(&[("M", "20:30:00", "22:00:00")], &[("M", "21:31:00"), ("E1", "21:50:00"), ("N", "12:00:00")]);
    let stage = cut(stage.line("19:59:00", Line::Wait), "20:20:00", "22:05:00").line("22:20:00", Line::Wait).play();
    let expected = ["hist? M E1", "hist+ M @21:31:00 E1 @21:50:00"];
    let stage = stage.expect("M and E1, and not N of noon", &expected, 2);
    assert!(stage.plays().iter().all(|play| play.kind == PlayKind::BackFill));
}

#[test]
fn a_service_that_was_down_catches_up_when_it_starts() {
    let stage = watched(&[], &[("M", "21:31:00"), ("N", "12:00:00")]);
    let stage = stage.line("20:00:00", Line::Wait).line("20:20:00", Line::Away("23:00:00"));
    let stage = stage.line("23:05:00", Line::Wait).play();
    stage.expect("M once, N never", &["hist? M", "hist+ M @21:31:00"], 1);
}

#[test]
fn what_was_watched_before_anybody_listened_is_not_recalled() {
    let stage = watched(&[], &[("M", "19:31:00"), ("N", "12:00:00")]);
    stage.line("20:00:00", Line::Wait).line("20:30:00", Line::Wait).play().expect("the first start", &[], 0);
}

#[test]
fn a_short_gap_asks_nothing() {
    let stage = watched(&[], &[("M", "20:20:10")]).line("19:59:00", Line::Wait);
    let stage = stage.line("20:20:00", Line::Mood("home", Mood::Broken(1))).line("20:30:00", Line::Wait).play();
    assert_eq!(told(&stage), Vec::<String>::new());
}

#[test]
fn what_was_told_already_is_not_recalled_a_second_time() {
    let stage = watched(&[("M", "19:00:00", "20:35:00")], &[("M", "20:31:00"), ("E1", "21:00:00")]);
    let stage = cut(stage.line("18:59:00", Line::Wait), "20:50:00", "21:10:00").line("21:20:00", Line::Wait).play();
    let stage =
        stage.expect("M live, E1 recalled", &["start M 0.00", "stop M 94.97", "hist? E1", "hist+ E1 @21:00:00"], 2);
    assert!(stage.dispositions().contains(&Disposition::Absorbed), "{:?}", stage.dispositions());
}

#[test]
fn one_date_per_item_is_no_proof_while_there_is_a_resume_point() {
    let stage = watched(&[], &[("M", "20:30:00"), ("E1", "20:40:00")]);
    stage.home.lock().unwrap().resumable = Some(vec!["M"]);
    let stage = cut(stage.line("19:59:00", Line::Wait), "20:20:00", "21:00:00").line("21:20:00", Line::Wait).play();
    stage.expect("M was only begun again", &["hist? E1", "hist+ E1 @20:40:00"], 1);
}

#[test]
fn what_a_pair_wrote_to_the_server_is_not_recalled() {
    let mut stage = watched(&[], &[("E1", "20:58:00")]);
    stage.pairs = vec![crosswatch_actors::PairBlueprint {
        source: account("simkl"),
        target: account("home"),
        ..pair(crosswatch_plan::Removes::Off, true)
    }];
    stage.simkl.lock().unwrap().plays = vec![("N".to_owned(), at("20:05:00"))];
    let stage = stage.line("19:59:00", Line::Wait).line("20:10:00", Line::Run);
    let stage = cut(stage, "20:30:00", "21:00:00").line("21:20:00", Line::Wait).play();
    assert_eq!(stage.calls("home"), ["hist+ N @20:05:00"]);
    stage.expect("E1 alone", &["hist? E1", "hist+ E1 @20:58:00"], 1);
}

#[test]
fn a_history_that_cannot_be_read_is_read_later() {
    let stage = watched(&[("M", "20:00:00", "21:40:00")], &[("M", "21:31:00")]);
    stage.home.lock().unwrap().hides_history_until = Some(at("22:30:00"));
    let stage = cut(stage.line("19:59:00", Line::Wait), "20:20:00", "22:00:00").line("23:30:00", Line::Wait).play();
    assert_eq!(told(&stage), ["hist? M", "hist+ M @21:31:00"]);
    assert_eq!(stage.plays().len(), 1);
}

#[test]
fn a_run_that_has_the_account_is_waited_for() {
    let mut stage = watched(&[], &[("M", "21:31:00")]);
    stage.pairs = vec![pair(crosswatch_plan::Removes::Off, true)];
    let stage = stage.line("19:59:00", Line::Wait);
    let stage = cut(stage, "20:20:00", "22:00:00").line("22:00:00.500", Line::Run).line("22:10:00", Line::Wait).play();
    let plays = stage.trakt.lock().unwrap().plays.clone();
    assert_eq!(plays, [("M".to_owned(), at("21:31:00"))], "{:?}", stage.timed_calls("trakt"));
}

#[test]
fn a_server_that_only_calls_is_asked_after_each_start_and_every_six_hours() {
    let mut stage = watched(&[], &[("M", "21:31:00"), ("E1", "2026-03-02 01:00:00")]);
    stage.routes[0].via = vec![Via::Webhook];
    let stage = stage.line("20:00:00", Line::Wait).line("20:20:00", Line::Away("22:00:00"));
    let stage = stage.line("2026-03-02 05:00:00", Line::Wait).play();
    let expected = ["hist? M", "hist+ M @21:31:00", "hist? E1", "hist+ E1 @01:00:00"];
    stage.expect("both, once", &expected, 2);
}

const EVENING: [(&str, &str); 3] = [("E1", "20:46:00"), ("M", "20:40:00"), ("N", "21:08:00")];

/// An evening with a gap of the connection, and one of the process at its end.
fn evening() -> Stage {
    let stage = watched(&[("E1", "20:00:00", "20:50:00")], &EVENING).line("20:27:00", Line::Wait);
    cut(stage, "20:29:00", "20:58:00").line("21:01:00", Line::Wait)
}

fn later_that_evening(stage: Stage) -> Stage {
    stage.afterwards().line("21:20:00", Line::Wait).line("21:24:00", Line::Wait)
}

#[track_caller]
fn has_all_once(stage: &Stage, death: Death) {
    let mut plays: Vec<(String, Timestamp)> = stage.trakt.lock().unwrap().plays.clone();
    plays.sort();
    let expected: Vec<_> = EVENING.iter().map(|(name, when)| ((*name).to_owned(), at(when))).collect();
    assert_eq!(plays, expected, "{death:?}: {:?}", stage.timed_calls("trakt"));
    assert_eq!(stage.plays().len(), 3, "{death:?}");
    assert!(stage.waiting("trakt").is_empty() && stage.settled(ParcelState::Dead) == 0, "{death:?}");
    stage.dispositions();
}

/// Dies at every write there is in a part of the evening.
#[track_caller]
fn at_every_write(part: impl Fn(Death) -> (Stage, bool)) {
    for number in 1.. {
        let mut has_died = false;
        for death in [Death::Before(number), Death::After(number)] {
            let (stage, died) = part(death);
            has_died |= died;
            has_all_once(&stage, death);
        }
        if !has_died {
            assert!(number > 10, "only {number} writes were tried");
            return;
        }
    }
}

#[test]
fn a_death_at_any_write_after_a_lost_connection_leaves_every_play_once() {
    at_every_write(|death| {
        let (stage, died) = evening().play_until(death);
        (later_that_evening(stage).play(), died)
    });
}

#[test]
fn a_death_at_any_write_after_a_start_leaves_every_play_once() {
    at_every_write(|death| later_that_evening(evening().play()).play_until(death));
}
