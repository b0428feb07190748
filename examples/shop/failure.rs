//! Why a request is not answered with what it asked for.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

/// A failure, answered with its status. The policy names those that are stored.
#[derive(Debug)]
pub enum Failure {
    /// There is no such product or user.
    NotFound,
    /// It cannot be done, and why.
    Refused(&'static str),
    /// The client is not logged in.
    Stranger,
    /// The database failed.
    Database(rusqlite::Error),
    /// A query panicked.
    Broken,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::QueryReturnedNoRows => Self::NotFound,
            error => Self::Database(error),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "there is no such thing\n").into_response(),
            Self::Refused(why) => (StatusCode::CONFLICT, why).into_response(),
            Self::Stranger => (StatusCode::UNAUTHORIZED, "log in first\n").into_response(),
            Self::Database(error) => {
                eprintln!("the database failed: {error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}
