//! `polls tenant create`: written, made and migrated, or nothing is.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Args;
use tempfile::NamedTempFile;

use crate::{
    cli::{
        Ended, Invocation, output,
        select::{Named, TenantArgs},
    },
    config::{
        self,
        tenants_edit::{NewTenant, adds_only, append_tenant},
    },
    fleet::create,
    tenancy::{Catalog, TenantKey},
};

const EXAMPLES: &str = "\
Examples:
  polls tenant create loki
  polls tenant create loki --name Loki --host polls.asgard.example
  polls tenant create loki --database 'postgres://app:${LOKI_DB_PASSWORD}@db1/loki'

Adds the tenant at the end of `tenants:` and leaves every other byte of the file as it is. A serving
process picks it up by itself. A failure leaves file and disk as they were.";

/// Add a tenant to tenants.yaml, make its database and migrate it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Create {
    /// Its key: a lower-case DNS label, which never changes
    key: TenantKey,

    /// Its name for people [default: the key]
    #[arg(long)]
    name: Option<String>,

    /// An exact extra host, a custom domain; may be given more than once
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,

    /// Its database, where the default will not do; ${VAR} stays a variable
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

impl Create {
    pub async fn run(&self, invocation: &Invocation) -> anyhow::Result<Ended> {
        let named = Named::new(&invocation.tenant, &TenantArgs::default());
        named.none("name the new one behind `create`")?;
        // A link stays a link: what it points to is replaced.
        let path = fs::canonicalize(&invocation.config).or_else(|error| {
            // The catalog's own error has the hint.
            invocation.catalog()?;
            Err(anyhow::Error::from(error))
        })?;
        let _lock = lock_folder(&path)?;
        let old = invocation.catalog()?;
        let (text, new) = self.edited(&invocation.config, &old)?;
        let Some(tenant) = new.get(self.key.as_str()) else {
            bail!("the new entry is not there");
        };
        let created = create::create(tenant).await?;
        if let Err(error) = replace(&path, &text) {
            created.undo().await.context("what was made is left there")?;
            return Err(error);
        }
        output::print(&format!("{}: created in {}", tenant.key, tenant.database.write))?;
        Ok(Ended::Done)
    }

    /// The file with the tenant in it, checked to be the old catalog plus this one.
    fn edited(&self, path: &Path, old: &Catalog) -> anyhow::Result<(String, Catalog)> {
        let source = config::read_source(path)?;
        let entry = NewTenant {
            name: self.name.clone(),
            hosts: self.hosts.clone(),
            database: self.database.clone(),
        };
        let text = append_tenant(&source, &self.key, &entry)
            .with_context(|| path.display().to_string())?;
        let new = config::parse(&text, path, &config::process_variables)
            .context("the new entry is refused")?;
        if !adds_only(old, &new, &self.key) {
            bail!(
                "{}: adding the tenant would change other entries; add it by hand",
                path.display()
            );
        }
        Ok((text, new))
    }
}

/// Two runs at once take turns, so that neither loses the other's entry. The folder is locked and
/// not the file, which is replaced; the lock ends with the process.
fn lock_folder(path: &Path) -> anyhow::Result<File> {
    let folder = File::open(folder_of(path))?;
    folder.lock().context("the folder of the file cannot be locked")?;
    Ok(folder)
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// Puts a text in the place of a file at once: who reads it meanwhile sees the old or the new.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let write = || {
        let folder = folder_of(path);
        let mut file = NamedTempFile::new_in(&folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(fs::metadata(path)?.permissions())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("{} was not written", path.display()))
}
