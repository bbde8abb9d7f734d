//! Global ids: a type, a tenant and a row in one opaque text, unique over all tenants.

use async_graphql::ID;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::{
    context::RequestContext,
    error::{ApiError, ApiResult, Code},
};
use crate::{
    service::{self, Violation},
    tenancy::{TenantKey, TenantRouter},
};

/// The types that have ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tenant,
    Poll,
    Choice,
    Vote,
    User,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Tenant, Self::Poll, Self::Choice, Self::Vote, Self::User];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "Tenant",
            Self::Poll => "Poll",
            Self::Choice => "Choice",
            Self::Vote => "Vote",
            Self::User => "User",
        }
    }
}

/// What an id says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GlobalId {
    pub kind: Kind,
    pub tenant: TenantKey,
    /// The row; 0 for the tenant itself.
    pub row: i64,
}

/// The longest id: the longest type, key and number in base64.
const MAX_LEN: usize = 128;

/// The id of a row.
pub(super) fn encode(kind: Kind, tenant: &TenantKey, row: i64) -> ID {
    let (kind, tenant) = (kind.as_str(), tenant.as_str());
    let mut number = [0; MAX_DIGITS];
    let row = digits(row, &mut number);
    let mut text = [0; MAX_LEN];
    let mut length = 0;
    for part in [kind.as_bytes(), b":", tenant.as_bytes(), b":", row] {
        text[length..length + part.len()].copy_from_slice(part);
        length += part.len();
    }
    let mut id = [0; MAX_LEN];
    // There is room for the longest, and all of it is text.
    let length = BASE64_URL_SAFE_NO_PAD.encode_slice(&text[..length], &mut id).unwrap_or_default();
    str::from_utf8(&id[..length]).unwrap_or_default().into()
}

/// The digits of an `i64`, and its sign.
const MAX_DIGITS: usize = 20;

/// A number in decimal. Pages are full of ids, and the formatting of the standard library was the
/// largest part of them.
fn digits(number: i64, buffer: &mut [u8; MAX_DIGITS]) -> &[u8] {
    let mut rest = number.unsigned_abs();
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        at -= 1;
        buffer[at] = b'-';
    }
    &buffer[at..]
}

/// What an id says, if it is one. Each row has exactly one id, letter by letter.
pub(super) fn decode(id: &str) -> Option<GlobalId> {
    if id.len() > MAX_LEN {
        return None;
    }
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(id).ok()?).ok()?;
    let mut parts = text.splitn(3, ':');
    let (kind, tenant, row) = (parts.next()?, parts.next()?, parts.next()?);
    let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind)?;
    let id_parts = GlobalId { kind, tenant: tenant.parse().ok()?, row: row.parse().ok()? };
    let canonical = encode(kind, &id_parts.tenant, id_parts.row).0 == id;
    let in_range = if kind == Kind::Tenant { id_parts.row == 0 } else { id_parts.row > 0 };
    (canonical && in_range).then_some(id_parts)
}

/// What an id in an argument says.
///
/// # Errors
/// `BAD_USER_INPUT` for what is no id, `WRONG_TENANT` for another tenant's, both before any
/// query.
pub(super) fn argument(request: &RequestContext, name: &str, id: &ID) -> ApiResult<GlobalId> {
    let id = decode(id).ok_or_else(|| {
        ApiError::bad_input(format!("`{name}` is no id; take ids as the API gives them."))
    })?;
    own(request, id)
}

/// The row that an id in an `input` names; a violation at that field where it names none.
///
/// # Errors
/// `WRONG_TENANT` for another tenant's id, before any query.
pub(super) fn input(
    request: &RequestContext,
    field: &str,
    id: &ID,
    kind: Kind,
) -> ApiResult<Result<i64, Violation>> {
    let Some(id) = decode(id) else {
        let message = "This is no id; take ids as the API gives them.";
        return Ok(Err(Violation::new(service::Code::Invalid, field, message)));
    };
    let id = own(request, id)?;
    if id.kind == kind {
        return Ok(Ok(id.row));
    }
    let message = format!("There is no such {}.", kind.as_str().to_lowercase());
    Ok(Err(Violation::new(service::Code::NotFound, field, message)))
}

fn own(request: &RequestContext, id: GlobalId) -> ApiResult<GlobalId> {
    if TenantRouter::allow_relation(request.key(), &id.tenant) {
        return Ok(id);
    }
    Err(ApiError::new(Code::WrongTenant, "This id belongs to another tenant."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_was_encoded_decodes() {
        let thor = "thor".parse().unwrap();
        let id = encode(Kind::Poll, &thor, 42);
        assert_eq!(decode(&id), Some(GlobalId { kind: Kind::Poll, tenant: thor, row: 42 }));
        for text in ["Poll:thor:042", "Poll:thor:+42", "Poll:thor:-1", "Poll:thor:0", "Poll:Thor:1"]
        {
            assert_eq!(decode(&BASE64_URL_SAFE_NO_PAD.encode(text)), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn decoding_never_panics_and_is_exact(text in ".{0,140}") {
            if let Some(id) = decode(&text) {
                prop_assert_eq!(encode(id.kind, &id.tenant, id.row).0, text);
            }
        }
    }
}
