//! How long statements may run, in steps of SQLite's virtual machine.
//!
//! What is left to a statement is kept with the thread that runs it, and not with its connection:
//! the many connections of many tenants then have nothing to set and nothing to look up.

use std::cell::Cell;

use rusqlite::Connection;

/// How often a running statement is looked at, in steps.
const STEPS_BETWEEN_LOOKS: i32 = 10_000;

thread_local! {
    /// How many looks are left to what this thread runs; nothing where it may run as long as it
    /// takes.
    static LOOKS_LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// From now on the connection's statements are stopped where [`bounded`] says so.
pub(super) fn watch(connection: &Connection) -> rusqlite::Result<()> {
    connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(is_over))
}

fn is_over() -> bool {
    let Some(left) = LOOKS_LEFT.get() else { return false };
    LOOKS_LEFT.set(Some(left.saturating_sub(1)));
    left == 0
}

/// Calls a function; all statements in it together, on watched connections, take no more than about
/// so many steps. The one that would is interrupted.
pub(super) fn bounded<T>(max_steps: u32, work: impl FnOnce() -> T) -> T {
    let looks = max_steps / STEPS_BETWEEN_LOOKS.unsigned_abs();
    let _bound = Bound(LOOKS_LEFT.replace(Some(looks)));
    work()
}

/// Puts back what was left before, also when there is a panic.
struct Bound(Option<u32>);

impl Drop for Bound {
    fn drop(&mut self) {
        LOOKS_LEFT.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count_to(connection: &Connection, last: u32) -> rusqlite::Result<u32> {
        let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) \
                       SELECT MAX(i) FROM n";
        connection.query_row(numbers, [last], |row| row.get(0))
    }

    #[test]
    fn a_statement_ends_with_its_bound_and_the_next_has_its_own() {
        let connection = Connection::open_in_memory().unwrap();
        watch(&connection).unwrap();
        let (few, many) = (10, 200_000);
        for _ in 0..3 {
            assert!(bounded(100_000, || count_to(&connection, many)).is_err());
            assert_eq!(bounded(100_000_000, || count_to(&connection, many)), Ok(many));
            assert_eq!(bounded(0, || count_to(&connection, few)), Ok(few), "it is never looked at");
        }
        assert_eq!(count_to(&connection, many), Ok(many), "there is no bound outside");
        let nested = || bounded(100_000, || count_to(&connection, few)).map(|_| ());
        assert!(
            bounded(100_000, || nested().and_then(|()| count_to(&connection, many).map(|_| ())))
                .is_err()
        );
    }
}
