//! Text compares alike on every engine, keeps what was written, and holds no control characters.

use serde_json::{Value, json};

use crate::support::{Caller, Engine, World, on_each_engine};

on_each_engine!(
    usernames_are_unique_ignoring_case_and_nothing_else,
    choices_that_differ_by_an_accent_are_two,
    what_is_written_is_read_again,
    search_ignores_case_and_takes_every_character_for_itself,
    control_characters_are_refused_everywhere,
);

async fn search(caller: &Caller, text: &str) -> Vec<String> {
    let query = "query($text: String) { polls(filter: { search: $text }) { nodes { question } } }";
    let answer = caller.gql(query, json!({ "text": text })).await;
    let nodes = answer.data()["polls"]["nodes"].as_array().unwrap();
    let question = |node: &Value| node["question"].as_str().unwrap().to_owned();
    let mut found: Vec<_> = nodes.iter().map(question).collect();
    found.sort();
    found
}

async fn usernames_are_unique_ignoring_case_and_nothing_else(engine: Engine) {
    let world = World::new(engine).await;
    world.superuser("thor", "odin", "all-father");
    let server = world.serve().await;
    let anyone = server.anyone("thor");
    let account = |name: &str| json!({ "username": name, "password": "correct horse" });
    for name in ["alice", "alicé", "Björn", "strasse", "ΣΊΣΥΦΟΣ", "名前", "zoë"] {
        anyone.done("register", account(name), "").await;
    }
    for name in ["Alice", "ALICE", "ALICÉ", "bjÖRN", "BJÖRN", "Zoë", "ZOË"] {
        assert_eq!(anyone.faults("register", account(name)).await, ["TAKEN username"], "{name}");
    }
    let odin = server.login("thor", "odin", "all-father").await;
    for (text, count) in [("ALICE", 1), ("Alic", 2), ("ALICÉ", 1), ("björn", 1), ("%", 0)] {
        let query = "query($text: String) { users(search: $text) { totalCount } }";
        let answer = odin.gql(query, json!({ "text": text })).await;
        assert_eq!(answer.at("/users/totalCount"), count, "{text}");
    }
}

async fn choices_that_differ_by_an_accent_are_two(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let choices = ["cafe", "café", "cafè", "naive", "naïve"];
    let poll = thor.create_poll("Q", &choices).await;
    assert_eq!(poll.choices.len(), choices.len());
    let told = thor.faults("addChoice", json!({ "pollId": poll.id, "choiceText": "café " })).await;
    assert_eq!(told, ["DUPLICATE choiceText"]);
}

async fn what_is_written_is_read_again(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let texts = [
        "🗳️ vote 🇩🇪 👩‍👩‍👧",
        "שלום עולם",
        "a  b",
        r#"'"; DROP TABLE poll; -- \ \\ $1 ? :x {tenant} %s"#,
        "<script>alert(1)</script>",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
        "null",
    ];
    for text in texts {
        let poll = thor.create_poll(text, &[text, "other"]).await;
        let seen = thor.poll(&poll.id, "question choices { choiceText }").await;
        assert_eq!(seen["question"], text);
        assert_eq!(seen["choices"][0]["choiceText"], text);
    }
    let emoji = "🗳".repeat(100);
    thor.create_poll(&emoji, &[&emoji, "other"]).await;
    let long = json!({ "question": "🗳".repeat(101), "choices": ["a", "b"] });
    assert_eq!(thor.faults("createPoll", long).await, ["TOO_LONG question"]);
}

async fn search_ignores_case_and_takes_every_character_for_itself(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    for question in
        ["Quarter Q1", "100% sure?", "1000 sure?", "a_b", "axb", r"back\slash", "Éclair"]
    {
        thor.create_poll(question, &["a", "b"]).await;
    }
    assert_eq!(search(&thor, "q1").await, ["Quarter Q1"]);
    assert_eq!(search(&thor, "QUARTER").await, ["Quarter Q1"]);
    assert_eq!(search(&thor, "100%").await, ["100% sure?"]);
    assert_eq!(search(&thor, "A_B").await, ["a_b"]);
    assert_eq!(search(&thor, r"k\s").await, [r"back\slash"]);
    assert_eq!(search(&thor, "'").await, [""; 0]);
    assert_eq!(search(&thor, "éCLAIR").await, ["Éclair"]);
    assert_eq!(search(&thor, "eclair").await, [""; 0], "an accent counts");
}

async fn control_characters_are_refused_everywhere(engine: Engine) {
    let world = World::new(engine).await;
    let token = world.users("thor", 1).remove(0).token;
    let server = world.serve().await;
    let thor = server.caller("thor", &token);
    let poll = thor.create_poll("Q", &["a", "b"]).await;
    for bad in ["a\u{0}b", "a\nb", "a\u{1b}[31mb", "a\u{7f}b", "a\u{85}b"] {
        let cases = [
            ("createPoll", json!({ "question": bad, "choices": ["a", "b"] }), "question"),
            ("createPoll", json!({ "question": "Q", "choices": ["a", bad] }), "choices.1"),
            ("updatePoll", json!({ "id": poll.id, "question": bad }), "question"),
            ("addChoice", json!({ "pollId": poll.id, "choiceText": bad }), "choiceText"),
            ("updateChoice", json!({ "id": poll.choices[0], "choiceText": bad }), "choiceText"),
            ("register", json!({ "username": bad, "password": "correct horse" }), "username"),
        ];
        for (mutation, input, field) in cases {
            let told = thor.faults(mutation, input).await;
            assert_eq!(told, [format!("INVALID {field}")], "{mutation} {bad:?}");
        }
        let login = json!({ "username": bad, "password": "correct horse" });
        let told = thor.faults("login", login).await;
        assert_eq!(told.len(), 1, "{bad:?}");
    }
    let query = "query($text: String) { polls(filter: { search: $text }) { nodes { id } } }";
    let answer = thor.gql(query, json!({ "text": "\u{0}" })).await;
    assert_eq!(answer.code(), "BAD_USER_INPUT");
}
