//! Every byte stays but those of the new entry.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::config::parse;

const HEAD: &str = "resolve:\n  - header: X-Tenant\ndefaults:\n  database: sqlite://{tenant}.db\n";

fn key(text: &str) -> TenantKey {
    text.parse().unwrap()
}

fn catalog(source: &str) -> Catalog {
    parse(source, Path::new("tenants.yaml"), &|_| Some("x".to_owned())).unwrap()
}

/// Appends loki, checks that the result is the old catalog plus one, and gives the result.
fn append(source: &str, entry: &NewTenant) -> String {
    let result = append_tenant(source, &key("loki"), entry).unwrap();
    let new = catalog(&result);
    assert!(adds_only(&catalog(source), &new, &key("loki")), "{result}");
    let loki = new.get("loki").unwrap();
    assert_eq!(loki.name, entry.name.clone().unwrap_or_else(|| "loki".to_owned()));
    assert_eq!(loki.hosts, entry.hosts);
    result
}

fn named() -> NewTenant {
    NewTenant { name: Some("Loki".to_owned()), ..NewTenant::default() }
}

#[test]
fn an_entry_goes_to_the_end() {
    let source = format!("{HEAD}tenants:\n  thor:\n    name: Thor\n");
    let want = format!("{source}  loki:\n    name: Loki\n");
    assert_eq!(append(&source, &named()), want);
    assert_eq!(append(&source, &NewTenant::default()), format!("{source}  loki: {{}}\n"));
}

#[test]
fn everything_can_be_said() {
    let source = format!("{HEAD}tenants:\n  thor:\n");
    let entry = NewTenant {
        name: Some("Loki: \"$$\" ${X} # é".to_owned()),
        hosts: vec!["loki.example".to_owned(), "tricks.example".to_owned()],
        database: Some("postgres://app:${PW}@db/loki".to_owned()),
    };
    let result = append(&source, &entry);
    let want = "  loki:\n    name: \"Loki: \\\"$$$$\\\" $${X} # é\"\n    \
                hosts: [\"loki.example\", \"tricks.example\"]\n    \
                database: \"postgres://app:${PW}@db/loki\"\n";
    assert_eq!(result.strip_prefix(&source), Some(want));
}

#[test]
fn comments_below_the_last_tenant_stay_with_it() {
    let tail = "\n# the end\n";
    let source =
        format!("{HEAD}tenants: # all\n  thor: # one\n    name: Thor # two\n    # state: active\n");
    assert_eq!(
        append(&format!("{source}{tail}"), &named()),
        format!("{source}  loki:\n    name: Loki\n{tail}")
    );
}

#[test]
fn tenants_need_not_stand_last() {
    let tenants = "tenants:\n    thor:\n        name: Thor\n\n    potter: { name: Potter }\n";
    let result = append(&format!("{tenants}\n\n# more\n{HEAD}"), &named());
    assert_eq!(result, format!("{tenants}    loki:\n        name: Loki\n\n\n# more\n{HEAD}"));
}

#[test]
fn line_ends_are_kept() {
    let source = format!("{HEAD}tenants:\n  thor:\n").replace('\n', "\r\n");
    assert_eq!(append(&source, &named()), format!("{source}  loki:\r\n    name: Loki\r\n"));
    let unended = format!("{HEAD}tenants:\n  thor:");
    assert_eq!(append(&unended, &named()), format!("{unended}\n  loki:\n    name: Loki"));
}

#[test]
fn the_first_tenant_can_be_added() {
    for (source, want) in [
        ("tenants:\n", "tenants:\n  loki:\n    name: Loki\n"),
        ("tenants:", "tenants:\n  loki:\n    name: Loki"),
        (
            "\"tenants\" :   # none\n  # yet\n\n# end\n",
            "\"tenants\" :   # none\n  # yet\n  loki:\n    name: Loki\n\n# end\n",
        ),
    ] {
        assert_eq!(append(&format!("{HEAD}{source}"), &named()), format!("{HEAD}{want}"));
    }
}

