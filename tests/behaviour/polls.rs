//! Making, changing, closing, deleting and finding polls.

use serde_json::{Value, json};

use crate::support::{Caller, Engine, World, on_each_engine};

on_each_engine!(
    a_new_poll_is_as_it_was_asked_for,
    every_fault_of_a_new_poll_is_told_at_once,
    only_the_creator_or_a_superuser_changes_a_poll,
    an_update_changes_what_it_names,
    texts_are_fixed_once_someone_has_voted,
    choices_come_and_go_within_bounds,
    a_deleted_poll_takes_everything_with_it,
    a_closed_poll_is_closed,
    filters_are_anded,
    a_secret_ballot_keeps_its_secret,
);

async fn a_new_poll_is_as_it_was_asked_for(engine: Engine) {
    let world = World::new(engine).await;
    let user = world.users("thor", 1).remove(0);
    let server = world.serve().await;
    let thor = server.caller("thor", &user.token);
    let choices: Vec<_> = (0..50).rev().map(|number| format!("choice {number}")).collect();
    let input = json!({ "question": "  What is up? ", "choices": choices });
    let selection = "poll { id question ballot isOpen totalVotes closesAt pubDate updatedAt \
        createdBy { username } choices { choiceText voteCount viewerHasVoted poll { question } } \
        viewerVote { id } viewerCanVote viewerCanUpdate viewerCanDelete }";
    let poll = thor.done("createPoll", input, selection).await["poll"].clone();
    assert_eq!(poll["question"], "What is up?");
    assert_eq!(poll["ballot"], "OPEN");
    assert_eq!(poll["isOpen"], true);
    assert_eq!(poll["totalVotes"], 0);
    assert_eq!(poll["closesAt"], Value::Null);
    assert_eq!(poll["createdBy"]["username"], user.name);
    assert_eq!(poll["viewerVote"], Value::Null);
    for can in ["viewerCanVote", "viewerCanUpdate", "viewerCanDelete"] {
        assert_eq!(poll[can], true, "{can}");
    }
    let made = poll["choices"].as_array().unwrap();
    let texts: Vec<_> = made.iter().map(|choice| choice["choiceText"].as_str().unwrap()).collect();
    assert_eq!(texts, choices, "choices come in the order written");
    assert_eq!(made[7]["voteCount"], 0);
    assert_eq!(made[7]["viewerHasVoted"], false);
    assert_eq!(made[7]["poll"]["question"], "What is up?");

    let id = poll["id"].as_str().unwrap();
    assert_eq!(thor.poll(id, "pubDate updatedAt").await["pubDate"], poll["pubDate"]);
    let query = "query($id: ID!) { node(id: $id) { __typename ... on Poll { question } } }";
    let node = thor.gql(query, json!({ "id": id })).await;
    assert_eq!(node.at("/node"), &json!({ "__typename": "Poll", "question": "What is up?" }));
    let can = "viewerCanVote viewerCanUpdate viewerCanDelete";
    let anyone = server.anyone("thor").poll(id, can).await;
    let expected = json!({
        "viewerCanVote": false, "viewerCanUpdate": false, "viewerCanDelete": false,
    });
    assert_eq!(anyone, expected);
}

async fn every_fault_of_a_new_poll_is_told_at_once(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let faults = async |question: &str, choices: &[&str]| {
        thor.faults("createPoll", json!({ "question": question, "choices": choices })).await
    };
    let fits = "ä".repeat(100);
    let long = "ä".repeat(101);
    let many: Vec<_> = (0..51).map(|number| number.to_string()).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(faults("Q", &["one"]).await, ["TOO_FEW choices"]);
    assert_eq!(faults("Q", &[]).await, ["TOO_FEW choices"]);
    assert_eq!(faults("Q", &many).await, ["TOO_MANY choices"]);
    assert_eq!(faults(" \t ", &["a", "b"]).await, ["BLANK question"]);
    assert_eq!(faults(&long, &["a", "b"]).await, ["TOO_LONG question"]);
    assert_eq!(faults("Q", &["same", " same "]).await, ["DUPLICATE choices.1"]);
    assert_eq!(
        faults("", &["", &long, "b", "b"]).await,
        ["BLANK choices.0", "BLANK question", "DUPLICATE choices.3", "TOO_LONG choices.1"]
    );
    let past = json!({ "question": "", "choices": ["a"], "closesAt": "2001-01-01T00:00:00Z" });
    let told = thor.faults("createPoll", past).await;
    assert_eq!(told, ["BLANK question", "INVALID closesAt", "TOO_FEW choices"]);
    let count = thor.ask("{ polls { totalCount } }").await;
    assert_eq!(count.at("/polls/totalCount"), 0, "a refused poll leaves nothing");
    thor.create_poll(&format!("  {fits}  "), &[&fits, "b"]).await;
}

