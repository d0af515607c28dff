//! Import of an IPAM package: a resumable upload in parts.

use http::Method;
use ipam_core::ErrorKind;

use crate::call::{Call, last_segment};
use crate::error::Error;
use crate::lenient::{JsonObject, model};
use crate::request::ApiRequest;
use crate::v8::Client;

/// Version of the upload protocol.
const TUS: &str = "1.0.0";

/// Number of failures in a row, without progress between them, after which an upload ends.
const FAILURES: u32 = 3;

/// Number of times that the server may lose parts it had, after which an upload ends.
const LOSSES: u32 = 3;

model! {
    /// Package that was imported.
    pub struct ImportedPackage {
        /// Id of the provider, which an integration names.
        provider_id: String = "providerId";
        /// Name of the provider.
        provider_name: String = "providerName";
        /// Version of the provider.
        provider_version: String = "providerVersion";
        /// Logo, in base64.
        logo_icon: String = "logoIcon";
    }
}

/// Decision on a package whose provider is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ExistingPackage {
    /// The import fails with status 409.
    #[default]
    Fail,
    /// The package takes the place of the old one.
    Overwrite,
}

impl Client {
    /// Returns the import of IPAM packages.
    #[must_use]
    pub fn package_import(&self) -> PackageImport<'_> {
        PackageImport { client: self, part: 1 << 20 }
    }
}

/// Import of IPAM packages in the IaaS service, `/iaas/api/integrations-ipam/package-import`. Newer than 8.10.
///
/// [`import`](Self::import) does all of it. An upload that a program could not end is continued by its id: it is made
/// of [`start`](Self::start), [`resume`](Self::resume) and [`finish`](Self::finish).
///
/// ```
/// # async fn run(client: vra_client::v8::Client, package: Vec<u8>) -> Result<(), vra_client::Error> {
/// use vra_client::v8::{ExistingPackage, IntegrationBody};
///
/// let imported = client.package_import().import(&package, ExistingPackage::Overwrite).await?;
/// let provider = imported.provider_id.unwrap_or_default();
/// let body = IntegrationBody::ipam("phpipam", provider, "ipam.example").with_credentials("vra", "…");
/// let tracker = client.integrations().create(body).await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct PackageImport<'a> {
    client: &'a Client,
    part: usize,
}

