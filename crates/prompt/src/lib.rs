//! Business and settings to the system prompt; outcomes to server events.
