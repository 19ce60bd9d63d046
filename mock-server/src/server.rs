//! Sockets: takes connections, reads requests whole, writes answers.

mod container;
mod reply;
mod upstream;

use crate::admin::Site;
use crate::clock;
use crate::gateway::{Errand, Gateway, Interference, LARGEST_BODY, TooLarge, Trust};
use crate::kernel::{AccountId, Clock, ClockMode, SimTime};
use crate::model::{Defaults, World};
use bytes::{Bytes, BytesMut};
use container::Containers;
pub use container::Reach;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use reply::{ClosedOnPurpose, Reply};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::task::JoinHandle;
pub use upstream::OtherS3;

/// Connections that are served at the same time; more wait to be accepted.
const MOST_CONNECTIONS: usize = 4096;
/// How long a client may take over the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client may take over the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// What a server is started with.
#[derive(Clone, Debug)]
pub struct Config {
    pub host: IpAddr,
    /// 0: any free port.
    pub port: u16,
    pub account: AccountId,
    pub region: String,
    pub seed: u64,
    pub clock: ClockMode,
    /// Virtual time at which accounts start; `None`: the wall time.
    pub clock_start: Option<SimTime>,
    pub defaults: Defaults,
    pub trust: Trust,
    /// Another S3 that knows of buckets that are not here.
    pub upstream: Option<OtherS3>,
    /// Which containers may be called.
    pub reach: Reach,
    /// See [`Gateway::memo`].
    pub memo: bool,
}

/// The account of callers that no access key places elsewhere, if nothing else is said.
pub const DEFAULT_ACCOUNT: u64 = 123_456_789_012;
/// The region of requests that name none, if nothing else is said.
pub const DEFAULT_REGION: &str = "us-east-1";

impl Default for Config {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            account: AccountId::from_number(DEFAULT_ACCOUNT).expect("twelve digits"),
            region: DEFAULT_REGION.into(),
            seed: 0,
            clock: ClockMode::Real,
            clock_start: None,
            defaults: Defaults::default(),
            trust: Trust::default(),
            upstream: None,
            reach: Reach::default(),
            memo: true,
        }
    }
}

impl Config {
    /// Everything behind the socket.
    pub fn site(&self) -> Site {
        let (mode, start) = (self.clock, self.clock_start);
        let world = World::new(self.seed, self.defaults.clone(), move |wall| Clock::new(mode, start, wall));
        let mut gateway = Gateway::new(Arc::new(world), self.account, self.region.clone(), self.memo);
        gateway.trust = self.trust.clone();
        gateway.s3_bytes = self.defaults.choices.s3_bytes.unwrap_or(gateway.s3_bytes);
        Site::new(gateway)
    }
}

/// A running server; it ends when it is dropped or shut down.
pub struct Server {
    address: SocketAddr,
    site: Arc<Site>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts with everything as it is by default, on any free port of the loopback interface.
    pub fn builder() -> Builder {
        Builder(Config::default())
    }

