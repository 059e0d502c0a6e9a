//! Prints the JSON Schema of the configuration file:
//! `cargo run -p crosswatch-settings --example schema > config/settings.schema.json`.

fn main() -> Result<(), crosswatch_settings::SettingsError> {
    print!("{}", crosswatch_settings::json_schema()?);
    Ok(())
}
