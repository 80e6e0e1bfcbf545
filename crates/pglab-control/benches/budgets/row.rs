//! One row of the table: what was measured, beside its floor. How it is printed and written.

use serde_json::{Value, json};

use crate::cpu;

#[derive(Debug)]
pub struct Row {
    pub key: &'static str,
    pub what: String,
    pub floor: String,
    /// The ratio, or the value where there is no floor, may be this much.
    pub budget: f64,
    /// Of the values; for people.
    pub unit: &'static str,
    /// Ours and the floor's, pair by pair. A floor of 1 where there is none.
    pairs: Vec<(f64, f64)>,
    load: Vec<f64>,
    pub detail: Value,
}

impl Row {
    pub fn new(key: &'static str, what: &str) -> Self {
        Self {
            key,
            what: what.to_owned(),
            floor: "—".to_owned(),
            budget: 0.0,
            unit: "",
            pairs: Vec::new(),
            load: Vec::new(),
            detail: Value::Null,
        }
    }

    pub fn measured(&mut self, ours: f64, floor: f64) {
        self.pairs.push((ours, floor));
        self.load.push(cpu::load());
    }

    fn ratios(&self) -> Vec<f64> {
        let mut ratios: Vec<f64> = self.pairs.iter().map(|(ours, floor)| ours / floor).collect();
        ratios.sort_by(f64::total_cmp);
        ratios
    }

    /// Least, median, most.
    pub fn spread(&self) -> (f64, f64, f64) {
        let ratios = self.ratios();
        let at = |index: usize| ratios.get(index).copied().unwrap_or(f64::NAN);
        (at(0), at(ratios.len() / 2), at(ratios.len().saturating_sub(1)))
    }

    /// By the median.
    pub fn is_met(&self) -> bool {
        self.spread().1 <= self.budget
    }

    pub fn line(&self) -> String {
        let (least, median, most) = self.spread();
        let unit = self.unit;
        let value = if self.pairs.len() > 1 {
            format!("{median:.2}{unit} ({least:.2} to {most:.2})")
        } else {
            format!("{median:.2}{unit}")
        };
        format!(
            "| {} | {} | {value} | ≤ {}{unit} | {} |",
            self.what,
            self.floor,
            self.budget,
            if self.is_met() { "met" } else { "missed" }
        )
    }

    pub fn json(&self) -> Value {
        let (least, median, most) = self.spread();
        json!({
            "key": self.key,
            "what": self.what,
            "floor": self.floor,
            "unit": self.unit,
            "budget": self.budget,
            "least": least,
            "median": median,
            "most": most,
            "met": self.is_met(),
            "pairs": self.pairs.iter().map(|(ours, floor)| json!({ "ours": ours, "floor": floor })).collect::<Vec<_>>(),
            "load_average": self.load,
            "detail": self.detail,
        })
    }
}
