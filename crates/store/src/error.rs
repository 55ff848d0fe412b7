//! Why a store could not answer.

/// Any error, kept as the source of another.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why a store could not answer. What the *domain* refuses (a number that is taken, a slot that is not
/// free) is not here: it is a variant of the answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The backend failed, is locked or is out of reach. What was asked for was not done, or, if the
    /// connection broke at the last moment, not known to be done; asking again is safe.
    #[error("the store is out of reach: check the database and try again")]
    Unavailable(#[source] BoxError),
    /// Another stream has taken the call over, here or at another gateway, or the call is over: what the older one still orders is
    /// not done.
    #[error("another stream has taken the call over, or it is over: this one does nothing more")]
    Superseded,
    /// The backend will not take this value, now or later. It is a fault of the program, and asking again is useless.
    #[error("the store refuses the value: this is a fault of the gateway, please report it")]
    Refused(#[source] BoxError),
    /// A stored value is none that Toran writes.
    #[error("the stored value of {column} cannot be read: repair it in the database")]
    Corrupt {
        /// Table and column, like `business.start_hour`.
        column: &'static str,
        /// What is wrong with it.
        #[source]
        source: BoxError,
    },
    /// The business was never added, or was removed.
    #[error("there is no such business: add it first")]
    UnknownBusiness,
    /// The business has no such call, or the call belongs to another lead.
    #[error("the business has no such call of this lead: open the call first")]
    UnknownCall,
}

impl StoreError {
    /// The backend failed.
    pub fn unavailable(source: impl Into<BoxError>) -> Self {
        Self::Unavailable(source.into())
    }

    /// A stored value cannot be read.
    pub fn corrupt(column: &'static str, source: impl Into<BoxError>) -> Self {
        Self::Corrupt {
            column,
            source: source.into(),
        }
    }
}