async fn only_the_creator_or_a_superuser_changes_a_poll(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 2);
    world.superuser("thor", "odin", "all-father");
    let server = world.serve().await;
    let owner = server.caller("thor", &users[0].token);
    let other = server.caller("thor", &users[1].token);
    let anyone = server.anyone("thor");
    let poll = owner.create_poll("Q", &["a", "b", "c"]).await;
    let changes = [
        ("updatePoll", json!({ "id": poll.id, "question": "R" }), "id"),
        ("closePoll", json!({ "id": poll.id }), "id"),
        ("addChoice", json!({ "pollId": poll.id, "choiceText": "d" }), "pollId"),
        ("updateChoice", json!({ "id": poll.choices[0], "choiceText": "z" }), "id"),
        ("deleteChoice", json!({ "id": poll.choices[1] }), "id"),
        ("deletePoll", json!({ "id": poll.id }), "id"),
    ];
    for (mutation, input, field) in &changes {
        let told = other.faults(mutation, input.clone()).await;
        assert_eq!(told, [format!("NOT_OWNER {field}")], "{mutation}");
        let answer = anyone.mutate(mutation, input.clone(), "").await;
        assert_eq!(answer.code(), "UNAUTHENTICATED", "{mutation}");
    }
    let left = owner.poll(&poll.id, "question isOpen choices { choiceText }").await;
    let texts = json!([{ "choiceText": "a" }, { "choiceText": "b" }, { "choiceText": "c" }]);
    assert_eq!(left, json!({ "question": "Q", "isOpen": true, "choices": texts }));
    let can = "viewerCanVote viewerCanUpdate viewerCanDelete";
    let expected = json!({
        "viewerCanVote": true, "viewerCanUpdate": false, "viewerCanDelete": false,
    });
    assert_eq!(other.poll(&poll.id, can).await, expected);
    let odin = server.login("thor", "odin", "all-father").await;
    for (mutation, input, _) in changes {
        odin.done(mutation, input, "").await;
    }
    assert_eq!(owner.poll(&poll.id, "id").await, Value::Null);
}

async fn an_update_changes_what_it_names(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let first = "2046-11-23T10:15:30.000Z";
    let input = json!({ "question": "Q", "choices": ["a", "b"], "closesAt": first });
    let id = thor.create_poll_with(input).await.id;
    let update = async |input: Value| {
        thor.done("updatePoll", input, "poll { question closesAt }").await["poll"].clone()
    };
    let poll = update(json!({ "id": id, "question": " R " })).await;
    assert_eq!(poll, json!({ "question": "R", "closesAt": first }), "omitted: unchanged");
    let poll = update(json!({ "id": id, "closesAt": null })).await;
    assert_eq!(poll, json!({ "question": "R", "closesAt": null }), "null: never");
    let second = "2050-01-01T00:00:00.000Z";
    let poll = update(json!({ "id": id, "closesAt": second })).await;
    assert_eq!(poll, json!({ "question": "R", "closesAt": second }));
    let told = thor.faults("updatePoll", json!({ "id": id, "question": " " })).await;
    assert_eq!(told, ["BLANK question"]);
    let past = json!({ "id": id, "question": "S", "closesAt": "2001-01-01T00:00:00Z" });
    assert_eq!(thor.faults("updatePoll", past).await, ["INVALID closesAt"]);
    let poll = thor.poll(&id, "question closesAt").await;
    assert_eq!(poll, json!({ "question": "R", "closesAt": second }), "whole or not at all");
}

async fn texts_are_fixed_once_someone_has_voted(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 2);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let poll = thor.create_poll("Q", &["a", "b", "c"]).await;
    let id = &poll.id;
    let before = thor.poll(id, "updatedAt").await;
    server.caller("thor", &users[1].token).vote(&poll.choices[0]).await;
    assert_eq!(thor.poll(id, "updatedAt").await, before, "updatedAt ignores votes");
    for (mutation, input) in [
        ("updatePoll", json!({ "id": id, "question": "R" })),
        ("updateChoice", json!({ "id": poll.choices[1], "choiceText": "z" })),
        ("deleteChoice", json!({ "id": poll.choices[2] })),
    ] {
        let told = thor.faults(mutation, input).await;
        assert_eq!(told.len(), 1, "{mutation}: {told:?}");
        assert!(told[0].starts_with("HAS_VOTES"), "{mutation}: {told:?}");
    }
    // The closing time is no text.
    let later = json!({ "id": id, "closesAt": "2046-01-01T00:00:00Z" });
    thor.done("updatePoll", later, "").await;
    server.caller("thor", &users[1].token).done("retractVote", json!({ "pollId": id }), "").await;
    thor.done("updatePoll", json!({ "id": id, "question": "R" }), "").await;
}

