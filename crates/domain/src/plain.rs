//! Characters that nobody sees and that change what is seen.

/// Whether a character hides, or turns the direction of, the text around it: marks, embeddings, overrides and isolates of
/// direction, what has no width, and tags. Nothing that people say or write down is lost without them.
///
/// ```
/// use toran_domain::is_unseen;
///
/// assert!(is_unseen('\u{202e}') && is_unseen('\u{200b}') && is_unseen('\u{2066}'));
/// assert!(!is_unseen('ד') && !is_unseen('é') && !is_unseen('\n'));
/// ```
pub const fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

/// Whether a character may stand in a name: it is seen, and is no control character.
pub fn is_plain(c: char) -> bool {
    !c.is_control() && !is_unseen(c)
}
