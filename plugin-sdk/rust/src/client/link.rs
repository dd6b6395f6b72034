//! A connection that carries messages as they are: for gateways, which speak another language on their other side.

use std::sync::Mutex;
use std::thread;

use tokio::sync::mpsc;

use super::{ClientError, Endpoint, open};

/// A message: its header, and at times a raw frame.
pub type Frames = Vec<Vec<u8>>;

/// Messages from the daemon that wait to be taken. Beyond, ZeroMQ and then the daemon hold them.
const AHEAD: usize = 32;

/// A connection of its own to the daemon. Nothing is said on it that its owner does not say: `hello` and `ping` are the owner's.
#[derive(Debug)]
pub struct Link {
    sender: Sender,
    incoming: mpsc::Receiver<Frames>,
}

/// The half that sends.
pub struct Sender {
    bell: Mutex<zmq::Socket>,
}

impl Link {
    /// Opens the connection; whether anybody is there shows with the answer to `hello`.
    pub fn open(endpoint: &Endpoint) -> Result<Self, ClientError> {
        let context = zmq::Context::new();
        let (bell, desk) = (context.socket(zmq::PAIR)?, context.socket(zmq::PAIR)?);
        desk.bind("inproc://link")?;
        bell.connect("inproc://link")?;
        bell.set_linger(0)?;
        let daemon = open(&context, endpoint)?;
        let (tell, incoming) = mpsc::channel(AHEAD);
        thread::spawn(move || {
            // An error here is the end of the connection, which the owner sees in that nothing comes any more.
            let _ = carry(&desk, &daemon, &tell);
        });
        Ok(Self { sender: Sender { bell: Mutex::new(bell) }, incoming })
    }

    /// Both halves, to be used side by side.
    pub fn split(self) -> (Sender, mpsc::Receiver<Frames>) {
        (self.sender, self.incoming)
    }
}

impl Sender {
    /// Sends a message; never waits.
    pub fn send(&self, frames: &[Vec<u8>]) -> Result<(), ClientError> {
        // A lock is poisoned only where another sender panicked, and then nothing is half sent.
        let bell = self.bell.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(bell.send_multipart(frames, zmq::DONTWAIT)?)
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        // An empty message ends the thread.
        let _ = self.send(&[Vec::new()]);
    }
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sender")
    }
}

fn carry(desk: &zmq::Socket, daemon: &zmq::Socket, tell: &mpsc::Sender<Frames>) -> Result<(), zmq::Error> {
    loop {
        let mut items = [desk.as_poll_item(zmq::POLLIN), daemon.as_poll_item(zmq::POLLIN)];
        match zmq::poll(&mut items, -1) {
            Ok(_) => {}
            Err(zmq::Error::EINTR) => continue,
            Err(error) => return Err(error),
        }
        let [asked, answered] = [items[0].is_readable(), items[1].is_readable()];
        if asked {
            let frames = desk.recv_multipart(0)?;
            if frames.iter().all(Vec::is_empty) {
                return Ok(());
            }
            daemon.send_multipart(frames, 0)?;
        }
        if answered && tell.blocking_send(daemon.recv_multipart(0)?).is_err() {
            return Ok(());
        }
    }
}
