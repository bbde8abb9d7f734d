//! The rows of a batch, some hundred a statement.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::{
    batch::{PREFIX, Plan, ROWS_PER_STATEMENT, SeededToken},
    words,
};
use crate::{
    entity::{
        auth_token, choice,
        poll::{self, Ballot},
        user::{self, Role},
        vote,
    },
    fleet::Progress,
    service::{Failure, text, token},
    tenancy::{Columns, TenantRouter},
};

/// How long the tokens of seeded users live.
const TOKEN_LIFETIME: TimeDelta = TimeDelta::days(30);

/// A stored user.
pub(super) struct Person {
    id: i64,
    username: String,
}

/// A stored poll: its choices' numbers, in their order.
pub(super) struct Asked {
    id: i64,
    choices: Vec<i64>,
}

/// When a batch begins: a fixed moment, so that a batch is the same whenever it is made.
fn epoch() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default().and_time(NaiveTime::MIN)
}

pub(super) async fn users(
    first: u64,
    count: u32,
    progress: Progress<'_>,
) -> Result<Vec<Person>, Failure> {
    let names: Vec<String> =
        (first..first + u64::from(count)).map(|number| format!("{PREFIX}{number}")).collect();
    let row = |name: &String| user::ActiveModel {
        username: Set(name.clone()),
        username_key: Set(name.clone()),
        email: Set(Some(format!("{name}@example.com"))),
        password_hash: Set(None),
        role: Set(Role::User),
        is_active: Set(true),
        created_at: Set(epoch()),
        ..Default::default()
    };
    insert::<user::ActiveModel>(names.iter().map(row), progress).await?;
    let key = user::Column::UsernameKey;
    let mut ids: HashMap<String, i64> = HashMap::with_capacity(names.len());
    for names in names.chunks(ROWS_PER_STATEMENT) {
        let query = user::Entity::find().filter(key.is_in(names.iter().map(String::as_str)));
        let users = TenantRouter::db_for_read::<user::Entity>()?.all(query).await?;
        ids.extend(users.into_iter().map(|user| (user.username_key, user.id)));
    }
    let person = |username: String| {
        let id = ids.get(&username).copied();
        id.map(|id| Person { id, username }).ok_or_else(|| lost("a user"))
    };
    names.into_iter().map(person).collect()
}

pub(super) async fn polls(
    plan: &Plan,
    people: &[Person],
    progress: Progress<'_>,
) -> Result<Vec<Asked>, Failure> {
    if plan.polls == 0 {
        return Ok(Vec::new());
    }
    let row = |number: u32| {
        let question = words::question(number);
        let published = epoch() + TimeDelta::seconds(i64::from(number) * 60);
        let author = usize::try_from(number).unwrap_or_default() % people.len().max(1);
        poll::ActiveModel {
            question_key: Set(text::fold(&question)),
            question: Set(question),
            ballot: Set(Ballot::Open),
            created_by_id: Set(people.get(author).map_or(0, |person| person.id)),
            pub_date: Set(published),
            updated_at: Set(published),
            closes_at: Set(None),
            ..Default::default()
        }
    };
    insert::<poll::ActiveModel>((0..plan.polls).map(row), progress).await?;
    let ids = poll_ids(plan, people).await?;
    let rows = ids.iter().zip(0..).flat_map(|(id, number)| {
        let tallies = tallies(plan, number);
        (0..plan.choices).zip(tallies).map(move |(place, votes)| choice::ActiveModel {
            poll_id: Set(*id),
            position: Set(i32::try_from(place).unwrap_or(i32::MAX)),
            choice_text: Set(words::choice(number, place)),
            vote_count: Set(votes),
            ..Default::default()
        })
    });
    insert::<choice::ActiveModel>(rows, progress).await?;
    with_choices(ids).await
}

/// The numbers of this batch's polls, in their order: a question is written once a batch, and
/// nobody but this transaction knows the batch's people yet.
async fn poll_ids(plan: &Plan, people: &[Person]) -> Result<Vec<i64>, Failure> {
    let authors = &people[..people.len().min(usize::try_from(plan.polls).unwrap_or(usize::MAX))];
    let mut found: HashMap<String, i64> = HashMap::new();
    for authors in authors.chunks(ROWS_PER_STATEMENT) {
        let authors = authors.iter().map(|person| person.id);
        let query = poll::Entity::find().filter(poll::Column::CreatedById.is_in(authors));
        let polls = TenantRouter::db_for_read::<poll::Entity>()?.all(query).await?;
        found.extend(polls.into_iter().map(|poll| (poll.question, poll.id)));
    }
    let id = |number| found.get(&words::question(number)).copied().ok_or_else(|| lost("a poll"));
    (0..plan.polls).map(id).collect()
}

