//! Reading bytes of an instance again: from a file, or from a member of an archive.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use zip::ZipArchive;

use super::origin::Origin;

/// Opens origins one after the other and keeps the archive at hand open.
#[derive(Default)]
pub(crate) struct Opener {
    archive: Option<(Arc<PathBuf>, ZipArchive<BufReader<File>>)>,
}

impl Opener {
    /// A reader that stands at byte `start` of the file.
    pub(crate) fn open(&mut self, origin: &Origin, start: u64) -> io::Result<Box<dyn Read + '_>> {
        match origin {
            Origin::File(path) => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(start))?;
                Ok(Box::new(file))
            }
            Origin::ZipMember { archive, index } => {
                if self.archive.as_ref().is_none_or(|(path, _)| path != archive) {
                    let opened = ZipArchive::new(BufReader::new(File::open(&**archive)?)).map_err(io::Error::other)?;
                    self.archive = Some((archive.clone(), opened));
                }
                let Some((_, zip)) = &mut self.archive else { unreachable!("opened just above") };
                let mut member = zip.by_index(*index).map_err(io::Error::other)?;
                io::copy(&mut member.by_ref().take(start), &mut io::sink())?;
                Ok(Box::new(member))
            }
        }
    }
}