    /// Starts a server.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start(config: Config) -> std::io::Result<Self> {
        let listener = TcpListener::bind((config.host, config.port)).await?;
        let address = listener.local_addr()?;
        let site = Arc::new(config.site());
        let shared = Arc::new(Shared::new(site.clone(), config.upstream, config.reach));
        let (stop, stopped) = watch::channel(false);
        let tasks = vec![
            tokio::spawn(accept(listener, shared, stopped)),
            tokio::spawn(clock::drive(site.gateway.world.clone())),
        ];
        Ok(Self { address, site, stop, tasks })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where SDKs are pointed at.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// Takes no more connections and lets those that are open finish their request.
    pub async fn shutdown(mut self) {
        const PATIENCE: Duration = Duration::from_secs(5);
        let _ = self.stop.send(true);
        if let Some(driver) = self.tasks.pop() {
            driver.abort();
        }
        if let Some(acceptor) = self.tasks.pop() {
            let _ = tokio::time::timeout(PATIENCE, acceptor).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Says how a server is to be started.
pub struct Builder(Config);

impl Builder {
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.0.port = port;
        self
    }

    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.0.seed = seed;
        self
    }

    #[must_use]
    pub fn clock(mut self, mode: ClockMode, start: Option<SimTime>) -> Self {
        (self.0.clock, self.0.clock_start) = (mode, start);
        self
    }

    #[must_use]
    pub fn defaults(mut self, defaults: Defaults) -> Self {
        self.0.defaults = defaults;
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start(self) -> std::io::Result<Server> {
        Server::start(self.0).await
    }
}

/// What connections share.
struct Shared {
    site: Arc<Site>,
    upstream: Option<OtherS3>,
    containers: Containers,
    /// Room for large bodies, in MiB.
    large: Semaphore,
    most_large: u32,
}

impl Shared {
    fn new(site: Arc<Site>, upstream: Option<OtherS3>, reach: Reach) -> Self {
        // Two of the largest there may be, at the same time.
        let most_large = u32::try_from(site.gateway.s3_bytes >> 19).unwrap_or(u32::MAX).clamp(64, 1 << 28);
        Self {
            site,
            upstream,
            containers: Containers::new(reach),
            large: Semaphore::new(most_large as usize),
            most_large,
        }
    }

    /// Waits until there is room for a large body: those that are there at the same time have a bound together.
    async fn room_for(&self, body: &Incoming, largest: usize) -> Option<SemaphorePermit<'_>> {
        let size =
            body.size_hint().upper().map_or(largest, |size| usize::try_from(size).unwrap_or(usize::MAX));
        if size <= LARGEST_BODY || size > largest {
            return None;
        }
        let mebibytes = u32::try_from(size >> 20).unwrap_or(u32::MAX).saturating_add(1);
        self.large.acquire_many(mebibytes.min(self.most_large)).await.ok()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut backoff = Duration::from_millis(1);
    loop {
        let Ok(permit) = room.clone().acquire_owned().await else { return };
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => break,
        };
        match stream {
            Ok((stream, peer)) => {
                backoff = Duration::from_millis(1);
                // Answers are written whole; waiting for more to send only delays them.
                let _ = stream.set_nodelay(true);
                let (shared, stopped) = (shared.clone(), stopped.clone());
                tokio::spawn(async move {
                    serve(stream, peer.ip(), shared, stopped).await;
                    drop(permit);
                });
            }
            Err(error) => {
                // Out of file handles, most likely: wait for connections to end.
                tracing::warn!(%error, "cannot accept a connection");
                clock::pause(backoff).await;
                backoff = (backoff * 2).min(Duration::from_secs(1));
            }
        }
    }
    // Every connection holds a permit until it has ended.
    let _ = room.acquire_many(u32::try_from(MOST_CONNECTIONS).unwrap_or(u32::MAX)).await;
}

async fn serve(
    stream: tokio::net::TcpStream,
    peer: IpAddr,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        let shared = shared.clone();
        request.extensions_mut().insert(peer);
        async move { answer(&shared, request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // The gateway dates its answers by the account's clock; equal requests are to have equal answers.
        .auto_date_header(false)
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(shared: &Shared, request: Request<Incoming>) -> Result<Response<Reply>, ClosedOnPurpose> {
    let (mut head, body) = request.into_parts();
    let largest = shared.site.gateway.largest_body(&head);
    let room = shared.room_for(&body, largest).await;
    let body = match tokio::time::timeout(BODY_TIMEOUT, read_body(body, largest)).await {
        Ok(Ok(Body::Whole(bytes))) => bytes,
        Ok(Ok(Body::TooLarge)) => {
            head.extensions.insert(TooLarge);
            Bytes::new()
        }
        // The client went away or stands still: nobody is there to read a reason.
        Ok(Err(_)) | Err(_) => {
            let mut response =
                Response::new(Reply::whole(Bytes::from_static(b"The request body did not arrive\n")));
            *response.status_mut() = hyper::StatusCode::REQUEST_TIMEOUT;
            let close = hyper::header::HeaderValue::from_static("close");
            response.headers_mut().insert(hyper::header::CONNECTION, close);
            return Ok(response);
        }
    };
    let request = Request::from_parts(head, body);
    if let Some(upstream) = &shared.upstream {
        upstream.consult(&shared.site.gateway, &request).await;
    }
    let mut answer = match shared.site.play(&request).await {
        Some(answer) => answer,
        None => shared.site.answer(&request),
    };
    let interference = answer.extensions_mut().remove::<Interference>();
    match answer.extensions_mut().remove::<Errand>() {
        None => {}
        Some(Errand::Pause(pause)) => clock::pause(pause).await,
        Some(Errand::Ask(question)) => {
            let said = shared.containers.ask(&question).await;
            answer = shared.site.gateway.finish(&question, &said);
        }
    }
    drop(room);
    reply::interfered(answer, interference).await
}

enum Body {
    Whole(Bytes),
    TooLarge,
}

/// Reads a body to its end, keeping no more than the largest that is served.
async fn read_body(mut body: Incoming, largest: usize) -> hyper::Result<Body> {
    // Beyond this a body is not even read to its end, to answer in order.
    let most_drained = largest.saturating_add(3 * LARGEST_BODY);
    if body.size_hint().lower() > most_drained as u64 {
        return Ok(Body::TooLarge);
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        read += data.len();
        if read > most_drained {
            return Ok(Body::TooLarge);
        }
        if read > largest {
            (first, rest) = (Bytes::new(), BytesMut::new());
        } else if first.is_empty() && rest.is_empty() {
            // Most bodies come in one piece, which is then not copied.
            first = data;
        } else {
            if rest.is_empty() {
                // All of it at once, if its length is known.
                let more = usize::try_from(body.size_hint().lower()).unwrap_or(0).min(largest);
                rest.reserve(first.len() + data.len() + more);
                rest.extend_from_slice(&first);
            }
            rest.extend_from_slice(&data);
        }
    }
    if read > largest {
        return Ok(Body::TooLarge);
    }
    Ok(Body::Whole(if rest.is_empty() { first } else { rest.freeze() }))
}
