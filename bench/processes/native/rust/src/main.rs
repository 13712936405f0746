//! The bare proxy in Rust: what a proxy that ends TLS costs when it is not written for Node. hudsucker as it comes (tokio, hyper, rustls); no token, no rules, no scrubbing, no audit log, no refusals; one header replaced.
//! bare-rust CERTIFICATE KEY PLACEHOLDER VALUE: prints its port. The key is the server's and is not used: hudsucker signs its own certificates.

use hudsucker::{
    Body, HttpContext, HttpHandler, Proxy, RequestOrResponse,
    certificate_authority::RcgenAuthority,
    hyper::{Request, header::{AUTHORIZATION, HeaderValue}},
    hyper_util::client::legacy::connect::HttpConnector,
    rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair},
    rustls::{
        ClientConfig, RootCertStore,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, pem::PemObject},
    },
};
use std::{env, error::Error, sync::Arc};
use tokio::net::TcpListener;

#[derive(Clone)]
struct Replacer {
    placeholder: Arc<str>,
    value: Arc<str>,
}

impl HttpHandler for Replacer {
    async fn handle_request(&mut self, _: &HttpContext, mut request: Request<Body>) -> RequestOrResponse {
        if let Some(held) = request.headers().get(AUTHORIZATION).and_then(|held| held.to_str().ok()) {
            let replaced = held.replacen(&*self.placeholder, &self.value, 1);
            if let Ok(replaced) = HeaderValue::from_str(&replaced) {
                request.headers_mut().insert(AUTHORIZATION, replaced);
            }
        }
        request.into()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [_, certificate, _, placeholder, value] = <[String; 5]>::try_from(env::args().collect::<Vec<_>>())
        .map_err(|_| "bare-rust CERTIFICATE KEY PLACEHOLDER VALUE")?;

    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = RcgenAuthority::new(Issuer::new(authority, KeyPair::generate()?), 1_000, aws_lc_rs::default_provider());

    let mut trusted = RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_file(certificate)?)?;
    let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let upstream = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().wrap_connector(tcp);

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    Proxy::builder()
        .with_listener(listener)
        .with_ca(ca)
        .with_http_connector(upstream)
        .with_http_handler(Replacer { placeholder: placeholder.into(), value: value.into() })
        .build()?
        .start()
        .await?;
    Ok(())
}
