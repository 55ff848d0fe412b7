//! Where the events of businesses go.

use std::io::Write;

use secrecy::{ExposeSecret as _, SecretString};
use toran_crm::{WebhookSecret, check_webhook};
use toran_domain::BusinessId;
use toran_store::{Outbox as _, Webhook};
use toran_store_sql::SqlStore;
use uuid::Uuid;

use super::{OfficeError, known};

/// Writes where a business's events go; the secret is not shown again.
pub async fn show_webhook(
    store: &SqlStore,
    business_id: BusinessId,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    known(store, business_id).await?;
    match store.webhook(business_id).await? {
        Some(webhook) => writeln!(out, "{}", webhook.url)?,
        None => writeln!(out, "no webhook: events wait for one, at most 30 days")?,
    }
    Ok(())
}

/// The secret with which events are signed.
#[derive(Debug, Clone)]
pub enum Secret {
    /// This one.
    Given(SecretString),
    /// A new one.
    New,
    /// The one that there is, as long as the address stays: a receiver that checks it must not be locked out by the way.
    Kept,
}

/// Sets where a business's events go; with `public_only`, never into the network that the gateway stands in. A secret that is made is written: it is shown only now.
pub async fn set_webhook(
    store: &SqlStore,
    business_id: BusinessId,
    url: String,
    secret: Secret,
    public_only: bool,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    let there_is = store.webhook(business_id).await?;
    let kept = there_is.filter(|webhook| webhook.url == url);
    let (made, secret) = match (secret, kept) {
        (Secret::Given(secret), _) => (false, secret),
        (Secret::Kept, Some(webhook)) => (false, webhook.secret),
        (Secret::New | Secret::Kept, _) => (true, new_secret()),
    };
    let webhook = Webhook {
        url,
        secret,
        public_only,
    };
    check_webhook(&webhook)?;
    if !store.set_webhook(business_id, Some(&webhook)).await? {
        return Err(OfficeError::UnknownBusiness(business_id));
    }
    if made {
        writeln!(out, "{}", webhook.secret.expose_secret())?;
    }
    Ok(())
}

/// Lets a business's events go nowhere.
pub async fn remove_webhook(store: &SqlStore, business_id: BusinessId) -> Result<(), OfficeError> {
    if store.set_webhook(business_id, None).await? {
        Ok(())
    } else {
        Err(OfficeError::UnknownBusiness(business_id))
    }
}

fn new_secret() -> SecretString {
    let (first, second) = (Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes());
    let mut random = [0; 32];
    random[..16].copy_from_slice(&first);
    random[16..].copy_from_slice(&second);
    WebhookSecret::from_bytes(random).serialized()
}
