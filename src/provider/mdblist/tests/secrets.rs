//! The key travels in the address; nothing that people see may show it.

use std::sync::{Arc, Mutex};

use crosswatch_emulator::{FaultKind, FaultRule};
use crosswatch_model::{Action, Feature};
use crosswatch_port::{Fault, ReadScope};
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::{MOVIE, World, play};
use crate::{
    mdblist::{MdblistOptions, open},
    testing::{
        House, Reply, Server, run,
        titles::{read_all, write},
    },
};

const KEY: &str = "hunter2/key+with&signs";

/// Everything that is logged, as text.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<String>>);

impl Subscriber for Logged {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Lines(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Lines<'a>(&'a mut String);

impl Visit for Lines<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.extend([field.name(), "=", &format!("{value:?}"), " "]);
    }
}

fn is_secret(text: &str) -> bool {
    text.contains("hunter2") || text.contains("apikey")
}

#[test]
fn no_error_and_no_log_line_holds_the_key() {
    let logged = Logged::default();
    let guard = tracing::subscriber::set_default(logged.clone());
    run(async {
        let mut world = World::small();
        world.server.state().account_mut("anna").unwrap().set_api_key(KEY);
        let options = MdblistOptions { api_key: Some(KEY.into()), ..world.options() };
        assert!(!is_secret(&format!("{options:?}")), "{options:?}");
        world.house = House::new();
        let account = open(&options, world.house.ports()).unwrap();
        let add = write(Action::Add, &world.item(MOVIE), play("2020-01-02T03:04:05Z"));
        let mut told = 0;
        for kind in [
            FaultKind::status(301),
            FaultKind::status(400),
            FaultKind::status(403),
            FaultKind::status(404),
            FaultKind::status(423),
            FaultKind::status(503),
            FaultKind::retry_after(9),
            FaultKind::DropBefore,
            FaultKind::HtmlOk,
            FaultKind::TruncatedJson,
        ] {
            world.server.faults().add(FaultRule::prefix("/", kind.clone()).always());
            let faults = [
                account.probe().await.err(),
                read_all(&account, Feature::History, ReadScope::Everything).await.err(),
                account.write(Feature::History, std::slice::from_ref(&add)).await.fault,
            ];
            for fault in faults.into_iter().flatten() {
                assert!(!is_secret(&format!("{fault} {fault:?}")), "{kind:?}: {fault:?}");
                told += 1;
            }
            world.server.faults().clear();
        }
        assert_eq!(told, 30, "every call told what went wrong");
        account.probe().await.unwrap();
        let asked = world.server.log().requests();
        assert!(asked.iter().all(|request| request.path_and_query.contains("apikey=***")), "the key was really sent");
    });
    drop(guard);
    let logged = logged.0.lock().unwrap().clone();
    assert!(logged.contains("/user") && !is_secret(&logged), "{logged}");
}

#[test]
fn a_key_is_sent_in_the_address_and_in_no_header() {
    run(async {
        let house = House::new();
        let server = Server::scripted(vec![Reply::status(403, "{}")]).await;
        let options =
            MdblistOptions { url: server.url.clone(), ..MdblistOptions::with_key("films", format!(" {KEY}\n").into()) };
        let fault = open(&options, house.ports()).unwrap().probe().await.unwrap_err();
        assert!(
            matches!(&fault, Fault::Auth(text) if text.contains("copy it again") && text.contains("films")),
            "{fault}"
        );
        let seen = &server.seen()[0];
        assert_eq!(seen.line, "GET /user?apikey=hunter2%2Fkey%2Bwith%26signs");
        assert!(!seen.headers.contains_key("authorization"));
        let without = MdblistOptions { api_key: None, ..options };
        let fault = open(&without, house.ports()).unwrap().probe().await.unwrap_err();
        assert!(matches!(&fault, Fault::Auth(text) if text.contains("mdblist.com/preferences")), "{fault}");
        assert_eq!(server.seen().len(), 1, "without a key nothing is asked");
    });
}
