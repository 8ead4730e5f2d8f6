use std::marker::PhantomData;

use prometheus::core::Collector;
use prometheus::{
    Counter, CounterVec, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

use super::labels::Label;
use super::series::{Kind, Series};

type Result<T> = std::result::Result<T, prometheus::Error>;

/// The children of one series, found by the label's place: no map on the way.
#[derive(Debug, Clone)]
pub(super) struct By<L, M> {
    children: Vec<M>,
    label: PhantomData<fn(L)>,
}

impl<L: Label, M> By<L, M> {
    fn new(child: impl Fn(&'static str) -> Result<M>) -> Result<Self> {
        let children = L::all().iter().map(|label| child(label.as_str())).collect::<Result<_>>()?;
        Ok(Self { children, label: PhantomData })
    }

    /// `None` never happens: there is a child for each value of the label.
    pub(super) fn get(&self, label: L) -> Option<&M> {
        self.children.get(label.index())
    }
}

impl<L: Label> By<L, IntCounter> {
    pub(super) fn add(&self, label: L, n: u64) {
        if let Some(counter) = self.get(label) {
            counter.inc_by(n);
        }
    }
}

impl<L: Label> By<L, IntGauge> {
    pub(super) fn set(&self, label: L, n: i64) {
        if let Some(gauge) = self.get(label) {
            gauge.set(n);
        }
    }
}

/// Makes series and registers them.
pub(super) struct Builder<'a>(pub(super) &'a Registry);

impl Builder<'_> {
    fn register<C: Collector + Clone + 'static>(&self, collector: C) -> Result<C> {
        self.0.register(Box::new(collector.clone()))?;
        Ok(collector)
    }

    fn opts(series: &Series) -> Opts {
        Opts::new(series.name, series.help)
    }

    fn histogram_opts(series: &Series) -> HistogramOpts {
        let buckets = if let Kind::Histogram(buckets) = series.kind { buckets.to_vec() } else { Vec::new() };
        HistogramOpts::new(series.name, series.help).buckets(buckets)
    }

    fn names(series: &Series) -> Vec<&'static str> {
        series.labels.iter().map(|label| label.name).collect()
    }

    pub(super) fn counter(&self, series: &Series) -> Result<IntCounter> {
        self.register(IntCounter::with_opts(Self::opts(series))?)
    }

    pub(super) fn counters<L: Label>(&self, series: &Series) -> Result<By<L, IntCounter>> {
        let family = self.counter_vec(series)?;
        By::new(|value| family.get_metric_with_label_values(&[value]))
    }

    pub(super) fn counters_f64<L: Label>(&self, series: &Series) -> Result<By<L, Counter>> {
        let family = self.register(CounterVec::new(Self::opts(series), &Self::names(series))?)?;
        By::new(|value| family.get_metric_with_label_values(&[value]))
    }

    /// Two labels, in the order of the declaration.
    pub(super) fn counters_2<A: Label, B: Label>(&self, series: &Series) -> Result<By<A, By<B, IntCounter>>> {
        let family = self.counter_vec(series)?;
        By::new(|first| By::new(|second| family.get_metric_with_label_values(&[first, second])))
    }

    fn counter_vec(&self, series: &Series) -> Result<IntCounterVec> {
        self.register(IntCounterVec::new(Self::opts(series), &Self::names(series))?)
    }

    pub(super) fn gauge(&self, series: &Series) -> Result<IntGauge> {
        self.register(IntGauge::with_opts(Self::opts(series))?)
    }

    pub(super) fn gauge_f64(&self, series: &Series) -> Result<Gauge> {
        self.register(Gauge::with_opts(Self::opts(series))?)
    }

    pub(super) fn gauges<L: Label>(&self, series: &Series) -> Result<By<L, IntGauge>> {
        let family = self.gauge_vec(series)?;
        By::new(|value| family.get_metric_with_label_values(&[value]))
    }

    pub(super) fn gauges_f64<L: Label>(&self, series: &Series) -> Result<By<L, Gauge>> {
        let family = self.gauge_f64_vec(series)?;
        By::new(|value| family.get_metric_with_label_values(&[value]))
    }

    pub(super) fn gauge_vec(&self, series: &Series) -> Result<IntGaugeVec> {
        self.register(IntGaugeVec::new(Self::opts(series), &Self::names(series))?)
    }

    pub(super) fn gauge_f64_vec(&self, series: &Series) -> Result<GaugeVec> {
        self.register(GaugeVec::new(Self::opts(series), &Self::names(series))?)
    }

    pub(super) fn histogram(&self, series: &Series) -> Result<Histogram> {
        self.register(Histogram::with_opts(Self::histogram_opts(series))?)
    }

    pub(super) fn histograms<L: Label>(&self, series: &Series) -> Result<By<L, Histogram>> {
        let family = self.register(HistogramVec::new(Self::histogram_opts(series), &Self::names(series))?)?;
        By::new(|value| family.get_metric_with_label_values(&[value]))
    }
}
