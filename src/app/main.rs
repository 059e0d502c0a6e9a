//! The crosswatch binary: reads the command line and the configuration, starts the log, and carries out one command.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod answer;
mod api_key;
mod cli;
mod client;
mod clock;
mod commands;
mod config_file;
mod configuration;
mod exit;
mod key_file;
mod knowledge;
mod output;
mod runtime;
mod secret_key;
mod service;
mod session;
mod stop_signal;
mod storage;
mod telemetry;
mod wiring;

use std::process::ExitCode;

use crate::{
    cli::{Arguments, Command, StoreCommand},
    commands::{
        apply, auth, backup, check, demo, export, healthcheck, import, import_config, plan, reset, run, runs, serve,
        snapshot, tracker, undo, why,
    },
    exit::{Exit, Failure},
    telemetry::Audience,
};

/// The version of the program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn main() -> ExitCode {
    let arguments = match cli::parse() {
        Ok(arguments) => arguments,
        Err(exit) => return exit.into(),
    };
    match carry_out(arguments) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::warn(&failure.message);
            failure.exit.into()
        }
    }
}

fn carry_out(arguments: Arguments) -> Result<Exit, Failure> {
    let command = arguments.command.unwrap_or(Command::Serve);
    if let Command::Demo(demo) = command {
        return runtime::block_on(demo::run(demo));
    }
    if let Command::ImportConfig(import) = &command {
        return import_config::run(import);
    }
    let sources = configuration::sources(arguments.config)?;
    let settings = configuration::load(&sources)?;
    let audience = if matches!(command, Command::Serve) { Audience::Service } else { Audience::Person };
    telemetry::start(settings.log, audience);
    runtime::block_on(async {
        match command {
            Command::Serve | Command::Demo(_) | Command::ImportConfig(_) => serve::run(settings, sources).await,
            Command::Check(arguments) => check::run(&settings, arguments).await,
            Command::Auth(arguments) => auth::run(&settings, &arguments).await,
            Command::Run(arguments) => run::run(&settings, &arguments).await,
            Command::Plan(arguments) => plan::run(&settings, &arguments).await,
            Command::Apply(arguments) => apply::run(&settings, &arguments).await,
            Command::Why(arguments) => why::run(&settings, &arguments).await,
            Command::Runs(arguments) => runs::run(&settings, &arguments).await,
            Command::Undo(arguments) => undo::run(&settings, &arguments).await,
            Command::Backup(arguments) => backup::backup(&settings, &arguments).await,
            Command::RestoreBackup(arguments) => backup::restore(&settings, &arguments),
            Command::Store(StoreCommand::Verify(arguments)) => backup::verify(&settings, arguments),
            Command::Reset(arguments) => reset::run(&settings, &arguments).await,
            Command::Snapshot(arguments) => snapshot::run(&settings, &arguments).await,
            Command::Import(arguments) => import::run(&settings, &arguments).await,
            Command::Export(arguments) => export::run(&settings, &arguments).await,
            Command::Tracker(command) => tracker::run(&settings, &command).await,
            Command::Healthcheck => healthcheck::run(&settings).await,
        }
    })
}
