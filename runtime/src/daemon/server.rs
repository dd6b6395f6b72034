//! The one thread that owns the ZeroMQ sockets: it reads requests, looks up what can be looked up, hands the rest to the
//! clerk, and sends what comes back. It never waits for a disk that others write to.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use cordline_sdk::RESEARCH_USE;
use cordline_sdk::wire::codec;
use cordline_sdk::wire::fault::{Fault, FaultCode};
use cordline_sdk::wire::limits::Limits;
use cordline_sdk::wire::reply::{Answer, EventsBegin, Reply, Role, Welcome};
use cordline_sdk::wire::request::{Events, Nothing, Request, Verb};
use cordline_sdk::wire::{MAJOR, MINOR};

use super::clerk::{Order, no_such_job};
use super::client::{Client, ClientId, Following, Message, Sent};
use super::enquiries::{Enquiries, Reached};
use super::gate::{self, Guests};
use super::mail::{Asker, Incoming, Letter};
use super::metrics::Metrics;
use super::reading::Reading;
use crate::audit::{AuditEvent, Entry};
use crate::keys::Pair;
use crate::private_folder::private_folder;

/// How soon a client whose queue is full is tried again; longer each time that nobody took anything, up to the second.
const HURRIED: [Duration; 2] = [Duration::from_micros(100), Duration::from_millis(16)];
/// How often sockets are looked at otherwise.
const LEISURELY: Duration = Duration::from_millis(500);
/// Messages that are taken in one go, so that answers are not kept waiting.
const IN_ONE_GO: usize = 64;
/// Messages that ZeroMQ itself may hold for a client.
const HIGH_WATER: i32 = 16;
/// How long the last messages may take once the daemon goes down, in ms.
const LINGER_MS: i32 = 1000;

/// A socket through which clients come.
struct Door {
    socket: zmq::Socket,
    /// Who may come; `None` where the rights on the socket file say it.
    guests: Option<Arc<Guests>>,
}

/// Where to listen for clients from other hosts, and who may come.
pub(super) struct Outside {
    /// A `tcp://` endpoint.
    pub endpoint: String,
    /// The daemon's own keys.
    pub pair: Pair,
    /// Who may come.
    pub guests: Arc<Guests>,
}

/// Sockets and connections.
pub(super) struct Server {
    doors: Vec<Door>,
    clients: HashMap<ClientId, Client>,
    enquiries: Enquiries,
    clerk: Sender<Order>,
    incoming: Incoming,
    metrics: Arc<Metrics>,
}

impl Server {
    /// Binds the socket of the box, and the one for other hosts where it is wanted.
    pub(super) fn bind(
        inside: &str,
        outside: Option<Outside>,
        enquiries: Enquiries,
        clerk: Sender<Order>,
        incoming: Incoming,
        metrics: Arc<Metrics>,
    ) -> Result<Self, zmq::Error> {
        let context = zmq::Context::new();
        let socket = router(&context, enquiries.limits())?;
        socket.bind(inside)?;
        let mut doors = vec![Door { socket, guests: None }];
        if let Some(Outside { endpoint, pair, guests }) = outside {
            gate::keep(&context, guests.clone(), clerk.clone())?;
            let socket = router(&context, enquiries.limits())?;
            socket.set_curve_server(true)?;
            socket.set_curve_secretkey(&zmq::z85_decode(&pair.secret).map_err(|_| zmq::Error::EINVAL)?)?;
            socket.set_zap_domain("cordline")?;
            socket.bind(&endpoint)?;
            doors.push(Door { socket, guests: Some(guests) });
        }
        Ok(Self { doors, clients: HashMap::new(), enquiries, clerk, incoming, metrics })
    }

