//! What a receiver reads.

use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;
use toran_domain::{PhoneNumber, Pii};
use toran_store::Delivery;

use crate::failure::Failure;

/// The event as one line of JSON, with whom it is about joined in.
pub(crate) fn body(delivery: &Delivery) -> Result<String, Failure> {
    let timestamp = delivery.at.format(&Rfc3339).map_err(|_| Failure::Event)?;
    let mut data: Map<String, Value> =
        serde_json::from_str(&delivery.data).map_err(|_| Failure::Event)?;
    let mut lead = json!({
        "id": delivery.lead.lead_id,
        "phone": delivery.lead.phone.as_ref().map(PhoneNumber::e164),
        "name": delivery.lead.name.as_ref().map(Pii::expose),
    });
    if let (Some(given), Some(lead)) = (&delivery.lead.given_phone, lead.as_object_mut()) {
        lead.insert("given_phone".to_owned(), json!(given.e164()));
    }
    data.insert("business_id".to_owned(), json!(delivery.business_id));
    data.insert("call_sid".to_owned(), json!(delivery.call_sid));
    data.insert("lead".to_owned(), lead);
    if let Some(name) = &delivery.name {
        data.insert("name".to_owned(), json!(name.expose()));
    }
    if let Some(words) = &delivery.words {
        data.insert("words".to_owned(), json!(words.expose()));
    }
    Ok(json!({"type": delivery.kind.as_str(), "timestamp": timestamp, "data": data}).to_string())
}
