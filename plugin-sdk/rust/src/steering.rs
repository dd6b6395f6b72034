//! Characters that steer whatever shows them: no words of a file or a client may hold them in a message.

/// Control characters, separators of lines, and what turns a line around beyond its own words.
pub fn steers(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
