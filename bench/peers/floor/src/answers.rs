//! The answers: prepared statements in, JSON out, nothing between.

use std::{collections::HashMap, fmt::Write};

use rusqlite::{Connection, ErrorCode, OptionalExtension, params, params_from_iter};

use crate::Outcome;

struct Poll {
    id: i64,
    question: String,
    pub_date: String,
    creator: String,
}

struct Choice {
    id: i64,
    poll: i64,
    text: String,
    votes: i64,
}

pub fn list(connection: &Connection, first: i64) -> Outcome<String> {
    let mut statement = connection.prepare_cached(
        "SELECT p.id, p.question, p.pub_date, u.username FROM poll p \
         JOIN user u ON u.id = p.created_by_id ORDER BY p.id LIMIT ?",
    )?;
    let read = |row: &rusqlite::Row<'_>| {
        let (id, question, pub_date, creator) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(Poll { id, question, pub_date, creator })
    };
    let polls = statement.query_map([first], read)?.collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<i64> = polls.iter().map(|poll| poll.id).collect();
    let mut choices = choices(connection, &ids)?.into_iter().peekable();
    let mut out = String::with_capacity(10_000);
    out.push_str("{\"data\":{\"polls\":[");
    for (number, poll) in polls.iter().enumerate() {
        comma(&mut out, number);
        write!(out, "{{\"id\":{},\"question\":", poll.id)?;
        text(&mut out, &poll.question)?;
        let (day, time) = poll.pub_date.split_once(' ').ok_or("a date without time")?;
        write!(out, ",\"pubDate\":\"{day}T{time}Z\",\"createdBy\":{{\"username\":")?;
        text(&mut out, &poll.creator)?;
        out.push_str("},");
        let own = std::iter::from_fn(|| choices.next_if(|choice| choice.poll == poll.id));
        put_choices(&mut out, own)?;
        out.push('}');
    }
    out.push_str("]}}");
    Ok(out)
}

pub fn one(connection: &Connection, id: i64) -> Outcome<String> {
    let mut statement = connection.prepare_cached("SELECT question FROM poll WHERE id = ?")?;
    let question: Option<String> = statement.query_row([id], |row| row.get(0)).optional()?;
    let Some(question) = question else { return Ok("{\"data\":{\"poll\":null}}".to_owned()) };
    let mut out = String::with_capacity(512);
    write!(out, "{{\"data\":{{\"poll\":{{\"id\":{id},\"question\":")?;
    text(&mut out, &question)?;
    out.push(',');
    put_choices(&mut out, choices(connection, &[id])?.into_iter())?;
    out.push_str("}}}");
    Ok(out)
}

pub fn cast_vote(connection: &Connection, choice: i64, user: i64) -> Outcome<String> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO vote(poll_id, choice_id, voted_by_id) \
         SELECT poll_id, id, ?2 FROM choice WHERE id = ?1",
    )?;
    match insert.execute(params![choice, user]) {
        Ok(1) => {}
        Ok(_) => return Ok(refused("NOT_FOUND")),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            return Ok(refused("ALREADY_VOTED"));
        }
        Err(error) => return Err(error.into()),
    }
    let vote = connection.last_insert_rowid();
    let mut count = connection.prepare_cached("SELECT count(*) FROM vote WHERE choice_id = ?")?;
    let count: i64 = count.query_row([choice], |row| row.get(0))?;
    Ok(format!(
        "{{\"data\":{{\"castVote\":{{\"vote\":{{\"id\":{vote},\"choice\":{{\"voteCount\":{count}}}}},\
         \"userErrors\":[]}}}}}}"
    ))
}

fn refused(code: &str) -> String {
    format!(
        "{{\"data\":{{\"castVote\":{{\"vote\":null,\"userErrors\":[{{\"code\":\"{code}\"}}]}}}}}}"
    )
}

/// The choices of the polls, poll by poll, each with its votes.
fn choices(connection: &Connection, polls: &[i64]) -> Outcome<Vec<Choice>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, poll_id, choice_text FROM choice WHERE poll_id IN ({}) ORDER BY poll_id, id",
        marks(polls.len())
    ))?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Choice { id: row.get(0)?, poll: row.get(1)?, text: row.get(2)?, votes: 0 })
    };
    let mut choices =
        statement.query_map(params_from_iter(polls), read)?.collect::<Result<Vec<_>, _>>()?;
    let mut statement = connection.prepare_cached(&format!(
        "SELECT choice_id, count(*) FROM vote WHERE choice_id IN ({}) GROUP BY choice_id",
        marks(choices.len())
    ))?;
    let ids = params_from_iter(choices.iter().map(|choice| choice.id));
    let counts: HashMap<i64, i64> = statement
        .query_map(ids, |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for choice in &mut choices {
        choice.votes = counts.get(&choice.id).copied().unwrap_or(0);
    }
    Ok(choices)
}

fn put_choices(out: &mut String, choices: impl Iterator<Item = Choice>) -> std::fmt::Result {
    out.push_str("\"choices\":[");
    for (number, choice) in choices.enumerate() {
        comma(out, number);
        write!(out, "{{\"id\":{},\"choiceText\":", choice.id)?;
        text(out, &choice.text)?;
        write!(out, ",\"voteCount\":{}}}", choice.votes)?;
    }
    out.push(']');
    Ok(())
}

fn comma(out: &mut String, number: usize) {
    if number > 0 {
        out.push(',');
    }
}

fn text(out: &mut String, text: &str) -> std::fmt::Result {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control < ' ' => write!(out, "\\u{:04x}", u32::from(control))?,
            other => out.push(other),
        }
    }
    out.push('"');
    Ok(())
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(",")
}
