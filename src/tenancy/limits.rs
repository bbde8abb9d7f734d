//! The limits that may differ from tenant to tenant, by name and as plain numbers. What each of
//! them bounds is the business of the floors that keep to it.

use std::sync::Arc;

/// The limits by name: as they stand under `limits:` in `tenants.yaml`, and in the `limit` of an
/// error that one of them caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitName {
    /// Bytes of a document.
    QueryBytes,
    /// Tokens of a document.
    Tokens,
    /// Brackets open at once in a document.
    Nesting,
    /// Fields of a document, its fragments expanded.
    Fields,
    /// Fields inside each other, fragments expanded.
    Depth,
    /// Aliases of a document, its fragments expanded.
    Aliases,
    /// Directives of a document, its fragments expanded.
    Directives,
    /// The estimated cost of an operation.
    Complexity,
    /// Bytes of a request's body.
    BodyBytes,
    /// How long an operation may run.
    RequestSeconds,
    /// Operations that run at once.
    ConcurrentOperations,
    /// Operations that wait for others to end.
    QueuedOperations,
    /// Failed sign-ins of one user name in a minute.
    FailedLoginsPerUser,
    /// Failed sign-ins of one address in a minute.
    FailedLoginsPerAddress,
    /// Registrations of one address in a minute.
    RegistrationsPerMinute,
}

impl LimitName {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 15] = [
        Self::QueryBytes,
        Self::Tokens,
        Self::Nesting,
        Self::Fields,
        Self::Depth,
        Self::Aliases,
        Self::Directives,
        Self::Complexity,
        Self::BodyBytes,
        Self::RequestSeconds,
        Self::ConcurrentOperations,
        Self::QueuedOperations,
        Self::FailedLoginsPerUser,
        Self::FailedLoginsPerAddress,
        Self::RegistrationsPerMinute,
    ];

    /// The name as people write and read it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueryBytes => "query_bytes",
            Self::Tokens => "tokens",
            Self::Nesting => "nesting",
            Self::Fields => "fields",
            Self::Depth => "depth",
            Self::Aliases => "aliases",
            Self::Directives => "directives",
            Self::Complexity => "complexity",
            Self::BodyBytes => "body_bytes",
            Self::RequestSeconds => "request_seconds",
            Self::ConcurrentOperations => "concurrent_operations",
            Self::QueuedOperations => "queued_operations",
            Self::FailedLoginsPerUser => "failed_logins_per_user",
            Self::FailedLoginsPerAddress => "failed_logins_per_address",
            Self::RegistrationsPerMinute => "registrations_per_minute",
        }
    }
}

/// What is other for one tenant than for all: a number where it was given one. Every request asks,
/// and for most tenants nothing was given: then there is nothing to look at. Tenants that say
/// nothing themselves share what was given for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LimitOverrides(Option<Arc<Numbers>>);

type Numbers = [Option<u32>; LimitName::ALL.len()];

impl LimitOverrides {
    /// The number that was given, if one was.
    #[must_use]
    pub fn get(&self, name: LimitName) -> Option<u32> {
        self.0.as_ref()?[name as usize]
    }

    /// The number that was given, else the one for all.
    #[must_use]
    pub fn or(&self, name: LimitName, of_all: usize) -> usize {
        self.get(name).map_or(of_all, |own| usize::try_from(own).unwrap_or(usize::MAX))
    }

    /// Gives a number.
    pub fn set(&mut self, name: LimitName, number: u32) {
        Arc::make_mut(self.0.get_or_insert_default())[name as usize] = Some(number);
    }

    /// These, and where nothing was given, those.
    #[must_use]
    pub fn over(mut self, those: &Self) -> Self {
        if self.0.is_none() {
            return those.clone();
        }
        for name in LimitName::ALL {
            if let (None, Some(number)) = (self.get(name), those.get(name)) {
                self.set(name, number);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tenant_says_itself_comes_first() {
        let (mut own, mut defaults) = (LimitOverrides::default(), LimitOverrides::default());
        own.set(LimitName::Depth, 3);
        defaults.set(LimitName::Depth, 4);
        defaults.set(LimitName::Aliases, 5);
        let both = own.over(&defaults);
        assert_eq!(both.or(LimitName::Depth, 9), 3);
        assert_eq!(both.or(LimitName::Aliases, 9), 5);
        assert_eq!(both.or(LimitName::Fields, 9), 9);
        assert_eq!(defaults.or(LimitName::Depth, 9), 4);
        assert_eq!(LimitOverrides::default().over(&defaults), defaults);
    }

    #[test]
    fn every_name_has_a_number_of_its_own() {
        for (index, name) in LimitName::ALL.into_iter().enumerate() {
            assert_eq!(name as usize, index, "{name:?}");
        }
    }
}
