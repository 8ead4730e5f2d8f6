/// An option whose value a room cannot work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} = {value}: {message}")]
pub struct InvalidOption {
    /// Full key, such as `decode.max_json_depth`.
    pub key: String,
    pub value: String,
    /// What is wrong, and the way out.
    pub message: String,
}

impl InvalidOption {
    #[allow(clippy::needless_pass_by_value, reason = "values of all kinds, shown once")]
    pub fn new(key: impl Into<String>, value: impl ToString, message: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.to_string(), message: message.into() }
    }
}
