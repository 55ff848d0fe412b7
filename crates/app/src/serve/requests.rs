//! One connection's requests: each within its time, and the table told how far each is.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::timeout;
use tower_service::Service as _;
use tracing::warn;

use super::connections::{Progress, ToldToLeave};

/// Serves the requests of one connection.
pub(super) struct Requests {
    router: Router,
    progress: Progress,
    /// For a request to be there whole and to be answered.
    patience: Duration,
}

impl Requests {
    pub(super) const fn new(router: Router, progress: Progress, patience: Duration) -> Self {
        Self {
            router,
            progress,
            patience,
        }
    }
}

impl hyper::service::Service<hyper::Request<Incoming>> for Requests {
    type Response = Response;
    type Error = ToldToLeave;
    type Future = Pin<Box<dyn Future<Output = Result<Response, ToldToLeave>> + Send>>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        let progress = self.progress.clone();
        if let Err(leaving) = progress.waits() {
            return Box::pin(std::future::ready(Err(leaving)));
        }
        let whole = progress.clone();
        let request = request.map(|body| Body::new(Received::new(body, whole)));
        // A router is always ready.
        let answering = self.router.clone().call(request);
        let patience = self.patience;
        Box::pin(async move {
            let response = answer(answering, &progress, patience).await;
            if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                progress.is_upgraded();
                return Ok(response);
            }
            progress.is_busy();
            Ok(response.map(|body| Body::new(Answered { body, progress })))
        })
    }
}

/// The answer, or one that says who was too slow.
async fn answer(
    answering: impl Future<Output = Result<Response, Infallible>>,
    progress: &Progress,
    patience: Duration,
) -> Response {
    if let Ok(Ok(response)) = timeout(patience, answering).await {
        return response;
    }
    let (status, text) = if progress.has_request() {
        warn!(
            patience_s = patience.as_secs(),
            "a request was not answered in time: is the database slow?"
        );
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "not answered in time: ask again\n",
        )
    } else {
        (
            StatusCode::REQUEST_TIMEOUT,
            "the request was not there in time\n",
        )
    };
    (status, [(header::CONNECTION, "close")], text).into_response()
}

/// A request's body. The request is here once it has been read.
struct Received {
    body: Incoming,
    progress: Progress,
}

impl Received {
    fn new(body: Incoming, progress: Progress) -> Self {
        if body.is_end_stream() {
            progress.is_busy();
        }
        Self { body, progress }
    }
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        let is_end = match &frame {
            Poll::Ready(None) => true,
            Poll::Ready(Some(Ok(_))) => self.body.is_end_stream(),
            Poll::Ready(Some(Err(_))) | Poll::Pending => false,
        };
        if is_end {
            self.progress.is_busy();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body. The connection waits for the next request once it is dropped: it was written, or nobody wants it.
struct Answered {
    body: Body,
    progress: Progress,
}

impl HttpBody for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        // Whoever leaves needs no further turn.
        let _ = self.progress.waits();
    }
}
