//! The people of a tenant, for its superusers.

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, LikeExpr},
};

use super::{
    account,
    error::{Code, Failure},
    page::{Listing, Order},
    password::Passwords,
    token,
};
use crate::{
    entity::user::{self, Role},
    tenancy::{Columns, KeyTemplate, TenantRouter},
};

/// All people, oldest account first; with a folded text to look for in their names.
#[must_use]
pub fn listing(search: Option<&str>) -> Listing<user::Entity> {
    let mut query: Select<user::Entity> = user::Entity::rows();
    if let Some(search) = search {
        query = query.filter(Expr::col(user::Column::UsernameKey).like(contains(search)));
    }
    Listing::new(query, Order::by_id(user::Column::Id, false)).searching(search.is_some())
}

/// A `LIKE` pattern for what contains this text.
pub(super) fn contains(text: &str) -> LikeExpr {
    let escaped = text.replace('|', "||").replace('%', "|%").replace('_', "|_");
    LikeExpr::new(format!("%{escaped}%")).escape('|')
}

/// People by number, of whom these columns are read.
///
/// # Errors
/// What the database answers.
pub async fn by_ids(ids: Vec<i64>, columns: Columns) -> Result<Vec<user::Model>, Failure> {
    let reader = TenantRouter::db_for_read::<user::Entity>()?.only(columns);
    Ok(reader.all_by_keys(&BY_IDS, ids).await?)
}

static BY_IDS: KeyTemplate<Select<user::Entity>> =
    KeyTemplate::new(|ids| user::Entity::rows().filter(ids.hold(user::Column::Id)));

/// Makes somebody a superuser, or no longer one.
///
/// # Errors
/// [`Code::NotFound`], [`Code::LastSuperuser`].
pub async fn set_role(id: i64, role: Role) -> Result<user::Model, Failure> {
    TenantRouter::transaction(async {
        let user = lock(id).await?;
        if role != Role::Superuser {
            keep_one_superuser(&user).await?;
        }
        update(user::Entity::update_many().col_expr(user::Column::Role, role_value(role)), id)
            .await?;
        Ok(user::Model { role, ..user })
    })
    .await
}

/// Lets somebody sign in, or no longer; the latter ends all their tokens.
///
/// # Errors
/// [`Code::NotFound`], [`Code::LastSuperuser`].
pub async fn set_active(id: i64, active: bool) -> Result<user::Model, Failure> {
    TenantRouter::transaction(async {
        let user = lock(id).await?;
        if !active {
            keep_one_superuser(&user).await?;
            token::revoke_all(id, None).await?;
        }
        let query =
            user::Entity::update_many().col_expr(user::Column::IsActive, Expr::value(active));
        update(query, id).await?;
        Ok(user::Model { is_active: active, ..user })
    })
    .await
}

/// Gives somebody a new random password, ends all their tokens, and tells the password: the one
/// moment at which it is known.
///
/// # Errors
/// [`Code::NotFound`].
pub async fn reset_password(
    id: i64,
    passwords: &Passwords,
) -> Result<(user::Model, String), Failure> {
    let query = user::Entity::find_by_id(id);
    if TenantRouter::db_for_fresh_read::<user::Entity>()?.one(query).await?.is_none() {
        return Err(not_found());
    }
    let password: String = token::random_text().chars().take(20).collect();
    let hash = passwords.hash(&password).await?;
    TenantRouter::transaction(async {
        let user = lock(id).await?;
        account::set_password(id, hash.clone()).await?;
        Ok((user::Model { password_hash: Some(hash), ..user }, password))
    })
    .await
}

/// Locks all superusers' rows, in the order of their numbers, and refuses if this is the only
/// active one: two of them at once cannot both leave.
async fn keep_one_superuser(user: &user::Model) -> Result<(), Failure> {
    if user.role != Role::Superuser || !user.is_active {
        return Ok(());
    }
    let query = user::Entity::rows()
        .filter(user::Column::Role.eq(Role::Superuser))
        .filter(user::Column::IsActive.eq(true))
        .order_by_asc(user::Column::Id)
        .lock_exclusive();
    let active = TenantRouter::db_for_read::<user::Entity>()?.all(query).await?;
    if active.iter().any(|other| other.id != user.id) {
        return Ok(());
    }
    let message = "This is the last active superuser; make somebody else one first.";
    Err(Failure::refused(Code::LastSuperuser, "id", message))
}

async fn lock(id: i64) -> Result<user::Model, Failure> {
    // Superusers first, as in `keep_one_superuser`, so that two of these never wait for each
    // other.
    let query = user::Entity::rows()
        .filter(user::Column::Id.eq(id).or(user::Column::Role.eq(Role::Superuser)))
        .order_by_asc(user::Column::Id)
        .lock_exclusive();
    let rows = TenantRouter::db_for_read::<user::Entity>()?.all(query).await?;
    rows.into_iter().find(|user| user.id == id).ok_or_else(not_found)
}

async fn update(query: sea_orm::UpdateMany<user::Entity>, id: i64) -> Result<(), Failure> {
    let query = query.filter(user::Column::Id.eq(id));
    TenantRouter::db_for_write::<user::Entity>()?.update(query).await?;
    Ok(())
}

fn role_value(role: Role) -> sea_orm::sea_query::SimpleExpr {
    Expr::value(sea_orm::ActiveEnum::to_value(&role))
}

fn not_found() -> Failure {
    Failure::refused(Code::NotFound, "id", "There is no such user.")
}
