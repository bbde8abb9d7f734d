//! What the tables share: their options and the columns that differ by engine.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait, sea_orm::DbBackend};

/// A new table. On MySQL and MariaDB its text compares byte by byte, trailing blanks included,
/// as it does on the other two engines.
pub async fn table(
    manager: &SchemaManager<'_>,
    name: &'static str,
) -> Result<TableCreateStatement, DbErr> {
    let mut table = Table::create();
    table.table(name);
    if manager.get_database_backend() == DbBackend::MySql {
        table.engine("InnoDB").character_set("utf8mb4").collate(binary_collation(manager).await?);
    }
    Ok(table)
}

/// MariaDB and MySQL 8 name their byte-wise, no-pad collation differently.
async fn binary_collation(manager: &SchemaManager<'_>) -> Result<&'static str, DbErr> {
    let mut query = Query::select();
    query
        .expr(Expr::cust("COUNT(*)"))
        .from(("information_schema", "COLLATIONS"))
        .and_where(Expr::cust("COLLATION_NAME = 'utf8mb4_nopad_bin'"));
    let row = manager.get_connection().query_one(&query).await?;
    let count: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(0);
    Ok(if count > 0 { "utf8mb4_nopad_bin" } else { "utf8mb4_0900_bin" })
}

/// A row's own number. SQLite's `AUTOINCREMENT` never gives a number twice, so the id of a
/// deleted row never comes to mean another one.
pub fn id() -> ColumnDef {
    let mut column = ColumnDef::new("id");
    column.big_integer().not_null().auto_increment().primary_key();
    column
}

/// The number of a row of another table.
pub fn reference(name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    column.big_integer().not_null();
    column
}

/// A moment in UTC with microseconds; nullable until `.not_null()`.
pub fn moment(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = ColumnDef::new(name);
    if manager.get_database_backend() == DbBackend::MySql {
        column.custom("DATETIME(6)");
    } else {
        column.date_time();
    }
    column
}

/// A foreign key whose rows go when the row they point to goes.
pub fn cascade(
    name: &'static str,
    from: (&'static str, &'static str),
    to: &'static str,
) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.name(name).from(from.0, from.1).to(to, "id").on_delete(ForeignKeyAction::Cascade);
    key
}

/// An index over the columns, in this order.
pub fn index(
    name: &'static str,
    table: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}
