use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus::{Error, IntGaugeVec};

use super::families::Builder;
use super::series;

/// Version, configuration and model, as labels of one series.
type Labels = [String; 3];

/// What runs, told by the labels of one series; never by two at once.
#[derive(Debug)]
pub(super) struct Build {
    info: IntGaugeVec,
    shown: Mutex<Labels>,
}

impl Build {
    pub(super) fn new(make: &Builder<'_>, labels: [&str; 3]) -> Result<Self, Error> {
        let info = make.gauge_vec(&series::BUILD_INFO)?;
        info.get_metric_with_label_values(&labels)?.set(1);
        Ok(Self { info, shown: Mutex::new(labels.map(str::to_owned)) })
    }

    /// While this is held, no label changes: a scrape sees one model, not two or
    /// none.
    pub(super) fn hold(&self) -> MutexGuard<'_, Labels> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn model_changed(&self, model: &str) {
        let mut shown = self.hold();
        let [version, config, old] = &mut *shown;
        drop(self.info.remove_label_values(&[version.as_str(), config.as_str(), old.as_str()]));
        model.clone_into(old);
        if let Ok(gauge) = self.info.get_metric_with_label_values(&[version.as_str(), config.as_str(), model]) {
            gauge.set(1);
        }
    }

    pub(super) fn model(&self) -> String {
        let [_, _, model] = &*self.hold();
        model.clone()
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::Metrics;

    #[test]
    fn of_the_old_model_nothing_is_left() {
        let metrics = Metrics::new("1", "c", "old").unwrap();
        let shown = |metrics: &Metrics| {
            let text = metrics.render();
            text.lines().filter(|line| line.starts_with("warraq_build_info")).map(str::to_owned).collect::<Vec<_>>()
        };
        metrics.model_changed("new");
        assert_eq!(shown(&metrics), ["warraq_build_info{config=\"c\",model=\"new\",version=\"1\"} 1"]);
        metrics.model_changed("new");
        assert_eq!(shown(&metrics).len(), 1);
        assert_eq!(metrics.model(), "new");
    }

    #[test]
    fn a_scrape_during_a_change_sees_one_model() {
        let metrics = Metrics::new("1", "c", "0").unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| (1..2_000).for_each(|n| metrics.model_changed(&n.to_string())));
            for _ in 0..200 {
                let seen = metrics.render().lines().filter(|line| line.starts_with("warraq_build_info{")).count();
                assert_eq!(seen, 1);
            }
        });
    }
}
