//! An answer of somebody who may have to be asked first.

/// What became of a look for a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked<T> {
    There(T),
    NotThere,
    /// Whoever would know cannot be asked at present.
    Silent,
}

impl<T> Looked<T> {
    pub fn as_ref(&self) -> Looked<&T> {
        match self {
            Looked::There(found) => Looked::There(found),
            Looked::NotThere => Looked::NotThere,
            Looked::Silent => Looked::Silent,
        }
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Looked<U> {
        match self {
            Looked::There(found) => Looked::There(change(found)),
            Looked::NotThere => Looked::NotThere,
            Looked::Silent => Looked::Silent,
        }
    }

    pub fn there(self) -> Option<T> {
        match self {
            Looked::There(found) => Some(found),
            Looked::NotThere | Looked::Silent => None,
        }
    }
}
