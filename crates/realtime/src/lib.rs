//! The OpenAI Realtime wire: client and server events, session configuration.
