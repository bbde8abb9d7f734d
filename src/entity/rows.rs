//! Queries for all rows of an entity.

use std::sync::LazyLock;

use sea_orm::{EntityTrait, Select};

macro_rules! rows {
    ($($entity:ident),*) => {$(
        impl super::$entity::Entity {
            /// All rows: the same as `find`, which looks up the definition of every column anew.
            #[must_use]
            pub fn rows() -> Select<Self> {
                static ROWS: LazyLock<Select<super::$entity::Entity>> =
                    LazyLock::new(super::$entity::Entity::find);
                ROWS.clone()
            }
        }
    )*};
}

rows!(choice, poll, user);
