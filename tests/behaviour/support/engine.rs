//! The three engines and how the tests make and remove databases on them.

use std::path::Path;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};

/// Where a test's tenants keep their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
    Mysql,
}

impl Engine {
    /// The `database:` template of `tenants.yaml`, its databases told apart by `unique`.
    pub fn template(self, unique: &str) -> String {
        match self {
            Self::Sqlite => "sqlite://data/{tenant}.db".to_owned(),
            Self::Postgres | Self::Mysql => format!("{}/{unique}_{{tenant}}", self.server()),
        }
    }

    /// The address of one tenant's database, from outside the folder of its `tenants.yaml`.
    pub fn url(self, folder: &Path, unique: &str, tenant: &str) -> String {
        match self {
            Self::Sqlite => {
                format!("sqlite://{}/data/{tenant}.db?mode=rwc", folder.display())
            }
            Self::Postgres | Self::Mysql => self.template(unique).replace("{tenant}", tenant),
        }
    }

    /// Makes an empty database; on SQLite only the folder, for the product makes the file.
    pub async fn create(self, folder: &Path, name: &str) {
        match self {
            Self::Sqlite => std::fs::create_dir_all(folder.join("data")).unwrap(),
            Self::Postgres => {
                // The encoding of a fresh cluster follows its locale and may be ASCII.
                let sql = format!("CREATE DATABASE \"{name}\" ENCODING 'UTF8' TEMPLATE template0");
                self.admin(&[sql]).await;
            }
            Self::Mysql => self.admin(&[format!("CREATE DATABASE `{name}`")]).await,
        }
    }

    /// Removes databases, whoever is still connected to them.
    pub async fn drop_all(self, names: &[String]) {
        let sql: Vec<_> = names
            .iter()
            .map(|name| match self {
                Self::Postgres => format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)"),
                Self::Sqlite | Self::Mysql => format!("DROP DATABASE IF EXISTS `{name}`"),
            })
            .collect();
        self.admin(&sql).await;
    }

    /// Fills a database from another: tables that are empty in it, or, where a server does not
    /// reach from one database into another, everything.
    pub async fn copy(self, from: &str, to: &str, tables: &[&str]) {
        let sql: Vec<_> = match self {
            Self::Sqlite => unreachable!("SQLite has no replicas"),
            Self::Postgres => vec![
                format!("DROP DATABASE \"{to}\""),
                format!("CREATE DATABASE \"{to}\" TEMPLATE \"{from}\""),
            ],
            Self::Mysql => tables
                .iter()
                .map(|table| {
                    format!("INSERT INTO `{to}`.`{table}` SELECT * FROM `{from}`.`{table}`")
                })
                .collect(),
        };
        self.admin(&sql).await;
    }

    /// A connection of one's own to any database, for what no command of the product does.
    pub async fn connect(url: &str) -> DatabaseConnection {
        let mut options = ConnectOptions::new(url);
        // As the product has it, and why: `tenancy/connect.rs`.
        options.max_connections(1).idle_timeout(None).max_lifetime(None).sqlx_logging(false);
        Database::connect(options).await.unwrap()
    }

    /// What a statement counts, asked on such a connection.
    pub async fn count(connection: &DatabaseConnection, sql: &str) -> i64 {
        let query = Statement::from_string(connection.get_database_backend(), sql);
        let row = connection.query_one_raw(query).await.unwrap().unwrap();
        row.try_get_by_index(0).unwrap()
    }

    async fn admin(self, statements: &[String]) {
        let database = match self {
            Self::Sqlite => return,
            Self::Postgres => "/postgres",
            Self::Mysql => "",
        };
        let connection = Self::connect(&format!("{}{database}", self.server())).await;
        if self == Self::Mysql {
            // A table that somebody still uses would be waited for a day.
            connection.execute_unprepared("SET SESSION lock_wait_timeout = 30").await.unwrap();
        }
        for sql in statements {
            connection.execute_unprepared(sql).await.unwrap();
        }
        connection.close().await.unwrap();
    }

    /// The server's address without a database, from the environment or the usual place.
    fn server(self) -> String {
        let (variable, usual) = match self {
            Self::Sqlite => unreachable!("SQLite has no server"),
            Self::Postgres => ("POLLS_TEST_POSTGRES", "postgres://postgres@127.0.0.1:5432"),
            Self::Mysql => ("POLLS_TEST_MYSQL", "mysql://root@127.0.0.1:3306"),
        };
        let url = std::env::var(variable).unwrap_or_else(|_| usual.to_owned());
        url.trim_end_matches('/').to_owned()
    }
}
