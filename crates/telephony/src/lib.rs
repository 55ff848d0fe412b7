//! The telephony provider's wire: media messages, TwiML, webhook signatures, stream tokens.
