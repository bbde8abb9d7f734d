//! Times: any offset in, UTC with milliseconds out, to the year 9999, alike on every engine.

use serde_json::{Value, json};

use crate::support::{Engine, World, eventually, on_each_engine};

on_each_engine!(
    a_closing_time_comes_back_as_it_was_set,
    times_that_are_none_are_refused,
    times_are_ordered_and_compared_as_instants,
    a_poll_closes_at_its_time,
);

async fn a_closing_time_comes_back_as_it_was_set(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    for (written, read) in [
        ("2046-11-23T10:15:30Z", "2046-11-23T10:15:30.000Z"),
        ("2046-11-23T10:15:30.1Z", "2046-11-23T10:15:30.100Z"),
        ("2046-11-23T10:15:30.123Z", "2046-11-23T10:15:30.123Z"),
        ("2046-11-23T10:15:30.123456Z", "2046-11-23T10:15:30.123Z"),
        ("2046-11-23T10:15:30.123999999Z", "2046-11-23T10:15:30.123Z"),
        ("2046-11-23T10:15:30+05:30", "2046-11-23T04:45:30.000Z"),
        ("2046-11-23T23:15:30-11:00", "2046-11-24T10:15:30.000Z"),
        ("2038-01-19T03:14:08Z", "2038-01-19T03:14:08.000Z"),
        ("2048-02-29T00:00:00Z", "2048-02-29T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ] {
        let input = json!({ "question": written, "choices": ["a", "b"], "closesAt": written });
        let made = thor.done("createPoll", input, "poll { id closesAt isOpen }").await;
        assert_eq!(made["poll"]["closesAt"], read, "{written}, in the payload");
        let id = made["poll"]["id"].as_str().unwrap();
        let seen = thor.poll(id, "closesAt isOpen pubDate updatedAt").await;
        assert_eq!(seen["closesAt"], read, "{written}, read again");
        assert_eq!(seen["isOpen"], true);
        for field in ["pubDate", "updatedAt"] {
            let time = seen[field].as_str().unwrap();
            assert!(time.len() == 24 && time.ends_with('Z'), "{field}: {time}");
        }
        thor.vote(made_choice(&thor.poll(id, "choices { id }").await)).await;
    }
}

fn made_choice(poll: &Value) -> &str {
    poll["choices"][0]["id"].as_str().unwrap()
}

async fn times_that_are_none_are_refused(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    for bad in [
        "",
        "soon",
        "2046-11-23",
        "2046-11-23T10:15:30",
        "2046-13-01T00:00:00Z",
        "2047-02-29T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "+10000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
    ] {
        let input = json!({ "question": "Q", "choices": ["a", "b"], "closesAt": bad });
        let answer = thor.mutate("createPoll", input, "").await;
        let errors = &answer.body["data"]["createPoll"]["userErrors"];
        let refused = answer.body.get("errors").map_or_else(
            || errors[0]["code"] == "INVALID",
            |errors| errors[0]["extensions"]["code"] == "BAD_USER_INPUT",
        );
        assert!(refused, "{bad}: {answer:#?}");
    }
    for past in ["1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2020-02-29T12:00:00+14:00"] {
        let input = json!({ "question": "Q", "choices": ["a", "b"], "closesAt": past });
        assert_eq!(thor.faults("createPoll", input).await, ["INVALID closesAt"], "{past}");
    }
}

async fn times_are_ordered_and_compared_as_instants(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let written = [
        "2046-01-01T00:30:00+02:00",
        "2046-01-01T00:00:00Z",
        "2045-12-31T21:00:00-02:00",
        "9999-12-31T23:59:59.999Z",
        "2046-01-01T00:00:00.001Z",
    ];
    for closes in written {
        let input = json!({ "question": closes, "choices": ["a", "b"], "closesAt": closes });
        thor.create_poll_with(input).await;
    }
    let query = "{ polls(orderBy: { field: CLOSES_AT, direction: ASC }, filter: { isOpen: true }) \
        { nodes { closesAt } } }";
    let answer = thor.ask(query).await;
    let seen: Vec<_> = answer.at("/polls/nodes").as_array().unwrap().iter().collect();
    let expected = [
        "2045-12-31T22:30:00.000Z",
        "2045-12-31T23:00:00.000Z",
        "2046-01-01T00:00:00.000Z",
        "2046-01-01T00:00:00.001Z",
        "9999-12-31T23:59:59.999Z",
    ];
    let expected = expected.map(|closes| json!({ "closesAt": closes }));
    assert_eq!(seen, expected.iter().collect::<Vec<_>>());
}

async fn a_poll_closes_at_its_time(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let soon = chrono::Utc::now() + chrono::TimeDelta::seconds(3);
    let input = json!({ "question": "Q", "choices": ["a", "b"], "closesAt": soon.to_rfc3339() });
    let poll = thor.create_poll_with(input).await;
    eventually("the poll has closed", async || {
        thor.poll(&poll.id, "isOpen").await["isOpen"] == false
    })
    .await;
    assert!(chrono::Utc::now() >= soon, "closed too early");
    let told = thor.faults("castVote", json!({ "choiceId": poll.choices[0] })).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("POLL_CLOSED"), "{told:?}");
    let open = thor.ask("{ polls(filter: { isOpen: true }) { totalCount } }").await;
    assert_eq!(open.at("/polls/totalCount"), 0);
    let closed = thor.ask("{ polls(filter: { isOpen: false }) { totalCount } }").await;
    assert_eq!(closed.at("/polls/totalCount"), 1);
}
