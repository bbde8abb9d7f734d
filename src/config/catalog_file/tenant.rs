//! One tenant, and the defaults of all.

use std::{collections::HashSet, sync::Arc};

use super::{
    database::Template,
    documents, host, limits, origin,
    reading::{Field, Reading, Section},
};
use crate::{
    config::yaml::Position,
    tenancy::{
        Anonymous, DocumentPolicy, DocumentTexts, Durability, Introspection, LimitOverrides,
        Registration, ResultCaching, State, Tenant, TenantKey,
    },
};

const MAX_NAME_CHARS: usize = 100;
const MAX_REASON_CHARS: usize = 500;
const MAX_TEXT_CHARS: usize = 300;

/// What can be said of a tenant.
const FIELDS: [&str; 14] = [
    "name",
    "hosts",
    "database",
    "durability",
    "state",
    "reason",
    "anonymous",
    "registration",
    "origins",
    "trusted_documents",
    "trusted_manifest",
    "introspection",
    "limits",
    "result_cache",
];

/// What a tenant gets that says nothing itself.
#[derive(Default)]
pub(super) struct Defaults<'n> {
    database: Option<Template<'n>>,
    /// Whether there is a default database that could not be read, so that tenants without one of
    /// their own are not blamed too.
    database_is_broken: bool,
    anonymous: Anonymous,
    registration: Registration,
    origins: Vec<String>,
    durability: Durability,
    document_policy: DocumentPolicy,
    document_texts: Option<Arc<DocumentTexts>>,
    introspection: Option<Introspection>,
    limits: LimitOverrides,
    result_cache: ResultCaching,
}

/// A tenant, with the places that later checks point at.
pub(super) struct ReadTenant {
    pub tenant: Arc<Tenant>,
    /// The path of the tenant in the file.
    pub path: String,
    /// Each exact host, and where it stands.
    pub hosts: Vec<(Position, String)>,
    /// Where its database is given: at its own field, else at its key.
    pub database_at: Position,
}

impl<'n> Defaults<'n> {
    pub fn read(field: Option<Field<'n>>, reading: &mut Reading<'_>) -> Self {
        let known = [
            "database",
            "durability",
            "anonymous",
            "registration",
            "origins",
            "trusted_documents",
            "trusted_manifest",
            "introspection",
            "limits",
            "result_cache",
        ];
        let section =
            field.and_then(|field| Section::open(field.node, &field.path, &known, reading));
        let Some(section) = section else { return Self::default() };
        let database = section.get("database").map(|field| Template::read(field, reading));
        Self {
            database_is_broken: matches!(database, Some(None)),
            database: database.flatten(),
            anonymous: anonymous(&section, reading).unwrap_or_default(),
            registration: registration(&section, reading).unwrap_or_default(),
            origins: origins(&section, reading).unwrap_or_default(),
            durability: durability(&section, reading).unwrap_or_default(),
            document_policy: documents::policy(&section, reading).unwrap_or_default(),
            document_texts: documents::texts(&section, reading),
            introspection: introspection(&section, reading),
            limits: limits::read(&section, reading),
            result_cache: result_cache(&section, reading).unwrap_or_default(),
        }
    }
}

