//! Polls: finding, making, changing, closing and deleting them.

mod list;

use chrono::NaiveDateTime;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select, SelectTwoMany,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{
    choice, clock,
    error::{Code, Failure, Violation, Violations},
    text,
};
use crate::{
    entity::{
        choice as choice_entity,
        poll::{self, Ballot},
        user::{self, Role},
        vote,
    },
    tenancy::{Columns, KeyTemplate, Template, TenantRouter},
};

pub use list::{
    Filter, Openness, OrderField, choices_beside, listing, made_by, page_with_creators,
    pages_made_by,
};

/// What a new poll is made of.
#[derive(Debug, Clone)]
pub struct NewPoll {
    /// 1 to 100 characters.
    pub question: String,
    /// Two to fifty texts of 1 to 100 characters, no two alike.
    pub choices: Vec<String>,
    /// A moment to come, or never.
    pub closes_at: Option<NaiveDateTime>,
    /// Whether votes can be read.
    pub ballot: Ballot,
}

/// What changes of a poll; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// A new question.
    pub question: Option<String>,
    /// A new end of voting, or never.
    pub closes_at: Option<Option<NaiveDateTime>>,
}

/// Whether votes are taken now.
#[must_use]
pub fn is_open(poll: &poll::Model) -> bool {
    !poll.closes_at.is_some_and(clock::has_come)
}

/// Whether somebody may change and delete a poll: its creator and superusers.
#[must_use]
pub fn may_change(poll: &poll::Model, (user_id, role): (i64, Role)) -> bool {
    poll.created_by_id == user_id || role == Role::Superuser
}

/// Polls by number, of which these columns are read.
///
/// # Errors
/// What the database answers.
pub async fn by_ids(ids: Vec<i64>, columns: Columns) -> Result<Vec<poll::Model>, Failure> {
    let reader = TenantRouter::db_for_read::<poll::Entity>()?.only(columns);
    Ok(reader.all_by_keys(&BY_IDS, ids).await?)
}

static BY_IDS: KeyTemplate<Select<poll::Entity>> =
    KeyTemplate::new(|ids| poll::Entity::rows().filter(ids.hold(poll::Column::Id)));

/// Polls by number, each with its choices in the order written, of which these columns are read.
///
/// # Errors
/// What the database answers.
pub async fn with_choices(
    ids: Vec<i64>,
    columns: Columns,
    of_choices: Columns,
) -> Result<Vec<(poll::Model, Vec<choice_entity::Model>)>, Failure> {
    let reader = TenantRouter::db_for_read::<poll::Entity>()?;
    let reader = reader.only(columns).and_only(choice::ordered(of_choices));
    let polls = reader.all_with_many(&WITH_CHOICES, ids).await?;
    Ok(polls.into_iter().map(|(poll, choices)| (poll, choice::in_order(choices))).collect())
}

static WITH_CHOICES: KeyTemplate<SelectTwoMany<poll::Entity, choice_entity::Entity>> =
    KeyTemplate::new(|ids| {
        poll::Entity::rows()
            .filter(ids.hold(poll::Column::Id))
            .find_with_related(choice_entity::Entity)
    });

/// Makes a poll.
///
/// # Errors
/// All that is wrong with the fields.
pub async fn create(actor: &user::Model, new: NewPoll) -> Result<poll::Model, Failure> {
    let mut violations = Violations::default();
    let question = violations.check(text::sentence(&new.question, "question"));
    let choices = choice::check_all(&new.choices, &mut violations);
    violations.check(check_closes_at(new.closes_at));
    violations.finish()?;
    let question = question.unwrap_or_default();
    let now = clock::now();
    let row = poll::ActiveModel {
        question_key: Set(text::fold(&question)),
        question: Set(question),
        ballot: Set(new.ballot),
        created_by_id: Set(actor.id),
        pub_date: Set(now),
        updated_at: Set(now),
        closes_at: Set(new.closes_at),
        ..Default::default()
    };
    TenantRouter::transaction(async {
        let poll = TenantRouter::db_for_write::<poll::Entity>()?.insert(row).await?;
        choice::insert_all(poll.id, choices).await?;
        Ok(poll)
    })
    .await
}

/// Changes a poll's question, which only works until somebody votes, or the end of voting.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotOwner`], [`Code::HasVotes`], and what is wrong with the fields.
pub async fn update(actor: &user::Model, id: i64, change: Change) -> Result<poll::Model, Failure> {
    let mut violations = Violations::default();
    let question =
        change.question.and_then(|text| violations.check(text::sentence(&text, "question")));
    violations.check(check_closes_at(change.closes_at.flatten()));
    violations.finish()?;
    TenantRouter::transaction(async {
        let mut poll = lock_own(actor, id, "id").await?;
        if let Some(question) = question.filter(|question| *question != poll.question) {
            refuse_if_voted(id, "question").await?;
            poll.question = question;
        }
        if let Some(closes_at) = change.closes_at {
            poll.closes_at = closes_at;
        }
        poll.updated_at = clock::now();
        store(&poll).await?;
        Ok(poll)
    })
    .await
}

