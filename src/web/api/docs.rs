//! A page that lists the API for people. It holds nothing of the house, so it needs no key; what it shows it asks for with
//! the key that is typed into it.

use actix_web::{HttpResponse, http::header};

const PAGE: &str = include_str!("docs/page.html");
const SCRIPT: &str = include_str!("docs/page.js");
const STYLE: &str = include_str!("docs/page.css");
/// Nothing from elsewhere, nothing written into the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// The page.
#[utoipa::path(
    get, path = "/api/docs", tag = "service", security(()),
    responses((status = 200, description = "A page that lists this API.", body = String, content_type = "text/html"))
)]
pub(crate) async fn docs() -> HttpResponse {
    file("text/html; charset=utf-8", PAGE)
}

pub(crate) async fn script() -> HttpResponse {
    file("text/javascript; charset=utf-8", SCRIPT)
}

pub(crate) async fn style() -> HttpResponse {
    file("text/css; charset=utf-8", STYLE)
}

fn file(content_type: &str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type(content_type).insert_header((header::CONTENT_SECURITY_POLICY, POLICY)).body(text)
}