/// Reads one tenant; nothing when a part without a default could not be read.
pub(super) fn read(
    key: &TenantKey,
    at: Position,
    field: &Field<'_>,
    defaults: &Defaults<'_>,
    reading: &mut Reading<'_>,
) -> Option<ReadTenant> {
    let section = Section::open(field.node, &field.path, &FIELDS, reading)?;
    let name = section.get("name").map(|name| reading.text(&name, MAX_NAME_CHARS));
    let hosts = hosts(&section, reading);
    let state = section.get("state").and_then(|field| state(&field, reading));
    let reason = section.get("reason").and_then(|f| reading.text(&f, MAX_REASON_CHARS));
    let anonymous = anonymous(&section, reading).unwrap_or(defaults.anonymous);
    let registration = registration(&section, reading).unwrap_or(defaults.registration);
    let origins = origins(&section, reading).unwrap_or_else(|| defaults.origins.clone());
    let durability = durability(&section, reading).unwrap_or(defaults.durability);
    let policy = documents::policy(&section, reading).unwrap_or(defaults.document_policy);
    let texts = documents::texts(&section, reading).or_else(|| defaults.document_texts.clone());
    let documents = documents::trusted(policy, texts, &section, reading);
    let introspection = introspection(&section, reading).or(defaults.introspection);
    let limits = limits::read(&section, reading).over(&defaults.limits);
    let result_cache = result_cache(&section, reading).unwrap_or(defaults.result_cache);

    let own = section.get("database");
    let database_at = own.as_ref().map_or(at, |own| own.node.at);
    let database = match own {
        Some(own) => Template::read(own, reading)?.for_tenant(key, durability, reading),
        None if defaults.database_is_broken => return None,
        None => match &defaults.database {
            Some(template) => template.for_tenant(key, durability, reading),
            None => {
                let problem = "is missing; give one here, or one for all in `defaults`";
                reading.add(at, &format!("{}.database", field.path), problem);
                return None;
            }
        },
    }?;

    let tenant = Tenant {
        key: key.clone(),
        name: name.unwrap_or_else(|| Some(key.to_string()))?,
        hosts: hosts.iter().map(|(_, host)| host.clone()).collect(),
        database,
        state: state.unwrap_or_default(),
        reason,
        anonymous,
        registration,
        origins,
        documents,
        introspection,
        limits,
        result_cache,
    };
    let path = field.path.clone();
    Some(ReadTenant { tenant: Arc::new(tenant), path, hosts, database_at })
}

fn hosts(section: &Section<'_>, reading: &mut Reading<'_>) -> Vec<(Position, String)> {
    let Some(field) = section.get("hosts") else { return Vec::new() };
    let mut found = Vec::new();
    for item in reading.list(&field) {
        let Some(text) = reading.text(&item, MAX_TEXT_CHARS) else { continue };
        match host::normalise(&text) {
            Ok(host) => found.push((item.node.at, host)),
            Err(problem) => reading.add_at(&item, problem),
        }
    }
    found
}

fn origins(section: &Section<'_>, reading: &mut Reading<'_>) -> Option<Vec<String>> {
    let field = section.get("origins")?;
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for item in reading.list(&field) {
        let Some(text) = reading.text(&item, MAX_TEXT_CHARS) else { continue };
        match origin::normalise(&text) {
            Ok(origin) if seen.insert(origin.clone()) => found.push(origin),
            Ok(_) => reading.add_at(&item, "is there twice; remove one"),
            Err(problem) => reading.add_at(&item, problem),
        }
    }
    Some(found)
}

fn state(field: &Field<'_>, reading: &mut Reading<'_>) -> Option<State> {
    let states = [State::Active, State::ReadOnly, State::Maintenance, State::Suspended];
    reading.word(field, &states.map(|state| (state.as_str(), state)))
}

fn anonymous(section: &Section<'_>, reading: &mut Reading<'_>) -> Option<Anonymous> {
    let words = [("none", Anonymous::None), ("read", Anonymous::Read)];
    section.get("anonymous").and_then(|field| reading.word(&field, &words))
}

fn registration(section: &Section<'_>, reading: &mut Reading<'_>) -> Option<Registration> {
    let words = [("open", Registration::Open), ("closed", Registration::Closed)];
    section.get("registration").and_then(|field| reading.word(&field, &words))
}

fn durability(section: &Section<'_>, reading: &mut Reading<'_>) -> Option<Durability> {
    let words = [("full", Durability::Full), ("normal", Durability::Normal)];
    section.get("durability").and_then(|field| reading.word(&field, &words))
}

fn introspection(section: &Section<'_>, reading: &mut Reading<'_>) -> Option<Introspection> {
    section.get("introspection").and_then(|field| reading.word(&field, &Introspection::WORDS))
}

fn result_cache(section: &Section<'_>, reading: &mut Reading<'_>) -> Option<ResultCaching> {
    let words = [("on", ResultCaching::On), ("off", ResultCaching::Off)];
    section.get("result_cache").and_then(|field| reading.word(&field, &words))
}
