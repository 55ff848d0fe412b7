//! Refusals that last: error codes after which no further attempt helps until somebody changes something.

/// The codes, and what to do about each. Most come in an event after the upgrade, and as the reason of the close.
const LASTING: [(&str, &str); 10] = [
    ("invalid_api_key", "set a valid API key"),
    (
        "invalid_organization",
        "use a key of an organization that exists",
    ),
    (
        MODEL_NOT_FOUND,
        "name a model that the account may use; this one may have been shut down",
    ),
    (INVALID_MODEL, "name a Realtime model"),
    ("missing_model", "name a Realtime model"),
    ("insufficient_quota", "add credit to the account"),
    ("credit_balance_exhausted", "add credit to the account"),
    (
        "billing_hard_limit_reached",
        "raise the account's monthly limit",
    ),
    (
        "beta_api_shape_disabled",
        "remove the proxy that adds the header of the retired beta",
    ),
    (
        "unsupported_country_region_territory",
        "run the gateway where the service is offered",
    ),
];

const MODEL_NOT_FOUND: &str = "model_not_found";
const INVALID_MODEL: &str = "invalid_model";

/// What to do about an error code that lasts; `None` for one that may pass by itself.
///
/// ```
/// use toran_realtime::remedy;
///
/// assert_eq!(remedy("invalid_api_key"), Some("set a valid API key"));
/// assert_eq!(remedy("server_error"), None);
/// ```
pub fn remedy(code: &str) -> Option<&'static str> {
    LASTING
        .iter()
        .find_map(|(lasting, remedy)| (*lasting == code).then_some(*remedy))
}

/// Whether an error code says that the account has no such model: another model may do.
pub fn is_of_a_missing_model(code: &str) -> bool {
    [MODEL_NOT_FOUND, INVALID_MODEL].contains(&code)
}
