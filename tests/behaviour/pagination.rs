//! Pages: keyset cursors, exact in both directions, on every connection.

use serde_json::{Value, json};

use crate::support::{Answer, Caller, Engine, World, on_each_engine};

on_each_engine!(
    pages_forward_and_backward_see_every_poll_once,
    rows_that_tie_are_told_apart_and_nulls_come_last,
    a_page_stays_where_it_was_when_rows_are_added,
    votes_and_users_are_paged_as_polls_are,
);

const QUERY: &str = "query($first: Int, $after: String, $last: Int, $before: String, \
    $orderBy: PollOrder! = { field: PUB_DATE, direction: DESC }) { polls(first: $first, \
    after: $after, last: $last, before: $before, orderBy: $orderBy) { totalCount \
    edges { cursor node { id question } } nodes { id question } \
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

/// Asks for a page; what is not given is null.
async fn page(caller: &Caller, mut variables: Value) -> Answer {
    for name in ["first", "after", "last", "before"] {
        variables[name] = variables[name].take();
    }
    caller.gql(QUERY, variables).await
}

fn ids(answer: &Answer) -> Vec<String> {
    let nodes = answer.at("/polls/nodes").as_array().unwrap();
    nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

/// Every page in one direction: its ids, and what it says of its neighbours.
async fn walk(caller: &Caller, size: u64, forward: bool, order: &Value) -> Vec<Vec<String>> {
    let mut pages: Vec<Vec<String>> = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let variables = if forward {
            json!({ "first": size, "after": cursor, "orderBy": order })
        } else {
            json!({ "last": size, "before": cursor, "orderBy": order })
        };
        let answer = page(caller, variables).await;
        let connection = &answer.data()["polls"];
        let edges = connection["edges"].as_array().unwrap();
        let of_edges: Vec<_> = edges.iter().map(|edge| &edge["node"]).collect();
        let of_nodes: Vec<_> = connection["nodes"].as_array().unwrap().iter().collect();
        assert_eq!(of_edges, of_nodes);
        let info = &connection["pageInfo"];
        assert_eq!(info["startCursor"], edges[0]["cursor"]);
        assert_eq!(info["endCursor"], edges[edges.len() - 1]["cursor"]);
        let (here, there) = if forward {
            (&info["hasNextPage"], &info["hasPreviousPage"])
        } else {
            (&info["hasPreviousPage"], &info["hasNextPage"])
        };
        assert_eq!(there, !pages.is_empty(), "what lies behind");
        pages.push(ids(&answer));
        if here == false {
            break;
        }
        cursor = info[if forward { "endCursor" } else { "startCursor" }].clone();
    }
    if !forward {
        pages.reverse();
    }
    pages
}

async fn pages_forward_and_backward_see_every_poll_once(engine: Engine) {
    let world = World::new(engine).await;
    world.seed("thor", 1, &["--polls", "25", "--choices", "2", "--votes", "0"]);
    let server = world.serve().await;
    let thor = server.anyone("thor");
    let usual = page(&thor, json!({})).await;
    assert_eq!(ids(&usual).len(), 20, "neither means 20");
    assert_eq!(usual.at("/polls/totalCount"), 25);
    let all = ids(&page(&thor, json!({ "first": 100 })).await);
    assert_eq!(all.len(), 25);
    for field in ["PUB_DATE", "CLOSES_AT"] {
        for direction in ["ASC", "DESC"] {
            let order = json!({ "field": field, "direction": direction });
            let whole = page(&thor, json!({ "first": 100, "orderBy": order })).await;
            let whole = ids(&whole);
            for size in [5, 7, 24, 25] {
                let forward = walk(&thor, size, true, &order).await;
                assert_eq!(forward.concat(), whole, "{field} {direction} {size}");
                let backward = walk(&thor, size, false, &order).await;
                assert_eq!(backward.concat(), whole, "{field} {direction} {size} backward");
            }
        }
    }
    let newest = json!({ "field": "PUB_DATE", "direction": "DESC" });
    let oldest = json!({ "field": "PUB_DATE", "direction": "ASC" });
    let mut reversed = walk(&thor, 100, true, &oldest).await.concat();
    reversed.reverse();
    assert_eq!(reversed, walk(&thor, 100, true, &newest).await.concat());
    let empty = page(&thor, json!({ "first": 0 })).await;
    assert_eq!(ids(&empty), [""; 0]);
    assert_eq!(empty.at("/polls/pageInfo/hasNextPage"), true);
    assert_eq!(empty.at("/polls/totalCount"), 25);
}

async fn rows_that_tie_are_told_apart_and_nulls_come_last(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let times = [None, Some("2046-01-01T00:00:00Z"), None, Some("2045-01-01T00:00:00Z")];
    for number in 0..12 {
        let closes = times[number % 4];
        let question = format!("Q{number}");
        let input = json!({ "question": question, "choices": ["a", "b"], "closesAt": closes });
        thor.create_poll_with(input).await;
    }
    let query = "query($direction: OrderDirection!) { polls(orderBy: { field: CLOSES_AT, \
        direction: $direction }) { nodes { closesAt } } }";
    for (direction, years) in [("ASC", ["2045", "2046"]), ("DESC", ["2046", "2045"])] {
        let answer = thor.gql(query, json!({ "direction": direction })).await;
        let nodes = answer.at("/polls/nodes").as_array().unwrap();
        for (number, node) in nodes.iter().enumerate() {
            match node["closesAt"].as_str() {
                Some(time) => assert!(number < 6 && time.starts_with(years[number / 3]), "{node}"),
                None => assert!(number >= 6, "nulls last, {direction}"),
            }
        }
        let order = json!({ "field": "CLOSES_AT", "direction": direction });
        let whole = walk(&thor, 100, true, &order).await.concat();
        for size in 1..=4 {
            assert_eq!(walk(&thor, size, true, &order).await.concat(), whole, "{direction} {size}");
            assert_eq!(
                walk(&thor, size, false, &order).await.concat(),
                whole,
                "{direction} {size}"
            );
        }
    }
}

