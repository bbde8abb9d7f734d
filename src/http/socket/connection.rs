//! The life of a socket: one task that reads, writes and keeps time. Operations run in tasks of
//! their own and hand it their replies.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::extract::ws::{Message, WebSocket, close_code};
use tokio::{
    sync::mpsc,
    task::AbortHandle,
    time::{interval, sleep, timeout},
};

use super::{
    close::Close,
    init::{self, Accepted, Opening},
    message::{self, Said},
};
use crate::{
    graphql::{ApiError, Parameters},
    http::{
        answer,
        connection::Connection as Place,
        live::{self, Outlet, Reply},
        session::{Session, TokenNews},
        state::AppState,
        streams::{StreamLimits, Streams},
    },
    tenancy::spawn_untenanted,
};

/// How many replies of all operations wait for the client to read; then the operations wait.
const BACKLOG: usize = 16;

/// How long the client may take to answer a close.
const CLOSE_TIME: Duration = Duration::from_secs(5);

/// Why a socket ends.
enum End {
    /// The server closes it.
    Close(Close),
    /// The client closed it, or it broke.
    Gone,
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

/// Serves a socket to its end, and logs it.
pub(super) async fn run(
    state: AppState,
    opening: Opening,
    mut socket: WebSocket,
    spoken: bool,
    place: Place,
) {
    let streams = state.streams.clone();
    let _running = streams.running();
    let start = Instant::now();
    let request_id = opening.request_id.clone();
    let (end, accepted, operations) = if spoken {
        let mut connection = Connection::new(state, opening, &mut socket);
        let end = connection.serve().await;
        let operations = connection.serial;
        (end, connection.accepted.take(), operations)
    } else {
        (End::Close(Close::subprotocol()), None, 0)
    };
    let code = match &end {
        End::Close(close) => Some(close.code),
        End::Gone => None,
    };
    if let End::Close(close) = end {
        if close.code == close_code::SIZE {
            // The library reads no further.
            place.linger();
        }
        say_goodbye(&mut socket, &close).await;
    }
    tracing::info!(
        request_id = request_id.as_str(),
        tenant = accepted.as_ref().map(|accepted| accepted.session.ticket.key().as_str()),
        operations,
        close = code,
        duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        "socket ended"
    );
}

/// Closes, and reads on until the client has closed too (RFC 6455, section 7.1.1): else it may
/// never see why.
async fn say_goodbye(socket: &mut WebSocket, close: &Close) {
    let goodbye = async {
        if socket.send(Message::Close(Some(close.frame()))).await.is_ok() {
            while let Some(Ok(_)) = socket.recv().await {}
        }
    };
    // Whoever does not answer is left.
    let _ = timeout(CLOSE_TIME, goodbye).await;
}

/// An operation that runs.
struct Running {
    serial: u64,
    task: AbortHandle,
}

struct Connection<'s> {
    state: AppState,
    opening: Opening,
    socket: &'s mut WebSocket,
    limits: StreamLimits,
    accepted: Option<Accepted>,
    operations: HashMap<String, Running>,
    /// Counts the operations.
    serial: u64,
    /// The ids of operations by their number, for their replies.
    ids: HashMap<u64, String>,
    replies: mpsc::Sender<(u64, Reply)>,
    replied: mpsc::Receiver<(u64, Reply)>,
    /// When the client last gave a sign of life.
    heard: Instant,
    /// Ends when the socket has to, whatever the client does.
    over: Over,
}

type Over = Pin<Box<dyn Future<Output = Close> + Send>>;

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        for running in self.operations.values() {
            running.task.abort();
        }
    }
}

impl<'s> Connection<'s> {
    fn new(state: AppState, opening: Opening, socket: &'s mut WebSocket) -> Self {
        let (replies, replied) = mpsc::channel(BACKLOG);
        let over = over(state.streams.clone(), None);
        Self {
            over,
            limits: *state.streams.limits(),
            state,
            opening,
            socket,
            accepted: None,
            operations: HashMap::new(),
            serial: 0,
            ids: HashMap::new(),
            replies,
            replied,
            heard: Instant::now(),
        }
    }

