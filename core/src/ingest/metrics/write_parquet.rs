//! Writes measurements in long form, as they are read: one resource after another.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringDictionaryBuilder, TimestampSecondArray};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::METRIC_COLUMNS;
use crate::error::{Error, Result};

/// Rows of a row group: what is held in memory.
const GROUP_ROWS: usize = 1 << 19;

/// A table of measurements that grows.
pub struct MetricsWriter {
    writer: ArrowWriter<File>,
    schema: Arc<Schema>,
    path: PathBuf,
    rows: u64,
}

impl std::fmt::Debug for MetricsWriter {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MetricsWriter").field("path", &self.path).field("rows", &self.rows).finish()
    }
}

impl MetricsWriter {
    /// A parquet file with the columns [`METRIC_COLUMNS`].
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    pub fn create(path: &Path) -> Result<MetricsWriter> {
        let text = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let kinds = [
            text.clone(),
            DataType::Timestamp(TimeUnit::Second, Some("UTC".into())),
            text.clone(),
            text.clone(),
            DataType::Float64,
            text,
        ];
        let fields = METRIC_COLUMNS.iter().zip(kinds).map(|(name, kind)| Field::new(*name, kind, false));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<Field>>()));
        let file = File::create(path).map_err(|source| Error::io(path, source))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let writer =
            ArrowWriter::try_new(file, schema.clone(), Some(properties)).map_err(|error| failed(path, error))?;
        Ok(MetricsWriter { writer, schema, path: path.to_path_buf(), rows: 0 })
    }

    /// Adds the measurements of a metric: times in seconds since 1970, and values.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    pub fn add(&mut self, names: SeriesNames<'_>, samples: &[(i64, f64)]) -> Result<()> {
        let name = |text: &str| -> ArrayRef {
            let mut column = StringDictionaryBuilder::<Int32Type>::new();
            column.append_values(text, samples.len());
            Arc::new(column.finish())
        };
        let times = TimestampSecondArray::from_iter_values(samples.iter().map(|sample| sample.0)).with_timezone("UTC");
        let columns: Vec<ArrayRef> = vec![
            name(names.resource_id),
            Arc::new(times),
            name(names.metric),
            name(names.statistic),
            Arc::new(Float64Array::from_iter_values(samples.iter().map(|sample| sample.1))),
            name(names.unit),
        ];
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(|error| failed(&self.path, error))?;
        self.writer.write(&batch).map_err(|error| failed(&self.path, error))?;
        self.rows += samples.len() as u64;
        Ok(())
    }

    /// Ends the file; how many rows it has.
    ///
    /// # Errors
    /// [`Error::Io`] where it cannot be written.
    pub fn finish(self) -> Result<u64> {
        self.writer.close().map_err(|error| failed(&self.path, error))?;
        Ok(self.rows)
    }
}

/// What a series is of.
#[derive(Debug, Clone, Copy)]
pub struct SeriesNames<'a> {
    /// The resource.
    pub resource_id: &'a str,
    /// The metric.
    pub metric: &'a str,
    /// The statistic.
    pub statistic: &'a str,
    /// The unit.
    pub unit: &'a str,
}

fn failed(path: &Path, error: impl std::fmt::Display) -> Error {
    Error::Io { path: path.to_path_buf(), source: std::io::Error::other(error.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::metrics::Metrics;
    use crate::ingest::metrics::series::Statistic;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.parquet");
        let mut writer = MetricsWriter::create(&path).unwrap();
        let cpu = SeriesNames { resource_id: "i-1", metric: "CPUUtilization", statistic: "Maximum", unit: "Percent" };
        writer.add(cpu, &[(0, 1.5), (300, 2.5)]).unwrap();
        writer
            .add(SeriesNames { metric: "NetworkIn", statistic: "Sum", unit: "Kilobytes", ..cpu }, &[(0, 7.0)])
            .unwrap();
        writer.add(SeriesNames { resource_id: "i-2", ..cpu }, &[]).unwrap();
        assert_eq!(writer.finish().unwrap(), 3);
        let metrics = Metrics::read(&[path], 14).unwrap();
        let series = metrics.of("i-1");
        assert_eq!((series.len(), series[0].max(), series[0].period_secs), (2, 2.5, 300));
        assert_eq!(Metrics::exactly(series, "NetworkIn", Statistic::Sum).unwrap().sum, 7_000.0);
        assert!(metrics.of("i-2").is_empty() && !metrics.notes.is_scattered);
    }
}