async fn choices_come_and_go_within_bounds(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    let texts = async || {
        let poll = thor.poll(&poll.id, "choices { choiceText }").await;
        let text = |choice: &Value| choice["choiceText"].as_str().unwrap().to_owned();
        poll["choices"].as_array().unwrap().iter().map(text).collect::<Vec<_>>()
    };
    let add = |text: &str| json!({ "pollId": poll.id, "choiceText": text });
    let added = thor.done("addChoice", add(" c "), "choice { id choiceText } poll { id }").await;
    assert_eq!(added["choice"]["choiceText"], "c");
    assert_eq!(added["poll"]["id"], poll.id);
    assert_eq!(thor.faults("addChoice", add("c ")).await, ["DUPLICATE choiceText"]);
    assert_eq!(thor.faults("addChoice", add("")).await, ["BLANK choiceText"]);
    let rename = |text: &str| json!({ "id": poll.choices[0], "choiceText": text });
    thor.done("updateChoice", rename("z"), "choice { choiceText }").await;
    assert_eq!(thor.faults("updateChoice", rename("b")).await, ["DUPLICATE choiceText"]);
    thor.done("updateChoice", rename("z"), "").await;
    assert_eq!(texts().await, ["z", "b", "c"]);
    let gone = json!({ "id": poll.choices[1] });
    let payload = thor.done("deleteChoice", gone, "deletedChoiceId poll { id }").await;
    assert_eq!(payload["deletedChoiceId"], poll.choices[1]);
    assert_eq!(texts().await, ["z", "c"]);
    let last = thor.faults("deleteChoice", json!({ "id": poll.choices[0] })).await;
    assert_eq!(last.len(), 1);
    assert!(last[0].starts_with("TOO_FEW"), "{last:?}");
    for number in 0..48 {
        thor.done("addChoice", add(&number.to_string()), "").await;
    }
    let told = thor.faults("addChoice", add("one more")).await;
    assert!(told[0].starts_with("TOO_MANY"), "{told:?}");
    assert_eq!(texts().await.len(), 50);
}