#[test]
fn odd_keys_are_quoted() {
    let source = format!("{HEAD}tenants:\n");
    for odd in ["no", "1", "0x1", "null"] {
        let result = append_tenant(&source, &key(odd), &NewTenant::default()).unwrap();
        assert!(result.ends_with(&format!("  \"{odd}\": {{}}\n")));
        assert!(catalog(&result).get(odd).is_some());
    }
}

#[test]
fn what_cannot_be_added_to_is_refused() {
    for source in [
        "tenants: {}\n",
        "tenants: { thor: {} }\n",
        "tenants:\n  { thor: {} }\n",
        "tenants: ~\n",
        "tenants: &all\n  thor:\n",
        "tenants: !!map\n  thor:\n",
        "? tenants\n: thor:\n",
        "tenants:\r  thor:\r",
    ] {
        let refused = append_tenant(&format!("{HEAD}{source}"), &key("loki"), &named());
        assert!(matches!(refused, Err(EditError::Style(_))), "{source}: {refused:?}");
    }
    let json = "{\"resolve\": [], \"tenants\": {}}";
    assert!(append_tenant(json, &key("loki"), &named()).is_err());
    assert!(append_tenant("a: [", &key("loki"), &named()).is_err());
    assert!(append_tenant(HEAD, &key("loki"), &named()).is_err());
    let twice = append_tenant(&format!("{HEAD}tenants:\n  loki:\n"), &key("loki"), &named());
    assert_eq!(twice, Err(EditError::Exists(key("loki"))));
}

fn filler() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "\n", "  # a comment\n", "    # deeper\n", "# shallow\n", "\n\n"])
        .prop_map(str::to_owned)
}

fn tenant(indent: usize) -> impl Strategy<Value = String> {
    let bodies = prop::sample::select(vec![
        ":\n",
        ":   # nothing said\n",
        ": {}\n",
        ": { name: 'a # b' }\n",
        ":\nNname: \"quoted: yes\"\nNstate: read_only # why\n",
        ":\nNname: >-\nN  folded\nN  text\n",
        ":\nNhosts:\nN- HOST.example\n",
        ":\nNhosts: [\nN  HOST.example,\nN]\nNname: Plain\nN  text\n",
    ]);
    ("[a-k][a-z0-9]{0,8}", bodies).prop_map(move |(key, body)| {
        let body = body.replace('N', &" ".repeat(indent * 2)).replace("HOST", &key);
        format!("{}{key}{body}", " ".repeat(indent))
    })
}

proptest! {
    #[test]
    fn whatever_the_layout_only_the_entry_is_new(
        tenants in (1_usize..5).prop_flat_map(|indent| {
            let all = prop::collection::btree_map("[a-k]{3}", (filler(), tenant(indent)), 0..4);
            all.prop_map(move |all| (indent, all))
        }),
        last in any::<bool>(),
        windows in any::<bool>(),
        unended in any::<bool>(),
        tail in filler(),
        name in "[ -~é😀]{1,20}",
    ) {
        let tenants: String = tenants.1.into_values().map(|(filler, text)| text + &filler).collect();
        let mut source = if last {
            format!("{HEAD}{tail}tenants: # here\n{tenants}{tail}")
        } else {
            format!("tenants:\n{tenants}{tail}{HEAD}")
        };
        if windows { source = source.replace('\n', "\r\n"); }
        if unended { source.truncate(source.trim_end().len()); }
        let Ok(old) = parse(&source, Path::new("t.yaml"), &|_| None) else {
            // Two tenants by chance of one key.
            return Ok(());
        };
        prop_assume!(!name.trim().is_empty());
        let entry = NewTenant { name: Some(name.clone()), ..NewTenant::default() };
        let result = append_tenant(&source, &key("loki"), &entry).unwrap();
        let new = parse(&result, Path::new("t.yaml"), &|_| None).unwrap();
        prop_assert!(adds_only(&old, &new, &key("loki")), "{}", result);
        prop_assert_eq!(&new.get("loki").unwrap().name, name.trim());
        let same = |pairs: &mut dyn Iterator<Item = (u8, u8)>| pairs.take_while(|(a, b)| a == b).count();
        let before = same(&mut source.bytes().zip(result.bytes()));
        let after = same(&mut source.bytes().rev().zip(result.bytes().rev()));
        prop_assert!(before + after >= source.len(), "more than one place changed: {}", result);
    }
}