async fn with_choices(poll_ids: Vec<i64>) -> Result<Vec<Asked>, Failure> {
    let mut choices: HashMap<i64, Vec<(i32, i64)>> = HashMap::with_capacity(poll_ids.len());
    for ids in poll_ids.chunks(ROWS_PER_STATEMENT) {
        for choice in crate::service::choice::of_polls(ids.to_vec(), Columns::ALL).await? {
            choices.entry(choice.poll_id).or_default().push((choice.position, choice.id));
        }
    }
    let asked = |id: i64| {
        let mut choices = choices.remove(&id).ok_or_else(|| lost("a choice"))?;
        choices.sort_unstable();
        Ok(Asked { id, choices: choices.into_iter().map(|(_, id)| id).collect() })
    };
    poll_ids.into_iter().map(asked).collect()
}

pub(super) async fn votes(
    plan: &Plan,
    people: &[Person],
    polls: &[Asked],
    progress: Progress<'_>,
) -> Result<(), Failure> {
    let rows = polls.iter().zip(0..).flat_map(|(poll, number)| {
        people.iter().zip(0..plan.votes).map(move |(person, voter)| {
            let place = usize::try_from(pick(plan, number, voter)).unwrap_or_default();
            vote::ActiveModel {
                poll_id: Set(poll.id),
                choice_id: Set(poll.choices.get(place).copied().unwrap_or_default()),
                voted_by_id: Set(person.id),
                voted_at: Set(
                    epoch() + TimeDelta::seconds(i64::from(number) * 60 + 1 + i64::from(voter))
                ),
                ..Default::default()
            }
        })
    });
    insert::<vote::ActiveModel>(rows, progress).await
}

pub(super) async fn tokens(
    people: &[Person],
    progress: Progress<'_>,
) -> Result<Vec<SeededToken>, Failure> {
    let (tokens, rows): (Vec<SeededToken>, Vec<auth_token::ActiveModel>) = people
        .iter()
        .map(|person| {
            let (token, row) = token::prepare(person.id, TOKEN_LIFETIME);
            (SeededToken { username: person.username.clone(), secret: token.secret }, row)
        })
        .unzip();
    insert(rows.into_iter(), progress).await?;
    Ok(tokens)
}

/// The place of the choice that a voter takes: earlier ones more often, so that results differ.
pub(super) fn pick(plan: &Plan, poll: u32, voter: u32) -> u32 {
    let mixed = u64::from(poll)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(u64::from(voter).wrapping_mul(0xbf58_476d_1ce4_e5b9));
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let (one, other) = (mixed >> 32, mixed & 0xffff_ffff);
    let choices = u64::from(plan.choices.max(1));
    u32::try_from((one % choices).min(other % choices)).unwrap_or_default()
}

/// How many votes each choice of a poll gets.
fn tallies(plan: &Plan, poll: u32) -> Vec<i64> {
    let mut tallies = vec![0; usize::try_from(plan.choices).unwrap_or_default()];
    for voter in 0..plan.votes {
        let place = usize::try_from(pick(plan, poll, voter)).unwrap_or_default();
        if let Some(tally) = tallies.get_mut(place) {
            *tally += 1;
        }
    }
    tallies
}

async fn insert<A: ActiveModelTrait>(
    mut rows: impl Iterator<Item = A>,
    progress: Progress<'_>,
) -> Result<(), Failure> {
    let writer = TenantRouter::db_for_write::<A::Entity>()?;
    loop {
        let batch: Vec<A> = rows.by_ref().take(ROWS_PER_STATEMENT).collect();
        if batch.is_empty() {
            return Ok(());
        }
        let count = u64::try_from(batch.len()).unwrap_or_default();
        writer.insert_many(batch).await?;
        progress(count);
    }
}

fn lost(what: &str) -> Failure {
    Failure::Broken(format!("{what} that was just stored is not there"))
}