/// Ends voting now. A poll that is closed stays as it is.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotOwner`].
pub async fn close(actor: &user::Model, id: i64) -> Result<poll::Model, Failure> {
    TenantRouter::transaction(async {
        let mut poll = lock_own(actor, id, "id").await?;
        if is_open(&poll) {
            let now = clock::now();
            poll.closes_at = Some(now);
            poll.updated_at = now;
            store(&poll).await?;
        }
        Ok(poll)
    })
    .await
}

/// Deletes a poll with its choices and votes.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotOwner`].
pub async fn delete(actor: &user::Model, id: i64) -> Result<(), Failure> {
    TenantRouter::transaction(async {
        lock_own(actor, id, "id").await?;
        let query = poll::Entity::delete_many().filter(poll::Column::Id.eq(id));
        TenantRouter::db_for_write::<poll::Entity>()?.delete(query).await?;
        Ok(())
    })
    .await
}

/// A poll's row, locked against all that would change it or vote on it, inside a transaction.
pub(super) async fn lock(id: i64) -> Result<Option<poll::Model>, Failure> {
    let query = poll::Entity::find_by_id(id).lock_exclusive();
    Ok(TenantRouter::db_for_read::<poll::Entity>()?.one(query).await?)
}

/// The same for the poll of a choice. The choice itself is not locked, which a join would do on
/// MySQL, and in the opposite order of all others.
pub(super) async fn lock_of_choice(choice_id: i64) -> Result<Option<poll::Model>, Failure> {
    let reader = TenantRouter::db_for_read::<poll::Entity>()?;
    Ok(reader.one_of(&LOCKED_OF_CHOICE, [choice_id.into()]).await?)
}

static LOCKED_OF_CHOICE: Template<1, Select<poll::Entity>> = Template::new(|[choice_id]| {
    let its_poll = Query::select()
        .column(choice_entity::Column::PollId)
        .from(choice_entity::Entity)
        .and_where(choice_entity::Column::Id.eq(choice_id))
        .to_owned();
    let its_poll = Expr::SubQuery(None, Box::new(its_poll.into()));
    poll::Entity::rows().filter(poll::Column::Id.into_expr().eq(its_poll)).lock_exclusive()
});

/// The same for somebody who wants to change it; `field` is where the input names it.
pub(super) async fn lock_own(
    actor: &user::Model,
    id: i64,
    field: &str,
) -> Result<poll::Model, Failure> {
    let poll = lock(id).await?.ok_or_else(|| not_found(field))?;
    if may_change(&poll, (actor.id, actor.role)) { Ok(poll) } else { Err(not_owner(field)) }
}

/// Notes that the poll was edited, inside a transaction.
pub(super) async fn touch(poll: &mut poll::Model) -> Result<(), Failure> {
    poll.updated_at = clock::now();
    store(poll).await
}

/// Refuses once somebody has voted, inside a transaction that locks the poll.
pub(super) async fn refuse_if_voted(id: i64, field: &str) -> Result<(), Failure> {
    let query = vote::Entity::find().filter(vote::Column::PollId.eq(id));
    if TenantRouter::db_for_read::<vote::Entity>()?.exists(query).await? {
        let message = "Somebody has voted already, so the texts and choices stay as they are.";
        return Err(Failure::refused(Code::HasVotes, field, message));
    }
    Ok(())
}

async fn store(poll: &poll::Model) -> Result<(), Failure> {
    let query = poll::Entity::update_many()
        .col_expr(poll::Column::Question, Expr::value(poll.question.clone()))
        .col_expr(poll::Column::QuestionKey, Expr::value(text::fold(&poll.question)))
        .col_expr(poll::Column::ClosesAt, Expr::value(poll.closes_at))
        .col_expr(poll::Column::UpdatedAt, Expr::value(poll.updated_at))
        .filter(poll::Column::Id.eq(poll.id));
    TenantRouter::db_for_write::<poll::Entity>()?.update(query).await?;
    Ok(())
}

/// Voting ends at a moment to come, or never.
///
/// # Errors
/// [`Code::Invalid`].
pub fn check_closes_at(moment: Option<NaiveDateTime>) -> Result<(), Violation> {
    if moment.is_some_and(|moment| moment <= clock::now()) {
        let message = "Voting can only end at a moment to come; close the poll to end it now.";
        return Err(Violation::new(Code::Invalid, "closesAt", message));
    }
    Ok(())
}

pub(super) fn not_found(field: &str) -> Failure {
    Failure::refused(Code::NotFound, field, "There is no such poll.")
}

fn not_owner(field: &str) -> Failure {
    let message = "Only the poll's creator and superusers may do this.";
    Failure::refused(Code::NotOwner, field, message)
}
