//! The realtime bridge: the telephony routes and the driver of one call.
