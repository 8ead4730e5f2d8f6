use super::Config;
use super::keys::{self, MASK};

impl Config {
    /// The whole configuration as TOML, secrets masked: what `warraq check`
    /// prints. Options that are not set do not appear.
    ///
    /// # Errors
    /// Where an option has no TOML form, which a test rules out.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        let mut shown = self.clone();
        for (name, value) in &mut shown.kafka.properties {
            if keys::is_secret(std::slice::from_ref(name)) {
                MASK.clone_into(value);
            }
        }
        toml::to_string_pretty(&shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::Secret;

    #[test]
    fn no_secret_is_shown() {
        let mut config = Config::default();
        config.kafka.sasl_password = Some(Secret::new("hunter2"));
        for name in ["ssl.key.pem", "sasl.password", "sasl.oauthbearer.client.secret"] {
            config.kafka.properties.insert(name.to_owned(), "hunter2".to_owned());
        }
        config.kafka.properties.insert("client.rack".to_owned(), "east".to_owned());
        let shown = config.to_toml().unwrap();
        assert!(!shown.contains("hunter2") && !format!("{:?}", config.kafka.sasl_password).contains("hunter2"));
        assert!(shown.contains("\"client.rack\" = \"east\""), "{shown}");
    }

    #[test]
    fn what_is_shown_is_the_configuration() {
        let text = "[input]\ntopics = [\"a\"]\n[memory]\nbudget = \"1GiB\"\n[delivery]\ncommit_interval = \"90ms\"\n";
        let config = Config::parse("w.toml", text, []).unwrap();
        let shown = config.to_toml().unwrap();
        let again = Config::parse("shown.toml", &shown, []).unwrap();
        assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&config).unwrap(), "{shown}");
    }
}
