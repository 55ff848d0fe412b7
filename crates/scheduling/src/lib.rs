//! Rules of appointment time: settings, slots, the verdict on a requested time, alternatives.
