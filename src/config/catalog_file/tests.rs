//! A good file, and every way in which one is refused.

use std::path::Path;

use crate::{
    config::{CatalogError, parse},
    tenancy::{Anonymous, Catalog, Engine, Registration, State, Strategy},
};

fn variables(name: &str) -> Option<String> {
    match name {
        "PASSWORD" => Some("s3cr@t/".to_owned()),
        "URL" => Some("postgres://app:s3cr@t/@db1/potter".to_owned()),
        "TAB" => Some("a\tb".to_owned()),
        _ => None,
    }
}

fn read(source: &str) -> Result<Catalog, CatalogError> {
    parse(source, Path::new("conf/tenants.yaml"), &variables)
}

/// The errors of a text, one a line, without the file's name.
fn errors(source: &str) -> String {
    let text = read(source).expect_err("the text is refused").to_string();
    assert!(!text.contains("s3cr"), "a password is shown: {text}");
    text.replace("conf/tenants.yaml:", "")
}

/// The first error of a file whose tenant thor has these lines, with `resolve` in lines 1 and 2 and
/// the first of them in line 5.
fn tenant_error(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    errors(&format!("resolve:\n  - header: X-Tenant\ntenants:\n  thor:\n{lines}"))
}

const GOOD: &str = r#"
resolve:
  - header: X-Tenant
  - host: "{tenant}.localhost"