    async fn serve(&mut self) -> End {
        if let Err(end) = self.until_accepted().await {
            return end;
        }
        let mut pings = interval(self.limits.idle_time / 2);
        loop {
            let done = tokio::select! {
                close = &mut self.over => return close.into(),
                received = self.socket.recv() => self.receive(received).await,
                Some((serial, reply)) = self.replied.recv() => self.reply(serial, reply).await,
                _ = pings.tick() => self.ask_for_life().await,
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// Before `connection_ack` (section "ConnectionInit").
    async fn until_accepted(&mut self) -> Result<(), End> {
        let mut deadline = std::pin::pin!(sleep(self.limits.init_time));
        while self.accepted.is_none() {
            tokio::select! {
                close = &mut self.over => return Err(close.into()),
                () = &mut deadline => return Err(Close::init_timeout().into()),
                received = self.socket.recv() => self.receive(received).await?,
            }
        }
        Ok(())
    }

    async fn receive(&mut self, received: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        match received {
            Some(Ok(Message::Text(text))) => {
                let max = self.limits.message_bytes;
                if text.len() > max {
                    return Err(Close::too_big(max).into());
                }
                let said = message::read(&text)?;
                self.answer(said).await
            }
            Some(Ok(Message::Binary(_))) => {
                Err(Close::bad_message("Messages are texts, not binary").into())
            }
            // Pings are answered by the library.
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            // The library answers the close; reading on lets the answer out.
            Some(Ok(Message::Close(_))) => {
                let rest = async { while let Some(Ok(_)) = self.socket.recv().await {} };
                let _ = timeout(CLOSE_TIME, rest).await;
                Err(End::Gone)
            }
            Some(Err(error)) if is_too_big(&error) => {
                Err(Close::too_big(self.limits.message_bytes).into())
            }
            Some(Err(_)) | None => Err(End::Gone),
        }
    }

    async fn answer(&mut self, said: Said) -> Result<(), End> {
        match said {
            Said::Init(_) if self.accepted.is_some() => Err(Close::too_many_inits().into()),
            Said::Init(payload) => {
                let accepting = Box::pin(init::accept(&self.state, &self.opening, &payload));
                let (accepted, tokens) = tokio::select! {
                    close = &mut self.over => return Err(close.into()),
                    accepted = accepting => accepted?,
                };
                let session = Arc::clone(&accepted.session);
                self.over = over(self.state.streams.clone(), Some((session, tokens)));
                self.accepted = Some(accepted);
                self.send(message::ack()).await
            }
            Said::Ping(payload) => self.send(message::pong(payload.as_ref())).await,
            Said::Pong => Ok(()),
            Said::Subscribe { id, parameters } => self.start(id, *parameters).await,
            Said::Complete { id } => {
                if let Some(running) = self.operations.remove(&id) {
                    // From now on its replies belong to nobody.
                    self.ids.remove(&running.serial);
                    running.task.abort();
                }
                Ok(())
            }
        }
    }

    /// Section "Subscribe".
    async fn start(&mut self, id: String, parameters: Parameters) -> Result<(), End> {
        let Some(accepted) = &self.accepted else { return Err(Close::unauthorized().into()) };
        if self.operations.contains_key(&id) {
            return Err(Close::duplicate(&id).into());
        }
        let session = Arc::clone(&accepted.session);
        let max = self.limits.operations_per_connection;
        if self.operations.len() >= max {
            let message = format!("The socket has its {max} operations running.");
            let error = ApiError::limit("operations_per_connection", max, message);
            let errors = vec![error.into_server_error()];
            let errors = answer::errors_text(&session.request_id, errors);
            return self.send(message::error(&id, &errors)).await;
        }
        let operation = match live::ready(&session, parameters) {
            Ok(operation) => operation,
            Err(errors) => {
                let errors = answer::errors_text(&session.request_id, errors);
                return self.send(message::error(&id, &errors)).await;
            }
        };
        self.serial += 1;
        let outlet = Outlet { serial: self.serial, replies: self.replies.clone(), begun: None };
        let task = spawn_untenanted(live::run(session, operation, outlet)).abort_handle();
        self.ids.insert(self.serial, id.clone());
        self.operations.insert(id, Running { serial: self.serial, task });
        Ok(())
    }

    /// What an operation has to say, unless the client has completed it.
    async fn reply(&mut self, serial: u64, reply: Reply) -> Result<(), End> {
        let Some(id) = self.ids.get(&serial).cloned() else { return Ok(()) };
        if !matches!(reply, Reply::Next(_)) {
            self.ids.remove(&serial);
            self.operations.remove(&id);
        }
        match reply {
            Reply::Next(result) => self.send(message::next(&id, &result)).await,
            Reply::Error(errors) => self.send(message::error(&id, &errors)).await,
            Reply::Complete => self.send(message::complete(&id)).await,
            Reply::Expelled(farewell) => Err(Close::forbidden(&farewell).into()),
        }
    }

    /// Whoever says nothing is asked to (RFC 6455, section 5.5.2), and is gone if that brings
    /// nothing either.
    async fn ask_for_life(&mut self) -> Result<(), End> {
        if self.heard.elapsed() >= self.limits.idle_time {
            return Err(Close::idle().into());
        }
        self.write(Message::Ping(Vec::new().into())).await
    }

    async fn send(&mut self, text: String) -> Result<(), End> {
        self.write(Message::Text(text.into())).await
    }

    /// A client that does not read is not waited for without end.
    async fn write(&mut self, message: Message) -> Result<(), End> {
        let sent = timeout(self.limits.idle_time, self.socket.send(message));
        tokio::select! {
            close = &mut self.over => Err(close.into()),
            sent = sent => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) | Err(_) => Err(End::Gone),
            },
        }
    }
}

/// Ends when the server stops, or when the session does, if there is one yet.
fn over(streams: Streams, session: Option<(Arc<Session>, Option<TokenNews>)>) -> Over {
    let ended = async move {
        match session {
            Some((session, tokens)) => session.ended(tokens).await,
            None => std::future::pending().await,
        }
    };
    Box::pin(async move {
        tokio::select! {
            () = streams.stopping() => Close::going_away(),
            farewell = ended => Close::forbidden(&farewell),
        }
    })
}

/// Whether the library refused a message for its size.
fn is_too_big(error: &axum::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if error.to_string().starts_with("Space limit exceeded") {
            return true;
        }
        source = error.source();
    }
    false
}
