//! The figures for programs: one row a figure.

use super::figures::Evaluation;

impl Evaluation {
    /// CSV with the columns `about`, `measure`, `value`, `low`, `high` (95 %), `count`, `of`; what does not apply is empty.
    ///
    /// `about` is a classifier id, a label, or `cohort`. Intervals of rates are Wilson's, that of the AUC is the bootstrap's.
    pub fn to_csv(&self) -> String {
        let mut rows: Vec<[String; 7]> =
            vec![["about", "measure", "value", "low", "high", "count", "of"].map(String::from)];
        let number = |v: Option<f64>| v.map(|v| format!("{v:.6}")).unwrap_or_default();
        let mut rate = |about: &str, measure: &str, rate: super::counts::Rate| {
            let interval = rate.interval();
            rows.push([
                about.into(),
                measure.into(),
                number(rate.share()),
                number(interval.map(|i| i[0])),
                number(interval.map(|i| i[1])),
                rate.count.to_string(),
                rate.of.to_string(),
            ]);
        };
        for q in &self.questions {
            for (name, value) in q.confusion.rates() {
                rate(&q.question.id, name, value);
            }
        }
        for (measure, value) in
            [("no_lesion_without_lesion", self.without_lesion), ("no_lesion_with_lesion", self.missed)]
        {
            if let Some(value) = value {
                rate("cohort", measure, value);
            }
        }
        let mut plain = |about: &str, measure: &str, value: String, [low, high]: [String; 2], count: String| {
            rows.push([about.into(), measure.into(), value, low, high, count, String::new()]);
        };
        let none = || [String::new(), String::new()];
        for q in &self.questions {
            let (id, c) = (q.question.id.as_str(), q.confusion);
            let interval = q.auc_interval.map_or_else(none, |i| i.map(|v| number(Some(v))));
            plain(id, "AUC", number(q.auc), interval, String::new());
            for (measure, count) in [
                ("true_positive", c.true_positive),
                ("false_positive", c.false_positive),
                ("true_negative", c.true_negative),
                ("false_negative", c.false_negative),
                ("undecided", q.undecided),
                ("unanswered", q.unanswered),
            ] {
                plain(id, measure, String::new(), none(), count.to_string());
            }
        }
        for (label, s) in &self.dice {
            for (measure, value) in [("dice_mean", s.mean), ("dice_sd", s.sd), ("dice_median", s.median)] {
                plain(label, measure, number(Some(value)), none(), s.count.to_string());
            }
        }
        for (label, findings) in &self.findings {
            for (finding, count) in findings {
                plain(label, &format!("finding:{finding}"), String::new(), none(), count.to_string());
            }
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).expect("memory takes every row, and all have seven cells");
        }
        let bytes = writer.into_inner().expect("memory takes every row");
        String::from_utf8(bytes).expect("made of Strings")
    }
}
