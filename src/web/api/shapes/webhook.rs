//! How a media server calls: the token it shows, and the addresses it may be given.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::ProviderShape;

/// Token and addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookShape {
    /// The token of its webhooks; `***` without `?reveal=1`.
    #[schema(example = "***")]
    pub(crate) webhook_token: String,
    /// The addresses that it may be given, each below the host that was asked. The first is recommended, the next two are
    /// those of earlier set-ups, and the last takes the token as `X-Webhook-Token` or `Authorization: Bearer`.
    pub(crate) webhook_urls: Vec<String>,
}

/// An account, and how it calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProviderDetail)]
pub struct ProviderDetailShape {
    #[serde(flatten)]
    provider: ProviderShape,
    /// Media servers: the token of its webhooks; `***` without `?reveal=1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "***")]
    webhook_token: Option<String>,
    /// Media servers: the addresses that it may be given. The first is recommended, the next two are those of earlier
    /// set-ups, and the last takes the token as `X-Webhook-Token` or `Authorization: Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_urls: Option<Vec<String>>,
}

impl ProviderDetailShape {
    /// An account; without a webhook where nobody calls.
    pub(crate) fn new(provider: ProviderShape, webhook: Option<WebhookShape>) -> Self {
        let (webhook_token, webhook_urls) =
            webhook.map(|webhook| (webhook.webhook_token, webhook.webhook_urls)).unzip();
        Self { provider, webhook_token, webhook_urls }
    }
}

/// The token that is the present one from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookToken)]
pub struct WebhookTokenShape {
    #[serde(flatten)]
    pub(crate) webhook: WebhookShape,
    /// Since when it is.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) rotated_at: Option<Timestamp>,
    /// Until when tokens before it still count; `null` where none does.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) old_token_until: Option<Timestamp>,
}
