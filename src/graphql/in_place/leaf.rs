//! Values without fields, written as JSON.

use async_graphql::ID;

use crate::graphql::{error::ApiError, json};

/// What a field without a selection answers with.
pub(in crate::graphql) trait Leaf {
    /// Writes it; nothing comes back where it is an error.
    fn write(&self, json: &mut Vec<u8>) -> Option<()>;
}

impl<L: Leaf> Leaf for Option<L> {
    fn write(&self, json: &mut Vec<u8>) -> Option<()> {
        match self {
            Some(leaf) => leaf.write(json),
            None => {
                json.extend_from_slice(b"null");
                Some(())
            }
        }
    }
}

impl<L: Leaf> Leaf for Result<L, ApiError> {
    fn write(&self, json: &mut Vec<u8>) -> Option<()> {
        self.as_ref().ok()?.write(json)
    }
}

impl Leaf for &str {
    fn write(&self, json: &mut Vec<u8>) -> Option<()> {
        json::text(json, self);
        Some(())
    }
}

impl Leaf for String {
    fn write(&self, json: &mut Vec<u8>) -> Option<()> {
        self.as_str().write(json)
    }
}

impl Leaf for ID {
    fn write(&self, json: &mut Vec<u8>) -> Option<()> {
        self.as_str().write(json)
    }
}

impl Leaf for i32 {
    fn write(&self, json: &mut Vec<u8>) -> Option<()> {
        serde_json::to_writer(json, self).ok()
    }
}

impl Leaf for bool {
    fn write(&self, json: &mut Vec<u8>) -> Option<()> {
        json.extend_from_slice(if *self { b"true" } else { b"false" });
        Some(())
    }
}

/// Makes an enum a leaf.
macro_rules! enum_leaf {
    ($name:ident) => {
        impl $crate::graphql::in_place::Leaf for $name {
            fn write(&self, json: &mut Vec<u8>) -> Option<()> {
                let items = <Self as async_graphql::resolver_utils::EnumType>::items();
                let item = items.iter().find(|item| item.value == *self)?;
                item.name.write(json)
            }
        }
    };
}
pub(in crate::graphql) use enum_leaf;
