//! Coercing variables (GraphQL specification, section 6.1.2, `CoerceVariableValues`) before the
//! first resolver runs, so that no mutation is done in part for want of the rest.

use async_graphql::{
    Name, Value, Variables,
    parser::types::{ExecutableDocument, OperationDefinition},
    registry::{MetaType, MetaTypeName, Registry},
};

use super::error::{ApiError, Code};

/// The variables that the operation takes, defaults filled in; others are left out.
///
/// # Errors
/// `BAD_USER_INPUT` that tells of each variable that does not fit its type.
pub(super) fn variables(
    registry: &Registry,
    operation: &OperationDefinition,
    mut given: Variables,
) -> Result<Variables, ApiError> {
    let mut coerced = Variables::default();
    let mut errors = Vec::new();
    for definition in &operation.variable_definitions {
        let (definition, name) = (&definition.node, &definition.node.name.node);
        let ty = &definition.var_type.node;
        match given.remove(name) {
            Some(value) => match check(registry, &ty.to_string(), &value, &format!("${name}")) {
                Ok(()) => {
                    coerced.insert(name.clone(), value);
                }
                Err(message) => errors.push(message),
            },
            None => {
                if let Some(default) = &definition.default_value {
                    coerced.insert(name.clone(), default.node.clone());
                } else if !ty.nullable {
                    errors.push(format!("Variable ${name} of type {ty} is missing."));
                }
            }
        }
    }
    if errors.is_empty() { Ok(coerced) } else { Err(ApiError::bad_input(errors.join(" "))) }
}

/// Refuses documents with variables of types that are not there. Validation, which is to tell
/// of them, panics where such a variable is a list with a default.
///
/// # Errors
/// `GRAPHQL_VALIDATION_FAILED`.
pub(super) fn known_types(
    registry: &Registry,
    document: &ExecutableDocument,
) -> Result<(), ApiError> {
    for (_, operation) in document.operations.iter() {
        for definition in &operation.node.variable_definitions {
            let ty = definition.node.var_type.node.to_string();
            let name = MetaTypeName::concrete_typename(&ty);
            if !registry.types.contains_key(name) {
                let shown: String = name.chars().take(100).collect();
                let message = format!("Unknown type \"{shown}\".");
                return Err(ApiError::new(Code::ValidationFailed, message));
            }
        }
    }
    Ok(())
}

/// Whether a document has one operation, all of whose variables are given.
pub(super) fn is_complete(document: &ExecutableDocument, given: &Variables) -> bool {
    let mut operations = document.operations.iter();
    match (operations.next(), operations.next()) {
        (Some((_, only)), None) => only
            .node
            .variable_definitions
            .iter()
            .all(|definition| given.contains_key(&definition.node.name.node)),
        _ => false,
    }
}

/// Whether a value fits a type; `at` is where it stands.
fn check(registry: &Registry, ty: &str, value: &Value, at: &str) -> Result<(), String> {
    match MetaTypeName::create(ty) {
        MetaTypeName::NonNull(inner) if *value == Value::Null => {
            Err(format!("{at} of type {inner}! must not be null."))
        }
        MetaTypeName::NonNull(inner) => check(registry, inner, value, at),
        _ if *value == Value::Null => Ok(()),
        MetaTypeName::List(inner) => match value {
            Value::List(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                check(registry, inner, item, &format!("{at}[{index}]"))
            }),
            // A single value stands for a list of one (section 3.11, input coercion).
            single => check(registry, inner, single, at),
        },
        MetaTypeName::Named(name) => match registry.types.get(name) {
            Some(ty) => named(registry, ty, value, at),
            // Validation tells of unknown types.
            None => Ok(()),
        },
    }
}

fn named(registry: &Registry, ty: &MetaType, value: &Value, at: &str) -> Result<(), String> {
    let misfit = || Err(format!("{at} does not fit the type {}.", ty.name()));
    match ty {
        MetaType::Scalar { name, is_valid, .. } => {
            let fits = match (name.as_str(), value) {
                ("Int", Value::Number(number)) => {
                    number.as_i64().is_some_and(|number| i32::try_from(number).is_ok())
                }
                ("String", value) => matches!(value, Value::String(_)),
                ("Boolean", value) => matches!(value, Value::Boolean(_)),
                ("ID", Value::String(_)) => true,
                ("ID", Value::Number(number)) => number.is_i64() || number.is_u64(),
                ("Int" | "ID", _) => false,
                _ => is_valid.as_ref().is_none_or(|is_valid| is_valid(value)),
            };
            if fits { Ok(()) } else { misfit() }
        }
        MetaType::Enum { enum_values, .. } => match value {
            Value::String(name) if enum_values.contains_key(name.as_str()) => Ok(()),
            Value::Enum(name) if enum_values.contains_key(name.as_str()) => Ok(()),
            _ => misfit(),
        },
        MetaType::InputObject { input_fields, name, .. } => {
            let Value::Object(fields) = value else { return misfit() };
            if let Some(unknown) =
                fields.keys().find(|key| !input_fields.contains_key(key.as_str()))
            {
                let unknown: String = unknown.chars().take(100).collect();
                return Err(format!("{at} has a field `{unknown}`, which {name} has not."));
            }
            input_fields.values().try_for_each(|field| {
                let at = format!("{at}.{}", field.name);
                match fields.get(&Name::new(&field.name)) {
                    Some(value) => check(registry, &field.ty, value, &at),
                    None if field.default_value.is_none() && field.ty.ends_with('!') => {
                        Err(format!("{at} of type {} is missing.", field.ty))
                    }
                    None => Ok(()),
                }
            })
        }
        _ => misfit(),
    }
}
