//! Something between a server and its database that can forget its connections.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
};

/// Hands on what comes in, until it forgets: then each connection that was there ends with the next
/// bytes that it is sent, which go nowhere.
pub struct Relay {
    pub port: u16,
    /// How often it has forgotten.
    age: Arc<AtomicU64>,
}

impl Relay {
    pub async fn start(upstream: (String, u16)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let age = Arc::new(AtomicU64::new(0));
        let now = Arc::clone(&age);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let database = TcpStream::connect(upstream.clone()).await.unwrap();
                tokio::spawn(carry(client, database, Arc::clone(&now)));
            }
        });
        Self { port, age }
    }

    pub fn forget(&self) {
        self.age.fetch_add(1, Ordering::SeqCst);
    }
}

async fn carry(client: TcpStream, database: TcpStream, age: Arc<AtomicU64>) {
    let born = age.load(Ordering::SeqCst);
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_database, mut to_database) = database.into_split();
    let answers = tokio::spawn(async move { copy(&mut from_database, &mut to_client).await });
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
        if age.load(Ordering::SeqCst) != born
            || to_database.write_all(&bytes[..length]).await.is_err()
        {
            break;
        }
    }
    answers.abort();
}
