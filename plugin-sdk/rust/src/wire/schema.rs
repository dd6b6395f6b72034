//! JSON Schema of every message, from which the types of other languages are generated: `docs/protocol.schema.json`.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Map, Value, json};

use super::MAJOR;
use super::event::Event;
use super::reply::Reply;
use super::request::Request;

/// The schema of what travels in one header: a request, a reply or an event.
pub fn schema() -> Schema {
    let mut definitions = definitions_of_requests();
    definitions.extend(definitions_of_answers());
    let names = ["Request", "Reply", "Event"];
    for message in names {
        let envelope = &mut definitions[message];
        // The codec puts it there, as in every message.
        envelope["properties"]["v"] = json!({"description": "Major version of the protocol.", "const": MAJOR});
        if let Some(required) = envelope["required"].as_array_mut() {
            required.push("v".into());
        }
    }
    let messages = names.map(|message| json!({"$ref": format!("#/$defs/{message}")}));
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Cordline protocol",
        "description": "The header of a message between a client and the daemon, as plugin-sdk/PROTOCOL.md describes it.",
        "anyOf": messages,
        "$defs": definitions,
    })
}

/// As the daemon reads them: what has a default may be left out.
fn definitions_of_requests() -> Map<String, Value> {
    definitions(SchemaSettings::draft2020_12(), &[generate::<Request>])
}

/// As the daemon writes them: only what it leaves out may be missing.
fn definitions_of_answers() -> Map<String, Value> {
    definitions(SchemaSettings::draft2020_12().for_serialize(), &[generate::<Reply>, generate::<Event>])
}

type Generate = fn(&mut schemars::SchemaGenerator);

fn generate<T: JsonSchema>(generator: &mut schemars::SchemaGenerator) {
    generator.subschema_for::<T>();
}

fn definitions(settings: SchemaSettings, messages: &[Generate]) -> Map<String, Value> {
    let mut generator = settings.into_generator();
    messages.iter().for_each(|generate| generate(&mut generator));
    generator.take_definitions(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_both_ways_is_described_alike() {
        let answers = definitions_of_answers();
        for (name, described) in definitions_of_requests() {
            if let Some(answered) = answers.get(&name) {
                assert_eq!(&described, answered, "{name}");
            }
        }
    }
}
