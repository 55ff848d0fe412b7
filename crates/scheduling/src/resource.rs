//! What an appointment takes up: resources, and the services that say how much of them.

use std::{fmt, str::FromStr, sync::Arc};

use crate::clock_time::excerpt;

/// The longest id of a resource or a service, in characters.
pub const MAX_ID_CHARS: usize = 64;
/// The most units that a resource may have.
pub const MAX_CAPACITY: u16 = 1_000;

/// Why a text is no id.
///
/// ```
/// let error = toran_scheduling::ResourceId::new("").unwrap_err();
/// assert!(error.to_string().contains("is not an id"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an id: write 1 to {MAX_ID_CHARS} characters without spaces around them or control characters, like \"dana\""
)]
pub struct IdError(String);

fn checked_id(text: &str) -> Result<Arc<str>, IdError> {
    let plain = !text.is_empty()
        && text.trim() == text
        && text.chars().count() <= MAX_ID_CHARS
        && !text.chars().any(char::is_control);
    if plain {
        Ok(text.into())
    } else {
        Err(IdError(excerpt(text)))
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks an id: 1 to [`MAX_ID_CHARS`] characters.
            pub fn new(text: &str) -> Result<Self, IdError> {
                checked_id(text).map(Self)
            }

            /// The id as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), self.0)
            }
        }
    };
}

id! {
    /// The name by which settings and busy ranges speak of a resource: `dana`, `room-2`.
    ///
    /// ```
    /// use toran_scheduling::ResourceId;
    ///
    /// assert_eq!(ResourceId::new("room-2")?.as_str(), "room-2");
    /// assert!(ResourceId::new(" ").is_err());
    /// # Ok::<(), toran_scheduling::IdError>(())
    /// ```
    ResourceId
}

id! {
    /// The name by which settings and questions speak of a service: `haircut`.
    ///
    /// ```
    /// use toran_scheduling::ServiceId;
    ///
    /// assert_eq!("haircut".parse(), ServiceId::new("haircut"));
    /// ```
    ServiceId
}

impl ResourceId {
    /// `main`: the one resource of a business that names none.
    pub fn main() -> Self {
        Self("main".into())
    }
}

/// Somebody or something that appointments take up: a person, a room, a chair.
///
/// ```
/// use toran_scheduling::{Resource, ResourceId};
///
/// // A class of twelve: a booking takes one unit of it.
/// let studio = Resource { id: ResourceId::new("studio")?, capacity: 12 };
/// # Ok::<(), toran_scheduling::IdError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its name, unique within the settings.
    pub id: ResourceId,
    /// How many units of it there are, all alike: 1 to [`MAX_CAPACITY`].
    pub capacity: u16,
}

impl Resource {
    /// The resource of a business that names none: one at a time.
    pub fn main() -> Self {
        Self {
            id: ResourceId::main(),
            capacity: 1,
        }
    }
}

/// What can be booked under a name, where services differ in length or in what they take.
///
/// ```
/// use toran_scheduling::{Service, ServiceId};
///
/// // An hour and a half, on whichever resource is free, with the settings' own buffers.
/// let colouring = Service::lasting(ServiceId::new("colouring")?, 90);
/// assert_eq!(colouring.units, 1);
/// # Ok::<(), toran_scheduling::IdError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name, unique within the settings.
    pub id: ServiceId,
    /// How long it takes, in minutes.
    pub duration_minutes: u16,
    /// Minutes kept free before it; the settings' own if `None`.
    pub buffer_before_minutes: Option<u16>,
    /// Minutes kept free after it; the settings' own if `None`.
    pub buffer_after_minutes: Option<u16>,
    /// Which resources can give it, in order of preference; all of them if empty.
    pub resources: Vec<ResourceId>,
    /// How many units of one resource it takes.
    pub units: u16,
}

impl Service {
    /// A service of this length that takes one unit of any resource.
    pub const fn lasting(id: ServiceId, duration_minutes: u16) -> Self {
        Self {
            id,
            duration_minutes,
            buffer_before_minutes: None,
            buffer_after_minutes: None,
            resources: Vec::new(),
            units: 1,
        }
    }
}
