//! OpenAI over the network: chat completions and the Realtime socket.
