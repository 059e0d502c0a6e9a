//! What the adapters send, held against what the services say they take.
//!
//! `official/` holds one file per service: an excerpt of its published contract, with the requests that our adapter sends.
//! The emulators are ours, so they could agree with an adapter in an error; these files come from somewhere else. Every
//! request of a whole life of an account (sign-in, reads, writes, reading back, removals) must be in the file of its
//! service, with parameters that are documented there and values of the documented type, and every answer of the emulator
//! must have the members that the contract promises. Parts of a path that a service documents as optional are written out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use crosswatch_emulator::LoggedRequest;
use crosswatch_model::{Action, Fact, Feature, Rating, Uid};
use crosswatch_port::{CellQuery, Write};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    account::Kind,
    catalogue::Contents,
    emby, jellyfin, plex,
    ports::run,
    reading::read_all,
    trakt,
    writing::{absent, adds, queries, removals, send, writable},
};

/// The accounts that live for each file of the folder.
const LIVES: &[(&str, &[&Kind])] = &[
    (
        "emby",
        &[
            &emby::WITH_KEY,
            &emby::WITH_PASSWORD,
            &emby::WITH_COLLECTION,
            &emby::WITH_A_NEW_PLAYLIST,
            &emby::WITH_A_NEW_COLLECTION,
        ],
    ),
    (
        "jellyfin",
        &[
            &jellyfin::WITH_TOKEN,
            &jellyfin::WITH_PASSWORD,
            &jellyfin::WITH_PLAYLIST,
            &jellyfin::WITH_A_NEW_PLAYLIST,
            &jellyfin::WITH_A_NEW_COLLECTION,
        ],
    ),
    ("plex", &[&plex::OWNER, &plex::FRIEND]),
    ("trakt", &[&trakt::TRAKT]),
];

/// One call of a service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Operation {
    #[serde(default)]
    query: BTreeMap<String, Parameter>,
    #[serde(default)]
    answer: Answer,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameter {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    required: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(default)]
    required: Vec<String>,
}

type Contract = BTreeMap<String, Operation>;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("contract/official")
}

fn contract(service: &str) -> Contract {
    let path = folder().join(format!("{service}.json"));
    serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap_or_else(|error| panic!("{service}.json: {error}"))
}

/// The call that a request is, by its name in the contract: the one with the fewest placeholders that fits.
fn operation_of<'a>(contract: &'a Contract, method: &str, path: &str) -> Option<(&'a String, &'a Operation)> {
    let parts: Vec<&str> = path.split('/').collect();
    let holes = |template: &str| template.matches('{').count();
    let fits = |name: &&String| {
        let Some((own_method, template)) = name.split_once(' ') else { return false };
        let wanted: Vec<&str> = template.split('/').collect();
        own_method == method
            && wanted.len() == parts.len()
            && wanted.iter().zip(&parts).all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
    };
    let found = contract.keys().filter(fits).min_by_key(|name| holes(name))?;
    contract.get_key_value(found)
}

/// What is wrong with a request and its answer.
fn complaints(contract: &Contract, request: &LoggedRequest) -> Vec<String> {
    let (path, query) = request.path_and_query.split_once('?').unwrap_or((&request.path_and_query, ""));
    let Some((name, operation)) = operation_of(contract, &request.method, path) else {
        return vec![format!("{} {path} is no documented call", request.method)];
    };
    let pairs: Vec<(&str, &str)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .collect();
    let mut complaints = Vec::new();
    for (parameter, value) in &pairs {
        match operation.query.get(*parameter) {
            None => complaints.push(format!("{name} does not document the parameter {parameter}")),
            Some(documented) if !is_of_type(value, &documented.kind) => {
                complaints.push(format!("{name} wants {parameter} to be {}, not {value:?}", documented.kind));
            }
            Some(_) => {}
        }
    }
    let is_sent = |parameter: &str| pairs.iter().any(|(name, _)| *name == parameter);
    let required = operation.query.iter().filter(|(_, documented)| documented.required);
    let missing = required.filter(|(parameter, _)| !is_sent(parameter));
    complaints.extend(missing.map(|(parameter, _)| format!("{name} requires the parameter {parameter}")));
    complaints.extend(
        lacking(request, &operation.answer)
            .into_iter()
            .map(|member| format!("{name} promises the member {member} in its answer")),
    );
    complaints
}

fn is_of_type(value: &str, kind: &str) -> bool {
    match kind {
        "integer" => value.parse::<i64>().is_ok(),
        "number" => value.parse::<f64>().is_ok(),
        "boolean" => matches!(value, "true" | "false"),
        "string" => true,
        other => panic!("{other:?} is no type of a parameter"),
    }
}

/// The promised members that a successful answer, or an entry of it, does not have.
fn lacking(request: &LoggedRequest, answer: &Answer) -> BTreeSet<String> {
    if answer.required.is_empty() || !request.status.is_some_and(|status| (200..300).contains(&status)) {
        return BTreeSet::new();
    }
    let Some(text) = &request.answer else { return answer.required.iter().cloned().collect() };
    let body: Value = serde_json::from_str(text).unwrap();
    let objects = if let Value::Array(entries) = &body { entries.clone() } else { vec![body] };
    let lacks = |object: &Value| {
        answer.required.iter().filter(|member| object.get(member.as_str()).is_none()).cloned().collect::<Vec<_>>()
    };
    objects.iter().flat_map(lacks).collect()
}