    /// Serves until `stop` is set and the bell rings.
    pub(super) fn work(mut self, stop: &AtomicBool) -> Result<(), zmq::Error> {
        let mut hurried = HURRIED[0];
        while !stop.load(Ordering::Relaxed) {
            let wait = if self.clients.values().any(Client::is_behind) { hurried } else { LEISURELY };
            self.wait(wait)?;
            for letter in self.incoming.take() {
                self.deliver(letter);
            }
            for door in 0..self.doors.len() {
                for _ in 0..IN_ONE_GO {
                    match receive_from(&self.doors[door].socket) {
                        Ok(Received { identity, user, frames }) => {
                            self.receive(ClientId { door, identity }, &user, frames)
                        }
                        Err(zmq::Error::EAGAIN) => break,
                        Err(zmq::Error::EINTR) => {}
                        Err(e) => return Err(e),
                    }
                }
            }
            hurried = if self.send() { HURRIED[0] } else { (2 * hurried).min(HURRIED[1]) };
            self.forget_the_silent();
        }
        Ok(())
    }

    /// Returns once a message or a letter has come, or the time is up.
    fn wait(&self, time: Duration) -> Result<(), zmq::Error> {
        // ZeroMQ counts whole milliseconds, in which a client that reads at once would have read all.
        if time < Duration::from_millis(1) {
            std::thread::sleep(time);
        }
        let bell = zmq::PollItem::from_fd(self.incoming.bell(), zmq::POLLIN);
        let doors = self.doors.iter().map(|door| door.socket.as_poll_item(zmq::POLLIN));
        let mut items: Vec<zmq::PollItem<'_>> = doors.chain([bell]).collect();
        match zmq::poll(&mut items, time.as_millis() as i64) {
            Ok(_) | Err(zmq::Error::EINTR) => Ok(()),
            Err(e) => Err(e),
        }
    }

    fn receive(&mut self, id: ClientId, user: &str, mut frames: Vec<Vec<u8>>) {
        self.metrics.received(frames.iter().map(Vec::len).sum());
        let client = self.clients.entry(id.clone()).or_insert_with(|| Client::new(Instant::now()));
        client.heard = Instant::now();
        if client.is_hopeless() {
            self.clients.remove(&id);
            return;
        }
        let views: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let read = codec::request(&views, self.enquiries.limits()).map(|(request, raw)| (request, raw.is_some()));
        match read {
            Ok((request, has_raw)) => {
                let is_chunk = matches!(request.verb, Verb::Chunk(_));
                let raw = if has_raw { frames.pop() } else { None };
                let who = if user.is_empty() { "box" } else { user }.to_owned();
                let asker = Asker { client: id, who, id: request.id, is_chunk };
                if let Some(answer) = self.handle(&asker, user, request, raw) {
                    self.reply(&asker, answer, None);
                }
            }
            Err(refused) => {
                let asker = Asker { client: id, who: user.to_owned(), id: refused.id, is_chunk: false };
                self.reply(&asker, Answer::Fault(refused.fault), None);
            }
        }
    }

    /// What a client may do now. Whoever reaches the socket file is one of the box's own; a key may be taken out at any time.
    fn role(&self, door: usize, user: &str) -> Option<Role> {
        match &self.doors[door].guests {
            None => Some(Role::Admin),
            Some(guests) => guests.role(user),
        }
    }

