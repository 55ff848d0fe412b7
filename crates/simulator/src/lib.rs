//! A faithful local stand-in for OpenAI and for the phone.
