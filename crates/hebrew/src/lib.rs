//! Hebrew as text: normalising, and dates, hours and numbers as words.
