//! Event sockets: lines from a service to whoever listens, and what listeners say.
//!
//! A service puts texts on its lines while it holds its own lock; the door carries them out. Lines can be cut from the
//! outside, as a proxy or a restart does. Deliberately absent: who may hear what, which the service decides line by line.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use actix_web::{HttpRequest, HttpResponse, rt, web};
use actix_ws::{AggregatedMessage, MessageStream, Session};
use futures_util::StreamExt;

/// How often a line is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// One listener.
#[derive(Default)]
pub(crate) struct Line(Mutex<Content>);

#[derive(Default)]
struct Content {
    texts: VecDeque<String>,
    wants_sessions: bool,
    is_cut: bool,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says something on this line.
    pub(crate) fn say(&self, text: String) {
        self.lock().texts.push_back(text);
    }

    /// The listener wants to hear about sessions.
    pub(crate) fn subscribe(&self) {
        self.lock().wants_sessions = true;
    }
}

/// All lines of a service.
#[derive(Default)]
pub(crate) struct Lines {
    lines: Vec<Weak<Line>>,
    opened: usize,
}

impl Lines {
    /// One more listener.
    pub(crate) fn open(&mut self) -> Arc<Line> {
        let line = Arc::new(Line::default());
        self.lines.push(Arc::downgrade(&line));
        self.opened += 1;
        line
    }

    /// How many lines there ever were.
    pub(crate) const fn opened(&self) -> usize {
        self.opened
    }

    /// How many listeners there are.
    pub(crate) fn open_now(&self) -> usize {
        self.lines.iter().filter_map(Weak::upgrade).filter(|line| !line.lock().is_cut).count()
    }

    /// Says something on every line.
    pub(crate) fn say(&mut self, text: &str) {
        self.each(|line| line.say(text.to_owned()));
    }

    /// Says something on every line whose listener wants to hear about sessions.
    pub(crate) fn say_to_subscribers(&mut self, text: &str) {
        self.each(|line| {
            let wants = line.lock().wants_sessions;
            if wants {
                line.say(text.to_owned());
            }
        });
    }

    /// Breaks every connection.
    pub(crate) fn cut(&mut self) {
        self.each(|line| line.lock().is_cut = true);
        self.lines.clear();
    }

    fn each(&mut self, act: impl Fn(&Line)) {
        self.lines.retain(|line| line.strong_count() > 0);
        for line in self.lines.iter().filter_map(Weak::upgrade) {
            act(&line);
        }
    }
}

/// Opens the socket of a request and serves the line until one side ends it.
pub(crate) fn carry(
    http: &HttpRequest,
    payload: web::Payload,
    line: Arc<Line>,
    hear: impl Fn(&Line, &str) + 'static,
) -> Result<HttpResponse, actix_web::Error> {
    let (response, session, messages) = actix_ws::handle(http, payload)?;
    rt::spawn(serve(session, messages, line, hear));
    Ok(response)
}

async fn serve(mut session: Session, messages: MessageStream, line: Arc<Line>, hear: impl Fn(&Line, &str)) {
    let mut messages = messages.max_frame_size(MAX_MESSAGE_BYTES).aggregate_continuations();
    let mut clock = rt::time::interval(LOOK_EVERY);
    loop {
        // What was heard last is waited for no longer than a look at the line.
        match rt::time::timeout(LOOK_EVERY, messages.next()).await {
            Ok(Some(Ok(AggregatedMessage::Text(text)))) => hear(&line, &text),
            Ok(Some(Ok(AggregatedMessage::Ping(bytes)))) => {
                if session.pong(&bytes).await.is_err() {
                    return;
                }
            }
            Ok(Some(Ok(AggregatedMessage::Close(_)) | Err(_)) | None) => return,
            Ok(Some(Ok(_))) => {}
            Err(_) => {
                clock.tick().await;
            }
        }
        let (texts, is_cut) = {
            let mut content = line.lock();
            (std::mem::take(&mut content.texts), content.is_cut)
        };
        for text in texts {
            if session.text(text).await.is_err() {
                return;
            }
        }
        if is_cut {
            return;
        }
    }
}
