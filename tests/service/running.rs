//! A running service with its folder.

use std::{cell::RefCell, net::TcpListener};

use serde_json::{Value, json};

use super::{
    config::preamble,
    folder::Folder,
    http::{Answer, Http},
    items::told,
    ledger::Ledger,
    process::{Process, eventually, tail},
    run::{Plan, Run},
};

const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// Another process may take a free port before the service does.
const TRIES: usize = 5;
const READY_WITHIN_S: u64 = 30;
const RUN_WITHIN_S: u64 = 120;

/// A service and everything that is its own. It is killed when dropped.
pub struct Service {
    folder: Folder,
    sections: RefCell<String>,
    process: RefCell<Process>,
    http: Http,
    port: u16,
}

impl Service {
    /// Starts the service over these accounts and pairs.
    #[track_caller]
    pub fn start(sections: &str) -> Self {
        let folder = Folder::new();
        for _ in 0..TRIES {
            let port = free_port();
            folder.configure(&format!("{}{sections}", preamble(port, KEY)));
            let http = Http::new(format!("http://127.0.0.1:{port}"), KEY);
            let mut process = Process::serve(&folder);
            match until_ready(&http, &mut process) {
                Ok(()) => {
                    let (sections, process) = (RefCell::new(sections.to_owned()), RefCell::new(process));
                    return Self { folder, sections, process, http, port };
                }
                Err(Some(75)) => {}
                Err(code) => panic!("the service ended with {code:?}:\n{}", tail(&folder.log())),
            }
        }
        panic!("no port was free:\n{}", tail(&folder.log()));
    }

    /// Its folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Its API.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// The hand of a person on an account of the built-in tracker.
    pub fn ledger<'a>(&'a self, id: &'a str) -> Ledger<'a> {
        Ledger { http: &self.http, id }
    }

    /// Runs the pair `p` to its end.
    #[track_caller]
    pub fn run(&self) -> Run {
        self.run_with("p", json!({}))
    }

    /// Runs a pair to its end, with these wishes.
    #[track_caller]
    pub fn run_with(&self, pair: &str, mut wishes: Value) -> Run {
        wishes["queue"] = json!(true);
        let answer = self.http.post(&format!("/api/v1/pairs/{pair}/run?wait=120"), &wishes);
        let run = Run(answer.expect(200));
        assert!(run.is_final(), "{run:?}");
        run
    }

    /// Runs the pair `p` and lets through what is held.
    #[track_caller]
    pub fn run_approving(&self) -> Run {
        self.run_with("p", json!({"approve_held": true}))
    }

    /// Asks for a run of a pair and does not wait.
    #[track_caller]
    pub fn begin(&self, pair: &str) -> Run {
        Run(self.http.post(&format!("/api/v1/pairs/{pair}/run"), &json!({"queue": true})).expect(202))
    }

    /// Waits for the end of a run.
    #[track_caller]
    pub fn follow(&self, run: &Run) -> Run {
        let path = format!("/api/v1/runs/{}", run.id());
        eventually("the run ends", RUN_WITHIN_S, || Some(Run(self.http.get(&path).expect(200))).filter(Run::is_final))
    }

    /// Stops a run and waits for its end.
    #[track_caller]
    pub fn cancel(&self, run: &Run) -> Run {
        Run(self.http.post(&format!("/api/v1/runs/{}/cancel?wait=120", run.id()), &json!({})).expect(200))
    }

    /// The lines of a run.
    #[track_caller]
    pub fn lines(&self, run: &Run) -> Vec<Value> {
        self.http.list(&format!("/api/v1/runs/{}/items", run.id()))
    }

    /// What the lines of a run say, sorted.
    #[track_caller]
    pub fn told(&self, run: &Run) -> Vec<String> {
        told(&self.lines(run))
    }

    /// Plans the pair `p` and answers the lines of the plan.
    #[track_caller]
    pub fn plan(&self) -> Vec<Value> {
        let plan = self.http.post("/api/v1/pairs/p/plan?wait=120", &json!({})).expect(200);
        assert_eq!(plan["state"], "ready", "{plan}");
        self.http.list(&format!("/api/v1/plans/{}/items", plan["id"].as_str().unwrap()))
    }

    /// Plans the pair `p` and answers the plan itself.
    #[track_caller]
    pub fn plan_to_decide(&self) -> Plan {
        Plan(self.http.post("/api/v1/pairs/p/plan?wait=120", &json!({})).expect(200))
    }

    /// Plans how a run is taken back.
    #[track_caller]
    pub fn undo(&self, run: &Run) -> Plan {
        Plan(self.http.post(&format!("/api/v1/runs/{}/undo?wait=120", run.id()), &json!({})).expect(200))
    }

