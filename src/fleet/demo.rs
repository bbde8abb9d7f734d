//! What `serve --demo` makes: people and polls to play with, where there are none.

use std::sync::Arc;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::{create, in_scope_of};
use crate::{
    entity::{poll, poll::Ballot, user, user::Role},
    service::{
        Failure,
        account::{self, Accounts, NewUser},
        choice,
        poll::NewPoll,
        text::MAX_TEXT,
        vote,
    },
    tenancy::{AccessError, Columns, State, Tenant, TenantRouter},
};

/// The people's password.
pub const PASSWORD: &str = "demo-password";
/// How many people there are: `demo1`, `demo2` …
pub const USERS: usize = 3;

/// Each poll, its choices, and the places of the choices that the people take.
const POLLS: [(&str, &[&str], [usize; USERS]); 4] = [
    (
        "Where should the next team outing go?",
        &["The lake", "The mountains", "The museum"],
        [0, 1, 0],
    ),
    ("Which day suits the weekly meeting best?", &["Monday", "Tuesday", "Thursday"], [1, 1, 2]),
    ("Tea or coffee?", &["Tea", "Coffee", "Both", "Neither"], [1, 0, 1]),
    ("Should we keep the office plant?", &["Yes", "No"], [0, 0, 0]),
];

/// Why a tenant has no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No database.
    #[error(transparent)]
    Create(#[from] create::CreateError),
    /// No way in.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// No rows.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Makes what is missing of one tenant's database, people and polls; changes nothing that is
/// there. A tenant that does not take changes is left alone.
///
/// # Errors
/// [`DemoError`].
pub async fn ensure(tenant: &Arc<Tenant>, accounts: &Accounts) -> Result<(), DemoError> {
    if tenant.state != State::Active {
        return Ok(());
    }
    create::ensure(tenant).await?;
    Ok(in_scope_of(tenant, fill(accounts)).await??)
}

async fn fill(accounts: &Accounts) -> Result<(), Failure> {
    let mut people = Vec::new();
    for number in 1..=USERS {
        people.push(person(&format!("demo{number}"), accounts).await?);
    }
    let reader = TenantRouter::db_for_read::<poll::Entity>()?;
    if reader.exists(poll::Entity::find()).await? {
        return Ok(());
    }
    let name = TenantRouter::tenant()?.name.clone();
    for ((question, choices, picks), author) in POLLS.iter().zip(people.iter().cycle()) {
        // Whoever looks at two tenants shall see at once that these are not the same polls.
        let own = question.replace("the next", &format!("{name}'s next"));
        let fits = own.chars().count() <= MAX_TEXT;
        let new = NewPoll {
            question: if fits { own } else { (*question).to_owned() },
            choices: choices.iter().map(|&text| text.to_owned()).collect(),
            closes_at: None,
            ballot: Ballot::Open,
        };
        let poll = crate::service::poll::create(author, new).await?;
        let choices = choice::of_polls(vec![poll.id], Columns::ALL).await?;
        for (voter, pick) in people.iter().zip(picks) {
            if let Some(choice) = choices.get(*pick) {
                vote::cast(voter, choice.id).await?;
            }
        }
    }
    Ok(())
}

async fn person(name: &str, accounts: &Accounts) -> Result<user::Model, Failure> {
    let found = user::Entity::find().filter(user::Column::UsernameKey.eq(name));
    let reader = TenantRouter::db_for_read::<user::Entity>()?;
    if let Some(found) = reader.one(found).await? {
        return Ok(found);
    }
    let new = NewUser {
        username: name.to_owned(),
        email: Some(format!("{name}@example.com")),
        password: PASSWORD.to_owned(),
        role: Role::User,
    };
    match accounts.create(new).await {
        // Somebody else made it just now.
        Err(Failure::Refused(_)) => account::find(name)
            .await?
            .ok_or_else(|| Failure::Broken(format!("{name} was neither made nor found"))),
        made => made,
    }
}
