//! The bound, and who gives way; who computes, and who waits.

use std::{path::Path, sync::Arc};

use proptest::prelude::*;

use super::{
    encoded::Encoded,
    shard::{Flown, Join, Kept, Of, Shard, Ticket, size},
    store::{ResultCache, Store},
};
use crate::tenancy::{DataVersion, Tenant};

const CAPACITY: usize = 64 * 1024;

fn tenants(count: usize) -> Vec<Arc<Tenant>> {
    let mut yaml = "resolve:\n  - header: X-Tenant\ntenants:\n".to_owned();
    for number in 0..count {
        yaml.push_str(&format!("  t{number}:\n    database: \"sqlite://t{number}.db\"\n"));
    }
    let catalog = crate::config::parse(&yaml, Path::new("t.yaml"), &|_| None).unwrap();
    catalog.tenants.values().cloned().collect()
}

/// A store, and a shard for each of some tenants.
struct Rig {
    cache: ResultCache,
    shards: Vec<Arc<Shard>>,
    states: Vec<Of>,
}

impl Rig {
    fn new(count: usize) -> Self {
        let cache = ResultCache::new(CAPACITY);
        let store = Arc::clone(cache.store().unwrap());
        let of = |settings| Of { version: DataVersion::next(), settings };
        let states = tenants(count).into_iter().map(of).collect();
        Self { shards: (0..count).map(|_| store.shard()).collect(), cache, states }
    }

    fn store(&self) -> &Store {
        self.cache.store().unwrap()
    }

    fn lead(&self, tenant: usize, key: &[u8]) -> Option<Ticket> {
        match self.shards[tenant].join(key, &self.states[tenant], 0) {
            Join::Lead(ticket) => Some(ticket),
            _ => None,
        }
    }

    fn keep(&self, tenant: usize, key: &[u8], bytes: usize) {
        let Some(ticket) = self.lead(tenant, key) else { return };
        let kept = self.answer(tenant, bytes);
        self.store().keep(&ticket, kept.clone());
        ticket.tell(Flown::Kept(kept));
    }

    fn answer(&self, tenant: usize, bytes: usize) -> Kept {
        let body = Some(Encoded::new(vec![b'x'; bytes]));
        Kept { body, version: self.states[tenant].version, from: 0, until: i64::MAX }
    }

    fn has(&self, tenant: usize, key: &[u8]) -> bool {
        let found = self.shards[tenant].find(key, &self.states[tenant].settings);
        found.is_some_and(|kept| kept.holds(self.states[tenant].version, 0))
    }

