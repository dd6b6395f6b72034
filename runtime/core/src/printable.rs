//! Text from elsewhere (files, clients, other hosts), made harmless for terminals and logs: without control characters, changes of writing direction
//! and line breaks.

/// The text with a blank for each harmful character, at most `max` characters of it.
pub fn printable(text: &str, max: usize) -> String {
    text.chars().take(max).map(|c| if is_harmless(c) { c } else { ' ' }).collect()
}

/// False for control characters (C0, DEL, C1), marks of writing direction, and line separators.
pub fn is_harmless(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !(c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_or_turns_a_line_is_a_blank() {
        assert_eq!(
            printable("T2 \u{1b}[2J\u{9b}31mSAG\r\n\u{202e}evil\u{2028}\u{2069}\u{7f}.", 99),
            "T2  [2J 31mSAG   evil   ."
        );
        assert_eq!(printable("Wirbelsäule 脊柱 ×2", 13), "Wirbelsäule 脊");
    }
}
