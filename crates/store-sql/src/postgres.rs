//! Opening a PostgreSQL database.

use std::{str::FromStr, time::Duration};

use sqlx::{
    Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use toran_domain::patience;

use crate::{OpenError, database::Database};

/// How long a question waits for a connection.
const ACQUIRE_TIMEOUT: Duration = patience::CONNECTION;
/// One gateway's share of the server's connections, which are 100 unless it was told otherwise.
const MAX_CONNECTIONS: u32 = 16;

/// The server itself ends what takes longer: nobody waits for it any more.
fn settings() -> [(&'static str, String); 4] {
    let millis = |patience: Duration| format!("{}ms", patience.as_millis());
    [
        ("statement_timeout", millis(patience::STATEMENT)),
        ("lock_timeout", millis(patience::LOCK)),
        (
            "idle_in_transaction_session_timeout",
            millis(patience::TRANSACTION * 3),
        ),
        // That something is there already is no news.
        ("client_min_messages", "warning".to_owned()),
    ]
}

pub(crate) async fn open(url: &str) -> Result<Database, OpenError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|source| OpenError::BadUrl(Some(source)))?
        .application_name("toran")
        .options(settings());
    // A pool would only say that it waited in vain, and not for what.
    let first = tokio::time::timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(&options)).await;
    let first = first.unwrap_or_else(|elapsed| {
        let silent = std::io::Error::new(std::io::ErrorKind::TimedOut, elapsed);
        Err(sqlx::Error::Io(silent))
    });
    let _ = first.map_err(OpenError::CannotOpen)?.close().await;
    let pool = PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await
        .map_err(OpenError::CannotOpen)?;
    Ok(Database::Postgres(pool))
}

pub(crate) async fn bypasses_row_security(pool: &PgPool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user",
    )
    .fetch_one(pool)
    .await
}
