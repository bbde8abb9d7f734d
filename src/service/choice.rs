//! The choices of a poll.

use std::{collections::HashSet, ops::RangeInclusive};

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, Select, sea_query::Expr};

use super::{
    error::{Code, Failure, Violation, Violations},
    poll, text,
};
use crate::{
    entity::{choice, poll::Model as Poll, user},
    tenancy::{Columns, KeyTemplate, TenantRouter},
};

/// How many choices a poll has.
pub const CHOICES: RangeInclusive<usize> = 2..=50;

/// Choices by number, of which these columns are read.
///
/// # Errors
/// What the database answers.
pub async fn by_ids(ids: Vec<i64>, columns: Columns) -> Result<Vec<choice::Model>, Failure> {
    let reader = TenantRouter::db_for_read::<choice::Entity>()?.only(columns);
    Ok(reader.all_by_keys(&BY_IDS, ids).await?)
}

static BY_IDS: KeyTemplate<Select<choice::Entity>> =
    KeyTemplate::new(|ids| choice::Entity::rows().filter(ids.hold(choice::Column::Id)));

/// The choices of these polls, each poll's in the order written; these columns of them are read.
///
/// # Errors
/// What the database answers.
pub async fn of_polls(poll_ids: Vec<i64>, columns: Columns) -> Result<Vec<choice::Model>, Failure> {
    let reader = TenantRouter::db_for_read::<choice::Entity>()?.only(ordered(columns));
    Ok(in_order(reader.all_by_keys(&OF_POLLS, poll_ids).await?))
}

/// These columns and those that [`in_order`] looks at.
pub(super) const fn ordered(columns: Columns) -> Columns {
    columns.with(choice::Column::PollId as usize).with(choice::Column::Position as usize)
}

/// Poll by poll, each poll's in the order written. It is sooner done here than by PostgreSQL.
pub(super) fn in_order(mut choices: Vec<choice::Model>) -> Vec<choice::Model> {
    choices.sort_unstable_by_key(|choice| (choice.poll_id, choice.position));
    choices
}

static OF_POLLS: KeyTemplate<Select<choice::Entity>> = KeyTemplate::new(|poll_ids| {
    choice::Entity::rows().filter(poll_ids.hold(choice::Column::PollId))
});

/// Adds a choice at the end of a poll.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotOwner`], [`Code::TooMany`], [`Code::Duplicate`], and what is
/// wrong with the text.
pub async fn add(
    actor: &user::Model,
    poll_id: i64,
    choice_text: &str,
) -> Result<(choice::Model, Poll), Failure> {
    let field = "choiceText";
    let choice_text = text::sentence(choice_text, field).map_err(|violation| vec![violation])?;
    TenantRouter::transaction(async {
        let mut poll = poll::lock_own(actor, poll_id, "pollId").await?;
        let others = of_polls(vec![poll_id], Columns::ALL).await?;
        if others.len() >= *CHOICES.end() {
            return Err(vec![too_many(field)].into());
        }
        refuse_duplicate(&others, &choice_text)?;
        let row = choice::ActiveModel {
            poll_id: Set(poll_id),
            position: Set(others.last().map_or(0, |last| last.position + 1)),
            choice_text: Set(choice_text),
            vote_count: Set(0),
            ..Default::default()
        };
        let choice = TenantRouter::db_for_write::<choice::Entity>()?.insert(row).await?;
        poll::touch(&mut poll).await?;
        Ok((choice, poll))
    })
    .await
}

/// Changes a choice's text, until somebody votes.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotOwner`], [`Code::HasVotes`], [`Code::Duplicate`], and what is
/// wrong with the text.
pub async fn update(
    actor: &user::Model,
    id: i64,
    choice_text: &str,
) -> Result<choice::Model, Failure> {
    let field = "choiceText";
    let choice_text = text::sentence(choice_text, field).map_err(|violation| vec![violation])?;
    TenantRouter::transaction(async {
        let (mut poll, choices, choice) = lock_own(actor, id).await?;
        if choice.choice_text == choice_text {
            return Ok(choice);
        }
        poll::refuse_if_voted(poll.id, field).await?;
        refuse_duplicate(&choices, &choice_text)?;
        let query = choice::Entity::update_many()
            .col_expr(choice::Column::ChoiceText, Expr::value(choice_text.clone()))
            .filter(choice::Column::Id.eq(id));
        TenantRouter::db_for_write::<choice::Entity>()?.update(query).await?;
        poll::touch(&mut poll).await?;
        Ok(choice::Model { choice_text, ..choice })
    })
    .await
}

