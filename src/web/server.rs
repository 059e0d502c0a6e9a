//! The HTTP server over a socket that the caller bound: one worker, no signals of its own.

use std::{io, net::TcpListener, time::Duration};

use actix_web::{
    App, HttpServer,
    dev::Server,
    middleware::from_fn,
    web::{self, Data, ServiceConfig},
};

use crate::{
    api::{AskedPlans, BackupDesk, nothing_here, routes},
    auth::Door,
    dress::dress,
    hooks::{Keyring, Porch},
    sse::Listeners,
    state::ApiState,
};

/// Connections at the same time, at most.
const CONNECTIONS_MAX: usize = 512;
/// A client that does not send its request within this time is cut off.
const REQUEST_DEADLINE: Duration = Duration::from_secs(10);
/// What is under way when the server stops may take so long to end.
const SHUTDOWN_S: u64 = 3;

/// Serves the API on a bound socket. The server runs when it is awaited or spawned, and stops through its handle.
pub fn serve(state: ApiState, listener: TcpListener) -> io::Result<Server> {
    let parts = Parts::new(state);
    let server = HttpServer::new(move || App::new().wrap(from_fn(dress)).configure(|config| parts.install(config)))
        .workers(1)
        .max_connections(CONNECTIONS_MAX)
        .client_request_timeout(REQUEST_DEADLINE)
        .disable_signals()
        .shutdown_timeout(SHUTDOWN_S)
        .listen(listener)?;
    Ok(server.run())
}

/// What all workers share.
#[derive(Clone)]
pub(crate) struct Parts {
    state: Data<ApiState>,
    door: Data<Door>,
    listeners: Data<Listeners>,
    asked: Data<AskedPlans>,
    porch: Data<Porch>,
    backups: Data<BackupDesk>,
}

impl Parts {
    pub(crate) fn new(state: ApiState) -> Self {
        Self {
            door: Data::new(Door::new(state.api_key.clone())),
            listeners: Data::new(Listeners::new()),
            asked: Data::new(AskedPlans::default()),
            porch: Data::new(Porch::new(Keyring::new(state.hook_key.clone()))),
            backups: Data::new(BackupDesk::default()),
            state: Data::new(state),
        }
    }

    pub(crate) fn install(&self, config: &mut ServiceConfig) {
        config
            .app_data(self.state.clone())
            .app_data(self.door.clone())
            .app_data(self.listeners.clone())
            .app_data(self.asked.clone())
            .app_data(self.porch.clone())
            .app_data(self.backups.clone())
            .service(web::scope(self.state.settings.server.base_path.as_str()).configure(routes))
            .default_service(web::to(nothing_here));
    }
}
