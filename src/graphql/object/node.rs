//! Relay's Global Object Identification.

use std::sync::Arc;

use async_graphql::{ID, Interface};

use super::{Choice, Poll, Tenant, User, Vote};
use crate::{
    entity::poll::Ballot,
    graphql::{
        context::RequestContext,
        error::ApiResult,
        id::{GlobalId, Kind},
    },
};

/// Anything that has a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id."))]
pub(in crate::graphql) enum Node {
    /// The tenant.
    Tenant(Tenant),
    /// A poll.
    Poll(Poll),
    /// A choice.
    Choice(Choice),
    /// A vote.
    Vote(Vote),
    /// A person.
    User(User),
}

/// What an id of this tenant names, if it names anything that the caller may see.
///
/// # Errors
/// What the loaders come to.
pub(in crate::graphql) async fn load(
    request: &Arc<RequestContext>,
    id: &GlobalId,
) -> ApiResult<Option<Node>> {
    if id.kind != Kind::Tenant {
        request.require_reader()?;
    }
    let loaders = &request.loaders;
    Ok(match id.kind {
        Kind::Tenant => Some(Node::Tenant(Tenant)),
        Kind::Poll => loaders.polls.load(id.row).await?.map(|row| Node::Poll(row.into())),
        Kind::Choice => loaders.choices.load(id.row).await?.map(|row| Node::Choice(row.into())),
        Kind::User => loaders.users.load(id.row).await?.map(|row| Node::User(row.into())),
        Kind::Vote => visible_vote(request, id.row).await?.map(Node::Vote),
    })
}

/// A vote, unless it is somebody else's in a secret poll.
async fn visible_vote(request: &RequestContext, row: i64) -> ApiResult<Option<Vote>> {
    let Some(vote) = request.loaders.votes.load(row).await? else { return Ok(None) };
    let own = request.viewer().is_some_and(|viewer| viewer.id == vote.voted_by_id);
    let visible = own || request.loaders.polls.require(vote.poll_id).await?.ballot == Ballot::Open;
    Ok(visible.then_some(Vote(vote)))
}