impl PackageImport<'_> {
    /// Sets the number of bytes of a part: 1 MiB by default, at least 1.
    #[must_use]
    pub fn with_part_size(mut self, bytes: usize) -> Self {
        self.part = bytes.max(1);
        self
    }

    /// Imports a package, a `.zip` file. Evidence: described (9).
    ///
    /// After a lost connection the server is asked how much it has, and the upload goes on from there. It ends after
    /// three failures without progress, and if the server has lost parts that it had more than three times.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the package is empty; [`Error::Server`] with status 409 if its provider is there
    /// already and `existing` is [`Fail`](ExistingPackage::Fail), or with 400 if the server cannot use it;
    /// otherwise the [errors of a call](Call#errors).
    pub async fn import(self, package: &[u8], existing: ExistingPackage) -> Result<ImportedPackage, Error> {
        let id = self.start(package.len()).await?;
        self.upload(&id, package, 0).await?;
        self.finish(&id, package.len(), existing).await
    }

    /// Starts an upload and returns its id. Evidence: described (9).
    ///
    /// # Errors
    /// [`Error::InvalidInput`] if the length is 0; [`Error::Decode`] if the server does not say where to upload to;
    /// otherwise the [errors of a call](Call#errors).
    pub async fn start(self, length: usize) -> Result<String, Error> {
        if length == 0 {
            return Err(Error::invalid("package", "0 bytes", "the file of a package"));
        }
        let reply = self.client.backend.execute(&self.client.versioned(Self::post(length))).await?;
        let id = reply.location.as_deref().and_then(last_segment);
        id.ok_or_else(|| reply.lacks("it has no Location of the upload"))
    }

    /// Continues an upload from where the server is, to the end of the package. Evidence: described (9), and the
    /// protocol for the question.
    ///
    /// # Errors
    /// `NotFound` if the server has forgotten the upload: start a new one. Otherwise the [errors of a
    /// call](Call#errors).
    pub async fn resume(self, id: &str, package: &[u8]) -> Result<(), Error> {
        let offset = self.offset(id, package.len()).await?;
        self.upload(id, package, offset).await
    }

    /// Imports a package that was uploaded. Evidence: described (9).
    pub fn finish(self, id: &str, length: usize, existing: ExistingPackage) -> Call<ImportedPackage> {
        let option = match existing {
            ExistingPackage::Fail => "FAIL",
            ExistingPackage::Overwrite => "OVERWRITE",
        };
        let mut body = JsonObject::new();
        body.insert("bundleId".to_owned(), id.into());
        body.insert("option".to_owned(), option.into());
        self.client.json(Self::post(length).json(body))
    }

    fn post(length: usize) -> ApiRequest {
        ApiRequest::post("/iaas/api/integrations-ipam/package-import", &[])
            .with_header("tus-resumable", TUS)
            .with_header("upload-length", length.to_string())
    }

    fn request(self, method: Method, id: &str) -> ApiRequest {
        let request = ApiRequest::new(method, "/iaas/api/integrations-ipam/package-import/{upload}", &[id]);
        self.client.versioned(request.with_header("tus-resumable", TUS))
    }

    /// Returns the number of bytes that the server has.
    async fn offset(self, id: &str, length: usize) -> Result<usize, Error> {
        let reply = self.client.backend.execute(&self.request(Method::HEAD, id)).await?;
        let offset = reply.upload_offset.and_then(|offset| usize::try_from(offset).ok());
        // More than there is: it is the upload of another package.
        let offset = offset.filter(|offset| *offset <= length);
        offset.ok_or_else(|| reply.lacks("it has no Upload-Offset within the package"))
    }

    async fn upload(self, id: &str, package: &[u8], from: usize) -> Result<(), Error> {
        let (mut offset, mut furthest) = (from, from);
        let (mut failures, mut losses) = (0_u32, 0_u32);
        while let Some(rest) = package.get(offset..).filter(|rest| !rest.is_empty()) {
            let part = rest.get(..self.part).unwrap_or(rest);
            let request = self
                .request(Method::PATCH, id)
                .with_header("upload-offset", offset.to_string())
                .with_bytes("application/offset+octet-stream", part.to_vec());
            let reached = match self.client.backend.execute(&request).await {
                Ok(reply) => match reply.upload_offset.map(usize::try_from) {
                    // Without the header the status says that the server took the whole part.
                    None => offset + part.len(),
                    Some(Ok(reached)) if reached > offset && reached <= package.len() => reached,
                    Some(_) => return Err(reply.lacks("its Upload-Offset does not follow the part that was sent")),
                },
                // The part may have arrived, in whole or in part, and only the server knows.
                Err(error) if failures < FAILURES && may_go_on(&error) => {
                    let reached = self.offset(id, package.len()).await?;
                    failures += 1;
                    if reached < offset {
                        // It has less than it said. All is sent again a few times, and not for ever.
                        losses += 1;
                    }
                    if losses > LOSSES {
                        return Err(error);
                    }
                    reached
                }
                Err(error) => return Err(error),
            };
            // Only what no part reached before is progress, which allows further failures.
            if reached > furthest {
                (furthest, failures) = (reached, 0);
            }
            offset = reached;
        }
        Ok(())
    }
}

/// Returns true if an upload may go on after an error: the connection or the server failed, or the server is at another
/// place than was thought (409).
fn may_go_on(error: &Error) -> bool {
    match error {
        Error::Transport { source, .. } => matches!(source.kind(), ErrorKind::Unavailable | ErrorKind::Timeout),
        Error::Server(error) => matches!(error.status, 409 | 429 | 500..),
        _ => false,
    }
}
