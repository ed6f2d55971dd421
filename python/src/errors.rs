//! Engine errors as the exceptions that `farthing/_errors.py` defines.

use farthing::Error;
use farthing::error::s3::S3Error;
use pyo3::PyErr;

mod classes {
    pyo3::import_exception!(farthing._errors, FarthingError);
    pyo3::import_exception!(farthing._errors, FileError);
    pyo3::import_exception!(farthing._errors, NotFoundError);
    pyo3::import_exception!(farthing._errors, BillError);
    pyo3::import_exception!(farthing._errors, QueryError);
    pyo3::import_exception!(farthing._errors, RemoteError);
}

use classes::{BillError, FarthingError, FileError, NotFoundError, QueryError, RemoteError};

/// The exception for an engine error; the message is the engine's own.
pub(crate) fn engine(error: Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::NotFound { .. } => NotFoundError::new_err(message),
        Error::Io { .. } => FileError::new_err(message),
        Error::NoBill { .. }
        | Error::NotABill { .. }
        | Error::Unreadable { .. }
        | Error::Column { .. }
        | Error::Manifest { .. }
        | Error::Invoice { .. } => BillError::new_err(message),
        Error::UnknownName { .. }
        | Error::Filter { .. }
        | Error::Threshold { .. }
        | Error::Gate { .. }
        | Error::Config { .. }
        | Error::Currencies { .. }
        | Error::NotAvailable { .. } => QueryError::new_err(message),
        Error::S3(error) => match error {
            S3Error::NoBucket { .. } | S3Error::NoSuchKey { .. } => NotFoundError::new_err(message),
            S3Error::Cache { .. } => FileError::new_err(message),
            S3Error::Uri { .. } => QueryError::new_err(message),
            _ => RemoteError::new_err(message),
        },
        _ => FarthingError::new_err(message),
    }
}

/// The exception for a question that is not understood.
pub(crate) fn query(message: String) -> PyErr {
    QueryError::new_err(message)
}

/// The exception for an error of the bill factory.
pub(crate) fn factory(error: farthing_fixtures::Error) -> PyErr {
    let message = error.to_string();
    match error {
        farthing_fixtures::Error::Io { .. } => FileError::new_err(message),
        farthing_fixtures::Error::Config(_) => QueryError::new_err(message),
        _ => FarthingError::new_err(message),
    }
}

/// The exception for a failure outside the engine: Arrow, the operating system.
pub(crate) fn other(error: impl std::fmt::Display) -> PyErr {
    FarthingError::new_err(error.to_string())
}

/// The exception for a panic, which is a mistake in farthing and must not take the interpreter with it.
pub(crate) fn panicked(payload: &(dyn std::any::Any + Send)) -> PyErr {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    FarthingError::new_err(format!("a mistake in farthing, please report it: {text}"))
}