async fn a_deleted_poll_takes_everything_with_it(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    let vote = thor.vote(&poll.choices[0]).await;
    let payload = thor.done("deletePoll", json!({ "id": poll.id }), "deletedPollId").await;
    assert_eq!(payload["deletedPollId"], poll.id);
    let ids = json!({ "ids": [poll.id, poll.choices[0], vote["id"]] });
    let answer = thor.gql("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids).await;
    assert_eq!(answer.data()["nodes"], json!([null, null, null]));
    assert_eq!(thor.poll(&poll.id, "id").await, Value::Null);
    let again = thor.faults("deletePoll", json!({ "id": poll.id })).await;
    assert_eq!(again, ["NOT_FOUND id"]);
    let told = thor.faults("castVote", json!({ "choiceId": poll.choices[0] })).await;
    assert_eq!(told, ["NOT_FOUND choiceId"]);
}

async fn a_closed_poll_is_closed(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 2);
    let server = world.serve().await;
    let thor = server.caller("thor", &users[0].token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    thor.vote(&poll.choices[0]).await;
    let close = json!({ "id": poll.id });
    let closed = thor.done("closePoll", close, "poll { isOpen closesAt viewerCanVote }").await;
    assert_eq!(closed["poll"]["isOpen"], false);
    assert_eq!(closed["poll"]["viewerCanVote"], false);
    assert!(closed["poll"]["closesAt"].is_string());
    let late = server.caller("thor", &users[1].token).cast(&poll.choices[1]).await;
    let payload = &late.data()["castVote"];
    assert_eq!(payload["userErrors"][0]["code"], "POLL_CLOSED");
    assert_eq!(payload["vote"], Value::Null);
    assert_eq!(payload["poll"]["isOpen"], false);
    assert_eq!(payload["poll"]["totalVotes"], 1, "poll is current");
    for (mutation, input) in [
        ("changeVote", json!({ "choiceId": poll.choices[1] })),
        ("retractVote", json!({ "pollId": poll.id })),
    ] {
        let told = thor.faults(mutation, input).await;
        assert!(told[0].starts_with("POLL_CLOSED"), "{mutation}: {told:?}");
    }
    assert_eq!(thor.tallies(&poll.id).await, [1, 0]);
}

async fn questions(caller: &Caller, filter: Value) -> Vec<String> {
    let query = "query($filter: PollFilter) { polls(filter: $filter) { nodes { question } } }";
    let answer = caller.gql(query, json!({ "filter": filter })).await;
    let nodes = answer.data()["polls"]["nodes"].as_array().unwrap();
    let mut found: Vec<_> =
        nodes.iter().map(|poll| poll["question"].as_str().unwrap().to_owned()).collect();
    found.sort();
    found
}

async fn filters_are_anded(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 2);
    let server = world.serve().await;
    let one = server.caller("thor", &users[0].token);
    let two = server.caller("thor", &users[1].token);
    let first = one.create_poll("Q1 alpha", &["a", "b"]).await;
    let second = one.create_poll("Q2 Alpha", &["a", "b"]).await;
    two.create_poll("Q3 beta", &["a", "b"]).await;
    one.vote(&first.choices[0]).await;
    one.done("closePoll", json!({ "id": second.id }), "").await;
    let me = one.ask("{ viewer { id } }").await.at("/viewer/id").clone();
    let found = async |filter| questions(&one, filter).await;
    assert_eq!(found(json!({})).await, ["Q1 alpha", "Q2 Alpha", "Q3 beta"]);
    assert_eq!(found(json!({ "search": "q1" })).await, ["Q1 alpha"]);
    assert_eq!(found(json!({ "search": "ALPHA" })).await, ["Q1 alpha", "Q2 Alpha"]);
    assert_eq!(found(json!({ "isOpen": false })).await, ["Q2 Alpha"]);
    assert_eq!(found(json!({ "isOpen": true })).await, ["Q1 alpha", "Q3 beta"]);
    assert_eq!(found(json!({ "createdBy": me })).await, ["Q1 alpha", "Q2 Alpha"]);
    assert_eq!(found(json!({ "viewerHasVoted": true })).await, ["Q1 alpha"]);
    assert_eq!(found(json!({ "viewerHasVoted": false })).await, ["Q2 Alpha", "Q3 beta"]);
    let all = json!({ "search": "alpha", "isOpen": true, "createdBy": me, "viewerHasVoted": true });
    assert_eq!(found(all).await, ["Q1 alpha"]);
    let none = json!({ "search": "alpha", "isOpen": false, "viewerHasVoted": true });
    assert_eq!(found(none).await, [""; 0]);
    let mine = one.ask("{ viewer { polls { totalCount nodes { question } } } }").await;
    assert_eq!(mine.at("/viewer/polls/totalCount"), 2);
}

async fn a_secret_ballot_keeps_its_secret(engine: Engine) {
    let world = World::new(engine).await;
    let users = world.users("thor", 2);
    world.superuser("thor", "odin", "all-father");
    let server = world.serve().await;
    let owner = server.caller("thor", &users[0].token);
    let voter = server.caller("thor", &users[1].token);
    let input = json!({ "question": "Q", "choices": ["a", "b"], "ballot": "SECRET" });
    let poll = owner.create_poll_with(input).await;
    let vote = voter.vote(&poll.choices[1]).await;
    let odin = server.login("thor", "odin", "all-father").await;
    let node = "query($id: ID!) { node(id: $id) { id ... on Vote { choice { choiceText } } } }";
    let shown = "ballot votes { totalCount } totalVotes viewerVote { id } \
        choices { voteCount votes { totalCount } viewerHasVoted }";
    for reader in [&owner, &odin, &server.anyone("thor")] {
        let seen = reader.poll(&poll.id, shown).await;
        let choice = |count| json!({ "voteCount": count, "votes": null, "viewerHasVoted": false });
        let expected = json!({
            "ballot": "SECRET", "votes": null, "totalVotes": 1, "viewerVote": null,
            "choices": [choice(0), choice(1)],
        });
        assert_eq!(seen, expected);
        let answer = reader.gql(node, json!({ "id": vote["id"] })).await;
        assert_eq!(answer.data()["node"], Value::Null, "another's vote");
    }
    let own =
        voter.poll(&poll.id, "votes { totalCount } viewerVote { choice { choiceText } }").await;
    assert_eq!(own, json!({ "votes": null, "viewerVote": { "choice": { "choiceText": "b" } } }));
    let answer = voter.gql(node, json!({ "id": vote["id"] })).await;
    assert_eq!(answer.at("/node/choice/choiceText"), "b", "one's own vote");
}