trust_proxy: true
defaults:
  database: "sqlite://data/{tenant}.db"
  anonymous: none
  origins: [https://app.example]
tenants:
  thor:
  no:
    name: 007
  potter:
    name: "Potter $$ ${PASSWORD}"
    hosts: [Polls.Hogwarts.Example., potter.localhost]
    database: { write: "mariadb://app:${PASSWORD}@db1/{tenant}", read: ["mysql://app@db2/potter"] }
    state: read_only
    reason: We are moving.
    anonymous: read
    registration: closed
    origins: []
"#;

#[test]
fn a_good_file_becomes_a_catalog() {
    let catalog = read(GOOD).unwrap();
    assert!(catalog.trust_proxy);
    assert_eq!(catalog.strategies[0], Strategy::Header("x-tenant".parse().unwrap()));
    assert_eq!(catalog.strategies[1], Strategy::HostSuffix(".localhost".to_owned()));
    assert_eq!(catalog.hosts["polls.hogwarts.example"].as_str(), "potter");

    let thor = catalog.get("thor").unwrap();
    assert_eq!(thor.name, "thor");
    assert_eq!(thor.database.write.sqlite_path(), Some(Path::new("conf/data/thor.db")));
    assert_eq!((thor.state, thor.anonymous), (State::Active, Anonymous::None));
    assert_eq!(thor.registration, Registration::Open);
    assert_eq!(thor.origins, ["https://app.example"]);
    assert_eq!(catalog.get("no").unwrap().name, "007");

    let potter = catalog.get("potter").unwrap();
    assert_eq!(potter.name, "Potter $ s3cr@t/");
    assert_eq!(potter.database.write.engine(), Engine::MySql);
    assert_eq!(potter.database.write.expose(), "mysql://app:s3cr%40t%2F@db1/potter");
    assert_eq!(potter.database.read[0].expose(), "mysql://app@db2/potter");
    assert_eq!((potter.state, potter.anonymous), (State::ReadOnly, Anonymous::Read));
    assert_eq!(potter.reason.as_deref(), Some("We are moving."));
    assert_eq!(potter.registration, Registration::Closed);
    assert!(potter.origins.is_empty());
}

#[test]
fn no_tenants_is_a_catalog_too() {
    for tenants in ["tenants:", "tenants: {}", "tenants:\n  # none yet"] {
        let catalog = read(&format!("resolve: [header: X-Tenant]\n{tenants}\n")).unwrap();
        assert!(catalog.tenants.is_empty());
    }
}

#[test]
fn the_shipped_file_is_valid() {
    let catalog =
        parse(include_str!("../../../tenants.yaml"), Path::new("tenants.yaml"), &|_| None).unwrap();
    let names: Vec<&str> = catalog.tenants.values().map(|tenant| tenant.name.as_str()).collect();
    assert_eq!(names, ["Potter", "Thor"]);
}

#[test]
fn anchors_are_followed() {
    let catalog = read(
        "resolve: [header: X-Tenant]\ntenants:\n  a: &a { database: 'sqlite:a', state: &s suspended }\n  \
         b: { database: sqlite:b, state: *s }\n",
    )
    .unwrap();
    assert_eq!(catalog.get("b").unwrap().state, State::Suspended);
}

#[test]
fn broken_yaml_is_reported_alone_with_its_place() {
    let unclosed = errors("resolve: [\n");
    assert!(unclosed.starts_with("1:10: syntax: this is not YAML: "), "{unclosed}");
    assert!(errors("a: b\n--- \nc: d\n").contains("syntax: a second document"));
    assert!(errors("a: !include x\n").starts_with("1:13: syntax: tags mean nothing"));
    assert!(errors("a: *nope\n").contains("syntax: "));
    assert!(errors("a: &a [*a]\n").contains("contains itself"));
    assert!(errors("? [a]\n: b\n").contains("a key is a single word"));
    assert!(errors("").starts_with("1:1: (whole file): is empty"));
    assert!(errors("- a\n").starts_with("1:1: (whole file): is not a map"));
}

#[test]
fn all_errors_are_reported_in_one_go_from_top_to_bottom() {
    let all = errors(
        "resolve:\n  - header: Host\n  - host: localhost\nextra: 1\ndefaults:\n  anonymous: all\n\
         tenants:\n  Thor:\n  potter:\n    state: gone\n    database: sqlite://potter.db\n",
    );
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(lines.len(), 6, "{all}");
    assert!(lines[0].starts_with("2:13: resolve[0].header: means something else in HTTP"));
    assert!(lines[1].starts_with("3:11: resolve[1].host: needs {tenant} as its whole first label"));
    assert!(lines[2].starts_with("4:1: extra: is unknown; the fields here are resolve, "));
    assert!(
        lines[3].starts_with("6:14: defaults.anonymous: cannot be \"all\"; write none or read")
    );
    assert!(lines[4].starts_with("8:3: tenants.Thor: is no tenant key: "));
    assert!(lines[5].starts_with("10:12: tenants.potter.state: cannot be \"gone\"; "));
    assert!(lines[5].ends_with("write active or read_only or maintenance or suspended"));
}

#[test]
fn the_top_level_is_checked() {
    let tenants = "tenants: {}\n";
    for (source, want) in [
        ("resolve: [header: A]\n", "1:1: tenants: is missing; add"),
        (tenants, "1:1: resolve: is missing; say how"),
        ("resolve: []\ntenants: {}\n", "1:10: resolve: is empty; say how"),
        ("resolve: x\ntenants: {}\n", "1:10: resolve: is not a list"),
        ("resolve: [x]\ntenants: {}\n", "1:11: resolve[0]: is not a map"),
        ("resolve: [{}]\ntenants: {}\n", "1:11: resolve[0]: names no way"),
        (
            "resolve: [{header: A, host: '{tenant}.b'}]\ntenants: {}\n",
            "1:11: resolve[0]: names two ways",
        ),
        ("resolve: [header: a b]\ntenants: {}\n", "1:19: resolve[0].header: is no header name"),
        ("resolve: [header: A, header: a]\ntenants: {}\n", "1:22: resolve[1]: is there twice"),
        ("resolve: [host: 'x{tenant}.b']\ntenants: {}\n", "1:17: resolve[0].host: needs {tenant}"),
        (
            "resolve: [host: '{tenant}.b:80']\ntenants: {}\n",
            "1:17: resolve[0].host: is not a host; write it without a port",
        ),
        (
            "resolve: [header: A]\nresolve: [header: B]\ntenants: {}\n",
            "2:1: resolve: is there twice",
        ),
        (
            "resolve: [header: A]\ntrust_proxy: yes\ntenants: {}\n",
            "2:14: trust_proxy: cannot be \"yes\"; write true or false",
        ),
        ("resolve: [header: A]\ntenants: [a]\n", "2:10: tenants: is not a map"),
        ("resolve: [header: A]\ndefaults: x\ntenants: {}\n", "2:11: defaults: is not a map"),
        (
            "resolve: [header: A]\ndefaults: {name: x}\ntenants: {}\n",
            "2:12: defaults.name: is unknown",
        ),
    ] {
        let found = errors(source);
        assert!(found.starts_with(want), "{source}\nwant {want}\ngot  {found}");
    }
}

#[test]
fn a_tenants_fields_are_checked() {
    for (lines, want) in [
        ("nam: x\ndatabase: sqlite:a", "5:5: tenants.thor.nam: is unknown"),
        ("name: x\nname: y\ndatabase: sqlite:a", "6:5: tenants.thor.name: is there twice"),
        ("name:\ndatabase: sqlite:a", "5:9: tenants.thor.name: is empty"),
        ("name: ' '\ndatabase: sqlite:a", "5:11: tenants.thor.name: is blank"),
        ("name: [a]\ndatabase: sqlite:a", "5:11: tenants.thor.name: is a list"),
        ("name: {a: b}\ndatabase: sqlite:a", "5:11: tenants.thor.name: is a map"),
        ("name: \"a\\nb\"\ndatabase: sqlite:a", "5:11: tenants.thor.name: has control characters"),
        ("reason: ${TAB}\ndatabase: sqlite:a", "5:13: tenants.thor.reason: has control characters"),
        (
            "name: ${NOPE}\ndatabase: sqlite:a",
            "5:11: tenants.thor.name: the environment variable NOPE is not set",
        ),
        ("name: ${NO PE}\ndatabase: sqlite:a", "5:11: tenants.thor.name: `${` starts a variable"),
        (
            "hosts: [a, 'b:80']\ndatabase: sqlite:a",
            "5:16: tenants.thor.hosts[1]: is not a host; write it without a port",
        ),
        ("hosts: a\ndatabase: sqlite:a", "5:12: tenants.thor.hosts: is not a list"),
        (
            "hosts: [a, A]\ndatabase: sqlite:a",
            "5:16: tenants.thor.hosts[1]: is tenant thor's already",
        ),
        (
            "origins: ['https://a/']\ndatabase: sqlite:a",
            "5:15: tenants.thor.origins[0]: has a path",
        ),
        (
            "origins: ['https://a', 'https://A:443']\ndatabase: sqlite:a",
            "5:28: tenants.thor.origins[1]: is there twice",
        ),
        (
            "registration: no\ndatabase: sqlite:a",
            "5:19: tenants.thor.registration: cannot be \"no\"; write open or closed",
        ),
        (
            "name: x",
            "4:3: tenants.thor.database: is missing; give one here, or one for all in `defaults`",
        ),
    ] {
        let found = tenant_error(lines);
        assert!(found.starts_with(want), "{lines}\nwant {want}\ngot  {found}");
        assert_eq!(found.lines().count(), 1, "{found}");
    }
}

#[test]
fn a_database_url_is_checked_without_being_shown() {
    for (url, want) in [
        ("''", "is no database URL; write"),
        ("oracle://u:s3cret@h/x", "is no database URL; write"),
        ("'postgres://u:s3c ret@h/x'", "has blanks in it"),
        ("\"postgres://u:s3cret@h/x\\n\"", "has control characters"),
        ("'postgres://u:s3cret@h:port/x'", "is not a URL; percent-encode"),
        ("postgres://u:s3cret@h", "names no database; end it with /DATABASE"),
        ("postgres://u:s3cret@h/", "names no database"),
        ("mysql://u:s3cret@h/a/b", "has a '/' in the database's name"),
        ("postgres://h/a?password=s3cret", "has user, password, port or database as a parameter"),
        ("'postgres://h/a#s3cret'", "has a `#` in it"),
        ("postgres://u:${NOPE}@h/a", "the environment variable NOPE is not set; set it"),
        ("postgres://u:${URL}", "is not a URL"),
        ("sqlite://", "names no file"),
        ("sqlite://data/", "names no file"),
        ("'sqlite::memory:'", "lives in memory only"),
        ("'sqlite://a.db?mode=ro'", "has `?`, `#` or `%` in it"),
        ("'sqlite://{key}.db'", "has a `{` that starts neither"),
        ("[a]", "is a list"),
        ("", "is empty"),
    ] {
        let found = tenant_error(&format!("database: {url}"));
        let rest = found.split_once(": tenants.thor.database: ").expect("names the field").1;
        assert!(rest.starts_with(want), "{url}\nwant {want}\ngot  {found}");
        assert!(found.starts_with("5:"), "{found}");
    }
}

#[test]
fn read_replicas_are_checked() {
    for (database, want) in [
        ("{ read: [] }", "5:15: tenants.thor.database: has no `write`"),
        ("{ write: sqlite:a, red: [] }", "5:34: tenants.thor.database.red: is unknown"),
        (
            "{ write: sqlite:a, read: [sqlite:b] }",
            "5:41: tenants.thor.database.read[0]: is a SQLite file",
        ),
        (
            "{ write: mysql://h/a, read: ['postgres://h/a'] }",
            "5:44: tenants.thor.database.read[0]: is on another engine",
        ),
    ] {
        let found = tenant_error(&format!("database: {database}"));
        assert!(found.starts_with(want), "{database}\nwant {want}\ngot  {found}");
    }
}

fn two(resolve: &str, thor: &str, potter: &str) -> Result<Catalog, CatalogError> {
    read(&format!("resolve: [{resolve}]\ntenants:\n  thor: {thor}\n  potter: {potter}\n"))
}

#[test]
fn two_tenants_never_share_a_database() {
    for (one, other) in [
        ("sqlite://data/a.db", "sqlite:data/../data/./a.db"),
        ("postgres://a:x@DB1/x", "postgresql://b:y@db1:5432/x"),
        (
            "mysql://db1/x",
            "{write: mysql://db2/x, read: ['mariadb://db1:3306/x?ssl-mode=DISABLED']}",
        ),
        ("postgres://localhost/x", "postgres://127.0.0.1/%78"),
    ] {
        let found =
            two("header: A", &format!("{{database: '{one}'}}"), &format!("{{database: {other}}}"));
        let found = found.expect_err(one).to_string();
        let want = "conf/tenants.yaml:4:22: tenants.potter.database: is tenant thor's database too";
        assert!(found.starts_with(want), "{found}");
    }
    for (one, other) in [
        ("postgres://db1/x", "mysql://db1:5432/x"),
        ("postgres://db1/x", "postgres://db1:5433/x"),
        ("sqlite:a.db", "sqlite:b/a.db"),
    ] {
        let found = two(
            "header: A",
            &format!("{{database: '{one}'}}"),
            &format!("{{database: '{other}'}}"),
        );
        assert!(found.is_ok(), "{one} {other}");
    }
}

#[test]
fn a_default_without_the_tenant_in_it_is_shared_and_refused() {
    let found = errors(
        "resolve: [header: A]\ndefaults: {database: 'sqlite:a.db'}\ntenants:\n  thor:\n  potter:\n",
    );
    assert!(found.starts_with("5:3: tenants.potter.database: is tenant thor's database too"));
}

#[test]
fn a_broken_default_is_reported_once() {
    let found = errors(
        "resolve: [header: A]\ndefaults: {database: 'x:a.db'}\ntenants:\n  thor:\n  potter:\n",
    );
    assert!(found.starts_with("2:22: defaults.database: is no database URL"), "{found}");
    assert_eq!(found.lines().count(), 1, "{found}");
}

#[test]
fn a_host_names_one_tenant() {
    let entry = |n: u8, hosts: &str| format!("{{database: 'sqlite:{n}', hosts: [{hosts}]}}");
    let check = |hosts: &str, other: &str| {
        two("host: '{tenant}.polls.example'", &entry(1, hosts), &entry(2, other))
            .map_err(|error| error.to_string())
    };
    assert!(check("a.example", "b.example").is_ok());
    assert!(check("thor.polls.example", "a.b.polls.example").is_ok());
    let twice = check("a.example", "b.example, A.Example.").unwrap_err();
    assert!(twice.contains("tenants.potter.hosts[1]: is tenant thor's already"), "{twice}");
    let pattern = check("a.example", "www.polls.example").unwrap_err();
    assert!(
        pattern.contains(
            "tenants.potter.hosts[0]: means tenant www by the pattern {tenant}.polls.example"
        ),
        "{pattern}"
    );
}

#[test]
fn an_unreadable_file_is_named() {
    let error = crate::config::load(Path::new("no/such/tenants.yaml")).unwrap_err().to_string();
    assert!(error.starts_with("no/such/tenants.yaml: cannot be read: "), "{error}");
}
