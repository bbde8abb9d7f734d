//! The `resolve` list: how a request may name its tenant.

use http::HeaderName;

use super::{
    host,
    reading::{Field, Reading, Section},
};
use crate::tenancy::Strategy;

/// Headers that mean something else already.
const RESERVED: [&str; 8] = [
    "host",
    "authorization",
    "cookie",
    "origin",
    "content-type",
    "content-length",
    "accept",
    "connection",
];

pub(super) fn strategies(top: &Section<'_>, reading: &mut Reading<'_>) -> Vec<Strategy> {
    let Some(field) = top.get("resolve") else {
        reading.add(
            top.at,
            "resolve",
            "is missing; say how requests name a tenant, e.g. `- header: X-Tenant`",
        );
        return Vec::new();
    };
    let before = reading.errors();
    let items = reading.list(&field);
    if items.is_empty() && reading.errors() == before {
        reading
            .add_at(&field, "is empty; say how requests name a tenant, e.g. `- header: X-Tenant`");
    }
    let mut found = Vec::new();
    for item in &items {
        let Some(strategy) = strategy(item, reading) else { continue };
        if found.contains(&strategy) {
            reading.add_at(item, "is there twice; remove one");
        } else {
            found.push(strategy);
        }
    }
    found
}

fn strategy(item: &Field<'_>, reading: &mut Reading<'_>) -> Option<Strategy> {
    let section = Section::open(item.node, &item.path, &["header", "host"], reading)?;
    match (section.get("header"), section.get("host")) {
        (Some(field), None) => header(&field, reading),
        (None, Some(field)) => pattern(&field, reading),
        (Some(_), Some(_)) => {
            reading.add_at(item, "names two ways at once; make a list item of each");
            None
        }
        (None, None) => {
            let problem =
                "names no way; write `header: X-Tenant` or `host: \"{tenant}.localhost\"`";
            reading.add_at(item, problem);
            None
        }
    }
}

fn header(field: &Field<'_>, reading: &mut Reading<'_>) -> Option<Strategy> {
    let text = reading.text(field, 100)?;
    match HeaderName::try_from(text.as_str()) {
        Ok(name) if RESERVED.contains(&name.as_str()) => {
            reading
                .add_at(field, "means something else in HTTP; take one of your own, e.g. X-Tenant");
            None
        }
        Ok(name) => Some(Strategy::Header(name)),
        Err(_) => {
            reading
                .add_at(field, "is no header name; write letters, digits and '-', e.g. X-Tenant");
            None
        }
    }
}

fn pattern(field: &Field<'_>, reading: &mut Reading<'_>) -> Option<Strategy> {
    let text = reading.text(field, 300)?;
    let Some(suffix) = text.strip_prefix("{tenant}.") else {
        let problem = "needs {tenant} as its whole first label, e.g. \"{tenant}.polls.example\"";
        reading.add_at(field, problem);
        return None;
    };
    match host::normalise(suffix) {
        Ok(suffix) => Some(Strategy::HostSuffix(format!(".{suffix}"))),
        Err(problem) => {
            reading.add_at(field, problem);
            None
        }
    }
}
