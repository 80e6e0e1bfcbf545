//! Reading and writing JSON so that nothing is lost unseen: a key that stands twice is refused instead of overwritten,
//! and so is the NUL character, which PostgreSQL can't keep.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::Problem;

pub(super) fn object(text: &str, max_bytes: usize) -> Result<Map<String, Value>, Problem> {
    let problem = |error: String| Problem {
        path: String::new(),
        error,
    };
    if text.len() > max_bytes {
        return Err(problem(format!("longer than {} KiB", max_bytes >> 10)));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match serde_json::from_str::<Careful>(text) {
        Ok(Careful(Value::Object(map))) => Ok(map),
        Ok(_) => Err(problem("a JSON object is wanted, between { and }".to_owned())),
        Err(error) => Err(problem(format!("this is no JSON that can be kept: {error}"))),
    }
}

/// Keys sorted whatever map is behind, two spaces, a newline at the end.
pub(super) fn text(map: &Map<String, Value>) -> String {
    let mut text = format!("{:#}", Value::Object(sorted(map)));
    text.push('\n');
    text
}

fn sorted(map: &Map<String, Value>) -> Map<String, Value> {
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
        .into_iter()
        .map(|(key, value)| (key.clone(), sorted_value(value)))
        .collect()
}

fn sorted_value(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(sorted(map)),
        Value::Array(values) => Value::Array(values.iter().map(sorted_value).collect()),
        other => other.clone(),
    }
}

struct Careful(Value);

impl<'de> Deserialize<'de> for Careful {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        CarefulSeed.deserialize(deserializer).map(Self)
    }
}

struct CarefulSeed;

impl<'de> DeserializeSeed<'de> for CarefulSeed {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

fn kept<E: Error>(text: String) -> Result<String, E> {
    if text.contains('\0') {
        Err(E::custom("a text holds the NUL character"))
    } else {
        Ok(text)
    }
}

impl<'de> Visitor<'de> for CarefulSeed {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        kept(value.to_owned()).map(Value::String)
    }
    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        kept(value).map(Value::String)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(CarefulSeed)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let key = kept(key)?;
            let value = entries.next_value_seed(CarefulSeed)?;
            if map.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format!("the key {key:?} stands twice")));
            }
        }
        Ok(Value::Object(map))
    }
}