    /// Asks how everything is taken back that the pair `p` wrote in a time.
    #[track_caller]
    pub fn undo_pair(&self, wish: &Value) -> Answer {
        self.http.post("/api/v1/pairs/p/undo?wait=120", wish)
    }

    /// Takes a snapshot of an account.
    #[track_caller]
    pub fn snapshot(&self, account: &str) -> Value {
        self.http.post("/api/v1/snapshots?wait=120", &json!({"provider": account})).expect(200)
    }

    /// The snapshots of an account, newest first.
    #[track_caller]
    pub fn snapshots(&self, account: &str) -> Vec<Value> {
        self.http.list(&format!("/api/v1/snapshots?provider={account}"))
    }

    /// Plans how a snapshot is brought back.
    #[track_caller]
    pub fn restore(&self, snapshot: &Value, wish: &Value) -> Plan {
        let id = snapshot["id"].as_str().unwrap();
        Plan(self.http.post(&format!("/api/v1/snapshots/{id}/restore?wait=120"), wish).expect(200))
    }

    /// Where a plan stands now.
    #[track_caller]
    pub fn state_of(&self, plan: &Plan) -> String {
        self.http.get(&format!("/api/v1/plans/{}", plan.id())).expect(200)["state"].as_str().unwrap().to_owned()
    }

    /// The lines of a plan.
    #[track_caller]
    pub fn lines_of(&self, plan: &Plan) -> Vec<Value> {
        self.http.list(&format!("/api/v1/plans/{}/items", plan.id()))
    }

    /// What the lines of a plan say, sorted.
    #[track_caller]
    pub fn told_by(&self, plan: &Plan) -> Vec<String> {
        told(&self.lines_of(plan))
    }

    /// Tries to apply a plan, and waits for the end.
    #[track_caller]
    pub fn try_apply(&self, plan: &Plan, choice: &Value) -> Answer {
        self.http.post(&format!("/api/v1/plans/{}/apply?wait=120", plan.id()), choice)
    }

    /// Applies a plan to its end.
    #[track_caller]
    pub fn apply(&self, plan: &Plan, choice: &Value) -> Run {
        Run(self.try_apply(plan, choice).expect(200))
    }

    /// Decides on what waits: `approve` or `reject`.
    #[track_caller]
    pub fn decide(&self, held: &Value, word: &str) -> Value {
        let id = held["id"].as_str().unwrap();
        self.http.post(&format!("/api/v1/held/{id}/{word}?wait=120"), &json!({})).expect(200)
    }

    /// What waits for a person.
    #[track_caller]
    pub fn held(&self) -> Vec<Value> {
        self.http.list("/api/v1/held")
    }

    /// A second run with nothing changed plans nothing and ends well.
    #[track_caller]
    pub fn is_at_rest(&self) {
        let again = self.run();
        again.expect("succeeded");
        assert_eq!(again.wanted(), 0, "{again:?}");
    }

    /// Stops the service as a container engine does, and starts it again.
    #[track_caller]
    pub fn restart(&self) {
        self.process.borrow().terminate();
        assert_eq!(self.process.borrow_mut().wait(10), Some(0), "{}", tail(&self.folder.log()));
        self.start_again();
    }

    /// Restarts the service with other accounts and pairs.
    #[track_caller]
    pub fn restart_with(&self, sections: &str) {
        sections.clone_into(&mut self.sections.borrow_mut());
        self.folder.configure(&format!("{}{sections}", preamble(self.port, KEY)));
        self.restart();
    }

    /// Kills the process where it stands.
    pub fn kill(&self) {
        self.process.borrow_mut().kill();
    }

    /// The process.
    pub fn process(&self) -> &RefCell<Process> {
        &self.process
    }

    /// Starts the service after its process ended.
    #[track_caller]
    pub fn start_again(&self) {
        *self.process.borrow_mut() = Process::serve(&self.folder);
        self.wait_until_ready();
    }

    /// Waits until it answers that it is ready.
    #[track_caller]
    pub fn wait_until_ready(&self) {
        if let Err(code) = until_ready(&self.http, &mut self.process.borrow_mut()) {
            panic!("the service ended with {code:?}:\n{}", tail(&self.folder.log()));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the end of the service's log:\n{}", tail(&self.folder.log()));
        }
    }
}

/// Waits until the service says that it is ready; answers the exit code when it ends instead.
fn until_ready(http: &Http, process: &mut Process) -> Result<(), Option<i32>> {
    eventually("the service is ready", READY_WITHIN_S, || {
        if let Some(ended) = process.ended() {
            return Some(Err(ended.code()));
        }
        http.try_get("/readyz").filter(|answer| answer.status == 200).map(|_| Ok(()))
    })
}

/// A port that nobody uses at this moment.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
