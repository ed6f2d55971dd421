//! What is asked for with the monthly report.

use std::path::PathBuf;

use super::gates::Gate;
use super::recommendations::Request;

/// What the monthly report is made with.
///
/// ```
/// use farthing::ReportRequest;
/// let request = ReportRequest { gates: vec!["coverage < 70%".parse()?], ..ReportRequest::default() };
/// assert!(request.advice.plan && request.invoice.is_none());
/// # Ok::<(), farthing::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ReportRequest {
    /// Ties the bill to what finance was billed: csv with payer, invoice_id, amount and currency.
    pub invoice: Option<PathBuf>,
    /// How advice is looked for; all of it, followed together, when nothing else is said.
    pub advice: Request,
    /// Conditions under which a job fails; the report shows what came of each.
    pub gates: Vec<Gate>,
}

impl Default for ReportRequest {
    fn default() -> ReportRequest {
        ReportRequest { invoice: None, advice: Request { plan: true, ..Request::default() }, gates: Vec::new() }
    }
}