/// Everything that an adapter may be asked to do.
fn live(kind: &Kind) -> Vec<LoggedRequest> {
    let account = (kind.start)(Contents::lived());
    let wire = account.wire().unwrap();
    wire.log.keep_answers();
    let adapter = account.open();
    let probe = run(adapter.probe());
    assert!(probe.is_ok(), "{}: {probe:?}", kind.name);
    let features: Vec<Feature> = adapter.capabilities().features.iter().map(|own| own.feature).collect();
    run(adapter.stamps(features.iter().copied().collect())).unwrap();
    for feature in &features {
        let ended = run(read_all(&*adapter, *feature));
        assert_eq!(ended.fault, None, "{}, {feature}", kind.name);
        run(adapter.count(*feature)).unwrap();
        let of_kind = |kind| ended.rows.iter().find(|row| row.item.kind == kind);
        let known = [crosswatch_model::Kind::Movie, crosswatch_model::Kind::Episode].into_iter().filter_map(of_kind);
        let known: Vec<CellQuery> = known
            .map(|row| CellQuery { item: row.item.clone(), uid: Uid(1), value: Some(row.fact), native: row.native })
            .collect();
        run(adapter.cells(*feature, &known)).unwrap();
    }
    for feature in writable(&*adapter) {
        let writes = adds(feature, &absent(&*account, feature, 3));
        for _ in 0..2 {
            let report = send(&*adapter, feature, &writes);
            assert_eq!(report.fault, None, "{}, {feature}", kind.name);
        }
        send(&*adapter, feature, &adds(feature, &absent(&*account, feature, 1)));
        run(adapter.cells(feature, &queries(&writes))).unwrap();
        if feature == Feature::Ratings {
            let better = Fact::Rated { value: Rating::new(100).unwrap(), rated_at: None };
            let update = |write: &Write| Write { action: Action::Update, value: Some(better), ..write.clone() };
            send(&*adapter, feature, &writes.iter().map(update).collect::<Vec<_>>());
        }
        send(&*adapter, feature, &removals(&*adapter, feature, &writes));
    }
    if let Some(sign_in) = adapter.sign_in() {
        let code = run(sign_in.begin()).unwrap();
        run(sign_in.poll()).unwrap();
        account.approve_code(&code.user_code);
        run(sign_in.poll()).unwrap();
    }
    wire.log.requests()
}

#[test]
fn every_request_and_every_answer_is_documented() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut wrong = BTreeSet::new();
    for (service, kinds) in LIVES {
        let contract = contract(service);
        let mut used = BTreeSet::new();
        for kind in *kinds {
            let requests = live(kind);
            assert!(requests.len() > 20, "{} sent only {} requests", kind.name, requests.len());
            for request in &requests {
                let path = request.path_and_query.split('?').next().unwrap_or_default();
                used.extend(operation_of(&contract, &request.method, path).map(|(name, _)| name.clone()));
                wrong.extend(complaints(&contract, request).into_iter().map(|text| format!("{}: {text}", kind.name)));
            }
        }
        let unused = contract.keys().filter(|name| !used.contains(*name));
        wrong.extend(unused.map(|name| format!("{service}: nothing sends {name}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_file_of_the_folder_has_accounts_that_live() {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let files: BTreeSet<String> = files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    let lives: BTreeSet<String> = LIVES.iter().map(|(service, _)| (*service).to_owned()).collect();
    assert_eq!(files, lives);
}

#[test]
fn what_is_not_documented_is_told() {
    let contract: Contract = serde_json::from_str(
        r#"{"GET /Items": {"query": {"limit": {"type": "integer"}, "userId": {"type": "string", "required": true}},
            "answer": {"required": ["Items"]}}, "GET /Users/{id}": {}, "GET /Users/Me": {"query": {"x": {"type": "boolean"}}}}"#,
    )
    .unwrap();
    for (path, answer, expected) in [
        ("/Items?userId=1&limit=5", r#"{"Items":[]}"#, vec![]),
        ("/Items?userId=1&limit=five", r#"{"Items":[]}"#, vec!["limit to be integer"]),
        (
            "/Items?limit=5&Limit=5",
            r#"{"Items":[]}"#,
            vec!["document the parameter Limit", "requires the parameter userId"],
        ),
        ("/Items?userId=1", "{}", vec!["promises the member Items"]),
        ("/Items?userId=1", "[{},{\"Items\":1}]", vec!["promises the member Items"]),
        ("/items?userId=1", "{}", vec!["is no documented call"]),
        ("/Users/7", "{}", vec![]),
        ("/Users/Me?x=true", "{}", vec![]),
        ("/Users/7/Items", "{}", vec!["is no documented call"]),
    ] {
        let request = LoggedRequest {
            at: crate::catalogue::now(),
            method: "GET".to_owned(),
            path_and_query: path.to_owned(),
            status: Some(200),
            answer: Some(answer.to_owned()),
        };
        let told = complaints(&contract, &request);
        assert_eq!(told.len(), expected.len(), "{path}: {told:?}");
        assert!(told.iter().zip(&expected).all(|(told, expected)| told.contains(expected)), "{path}: {told:?}");
    }
}
