//! What a row of the table says, and the macro that makes [`Code`](super::Code) of the rows.

/// Who can do something about a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The person who asked: other input, a choice, or patience.
    User,
    /// The person who runs the daemon or the gateway: configuration, rights, disks, models.
    Operator,
    /// The person who wrote a program: a client that breaks the protocol, or a fault of Cordline itself.
    Developer,
}

/// The facts of a code, as its row of the table says them.
pub(super) struct Row {
    pub(super) word: &'static str,
    pub(super) http_status: u16,
    pub(super) is_passing: bool,
    pub(super) actor: Actor,
}

/// Makes [`super::Code`] of the rows of the table.
macro_rules! codes {
    ($(
        #[doc = $about:literal] $area:ident {
            $($name:ident $word:literal $status:literal $retry:ident $actor:ident $meaning:literal;)*
        }
    )*) => {
        /// A stable identifier of a problem, for programs.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $meaning] $name,)*)*
            /// A code of a later version, kept as it was read.
            Other(std::sync::Arc<str>),
        }

        impl Code {
            $(
                #[doc = $about]
                pub const $area: &'static [Self] = &[$(Self::$name),*];
            )*

            /// Every code of this version, in the order of the table.
            pub fn all() -> impl Iterator<Item = &'static Self> {
                [$(Self::$area),*].into_iter().flatten()
            }

            /// The row of the table; `None` for a code of a later version.
            pub(super) fn row(&self) -> Option<super::row::Row> {
                let (word, http_status, is_passing, actor) = match self {
                    $($(Self::$name => ($word, $status, codes!(@$retry), super::row::Actor::$actor),)*)*
                    Self::Other(_) => return None,
                };
                Some(super::row::Row { word, http_status, is_passing, actor })
            }
        }
    };
    (@retry) => { true };
    (@final) => { false };
}
pub(super) use codes;
