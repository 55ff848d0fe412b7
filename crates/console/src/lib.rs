//! The operator's JSON API: appointments, leads, tasks, the outbox and retention, over a
//! [`BackOffice`].
//!
//! It is *not* a web page yet, and not for callers or for the business itself: one token opens all of it, the
//! deployment operator's. It decides nothing: the store does.
//!
//! | route, under `/api/v1/businesses/{business}` | what |
//! |---|---|
//! | `GET /appointments?from=&days=` | the standing appointments |
//! | `GET /appointments/{id}` | one, with its history |
//! | `POST /appointments/{id}/cancel`, `…/move` | give it up; give it another time |
//! | `GET /leads`, `GET /leads/{id}`, `GET /leads/{id}/export`, `DELETE /leads/{id}` | leads; everything kept of one; its removal |
//! | `GET /tasks`, `GET /tasks/{id}`, `POST /tasks/{id}/done` | requests that wait for the business |
//! | `GET /events`, `GET /events/{id}`, `POST /events/replay`, `POST /events/{id}/replay`, `…/discard` | the outbox and its dead letters |
//! | `GET /retention`, `PUT /retention` | for how long what is personal is kept |
//!
//! ```no_run
//! # fn example(office: std::sync::Arc<dyn toran_store::BackOffice>) -> axum::Router {
//! use std::sync::Arc;
//!
//! use secrecy::SecretString;
//! use time::macros::utc_datetime;
//!
//! let token = SecretString::from("a long random text");
//! // The gateway passes its clock.
//! toran_console::router(office, token, Arc::new(|| utc_datetime!(2026-11-23 8:00)))
//! # }
//! ```

mod appointments;
mod businesses;
mod error;
mod extract;
mod guesses;
mod json;
mod leads;
mod outbox;
mod tasks;

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{
        HeaderValue,
        header::{AUTHORIZATION, CACHE_CONTROL},
    },
    middleware::{self, Next},
    response::Response,
    routing::{any, get, post, put},
};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use time::UtcDateTime;
use toran_domain::BusinessId;
use toran_store::{Actor, BackOffice, Origin};

pub use businesses::business_json;
use error::ApiError;
use guesses::Guesses;
pub use json::lead_record_json;

/// The longest body that is read.
const MAX_BODY_BYTES: usize = 16 * 1024;

/// Gives the present instant.
pub type Clock = Arc<dyn Fn() -> UtcDateTime + Send + Sync>;

/// What every handler knows.
#[derive(Clone)]
struct Api {
    office: Arc<dyn BackOffice>,
    token: Arc<SecretString>,
    guesses: Arc<Guesses>,
    clock: Clock,
}

impl Api {
    fn now(&self) -> UtcDateTime {
        (self.clock)()
    }

    /// A change that was made over this API.
    fn origin(&self, actor: Actor) -> Origin {
        Origin {
            actor,
            call_sid: None,
            at: self.now(),
        }
    }

    /// Lists would be empty for a business that is not there, which would look like a truth.
    async fn known(&self, id: BusinessId) -> Result<toran_domain::Business, ApiError> {
        let business = self.office.business(id).await?;
        business.ok_or(ApiError::UnknownBusiness)
    }
}

/// The API's routes. Each asks for `Authorization: Bearer` and the token.
pub fn router(office: Arc<dyn BackOffice>, token: SecretString, clock: Clock) -> Router {
    let api = Api {
        office,
        token: Arc::new(token),
        guesses: Arc::new(Guesses::new()),
        clock,
    };
    let of_business = Router::new()
        .route(
            "/",
            get(businesses::show)
                .patch(businesses::update)
                .delete(businesses::remove),
        )
        .route(
            "/called-numbers/{number}",
            put(businesses::add_number).delete(businesses::remove_number),
        )
        .route("/blocked-numbers", get(businesses::blocked))
        .route(
            "/blocked-numbers/{number}",
            put(businesses::block).delete(businesses::unblock),
        )
        .route("/appointments", get(appointments::list))
        .route("/appointments/{id}", get(appointments::show))
        .route("/appointments/{id}/cancel", post(appointments::cancel))
        .route("/appointments/{id}/move", post(appointments::change_time))
        .route("/leads", get(leads::list))
        .route("/leads/{id}", get(leads::show).delete(leads::erase))
        .route("/leads/{id}/export", get(leads::export))
        .route(
            "/retention",
            get(leads::retention).put(leads::set_retention),
        )
        .route("/tasks", get(tasks::list))
        .route("/tasks/{id}", get(tasks::show))
        .route("/tasks/{id}/done", post(tasks::done))
        .route("/events", get(outbox::list))
        .route("/events/{id}", get(outbox::show))
        .route("/events/replay", post(outbox::replay_all))
        .route("/events/{id}/replay", post(outbox::replay))
        .route("/events/{id}/discard", post(outbox::discard))
        .method_not_allowed_fallback(async || ApiError::WrongMethod);
    Router::new()
        .route("/api/v1/businesses", get(businesses::list))
        .nest("/api/v1/businesses/{business}", of_business)
        .route("/api", any(async || ApiError::UnknownRoute))
        .route("/api/{*rest}", any(async || ApiError::UnknownRoute))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        // Of these routes alone: what else the gateway does not know is not the API's to refuse.
        .route_layer(middleware::from_fn_with_state(api.clone(), authorise))
        .with_state(api)
}

/// Lets those in who have the token. How much of it they guessed does not show in the time that this takes.
async fn authorise(
    State(api): State<Api>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let header = request.headers().get(AUTHORIZATION);
    let given = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map_or("", |(_, token)| token);
    let expected = api.token.expose_secret().as_bytes();
    if !bool::from(given.as_bytes().ct_eq(expected)) {
        let answered = api.guesses.wrong().await;
        return Err(answered.map_or(ApiError::TooManyGuesses, |()| ApiError::Unauthorised));
    }
    let mut response = next.run(request).await;
    // Numbers and words of people: nothing on the way keeps a copy.
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
