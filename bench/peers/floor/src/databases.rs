//! A read-only connection for each thread and tenant, one that writes for each tenant, all kept.

use std::{
    cell::RefCell,
    collections::HashMap,
    env,
    sync::{Arc, LazyLock, Mutex, RwLock},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use crate::Outcome;

type Writer = Arc<Mutex<Connection>>;

thread_local! {
    static READERS: RefCell<HashMap<String, Connection>> = RefCell::new(HashMap::new());
}
static WRITERS: LazyLock<RwLock<HashMap<String, Writer>>> = LazyLock::new(RwLock::default);

fn open(tenant: &str, access: OpenFlags) -> Outcome<Connection> {
    let path = format!("{}/{tenant}.db", env::var("BENCH_DATA")?);
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

pub fn with_reader<T>(tenant: &str, work: impl FnOnce(&Connection) -> Outcome<T>) -> Outcome<T> {
    READERS.with(|readers| {
        let mut readers = readers.borrow_mut();
        if !readers.contains_key(tenant) {
            let reader = open(tenant, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            readers.insert(tenant.to_owned(), reader);
        }
        work(&readers[tenant])
    })
}

pub fn writer(tenant: &str) -> Outcome<Writer> {
    if let Some(writer) = WRITERS.read().map_err(|_| "poisoned")?.get(tenant) {
        return Ok(writer.clone());
    }
    let mut writers = WRITERS.write().map_err(|_| "poisoned")?;
    if let Some(writer) = writers.get(tenant) {
        return Ok(writer.clone());
    }
    let connection = open(tenant, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let synchronous = env::var("BENCH_SYNC").unwrap_or("NORMAL".into());
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    let writer = Arc::new(Mutex::new(connection));
    writers.insert(tenant.to_owned(), writer.clone());
    Ok(writer)
}
