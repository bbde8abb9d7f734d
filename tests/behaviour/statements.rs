//! No N+1: what a page costs in SQL does not grow with its rows.

use serde_json::{Value, json};

use crate::support::{Caller, Engine, Server, World, field, on_each_engine};

on_each_engine!(
    a_page_costs_the_same_with_one_poll_and_a_hundred,
    pages_of_a_thousand_choices_take_a_few_statements,
    tallies_cost_the_same_however_many_vote,
    a_request_is_logged_with_its_tenant_and_its_id,
    a_vote_and_its_voter_take_few_statements,
    a_poll_with_all_that_is_at_hand_is_one_statement,
);

const PAGE: &str = "{ viewer { username } polls(first: 100) { totalCount pageInfo { hasNextPage } \
    nodes { id question isOpen totalVotes createdBy { username } viewerVote { id choice { \
    choiceText } } viewerCanVote viewerCanUpdate viewerCanDelete choices { choiceText voteCount \
    viewerHasVoted poll { id } } } } }";

const VOTES: &str = "{ polls(first: 20) { nodes { votes(first: 5) { nodes { votedBy { username } \
    choice { choiceText } poll { question } } } } } }";

/// An answer that is kept costs no statement at all.
const UNCACHED: &[&str] = &["--result-cache", "off"];

async fn statements(server: &Server, caller: &Caller, query: &str) -> u64 {
    let answer = caller.ask(query).await;
    answer.data();
    let line = server.request_line(answer.header("x-request-id").unwrap());
    field(&line, "statements").and_then(Value::as_u64).unwrap()
}

async fn a_page_costs_the_same_with_one_poll_and_a_hundred(engine: Engine) {
    let world = World::new(engine).await;
    let many = world.seed("thor", 40, &["--polls", "100", "--choices", "4", "--votes", "10"]);
    let few = world.seed("potter", 40, &["--polls", "1", "--choices", "4", "--votes", "1"]);
    let server = world.serve_with(UNCACHED).await;
    let many = server.caller("thor", &many[0].token);
    let few = server.caller("potter", &few[0].token);
    let count =
        |answer: &crate::support::Answer| answer.at("/polls/nodes").as_array().unwrap().len();
    assert_eq!(count(&many.ask(PAGE).await), 100);
    assert_eq!(count(&few.ask(PAGE).await), 1);
    for query in [PAGE, VOTES] {
        let (of_many, of_few) =
            (statements(&server, &many, query).await, statements(&server, &few, query).await);
        assert_eq!(of_many, of_few, "{query}");
        assert!((1..=12).contains(&of_many), "{of_many} statements for {query}");
    }
}

async fn pages_of_a_thousand_choices_take_a_few_statements(engine: Engine) {
    let world = World::new(engine).await;
    let many = world.seed("thor", 10, &["--polls", "100", "--choices", "10", "--votes", "10"]);
    let server = world.serve_with(UNCACHED).await;
    let thor = server.caller("thor", &many[0].token);
    let query = "{ polls(first: 100) { nodes { choices { votes(first: 1) { nodes { id } } } } } }";
    let statements = statements(&server, &thor, query).await;
    assert!(statements <= 10, "{statements} statements");
}

async fn tallies_cost_the_same_however_many_vote(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.seed("thor", 200, &["--polls", "1", "--choices", "2", "--votes", "200"]);
    let few = world.seed("potter", 2, &["--polls", "1", "--choices", "2", "--votes", "0"]);
    let server = world.serve_with(UNCACHED).await;
    let query = "{ polls { nodes { totalVotes choices { voteCount } } } }";
    let thor = server.caller("thor", &users[0].token);
    let answer = thor.ask(query).await;
    assert_eq!(answer.at("/polls/nodes/0/totalVotes"), 200);
    let potter = server.caller("potter", &few[0].token);
    let (of_many, of_few) =
        (statements(&server, &thor, query).await, statements(&server, &potter, query).await);
    assert_eq!(of_many, of_few);
}

async fn a_request_is_logged_with_its_tenant_and_its_id(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve().await;
    let answer = server.anyone("potter").ask("{ polls { totalCount } }").await;
    let line = server.request_line(answer.header("x-request-id").unwrap());
    assert_eq!(field(&line, "tenant").and_then(Value::as_str), Some("potter"));
    assert!(field(&line, "statements").and_then(Value::as_u64).unwrap() > 0);
}

async fn a_vote_and_its_voter_take_few_statements(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 6);
    let server = world.serve().await;
    let poll = server.caller("thor", &users[0].token).create_poll("Q", &["a", "b"]).await;
    let vote = "($input: CastVoteInput!) { castVote(input: $input) { vote { choice { voteCount } }";
    let bare = format!("mutation{vote} }} }}");
    let named = format!("mutation Vote{vote} }} }}");
    let with_poll = format!("mutation{vote} poll {{ question choices {{ id }} }} }} }}");
    // The token with its owner; then all at once, or the poll, the tally and the vote. All of it
    // comes at once by a document that is known and does not ask for the poll. MySQL cannot tell a
    // row that it changes, so the choice is read again. The poll's choices are read for the answer.
    let (new, known) = ([1 + 1, 1 + 3, 1 + 3 + 1], [1, 1 + 3, 1 + 3 + 1]);
    let wide = new.map(|statements| statements + 1);
    let documents = [&bare, &bare, &named, &named, &with_poll, &with_poll];
    let expected = [new, known, new, known, wide, wide];
    for (number, user) in users.iter().enumerate() {
        let voter = server.caller("thor", &user.token);
        let input = json!({ "input": { "choiceId": poll.choices[0] } });
        let answer = voter.gql(documents[number], input).await;
        assert_eq!(answer.at("/castVote/vote/choice/voteCount"), number + 1);
        let line = server.request_line(answer.header("x-request-id").unwrap());
        let statements = field(&line, "statements").and_then(Value::as_u64).unwrap();
        let place = match engine {
            Engine::Postgres => 0,
            Engine::Sqlite => 1,
            Engine::Mysql => 2,
        };
        assert_eq!(statements, expected[number][place], "{}", documents[number]);
    }
}

/// On SQLite such a document runs outside a transaction: with a second statement it would not see
/// one state of the rows.
async fn a_poll_with_all_that_is_at_hand_is_one_statement(engine: Engine) {
    let world = World::new(engine).await;
    let user = &world.users("thor", 1)[0];
    let server = world.serve_with(UNCACHED).await;
    let poll = server.caller("thor", &user.token).create_poll("Q", &["a", "b"]).await.id;
    let anyone = server.anyone("thor");
    let at_hand = "__typename id question ballot pubDate updatedAt closesAt isOpen";
    let choices = "choices { __typename id choiceText voteCount }";
    for fields in [
        at_hand.to_owned(),
        choices.to_owned(),
        "totalVotes".to_owned(),
        format!("a: totalVotes {at_hand} {choices} ... on Poll {{ b: {choices} }}"),
    ] {
        let query = format!("{{ poll(id: \"{poll}\") {{ {fields} }} }}");
        assert_eq!(statements(&server, &anyone, &query).await, 1, "{query}");
    }
}
