//! Writing a link: parameters in order, every value percent-encoded.
//!
//! A space becomes `%20`, never `+`: wallets that follow RFC 3986 would show a plus sign.

/// A link under construction.
pub struct Link {
    text: String,
    has_parameters: bool,
}

impl Link {
    /// Everything before the question mark, written as it stands.
    pub fn to(base: impl Into<String>) -> Link {
        Link { text: base.into(), has_parameters: false }
    }

    pub fn with(mut self, name: &str, value: &str) -> Link {
        self.text.push(if self.has_parameters { '&' } else { '?' });
        self.has_parameters = true;
        self.text.push_str(name);
        self.text.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    self.text.push(char::from(byte));
                }
                _ => self.text.push_str(&format!("%{byte:02X}")),
            }
        }
        self
    }

    pub fn with_some(self, name: &str, value: Option<&str>) -> Link {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub fn done(self) -> String {
        self.text
    }
}