async fn a_page_stays_where_it_was_when_rows_are_added(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    for number in 0..4 {
        thor.create_poll(&format!("Q{number}"), &["a", "b"]).await;
    }
    let first = page(&thor, json!({ "first": 2 })).await;
    let after = first.at("/polls/pageInfo/endCursor").clone();
    let expected = ids(&page(&thor, json!({ "first": 2, "after": after })).await);
    thor.create_poll("new", &["a", "b"]).await;
    let gone = ids(&first).pop().unwrap();
    thor.done("deletePoll", json!({ "id": gone }), "").await;
    let next = page(&thor, json!({ "first": 2, "after": after })).await;
    assert_eq!(ids(&next), expected, "also when the row of the cursor is gone");
}

async fn votes_and_users_are_paged_as_polls_are(engine: Engine) {
    let world = World::new(engine).await;
    world.seed("thor", 7, &["--polls", "1", "--choices", "2", "--votes", "7"]);
    world.superuser("thor", "odin", "all-father");
    let server = world.serve().await;
    let odin = server.login("thor", "odin", "all-father").await;
    let list = "pageInfo { hasNextPage hasPreviousPage endCursor startCursor } nodes { id } } ";
    let votes = format!(
        "query($f: Int, $a: String, $l: Int, $b: String) {{ polls {{ nodes {{ list: votes(first: \
         $f, after: $a, last: $l, before: $b) {{ {list} }} }} }}"
    );
    let users = format!(
        "query($f: Int, $a: String, $l: Int, $b: String) {{ list: users(first: $f, after: $a, \
         last: $l, before: $b) {{ {list} }}"
    );
    for (query, path, total) in [(votes, "/polls/nodes/0/list", 7), (users, "/list", 8)] {
        let ask = async |variables| {
            let answer = odin.gql(&query, variables).await;
            answer.data();
            answer.at(path).clone()
        };
        let after = async |page: &Value| {
            let after = &page["pageInfo"]["endCursor"];
            ask(json!({ "f": 3, "a": after, "l": null, "b": null })).await
        };
        let first = after(&Value::Null).await;
        let second = after(&first).await;
        let third = after(&second).await;
        let flags = |page: &Value| {
            let info = &page["pageInfo"];
            (info["hasPreviousPage"].clone(), info["hasNextPage"].clone())
        };
        assert_eq!(flags(&first), (json!(false), json!(true)));
        assert_eq!(flags(&second), (json!(true), json!(true)));
        assert_eq!(flags(&third), (json!(true), json!(false)));
        let mut seen = Vec::new();
        for page in [&first, &second, &third] {
            seen.extend(page["nodes"].as_array().unwrap().iter().map(Value::to_string));
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), total);
        let back = json!({
            "f": null, "a": null, "l": 3, "b": third["pageInfo"]["startCursor"],
        });
        let back = ask(back).await;
        assert_eq!(back["nodes"], second["nodes"]);
        assert_eq!(flags(&back), (json!(true), json!(true)));
    }
}

#[tokio::test]
async fn sizes_and_cursors_out_of_bounds_are_refused() {
    let world = World::new(Engine::Sqlite).await;
    world.seed("thor", 1, &["--polls", "2", "--choices", "2", "--votes", "0"]);
    let server = world.serve().await;
    let thor = server.anyone("thor");
    for size in [json!({ "first": 101 }), json!({ "last": 101 })] {
        let answer = page(&thor, size.clone()).await;
        assert!(["BAD_USER_INPUT", "LIMIT_EXCEEDED"].contains(&answer.code()), "{size}");
    }
    for bad in [
        json!({ "first": -1 }),
        json!({ "last": -1 }),
        json!({ "first": 1, "last": 1 }),
        json!({ "first": 1, "after": "nonsense" }),
        json!({ "first": 1, "after": "" }),
        json!({ "first": 1, "before": "\u{0}" }),
    ] {
        assert_eq!(page(&thor, bad.clone()).await.code(), "BAD_USER_INPUT", "{bad}");
    }
    let first = page(&thor, json!({ "first": 1 })).await;
    let after = first.at("/polls/pageInfo/endCursor");
    for (field, direction) in [("CLOSES_AT", "DESC"), ("CLOSES_AT", "ASC"), ("PUB_DATE", "ASC")] {
        let order = json!({ "field": field, "direction": direction });
        let answer = page(&thor, json!({ "first": 1, "after": after, "orderBy": order })).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT", "a cursor of another order: {field}");
    }
}

#[tokio::test]
async fn an_omitted_variable_is_an_omitted_argument() {
    let world = World::new(Engine::Sqlite).await;
    world.seed("thor", 1, &["--polls", "25", "--choices", "2", "--votes", "1"]);
    let server = world.serve().await;
    let thor = server.anyone("thor");
    for variables in [json!({}), Value::Null, json!({ "first": null, "last": null })] {
        assert_eq!(ids(&thor.gql(QUERY, variables.clone()).await).len(), 20, "{variables}");
    }
    assert_eq!(ids(&thor.gql(QUERY, json!({ "last": 3 })).await).len(), 3);
    let nested = "query($first: Int, $after: String) { polls(first: 1) { nodes { \
        votes(first: $first, after: $after) { nodes { id } } \
        choices { votes(first: $first) { nodes { id } } } \
        createdBy { polls(first: $first, after: $after) { nodes { id } } } } } }";
    thor.gql(nested, json!({})).await.data();
}
