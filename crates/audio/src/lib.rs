//! Telephone audio: G.711 frames, voice activity, the playout clock.
