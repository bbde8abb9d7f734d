//! The bounds of one tenant's documents: those for all, but for what is other for the tenant.

use super::limits::QueryLimits;
use crate::tenancy::{LimitName, LimitOverrides};

impl QueryLimits {
    /// These bounds with what is other for one tenant. A few comparisons and no memory: cheaper
    /// than looking the answer up.
    #[must_use]
    pub fn with(&self, own: &LimitOverrides) -> Self {
        Self {
            bytes: own.or(LimitName::QueryBytes, self.bytes),
            tokens: own.or(LimitName::Tokens, self.tokens),
            nesting: own.or(LimitName::Nesting, self.nesting),
            fields: own.or(LimitName::Fields, self.fields),
            depth: own.or(LimitName::Depth, self.depth),
            aliases: own.or(LimitName::Aliases, self.aliases),
            directives: own.or(LimitName::Directives, self.directives),
            complexity: own.or(LimitName::Complexity, self.complexity),
        }
    }
}