/// Deletes a choice, until somebody votes; two stay. Gives back the poll.
///
/// # Errors
/// [`Code::NotFound`], [`Code::NotOwner`], [`Code::HasVotes`], [`Code::TooFew`].
pub async fn delete(actor: &user::Model, id: i64) -> Result<Poll, Failure> {
    TenantRouter::transaction(async {
        let (mut poll, choices, _) = lock_own(actor, id).await?;
        poll::refuse_if_voted(poll.id, "id").await?;
        if choices.len() <= *CHOICES.start() {
            return Err(vec![too_few("id")].into());
        }
        let query = choice::Entity::delete_many().filter(choice::Column::Id.eq(id));
        TenantRouter::db_for_write::<choice::Entity>()?.delete(query).await?;
        poll::touch(&mut poll).await?;
        Ok(poll)
    })
    .await
}

/// A choice with its poll, locked, and the poll's choices as they are under that lock.
async fn lock_own(
    actor: &user::Model,
    id: i64,
) -> Result<(Poll, Vec<choice::Model>, choice::Model), Failure> {
    let seen = by_ids(vec![id], Columns::ALL).await?.pop().ok_or_else(|| not_found("id"))?;
    let poll = poll::lock_own(actor, seen.poll_id, "id").await?;
    let choices = of_polls(vec![poll.id], Columns::ALL).await?;
    let choice = choices.iter().find(|choice| choice.id == id).cloned();
    Ok((poll, choices, choice.ok_or_else(|| not_found("id"))?))
}

/// The texts of a new poll's choices, or notes of what is wrong with them.
pub(super) fn check_all(texts: &[String], violations: &mut Violations) -> Vec<String> {
    let field = "choices";
    if texts.len() < *CHOICES.start() {
        violations.add(too_few(field));
    } else if texts.len() > *CHOICES.end() {
        violations.add(too_many(field));
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut choices = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let checked = text::sentence(text, field).map_err(|violation| violation.at(index));
        let Some(text) = violations.check(checked) else { continue };
        if !seen.insert(text.clone()) {
            violations.add(duplicate(field).at(index));
        }
        choices.push(text);
    }
    choices
}

/// Stores a new poll's choices, inside a transaction.
pub(super) async fn insert_all(poll_id: i64, texts: Vec<String>) -> Result<(), Failure> {
    let row = |(position, choice_text)| choice::ActiveModel {
        poll_id: Set(poll_id),
        position: Set(position),
        choice_text: Set(choice_text),
        vote_count: Set(0),
        ..Default::default()
    };
    let rows = (0..).zip(texts).map(row).collect();
    Ok(TenantRouter::db_for_write::<choice::Entity>()?.insert_many(rows).await?)
}

fn refuse_duplicate(others: &[choice::Model], choice_text: &str) -> Result<(), Failure> {
    if others.iter().any(|other| other.choice_text == choice_text) {
        return Err(vec![duplicate("choiceText")].into());
    }
    Ok(())
}

pub(super) fn not_found(field: &str) -> Failure {
    Failure::refused(Code::NotFound, field, "There is no such choice.")
}

fn duplicate(field: &str) -> Violation {
    Violation::new(Code::Duplicate, field, "The poll has this choice already.")
}

fn too_few(field: &str) -> Violation {
    let message = format!("A poll has at least {} choices.", CHOICES.start());
    Violation::new(Code::TooFew, field, message)
}

fn too_many(field: &str) -> Violation {
    let message = format!("A poll has at most {} choices.", CHOICES.end());
    Violation::new(Code::TooMany, field, message)
}