    /// The answer, where it can be given at once.
    fn handle(&mut self, asker: &Asker, user: &str, request: Request, raw: Option<Vec<u8>>) -> Option<Answer> {
        let Some(role) = self.role(asker.client.door, user) else {
            return Some(Answer::Fault(Fault::new(
                FaultCode::NotAllowed,
                "the key of this client was taken out of the list, or has expired",
                "ask the operator for a new key",
            )));
        };
        let client = self.clients.get_mut(&asker.client)?;
        if !client.greeted {
            let Verb::Hello(hello) = request.verb else {
                return Some(Answer::Fault(Fault::new(
                    FaultCode::HelloRequired,
                    "`hello` comes first",
                    "send `hello`",
                )));
            };
            client.greeted = true;
            tracing::info!(who = asker.who, client = %plain(&hello.client), "connected");
            self.audit(AuditEvent::Connected, &asker.who, &plain(&hello.client));
            return Some(self.welcome(role));
        }
        if role < least_role(&request.verb) {
            return Some(Answer::Fault(Fault::new(
                FaultCode::NotAllowed,
                "the role of this key does not allow it",
                "ask the operator for a key with another role",
            )));
        }
        let order = match request.verb {
            Verb::Hello(_) => return Some(self.welcome(role)),
            Verb::Ping(_) => return Some(Answer::Pong(Nothing {})),
            Verb::List(list) => return Some(self.enquiries.list(&list)),
            Verb::Status(status) => return Some(self.enquiries.status(status.job.as_ref())),
            Verb::Device(_) => return Some(self.enquiries.device()),
            Verb::Events(events) => return Some(self.follow(asker, &events)),
            Verb::Artifact(_) if client.room() == 0 => {
                return Some(Answer::Fault(Fault::new(
                    FaultCode::Credit,
                    "too many answers wait to be read",
                    "read the answers, then ask for the next piece",
                )));
            }
            Verb::Artifact(artifact) => {
                let (answer, piece) = self.enquiries.artifact(&artifact);
                if piece.is_some() && artifact.offset == 0 {
                    self.audit(AuditEvent::Fetched, &asker.who, &format!("{} {}", artifact.job, artifact.path));
                }
                self.reply(asker, answer, piece);
                return None;
            }
            Verb::Submit(submit) => Order::Submit(asker.clone(), submit),
            Verb::Chunk(chunk) => {
                if client.chunks >= self.enquiries.limits().chunks_in_flight {
                    return Some(Answer::Fault(Fault::new(
                        FaultCode::Credit,
                        format!("{} chunks wait for their answers already", client.chunks),
                        "wait for an answer before the next chunk",
                    )));
                }
                client.chunks += 1;
                Order::Chunk(asker.clone(), chunk, raw.unwrap_or_default())
            }
            Verb::Commit(of) => Order::Commit(asker.clone(), of.job),
            Verb::Cancel(of) => Order::Cancel(asker.clone(), of.job),
            Verb::Choose(choose) => Order::Choose(asker.clone(), choose.job, choose.series),
            Verb::Review(said) => Order::Review(asker.clone(), said),
        };
        match self.clerk.send(order) {
            Ok(()) => None,
            Err(_) => Some(Answer::Fault(Fault::new(
                FaultCode::ShuttingDown,
                "the daemon is shutting down",
                "try again in a minute",
            ))),
        }
    }

    fn audit(&self, event: AuditEvent, who: &str, about: &str) {
        let _ = self.clerk.send(Order::Audit(Entry { event, who: who.into(), about: about.into() }));
    }

    fn welcome(&self, role: Role) -> Answer {
        let (bundle, ready) = self.enquiries.bundle();
        Answer::Welcome(Box::new(Welcome {
            daemon: format!("cordline {}", env!("CARGO_PKG_VERSION")),
            notice: RESEARCH_USE.into(),
            protocol: [MAJOR, MINOR],
            role,
            limits: self.enquiries.limits().clone(),
            bundle,
            ready,
        }))
    }

    fn follow(&mut self, asker: &Asker, events: &Events) -> Answer {
        let Some(Reached { last, state }) = self.enquiries.reached(&events.job) else {
            return Answer::Fault(no_such_job(&events.job));
        };
        if let Some(client) = self.clients.get_mut(&asker.client) {
            let until = (!events.follow).then_some(last);
            client.following.insert(events.job.clone(), Following { sent: events.since, until });
        }
        Answer::Events(EventsBegin { job: events.job.clone(), last, state })
    }

    fn deliver(&mut self, letter: Letter) {
        match letter {
            Letter::Answer(asker, answer) => {
                if let Some(client) = self.clients.get_mut(&asker.client).filter(|_| asker.is_chunk) {
                    client.chunks = client.chunks.saturating_sub(1);
                }
                self.reply(&asker, answer, None);
            }
            // Who follows is served from the journal, below: one road for old and new events.
            Letter::News => {}
        }
    }