    fn check(&self) {
        let figures = self.cache.figures();
        assert!(figures.bytes <= CAPACITY, "{figures:?}");
        let held: usize = self.shards.iter().map(|shard| shard.bytes()).sum();
        assert_eq!(held, figures.bytes, "{figures:?}");
        assert_eq!(figures.entries == 0, figures.bytes == 0, "{figures:?}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Keep { tenant: usize, key: u8, bytes: usize },
    Find { tenant: usize, key: u8 },
    Commit { tenant: usize },
    Close { tenant: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let tenant = 0_usize..4;
    prop_oneof![
        20 => (tenant.clone(), any::<u8>(), 0_usize..6000)
            .prop_map(|(tenant, key, bytes)| Step::Keep { tenant, key, bytes }),
        5 => (tenant.clone(), any::<u8>()).prop_map(|(tenant, key)| Step::Find { tenant, key }),
        1 => tenant.clone().prop_map(|tenant| Step::Commit { tenant }),
        1 => tenant.prop_map(|tenant| Step::Close { tenant }),
    ]
}

proptest! {
    #[test]
    fn the_bound_holds_whatever_happens(steps in proptest::collection::vec(step(), 1..400)) {
        let mut rig = Rig::new(4);
        for step in steps {
            match step {
                Step::Keep { tenant, key, bytes } => {
                    let key = [key];
                    rig.keep(tenant, &key, bytes);
                    let fits = size(&key, &rig.answer(tenant, bytes)) <= CAPACITY / 16;
                    if fits {
                        prop_assert!(rig.has(tenant, &key), "not kept though it fits");
                    }
                }
                Step::Find { tenant, key } => {
                    rig.has(tenant, &[key]);
                }
                Step::Commit { tenant } => {
                    rig.states[tenant].version = DataVersion::next();
                    prop_assert!((0..=255).all(|key| !rig.has(tenant, &[key])));
                }
                Step::Close { tenant } => {
                    let shard = rig.store().shard();
                    rig.shards[tenant] = shard;
                }
            }
            rig.check();
        }
    }

    #[test]
    fn who_holds_less_than_a_share_loses_nothing(
        small in 1_usize..12,
        flood in 100_usize..400,
        bytes in 0_usize..3000,
    ) {
        let rig = Rig::new(3);
        for key in 0..small {
            rig.keep(0, &key.to_le_bytes(), 1000);
        }
        for key in 0..flood {
            rig.keep(1 + key % 2, &key.to_le_bytes(), bytes);
            rig.check();
        }
        for key in 0..small {
            prop_assert!(rig.has(0, &key.to_le_bytes()), "{key} was pushed out");
        }
    }
}

#[test]
fn what_is_used_stays_longer() {
    let rig = Rig::new(1);
    for key in 0..200_usize {
        rig.keep(0, &key.to_le_bytes(), 1000);
        assert!(rig.has(0, &0_usize.to_le_bytes()), "pushed out by {key}");
    }
    assert!(!rig.has(0, &1_usize.to_le_bytes()));
    assert!(rig.cache.figures().evictions > 100);
}

#[test]
fn no_answer_takes_all() {
    let rig = Rig::new(1);
    rig.keep(0, b"large", CAPACITY / 2);
    rig.keep(0, b"small", 10);
    assert!(!rig.has(0, b"large") && rig.has(0, b"small"));
}

#[test]
fn the_places_of_the_closed_are_cleared_away() {
    let mut rig = Rig::new(1);
    for _ in 0..10_000 {
        rig.keep(0, b"key", 10);
        rig.shards[0] = rig.store().shard();
        rig.check();
    }
    assert!(rig.store().known_shards() < 100, "{}", rig.store().known_shards());
}

#[test]
fn an_answer_of_another_state_is_not_kept() {
    let mut rig = Rig::new(2);
    let ticket = rig.lead(0, b"key").unwrap();
    let late = rig.answer(0, 10);
    rig.states[0].version = DataVersion::next();
    let current = rig.lead(0, b"key").unwrap();
    rig.store().keep(&ticket, late.clone());
    assert_eq!(rig.cache.figures().entries, 0);
    // Whoever saw the older state is to look again, and finds nothing of it.
    assert!(matches!(rig.shards[0].join(b"key", &ticket.of, 0), Join::Behind));
    ticket.tell(Flown::Kept(late));
    // The one who computes for the new state is still waited for.
    assert!(matches!(rig.shards[0].join(b"key", &rig.states[0], 0), Join::Wait(_)));
    drop(current);

    rig.keep(0, b"key", 10);
    let same_rows = Of { settings: Arc::clone(&rig.states[1].settings), ..rig.states[0].clone() };
    assert!(rig.shards[0].find(b"key", &same_rows.settings).is_none(), "other settings");
    assert!(matches!(rig.shards[0].join(b"key", &same_rows, 0), Join::Lead(_)));
    assert!(!rig.has(0, b"key"));
}

#[test]
fn time_ends_an_answer() {
    let rig = Rig::new(1);
    let ticket = rig.lead(0, b"key").unwrap();
    let kept = Kept { from: 10, until: 20, ..rig.answer(0, 10) };
    rig.store().keep(&ticket, kept.clone());
    ticket.tell(Flown::Kept(kept));
    let join = |now| rig.shards[0].join(b"key", &rig.states[0], now);
    assert!(matches!(join(10), Join::Found(_)));
    assert!(matches!(join(19), Join::Found(_)));
    assert!(matches!(join(9), Join::Lead(_)), "the clock was set back");
    let Join::Lead(ticket) = join(20) else { panic!("it has ended") };
    rig.store().keep(&ticket, rig.answer(0, 20));
    rig.check();
    assert_eq!(rig.cache.figures().entries, 1, "replaced");
}

#[tokio::test]
async fn those_who_wait_hear_how_it_ends() {
    let rig = Rig::new(1);
    let waiting = || match rig.shards[0].join(b"key", &rig.states[0], 0) {
        Join::Wait(flight) => flight,
        _ => panic!("nobody computes"),
    };
    let ended = |flown: &Flown| !matches!(flown, Flown::Pending);

    let ticket = rig.lead(0, b"key").unwrap();
    assert!(!ticket.is_awaited());
    let mut flight = waiting();
    assert!(ticket.is_awaited());
    drop(ticket);
    assert!(flight.wait_for(ended).await.is_err(), "the leader left");

    let ticket = rig.lead(0, b"key").unwrap();
    let mut flight = waiting();
    ticket.tell(Flown::Never);
    assert!(matches!(*flight.wait_for(ended).await.unwrap(), Flown::Never));

    let ticket = rig.lead(0, b"key").unwrap();
    let mut flight = waiting();
    ticket.tell(Flown::Kept(rig.answer(0, 10)));
    assert!(matches!(*flight.wait_for(ended).await.unwrap(), Flown::Kept(_)));
}