    fn reply(&mut self, asker: &Asker, answer: Answer, raw: Option<Vec<u8>>) {
        let header = codec::header(&Reply { id: asker.id, answer: self.enquiries.complete(answer) });
        if let Some(client) = self.clients.get_mut(&asker.client) {
            client.push(Arc::new(Message { header, raw }));
        }
    }

    /// Fills every client's queue with the events that it follows, and sends what the sockets take; true where they took any.
    fn send(&mut self) -> bool {
        let Self { doors, clients, enquiries, metrics, .. } = self;
        let mut reading = Reading::new(enquiries);
        let mut taken = 0;
        clients.retain(|id, client| {
            loop {
                let more = reading.pump(client);
                match client.flush(|parcel| send_to(&doors[id.door].socket, &id.identity, parcel, metrics)) {
                    Ok(count) => taken += count,
                    Err(()) => return false,
                }
                // What was sent made room: perhaps there is more.
                if client.is_behind() || !more {
                    return true;
                }
            }
        });
        taken > 0
    }

    fn forget_the_silent(&mut self) {
        let silence = Duration::from_secs(u64::from(self.enquiries.limits().silence_s));
        self.clients.retain(|_, client| client.heard.elapsed() < silence);
    }
}

/// A ROUTER that refuses what is too large and tells what it cannot send.
fn router(context: &zmq::Context, limits: &Limits) -> Result<zmq::Socket, zmq::Error> {
    let router = context.socket(zmq::ROUTER)?;
    router.set_router_mandatory(true)?;
    router.set_linger(LINGER_MS)?;
    router.set_sndhwm(HIGH_WATER)?;
    router.set_rcvhwm(HIGH_WATER)?;
    router.set_maxmsgsize(limits.header_bytes.max(limits.frame_bytes) as i64)?;
    // A dead peer is noticed by ZeroMQ itself too; ours is the one that counts.
    router.set_heartbeat_ivl(1000 * limits.silence_s as i32 / 3)?;
    router.set_heartbeat_timeout(1000 * limits.silence_s as i32)?;
    Ok(router)
}

/// A message as ZeroMQ hands it over.
struct Received {
    /// ZeroMQ's name of the connection.
    identity: Vec<u8>,
    /// Name in the list of keys; empty where there is none.
    user: String,
    frames: Vec<Vec<u8>>,
}

/// One message, if one waits.
fn receive_from(socket: &zmq::Socket) -> Result<Received, zmq::Error> {
    let identity = socket.recv_bytes(zmq::DONTWAIT)?;
    let (mut user, mut frames) = (String::new(), Vec::new());
    while socket.get_rcvmore()? {
        let mut frame = socket.recv_msg(0)?;
        // What the gate called the client; the identity, which ROUTER puts before, does not carry it.
        if let Some(named) = frame.gets("User-Id") {
            named.clone_into(&mut user);
        }
        frames.push(frame.to_vec());
    }
    Ok(Received { identity, user, frames })
}

fn send_to(router: &zmq::Socket, identity: &[u8], Message { header, raw }: &Message, metrics: &Metrics) -> Sent {
    let frames = [Some(identity), Some(header.as_slice()), raw.as_deref()];
    match router.send_multipart(frames.into_iter().flatten(), zmq::DONTWAIT) {
        Ok(()) => {
            metrics.sent(header.len() + raw.as_ref().map_or(0, Vec::len));
            Sent::Yes
        }
        Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => Sent::Full,
        Err(_) => Sent::Gone,
    }
}

/// The least role that a verb wants.
fn least_role(verb: &Verb) -> Role {
    match verb {
        Verb::Submit(_) | Verb::Chunk(_) | Verb::Commit(_) | Verb::Cancel(_) | Verb::Choose(_) | Verb::Review(_) => {
            Role::Submitter
        }
        _ => Role::Viewer,
    }
}

/// A client's own name for the log: short, and without control characters.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// The endpoint of a socket file, whose folder is made for this user alone.
pub(super) fn ipc_endpoint(socket: &std::path::Path) -> std::io::Result<String> {
    if let Some(folder) = socket.parent() {
        private_folder(folder)?;
    }
    Ok(format!("ipc://{}", socket.display()))
}
